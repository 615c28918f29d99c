/*
 * mirror_complete.c - before a column goes whose values were archived while it was in use: are they all there?
 *
 * They are when the triggers of follow.c and mirror.c were on its tables and fired, all the time.  A partition that
 * came later has none: its values are archived now, under the lock of the drop.  Where one was switched off nobody
 * knows what was written; nor where a table without a key has been rewritten, and its rows are at other places.
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/sysattr.h"
#include "catalog/pg_trigger.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "apply/follow.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "phases/archive.h"

PG_FUNCTION_INFO_V1(sf_archive_complete);

/* What keeps an archive in step: so many triggers of a table that call the function. */
static const struct
{
	const char *function;
	int			least;
}			keepers[] =
{
	{"sf_archive_keep", 2},		/* for rows, and for TRUNCATE */
	{"sf_archive_mirrored", 1},
};

/* Does it fire for what applications write, and know the rows?  Places are those of one file. */
static bool
is_on(const Trigger *trigger, Relation table)
{
	int			n = trigger->tgnargs;

	if (trigger->tgenabled != TRIGGER_FIRES_ALWAYS && trigger->tgenabled != TRIGGER_FIRES_ON_ORIGIN)
		return false;
	return atoi(trigger->tgargs[n - 2]) != SelfItemPointerAttributeNumber ||
		atooid(trigger->tgargs[n - 1]) == table->rd_rel->relfilenode;
}

/* Those of the table for the archive that are on; the others are counted in *off. */
static int
count_triggers(Relation table, Relation archive, const char *function, int *off)
{
	int			on = 0;

	for (int i = 0; table->trigdesc && i < table->trigdesc->numtriggers; i++)
	{
		const Trigger *trigger = &table->trigdesc->triggers[i];

		if (!sf_follow_calls(trigger, archive, function))
			continue;
		if (is_on(trigger, table))
			on++;
		else
			(*off)++;
	}
	return on;
}

/* Has what was written into the table reached the archive?  false: nothing has.  Raises where nobody knows. */
static bool
is_mirrored(Relation table, Relation archive)
{
	int			on = 0,
				off = 0,
				too_few = 0;

	for (int i = 0; i < lengthof(keepers); i++)
	{
		int			n = count_triggers(table, archive, keepers[i].function, &off);

		on += n;
		too_few += n < keepers[i].least;
	}
	if (on + off > 0 && too_few > 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("what was written into table \"%s\" may be missing in the archive",
						RelationGetRelationName(table)),
				 errdetail("Triggers that put it there are switched off, or gone, or the table was rewritten."),
				 errhint("CALL sf_abort(); then begin anew.")));
	return on > 0;
}

static void
copy(Relation table, Relation archive, ArrayType *key, const char *column)
{
	char	   *names[] = {get_namespace_name(RelationGetNamespace(table)), RelationGetRelationName(table)};
	char	   *archived[] = {get_namespace_name(RelationGetNamespace(archive)), RelationGetRelationName(archive)};
	List	   *parts = NIL;
	ListCell   *lc;

	foreach(lc, sf_follow_names(key))
		parts = lappend(parts, unconstify(char *, sf_ident(lfirst(lc))));
	parts = lappend(parts, unconstify(char *, sf_ident(column)));
	sf_execute(psprintf("INSERT INTO %s SELECT %s FROM ONLY %s ON CONFLICT DO NOTHING", sf_qualified(2, archived),
						sf_join(parts, ", "), sf_qualified(2, names)), 0, NULL);
}

/* table, archive, the key's columns as sf_archive_follow() got them, the column.  From here on writers wait. */
Datum
sf_archive_complete(PG_FUNCTION_ARGS)
{
	Relation	live = relation_open(PG_GETARG_OID(0), ShareRowExclusiveLock);
	Relation	archive = relation_open(PG_GETARG_OID(1), AccessShareLock);
	ArrayType  *key = PG_GETARG_ARRAYTYPE_P(2);
	ListCell   *lc;

	sf_follow_check(archive, SF_ARCHIVE_SCHEMA);
	foreach(lc, sf_follow_tables(live, key))
	{
		Relation	table = lfirst(lc);

		if (!is_mirrored(table, archive))
		{
			sf_follow(table, archive, key);
			copy(table, archive, key, NameStr(*PG_GETARG_NAME(3)));
		}
		relation_close(table, NoLock);
	}
	relation_close(archive, NoLock);
	relation_close(live, NoLock);
	PG_RETURN_VOID();
}
