/*
 * common.c - what the kinds' writers share.  See kind.h.
 */
#include "postgres.h"

#include "kinds/kind.h"

void
sf_emit(SfEmit *out, const char *fmt,...)
{
	StringInfoData text;

	initStringInfo(&text);
	for (;;)
	{
		va_list		args;
		int			needed;

		va_start(args, fmt);
		needed = appendStringInfoVA(&text, fmt, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&text, needed);
	}
	out->statements = lappend(out->statements, text.data);
}

char *
sf_name(const SfFact *fact)
{
	return sf_qualified(fact->nname, fact->name);
}

char *
sf_rel(const SfFact *fact)
{
	return sf_qualified(Min(fact->nname, 2), fact->name);
}

char *
sf_address(const SfFact *fact)
{
	if (fact->kind->address)
		return fact->kind->address(fact);
	return psprintf("%s %s", fact->kind->keyword, sf_name(fact));
}

bool
sf_changed(const SfFact *old, const SfFact *new, const char *attr)
{
	return !sf_streq(sf_attr(old, attr), sf_attr(new, attr));
}

static int
clause_order(const ListCell *a, const ListCell *b)
{
	const SfFact *x = lfirst(a);
	const SfFact *y = lfirst(b);
	int			i;

	if (x->kind->weight != y->kind->weight)
		return x->kind->weight - y->kind->weight;
	i = x->kind == y->kind ? sf_kind_attr(x->kind, "position") : -1;
	if (i >= 0 && x->attr[i] && y->attr[i] && strcmp(x->attr[i], y->attr[i]) != 0)
		return strcmp(x->attr[i], y->attr[i]);
	return strcmp(x->key, y->key);
}

const char *
sf_fill(const SfEmit *out, const SfFact *column)
{
	ListCell   *lc;

	foreach(lc, out->fills)
	{
		const SfFill *fill = lfirst(lc);

		if (strcmp(fill->column, sf_name(column)) == 0)
			return fill->expression;
	}
	return NULL;
}

List *
sf_folded_of(const SfFact *fact, List *folded)
{
	List	   *mine = NIL;
	ListCell   *lc;

	foreach(lc, folded)
		if (((SfFact *) lfirst(lc))->parent == fact)
			mine = lappend(mine, lfirst(lc));
	list_sort(mine, clause_order);
	return mine;
}

/* ---- options: name='value', name='value' or name 'value', name 'value' ---- */

List *
sf_split_options(const char *text, char between)
{
	List	   *options = NIL;
	const char *p = text;

	while (p && *p)
	{
		const char *start = p;
		const char *equals = NULL;
		bool		quoted = false;
		SfOption   *option = palloc(sizeof(SfOption));

		for (; *p && (quoted || *p != ','); p++)
		{
			if (*p == '\'' || (*p == '"' && equals == NULL))
				quoted = !quoted;
			if (*p == between && equals == NULL && !quoted)
				equals = p;
		}
		option->text = pnstrdup(start, p - start);
		option->name = pnstrdup(start, (equals ? equals : p) - start);
		options = lappend(options, option);
		while (*p == ',' || *p == ' ')
			p++;
	}
	return options;
}

static SfOption *
option_named(List *options, const char *name)
{
	ListCell   *lc;

	foreach(lc, options)
		if (strcmp(((SfOption *) lfirst(lc))->name, name) == 0)
			return lfirst(lc);
	return NULL;
}

void
sf_emit_options(SfEmit *out, const char *head, const char *old, const char *new)
{
	List	   *was = sf_split_options(old, '=');
	List	   *is = sf_split_options(new, '=');
	List	   *set = NIL;
	List	   *reset = NIL;
	ListCell   *lc;

	foreach(lc, is)
	{
		SfOption   *option = lfirst(lc);
		SfOption   *before = option_named(was, option->name);

		if (before == NULL || strcmp(before->text, option->text) != 0)
			set = lappend(set, option->text);
	}
	foreach(lc, was)
	{
		SfOption   *option = lfirst(lc);

		if (option_named(is, option->name) == NULL)
			reset = lappend(reset, option->name);
	}
	/* Only the order differs: the server keeps what was set first in front. */
	if (set == NIL && reset == NIL && !sf_streq(old, new))
		foreach(lc, is)
		{
			SfOption   *option = lfirst(lc);

			reset = lappend(reset, option->name);
			set = lappend(set, option->text);
		}
	if (reset)
		sf_emit(out, "%s RESET (%s)", head, sf_join(reset, ", "));
	if (set)
		sf_emit(out, "%s SET (%s)", head, sf_join(set, ", "));
}

void
sf_emit_fdw_options(SfEmit *out, const char *head, const char *old, const char *new)
{
	List	   *was = sf_split_options(old, ' ');
	List	   *is = sf_split_options(new, ' ');
	List	   *changes = NIL;
	ListCell   *lc;

	foreach(lc, was)
	{
		SfOption   *option = lfirst(lc);

		if (option_named(is, option->name) == NULL)
			changes = lappend(changes, psprintf("DROP %s", option->name));
	}
	foreach(lc, is)
	{
		SfOption   *option = lfirst(lc);
		SfOption   *before = option_named(was, option->name);

		if (before == NULL || strcmp(before->text, option->text) != 0)
			changes = lappend(changes, psprintf("%s %s", before ? "SET" : "ADD", option->text));
	}
	if (changes)
		sf_emit(out, "%s OPTIONS (%s)", head, sf_join(changes, ", "));
}

void
sf_emit_extensions(SfEmit *out, const char *head, const char *old, const char *new)
{
	List	   *was = sf_split_options(old, ' ');
	List	   *is = sf_split_options(new, ' ');
	ListCell   *lc;

	foreach(lc, was)
		if (option_named(is, ((SfOption *) lfirst(lc))->name) == NULL)
			sf_emit(out, "%s NO DEPENDS ON EXTENSION %s", head, ((SfOption *) lfirst(lc))->name);
	foreach(lc, is)
		if (option_named(was, ((SfOption *) lfirst(lc))->name) == NULL)
			sf_emit(out, "%s DEPENDS ON EXTENSION %s", head, ((SfOption *) lfirst(lc))->name);
}

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

const char *
sf_fact_schema(const SfFact *fact)
{
	const SfFact *root = fact;

	while (root->parent)
		root = root->parent;
	if (root->kind == &sf_kind_schema)
		return root->name[0];
	/* In a schema that an extension made there is no fact for the schema. */
	return root->parent_key && strncmp(root->parent_key, "schema:", 7) == 0 ? root->name[0] : NULL;
}

bool
sf_sequence_default(const SfFact *fact, const char *attr, const char *type)
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

/* Old and new limits have nothing in common: there is no position to keep. */
bool
sf_limits_apart(const SfFact *old, const SfFact *new)
{
	return strtoll(sf_attr(new, "max"), NULL, 10) < strtoll(sf_attr(old, "min"), NULL, 10) ||
		strtoll(sf_attr(new, "min"), NULL, 10) > strtoll(sf_attr(old, "max"), NULL, 10);
}

void
sf_emit_keep_within(SfEmit *out, const char *sequence, const SfFact *old, const SfFact *new)
{
	keep_within(out, sequence, old, new, "min", "<");
	keep_within(out, sequence, old, new, "max", ">");
}
