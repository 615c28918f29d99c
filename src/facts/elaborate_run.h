/*
 * elaborate_run.h - the state of one elaboration in its worker; private to elaborate_job.c, elaborate_text.c and
 * elaborate_bodies.c.
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
	const char *search_path;	/* routines whose bodies are to be checked: as it stood then */
} SfMaker;

typedef struct SfRun
{
	bool		fresh;			/* transactions are ours to end */
	bool		open;			/* one is open (fresh only) */
	int			length;			/* declarations in it */
	bool		extend;			/* all of live's extensions */
	bool		check_bodies;	/* of the routines that are being recorded */
	List	   *units;			/* of SfUnit */
	List	   *owners;			/* Oids, in the same order */
	List	   *renames;
	List	   *live_extensions;	/* of names */
	List	   *early;			/* of SfPending: tried again later */
	List	   *privileged;		/* of SfPending: put off until all text has run */
	List	   *settings;		/* of SfSetting: to be restored at the unit's end */
	List	   *done;			/* declarations that ran before their turn */
	List	   *schemas;		/* String nodes: schemas made with an extension */
	bool		extended;		/* an extension was made, and what its script said is not in "given" yet */
	List	   *given;			/* of SfFactBase: what extensions' scripts said, whatever others say afterwards */
	HTAB	   *makers;
	List	   *routines;		/* Oids, of those whose bodies are to be checked */
	const char *path;			/* the search_path of the last one */
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

/* Did the error have one of these codes?  One of what is not there yet? */
extern bool sf_is_one_of(int sqlerrcode, const int *list, int n);
extern bool sf_came_too_early(const ErrorData *error);

/* elaborate_bodies.c: a declaration made a routine; and when all of the text has run */
extern void sf_note_routine(SfRun *run, SfMaker *maker);
extern void sf_check_bodies(SfRun *run);

/* A transaction around what follows, where the place leaves that to us. */
extern void sf_block_begin(SfRun *run);
extern void sf_block_end(SfRun *run);

/* elaborate_job.c; when statements have run that may have made an extension */
extern void sf_send_word(const char *word);
extern void sf_note_given(SfRun *run);

#endif
