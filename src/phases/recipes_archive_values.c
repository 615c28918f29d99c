/*
 * recipes_archive_values.c - values that a column had in another type: into the archive and back.
 *
 * A conversion that rounds, cuts, or is not undone by the one back (a number's digits, a text as bytes) keeps the old
 * values, by the key of their rows.  On the way down a row gets its old value when it still has what became of that;
 * what was written meanwhile is converted like any other.
 */
#include "postgres.h"

#include "lib/text.h"
#include "phases/recipes_archive.h"
#include "phases/recipes_parts.h"
#include "risk/risk.h"

/* Types whose every value comes back from the other, or has none there (an error). */
static const struct
{
	const char *from;
	const char *to;
}			reversible[] =
{
	{"smallint", "integer"}, {"smallint", "bigint"}, {"smallint", "numeric"},
	{"integer", "smallint"}, {"integer", "bigint"}, {"integer", "numeric"},
	{"bigint", "smallint"}, {"bigint", "integer"}, {"bigint", "numeric"},
	{"real", "double precision"}, {"date", "timestamp without time zone"}, {"date", "timestamp with time zone"},
	{"timestamp without time zone", "timestamp with time zone"},
	{"timestamp with time zone", "timestamp without time zone"},
	{"cidr", "inet"}, {"json", "text"},
};

/* Is its type there under that name on either side, so that a value can be written as one at any time? */
static bool
type_stays(const SfFact *column)
{
	ListCell   *lc;

	foreach(lc, sf_is_users_type(column) ? column->needs : NIL)
	{
		const SfFact *type = ((SfEdge *) lfirst(lc))->to;

		if (strcmp(sf_name(type), sf_attr(column, "type")) == 0)
			return sf_stands(type) && strcmp(type->key, type->twin->key) == 0;
	}
	return !sf_is_users_type(column);
}

static const char *
base_type(const SfFact *column)
{
	const SfFact *domain = sf_type_of_kind(column, "domain");

	return sf_attr(domain ? domain : column, "type");
}

/* What a text says can be read back from it, whatever type it is of; an enum's values are written as they are read. */
static bool
is_reversible(const SfFact *old, const SfFact *new)
{
	const char *from = base_type(old);
	const char *to = base_type(new);

	if (strcmp(from, to) == 0 || strcmp(to, "text") == 0 || strcmp(to, "character varying") == 0 ||
		sf_type_of_kind(new, "enum"))
		return true;
	for (int i = 0; i < lengthof(reversible); i++)
		if (strcmp(from, reversible[i].from) == 0 && strcmp(to, reversible[i].to) == 0)
			return true;
	return false;
}

/* numeric(5,1) and numeric(6,2) */
static bool
differs_by_length(const SfFact *old, const SfFact *new)
{
	const char *from = base_type(old);
	const char *to = base_type(new);
	size_t		length = strcspn(from, "(");

	return length == strcspn(to, "(") && strncmp(from, to, length) == 0;
}

static bool
is_filled(List *fills, const SfFact *column)
{
	SfEmit		out = {0};

	out.fills = fills;
	return sf_fill(&out, column) != NULL;
}

static bool
is_computed(const SfFact *column)
{
	return sf_child_of(column, "generated") || sf_comes_along(column);
}

bool
sf_archives_values(const SfPlan *plan, const SfAction *action)
{
	const SfFact *old = action->old;
	const SfFact *new = action->new;
	ListCell   *lc;

	if (action->verb != SF_VERB_ALTER || action->part != SF_PART_ALL || !sf_is_kind(old, "column") ||
		action->table == NULL || !action->changed[sf_kind_attr(old->kind, "type")] ||
		strcmp(old->key, new->key) != 0 || is_computed(old) || is_computed(new) ||
		is_reversible(old, new) || !type_stays(old) || !type_stays(new) || is_filled(plan->fills, new) ||
		is_filled(plan->back, old))
		return false;
	/* What is not written anew are the same values; so are those that only get more digits, or an error. */
	foreach(lc, action->statements)
	{
		int			effects = sf_recipe_risk(plan, action, lfirst(lc), false);

		if (effects & SF_RISK_REWRITES)
			return (effects & SF_RISK_LOSES) != 0 || !differs_by_length(old, new);
	}
	return false;
}

/* ---- up ---- */

/* Joined with what comes before them. */
static List *
behind(List *statements, List *more)
{
	if (statements && more)
		((SfStatement *) linitial(more))->joined = true;
	return list_concat(statements, more);
}

List *
sf_archive_values(const SfPlan *plan, const SfAction *action, const SfKept *kept, List *statements)
{
	const char *retype = psprintf(" ALTER COLUMN %s TYPE ", sf_ident(sf_last(action->new)));
	ListCell   *lc;

	foreach(lc, statements)
	{
		SfStatement *statement = lfirst(lc);

		if (strstr(statement->sql, retype) == NULL)
			continue;
		statement->archive = kept->relation;
		statement->why = psprintf("%s%sold values archived in %s", statement->why ? statement->why : "",
								  statement->why ? "; " : "", kept->relation);
		return behind(sf_archive_copy(plan, kept), statements);
	}
	return statements;
}

/* ---- down ---- */

/* What has become of an archived value on the way up and down. */
static char *
there_and_back(const SfPlan *plan, const SfFact *column)
{
	const SfFact *other = column->twin;
	SfEmit		out = sf_kept_emit(plan);
	char	   *value = psprintf("a.%s", sf_kept_value(column));
	char	   *up = sf_column_conversion(&out, value, column, other);
	char	   *down;

	up = psprintf("(%s)::%s", up ? up : value, sf_attr(other, "type"));
	down = sf_column_conversion(&out, up, other, column);
	return psprintf("(%s)::%s", down ? down : up, sf_attr(column, "type"));
}

List *
sf_restore_values(const SfPlan *plan, const SfAction *action, const SfKept *kept, List *statements)
{
	const char *name = sf_ident(sf_last(kept->fact));
	char	   *same = psprintf("t.%s::text OPERATOR(pg_catalog.=) (%s)::text", name, there_and_back(plan, kept->fact));

	return behind(statements, sf_archive_bring_back(plan, action, kept, same));
}
