/*
 * elaborate_run.h - the state of one elaboration in its worker; private to elaborate_job.c and elaborate_text.c.
 */
#ifndef SF_ELABORATE_RUN_H
#define SF_ELABORATE_RUN_H

#include "postgres.h"
#include "utils/hsearch.h"

#include "facts/elaborate.h"

typedef struct SfPending
{
	const SfUnit *unit;
	Oid			owner;
	SfDeclaration *declaration;
	char	   *search_path;	/* as it stood when the declaration's turn was */
	ErrorData  *error;			/* the first one */
} SfPending;

typedef struct SfSetting
{
	const char *name;
	char	   *value;			/* before the unit's text changed it */
} SfSetting;

typedef struct SfMaker			/* which declaration made an object */
{
	ObjectAddress address;
	const SfUnit *unit;
	int			declaration;
} SfMaker;

typedef struct SfRun
{
	bool		fresh;			/* transactions are ours to end */
	bool		open;			/* one is open (fresh only) */
	int			length;			/* declarations in it */
	bool		extend;			/* all of live's extensions */
	List	   *units;			/* of SfUnit */
	List	   *owners;			/* Oids, in the same order */
	List	   *renames;
	List	   *live_extensions;	/* of names */
	List	   *early;			/* of SfPending: tried again later */
	List	   *privileged;		/* of SfPending: put off until all text has run */
	List	   *settings;		/* of SfSetting: to be restored at the unit's end */
	List	   *done;			/* declarations that ran before their turn */
	List	   *schemas;		/* String nodes: schemas made with an extension */
	HTAB	   *makers;
	const SfUnit *unit;			/* what runs now, for the hook */
	int			declaration;
	MemoryContext context;
} SfRun;

/* elaborate_text.c; false: the caller was asked to run it all in another way */
extern void sf_make_extensions(SfRun *run);
extern bool sf_run_units(SfRun *run);
extern bool sf_run_early(SfRun *run);
extern void sf_run_privileged(SfRun *run);
extern void sf_run_text(const char *sql);

/* A transaction around what follows, where the place leaves that to us. */
extern void sf_block_begin(SfRun *run);
extern void sf_block_end(SfRun *run);

/* elaborate_job.c */
extern void sf_send_word(const char *word);

#endif
