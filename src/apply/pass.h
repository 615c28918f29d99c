/*
 * pass.h - a pass over the blocks of a table in small transactions: how far it is, and what each of them begins with.
 *
 * A row of schemaflow.backfill for each step and table, written in the transaction that did the work.
 */
#ifndef SF_PASS_H
#define SF_PASS_H

#include "apply/history.h"

typedef struct SfPass
{
	const char *revision;
	SfDirection direction;
	int			step;
	Oid			relid;
	char	   *table;			/* as SQL */
	Oid			file;
	int64		blocks;			/* that the table had when it began */
	int64		next;
	List	   *skipped;		/* of SfRange */
	int64		rows;
	char	   *wires;			/* the triggers that were there when it began (wires.h) */
} SfPass;

typedef struct SfRange
{
	int64		from;
	int64		until;
} SfRange;

/* In the transaction of the work. */
extern void sf_pass_note(const SfPass *pass);

/* Go on behind an earlier run, whatever file it went over: false when there was none. */
extern bool sf_pass_recall(SfPass *pass);

/* The table's name as SQL; NULL: it has gone. */
extern char *sf_pass_table(Oid relid);

/* Held locks keep the file as it is until the transaction ends. */
extern void sf_pass_look(Oid relid, Oid *file, int64 *blocks);

/*
 * Runs a batch, which begins and commits its transaction.  Returns false when others had rows locked: it is rolled
 * back.  Any other error is raised.
 */
extern bool sf_pass_attempt(void (*batch) (void *arg), void *arg);

/* In a batch's transaction: does anybody wait for rows that it has locked? */
extern bool sf_pass_is_waited_for(void);

/* How many blocks take schemaflow.batch_time when "size" took so long. */
extern int64 sf_pass_size(int64 size, long ms);

/*
 * Settings of a transaction that writes rows which others use: it does not wait long for them, and no trigger fires but
 * those that fire always; checked: and the server's own.
 */
extern void sf_pass_settings(bool checked);

/* Is one of the columns part of a foreign key that stands? names: of char *. */
extern bool sf_pass_sets_foreign_key(Oid relid, List *names);

#endif
