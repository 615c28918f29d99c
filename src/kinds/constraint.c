/*
 * constraint.c - constraints of tables: primary key, unique, check, foreign key, exclusion.
 *
 * One query reads them all; an index behind one is part of it.
 */
#include "postgres.h"

#include "compat.h"
#include "kinds/kind.h"

extern const SfKind sf_kind_check;
extern const SfKind sf_kind_comment;
extern const SfKind sf_kind_constraint_index;
extern const SfKind sf_kind_foreign_key;
extern const SfKind sf_kind_primary_key;

static void
clause(StringInfo out, const SfFact *fact, List *folded)
{
	const char *options = sf_attr(fact, "options");
	const char *tablespace = sf_attr(fact, "tablespace");
	const char *definition = sf_attr(fact, "definition");
	const char *where = options || tablespace ? strstr(definition, " WHERE (") : NULL;

	/* Index options stand before an exclusion constraint's predicate. */
	appendStringInfo(out, "CONSTRAINT %s %.*s", sf_ident(sf_last(fact)),
					 where ? (int) (where - definition) : (int) strlen(definition), definition);
	if (options)
		appendStringInfo(out, " WITH (%s)", options);
	if (tablespace)
		appendStringInfo(out, " USING INDEX TABLESPACE %s", sf_ident(tablespace));
	if (where)
		appendStringInfoString(out, where);
	if (sf_attr(fact, "deferrable"))
		appendStringInfo(out, " %s", sf_attr(fact, "deferrable"));
	if (sf_attr(fact, "not_enforced"))
		appendStringInfoString(out, " NOT ENFORCED");
}

static char *
index_name(const SfFact *fact)
{
	return psprintf("%s.%s", sf_ident(fact->name[0]), sf_ident(sf_last(fact)));
}

/* On a partition whose table is there the index of a key joins its parent's by a statement of its own. */
static void
attach(SfEmit *out, const SfFact *fact)
{
	if (sf_attr(fact, "attached") && !sf_reattached(fact))
		sf_emit(out, "ALTER INDEX %s ATTACH PARTITION %s", sf_attr(fact, "attached"), index_name(fact));
}

/*
 * A foreign key of a partitioned table cannot be NOT VALID before 18, what has an index never.  What is not enforced
 * is not proved.
 */
static bool
may_be_unproved(const SfFact *fact)
{
	if (sf_attr(fact, "not_enforced") || (fact->kind != &sf_kind_check && fact->kind != &sf_kind_foreign_key))
		return false;
	return SF_MAJOR >= 18 || fact->kind != &sf_kind_foreign_key || !sf_is_partitioned(fact->parent);
}

static void
prove(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "ALTER TABLE %s VALIDATE CONSTRAINT %s", sf_rel(fact), sf_ident(sf_last(fact)));
}

/* Copies of an unproved check may be proved: those of children that were made empty, with it. */
static void
prove_copies(SfEmit *out, const SfFact *fact)
{
	ListCell   *lc;

	foreach(lc, sf_copies_of(fact))
	{
		const SfFact *copy = lfirst(lc);

		if (sf_reattached(copy) || !sf_stands(sf_relation_of(copy)))
			continue;
		if (sf_attr(copy, "unproved") == NULL)
			prove(out, copy);
		prove_copies(out, copy);
	}
}

#define NOT_DISTINCT " NULLS NOT DISTINCT"

/* The index that the server makes for a key, as indexes are defined. */
static char *
index_definition(const SfFact *key)
{
	const char *definition = sf_attr(key, "definition");

	return psprintf("USING btree %s%s", strchr(definition, '('), strstr(definition, NOT_DISTINCT) ? NOT_DISTINCT : "");
}

char *
sf_index_says(const SfFact *fact)
{
	return fact->kind->folds ? psprintf("unique %s ", index_definition(fact)) : fact->kind->match(fact);
}

/* Is the index such as the key's own would be?  A comment it takes along (adopt()). */
static bool
may_become_own(const SfFact *key, const SfFact *index)
{
	static const char *const same[] = {"options", "tablespace", "clustered", "replica_identity"};

	if (sf_attr(index, "unique") == NULL || sf_attr(index, "predicate") || sf_attr(index, "invalid") ||
		sf_attr(index, "attached") || list_length(index->children) > (sf_child(index, &sf_kind_comment) ? 1 : 0))
		return false;
	for (int i = 0; i < lengthof(same); i++)
		if (sf_changed(index, key, same[i]))
			return false;
	return sf_streq(sf_attr(index, "definition"), index_definition(key));
}

/* An index that goes becomes the key's: it is not built again, and no row comes in between that it would refuse. */
static SfFact *
predecessor(const SfFact *fact)
{
	SfFact	   *found = NULL;
	ListCell   *lc;

	if (fact->parent->twin == NULL || sf_is_partitioned(fact->parent) || sf_implied_by(fact))
		return NULL;
	foreach(lc, fact->parent->twin->children)
	{
		SfFact	   *index = lfirst(lc);

		if (!index->kind->backs || index->kind->folds || index->twin || !may_become_own(fact, index))
			continue;
		if (found == NULL || strcmp(sf_last(index), sf_last(fact)) == 0)
			found = index;
	}
	return found;
}

char *
sf_key_adopts(const SfFact *key, const char *index)
{
	const char *deferrable = sf_attr(key, "deferrable");

	return psprintf("ALTER TABLE %s ADD CONSTRAINT %s %s USING INDEX %s%s%s", sf_rel(key), sf_ident(sf_last(key)),
					key->kind == &sf_kind_primary_key ? "PRIMARY KEY" : "UNIQUE", sf_ident(index),
					deferrable ? " " : "", deferrable ? deferrable : "");
}

/* What is said of the key's index itself comes behind; what was said of it, and is no more, ends here. */
static void
adopt(SfEmit *out, const SfFact *key, const SfFact *index)
{
	sf_emit(out, "%s", sf_key_adopts(key, sf_last(index)));
	if (sf_child(index, &sf_kind_comment) && sf_child(key, &sf_kind_constraint_index) == NULL)
		sf_emit(out, "COMMENT ON INDEX %s IS NULL", index_name(key));
}

/* The name that the server gave a copy, if that is not its name.  (It puts a number behind names that are taken.) */
static const char *
born_as(const SfFact *fact)
{
	const char *name;

	if (fact->kind != &sf_kind_foreign_key)
		return sf_attr(fact, "born_as");
	name = sf_last(sf_made_by(fact));
	if (strncmp(sf_last(fact), name, strlen(name)) != 0)
		return name;
	return sf_last(fact)[strlen(name) + strspn(sf_last(fact) + strlen(name), "0123456789")] ? name : NULL;
}

/* The original's statement has made it, with a name of the server's choice and the original's options. */
static void
finish_copy(SfEmit *out, const SfFact *fact)
{
	if (born_as(fact))
		sf_emit(out, "ALTER TABLE %s RENAME CONSTRAINT %s TO %s", sf_rel(fact), sf_ident(born_as(fact)),
				sf_ident(sf_last(fact)));
	if (sf_attr(fact, "attached") && !sf_is_partitioned(fact->parent))
		sf_index_own(out, fact, index_name(fact));
}

static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	StringInfoData text;
	bool		unproved = (out->flags & SF_EMIT_NOT_VALID) && may_be_unproved(fact);
	bool		apart = (out->flags & SF_EMIT_APART) != 0;

	if (sf_comes_along(fact) && !apart)
	{
		finish_copy(out, fact);
		return;
	}
	if (sf_predecessor(out, fact))
	{
		adopt(out, fact, sf_predecessor(out, fact));
		return;
	}
	initStringInfo(&text);
	clause(&text, fact, folded);
	sf_emit(out, "ALTER TABLE %s%s ADD %s%s", sf_attr(fact, "only") ? "ONLY " : "",
			sf_relation_for_a_while(out, fact), text.data, sf_attr(fact, "not_valid") || unproved ? " NOT VALID" : "");
	if (sf_attr(fact, "not_valid"))
		prove_copies(out, fact);
	attach(out, fact);
}

static void
validate(SfEmit *out, const SfFact *fact)
{
	if (sf_attr(fact, "not_valid") == NULL && may_be_unproved(fact) &&
		((out->flags & SF_EMIT_APART) || !sf_comes_along(fact)))
		prove(out, fact);
}

static void
alter_clustered(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	if (sf_attr(new, "clustered"))
		sf_emit(out, "ALTER TABLE %s CLUSTER ON %s", sf_rel(new), sf_ident(sf_last(new)));
	else if (!sf_index_succeeded(new, "clustered"))
		sf_emit(out, "ALTER TABLE %s SET WITHOUT CLUSTER", sf_rel(new));
}

/* The end of the old identity is said by its successor, or by the table when it has none. */
static void
alter_replica_identity(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	if (sf_attr(new, "replica_identity"))
		sf_emit(out, "ALTER TABLE %s REPLICA IDENTITY USING INDEX %s", sf_rel(new), sf_ident(sf_last(new)));
}

static void
after(SfEmit *out, const SfFact *fact)
{
	if (sf_attr(fact, "clustered"))
		alter_clustered(out, NULL, fact, NULL);
	if (sf_attr(fact, "replica_identity"))
		alter_replica_identity(out, NULL, fact, NULL);
}

static void
drop(SfEmit *out, const SfFact *fact)
{
	if (sf_goes_apart(out, fact))
		sf_emit(out, "ALTER TABLE %s%s DROP CONSTRAINT %s", sf_copies_stay(fact) ? "ONLY " : "", sf_rel(fact),
				sf_ident(sf_last(fact)));
}

static void
rename_it(SfEmit *out, const SfFact *old, const SfFact *new)
{
	/* The name of an inherited check is its original's, also where the table says it, too. */
	if (!(old->kind == &sf_kind_check && sf_implied_by(old) && sf_implied_by(new) && !sf_reattached(new)))
		sf_emit(out, "ALTER TABLE %s RENAME CONSTRAINT %s TO %s", sf_rel(new), sf_ident(sf_last(old)),
				sf_ident(sf_last(new)));
}

static void
alter_not_valid(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	if (!sf_cascades(old, new))
		validate(out, new);
}

static bool
becomes_valid(const SfFact *old, const SfFact *new)
{
	return sf_attr(new, "not_valid") == NULL;
}

/*
 * A check that was its table's own, too, and is now its parents' alone: no statement takes the table's part off.  It
 * goes before the parent's is made, which comes along; where that stands, the table is made anew.
 */
static bool
no_longer_own(const SfFact *fact)
{
	const SfFact *original = sf_implied_by(fact);

	return sf_attr(fact, "inherited") && fact->twin && sf_attr(fact->twin, "inherited") == NULL &&
		(sf_reattached(fact) || (original && original->twin && !sf_is_made_anew(original)));
}

/* Said by the table as well, it merges with the parent's; what its parent lets go of is its own without that. */
static void
alter_inherited(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	if (sf_implied_by(new) && !sf_reattached(new))
		create(out, new, NIL);
}

/* What the server drops with its original is made again to stand on its own. */
static bool
becomes_own(const SfFact *old, const SfFact *new)
{
	const SfFact *original = sf_implied_by(old);

	if (sf_attr(new, "inherited"))
		return false;
	return !sf_goes_along(old) || (original->twin && !sf_is_made_anew(original)) ||
		(!sf_goes_along(original) && sf_copies_stay(original));
}

static void
alter_deferrable(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	const char *deferrable = sf_attr(new, "deferrable");

	if (sf_cascades(old, new))
		return;
	sf_emit(out, "ALTER TABLE %s ALTER CONSTRAINT %s %s", sf_rel(new), sf_ident(sf_last(new)),
			deferrable ? deferrable : "NOT DEFERRABLE");
}

static void
alter_not_enforced(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	if (!sf_cascades(old, new))
		sf_emit(out, "ALTER TABLE %s ALTER CONSTRAINT %s %sENFORCED", sf_rel(new), sf_ident(sf_last(new)),
				sf_attr(new, "not_enforced") ? "NOT " : "");
}

static void
alter_attached(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	if (!sf_index_stays_attached(old, new))
		attach(out, new);
}

static void
alter_options(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	sf_emit_options(out, psprintf("ALTER INDEX %s", index_name(new)), sf_attr(old, "options"), sf_attr(new, "options"));
}

/* The server alters no index of a partitioned table. */
static bool
options_in_place(const SfFact *old, const SfFact *new)
{
	return !sf_is_partitioned(new->parent);
}

static void
alter_tablespace(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	const char *tablespace = sf_attr(new, "tablespace");

	sf_emit(out, "ALTER INDEX %s SET TABLESPACE %s", index_name(new), sf_ident(tablespace ? tablespace : "pg_default"));
}

static char *
address(const SfFact *fact)
{
	return psprintf("CONSTRAINT %s ON %s", sf_ident(sf_last(fact)), sf_rel(fact));
}

static char *
match(const SfFact *fact)
{
	const char *deferrable = sf_attr(fact, "deferrable");

	return psprintf("%s %s", sf_attr(fact, "definition"), deferrable ? deferrable : "");
}

static List *
takes(const SfFact *fact)
{
	return list_make1(psprintf("constraint:%s", sf_name(fact)));
}

static List *
takes_with_index(const SfFact *fact)
{
	return lappend(takes(fact), psprintf("relation:%s", index_name(fact)));
}

/* A table has one. */
static List *
takes_primary(const SfFact *fact)
{
	return lappend(takes_with_index(fact), psprintf("primary key:%s", sf_rel(fact)));
}

/* Of keys on the same columns CREATE TABLE makes only the first. */
static bool
is_said_twice(const SfFact *fact)
{
	const char *columns = strchr(sf_attr(fact, "definition"), '(');
	ListCell   *lc;

	foreach(lc, fact->kind->backs ? fact->parent->children : NIL)
	{
		const SfFact *other = lfirst(lc);

		if (other == fact)
			return false;
		if (other->kind->backs && other->kind->folds &&
			sf_streq(strchr(sf_attr(other, "definition"), '('), columns))
			return true;
	}
	return false;
}

/*
 * A NOT VALID constraint cannot be said inside CREATE TABLE (an empty table would make it valid), and clones are
 * made when both the table and the original are there.
 */
static bool
may_fold(const SfFact *fact)
{
	return sf_attr(fact, "not_valid") == NULL && (sf_implied_by(fact) == NULL || fact->kind == &sf_kind_check) &&
		!is_said_twice(fact);
}

#define NO_INDEX_ATTRS \
	{"options", SF_IGNORE}, \
	{"tablespace", SF_IGNORE}, \
	{"clustered", SF_IGNORE}, \
	{"replica_identity", SF_IGNORE}, \
	{"attached", SF_IGNORE}, \
	{"only", SF_IGNORE}

#define COPY_ATTRS \
	{"local", SF_IGNORE}, \
	{"born_as", SF_IGNORE}, \
	{"unproved", SF_IGNORE, NULL, SF_ATTR_STATE}

static const SfAttr attrs[] = {
	{"definition", SF_REPLACE, NULL, SF_ATTR_EXPRESSION},
	{"deferrable", SF_REPLACE},
	{"not_valid", SF_ALTER, alter_not_valid, SF_ATTR_UNPROVED, becomes_valid},
	{"not_enforced", SF_REPLACE},
	{"options", SF_ALTER, alter_options, 0, options_in_place},
	{"tablespace", SF_ALTER, alter_tablespace, SF_ATTR_TABLESPACE},
	{"clustered", SF_ALTER, alter_clustered, SF_ATTR_PASSED},
	{"replica_identity", SF_ALTER, alter_replica_identity, SF_ATTR_PASSED},
	{"attached", SF_ALTER, alter_attached, 0, sf_index_may_attach},
	{"only", SF_ALTER, NULL, 0, sf_index_becomes_whole},
	COPY_ATTRS,
	{"inherited", SF_IGNORE}
};

static const SfAttr check_attrs[] = {
	{"definition", SF_REPLACE, NULL, SF_ATTR_EXPRESSION},
	{"deferrable", SF_IGNORE},
	{"not_valid", SF_ALTER, alter_not_valid, SF_ATTR_UNPROVED, becomes_valid},
	{"not_enforced", SF_REPLACE},
	NO_INDEX_ATTRS,
	COPY_ATTRS,
	{"inherited", SF_ALTER, alter_inherited, 0, becomes_own}
};

/* Only a foreign key's deferrability and enforcement can be altered. */
static const SfAttr fk_attrs[] = {
	{"definition", SF_REPLACE, NULL, SF_ATTR_EXPRESSION},
	{"deferrable", SF_ALTER, alter_deferrable},
	{"not_valid", SF_ALTER, alter_not_valid, SF_ATTR_UNPROVED, becomes_valid},
	{"not_enforced", SF_ALTER, alter_not_enforced},
	NO_INDEX_ATTRS,
	COPY_ATTRS,
	{"inherited", SF_IGNORE}
};

#define CONSTRAINT_KIND(words, order, its_attrs, its_takes, fold) \
	.name = words, .keyword = "CONSTRAINT", .weight = order, .attrs = its_attrs, .nattrs = lengthof(its_attrs), \
	.folds = fold, .may_fold = may_fold, .drops_with_parent = true, .survives_alter = true, \
	.create = create, .clause = clause, .after = after, .drop = drop, .rename = rename_it, .validate = validate, \
	.address = address, .match = match, .takes = its_takes

const SfKind sf_kind_primary_key = {CONSTRAINT_KIND("primary key", 130, attrs, takes_primary, true), .backs = true,
	.predecessor = predecessor};
const SfKind sf_kind_unique = {CONSTRAINT_KIND("unique", 131, attrs, takes_with_index, true), .backs = true,
	.predecessor = predecessor};
const SfKind sf_kind_exclusion = {CONSTRAINT_KIND("exclusion", 132, attrs, takes_with_index, true)};
const SfKind sf_kind_check = {CONSTRAINT_KIND("check", 133, check_attrs, takes, true), .merges = true,
	.create_replaces_parent = no_longer_own};
const SfKind sf_kind_foreign_key = {CONSTRAINT_KIND("foreign key", 160, fk_attrs, takes, true), .binds = true};

/* Made and dropped with the constraint: there is nothing to say but what its satellites say. */
const SfKind sf_kind_constraint_index = {
	.name = "constraint index",
	.keyword = "INDEX",
	.weight = 134,
	.folds = true,
	.drops_with_parent = true,
	.survives_alter = true,
};
