/*
 * recipes_shadow_part.c - indexes, constraints and statistics that name a column, made ahead for its shadow.
 *
 * Each is the planned fact under another name, with the shadow's name in its texts; so the kinds' own writers make it.
 */
#include "postgres.h"

#include "commands/defrem.h"
#include "diff/diff.h"
#include "phases/partitions.h"
#include "phases/recipes_shadow.h"
#include "phases/shadow_text.h"
#include "phases/steps.h"
#include "plan/emit.h"

/* ---- names ---- */

char *
sf_shadow_name(const SfPlan *plan, List *taken, const char *first, const char *second)
{
	for (int n = 0;; n++)
	{
		char	   *prefix = n ? psprintf(SF_OUR_NAMES "%d", n) : pstrdup(SF_OUR_NAMES);
		char	   *name = makeObjectName(prefix, first, second);

		if (sf_plan_is_free_name(plan, name) && !sf_list_has(taken, name))
			return name;
	}
}

/* The object that the fact is a part of, or is. */
static const SfFact *
above(const SfFact *fact)
{
	while (fact->parent && !sf_is_kind(fact, "table"))
		fact = fact->parent;
	return fact;
}

SfFact *
sf_shadow_copy(const SfFact *fact, char *name)
{
	SfFact	   *copy = sf_fact_copy(fact);
	const SfFact *before = fact->parent ? sf_shadow_named_before(above(fact->parent)) : NULL;

	copy->attr = palloc(Max(fact->kind->nattrs, 1) * sizeof(char *));
	memcpy(copy->attr, fact->attr, fact->kind->nattrs * sizeof(char *));
	for (int i = 0; before && i < Min(sf_diff_own_names(fact), before->nname); i++)
		copy->name[i] = before->name[i];
	sf_own_name(copy) = name;
	return copy;
}

const SfFact *
sf_shadow_named_before(const SfFact *table)
{
	return sf_is_kind(table, "table") && table->twin && strcmp(sf_last(table->twin), sf_last(table)) != 0 ?
		table->twin : NULL;
}

const SfFact *
sf_shadow_table(const SfFact *table)
{
	const SfFact *before = sf_shadow_named_before(table);

	return before ? before : table;
}

/* ---- texts ---- */

/* Attributes that name columns, and what their text is a part of. */
static const struct
{
	const char *kind;
	const char *attr;
	const char *head;
	const char *tail;
}			texts[] =
{
	{"index", "definition", "CREATE INDEX ON t ", ""},
	{"index", "predicate", "CREATE INDEX ON t (c) WHERE ", ""},
	{"primary key", "definition", "ALTER TABLE t ADD ", ""},
	{"unique", "definition", "ALTER TABLE t ADD ", ""},
	{"check", "definition", "ALTER TABLE t ADD ", ""},
	{"foreign key", "definition", "ALTER TABLE t ADD ", ""},
	{"statistics", "definition", "CREATE STATISTICS s ON ", " FROM t"},
};

/* The relation whose columns the fact names: its own, or else (statistics) that of a column it needs. */
static const SfFact *
named_relation(const SfFact *fact, const SfFact *but)
{
	ListCell   *lc;

	if (but == NULL && fact->parent && sf_is_kind(fact->parent, "table"))
		return fact->parent;
	foreach(lc, fact->needs)
	{
		const SfEdge *edge = lfirst(lc);

		/* Not what its own columns are copies of. */
		if (edge->type != SF_EDGE_ORDER && sf_is_kind(edge->to, "column") && edge->to->parent != but)
			return edge->to->parent;
	}
	return but;
}

/* Of SfRenamedName: the table, if it is called otherwise until the exchange. */
static List *
named_before(const SfFact *table)
{
	const SfFact *before = sf_shadow_named_before(table);
	SfRenamedName *renamed = palloc(sizeof(SfRenamedName));

	if (before == NULL)
		return NIL;
	renamed->schema = table->name[0];
	renamed->from = sf_last(table);
	renamed->to = sf_last(before);
	return list_make1(renamed);
}

/* False: a text cannot be said with the shadows' names. */
static bool
name_shadows(const SfShadowBracket *bracket, SfFact *ahead)
{
	const SfFact *own = named_relation(ahead, NULL);
	SfFact	   *view = sf_shadow_view_of(bracket, ahead->parent);
	const SfFact *table = own ? sf_shadow_named_before(own) : NULL;
	SfRenames	renames = {own ? sf_shadow_renames(bracket->shadows, own) : NIL,
		own ? sf_shadow_renames(bracket->shadows, named_relation(ahead, own)) : NIL,
		sf_shadow_types(bracket->shadows), own ? named_before(named_relation(ahead, own)) : NIL};

	/* Its columns are called as they will be. */
	if (view)
		ahead->attr[sf_kind_attr(ahead->kind, "table")] = sf_name(view);
	for (int i = 0; i < (table ? ahead->kind->nattrs : 0); i++)
		if (sf_streq(ahead->attr[i], sf_name(own)))
			ahead->attr[i] = sf_name(table);
	for (int i = 0; i < lengthof(texts); i++)
	{
		char	  **text;

		if (!sf_is_kind(ahead, texts[i].kind))
			continue;
		text = &ahead->attr[sf_kind_attr(ahead->kind, texts[i].attr)];
		if (*text)
			*text = sf_text_renamed(texts[i].head, *text, texts[i].tail, &renames);
		else
			continue;
		if (*text == NULL)
			return false;
	}
	return true;
}

/* ---- recipes ---- */

static SfEmit
emit_for(const SfShadowBracket *bracket, int flags)
{
	SfEmit		out;

	sf_plan_emit_init(&out, bracket->plan);
	out.flags = SF_EMIT_EXISTING | flags;
	return out;
}

static List *
statements_of(List *sql)
{
	List	   *statements = NIL;
	ListCell   *lc;

	foreach(lc, sql)
		statements = sf_add_statement(statements, lfirst(lc), false, true);
	return statements;
}

/* A part that the server gives the new name together with this one. */
static const SfShadowPart *
merged_with(const SfShadowBracket *bracket, const SfFact *fact)
{
	ListCell   *lc;

	foreach(lc, bracket->parts)
	{
		const SfShadowPart *part = lfirst(lc);

		for (const SfFact *one = part->fact; one; one = sf_merges(one) ? sf_implied_by(one) : NULL)
			for (const SfFact *other = fact; other; other = sf_merges(other) ? sf_implied_by(other) : NULL)
				if (one == other)
					return part;
	}
	return NULL;
}

/* The new name, and that is all.  With the first of those that have merged, that of the original: it is passed on. */
static List *
rename_part(const SfShadowBracket *bracket, const SfShadowPart *part)
{
	SfEmit		out = emit_for(bracket, 0);
	const SfFact *fact = part->fact;

	if (merged_with(bracket, fact))
		return NIL;
	while (sf_merges(fact))
		fact = sf_implied_by(fact);
	fact->kind->rename(&out, sf_shadow_copy(fact, sf_last(part->ahead)), fact);
	return statements_of(out.statements);
}

/* The columns of an index are called as those of its table were when it was made, and who looks at it sees that. */
static List *
rename_columns(const SfShadowBracket *bracket, const SfFact *fact, const SfFact *ahead)
{
	char	   *index[2] = {fact->name[0], sf_last(fact)};
	List	   *names = NIL,
			   *statements = NIL;
	ListCell   *lc;

	for (int i = 0; i < lengthof(texts); i++)
		if (sf_is_kind(ahead, texts[i].kind) && names == NIL)
			names = sf_text_columns(texts[i].head, sf_attr(ahead, texts[i].attr), texts[i].tail);
	foreach(lc, sf_shadow_renames(bracket->shadows, fact->parent))
	{
		const SfRenamed *renamed = lfirst(lc);

		if (sf_list_has(names, renamed->to))
			statements = sf_add_statement(statements, psprintf("ALTER TABLE %s RENAME COLUMN %s TO %s",
															   sf_qualified(2, index), sf_ident(renamed->to),
															   sf_ident(renamed->from)), false, true);
	}
	return statements;
}

/* A copy of the family's members with the shadows' names in their texts, under names of nobody's; NIL: not possible. */
static List *
beside_family(const SfShadowBracket *bracket, const SfShadowPart *part, List *family)
{
	List	   *beside = list_make1(part->ahead),
			   *names = lappend(list_copy(bracket->names), sf_last(part->ahead));
	ListCell   *lc;

	for_each_from(lc, family, 1)
	{
		const SfFact *member = lfirst(lc);
		char	   *name = sf_shadow_name(bracket->plan, names, sf_last(member), NULL);

		beside = lappend(beside, sf_shadow_copy(member, name));
		names = lappend(names, name);
		if (!name_shadows(bracket, llast(beside)))
			return NIL;
	}
	return beside;
}

/* Leaf by leaf. */
static bool
partitioned_index_ahead(const SfShadowBracket *bracket, SfShadowPart *part)
{
	List	   *family = sf_index_family(unconstify(SfFact *, part->fact)),
			   *beside = beside_family(bracket, part, family),
			   *renames;

	part->needed = beside ? statements_of(sf_index_beside_by_leaves(bracket->plan, family, beside, &renames)) : NIL;
	if (part->needed)
		part->given = list_concat(statements_of(renames), rename_columns(bracket, part->fact, part->ahead));
	return part->needed != NIL;
}

static bool
index_ahead(const SfShadowBracket *bracket, SfShadowPart *part)
{
	SfEmit		out = emit_for(bracket, SF_EMIT_CONCURRENTLY);

	if (sf_is_partitioned(part->fact->parent))
		return partitioned_index_ahead(bracket, part);
	part->ahead->kind->create(&out, part->ahead, NIL);
	part->needed = statements_of(out.statements);
	part->given = list_concat(rename_part(bracket, part), rename_columns(bracket, part->fact, part->ahead));
	return true;
}

/* Leaf by leaf; the whole finds them when it is made, and reads nothing. */
static bool
partitioned_key_ahead(const SfShadowBracket *bracket, SfShadowPart *part)
{
	List	   *family = sf_index_family(unconstify(SfFact *, part->fact)),
			   *beside = beside_family(bracket, part, family),
			   *leaves = beside ? sf_keys_of_leaves(family) : NIL,
			   *columns = NIL;
	SfEmit		out = emit_for(bracket, 0);
	ListCell   *lc,
			   *lb;

	forboth(lc, family, lb, beside)
	{
		const SfFact *key = lfirst(lc),
				   *ahead = lfirst(lb);
		char	   *build = list_member_ptr(leaves, key) ? sf_key_index(ahead, sf_last(ahead)) : NULL;

		if (build == NULL)
			continue;
		part->needed = sf_add_statement(part->needed, build, false, true);
		part->given = sf_add_statement(part->given, sf_key_adopts(key, sf_last(ahead)), true, true);
		columns = list_concat(columns, rename_columns(bracket, key, ahead));
	}
	if (leaves == NIL || list_length(part->needed) != list_length(leaves))
		return false;
	part->fact->kind->create(&out, part->fact, NIL);
	foreach(lc, out.statements)
		part->given = sf_add_statement(part->given, lfirst(lc), true, true);
	part->given = list_concat(part->given, columns);
	part->late = true;
	return true;
}

/* The index does what the key does; only where that looks at rows later than at once the constraint is needed, too. */
static bool
key_ahead(const SfShadowBracket *bracket, SfShadowPart *part)
{
	const char *name = sf_last(part->ahead);
	char	   *build = sf_key_index(part->ahead, name);

	if (build == NULL)
		return false;
	if (sf_is_partitioned(part->fact->parent))
		return partitioned_key_ahead(bracket, part);
	part->needed = sf_add_statement(NIL, build, false, true);
	if (sf_attr(part->fact, "deferrable"))
	{
		part->needed = sf_add_statement(part->needed, sf_key_adopts(part->ahead, name), true, true);
		part->given = rename_part(bracket, part);
	}
	else
		part->given = sf_add_statement(NIL, sf_key_adopts(part->fact, name), true, true);
	part->given = list_concat(part->given, rename_columns(bracket, part->fact, part->ahead));
	return true;
}

/* Proved leaf by leaf; that of the whole, which would be proved with all of them locked, takes them for its own. */
static bool
partitioned_foreign_key_ahead(const SfShadowBracket *bracket, SfShadowPart *part)
{
	List	   *family = sf_index_family(unconstify(SfFact *, part->fact)),
			   *beside = beside_family(bracket, part, family),
			   *leaves = beside ? sf_keys_of_leaves(family) : NIL;
	SfEmit		names = emit_for(bracket, 0),
				whole = emit_for(bracket, 0);
	ListCell   *lc,
			   *lb;

	forboth(lc, family, lb, beside)
	{
		const SfFact *key = lfirst(lc),
				   *ahead = lfirst(lb);
		SfEmit		out = emit_for(bracket, SF_EMIT_APART | SF_EMIT_NOT_VALID);

		if (!list_member_ptr(leaves, key))
			continue;
		ahead->kind->create(&out, ahead, NIL);
		ahead->kind->validate(&out, ahead);
		part->needed = list_concat(part->needed, statements_of(out.statements));
		key->kind->rename(&names, ahead, key);
	}
	part->fact->kind->create(&whole, part->fact, NIL);
	part->given = statements_of(names.statements);
	foreach(lc, whole.statements)
		part->given = sf_add_statement(part->given, lfirst(lc), true, true);
	part->late = true;
	return leaves != NIL;
}

static bool
constraint_ahead(const SfShadowBracket *bracket, SfShadowPart *part)
{
	SfEmit		out = emit_for(bracket, SF_EMIT_NOT_VALID);

	if (sf_is_kind(part->fact, "foreign key") && sf_is_partitioned(part->fact->parent))
		return partitioned_foreign_key_ahead(bracket, part);
	part->ahead->kind->create(&out, part->ahead, NIL);
	part->ahead->kind->validate(&out, part->ahead);
	part->needed = statements_of(out.statements);
	part->given = rename_part(bracket, part);
	return true;
}

static bool
statistics_ahead(const SfShadowBracket *bracket, SfShadowPart *part)
{
	SfEmit		out = emit_for(bracket, 0);

	part->ahead->kind->create(&out, part->ahead, NIL);
	part->ahead->kind->after(&out, part->ahead);
	part->needed = statements_of(out.statements);
	part->given = rename_part(bracket, part);
	return true;
}

static bool
type_ahead(const SfShadowBracket *bracket, SfShadowPart *part)
{
	SfEmit		out = emit_for(bracket, 0);

	part->ahead->kind->create(&out, part->ahead, NIL);
	part->needed = sf_add_statements(NIL, out.statements, 0, false);
	part->given = rename_part(bracket, part);
	return true;
}

static const struct
{
	const char *kind;
	bool		(*ahead) (const SfShadowBracket *bracket, SfShadowPart *part);
}			recipes[] =
{
	{"enum", type_ahead},
	{"index", index_ahead},
	{"primary key", key_ahead},
	{"unique", key_ahead},
	{"check", constraint_ahead},
	{"foreign key", constraint_ahead},
	{"statistics", statistics_ahead},
	{"materialized view", sf_shadow_view_ahead},
};

bool
sf_shadow_makes(const SfKind *kind)
{
	for (int i = 0; i < lengthof(recipes); i++)
		if (strcmp(kind->name, recipes[i].kind) == 0)
			return true;
	return false;
}

/* ---- which ---- */

const SfShadowPart *
sf_shadow_part_of(const SfShadowBracket *bracket, const SfFact *fact)
{
	ListCell   *lc;

	foreach(lc, bracket->parts)
		if (((SfShadowPart *) lfirst(lc))->fact == fact)
			return lfirst(lc);
	return NULL;
}

/* Is it there before the exchange, under its name: because the bracket does not make it, or makes it ahead? */
static bool
is_there(const SfShadowBracket *bracket, const SfFact *fact)
{
	const SfShadowPart *part = sf_shadow_part_of(bracket, fact);
	ListCell   *lc;

	if (sf_shadow_of(bracket->shadows, fact) || sf_shadow_view_of(bracket, sf_relation_of(fact)))
		return true;
	if (part)
		return !part->late;
	foreach(lc, bracket->actions)
	{
		const SfAction *action = lfirst(lc);

		if (action->verb == SF_VERB_CREATE && (action->new == fact || list_member_ptr(action->folded, fact)))
			return false;
		/* A table goes by its old name until then. */
		if (action->verb == SF_VERB_RENAME && action->new == fact)
			return sf_is_kind(fact, "table");
	}
	return fact->parent == NULL || is_there(bracket, fact->parent);
}

/* What will merge with its original is made before that. */
static bool
can_be_ahead(const SfShadowBracket *bracket, const SfFact *fact)
{
	ListCell   *lc;

	foreach(lc, fact->needs)
	{
		const SfEdge *edge = lfirst(lc);

		if (!(edge->type == SF_EDGE_IMPLIED && sf_merges(fact)) && !is_there(bracket, edge->to))
			return false;
	}
	/* Of what is made by the name that the view has in the end, its indexes alone know the other one. */
	return sf_is_kind(fact, "index") || !sf_shadow_reads_view(bracket, fact);
}

/* What it has until then: the same as what it will merge with. */
static char *
name_ahead(const SfShadowBracket *bracket, const SfFact *fact)
{
	const SfShadowPart *merged = merged_with(bracket, fact);
	const SfShadowType *type = sf_shadow_type_of(bracket->shadows, fact);

	if (type)
		return type->name;
	return merged ? sf_last(merged->ahead) : sf_shadow_name(bracket->plan, bracket->names, sf_last(fact), NULL);
}

SfShadowPart *
sf_shadow_part(SfShadowBracket *bracket, const SfAction *action)
{
	for (int i = 0; i < lengthof(recipes); i++)
	{
		SfShadowPart *part;
		char	   *name;

		if (action->verb != SF_VERB_CREATE || !sf_is_kind(action->new, recipes[i].kind) ||
			sf_comes_along(action->new) || !can_be_ahead(bracket, action->new))
			continue;
		name = name_ahead(bracket, action->new);
		part = palloc0(sizeof(SfShadowPart));
		part->fact = action->new;
		part->ahead = sf_shadow_copy(action->new, name);
		if (!name_shadows(bracket, part->ahead) || !recipes[i].ahead(bracket, part))
			return NULL;
		bracket->names = lappend(bracket->names, name);
		bracket->parts = lappend(bracket->parts, part);
		return part;
	}
	return NULL;
}
