/*
 * grant.c - privileges: one fact a (object, grantee, grantor) whose privileges differ from those at birth.
 *
 * Text: "INSERT, SELECT*", sorted, a star for the grant option; '' when all was revoked.  No fact: what acldefault() says
 * (the owner everything, PUBLIC what default_for_public() says).  Grantee '' is the owner, 'public' is PUBLIC.
 */
#include "postgres.h"

#include "kinds/kind.h"

/* GRANT's words for an acldefault() letter, and what PUBLIC has at birth. */
static const struct
{
	char		acl_class;
	const char *words;
	const char *to_public;
}			classes[] =
{
	{'r', "TABLE", ""}, {'c', "TABLE", ""}, {'s', "SEQUENCE", ""}, {'n', "SCHEMA", ""}, {'f', "ROUTINE", "EXECUTE"},
	{'T', "TYPE", "USAGE"}, {'l', "LANGUAGE", "USAGE"}, {'F', "FOREIGN DATA WRAPPER", ""}, {'S', "FOREIGN SERVER", ""},
};

static int
class_of(const SfFact *fact)
{
	for (int i = 0; i < lengthof(classes); i++)
		if (classes[i].acl_class == fact->parent->kind->acl_class)
			return i;
	elog(ERROR, "cannot happen: kind %s has no privileges", fact->parent->kind->name);
}

static const char *
grantee_name(const SfFact *fact)
{
	return fact->name[fact->nname - 2];
}

/* The words behind the object's keyword in its address: 'public.f(integer)'. */
static const char *
object_name(const SfFact *fact)
{
	const SfFact *object = fact->parent->kind->acl_class == 'c' ? fact->parent->parent : fact->parent;
	const char *address = sf_address(object);

	for (const char *p = address; (*p >= 'A' && *p <= 'Z') || *p == ' '; p++)
		if (*p == ' ')
			address = p + 1;
	return address;
}

static const char *
owner_name(const SfFact *fact)
{
	for (const SfFact *object = fact->parent; object; object = object->parent)
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
grantee(const SfFact *fact)
{
	const char *name = grantee_name(fact);

	if (*name == '\0')
		return owner_name(fact);
	return strcmp(name, "public") == 0 ? "PUBLIC" : sf_ident(name);
}

/* Is "privilege" in the list, and with the grant option? */
static bool
holds(const char *list, const char *privilege, bool *grantable)
{
	Size		n = strlen(privilege);

	for (const char *p = list; *p;)
	{
		const char *end = strchr(p, ',') ? strchr(p, ',') : p + strlen(p);
		bool		star = end > p && end[-1] == '*';

		if ((Size) (end - p) - star == n && strncmp(p, privilege, n) == 0)
		{
			*grantable = star;
			return true;
		}
		p = *end ? end + 2 : end;
	}
	*grantable = false;
	return false;
}

/* Privileges of "has" that "lacks" has not; options: only their grant options, where both have the privilege. */
static List *
beyond(const SfFact *fact, const char *has, const char *lacks, bool options, bool starred)
{
	List	   *result = NIL;
	char	   *rest = pstrdup(has);

	for (char *item = strtok(rest, ","); item; item = strtok(NULL, ","))
	{
		bool		star,
					other_star,
					both;

		item += *item == ' ';
		star = item[strlen(item) - 1] == '*';
		if (star)
			item[strlen(item) - 1] = '\0';
		both = holds(lacks, item, &other_star);
		if (options ? (both && star && !other_star) : (!both && star == starred))
			result = lappend(result, fact->parent->kind->acl_class == 'c' ?
							 psprintf("%s (%s)", item, sf_ident(sf_last(fact->parent))) : item);
	}
	return result;
}

static void
change(SfEmit *out, const SfFact *fact, const char *old, const char *new)
{
	const char *words = classes[class_of(fact)].words;
	const char *on = object_name(fact);
	const char *who = grantee(fact);
	List	   *gone = list_concat(beyond(fact, old, new, false, false), beyond(fact, old, new, false, true));
	List	   *options_gone = beyond(fact, old, new, true, false);
	List	   *added = beyond(fact, new, old, false, false);
	List	   *added_with_option = list_concat(beyond(fact, new, old, false, true), beyond(fact, new, old, true, false));

	if (gone)
		sf_emit(out, "REVOKE %s ON %s %s FROM %s", sf_join(gone, ", "), words, on, who);
	if (options_gone)
		sf_emit(out, "REVOKE GRANT OPTION FOR %s ON %s %s FROM %s", sf_join(options_gone, ", "), words, on, who);
	if (added)
		sf_emit(out, "GRANT %s ON %s %s TO %s", sf_join(added, ", "), words, on, who);
	if (added_with_option)
		sf_emit(out, "GRANT %s ON %s %s TO %s WITH GRANT OPTION", sf_join(added_with_option, ", "), words, on, who);
}

/* The owner's birthright is everything; it is spelt ALL since it grows with the majors. */
static bool
is_owner(const SfFact *fact)
{
	return *grantee_name(fact) == '\0' && *sf_last(fact) == '\0' && fact->parent->kind->acl_class != 'c';
}

static const char *
birthright(const SfFact *fact)
{
	return strcmp(grantee_name(fact), "public") == 0 ? classes[class_of(fact)].to_public : "";
}

static void
create(SfEmit *out, const SfFact *fact, List *folded)
{
	if (is_owner(fact))
		sf_emit(out, "REVOKE ALL ON %s %s FROM %s", classes[class_of(fact)].words, object_name(fact), grantee(fact));
	change(out, fact, birthright(fact), sf_attr(fact, "privileges"));
}

static void
drop(SfEmit *out, const SfFact *fact)
{
	if (is_owner(fact))
		sf_emit(out, "GRANT ALL ON %s %s TO %s", classes[class_of(fact)].words, object_name(fact), grantee(fact));
	else
		change(out, fact, sf_attr(fact, "privileges"), birthright(fact));
}

static void
alter_privileges(SfEmit *out, const SfFact *old, const SfFact *new, const bool *changed)
{
	change(out, new, sf_attr(old, "privileges"), sf_attr(new, "privileges"));
}

static char *
label(const SfFact *fact)
{
	return psprintf("grant to %s on %s", *grantee_name(fact) ? grantee_name(fact) : "its owner", sf_fact_label(fact->parent));
}

static const SfAttr attrs[] = {
	{"privileges", SF_ALTER, alter_privileges},
};

const SfKind sf_kind_grant = {
	.name = "grant",
	.weight = 910,
	.role_names = 2,
	.attrs = attrs,
	.nattrs = lengthof(attrs),
	.drops_with_parent = true,
	.survives_alter = true,
	.create = create,
	.drop = drop,
	.label = label,
};
