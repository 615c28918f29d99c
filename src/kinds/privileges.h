/*
 * privileges.h - lists of privileges, "INSERT, SELECT*" (sorted, a star for the grant option), and what turns one
 * into another.
 */
#ifndef SF_PRIVILEGES_H
#define SF_PRIVILEGES_H

#include "kinds/kind.h"

typedef struct SfPrivilegeTarget
{
	const char *head;			/* before GRANT and REVOKE: "" or "ALTER DEFAULT PRIVILEGES ... " */
	const char *on;				/* "TABLE public.t" */
	const char *column;			/* SQL name, or NULL */
	const char *who;			/* SQL name of the grantee */
	const char *as;				/* role that grants, unquoted; NULL: the object's owner */
} SfPrivilegeTarget;

#define SF_REVOKE_ONLY	1		/* leave out what is to be granted */

extern void sf_emit_privileges(SfEmit *out, const SfPrivilegeTarget *target, const char *old, const char *new,
							   int flags);

/* The union of two lists. */
extern char *sf_privileges_union(const char *a, const char *b);

/* What is left of a list when all goes that "new" has not of "old". */
extern char *sf_privileges_left(const char *list, const char *old, const char *new);

/* What PUBLIC has of a class (acldefault()'s letter) at birth, and GRANT's words for the class. */
extern const char *sf_public_birthright(char acl_class);
extern const char *sf_privilege_words(char acl_class);

#endif
