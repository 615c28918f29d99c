/*
 * trigger.c - triggers of tables, views and foreign tables, and how they fire where that is not said of the trigger.
 *
 * CREATE OR REPLACE TRIGGER makes the trigger anew under its OID: it fires as at birth then, also on partitions, and
 * depends on no extension.  Clones on partitions are no facts; one that fires differently has a trigger state.
 * Triggers behind constraints have names made of OIDs: their state is set through the constraint.
 */
#include "postgres.h"

#include "kinds/kind.h"

extern const SfKind sf_kind_partition;

static char *
alter_head(const SfFact *fact)
{
	return psprintf("ALTER TRIGGER %s ON %s", sf_ident(sf_last(fact)), sf_rel(fact));
}

static void
put(SfEmit *out, const SfFact *fact, const char *verb)
{
	sf_emit(out, "%s TRIGGER %s %s ON %s %s", verb, sf_ident(sf_last(fact)), sf_attr(fact, "event"), sf_rel(fact),
			sf_attr(fact, "definition"));
}

static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	put(out, fact, sf_attr(fact, "constraint") ? "CREATE CONSTRAINT" : "CREATE");
}

static void
set_enabled(SfEmit *out, const SfFact *fact)
{
	const char *enabled = sf_attr(fact, "enabled");

	sf_emit(out, "ALTER TABLE %s %s TRIGGER %s", sf_rel(fact), enabled ? enabled : "ENABLE", sf_ident(sf_last(fact)));
}

static void
after(SfEmit *out, const SfFact *fact)
{
	if (sf_attr(fact, "enabled"))
		set_enabled(out, fact);
	sf_emit_extensions(out, alter_head(fact), NULL, sf_attr(fact, "extensions"));
}

static void
drop(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "DROP TRIGGER %s ON %s", sf_ident(sf_last(fact)), sf_rel(fact));
}

static void
rename_it(SfEmit *out, const SfFact *old, const SfFact *new)
{
	sf_emit(out, "ALTER TRIGGER %s ON %s RENAME TO %s", sf_ident(sf_last(old)), sf_rel(new), sf_ident(sf_last(new)));
}

static void
alter(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	if (sf_changed(old, new, "event") || sf_changed(old, new, "definition"))
	{
		put(out, new, "CREATE OR REPLACE");
		after(out, new);
		return;
	}
	if (sf_changed(old, new, "enabled"))
		set_enabled(out, new);
	sf_emit_extensions(out, alter_head(new), sf_attr(old, "extensions"), sf_attr(new, "extensions"));
}

/* There is no CREATE OR REPLACE CONSTRAINT TRIGGER. */
static bool
replaceable(const SfFact *old, const SfFact *new)
{
	return sf_attr(old, "constraint") == NULL;
}

static char *
address(const SfFact *fact)
{
	return psprintf("TRIGGER %s ON %s", sf_ident(sf_last(fact)), sf_rel(fact));
}

/* Its own name, and that of its clones on partitions. */
static List *
add_trigger_names(List *names, const SfFact *relation, const char *trigger)
{
	ListCell   *lc;

	names = lappend(names, psprintf("trigger:%s.%s", sf_name(relation), sf_ident(trigger)));
	foreach(lc, relation->needed_by)
	{
		const SfFact *attachment = ((SfEdge *) lfirst(lc))->from;

		if (attachment->kind == &sf_kind_partition && attachment->parent != relation)
			names = add_trigger_names(names, attachment->parent, trigger);
	}
	return names;
}

/* A constraint trigger has a constraint of its name. */
static List *
takes(const SfFact *fact)
{
	List	   *names = add_trigger_names(NIL, fact->parent, sf_last(fact));

	return sf_attr(fact, "constraint") ? lappend(names, psprintf("constraint:%s", sf_name(fact))) : names;
}

/* The same under another name is renamed: nothing refers to it by name. */
static char *
match(const SfFact *fact)
{
	return psprintf("%s %s %s", sf_attr(fact, "constraint") ? "CONSTRAINT" : "", sf_attr(fact, "event"),
					sf_attr(fact, "definition"));
}

/* The first three reach the clones on partitions: states of those are set anew. */
static const SfAttr attrs[] = {
	{"constraint", SF_REPLACE},
	{"event", SF_ALTER, alter, SF_ATTR_REBUILDS, replaceable},
	{"definition", SF_ALTER, alter, SF_ATTR_REBUILDS | SF_ATTR_EXPRESSION, replaceable},
	{"enabled", SF_ALTER, alter, SF_ATTR_REBUILDS},
	{"extensions", SF_ALTER, alter},
};

const SfKind sf_kind_trigger = {
	.name = "trigger",
	.keyword = "TRIGGER",
	.weight = 220,
	.attrs = attrs,
	.nattrs = lengthof(attrs),
	.drops_with_parent = true,
	.create = create,
	.after = after,
	.drop = drop,
	.rename = rename_it,
	.match = match,
	.address = address,
	.takes = takes,
};

/* ---- a partition's clone ---- */

static void
set_state(SfEmit *out, const SfFact *fact, const char *enabled)
{
	sf_emit(out, "ALTER TABLE ONLY %s %s TRIGGER %s", sf_rel(fact), enabled ? enabled : "ENABLE",
			sf_ident(sf_last(fact)));
}

static void
create_state(SfEmit *out, const SfFact *fact, List *folded)
{
	set_state(out, fact, sf_attr(fact, "enabled"));
}

/* Back to what the partitioned table's trigger does. */
static void
drop_state(SfEmit *out, const SfFact *fact)
{
	set_state(out, fact, sf_attr(fact->parent, "enabled"));
}

static void
alter_state(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	set_state(out, new, sf_attr(new, "enabled"));
}

static const SfAttr state_attrs[] = {
	{"enabled", SF_ALTER, alter_state},
};

const SfKind sf_kind_trigger_state = {
	.name = "trigger state",
	.weight = 225,
	.attrs = state_attrs,
	.nattrs = lengthof(state_attrs),
	.drops_with_parent = true,
	.cloned = true,
	.create = create_state,
	.drop = drop_state,
};

/* ---- a constraint's triggers: identity is schema, table, trigger function, and the constraint's three names ---- */

static void
set_constraint_state(SfEmit *out, const SfFact *fact, const char *enabled)
{
	char	   *statement = psprintf("ALTER TABLE ONLY %s %s TRIGGER %%I", sf_rel(fact), enabled);
	char	   *constrained = sf_qualified(2, fact->name + 3);
	char	   *body = psprintf("DECLARE\n"
								"    name pg_catalog.name;\n"
								"BEGIN\n"
								"    SELECT tgname INTO STRICT name FROM pg_catalog.pg_trigger g\n"
								"    JOIN pg_catalog.pg_constraint k ON k.oid OPERATOR(pg_catalog.=) g.tgconstraint\n"
								"    JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) g.tgfoid\n"
								"    WHERE tgisinternal AND tgrelid OPERATOR(pg_catalog.=) %s::pg_catalog.regclass\n"
								"      AND conrelid OPERATOR(pg_catalog.=) %s::pg_catalog.regclass\n"
								"      AND conname OPERATOR(pg_catalog.=) %s AND proname OPERATOR(pg_catalog.=) %s;\n"
								"    EXECUTE pg_catalog.format(%s, name);\n"
								"END",
								sf_literal(sf_rel(fact)), sf_literal(constrained), sf_literal(fact->name[5]),
								sf_literal(fact->name[2]), sf_literal(statement));

	sf_emit(out, "DO %s", sf_literal(body));
}

static void
create_constraint_state(SfEmit *out, const SfFact *fact, List *folded)
{
	set_constraint_state(out, fact, sf_attr(fact, "enabled"));
}

static void
drop_constraint_state(SfEmit *out, const SfFact *fact)
{
	set_constraint_state(out, fact, "ENABLE");
}

static void
alter_constraint_state(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	set_constraint_state(out, new, sf_attr(new, "enabled"));
}

static const SfAttr constraint_state_attrs[] = {
	{"enabled", SF_ALTER, alter_constraint_state},
};

const SfKind sf_kind_constraint_trigger_state = {
	.name = "constraint trigger state",
	.weight = 226,
	.attrs = constraint_state_attrs,
	.nattrs = lengthof(constraint_state_attrs),
	.drops_with_parent = true,
	.create = create_constraint_state,
	.drop = drop_constraint_state,
};
