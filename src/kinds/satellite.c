/*
 * satellite.c - owners, comments and security labels: one rule each for all kinds.
 *
 * A satellite is named after its object ({kind, names...}) and its parent is the object; grants are in grant.c.
 */
#include "postgres.h"

#include "kinds/kind.h"

static void
set_owner(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "ALTER %s OWNER TO %s", sf_address(fact->parent), sf_ident(sf_attr(fact, "role")));
}

/* What the plan's role has just made is its own already. */
static void
create_owner(SfEmit *out, const SfFact *fact, List *folded)
{
	if (out->role == NULL || strcmp(out->role, sf_attr(fact, "role")) != 0)
		set_owner(out, fact);
}

static void
alter_owner(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	set_owner(out, new);
}

static char *
label_owner(const SfFact *fact)
{
	return psprintf("owner of %s", sf_fact_label(fact->parent));
}

static const SfAttr owner_attrs[] = {
	{"role", SF_ALTER, alter_owner, SF_ATTR_ROLE},
};

const SfKind sf_kind_owner = {
	.name = "owner",
	.weight = 900,
	.attrs = owner_attrs,
	.nattrs = lengthof(owner_attrs),
	.drops_with_parent = true,
	.survives_alter = true,
	.late = true,
	.create = create_owner,
	.label = label_owner,
};

/* COMMENT ON what?  A member of an extension is no fact: its words are names of the satellite's. */
static const char *
address_of(const SfFact *fact)
{
	return fact->parent ? sf_address(fact->parent) : psprintf("%s %s", fact->name[1], fact->name[2]);
}

/* For messages: the same. */
static char *
label_of(const SfFact *fact)
{
	return fact->parent ? sf_fact_label(fact->parent)
						: psprintf("%s %s of extension %s", fact->name[1], fact->name[2], fact->name[0]);
}

static void
create_comment(SfEmit *out, const SfFact *fact, List *folded)
{
	sf_emit(out, "COMMENT ON %s IS %s", address_of(fact), sf_literal(sf_attr(fact, "text")));
}

static void
drop_comment(SfEmit *out, const SfFact *fact)
{
	sf_emit(out, "COMMENT ON %s IS NULL", address_of(fact));
}

static void
alter_comment(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	create_comment(out, new, NIL);
}

static char *
label_comment(const SfFact *fact)
{
	return psprintf("comment on %s", label_of(fact));
}

static const SfAttr comment_attrs[] = {
	{"text", SF_ALTER, alter_comment},
};

const SfKind sf_kind_comment = {
	.name = "comment",
	.weight = 920,
	.attrs = comment_attrs,
	.nattrs = lengthof(comment_attrs),
	.drops_with_parent = true,
	.survives_alter = true,
	.create = create_comment,
	.drop = drop_comment,
	.label = label_comment,
};

/* {extension, object type, address} */
const SfKind sf_kind_member_comment = {
	.name = "member comment",
	.weight = 921,
	.attrs = comment_attrs,
	.nattrs = lengthof(comment_attrs),
	.about_member = true,
	.given = true,
	.create = create_comment,
	.drop = drop_comment,
	.label = label_comment,
};

static void
say_security_label(SfEmit *out, const SfFact *fact, const char *label)
{
	sf_emit(out, "SECURITY LABEL FOR %s ON %s IS %s", sf_ident(sf_last(fact)), address_of(fact), sf_literal(label));
}

static void
create_security_label(SfEmit *out, const SfFact *fact, List *folded)
{
	say_security_label(out, fact, sf_attr(fact, "label"));
}

static void
drop_security_label(SfEmit *out, const SfFact *fact)
{
	say_security_label(out, fact, NULL);
}

static void
alter_security_label(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	create_security_label(out, new, NIL);
}

static char *
label_security_label(const SfFact *fact)
{
	return psprintf("security label of %s on %s", sf_last(fact), label_of(fact));
}

static const SfAttr security_label_attrs[] = {
	{"label", SF_ALTER, alter_security_label},
};

const SfKind sf_kind_security_label = {
	.name = "security label",
	.weight = 930,
	.attrs = security_label_attrs,
	.nattrs = lengthof(security_label_attrs),
	.drops_with_parent = true,
	.survives_alter = true,
	.create = create_security_label,
	.drop = drop_security_label,
	.label = label_security_label,
};

/* {extension, object type, address, provider} */
const SfKind sf_kind_member_label = {
	.name = "member label",
	.weight = 931,
	.attrs = security_label_attrs,
	.nattrs = lengthof(security_label_attrs),
	.about_member = true,
	.create = create_security_label,
	.drop = drop_security_label,
	.label = label_security_label,
};
