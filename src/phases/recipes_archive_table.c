/*
 * recipes_archive_table.c - a dropped table's rows: into the archive and back.
 *
 * The table moves as it is, without whatever could hold it fast or hold others: what it is a part of, constraints,
 * indexes, triggers, policies, privileges, defaults; values of types that users made become text.  On the way down the
 * plan's own CREATE comes first, so that the schema is what it was, and the rows are copied into it.
 *
 * Of a partitioned table that goes the partitions move, each by itself; then the whole is empty, and is dropped.  On
 * the way down each is made with its rows; one whose rows could fire triggers of the whole, or hold it long, is
 * attached to it afterwards.
 */
#include "postgres.h"

#include "lib/text.h"
#include "phases/recipes_archive.h"
#include "phases/recipes_parts.h"
#include "plan/emit.h"

/* What a table is stripped of, in this order. */
static const struct
{
	const char *kind;
	bool		outside;		/* not below the table, but in need of it */
}			stripped[] =
{
	{"grant", false}, {"publication table", true}, {"policy", false}, {"rule", false}, {"trigger", false},
	{"statistics", true}, {"foreign key", false}, {"check", false}, {"exclusion", false}, {"unique", false},
	{"primary key", false}, {"index", false}, {"default", false}, {"identity", false}, {"generated", false},
	{"owned by", true},
};

static bool
is_below(const SfFact *fact, const SfFact *table)
{
	for (; fact; fact = fact->parent)
		if (fact == table)
			return true;
	return false;
}

static bool
needs_it(const SfFact *fact, const SfFact *table)
{
	ListCell   *lc;

	foreach(lc, fact->needs)
		if (is_below(((SfEdge *) lfirst(lc))->to, table))
			return true;
	return false;
}

/* Does it go with something else that the plan drops (a publication), before or after? */
static bool
goes_elsewhere(const SfPlan *plan, const SfFact *fact, const SfFact *table)
{
	return fact->parent && !is_below(table, fact->parent) && !is_below(fact, table) &&
		sf_plan_drops(plan, fact->parent) && !sf_is_kind(fact, "owned by");
}

/* Statements that begin with the same ALTER TABLE are one. */
static List *
joined(List *texts, const SfFact *table)
{
	const char *head = psprintf("ALTER TABLE %s ", sf_name(table));
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, texts)
	{
		char	   *text = lfirst(lc);
		bool		same = result && strncmp(text, head, strlen(head)) == 0 &&
			strncmp(llast(result), head, strlen(head)) == 0;

		if (same)
			llast(result) = psprintf("%s, %s", (char *) llast(result), text + strlen(head));
		else
			result = lappend(result, text);
	}
	return result;
}

/*
 * Has it gone by then?  One by one, as it lets go of a big table; by a drop of its own, or with its original, while it
 * was a copy.
 */
static bool
has_gone(const SfPlan *plan, const SfAction *action, const SfFact *fact)
{
	int			dropped;

	if (!sf_goes_along(fact))
		return sf_holds_big(fact) || sf_plan_drops(plan, fact);
	dropped = sf_plan_position(plan, SF_VERB_DROP, sf_dropped_by(fact));
	return sf_plan_drops(plan, fact) || (dropped >= 0 && dropped < action->position);
}

/*
 * Of char *, without what lets go of big tables; bound: with its foreign keys.  Nothing is lost by it: what goes is
 * said by the way down again, sequences go on behind the rows.  What was a copy is the table's own by now.
 */
static List *
strip(const SfPlan *plan, const SfAction *action, const SfFact *table, bool bound)
{
	SfEmit		out = sf_kept_emit(plan);
	ListCell   *lc;

	out.flags |= SF_EMIT_APART;
	if (sf_attr(table, "of_type"))
		sf_emit(&out, "ALTER TABLE %s NOT OF", sf_name(table));
	for (int i = 0; i < lengthof(stripped); i++)
		foreach(lc, plan->from->facts)
		{
			const SfFact *fact = lfirst(lc);

			if (!sf_is_kind(fact, stripped[i].kind) ||
				!(stripped[i].outside ? needs_it(fact, table) : is_below(fact, table)) ||
				(!bound && sf_is_kind(fact, "foreign key")) || has_gone(plan, action, fact) ||
				goes_elsewhere(plan, fact, table))
				continue;
			/* A sequence that a column owns goes with it, unless the plan has given it to another table. */
			if (sf_is_kind(fact, "owned by"))
				fact = fact->parent;
			if (!sf_plan_drops(plan, fact) && !(sf_is_kind(fact, "sequence") && fact->twin))
				fact->kind->drop(&out, fact);
		}
	foreach(lc, table->children)
		if (sf_is_kind(lfirst(lc), "column") && sf_is_users_type(lfirst(lc)))
		{
			const char *name = sf_ident(sf_last((SfFact *) lfirst(lc)));

			sf_emit(&out, "ALTER TABLE %s ALTER COLUMN %s TYPE text USING %s::text", sf_name(table), name, name);
		}
	return joined(out.statements, table);
}

/* It is no part of anything any more. */
static List *
leave(const SfPlan *plan, const SfFact *table)
{
	SfEmit		out = sf_kept_emit(plan);
	ListCell   *lc;

	foreach(lc, table->children)
	{
		const SfFact *fact = lfirst(lc);

		if (fact->kind->attaches && !sf_plan_drops(plan, fact))
			fact->kind->drop(&out, fact);
	}
	return out.statements;
}

/* The same of a partition, while its whole is used; NIL: it cannot be so, or there is none that stays. */
static List *
leave_concurrently(const SfPlan *plan, const SfFact *table)
{
	const SfFact *partition = sf_child_of(table, "partition");
	char	   *detach = partition && !sf_plan_drops(plan, partition) ? sf_detach_for_good(partition) : NULL;

	return detach ? sf_add_statement(NIL, detach, false, false) : NIL;
}

static List *
add_all_keeping(List *statements, List *texts)
{
	ListCell   *lc;

	foreach(lc, texts)
		statements = sf_statement_add_keeping(statements, lfirst(lc));
	return statements;
}

/* Of a table that has been let go of. */
static List *
move_away(List *statements, const SfPlan *plan, const SfAction *action, const SfKept *kept, bool bound)
{
	const SfFact *table = kept->fact;

	statements = add_all_keeping(statements, strip(plan, action, table, bound));
	statements = sf_statement_add_move(
		statements, psprintf("ALTER TABLE %s SET SCHEMA " SF_ARCHIVE_SCHEMA, sf_name(table)), kept, "archived in");
	return sf_statement_add_keeping(statements, psprintf("ALTER TABLE " SF_ARCHIVE_SCHEMA ".%s RENAME TO %s",
														 sf_ident(sf_last(table)), sf_ident(kept->name)));
}

List *
sf_archive_table(const SfPlan *plan, const SfAction *action, const SfKept *kept)
{
	List	   *first = sf_untie(plan, kept->fact);
	List	   *apart = leave_concurrently(plan, kept->fact);
	List	   *moved = apart ? NIL : add_all_keeping(NIL, leave(plan, kept->fact));

	first = list_concat(first, apart);
	return sf_statements_contract(list_concat(first, move_away(moved, plan, action, kept, true)));
}

/* Foreign keys from tables that go together: a part that leaves may have rows that they refer to. */
static List *
unbind(const SfPlan *plan, const SfAction *action, List *tables)
{
	SfEmit		out = sf_kept_emit(plan);
	ListCell   *lt,
			   *lc;

	out.flags |= SF_EMIT_APART;
	foreach(lt, tables)
		foreach(lc, ((SfFact *) lfirst(lt))->children)
		{
			const SfFact *fact = lfirst(lc);
			bool		with_whole = sf_goes_along(fact) &&
				list_member_ptr(tables, sf_relation_of(sf_implied_by(fact)));

			if (sf_is_kind(fact, "foreign key") && !with_whole && !has_gone(plan, action, fact))
				fact->kind->drop(&out, fact);
		}
	return out.statements;
}

List *
sf_archive_parts(const SfPlan *plan, const SfAction *action, List *kept)
{
	SfFact	   *whole = action->old;
	List	   *tables = lcons(whole, list_concat(sf_dropped_parts(plan, whole, false),
												  sf_dropped_parts(plan, whole, true)));
	List	   *first = NIL,
			   *apart = leave_concurrently(plan, whole),
			   *moved = apart ? NIL : add_all_keeping(NIL, leave(plan, whole));
	ListCell   *lc;

	foreach(lc, tables)
		first = list_concat(first, sf_untie(plan, lfirst(lc)));
	first = list_concat(first, apart);
	moved = add_all_keeping(moved, unbind(plan, action, tables));
	foreach(lc, kept)
	{
		const SfKept *part = lfirst(lc);
		int			before = list_length(moved);
		ListCell   *ls;

		moved = add_all_keeping(moved, leave(plan, part->fact));
		moved = move_away(moved, plan, action, part, false);
		for_each_from(ls, moved, before)
			((SfStatement *) lfirst(ls))->about = part->fact;
	}
	moved = add_all_keeping(moved, action->statements);
	return sf_statements_contract(list_concat(first, moved));
}

/* ---- down ---- */

static int
by_position(const ListCell *a, const ListCell *b)
{
	return strcmp(sf_attr(lfirst(a), "position"), sf_attr(lfirst(b), "position"));
}

/* Columns that hold values of their own, in order. */
static List *
stored_columns(const SfFact *table)
{
	List	   *columns = NIL;
	ListCell   *lc;

	foreach(lc, table->children)
		if (sf_is_kind(lfirst(lc), "column") && !sf_child_of(lfirst(lc), "generated"))
			columns = lappend(columns, lfirst(lc));
	list_sort(columns, by_position);
	return columns;
}

static char *
copy_rows(const SfFact *table, const SfKept *kept)
{
	List	   *names = NIL,
			   *values = NIL;
	bool		identity = false;
	ListCell   *lc;

	foreach(lc, stored_columns(table))
	{
		names = lappend(names, unconstify(char *, sf_ident(sf_last((SfFact *) lfirst(lc)))));
		values = lappend(values, sf_kept_value(lfirst(lc)));
		identity = identity || sf_child_of(lfirst(lc), "identity");
	}
	if (names == NIL)
		return psprintf("INSERT INTO %s SELECT FROM %s", sf_name(table), kept->relation);
	return psprintf("INSERT INTO %s (%s)%s SELECT %s FROM %s", sf_name(table), sf_join(names, ", "),
					identity ? " OVERRIDING SYSTEM VALUE" : "", sf_join(values, ", "), kept->relation);
}

/* Do other tables draw from it meanwhile? */
static bool
stands(const SfPlan *plan, const char *sequence)
{
	ListCell   *lc;

	foreach(lc, plan->to->facts)
		if (sf_is_kind(lfirst(lc), "sequence") && strcmp(sf_name((SfFact *) lfirst(lc)), sequence) == 0)
			return ((SfFact *) lfirst(lc))->twin != NULL;
	return false;
}

/* The column of the whole that the column belongs to, as far up as wholes are made with it. */
static const SfFact *
whole_column(const SfFact *column)
{
	const SfFact *original;

	while ((original = sf_implied_by(column)) != NULL && sf_is_partitioned(original->parent) &&
		   original->parent->twin == NULL)
		column = original;
	return column;
}

/* The last whole up from a table that is made with it; else the table. */
static const SfFact *
made_whole(const SfFact *table)
{
	const SfFact *whole;

	for (;;)
	{
		const SfFact *partition = sf_child_of(table, "partition");

		whole = partition ? sf_attached_to(partition) : NULL;
		if (whole == NULL || whole->twin)
			return table;
		table = whole;
	}
}

/* Does another part of the same whole come back later, so that sequences of the whole wait for that? */
static bool
others_come(const SfPlan *plan, const SfAction *action, const SfFact *whole)
{
	ListCell   *lc;

	for_each_from(lc, plan->actions, action->position + 1)
	{
		const SfAction *other = lfirst(lc);

		if (other->verb == SF_VERB_CREATE && sf_is_kind(other->new, "table") && made_whole(other->new) == whole &&
			sf_plan_keeps(plan, other->new))
			return true;
	}
	return false;
}

static void
add_catch_up(SfEmit *out, const SfPlan *plan, const SfFact *table)
{
	ListCell   *lc,
			   *ln;

	foreach(lc, stored_columns(table))
	{
		const SfFact *whole = whole_column(lfirst(lc));
		const SfFact *identity = sf_child_of(whole, "identity");
		const SfFact *by_default = sf_child_of(lfirst(lc), "default");

		if (identity && whole->parent->twin == NULL)
			sf_emit_catch_up(out, identity, whole);
		foreach(ln, by_default ? by_default->needs : NIL)
		{
			const SfFact *sequence = ((SfEdge *) lfirst(ln))->to;

			if (sf_is_kind(sequence, "sequence") && !stands(plan, sf_name(sequence)))
				sf_emit_catch_up(out, sequence, whole);
		}
	}
}

/*
 * Of char *: sequences that come with the columns go on behind the values that came back, those of a whole behind the
 * values of all its parts.
 */
static List *
catch_up(const SfPlan *plan, const SfAction *action)
{
	const SfFact *whole = made_whole(action->new);
	SfEmit		out = sf_kept_emit(plan);
	List	   *texts = NIL;
	ListCell   *lc;

	if (others_come(plan, action, whole))
		return NIL;
	foreach(lc, plan->kept)
	{
		const SfFact *part = ((SfKept *) lfirst(lc))->fact;

		if (sf_is_kind(part, "table") && made_whole(part) == whole)
			add_catch_up(&out, plan, part);
	}
	foreach(lc, out.statements)
		if (!sf_list_has(texts, lfirst(lc)))
			texts = lappend(texts, lfirst(lc));
	return texts;
}

/* The rows, and what goes on behind them. */
static List *
bring_back(List *statements, const SfPlan *plan, const SfAction *action, const SfKept *kept)
{
	statements = sf_statement_add_move(statements, copy_rows(kept->fact, kept), kept, "back from");
	((SfStatement *) llast(statements))->alone = kept->big;
	statements = sf_statement_add_all(statements, catch_up(plan, action));
	return sf_statement_add_keeping(statements, sf_kept_drop(kept));
}

/* What the copy has of its original alone, as it would be by itself; NIL: something is said of it later, by a name. */
static List *
by_itself(const SfPlan *plan, const SfFact *copy, int flags)
{
	SfEmit		said,
				own;

	sf_plan_emit_init(&said, plan);
	copy->kind->create(&said, copy, NIL);
	sf_plan_emit_init(&own, plan);
	own.flags = SF_EMIT_APART | flags;
	copy->kind->create(&own, copy, NIL);
	/* Its statement for an index that joins the whole's comes last. */
	return said.statements ? NIL : list_copy_head(own.statements, 1);
}

/* Is it a foreign key to rows of the whole itself, which has not the part's yet?  It needs those of parts, too. */
static bool
refers_to_whole(const SfFact *binding, const SfFact *whole)
{
	ListCell   *lc;

	foreach(lc, binding->needs)
	{
		const SfFact *relation = sf_relation_of(((SfEdge *) lfirst(lc))->to);
		const SfFact *up = relation;

		while (up && up != whole)
			up = sf_whole_of(up);
		if (up == NULL && relation->kind == whole->kind)
			return false;
	}
	return true;
}

/*
 * What a big part would get of a whole that stands as it is attached, with the whole locked: it has that before.
 * Indexes come with its rows; foreign keys behind them.
 */
static List *
like_whole(List *statements, const SfPlan *plan, const SfAction *action, const SfKept *kept)
{
	const SfFact *whole = sf_whole_of(kept->fact);
	List	   *bindings = NIL;
	ListCell   *lc;

	foreach(lc, kept->big && whole && whole->twin ? kept->fact->children : NIL)
	{
		const SfFact *copy = lfirst(lc);
		const SfFact *original = sf_implied_by(copy);
		List	   *texts;
		SfEmit		proof;

		if (original == NULL || !(copy->kind->backs || copy->kind->binds) || !sf_comes_along(copy) ||
			!sf_is_made_by(plan, action, original) || (copy->kind->binds && refers_to_whole(original, whole)))
			continue;
		texts = by_itself(plan, copy, SF_EMIT_NOT_VALID);
		if (copy->kind->backs)
			statements = sf_statement_add_all(statements, texts);
		if (copy->kind->backs || texts == NIL)
			continue;
		sf_plan_emit_init(&proof, plan);
		proof.flags = SF_EMIT_APART;
		copy->kind->validate(&proof, copy);
		bindings = sf_add_statements(sf_add_statements(bindings, texts, 0, false), proof.statements, 0, true);
	}
	return list_concat(statements, bindings);
}

/* What comes behind the CREATE (REPLICA IDENTITY, ROW LEVEL SECURITY) may stand in the way of the rows. */
List *
sf_restore_table(const SfPlan *plan, const SfAction *action, const SfKept *kept)
{
	List	   *create,
			   *attachment,
			   *statements;

	if (!sf_partition_apart(plan, action, &create, &attachment))
	{
		statements = bring_back(sf_statement_add(NIL, linitial(action->statements)), plan, action, kept);
		return sf_statement_add_all(statements, list_copy_tail(action->statements, 1));
	}
	statements = bring_back(sf_statement_add_all(NIL, create), plan, action, kept);
	statements = list_concat(like_whole(statements, plan, action, kept), attachment);
	return sf_statement_add_all(statements, list_copy_tail(action->statements, 1));
}
