/*
 * recipes_archive.c - what a plan can keep of what it would destroy (archive.h), and what the recipes for it share.
 */
#include "postgres.h"

#include "commands/defrem.h"
#include "guc.h"
#include "compat.h"
#include "diff/diff.h"
#include "kinds/kind.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "miscadmin.h"
#include "phases/archive.h"
#include "phases/recipes_archive.h"
#include "phases/recipes_parts.h"
#include "phases/shadow.h"
#include "plan/emit.h"
#include "risk/risk.h"
#include "utils/regproc.h"

/* ---- what can be kept ---- */

bool
sf_is_users_type(const SfFact *column)
{
	return strchr(sf_attr(column, "type"), '.') != NULL;
}

List *
sf_dropped_parts(const SfPlan *plan, const SfFact *table, bool rows)
{
	List	   *parts = NIL;
	ListCell   *lc;

	check_stack_depth();
	foreach(lc, sf_is_partitioned(table) ? table->needed_by : NIL)
	{
		const SfFact *attachment = ((SfEdge *) lfirst(lc))->from;
		SfFact	   *part = attachment->parent;

		if (!sf_is_kind(attachment, "partition") || sf_attached_to(attachment) != table || !sf_is_kind(part, "table") ||
			part->twin || sf_plan_drops(plan, part))
			continue;
		if (sf_is_partitioned(part) != rows)
			parts = lappend(parts, part);
		parts = list_concat(parts, sf_dropped_parts(plan, part, rows));
	}
	return parts;
}

static bool
keeps_table(SfKept *kept, int64 rows)
{
	return !sf_is_partitioned(kept->fact);
}

typedef List *(*SfArchiveRecipe) (const SfPlan *plan, const SfAction *action, const SfKept *kept);


/* The kinds of facts that have contents. */
static const struct
{
	const char *kind;
	bool		rebuilt;		/* also when it is made anew in the same plan */
	bool		(*keeps) (SfKept *kept, int64 rows);	/* of its table */
	SfArchiveRecipe drop;
	SfArchiveRecipe create;
}			contents[] =
{
	{"table", false, keeps_table, sf_archive_table, sf_restore_table},
	{"column", true, sf_keeps_column, sf_archive_column, sf_restore_column},
};

static int
contents_of(const SfFact *fact)
{
	for (int i = 0; i < lengthof(contents); i++)
		if (sf_is_kind(fact, contents[i].kind))
			return i;
	return -1;
}

static bool
is_taken(List *kept, const char *relation)
{
	ListCell   *lc;

	foreach(lc, kept)
		if (strcmp(((SfKept *) lfirst(lc))->relation, relation) == 0)
			return true;
	return false;
}

/* users_phone_1f2e3d4c: the names below the schema, shortened to what a name may have. */
static void
name_entry(SfKept *kept, List *others, const char *tag)
{
	const SfFact *fact = kept->fact;
	char	   *names[2] = {pstrdup(SF_ARCHIVE_SCHEMA), NULL};

	for (int i = 0; i == 0 || is_taken(others, kept->relation); i++)
	{
		char	   *label = i ? psprintf("%s%d", tag, i) : pstrdup(tag);

		kept->name = names[1] = makeObjectName(fact->name[1], fact->nname > 2 ? sf_last(fact) : NULL, label);
		kept->relation = sf_qualified(2, names);
	}
}

/* Does another column take the place of one of them? The trigger knows its columns by their numbers. */
static bool
is_exchanged(const SfPlan *plan, List *key)
{
	ListCell   *lc;

	foreach(lc, plan->shadows)
		if (list_member_ptr(key, ((SfShadow *) lfirst(lc))->old))
			return true;
	return false;
}

/* What the action drops that has contents: the fact, or the parts of a whole. */
static List *
dropped_contents(const SfPlan *plan, const SfAction *action)
{
	return sf_is_partitioned(action->old) ? sf_dropped_parts(plan, action->old, true) : list_make1(action->old);
}

/* Of a whole's parts all are, or none: it is made and bound as one.  rows: its own, or the whole's. */
static bool
is_copied_long(const SfFact *fact, int64 rows)
{
	return sf_is_kind(fact, "table") && sf_are_many(rows);
}

List *
sf_archive_choose(const SfPlan *up, const char *tag)
{
	List	   *chosen = NIL;
	SfArchive	when = sf_guc_archive();
	ListCell   *lc,
			   *ld;

	if (when == SF_ARCHIVE_NEVER)
		return NIL;
	foreach(lc, up->actions)
	{
		const SfAction *action = lfirst(lc);
		bool		retyped = sf_archives_values(up, action);
		int			i = retyped || action->verb == SF_VERB_DROP ? contents_of(action->old) : -1;
		const SfFact *table;
		int64		rows;

		if (i < 0 || (action->rebuild && !contents[i].rebuilt) || action->statements == NIL ||
			sf_shadow_ends(up, action))
			continue;
		/* Of a whole's parts all are kept, or none. */
		table = sf_relation_of(action->old);
		rows = sf_risk_rows(table->name[0], table->name[1]);
		if (rows <= 0 && when == SF_ARCHIVE_ROWS)
			continue;
		foreach(ld, dropped_contents(up, action))
		{
			SfKept	   *kept = palloc0(sizeof(SfKept));

			kept->fact = lfirst(ld);
			kept->retyped = retyped;
			kept->big = is_copied_long(kept->fact, rows);
			if (!contents[i].keeps(kept, rows) || is_exchanged(up, kept->key))
				continue;
			name_entry(kept, chosen, tag);
			chosen = lappend(chosen, kept);
		}
	}
	return chosen;
}

SfKept *
sf_archive_entry(const SfFactBase *base, List *up, const char *label, const char *relation)
{
	ListCell   *lc;

	foreach(lc, base->facts)
	{
		SfFact	   *fact = lfirst(lc);
		SfKept	   *kept;

		if (contents_of(fact) < 0 || strcmp(sf_fact_label(fact), label) != 0)
			continue;
		kept = palloc0(sizeof(SfKept));
		kept->fact = fact;
		kept->relation = pstrdup(relation);
		kept->name = strVal(llast(sf_qualified_names(relation)));
		kept->big = is_copied_long(fact, sf_risk_rows(SF_ARCHIVE_SCHEMA, kept->name));
		kept->retyped = sf_is_kind(fact, "column") && fact->twin && !sf_child_of(fact->twin, "generated") &&
			sf_changed(fact, fact->twin, "type");
		return sf_is_kind(fact, "column") && !sf_kept_has_key(kept, up) ? NULL : kept;
	}
	return NULL;
}

/* ---- statements ---- */

List *
sf_statement_add(List *statements, char *sql)
{
	bool		joined = statements != NIL;

	statements = sf_add_statement(statements, sql, false, false);
	((SfStatement *) llast(statements))->joined = joined;
	return statements;
}

List *
sf_statement_add_keeping(List *statements, char *sql)
{
	statements = sf_statement_add(statements, sql);
	((SfStatement *) llast(statements))->keeps = true;
	return statements;
}

List *
sf_statement_add_move(List *statements, char *sql, const SfKept *kept, const char *verb)
{
	SfStatement *statement;

	statements = sf_statement_add_keeping(statements, sql);
	statement = llast(statements);
	statement->archive = kept->relation;
	statement->why = psprintf("%s %s", verb, kept->relation);
	return statements;
}

List *
sf_statements_contract(List *statements)
{
	ListCell   *lc;

	foreach(lc, statements)
		((SfStatement *) lfirst(lc))->contracts = true;
	return statements;
}

List *
sf_statement_add_all(List *statements, List *texts)
{
	ListCell   *lc;

	foreach(lc, texts)
		statements = sf_statement_add(statements, lfirst(lc));
	return statements;
}

char *
sf_kept_value(const SfFact *column)
{
	const char *name = sf_ident(sf_last(column));

	return sf_is_users_type(column) ? psprintf("%s::%s", name, sf_attr(column, "type")) : pstrdup(name);
}

SfEmit
sf_kept_emit(const SfPlan *plan)
{
	SfEmit		out;

	sf_plan_emit_init(&out, plan);
	out.flags = SF_EMIT_EXISTING;
	return out;
}

char *
sf_kept_drop(const SfKept *kept)
{
	return psprintf("DROP TABLE %s", kept->relation);
}

int
sf_plan_position(const SfPlan *plan, SfVerb verb, const SfFact *fact)
{
	ListCell   *lc;

	foreach(lc, plan->actions)
	{
		const SfAction *action = lfirst(lc);

		if (action->verb == verb && (verb == SF_VERB_DROP ? action->old : action->new) == fact)
			return action->position;
	}
	return -1;
}

bool
sf_is_made_by(const SfPlan *plan, const SfAction *action, const SfFact *fact)
{
	int			made = sf_plan_position(plan, SF_VERB_CREATE, fact);

	return made < 0 ? fact->twin != NULL : made < action->position;
}

bool
sf_plan_drops(const SfPlan *plan, const SfFact *fact)
{
	return sf_plan_position(plan, SF_VERB_DROP, fact) >= 0;
}

/* ---- which of them ---- */

/* Of SfKept: those whose facts are among these. */
static List *
kept_among(const SfPlan *plan, List *facts)
{
	List	   *among = NIL;
	ListCell   *lc;

	foreach(lc, plan->kept)
		if (list_member_ptr(facts, ((SfKept *) lfirst(lc))->fact))
			among = lappend(among, lfirst(lc));
	return among;
}

List *
sf_archive_statements(const SfPlan *plan, const SfAction *action, bool alone)
{
	List	   *parts = action->verb == SF_VERB_DROP && plan->kept ? sf_dropped_parts(plan, action->old, true) : NIL;
	ListCell   *lc;

	if (parts && (parts = kept_among(plan, parts)) != NIL)
		return sf_archive_parts(plan, action, parts);
	foreach(lc, plan->kept)
	{
		const SfKept *kept = lfirst(lc);
		List	   *in_use;

		if (kept->retyped)
			continue;
		if (alone && action->verb == SF_VERB_CREATE && action->new == kept->fact &&
			(in_use = sf_restore_in_use(plan, action, kept)) != NIL)
			return in_use;
		if (action->verb == SF_VERB_DROP && action->old == kept->fact)
			return contents[contents_of(kept->fact)].drop(plan, action, kept);
		if (action->verb == SF_VERB_CREATE && action->new == kept->fact)
			return contents[contents_of(kept->fact)].create(plan, action, kept);
		if (action->verb == SF_VERB_DROP && sf_is_kind(action->old, "generated") &&
			action->old->parent->twin == kept->fact)
			return sf_restore_computed(plan, action, kept);
	}
	return NIL;
}

List *
sf_archive_around(const SfPlan *plan, const SfAction *action, List *statements)
{
	ListCell   *lc;

	foreach(lc, action->verb == SF_VERB_ALTER ? plan->kept : NIL)
	{
		const SfKept *kept = lfirst(lc);

		if (kept->retyped && action->part == SF_PART_ALL && action->old == kept->fact)
			return sf_archive_values(plan, action, kept, statements);
		if (kept->retyped && action->part == SF_PART_ALL && action->new == kept->fact)
			return sf_restore_values(plan, action, kept, statements);
	}
	return statements;
}
