/*
 * recipes_archive_column.c - a dropped column's values: into the archive and back.
 *
 * They are copied with the key of their rows.  From then on a trigger on the table keeps them to the rows that they
 * belong to (apply/follow.c).  Of a small table it is made before the copy, and its lock keeps writers out until the
 * drop; a big one is used meanwhile (recipes_archive_batches.c).  What comes back is what the rows had: what was
 * written meanwhile has the column's default, or what @down says.
 */
#include "postgres.h"

#include "fmgr.h"
#include "lib/text.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "phases/recipes_archive.h"
#include "phases/steps.h"
#include "risk/risk.h"
#include "utils/fmgroids.h"

/* The server's own columns by which a row can be known, before those of a key. */
static const struct
{
	const char *name;
	const char *archived;		/* what that of the archive is called */
	const char *type;
	size_t		noted;			/* in SfKept: is it one of them? */
}			marks[] =
{
	{"tableoid", SF_ARCHIVE_TABLE_COLUMN, "oid", offsetof(SfKept, tree)},
	{"ctid", SF_ARCHIVE_PLACE_COLUMN, "tid", offsetof(SfKept, by_place)},
};

static bool
is_marked(const SfKept *kept, int mark)
{
	return *(const bool *) ((const char *) kept + marks[mark].noted);
}

List *
sf_kept_key_names(const SfKept *kept, bool archived)
{
	List	   *names = NIL;
	ListCell   *lc;

	for (int i = 0; i < lengthof(marks); i++)
		if (is_marked(kept, i))
			names = lappend(names, pstrdup(archived ? sf_ident(marks[i].archived) : marks[i].name));
	foreach(lc, kept->key)
		names = lappend(names, unconstify(char *, sf_ident(sf_last((SfFact *) lfirst(lc)))));
	return names;
}

static char *
create_archive(const SfKept *kept)
{
	const SfFact *column = kept->fact;
	const SfFact *table = column->parent;
	List	   *parts = NIL;
	ListCell   *lc;

	for (int i = 0; i < lengthof(marks); i++)
		if (is_marked(kept, i))
			parts = lappend(parts, psprintf("%s %s", sf_ident(marks[i].archived), marks[i].type));
	foreach(lc, kept->key)
		parts = lappend(parts, psprintf("%s %s", sf_ident(sf_last((SfFact *) lfirst(lc))),
										sf_kept_key_type(lfirst(lc))));
	parts = lappend(parts, psprintf("%s %s", sf_ident(sf_last(column)),
									sf_is_users_type(column) ? "text" : sf_attr(column, "type")));
	parts = lappend(parts, psprintf("PRIMARY KEY (%s)", sf_join(sf_kept_key_names(kept, true), ", ")));
	return psprintf("CREATE %sTABLE %s (%s)", sf_attr(table, "persistence") ? "UNLOGGED " : "", kept->relation,
					sf_join(parts, ", "));
}

static const CreateStmt *
creation_of(const SfKept *kept, List *steps)
{
	ListCell   *lc;

	foreach(lc, steps)
	{
		const char *sql = ((SfStep *) lfirst(lc))->sql;
		const CreateStmt *create;

		if (strstr(sql, kept->relation) == NULL)
			continue;
		create = (CreateStmt *) linitial_node(RawStmt, raw_parser(sql, RAW_PARSE_DEFAULT))->stmt;
		if (IsA(create, CreateStmt) && strcmp(create->relation->relname, kept->name) == 0)
			return create;
	}
	return NULL;
}

/* Is the archive's column of that name one of ours?  Then it is. */
static bool
note_mark(SfKept *kept, const char *name)
{
	for (int i = 0; i < lengthof(marks); i++)
		if (strcmp(marks[i].archived, name) == 0)
			return *(bool *) ((char *) kept + marks[i].noted) = true;
	return false;
}

bool
sf_kept_has_key(SfKept *kept, List *steps)
{
	const CreateStmt *create = creation_of(kept, steps);
	ListCell   *lc,
			   *lk,
			   *lp;

	foreach(lc, create ? create->tableElts : NIL)
		foreach(lk, IsA(lfirst(lc), Constraint) ? ((Constraint *) lfirst(lc))->keys : NIL)
		{
			const char *name = strVal(lfirst(lk));
			int			n = list_length(kept->key);

			if (note_mark(kept, name))
				continue;
			foreach(lp, kept->fact->parent->children)
				if (sf_is_kind(lfirst(lp), "column") && strcmp(sf_last((SfFact *) lfirst(lp)), name) == 0)
					kept->key = lappend(kept->key, lfirst(lp));
			if (list_length(kept->key) == n)
				return false;
		}
	return kept->key || kept->by_place;
}

/* The archive is the table's owner's, as the trigger wants it, and nobody else's. */
static void
give_to_owner(SfEmit *out, const SfKept *kept)
{
	const SfFact *owner = sf_child_of(kept->fact->parent, "owner");
	SfFact		archive = *kept->fact->parent;
	char	   *names[2];

	names[0] = pstrdup(SF_ARCHIVE_SCHEMA);
	names[1] = kept->name;
	archive.name = names;
	archive.children = NIL;
	sf_emit_birth(out, &archive);
	if (owner && (out->role == NULL || strcmp(out->role, sf_attr(owner, "role")) != 0))
		sf_emit(out, "ALTER TABLE %s OWNER TO %s", kept->relation, sf_ident(sf_attr(owner, "role")));
}

char *
sf_kept_arguments(const SfKept *kept)
{
	char	  **names = palloc((lengthof(marks) + list_length(kept->key)) * sizeof(char *));
	int			n = 0;
	ListCell   *lc;

	for (int i = 0; i < lengthof(marks); i++)
		if (is_marked(kept, i))
			names[n++] = unconstify(char *, marks[i].name);
	foreach(lc, kept->key)
		names[n++] = sf_last((SfFact *) lfirst(lc));
	return psprintf("%s, %s, %s", sf_literal(sf_rel(kept->fact)), sf_literal(kept->relation),
					sf_literal(OidOutputFunctionCall(F_ARRAY_OUT, sf_text_array(n, names))));
}

bool
sf_kept_nulls_come_back(const SfKept *kept)
{
	const SfFact *column = kept->fact;

	return kept->retyped || (sf_attr(column, "not_null") == NULL && !sf_child_of(column, "default"));
}

SfStatement *
sf_kept_locks(List *statements, const SfKept *kept, int mode)
{
	SfStatement *statement = llast(statements);

	statement->on = kept->fact->parent;
	statement->lock = sf_risk_lock_name(mode);
	return statement;
}

/* From the last one on writers wait, and afterwards what they do to keys is done in the archive, too. */
List *
sf_kept_begin(const SfPlan *plan, const SfKept *kept)
{
	List	   *statements = sf_statement_add(NIL, create_archive(kept));
	SfEmit		out = sf_kept_emit(plan);

	give_to_owner(&out, kept);
	statements = sf_statement_add_all(statements, out.statements);
	statements = sf_statement_add(statements, psprintf("SELECT " SF_ARCHIVE_FOLLOW "(%s)", sf_kept_arguments(kept)));
	(void) sf_kept_locks(statements, kept, ShareRowExclusiveLock);
	return statements;
}

char *
sf_kept_copy(const SfKept *kept)
{
	const SfFact *column = kept->fact;
	const char *name = sf_ident(sf_last(column));

	return psprintf("INSERT INTO %s SELECT %s, %s%s FROM %s%s", kept->relation,
					sf_join(sf_kept_key_names(kept, false), ", "), name, sf_is_users_type(column) ? "::text" : "",
					sf_rel(column), sf_kept_nulls_come_back(kept) ? psprintf(" WHERE %s IS NOT NULL", name) : "");
}

List *
sf_archive_copy(const SfPlan *plan, const SfKept *kept)
{
	List	   *statements = sf_statement_add(sf_kept_begin(plan, kept), sf_kept_copy(kept));
	SfStatement *copy = sf_kept_locks(statements, kept, AccessShareLock);

	copy->reads = true;
	copy->why = "under the lock of what follows";
	return statements;
}

List *
sf_archive_column(const SfPlan *plan, const SfAction *action, const SfKept *kept)
{
	List	   *ahead = kept->mirrored ? NIL : sf_archive_ahead(plan, action, kept),
			   *statements = ahead || kept->mirrored ? sf_archive_completed(kept) : sf_archive_copy(plan, kept);

	statements = sf_statement_add_move(statements, linitial(action->statements), kept, "archived in");
	statements = sf_statement_add_all(statements, list_copy_tail(action->statements, 1));
	return list_concat(ahead, sf_statements_contract(statements));
}

/* ---- down ---- */

static bool
fires_for_updates(const SfFact *fact)
{
	return sf_is_kind(fact, "trigger") && strstr(sf_attr(fact, "event"), "UPDATE") &&
		!sf_streq(sf_attr(fact, "enabled"), "DISABLE");
}

/* Triggers of the table that a change of rows would fire when the action comes: of SfFact. */
static List *
update_triggers(const SfPlan *plan, const SfAction *action, const SfFact *table)
{
	List	   *triggers = NIL;
	ListCell   *lc;

	foreach(lc, table->twin->children)
	{
		int			dropped = sf_plan_position(plan, SF_VERB_DROP, lfirst(lc));

		if (fires_for_updates(lfirst(lc)) && (dropped < 0 || dropped > action->position))
			triggers = lappend(triggers, lfirst(lc));
	}
	foreach(lc, table->children)
	{
		int			made = sf_plan_position(plan, SF_VERB_CREATE, lfirst(lc));

		if (fires_for_updates(lfirst(lc)) && made >= 0 && made < action->position)
			triggers = lappend(triggers, lfirst(lc));
	}
	return triggers;
}

/* What a trigger is called by then: renames mostly come first. */
static const char *
name_before(const SfPlan *plan, const SfAction *action, const SfFact *trigger)
{
	ListCell   *lc;

	foreach(lc, plan->actions)
	{
		const SfAction *rename = lfirst(lc);

		if (rename->verb == SF_VERB_RENAME && rename->old == trigger && rename->new &&
			rename->position < action->position)
			return sf_last(rename->new);
	}
	return sf_last(trigger);
}

/* The values come back without a word to the table's triggers: no row has changed since it was written. */
static void
switch_triggers(SfEmit *out, const SfPlan *plan, const SfAction *action, const SfFact *table, bool on)
{
	List	   *parts = NIL;
	ListCell   *lc;

	foreach(lc, update_triggers(plan, action, table))
	{
		const char *enabled = on ? sf_attr(lfirst(lc), "enabled") : "DISABLE";

		parts = lappend(parts, psprintf("%s TRIGGER %s", enabled ? enabled : "ENABLE",
										sf_ident(name_before(plan, action, lfirst(lc)))));
	}
	if (parts)
		sf_emit(out, "ALTER TABLE %s %s", sf_name(table), sf_join(parts, ", "));
}

char *
sf_kept_give_back(const SfKept *kept, const char *source, char *condition)
{
	List	   *same = NIL;
	ListCell   *lt,
			   *la;

	forboth(lt, sf_kept_key_names(kept, false), la, sf_kept_key_names(kept, true))
		same = lappend(same, psprintf("t.%s = a.%s", (char *) lfirst(lt), (char *) lfirst(la)));
	if (kept->by_place)
		same = lappend(same, psprintf(SF_ARCHIVE_FOLLOWS "(%s)", sf_literal(kept->relation)));
	if (condition)
		same = lappend(same, condition);
	return psprintf("UPDATE %s t SET %s = a.%s FROM %s a WHERE %s", sf_rel(kept->fact),
					sf_ident(sf_last(kept->fact)), sf_kept_value(kept->fact), source, sf_join(same, " AND "));
}

/* What can be said of the column only when its values are there: that it has no NULLs, and a sequence. */
static void
finish_column(SfEmit *out, const SfAction *action, const SfFact *identity, bool not_null)
{
	const SfFact *column = action->new;
	int			i = sf_kind_attr(column->kind, "not_null");
	bool	   *only = palloc0(column->kind->nattrs * sizeof(bool));
	const SfFact *by_default = sf_child_of(column, "default");
	ListCell   *lc;

	only[i] = true;
	if (not_null)
		column->kind->attrs[i].alter(out, column, column, only);
	if (identity)
		identity->kind->create(out, identity, NIL);
	foreach(lc, by_default ? by_default->needs : NIL)
		if (sf_is_kind(((SfEdge *) lfirst(lc))->to, "sequence"))
			sf_emit_catch_up(out, ((SfEdge *) lfirst(lc))->to, column);
}

/* What folds into the column's definition before it has its values. */
static List *
writable_parts(List *folded, const SfFact *column, bool not_null)
{
	List	   *parts = NIL;
	ListCell   *lc;

	foreach(lc, folded)
	{
		SfFact	   *part = lfirst(lc);

		if (part->parent != column || !(sf_is_kind(part, "identity") || (not_null && sf_is_kind(part, "not null"))))
			parts = lappend(parts, part);
	}
	return parts;
}

int
sf_kept_create(SfEmit *out, const SfPlan *plan, const SfAction *action, bool not_null)
{
	SfFact	   *column = action->new;
	int			i = sf_kind_attr(column->kind, "not_null");
	char	   *said = column->attr[i];
	SfEmit		plain = sf_kept_emit(plan);

	column->kind->create(&plain, column, action->folded);
	if (not_null)
		column->attr[i] = NULL;
	column->kind->create(out, column, writable_parts(action->folded, column, not_null));
	column->attr[i] = said;
	return list_length(plain.statements);
}

/* The values, in a column that is there. */
static List *
bring_values_back(List *statements, const SfPlan *plan, const SfAction *action, const SfKept *kept, char *condition)
{
	List	   *tables = sf_kept_tables(kept->fact);
	SfEmit		out = sf_kept_emit(plan);
	ListCell   *lc;

	foreach(lc, tables)
		switch_triggers(&out, plan, action, lfirst(lc), false);
	statements = sf_statement_add_all(statements, out.statements);
	statements = sf_statement_add_move(statements, sf_kept_give_back(kept, kept->relation, condition), kept,
									   "back from");
	out = sf_kept_emit(plan);
	foreach(lc, tables)
		switch_triggers(&out, plan, action, lfirst(lc), true);
	return sf_statement_add_all(statements, out.statements);
}

List *
sf_restore_computed(const SfPlan *plan, const SfAction *action, const SfKept *kept)
{
	List	   *statements = bring_values_back(sf_statement_add_all(NIL, action->statements), plan, action, kept, NULL);

	return sf_statement_add_keeping(statements, sf_kept_drop(kept));
}

List *
sf_archive_bring_back(const SfPlan *plan, const SfAction *action, const SfKept *kept, char *condition)
{
	return sf_statement_add_keeping(bring_values_back(NIL, plan, action, kept, condition), sf_kept_drop(kept));
}

List *
sf_restore_column(const SfPlan *plan, const SfAction *action, const SfKept *kept)
{
	const SfFact *column = action->new;
	const SfFact *identity = sf_child_of(column, "identity");
	bool		not_null = sf_attr(column, "not_null") && !sf_child_of(column, "default");
	SfEmit		out = sf_kept_emit(plan);
	int			said = sf_kept_create(&out, plan, action, not_null);
	List	   *statements = bring_values_back(sf_statement_add_all(NIL, out.statements), plan, action, kept, NULL);

	out = sf_kept_emit(plan);
	finish_column(&out, action, identity, not_null);
	statements = sf_statement_add_all(statements, out.statements);
	statements = sf_statement_add_keeping(statements, sf_kept_drop(kept));
	return sf_statement_add_all(statements, list_copy_tail(action->statements, said));
}
