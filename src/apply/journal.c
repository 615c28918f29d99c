/*
 * journal.c - what a script asks before, between and behind its transactions (journal.h).
 *
 * Protocol: marks take sf_history_lock() first and keep it to the end of the transaction, which ends right behind them.
 * Facts are read without locks and before any write.  Two sessions that run the same script: the second one's mark
 * fails, and its transaction with it.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "apply/archive.h"
#include "apply/journal.h"
#include "apply/state.h"
#include "apply/way.h"
#include "compat.h"
#include "facts/live.h"
#include "lib/text.h"

#define MAX_NAMED	10

/* ---- does the schema equal one end of a migration? ---- */

/* The objects that differ; NIL: none. */
static List *
differences(const SfMigration *m, bool to_side)
{
	SfFactBase *live = sf_live_facts();
	bool		other_major = m->format != SF_FACT_FORMAT || m->major != SF_MAJOR;

	sf_base_finish(live);
	sf_state_scope(m->state, live);
	if (!other_major && strcmp(sf_base_hash(live), to_side ? m->to_hash : m->from_hash) == 0)
		return NIL;
	/* Canonical texts of another major say nothing here: only what is there can be compared. */
	return sf_state_differences(m->state, live, to_side, other_major);
}

char *
sf_journal_differs(const SfMigration *m, bool to_side)
{
	List	   *differing = differences(m, to_side);

	return differing ? sf_join_some(differing, MAX_NAMED) : NULL;
}

/* ---- what runs outside of transactions ---- */

/* How far a statement came that is no transaction. */
typedef enum Outcome
{
	NOT_DONE,
	HALF_DONE,					/* it was stopped, and what it left stands in the way */
	DONE
} Outcome;

typedef struct Effect Effect;

/* A statement that runs by itself: what the catalogs say of it, and what clears away, or ends, the half of it. */
typedef struct EffectWay
{
	Effect	   *(*read) (Node *statement);	/* NULL: it is another one */
	Outcome		(*outcome) (const Effect *effect);
	char	   *(*clear) (const Effect *effect);
	const char *words[DONE];	/* for an error: "Index public.i is ..." */
} EffectWay;

struct Effect
{
	const EffectWay *way;
	const char *what;
	RangeVar   *object;
	RangeVar   *whole;			/* that a partition is detached from */
};

static char *
name_of(const RangeVar *object)
{
	return object->schemaname ? psprintf("%s.%s", sf_ident(object->schemaname), sf_ident(object->relname)) :
		pstrdup(sf_ident(object->relname));
}

static Effect *
new_effect(const char *what, RangeVar *object, RangeVar *whole)
{
	Effect	   *effect = palloc0(sizeof(Effect));

	effect->what = what;
	effect->object = object;
	effect->whole = whole;
	return effect;
}

/* An index is there, and valid?  Absent: false, false. */
static bool
index_is_there(const RangeVar *name, bool *valid)
{
	Oid			index = RangeVarGetRelid(name, NoLock, true);
	HeapTuple	tuple = OidIsValid(index) ? SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index)) : NULL;

	*valid = false;
	if (!HeapTupleIsValid(tuple))
		return false;
	*valid = ((Form_pg_index) GETSTRUCT(tuple))->indisvalid;
	ReleaseSysCache(tuple);
	return true;
}

static Effect *
read_create_index(Node *statement)
{
	IndexStmt  *create = (IndexStmt *) statement;

	if (!IsA(statement, IndexStmt) || !create->concurrent)
		return NULL;
	return new_effect("Index", makeRangeVar(create->relation->schemaname, create->idxname, -1), NULL);
}

static Outcome
index_created(const Effect *effect)
{
	bool		valid;

	return !index_is_there(effect->object, &valid) ? NOT_DONE : valid ? DONE : HALF_DONE;
}

static char *
drop_index(const Effect *effect)
{
	return psprintf("DROP INDEX CONCURRENTLY %s", name_of(effect->object));
}

static Effect *
read_drop_index(Node *statement)
{
	DropStmt   *drop = (DropStmt *) statement;

	if (!IsA(statement, DropStmt) || drop->removeType != OBJECT_INDEX)
		return NULL;
	return new_effect("Index", makeRangeVarFromNameList(linitial(drop->objects)), NULL);
}

/* One that is invalid is dropped by the same statement. */
static Outcome
index_dropped(const Effect *effect)
{
	bool		valid;

	return index_is_there(effect->object, &valid) ? NOT_DONE : DONE;
}

static Effect *
read_detach(Node *statement)
{
	AlterTableStmt *alter = (AlterTableStmt *) statement;
	AlterTableCmd *cmd;

	if (!IsA(statement, AlterTableStmt))
		return NULL;
	cmd = linitial(alter->cmds);
	if (cmd->subtype != AT_DetachPartition || !castNode(PartitionCmd, cmd->def)->concurrent)
		return NULL;
	return new_effect("Partition", castNode(PartitionCmd, cmd->def)->name, alter->relation);
}

static Outcome
detached(const Effect *effect)
{
	Oid			part = RangeVarGetRelid(effect->object, NoLock, true);
	Oid			whole = RangeVarGetRelid(effect->whole, NoLock, true);

	if (!OidIsValid(part) || !get_rel_relispartition(part) || get_partition_parent(part, true) != whole)
		return DONE;
	return PartitionHasPendingDetach(part) ? HALF_DONE : NOT_DONE;
}

static char *
finish_detach(const Effect *effect)
{
	return psprintf("ALTER TABLE %s DETACH PARTITION %s FINALIZE", name_of(effect->whole), name_of(effect->object));
}

static const EffectWay ways[] = {
	{read_create_index, index_created, drop_index, {"not there", "there, but invalid"}},
	{read_drop_index, index_dropped, NULL, {"still there"}},
	{read_detach, detached, finish_detach, {"still attached", "half detached"}},
};

/* Of the statement outside of a transaction; NULL: it is none. */
static Effect *
effect_of(const SfMigration *m, int transaction, SfDirection direction)
{
	ListCell   *lc;

	foreach(lc, m->steps[direction])
	{
		const SfStep *step = lfirst(lc);
		Node	   *statement;

		if (step->transaction != transaction || step->class != 'N')
			continue;
		statement = linitial_node(RawStmt, raw_parser(step->sql, RAW_PARSE_DEFAULT))->stmt;
		for (int i = 0; i < lengthof(ways); i++)
		{
			Effect	   *effect = ways[i].read(statement);

			if (effect == NULL)
				continue;
			effect->way = &ways[i];
			return effect;
		}
	}
	return NULL;
}

static bool
took_effect(const Effect *effect)
{
	return effect->way->outcome(effect) == DONE;
}

/* ---- where a migration stands ---- */

static bool
finished(const SfRevision *r, SfDirection direction)
{
	return !sf_is_partly(r) && sf_is_applied(r) == (direction == SF_UP);
}

static void
refuse_half(const SfRevision *r, SfDirection direction)
{
	if (sf_is_partly(r) && (r->direction != direction || r->undoing))
		sf_refuse_half_done(r);
}

/*
 * Has the first statement, which runs outside of a transaction, been at work, and nothing else?  It has no mark then:
 * its table differs, and where a partition is let go of, the whole may.
 */
static bool
has_begun(const SfMigration *m, SfDirection direction, List *differing)
{
	Effect	   *effect = effect_of(m, 1, direction);

	return effect && effect->way->outcome(effect) != NOT_DONE && list_length(differing) <= (effect->whole ? 2 : 1);
}

bool
sf_journal_has_begun(const SfMigration *m, SfDirection direction)
{
	List	   *differing = differences(m, direction == SF_DOWN);

	return differing && has_begun(m, direction, differing);
}

SfStart
sf_journal_check_start(const char *name, SfDirection direction)
{
	SfRevision *r = sf_revision_named(sf_revisions(), name);
	SfMigration *m = sf_migration_load(r->revision);
	List	   *differing;
	ListCell   *lc;

	sf_migration_check_owner(m->revision, m->owner);
	refuse_half(r, direction);
	if (sf_is_partly(r))
		return SF_START_PARTLY;
	if (direction == SF_DOWN && r->done_at == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("revision \"%s\" is not applied here", r->revision),
				 errdetail("Only what was done can be undone."),
				 errhint("If the schema has it though, say so: SELECT sf_stamp('%s').", r->revision)));
	if (finished(r, direction))
	{
		ereport(NOTICE,
				(errmsg("revision \"%s\" is %s: nothing to do", r->revision, sf_revision_state(r))));
		return SF_START_DONE;
	}
	if (r->superseded)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("revision \"%s\" is superseded", r->revision),
				 errdetail("A newer plan took its place."),
				 errhint("CALL sf_upgrade(), or SELECT sf_script('head').")));
	if (direction == SF_DOWN)
		foreach(lc, r->children)
		{
			SfRevision *child = lfirst(lc);

			if (sf_is_applied(child) || sf_is_partly(child))
				ereport(ERROR,
						(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						 errmsg("revision \"%s\" is %s, and comes after \"%s\"", child->revision,
								sf_revision_state(child), r->revision),
						 errhint("Go down from there first: %s, or %s.", sf_call_to_run(child, SF_DOWN),
								 sf_script_of(child, SF_DOWN))));
		}
	differing = differences(m, direction == SF_DOWN);
	if (differing && !has_begun(m, direction, differing))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the schema is not the one that revision \"%s\" goes %s from", r->revision,
						sf_direction_name(direction)),
				 errdetail("Here %s.", sf_join_some(differing, MAX_NAMED)),
				 direction == SF_UP ?
				 errhint("Plan again from what is here: SELECT sf_plan_migration('...').") :
				 errhint("Bring the schema back to it first: SELECT * FROM sf_drift() shows what differs from what it "
						 "has left.")));
	if (direction == SF_UP)
		sf_archive_open(m);
	return SF_START_READY;
}

int
sf_journal_check_end(const char *name, SfDirection direction)
{
	SfRevision *r = sf_revision_named(sf_revisions(), name);
	SfMigration *m = sf_migration_load(r->revision);
	List	   *differing = differences(m, direction == SF_UP);

	if (differing)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("the schema is not the one that revision \"%s\" leads %s to", r->revision,
						sf_direction_name(direction)),
				 errdetail("Here %s.", sf_join_some(differing, MAX_NAMED)),
				 errhint("SELECT * FROM sf_diff() shows what differs from the model.")));
	return list_length(differing);
}

bool
sf_journal_pending(const char *name, int transaction, SfDirection direction)
{
	SfRevision *r = sf_revision_named(sf_revisions(), name);
	Effect	   *effect;

	if (finished(r, direction))
		return false;
	if (r->transactions[direction] == 0)	/* nothing to run, and still to be marked */
		return true;
	if (transaction <= sf_done_of(r, direction))
		return false;
	effect = effect_of(sf_migration_load(r->revision), transaction, direction);
	return effect == NULL || !took_effect(effect);
}

List *
sf_journal_leftovers(const char *name, int transaction, SfDirection direction)
{
	SfRevision *r = sf_revision_named(sf_revisions(), name);
	Effect	   *effect = effect_of(sf_migration_load(r->revision), transaction, direction);

	if (effect == NULL || transaction <= sf_done_of(r, direction) || effect->way->outcome(effect) != HALF_DONE)
		return NIL;
	return list_make1(effect->way->clear(effect));
}

/* ---- marks ---- */

void
sf_journal_begin(const SfMigration *m, SfDirection direction)
{
	SfRevision *r = sf_revision_find(sf_revisions(), m->revision);

	if (r && !sf_is_partly(r))
		sf_journal_add(m->revision, direction, 0, sf_transactions(m, direction), SF_HOW_BEGIN);
}

static void
mark_ancestors(SfRevision *r)
{
	ListCell   *lc;

	check_stack_depth();
	foreach(lc, r->parents)
	{
		SfRevision *parent = lfirst(lc);

		mark_ancestors(parent);
		if (sf_is_applied(parent))
			continue;
		sf_journal_add(parent->revision, SF_UP, parent->transactions[SF_UP], parent->transactions[SF_UP], "implied");
		parent->direction = SF_UP;
		parent->done = parent->of = parent->transactions[SF_UP];
		parent->done_at = "now";	/* in the graph of this call */
	}
}

char *
sf_journal_mark(const char *name, int transaction, SfDirection direction)
{
	SfRevision *r;
	SfMigration *m;
	Effect	   *effect;
	int			done,
				of;

	sf_history_lock();
	r = sf_revision_named(sf_revisions(), name);
	m = sf_migration_load(r->revision);
	sf_migration_check_owner(m->revision, m->owner);
	refuse_half(r, direction);
	done = sf_done_of(r, direction);
	of = sf_transactions(m, direction);
	effect = effect_of(m, transaction, direction);
	if (transaction < (of > 0) || transaction > of)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("revision \"%s\" has no transaction %d on its way %s", r->revision, transaction,
						sf_direction_name(direction)),
				 errdetail("It has %d.", of)));
	if (finished(r, direction) || transaction <= Min(done, of - 1))
	{
		if (effect)				/* run again by a script that had been stopped right before the mark */
			return sf_revision_state(r);
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("transaction %d of revision \"%s\" is done already", transaction, r->revision),
				 errdetail("The revision is %s.", sf_revision_state(r)),
				 errhint("Roll this transaction back; another session may be running the same script.")));
	}
	if (transaction > done + 1)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("transaction %d of revision \"%s\" comes before transaction %d", done + 1, r->revision,
						transaction),
				 errhint("Run them in order: %s, or %s.", sf_call_to_run(r, direction), sf_script_of(r, direction))));
	if (effect && !took_effect(effect))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("transaction %d of revision \"%s\" has not been done", transaction, r->revision),
				 errdetail("%s %s is %s.", effect->what, name_of(effect->object),
						   effect->way->words[effect->way->outcome(effect)]),
				 errhint("Run it again: %s, or %s.", sf_call_to_run(r, direction), sf_script_of(r, direction))));
	sf_archive_filled(m, direction, transaction);
	sf_journal_add(r->revision, direction, transaction, of, "mark");
	r->direction = direction;
	r->done = transaction;
	r->of = of;
	r->done_at = "now";
	if (direction == SF_UP && transaction == of)
		mark_ancestors(r);
	return sf_revision_state(r);
}

/* ---- stamp ---- */

/* What differs from the schema at target; base is where the migrations without parents start. */
static List *
differs_from(List *revisions, SfRevision *target)
{
	ListCell   *lc;

	if (target)
		return differences(sf_migration_load(target->revision), true);
	foreach(lc, revisions)
	{
		SfRevision *r = lfirst(lc);

		if (r->nparent_names == 0 && (sf_is_applied(r) || !r->superseded))
			return differences(sf_migration_load(r->revision), false);
	}
	return NIL;
}

void
sf_journal_stamp(List *revisions, SfRevision *target, bool force)
{
	ListCell   *lc;

	if (target)
		sf_migration_check_owner(target->revision, target->owner);
	if (!force)
	{
		List	   *differing = differs_from(revisions, target);

		if (differing)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("the schema is not the one of \"%s\"", target ? target->revision : "base"),
					 errdetail("Here %s.", sf_join_some(differing, MAX_NAMED)),
					 errhint("If the history is to say so in spite of it: SELECT sf_stamp('%s', force => true).",
							 target ? target->revision : "base")));
	}
	foreach(lc, revisions)
	{
		SfRevision *r = lfirst(lc);
		bool		wanted = target && sf_is_ancestor(r, target);
		SfDirection direction = wanted ? SF_UP : SF_DOWN;

		if (finished(r, direction))
			continue;
		sf_migration_check_owner(r->revision, r->owner);
		sf_journal_add(r->revision, direction, r->transactions[direction], r->transactions[direction], "stamp");
	}
	if (target && target->superseded)
		sf_migration_store(sf_migration_load(target->revision), true);
}
