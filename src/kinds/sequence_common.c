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

const SfIntegerType *
sf_integer_type(const char *name)
{
	static const SfIntegerType types[] = {
		{"smallint", "-32768", "32767"},
		{"integer", "-2147483648", "2147483647"},
		{"bigint", "-9223372036854775808", "9223372036854775807"},
	};

	for (int i = 0; i < lengthof(types); i++)
		if (strcmp(types[i].name, name) == 0)
			return &types[i];
	return NULL;
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
		const char *value;
	}			defaults[] =
	{
		{"increment", "1"}, {"cache", "1"}, {"min", "1"},
	};
	const SfIntegerType *limits = sf_integer_type(type);
	const char *value = strcmp(attr, "type") == 0 ? NULL : sf_attr(fact, attr);

	if (value == NULL)
		return strcmp(type, "bigint") == 0;
	if (*sf_attr(fact, "increment") == '-')
		return false;
	if (strcmp(attr, "start") == 0)
		return strcmp(value, sf_attr(fact, "min")) == 0;
	if (strcmp(attr, "max") == 0)
		return limits && strcmp(limits->max, value) == 0;
	for (int i = 0; i < lengthof(defaults); i++)
		if (strcmp(defaults[i].attr, attr) == 0)
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

static int64
limit(const SfFact *fact, const char *attr)
{
	return strtoll(sf_attr(fact, attr), NULL, 10);
}

static void
keep_within(SfEmit *out, const char *sequence, const SfFact *old, const SfFact *new, const char *attr,
			const char *beyond)
{
	int64		to = limit(new, attr);

	if (sf_changed(old, new, attr) && limit(old, "min") <= to && to <= limit(old, "max"))
		sf_emit(out, "SELECT pg_catalog.setval(%s::pg_catalog.regclass, " INT64_FORMAT ", false) FROM %s "
				"WHERE last_value %s " INT64_FORMAT, sf_literal(sequence), to, sequence, beyond, to);
}

/* Old and new limits have nothing in common: there is no position to keep, and it has to restart. */
static bool
limits_apart(const SfFact *old, const SfFact *new)
{
	return limit(new, "max") < limit(old, "min") || limit(new, "min") > limit(old, "max");
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

static const char *
sequence_of(const SfFact *fact)
{
	return has(fact, "sequence") ? sf_attr(fact, "sequence") : sf_name(fact);
}

/* Values outside the limits are none that it will come to. */
void
sf_emit_catch_up(SfEmit *out, const SfFact *fact, const SfFact *column)
{
	const char *name = sf_ident(column->name[2]);
	char	   *last = psprintf("pg_catalog.%s(%s)", *sf_attr(fact, "increment") == '-' ? "min" : "max", name);

	sf_emit(out,
			"SELECT pg_catalog.setval(%s::pg_catalog.regclass, %s) FROM %s%s WHERE %s BETWEEN %s AND %s HAVING "
			"%s IS NOT NULL",
			sf_literal(sequence_of(fact)), last, sf_is_partitioned(sf_relation_of(column)) ? "" : "ONLY ",
			sf_rel(column), name, sf_attr(fact, "min"), sf_attr(fact, "max"), last);
}

char *
sf_emit_put_aside(SfEmit *out, const SfFact *old, const char *schema)
{
	char	  **parts;
	char	   *aside[2] = {unconstify(char *, schema)};

	(void) sf_split_name(sequence_of(old), &parts);
	aside[1] = sf_free_name(out->from, out->to, parts[1], "old");
	sf_emit(out, "ALTER SEQUENCE %s.%s RENAME TO %s", sf_ident(schema), sf_ident(parts[1]), sf_ident(aside[1]));
	return sf_qualified(2, aside);
}

void
sf_emit_take_over(SfEmit *out, const char *sequence, const SfFact *new, const char *aside, const SfFact *old)
{
	const char *position = "last_value";

	if (limits_apart(old, new))
		return;
	/* The server refuses a position outside the limits. */
	if (limit(new, "min") > limit(old, "min") || limit(new, "max") < limit(old, "max"))
		position = psprintf("LEAST(GREATEST(last_value, %s), %s)", sf_attr(new, "min"), sf_attr(new, "max"));
	sf_emit(out, "SELECT pg_catalog.setval(%s::pg_catalog.regclass, %s, is_called) FROM %s", sf_literal(sequence),
			position, aside);
}
