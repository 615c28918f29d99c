/*
 * subscription.c - subscriptions.
 *
 * None of our statements speaks with the publisher, which a plan knows nothing of: a subscription is made
 * unconnected and disabled, and stays so until somebody enables it; its slot is left where it is when it is dropped.
 * The connection string is a secret as a whole.
 */
#include "postgres.h"

#include "kinds/kind.h"

/* What WITH and SET say, with what the server takes when nothing is said, in all majors. */
static const struct
{
	const char *attr;
	const char *otherwise;
}			options[] =
{
	{"slot_name", NULL},
	{"binary", "false"},
	{"streaming", NULL},
	{"synchronous_commit", "off"},
	{"disable_on_error", "false"},
	{"two_phase", "false"},
	{"origin", "any"},
	{"password_required", "true"},
	{"run_as_owner", "false"},
	{"failover", "false"},
};

static const char *
value_of(const SfFact *fact, int option)
{
	const char *value = sf_attr(fact, options[option].attr);

	return value ? value : "NONE";
}

static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	StringInfoData with;

	initStringInfo(&with);
	for (int i = 0; i < lengthof(options); i++)
		if (options[i].otherwise == NULL ||
			(sf_attr(fact, options[i].attr) && strcmp(value_of(fact, i), options[i].otherwise) != 0))
			appendStringInfo(&with, ", %s = %s", options[i].attr, value_of(fact, i));
	sf_emit(out, "CREATE SUBSCRIPTION %s %s PUBLICATION %s WITH (connect = false%s)", sf_name(fact),
			sf_attr(fact, "connection"), sf_attr(fact, "publications"), with.data);
}

/* One that is put back goes on as it did. */
static void
after(SfEmit *out, const SfFact *fact)
{
	if (fact->twin && sf_attr(fact, "enabled") && sf_attr(fact, "slot_name"))
		sf_emit(out, "ALTER SUBSCRIPTION %s ENABLE", sf_name(fact));
}

/* Without a slot there is nothing to drop at the publisher, and the server has no reason to connect to it. */
static void
drop(SfEmit *out, const SfFact *fact)
{
	if (sf_attr(fact, "slot_name"))
	{
		sf_emit(out, "ALTER SUBSCRIPTION %s DISABLE", sf_name(fact));
		sf_emit(out, "ALTER SUBSCRIPTION %s SET (slot_name = NONE)", sf_name(fact));
	}
	sf_emit(out, "DROP SUBSCRIPTION %s", sf_name(fact));
}

static void
rename_it(SfEmit *out, const SfFact *old, const SfFact *new)
{
	sf_emit(out, "ALTER SUBSCRIPTION %s RENAME TO %s", sf_name(old), sf_name(new));
}

static void
alter_connection(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	sf_emit(out, "ALTER SUBSCRIPTION %s %s", sf_name(new), sf_attr(new, "connection"));
}

static void
alter_publications(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	sf_emit(out, "ALTER SUBSCRIPTION %s SET PUBLICATION %s WITH (refresh = false)", sf_name(new),
			sf_attr(new, "publications"));
}

static void
alter_options(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	List	   *sets = NIL;

	for (int i = 0; i < lengthof(options); i++)
		if (sf_changed(old, new, options[i].attr))
			sets = lappend(sets, psprintf("%s = %s", options[i].attr, value_of(new, i)));
	if (sf_attr(new, "slot_name") == NULL)
		sf_emit(out, "ALTER SUBSCRIPTION %s DISABLE", sf_name(new));
	sf_emit(out, "ALTER SUBSCRIPTION %s SET (%s)", sf_name(new), sf_join(sets, ", "));
}

static const SfAttr attrs[] = {
	{"connection", SF_ALTER, alter_connection, SF_ATTR_SECRET | SF_ATTR_HIDDEN},
	{"publications", SF_ALTER, alter_publications},
	{"slot_name", SF_ALTER, alter_options},
	{"binary", SF_ALTER, alter_options},
	{"streaming", SF_ALTER, alter_options},
	{"synchronous_commit", SF_ALTER, alter_options},
	{"disable_on_error", SF_ALTER, alter_options},
	{"origin", SF_ALTER, alter_options},
	{"password_required", SF_ALTER, alter_options},
	{"run_as_owner", SF_ALTER, alter_options},
	/* The server changes these at the publisher, too, or not at all. */
	{"two_phase", SF_REPLACE},
	{"failover", SF_REPLACE},
	{"enabled", SF_IGNORE, NULL, SF_ATTR_STATE},
};

const SfKind sf_kind_subscription = {
	.name = "subscription",
	.keyword = "SUBSCRIPTION",
	.weight = 195,
	.attrs = attrs,
	.nattrs = lengthof(attrs),
	.create = create,
	.after = after,
	.drop = drop,
	.rename = rename_it,
};
