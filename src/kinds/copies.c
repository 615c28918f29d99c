/*
 * copies.c - facts that are copies of a parent table's: a partition's columns, the clones of indexes and keys.
 *
 * A copy has an edge to its original (the query's column "implied").  What is asked here depends on both sides of
 * the plan: the twins must be in place.  Without another side (rendering a model) every copy comes along.
 */
#include "postgres.h"

#include "commands/defrem.h"
#include "kinds/kind.h"

extern const SfKind sf_kind_generated;

SfFact *
sf_implied_by(const SfFact *fact)
{
	ListCell   *lc;

	foreach(lc, fact->needs)
		if (((SfEdge *) lfirst(lc))->type == SF_EDGE_IMPLIED)
			return ((SfEdge *) lfirst(lc))->to;
	return NULL;
}

List *
sf_copies_of(const SfFact *fact)
{
	List	   *copies = NIL;
	ListCell   *lc;

	foreach(lc, fact->needed_by)
	{
		const SfEdge *edge = lfirst(lc);

		if (edge->type == SF_EDGE_IMPLIED && edge->from->kind == fact->kind)
			copies = lappend(copies, edge->from);
	}
	return copies;
}

const SfFact *
sf_relation_of(const SfFact *fact)
{
	while (fact->parent && fact->parent->nname > 1)
		fact = fact->parent;
	return fact;
}

SfFact *
sf_attachment(const SfFact *relation)
{
	ListCell   *lc;

	foreach(lc, relation->children)
		if (((SfFact *) lfirst(lc))->kind->attaches)
			return lfirst(lc);
	return NULL;
}

const SfFact *
sf_whole_of(const SfFact *relation)
{
	const SfFact *attachment = sf_attachment(relation);

	return attachment ? sf_attached_to(attachment) : NULL;
}

bool
sf_is_partitioned(const SfFact *relation)
{
	int			key = relation ? sf_kind_attr(relation->kind, "partition_key") : -1;

	return key >= 0 && relation->attr[key];
}

SfFact *
sf_attached_to(const SfFact *attachment)
{
	ListCell   *lc;

	foreach(lc, attachment->needs)
	{
		SfFact	   *to = ((SfEdge *) lfirst(lc))->to;

		if (to != attachment->parent && to->nname == 2 && strcmp(sf_name(to), sf_attr(attachment, "of")) == 0 &&
			sf_relation_of(to) == to)
			return to;
	}
	return NULL;
}

/* The fact that makes a relation a child of that one. */
static const SfFact *
attachment_to(const SfFact *relation, const char *of)
{
	ListCell   *lc;

	foreach(lc, relation->children)
	{
		const SfFact *child = lfirst(lc);

		if (child->kind->attaches && strcmp(sf_attr(child, "of"), of) == 0)
			return child;
	}
	return NULL;
}

bool
sf_other_parent(const SfFact *old, const SfFact *new)
{
	const SfFact *parent = sf_attached_to(new);

	return sf_changed(old, new, "of") && !(parent && parent->twin && parent->twin == sf_attached_to(old));
}

static bool
changes_parent(const SfFact *attachment)
{
	return attachment->twin == NULL || sf_other_parent(attachment->twin, attachment);
}

bool
sf_reattached(const SfFact *fact)
{
	const SfFact *relation = sf_relation_of(fact);
	const SfFact *original = sf_implied_by(fact);
	ListCell   *lc;

	if (!sf_stands(relation))
		return false;
	/* A copy goes by the relation of its original; another parent may come or go. */
	if (original)
	{
		const SfFact *attachment = attachment_to(relation, sf_name(sf_relation_of(original)));

		return attachment == NULL || changes_parent(attachment);
	}
	foreach(lc, relation->children)
		if (((SfFact *) lfirst(lc))->kind->attaches && changes_parent(lfirst(lc)))
			return true;
	foreach(lc, relation->twin->children)
		if (((SfFact *) lfirst(lc))->kind->attaches && changes_parent(lfirst(lc)))
			return true;
	return false;
}

bool
sf_comes_by_parent(const SfFact *fact)
{
	int			inherited = fact->kind->merges ? sf_kind_attr(fact->kind, "inherited") : -1;

	return inherited >= 0 && fact->attr[inherited] && fact->twin == NULL && fact->parent && sf_stands(fact->parent) &&
		sf_reattached(fact);
}

char *
sf_parent_for_a_while(const SfFact *fact)
{
	char	   *names[2] = {fact->name[0], makeObjectName(psprintf("~schemaflow %s", fact->kind->name), fact->name[1],
														  sf_last(fact))};

	return sf_qualified(2, names);
}

bool
sf_is_generated(const SfFact *column)
{
	ListCell   *lc;

	foreach(lc, column->children)
		if (((SfFact *) lfirst(lc))->kind == &sf_kind_generated)
			return true;
	return false;
}

/* What its expressions name has to be there. */
static void
add_named(StringInfo columns, const SfFact *fact, const SfFact *by)
{
	ListCell   *lc;

	foreach(lc, by->needs)
	{
		const SfFact *need = ((SfEdge *) lfirst(lc))->to;
		const char *type;

		if (need->parent != fact->parent || need == fact || sf_kind_attr(need->kind, "inherited") < 0 ||
			sf_kind_attr(need->kind, "type") < 0)
			continue;
		type = sf_attr(need, "type");
		appendStringInfo(columns, "%s%s %s", columns->len > 0 ? ", " : "", sf_ident(sf_last(need)), type);
		if (sf_attr(need, "collation"))
			appendStringInfo(columns, " COLLATE %s", sf_attr(need, "collation"));
		if (sf_is_generated(need))
			appendStringInfo(columns, " GENERATED ALWAYS AS (NULL::%s) STORED", type);
	}
	foreach(lc, by->children)
		add_named(columns, fact, lfirst(lc));
}

const char *
sf_relation_for_a_while(SfEmit *out, const SfFact *fact)
{
	StringInfoData columns;
	char	   *parent;

	if (!sf_comes_by_parent(fact))
		return sf_rel(fact);
	initStringInfo(&columns);
	add_named(&columns, fact, fact);
	parent = sf_parent_for_a_while(fact);
	sf_emit(out, "CREATE TABLE %s (%s)", parent, columns.data);
	sf_emit(out, "ALTER TABLE %s INHERIT %s", sf_rel(fact), parent);
	return parent;
}

/* A copy that says something of its own stays when the original goes, and is altered apart. */
static bool
is_local(const SfFact *fact)
{
	int			local = sf_kind_attr(fact->kind, "local");

	return local >= 0 && fact->attr[local];
}

/* An index ON ONLY a partitioned table makes none on the partitions. */
static bool
is_alone(const SfFact *original)
{
	int			only = sf_kind_attr(original->kind, "only");

	return only >= 0 && original->attr[only];
}

bool
sf_is_made_anew(const SfFact *fact)
{
	const SfKind *kind = fact->kind;

	if (fact->anew)
		return true;
	for (int i = 0; i < kind->nattrs; i++)
	{
		const SfAttr *attr = &kind->attrs[i];

		if (attr->how != SF_IGNORE && !sf_same_attr(fact, fact->twin, i) &&
			(attr->how != SF_ALTER || (attr->in_place && !attr->in_place(fact->twin, fact))))
			return true;
	}
	return false;
}

bool
sf_comes_along(const SfFact *fact)
{
	const SfFact *original = sf_implied_by(fact);
	const SfFact *relation = sf_relation_of(fact);

	if (original == NULL || is_local(fact) || is_alone(original) || sf_reattached(fact))
		return false;
	if (fact->parent != relation && fact->parent && sf_comes_along(fact->parent))
		return true;
	/*
	 * Were the original and the table there before without it?  Then it is on its own; but a new original is passed
	 * on, and so is a new name, though none of an index or key: its copies have names of their own.
	 */
	return !(fact->twin == NULL && sf_stands(relation) && original->twin && !sf_is_made_anew(original) &&
			 (fact->kind->backs || strcmp(sf_last(original), sf_last(original->twin)) == 0));
}

const SfFact *
sf_made_by(const SfFact *copy)
{
	const SfFact *original = sf_implied_by(copy);

	while (sf_comes_along(original) && (original->twin == NULL || sf_is_made_anew(original)))
		original = sf_implied_by(original);
	return original;
}

bool
sf_goes_along(const SfFact *fact)
{
	return sf_implied_by(fact) && !is_local(fact) && !sf_reattached(fact);
}

const SfFact *
sf_dropped_by(const SfFact *copy)
{
	const SfFact *original = sf_implied_by(copy);

	while (sf_goes_along(original))
		original = sf_implied_by(original);
	return original;
}

bool
sf_merges(const SfFact *fact)
{
	return fact->kind->merges && sf_implied_by(fact) && is_local(fact) && sf_stands(sf_relation_of(fact)) &&
		!sf_reattached(fact);
}

/* Has it a difference that no alteration mends? */
static bool
is_another(const SfFact *fact)
{
	const SfKind *kind = fact->kind;

	for (int i = 0; i < kind->nattrs; i++)
		if (kind->attrs[i].how == SF_REPLACE && !sf_same_attr(fact, fact->twin, i))
			return true;
	return false;
}

bool
sf_copies_stay(const SfFact *fact)
{
	int			copies = 0;
	ListCell   *lc;

	/* Nothing is taken from ONLY a table that has partitions. */
	if (sf_is_partitioned(sf_relation_of(fact)))
		return false;
	foreach(lc, fact->needed_by)
	{
		const SfEdge *edge = lfirst(lc);

		if (edge->type != SF_EDGE_IMPLIED)
			continue;
		if (edge->from->twin == NULL || sf_implied_by(edge->from->twin) || is_another(edge->from->twin))
			return false;
		copies++;
	}
	return copies > 0;
}

List *
sf_taken_in(const SfFact *index)
{
	List	   *keys = NIL;
	ListCell   *lc;

	foreach(lc, index->kind->backs && !index->kind->folds ? index->needs : NIL)
	{
		const SfEdge *edge = lfirst(lc);

		if (edge->type == SF_EDGE_ORDER && edge->to->kind->backs && edge->to->kind->folds && !sf_reattached(edge->to))
			keys = lappend(keys, edge->to);
	}
	return keys;
}

bool
sf_cascades(const SfFact *old, const SfFact *new)
{
	return sf_implied_by(old) && sf_implied_by(new) && !is_local(old) && !is_local(new) && !sf_reattached(new);
}
