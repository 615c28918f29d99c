/*
 * privileges.c - see privileges.h.
 */
#include "postgres.h"

#include "kinds/privileges.h"

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
class_of(char acl_class)
{
	for (int i = 0; i < lengthof(classes); i++)
		if (classes[i].acl_class == acl_class)
			return i;
	elog(ERROR, "cannot happen: there are no privileges of class %c", acl_class);
}

const char *
sf_public_birthright(char acl_class)
{
	return classes[class_of(acl_class)].to_public;
}

const char *
sf_privilege_words(char acl_class)
{
	return classes[class_of(acl_class)].words;
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

typedef enum
{
	PLAIN, STARRED, OPTION_ONLY
} Part;

/* Privileges of "has" that "lacks" has not; OPTION_ONLY: grant options, where both have the privilege. */
static List *
beyond(const SfPrivilegeTarget *target, const char *has, const char *lacks, Part part)
{
	List	   *result = NIL;
	char	   *rest = pstrdup(has);
	char	   *state;

	for (char *item = strtok_r(rest, ",", &state); item; item = strtok_r(NULL, ",", &state))
	{
		bool		star,
					other_star,
					both;

		item += *item == ' ';
		star = item[strlen(item) - 1] == '*';
		if (star)
			item[strlen(item) - 1] = '\0';
		both = holds(lacks, item, &other_star);
		if (part == OPTION_ONLY ? (both && star && !other_star) : (!both && star == (part == STARRED)))
			result = lappend(result, target->column ? psprintf("%s (%s)", item, target->column) : item);
	}
	return result;
}

char *
sf_privileges_left(const char *list, const char *old, const char *new)
{
	SfPrivilegeTarget none = {0};
	List	   *items = NIL;
	ListCell   *lc;

	foreach(lc, list_concat(beyond(&none, list, "", PLAIN), beyond(&none, list, "", STARRED)))
	{
		char	   *item = lfirst(lc);
		bool		star,
					old_star,
					new_star;

		holds(list, item, &star);
		if (holds(old, item, &old_star) && !holds(new, item, &new_star))
			continue;
		items = lappend(items, psprintf("%s%s", item, star && !(old_star && !new_star) ? "*" : ""));
	}
	return sf_join(items, ", ");
}

char *
sf_privileges_union(const char *a, const char *b)
{
	SfPrivilegeTarget none = {0};
	List	   *items = NIL;
	ListCell   *lc;
	bool		star;

	/* What b adds, then a with the stars of both. */
	items = list_concat(beyond(&none, b, a, PLAIN), NIL);
	foreach(lc, beyond(&none, b, a, STARRED))
		items = lappend(items, psprintf("%s*", (char *) lfirst(lc)));
	foreach(lc, list_concat(beyond(&none, a, "", PLAIN), beyond(&none, a, "", STARRED)))
	{
		bool		star_b;

		holds(a, lfirst(lc), &star);
		holds(b, lfirst(lc), &star_b);
		items = lappend(items, psprintf("%s%s", (char *) lfirst(lc), star || star_b ? "*" : ""));
	}
	return sf_join(items, ", ");
}

static void
emit(SfEmit *out, const SfPrivilegeTarget *target, List *privileges, const char *verb, const char *preposition,
	 const char *tail)
{
	if (privileges)
		sf_emit(out, "%s%s %s ON %s %s %s%s", target->head, verb, sf_join(privileges, ", "), target->on, preposition,
				target->who, tail);
}

void
sf_emit_privileges(SfEmit *out, const SfPrivilegeTarget *target, const char *old, const char *new, int flags)
{
	List	   *gone = list_concat(beyond(target, old, new, PLAIN), beyond(target, old, new, STARRED));
	List	   *options_gone = beyond(target, old, new, OPTION_ONLY);
	List	   *added = flags & SF_REVOKE_ONLY ? NIL : beyond(target, new, old, PLAIN);
	List	   *added_with_option = flags & SF_REVOKE_ONLY ? NIL :
		list_concat(beyond(target, new, old, STARRED), beyond(target, new, old, OPTION_ONLY));
	const char *by;

	/* The server takes the current role only; who runs the statement becomes that role for it. */
	by = target->as ? psprintf(" GRANTED BY %s", sf_ident(target->as)) : "";
	emit(out, target, gone, "REVOKE", "FROM", by);
	emit(out, target, options_gone, "REVOKE GRANT OPTION FOR", "FROM", by);
	emit(out, target, added, "GRANT", "TO", by);
	emit(out, target, added_with_option, "GRANT", "TO", psprintf(" WITH GRANT OPTION%s", by));
}
