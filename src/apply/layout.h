/*
 * layout.h - the tables and columns that are there, under the names that a version of the application has for them.
 *
 * A migration in its middle is two versions at once: what its remaining steps will do to names has been done for the
 * new one, what its finished steps have done has not been done for the old one.  Both are read off the steps
 * themselves, so that nothing has to be kept beside them, whoever wrote them.
 */
#ifndef SF_LAYOUT_H
#define SF_LAYOUT_H

#include "postgres.h"

#include "nodes/pg_list.h"

typedef struct SfLayoutColumn
{
	AttrNumber	attno;
	char	   *name;			/* as the version has it */
	bool		inherited;		/* and nothing else: goes and comes with its parent's */
	bool		hidden;			/* the version does not have it */
} SfLayoutColumn;

typedef struct SfLayoutTable
{
	Oid			relid;
	char	   *schema;			/* as the version has it */
	char	   *name;
	bool		hidden;
	List	   *columns;		/* of SfLayoutColumn, in order */
} SfLayoutTable;

/* Of SfLayoutTable: all of the database's tables but the server's and extensions'.  Memory: current context. */
extern List *sf_layout_read(void);

/* As it will be when the steps (of SfStep) have run.  What they make is not there yet, and not shown. */
extern void sf_layout_foresee(List *tables, List *steps);

/* As it was before they ran.  What they have dropped is not there any more. */
extern void sf_layout_recall(List *tables, List *steps);

#endif
