/*
 * common.c - what the kinds' writers share.  See kind.h.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
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

SfFact *
sf_child(const SfFact *fact, const SfKind *kind)
{
	ListCell   *lc;

	foreach(lc, fact->children)
		if (((SfFact *) lfirst(lc))->kind == kind)
			return lfirst(lc);
	return NULL;
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
	int			i = sf_kind_attr(old->kind, attr);

	if (i >= 0 && old->kind == new->kind)
		return !sf_same_attr(old, new, i);
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

const SfFact *
sf_type_of_kind(const SfFact *fact, const char *kind)
{
	ListCell   *lc;

	foreach(lc, fact->needs)
	{
		const SfFact *type = ((SfEdge *) lfirst(lc))->to;

		if (sf_is_kind(type, kind) && strcmp(sf_name(type), sf_attr(fact, "type")) == 0)
			return type;
	}
	return NULL;
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

const SfFact *
sf_predecessor(const SfEmit *out, const SfFact *fact)
{
	ListCell   *lc;

	foreach(lc, out->heirs)
		if (((SfHeir *) lfirst(lc))->new == fact)
			return ((SfHeir *) lfirst(lc))->old;
	return NULL;
}

static bool
is_name_of_one(const SfFactBase *base, const char *name)
{
	ListCell   *lc;

	foreach(lc, base ? base->facts : NIL)
		if (strcmp(sf_own_name((SfFact *) lfirst(lc)), name) == 0)
			return true;
	return false;
}

bool
sf_is_free_name(const SfFactBase *from, const SfFactBase *to, const char *name)
{
	return !is_name_of_one(from, name) && !is_name_of_one(to, name);
}

char *
sf_free_name(const SfFactBase *from, const SfFactBase *to, const char *like, const char *label)
{
	for (int n = 0;; n++)
	{
		char	   *suffix = n == 0 ? psprintf("__%s", label) : psprintf("__%s%d", label, n);
		int			length = pg_mbcliplen(like, strlen(like), NAMEDATALEN - 1 - strlen(suffix));
		char	   *name = psprintf("%.*s%s", length, like, suffix);

		if (sf_is_free_name(from, to, name))
			return name;
	}
}
