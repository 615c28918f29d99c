/*
 * follow.h - private to apply/: triggers on a live table that keep what is archived of it in step (follow.c, mirror.c).
 *
 * They are the server's internal ones, as a foreign key's are: the table looks to everybody as its model says.  They
 * depend on the archive and go with it, or with the extension.  Those that are there for a run fire always.  Those that
 * stay fire as a foreign key's do, not where session_replication_role is replica, and for batches of our own
 * (dual_suspend.c); a table that a subscription writes has none.  A dump does not have them.
 *
 * Their arguments are the archive's OID and numbers of columns, which no ALTER TABLE changes (behind the number of
 * ctid, that of the file); the archive has the columns of the key first, in the same order, then the value.  What is
 * done there is done as its owner, who must be one whose rights the table's owner has: a trigger on somebody's own
 * table gives him nobody else's archive.
 */
#ifndef SF_FOLLOW_H
#define SF_FOLLOW_H

#include "commands/trigger.h"
#include "nodes/pg_list.h"
#include "utils/array.h"
#include "utils/rel.h"

/* What is done to the archive; n is the number of the key's columns. */
typedef enum SfDeed
{
	SF_DEED_FORGET,				/* $1...: the key of the row that went */
	SF_DEED_MOVE,				/* $1... the old key, then the new one */
	SF_DEED_EMPTY,
	SF_DEED_PUT,				/* $1... the key, then the value */
	SF_DEED_ADD,				/* the same, where there is none */
	SF_DEED_GET					/* $1... the key: gives the value */
} SfDeed;

#define SF_NDEEDS	(SF_DEED_GET + 1)

/* The live table's side of a call.  A key can begin with the table's OID (tableoid), and end with the place (ctid). */
typedef struct SfChange
{
	const TriggerData *data;
	int			n;				/* of columns of the key */
	AttrNumber	key[INDEX_MAX_KEYS];
	AttrNumber	value;			/* 0: none is looked at */
	Datum		values[2 * INDEX_MAX_KEYS + 1]; /* the old key, the new key; or a key and a value */
	bool		is_null[2 * INDEX_MAX_KEYS + 1];
} SfChange;

/*
 * follow_deeds.c: reads the arguments from the one at "first" on; false: a column of the key is gone, or the places are
 * others, and with it what values belong to.
 */
extern bool sf_change_of(SfChange *change, const TriggerData *data, int first);

/* The row's key, from values[from] on; false: a part of it is NULL, so that nothing can belong to the row. */
extern bool sf_change_key(SfChange *change, HeapTuple row, int from);
/* The one that values[0] begins, for a longer time; room for change->n. */
extern void sf_change_copy_key(const SfChange *change, Datum *key);
/* Are those from values[0] and values[n] on the same? */
extern bool sf_change_same_key(const SfChange *change);

/* Runs "work" on the archive as its owner; no archive is there any more: does nothing. */
extern void sf_change_archive(SfChange *change, void (*work) (SfChange *change, Relation archive));

/* Within that: one deed, with values from "from" on; it sees what is there now, whatever the transaction's snapshot. */
extern void sf_deed(Relation archive, SfDeed deed, SfChange *change, int from);

/* follow_make.c: the names that say the key, as char *. */
extern List *sf_follow_names(ArrayType *key);

/*
 * The tables, opened and locked, that have the rows: those below this one, too, where the key begins
 * with tableoid.  Raises for what is no ordinary table of the caller's.
 */
extern List *sf_follow_tables(Relation live, ArrayType *key);
/* Is it an internal trigger for the archive that calls this? */
extern bool sf_follow_calls(const Trigger *trigger, Relation archive, const char *function);
/* The key's columns (names) in one of them, as arguments of the triggers behind these. */
extern List *sf_follow_key(List *args, Relation live, Relation archive, ArrayType *key);
/* Raises for what is no ordinary table of the caller's, in the schema if one is named. */
extern void sf_follow_check(Relation relation, const char *schema);
/* An internal trigger, enabled as pg_trigger.tgenabled says; goes with the archive, and the column (0: with none). */
extern void sf_follow_trigger(Relation live, Relation archive, const char *name, const char *function, List *args,
							  int16 type, char fires, AttrNumber column);
/* The table has another file, with no rows yet, in which its places are from now on; it is locked against everybody. */
extern void sf_follow_anew(Relation live, Relation archive);
/* follow.c: those that keep values with their rows, on one of the tables. */
extern void sf_follow(Relation table, Relation archive, ArrayType *key);

#endif
