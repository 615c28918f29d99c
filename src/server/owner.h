/*
 * owner.h - write the extension's own tables as its owner (architecture.md, "Journal"); who owns a user's table.
 *
 *	SfOwnerState state;
 *	sf_owner_enter(&state);
 *	... INSERT, UPDATE of own tables ...
 *	sf_owner_leave(&state);
 *
 * Within: never DDL, never a caller's expression, every operator as OPERATOR(pg_catalog.=).  An error in between needs
 * nothing: the abort of the (sub)transaction restores user and settings.
 */
#ifndef SF_OWNER_H
#define SF_OWNER_H

#include "postgres.h"

typedef struct SfOwnerState
{
	Oid			user;
	int			context;
	int			guc_level;
	bool		outermost;
} SfOwnerState;

extern void sf_owner_enter(SfOwnerState *state);
extern void sf_owner_leave(const SfOwnerState *state);

/* Are we within?  Then what runs is a statement of ours, whoever called; nobody else's setting says so. */
extern bool sf_owner_is_at_work(void);

/* Raises, naming whom to become, when the user has not the rights of the table's owner. */
extern void sf_must_own_table(Oid relid);

/* Owner of the extension; raises when it is not installed in this database. */
extern Oid	sf_owner_id(void);

#endif
