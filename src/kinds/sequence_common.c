/*
 * sequence_common.c - what sequences and those behind identity columns have in common: options and position.
 */
#include "postgres.h"

#include "kinds/sequence_common.h"

/* Attributes that are options, with the words that set them. */
static const struct
{
	const char *attr;
	const char *words;
} options[] = {
	{"type", "AS"},		 {"start", "START WITH"}, {"increment", "INCREMENT BY"},
	{"min", "MINVALUE"}, {"max", "MAXVALUE"},	  {"cache", "CACHE"},
};

/* The type of an identity's values is its column's. */
static bool
has(const SfFact *fact, const char *attr)
{
	return sf_kind_attr(fact->kind, attr) >= 0;
}

/*
 * Is the option what CREATE SEQUENCE gives when it is not said?  type is that of the values.  Only an ascending
 * sequence has anything left unsaid.
 */
static bool
is_default(const SfFact *fact, const char *attr, const char *type)
{
	static const struct
	{
		const char *attr;
		const char *type;		/* NULL: whatever the type */
		const char *value;
	}			defaults[] =
	{
		{"increment", NULL, "1"}, {"cache", NULL, "1"}, {"min", NULL, "1"},
		{"max", "smallint", "32767"}, {"max", "integer", "2147483647"}, {"max", "bigint", "9223372036854775807"},
	};
	const char *value = strcmp(attr, "type") == 0 ? NULL : sf_attr(fact, attr);

	if (value == NULL)
		return strcmp(type, "bigint") == 0;
	if (*sf_attr(fact, "increment") == '-')
		return false;
	if (strcmp(attr, "start") == 0)
		return strcmp(value, sf_attr(fact, "min")) == 0;
	for (int i = 0; i < lengthof(defaults); i++)
		if (strcmp(defaults[i].attr, attr) == 0 && (defaults[i].type == NULL || strcmp(defaults[i].type, type) == 0))
			return strcmp(defaults[i].value, value) == 0;
	return false;
}

void
sf_sequence_options(StringInfo out, const SfFact *fact, const char *type)
{
	for (int i = 0; i < lengthof(options); i++)
		if (has(fact, options[i].attr) && !is_default(fact, options[i].attr, type))
			appendStringInfo(out, " %s %s", options[i].words, sf_attr(fact, options[i].attr));
	if (sf_attr(fact, "cycle"))
		appendStringInfoString(out, " CYCLE");
}

/* A new type would move limits that stand at its edge by itself. */
static bool
moves_along(const char *attr, const SfFact *old, const SfFact *new)
{
	return (strcmp(attr, "min") == 0 || strcmp(attr, "max") == 0) && has(new, "type") && sf_changed(old, new, "type");
}

static void
keep_within(SfEmit *out, const char *sequence, const SfFact *old, const SfFact *new, const char *attr,
			const char *beyond)
{
	const char *limit = sf_attr(new, attr);

	if (sf_changed(old, new, attr) && strtoll(sf_attr(old, "min"), NULL, 10) <= strtoll(limit, NULL, 10) &&
		strtoll(limit, NULL, 10) <= strtoll(sf_attr(old, "max"), NULL, 10))
		sf_emit(out, "SELECT pg_catalog.setval(%s::pg_catalog.regclass, %s, false) FROM %s WHERE last_value %s %s",
				sf_literal(sequence), limit, sequence, beyond, limit);
}

/* Old and new limits have nothing in common: there is no position to keep, and it has to restart. */
static bool
limits_apart(const SfFact *old, const SfFact *new)
{
	return strtoll(sf_attr(new, "max"), NULL, 10) < strtoll(sf_attr(old, "min"), NULL, 10) ||
		strtoll(sf_attr(new, "min"), NULL, 10) > strtoll(sf_attr(old, "max"), NULL, 10);
}

/*
 * A position outside the new limits moves to the nearer one before they change; the server refuses to leave it there.
 */
void
sf_emit_alter_sequence(SfEmit *out, const char *head, const char *set, const char *sequence, const SfFact *old,
					   const SfFact *new)
{
	StringInfoData sql;

	keep_within(out, sequence, old, new, "min", "<");
	keep_within(out, sequence, old, new, "max", ">");
	initStringInfo(&sql);
	appendStringInfoString(&sql, head);
	for (int i = 0; i < lengthof(options); i++)
		if (has(new, options[i].attr) &&
			(sf_changed(old, new, options[i].attr) || moves_along(options[i].attr, old, new)))
			appendStringInfo(&sql, " %s%s %s", set, options[i].words, sf_attr(new, options[i].attr));
	if (sf_changed(old, new, "cycle"))
		appendStringInfo(&sql, " %s%s", set, sf_attr(new, "cycle") ? "CYCLE" : "NO CYCLE");
	if (limits_apart(old, new))
		appendStringInfoString(&sql, " RESTART");
	sf_emit(out, "%s", sql.data);
}

/* ---- position ---- */

static bool
is_partitioned(const SfFact *relation)
{
	int			key = sf_kind_attr(relation->kind, "partition_key");

	return key >= 0 && relation->attr[key];
}

void
sf_emit_catch_up(SfEmit *out, const char *sequence, const SfFact *column)
{
	const char *name = sf_ident(column->name[2]);

	sf_emit(out,
			"SELECT pg_catalog.setval(%s::pg_catalog.regclass, pg_catalog.max(%s)) FROM %s%s HAVING "
			"pg_catalog.max(%s) IS NOT NULL",
			sf_literal(sequence), name, is_partitioned(sf_relation_of(column)) ? "" : "ONLY ", sf_rel(column), name);
}
