/*
 * partition.c - what a relation is a child of: PARTITION OF and INHERITS.
 *
 * The fact folds into the child's CREATE; on a child that exists it is ATTACH and DETACH, INHERIT and NO INHERIT,
 * so that a partition that becomes an ordinary table, or the reverse, keeps its rows.  The child's columns,
 * checks, indexes and keys that are copies of the parent's say so by an edge (sf_comes_along()).
 */
#include "postgres.h"

#include "kinds/kind.h"

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
	sf_emit(out, "ALTER TABLE %s DETACH PARTITION %s", sf_attr(fact, "of"), sf_rel(fact));
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

static char *
label_partition(const SfFact *fact)
{
	return psprintf("partition %s of %s", sf_rel(fact), sf_attr(fact, "of"));
}

static const SfAttr partition_attrs[] = {
	{"of", SF_REPLACE},
	{"bound", SF_REPLACE, NULL, SF_ATTR_EXPRESSION},
	{"position", SF_IGNORE},
};

const SfKind sf_kind_partition = {
	.name = "partition",
	.weight = WEIGHT,
	.attrs = partition_attrs,
	.nattrs = lengthof(partition_attrs),
	.folds = true,
	.drops_with_parent = true,
	.attaches = true,
	.create = attach,
	.clause = clause_partition,
	.drop = detach,
	.takes = takes_partition,
	.label = label_partition,
};

static void
inherit(SfEmit *out, const SfFact *fact, List *folded)
{
	sf_emit(out, "ALTER TABLE %s INHERIT %s", sf_rel(fact), sf_attr(fact, "of"));
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

static char *
label_inheritance(const SfFact *fact)
{
	return psprintf("inheritance of %s from %s", sf_rel(fact), sf_attr(fact, "of"));
}

static const SfAttr inheritance_attrs[] = {
	{"of", SF_REPLACE},
	{"position", SF_IGNORE},
};

const SfKind sf_kind_inheritance = {
	.name = "inheritance",
	.weight = WEIGHT,
	.attrs = inheritance_attrs,
	.nattrs = lengthof(inheritance_attrs),
	.folds = true,
	.drops_with_parent = true,
	.attaches = true,
	.create = inherit,
	.clause = clause_inheritance,
	.drop = disinherit,
	.label = label_inheritance,
};
