/*
 * partition.c - what a relation is a child of: PARTITION OF and INHERITS.
 *
 * The fact folds into the child's CREATE; on a child that exists it is ATTACH and DETACH, INHERIT and NO INHERIT,
 * so that a partition that becomes an ordinary table, or the reverse, keeps its rows.  The child's columns,
 * checks, indexes and keys that are copies of the parent's say so by an edge (sf_comes_along()).
 */
#include "postgres.h"

#include "kinds/kind.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"

extern const SfKind sf_kind_generated,
			sf_kind_partition;

/* Comes before what the parent's siblings and the child itself still need: weight behind foreign keys. */
#define WEIGHT	165

static void
attach(SfEmit *out, const SfFact *fact, List *folded)
{
	sf_emit(out, "ALTER TABLE %s ATTACH PARTITION %s %s", sf_attr(fact, "of"), sf_rel(fact), sf_attr(fact, "bound"));
}

static void
detach(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "ALTER TABLE %s DETACH PARTITION %s%s", sf_attr(fact, "of"), sf_rel(fact),
			sf_attr(fact, "detaching") ? " FINALIZE" : "");
}

static void
clause_partition(StringInfo out, const SfFact *fact, List *folded)
{
	appendStringInfoString(out, sf_attr(fact, "bound"));
}

/* Bounds may not overlap: partitions come when those that go have gone. */
static List *
takes_partition(const SfFact *fact)
{
	return list_make1(psprintf("partitions:%s", sf_attr(fact, "of")));
}

/*
 * An index of the parent that takes in a key of the partition's own: made as a partition, the table would have an index
 * beside its key.
 */
static bool
may_be_made_as_partition(const SfFact *fact)
{
	ListCell   *lc,
			   *ln;

	foreach(lc, fact->parent->children)
		foreach(ln, ((SfFact *) lfirst(lc))->kind->backs ? ((SfFact *) lfirst(lc))->needed_by : NIL)
		{
			const SfFact *index = ((SfEdge *) lfirst(ln))->from;

			if (index->kind->backs && !index->kind->folds && index->twin)
				return false;
		}
	return true;
}

/* The bounds say which rows are in it. */
static char *
place(const SfFact *fact, const char *of)
{
	return psprintf("%s %s", of ? of : sf_attr(fact, "of"), sf_attr(fact, "bound"));
}

static char *
label_partition(const SfFact *fact)
{
	return psprintf("partition %s of %s", sf_rel(fact), sf_attr(fact, "of"));
}

bool
sf_is_default_bound(const char *bound)
{
	return strcmp(bound, "DEFAULT") == 0;
}

const SfFact *
sf_default_partition(const SfFact *whole)
{
	ListCell   *lc;

	foreach(lc, whole->needed_by)
	{
		const SfFact *part = ((SfEdge *) lfirst(lc))->from;

		if (part->kind == &sf_kind_partition && sf_attached_to(part) == whole &&
			sf_is_default_bound(sf_attr(part, "bound")))
			return part->parent;
	}
	return NULL;
}

/* Is it a partition of the table, and has other bounds, comes without rows or goes with its own? */
static bool
changes_there(const SfFact *attachment, const SfFact *table)
{
	return attachment->kind == &sf_kind_partition && sf_attached_to(attachment) == table &&
		(attachment->twin ? sf_changed(attachment, attachment->twin, "bound") : attachment->parent->twin == NULL);
}

/* Do partitions of the table, other than this one? */
static bool
others_change(const SfFact *table, const SfFact *attachment)
{
	ListCell   *lc;

	foreach(lc, table ? table->needed_by : NIL)
	{
		const SfFact *other = ((SfEdge *) lfirst(lc))->from;

		if (other != attachment && changes_there(other, table))
			return true;
	}
	return false;
}

/*
 * One partition gets other bounds by being detached and attached.  Where others change, too, rows have to move between
 * them: all find their places anew.
 */
static bool
keeps_rows(const SfFact *old, const SfFact *new)
{
	return sf_other_parent(old, new) ||
		(!others_change(sf_attached_to(new), new) && !others_change(sf_attached_to(old), old));
}

static const PartitionBoundSpec *
parsed(const SfFact *attachment)
{
	char	   *sql = psprintf("ALTER TABLE a ATTACH PARTITION b %s", sf_attr(attachment, "bound"));
	const AlterTableStmt *statement = (AlterTableStmt *)
		linitial_node(RawStmt, raw_parser(sql, RAW_PARSE_DEFAULT))->stmt;

	return castNode(PartitionCmd, linitial_node(AlterTableCmd, statement->cmds)->def)->bound;
}

static bool
have_common(List *values, List *others)
{
	ListCell   *lc;

	foreach(lc, values)
		if (list_member(others, lfirst(lc)))
			return true;
	return false;
}

/*
 * May rows of the one be of the other?  Parts of what was one begin or end where that did; ranges that do not are taken
 * for others, as those of a window that moves on.
 */
static bool
takes_place_of(const SfFact *new, const SfFact *old)
{
	const PartitionBoundSpec *is = parsed(new),
			   *was = parsed(old);

	if (is->is_default || was->is_default || is->strategy == PARTITION_STRATEGY_HASH)
		return true;
	if (is->strategy == PARTITION_STRATEGY_LIST)
		return have_common(is->listdatums, was->listdatums);
	return equal(is->lowerdatums, was->lowerdatums) || equal(is->upperdatums, was->upperdatums);
}

/* A partition goes, with its table, that others of the same whole, new ones or with other bounds, come for. */
static bool
gives_rows(const SfFact *old)
{
	const SfFact *whole = sf_attached_to(old);
	ListCell   *lc;

	if (whole == NULL || whole->twin == NULL || old->parent->twin || old->parent->kind != whole->kind)
		return false;
	foreach(lc, whole->twin->needed_by)
	{
		const SfFact *new = ((SfEdge *) lfirst(lc))->from;

		if (changes_there(new, whole->twin) && new->parent->kind == whole->kind && takes_place_of(new, old))
			return true;
	}
	return false;
}

/* The action itself is a detachment and an attachment. */
static const SfAttr partition_attrs[] = {
	{"of", SF_REPLACE},
	{"bound", SF_REPLACE, NULL, SF_ATTR_EXPRESSION | SF_ATTR_PARENT, keeps_rows},
	{"position", SF_IGNORE},
	/* DETACH CONCURRENTLY was stopped in the middle. */
	{"detaching", SF_REPLACE},
};

const SfKind sf_kind_partition = {
	.name = "partition",
	.weight = WEIGHT,
	.attrs = partition_attrs,
	.nattrs = lengthof(partition_attrs),
	.folds = true,
	.may_fold = may_be_made_as_partition,
	.drops_with_parent = true,
	.attaches = true,
	.place = place,
	.create = attach,
	.clause = clause_partition,
	.drop = detach,
	.drop_replaces_whole = gives_rows,
	.takes = takes_partition,
	.label = label_partition,
};

static void
inherit(SfEmit *out, const SfFact *fact, List *folded)
{
	ListCell   *lc;

	sf_emit(out, "ALTER TABLE %s INHERIT %s", sf_rel(fact), sf_attr(fact, "of"));
	/* What came by another parent has this one now. */
	foreach(lc, fact->parent->children)
	{
		const SfFact *part = lfirst(lc);
		const SfFact *original = sf_implied_by(part);
		char	   *parent;

		if (!sf_comes_by_parent(part) || original == NULL || strcmp(sf_rel(original), sf_attr(fact, "of")) != 0)
			continue;
		parent = sf_parent_for_a_while(part);
		sf_emit(out, "ALTER TABLE %s NO INHERIT %s", sf_rel(fact), parent);
		sf_emit(out, "DROP TABLE %s", parent);
	}
}

static void
disinherit(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "ALTER TABLE %s NO INHERIT %s", sf_rel(fact), sf_attr(fact, "of"));
}

static void
clause_inheritance(StringInfo out, const SfFact *fact, List *folded)
{
	appendStringInfoString(out, sf_attr(fact, "of"));
}

/* Only a table that stands becomes a child whose columns are generated in another way than the parent's. */
static bool
may_be_made_as_child(const SfFact *fact)
{
	ListCell   *lc,
			   *lp;

	foreach(lc, fact->parent->children)
		foreach(lp, ((SfFact *) lfirst(lc))->children)
		{
			const SfFact *part = lfirst(lp);

			if (part->kind == &sf_kind_generated && sf_attr(part, "local"))
				return false;
		}
	return true;
}

/*
 * A child returns to a parent that is made anew.  It would keep its columns as they are, and INHERIT leaves them its
 * own: it is made anew, too.
 */
static bool
returns_to_parent(const SfFact *fact)
{
	const SfFact *parent = sf_attached_to(fact);

	return fact->twin && parent && parent->twin && parent->twin == sf_attached_to(fact->twin);
}

/* Are the parents up to this one the child's already, in that order?  Others may stand between them: they go. */
static bool
follows_order(const SfFact *old, const SfFact *new)
{
	int			position = sf_kind_attr(new->kind, "position");
	ListCell   *lc,
			   *lo;

	foreach(lc, new->parent->children)
	{
		const SfFact *later = lfirst(lc);

		if (later->kind != new->kind || strcmp(later->attr[position], new->attr[position]) > 0)
			continue;
		if (later->twin == NULL)
			return false;
		foreach(lo, new->parent->children)
		{
			const SfFact *earlier = lfirst(lo);

			if (earlier->kind == new->kind && strcmp(earlier->attr[position], later->attr[position]) < 0 &&
				(earlier->twin == NULL ||
				 strcmp(earlier->twin->attr[position], later->twin->attr[position]) > 0))
				return false;
		}
	}
	return true;
}

/*
 * INHERIT puts a parent behind the others.  While it is none, another one says what it says: else columns and checks
 * would be the child's own afterwards.
 */
static void
move_behind(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	const char *child = sf_rel(new);
	const char *of = sf_attr(new, "of");
	char	   *parent = sf_parent_for_a_while(new);

	sf_emit(out, "CREATE TABLE %s (LIKE %s INCLUDING CONSTRAINTS INCLUDING GENERATED)", parent, of);
	sf_emit(out, "ALTER TABLE %s INHERIT %s", child, parent);
	sf_emit(out, "ALTER TABLE %s NO INHERIT %s", child, of);
	sf_emit(out, "ALTER TABLE %s INHERIT %s", child, of);
	sf_emit(out, "ALTER TABLE %s NO INHERIT %s", child, parent);
	sf_emit(out, "DROP TABLE %s", parent);
}

static char *
label_inheritance(const SfFact *fact)
{
	return psprintf("inheritance of %s from %s", sf_rel(fact), sf_attr(fact, "of"));
}

static const SfAttr inheritance_attrs[] = {
	{"of", SF_REPLACE},
	{"position", SF_IGNORE},
	/* The parents before it. */
	{"behind", SF_ALTER, move_behind, 0, NULL, follows_order},
};

const SfKind sf_kind_inheritance = {
	.name = "inheritance",
	.weight = WEIGHT,
	.attrs = inheritance_attrs,
	.nattrs = lengthof(inheritance_attrs),
	.folds = true,
	.may_fold = may_be_made_as_child,
	.drops_with_parent = true,
	.attaches = true,
	.create = inherit,
	.clause = clause_inheritance,
	.drop = disinherit,
	.create_replaces_parent = returns_to_parent,
	.label = label_inheritance,
};
