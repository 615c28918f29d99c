/*
 * grant.c - privileges: one fact a (object, grantee, grantor) whose privileges differ from those at birth.
 *
 * The text is '' when all was revoked.  No fact: what acldefault() says (the owner everything, PUBLIC its birthright).
 * Grantee and grantor '' are the owner, 'public' is PUBLIC.  A fact of another grantor needs the one that gave that
 * grantor the option.
 *
 * Default privileges of the role that runs the plan act on what the plan creates: sf_emit_birth() takes away,
 * right after a CREATE, what they gave and the model does not have.  What the model has is granted by its own
 * facts.
 */
#include "postgres.h"

#include "kinds/privileges.h"

extern const SfKind sf_kind_default_privileges;
extern const SfKind sf_kind_grant;

static const char *
grantee_name(const SfFact *fact)
{
	return fact->name[fact->nname - 2];
}

/* The words behind the object's keyword in its address: 'public.f(integer)'. */
static const char *
object_name(const SfFact *object)
{
	const char *address = sf_address(object->kind->acl_class == 'c' ? object->parent : object);

	for (const char *p = address; (*p >= 'A' && *p <= 'Z') || *p == ' '; p++)
		if (*p == ' ')
			address = p + 1;
	return address;
}

static const char *
owner_name(const SfFact *object)
{
	for (; object; object = object->parent)
	{
		ListCell   *lc;

		foreach(lc, object->children)
		{
			const SfFact *child = lfirst(lc);

			if (child->kind == &sf_kind_owner)
				return sf_ident(sf_attr(child, "role"));
		}
	}
	return "CURRENT_ROLE";
}

static const char *
role_name(const char *name, const char *owner)
{
	if (*name == '\0')
		return owner;
	return strcmp(name, "public") == 0 ? "PUBLIC" : sf_ident(name);
}

static char
class_of(const SfFact *fact)
{
	return fact->parent->kind->acl_class;
}

static SfPrivilegeTarget
target_of(const SfFact *fact)
{
	SfPrivilegeTarget target = {""};

	target.on = psprintf("%s %s", sf_privilege_words(class_of(fact)), object_name(fact->parent));
	target.column = class_of(fact) == 'c' ? sf_ident(sf_last(fact->parent)) : NULL;
	target.who = role_name(grantee_name(fact), owner_name(fact->parent));
	target.as = *sf_last(fact) ? sf_last(fact) : NULL;
	return target;
}

/* A REVOKE on a relation (its old fact) takes what the same role gave on its columns along, which is given again. */
static void
restore_columns(SfEmit *out, const SfFact *fact, const SfFact *relation, const char *old, const char *new)
{
	ListCell   *lc,
			   *lg;

	foreach(lc, class_of(fact) == 'r' && relation ? relation->children : NIL)
	{
		const SfFact *column = lfirst(lc);

		foreach(lg, column->kind->acl_class == 'c' && sf_stands(column) ? column->children : NIL)
		{
			const SfFact *grant = lfirst(lg);
			const char *had;
			SfPrivilegeTarget target;

			if (grant->kind != &sf_kind_grant || grant->twin == NULL ||
				strcmp(grantee_name(grant), grantee_name(fact)) != 0 || strcmp(sf_last(grant), sf_last(fact)) != 0)
				continue;
			had = sf_attr(grant, "privileges");
			target = target_of(grant->twin);
			sf_emit_privileges(out, &target, sf_privileges_left(had, old, new), had, 0);
		}
	}
}

static void
change(SfEmit *out, const SfFact *fact, const SfFact *relation, const char *old, const char *new)
{
	SfPrivilegeTarget target = target_of(fact);

	sf_emit_privileges(out, &target, old, new, 0);
	restore_columns(out, fact, relation, old, new);
}

/* The owner's birthright is everything; it is spelt ALL since it grows with the majors. */
static bool
is_owner(const SfFact *fact)
{
	return *grantee_name(fact) == '\0' && *sf_last(fact) == '\0' && class_of(fact) != 'c';
}

static const char *
birthright(const SfFact *fact)
{
	if (strcmp(grantee_name(fact), "public") == 0 && *sf_last(fact) == '\0')
		return sf_public_birthright(class_of(fact));
	return "";
}

static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	SfPrivilegeTarget target = target_of(fact);

	if (is_owner(fact))
		sf_emit(out, "REVOKE ALL ON %s FROM %s", target.on, target.who);
	sf_emit_privileges(out, &target, birthright(fact), sf_attr(fact, "privileges"), 0);
}

static void
drop(SfEmit *out, const SfFact *fact)
{
	SfPrivilegeTarget target = target_of(fact);

	if (is_owner(fact))
	{
		/* An owner who was granted an option keeps it as an entry of its own, to which nothing is added by ALL. */
		if (strchr(sf_attr(fact, "privileges"), '*'))
			sf_emit(out, "REVOKE GRANT OPTION FOR ALL ON %s FROM %s", target.on, target.who);
		sf_emit(out, "GRANT ALL ON %s TO %s", target.on, target.who);
	}
	else
		change(out, fact, fact->parent, sf_attr(fact, "privileges"), birthright(fact));
}

/* What another role gave has to go before that one loses its option, and comes when it has another. */
static bool
owner_gives(const SfFact *old, const SfFact *new)
{
	const char *had = sf_attr(old, "privileges");
	const char *left = sf_privileges_left(had, had, sf_attr(new, "privileges"));

	return *sf_last(old) == '\0' || strcmp(left, sf_privileges_left(had, "", "")) == 0;
}

static void
alter_privileges(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	change(out, new, old->parent, sf_attr(old, "privileges"), sf_attr(new, "privileges"));
}

static char *
label(const SfFact *fact)
{
	return psprintf("grant to %s on %s", *grantee_name(fact) ? grantee_name(fact) : "its owner",
					sf_fact_label(fact->parent));
}

static const SfAttr attrs[] = {
	{"privileges", SF_ALTER, alter_privileges, 0, owner_gives},
};

const SfKind sf_kind_grant = {
	.name = "grant",
	.weight = 910,
	.attrs = attrs,
	.nattrs = lengthof(attrs),
	.drops_with_parent = true,
	.survives_alter = true,
	.role_names = 2,
	.create = create,
	.drop = drop,
	.label = label,
};

/* ---- members of extensions, which are no facts: {extension, words, address, column or '', grantee, grantor} ---- */

static SfPrivilegeTarget
member_target(const SfFact *fact)
{
	SfPrivilegeTarget target = {""};

	target.on = psprintf("%s %s", fact->name[1], fact->name[2]);
	target.column = *fact->name[3] ? sf_ident(fact->name[3]) : NULL;
	target.who = role_name(grantee_name(fact), sf_ident(sf_attr(fact, "owner")));
	target.as = *sf_last(fact) ? sf_last(fact) : NULL;
	return target;
}

static void
create_member(SfEmit *out, const SfFact *fact, List *folded)
{
	SfPrivilegeTarget target = member_target(fact);

	sf_emit_privileges(out, &target, sf_attr(fact, "birth"), sf_attr(fact, "privileges"), 0);
}

static void
drop_member(SfEmit *out, const SfFact *fact)
{
	SfPrivilegeTarget target = member_target(fact);

	sf_emit_privileges(out, &target, sf_attr(fact, "privileges"), sf_attr(fact, "birth"), 0);
}

static void
alter_member(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	SfPrivilegeTarget target = member_target(new);

	sf_emit_privileges(out, &target, sf_attr(old, "privileges"), sf_attr(new, "privileges"), 0);
}

static char *
label_member(const SfFact *fact)
{
	const char *column = *fact->name[3] ? psprintf("column %s of ", fact->name[3]) : "";

	return psprintf("grant to %s on %s%s %s of extension %s", *grantee_name(fact) ? grantee_name(fact) : "its owner",
					column, fact->name[1], fact->name[2], fact->name[0]);
}

static const SfAttr member_attrs[] = {
	{"privileges", SF_ALTER, alter_member},
	{"birth", SF_IGNORE},
	{"owner", SF_IGNORE},
};

const SfKind sf_kind_member_grant = {
	.name = "member grant",
	.weight = 911,
	.attrs = member_attrs,
	.nattrs = lengthof(member_attrs),
	.about_member = true,
	.role_names = 2,
	.create = create_member,
	.drop = drop_member,
	.label = label_member,
};

/* ---- default privileges: {role, schema or '', objects, grantee} ---- */

static SfPrivilegeTarget
default_target(const SfFact *fact)
{
	SfPrivilegeTarget target = {0};

	target.head = psprintf("ALTER DEFAULT PRIVILEGES FOR ROLE %s%s%s ", sf_ident(fact->name[0]),
						   *fact->name[1] ? " IN SCHEMA " : "", *fact->name[1] ? sf_ident(fact->name[1]) : "");
	target.on = fact->name[2];
	target.who = role_name(fact->name[3], "");
	return target;
}

/* In one schema they begin with nothing, for all schemas with what is built in. */
static const char *
default_birthright(const SfFact *fact)
{
	return *fact->name[1] == '\0' && strcmp(fact->name[3], "public") == 0
			   ? sf_public_birthright(*sf_attr(fact, "letter"))
			   : "";
}

static bool
is_own(const SfFact *fact)
{
	return *fact->name[1] == '\0' && strcmp(fact->name[3], fact->name[0]) == 0;
}

static void
create_default(SfEmit *out, const SfFact *fact, List *folded)
{
	SfPrivilegeTarget target = default_target(fact);

	if (is_own(fact))
		sf_emit(out, "%sREVOKE ALL ON %s FROM %s", target.head, target.on, target.who);
	sf_emit_privileges(out, &target, default_birthright(fact), sf_attr(fact, "privileges"), 0);
}

static void
drop_default(SfEmit *out, const SfFact *fact)
{
	SfPrivilegeTarget target = default_target(fact);

	if (is_own(fact))
		sf_emit(out, "%sGRANT ALL ON %s TO %s", target.head, target.on, target.who);
	else
		sf_emit_privileges(out, &target, sf_attr(fact, "privileges"), default_birthright(fact), 0);
}

static void
alter_default(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	SfPrivilegeTarget target = default_target(new);

	sf_emit_privileges(out, &target, sf_attr(old, "privileges"), sf_attr(new, "privileges"), 0);
}

static char *
label_default(const SfFact *fact)
{
	return psprintf("default privileges of %s on %s%s%s to %s", fact->name[0], fact->name[2],
					*fact->name[1] ? " in schema " : "", fact->name[1], fact->name[3]);
}

static const SfAttr default_attrs[] = {
	{"privileges", SF_ALTER, alter_default},
	{"role", SF_REPLACE, NULL, SF_ATTR_ROLE},
	{"grantee", SF_REPLACE, NULL, SF_ATTR_ROLE},
	{"letter", SF_IGNORE},
};

/* They come last: what the plan creates is created under those that were there before. */
const SfKind sf_kind_default_privileges = {
	.name = "default privileges",
	.weight = 940,
	.role_names = 1,
	.attrs = default_attrs,
	.nattrs = lengthof(default_attrs),
	.drops_with_parent = true,
	.create = create_default,
	.drop = drop_default,
	.label = label_default,
};

/* ---- birth ---- */

/* The object's own fact for a grantee: what the model wants; NULL: acldefault()'s. */
static const SfFact *
wanted_grant(const SfFact *object, const char *grantee)
{
	ListCell   *lc;

	foreach(lc, object->children)
	{
		const SfFact *child = lfirst(lc);

		if (child->kind == &sf_kind_grant && strcmp(grantee_name(child), grantee) == 0 && *sf_last(child) == '\0')
			return child;
	}
	return NULL;
}

/* What the object's schema was called: its default privileges are those of that name's. */
static const char *
old_schema(const SfFact *object)
{
	return object->parent && object->parent->twin ? object->parent->twin->name[0] : object->name[0];
}

/* The default privileges of the running role that act on an object for a grantee: for all schemas or in its own. */
static const SfFact *
acting_default(const SfEmit *out, const SfFact *object, const char *schema, const char *objects, const char *grantee)
{
	char	   *names[4] = {unconstify(char *, out->role), unconstify(char *, schema), unconstify(char *, objects),
	unconstify(char *, grantee)};

	return sf_base_find_named(out->from, sf_kind_default_privileges.name, 4, names);
}

static void
mend_birth(SfEmit *out, const SfFact *object, const SfFact *acting)
{
	const char *grantee = acting->name[3];
	bool		everywhere = *acting->name[1] == '\0';
	const SfFact *other = acting_default(out, object, everywhere ? old_schema(object) : "", acting->name[2], grantee);
	const SfFact *wanted = wanted_grant(object, grantee);
	const char *builtin = strcmp(grantee, "public") == 0 ? sf_public_birthright(object->kind->acl_class) : "";
	const SfFact *global = everywhere ? acting : other;
	const SfFact *local = everywhere ? other : acting;
	SfPrivilegeTarget target = {""};

	/* Both act together; it is mended once. */
	if (everywhere && local && object->kind->acl_class != 'n')
		return;
	target.on = psprintf("%s %s", sf_privilege_words(object->kind->acl_class), object_name(object));
	target.who = role_name(grantee, "");
	sf_emit_privileges(out, &target,
					   sf_privileges_union(global ? sf_attr(global, "privileges") : builtin,
										   local ? sf_attr(local, "privileges") : ""),
					   wanted ? sf_attr(wanted, "privileges") : builtin, wanted ? SF_REVOKE_ONLY : 0);
}

void
sf_emit_birth(SfEmit *out, const SfFact *object)
{
	ListCell   *lc;
	char		acl_class = object->kind->acl_class;

	if (out->role == NULL || out->from == NULL || acl_class == 0 || acl_class == 'c')
		return;
	foreach(lc, out->from->facts)
	{
		const SfFact *fact = lfirst(lc);

		if (fact->kind == &sf_kind_default_privileges && strcmp(fact->name[0], out->role) == 0 &&
			*sf_attr(fact, "letter") == acl_class && strcmp(fact->name[3], out->role) != 0 &&
			(*fact->name[1] == '\0' || (acl_class != 'n' && strcmp(fact->name[1], old_schema(object)) == 0)))
			mend_birth(out, object, fact);
	}
}
