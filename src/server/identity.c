/*
 * identity.c - as whom statements run in a worker.
 *
 * Between statements the worker is the job's role by SET ROLE, with the session user behind it.  While a statement
 * runs the same user id is set with SECURITY_LOCAL_USERID_CHANGE, in which the server refuses to change role and
 * session_authorization: a text that a superuser runs for its owner cannot RESET ROLE and be the superuser.  The
 * context lasts through the statement's commit, where deferred triggers run.  xact.c restores user and context when
 * a transaction aborts.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "commands/dbcommands.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/syscache.h"

#include "compat.h"
#include "server/internal.h"

static Oid	wanted_role = InvalidOid;	/* InvalidOid: a bootstrap job, whose session is that user already */
static bool bootstrap = false;	/* sf_worker_become_bootstrap() */

/* Saved by enter for leave. */
static Oid	saved_user;
static int	saved_context;

bool
sf_identity_is_bootstrap(void)
{
	return bootstrap;
}

/*
 * Make the role the owner of the scratch, and so of schema public.  In a kept scratch this is rolled back with
 * everything else, so that it never stands in the way of DROP ROLE.
 */
static void
own_scratch(Oid role)
{
	Oid			user;
	int			context;

	if (superuser_arg(role))
		return;
	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(BOOTSTRAP_SUPERUSERID, context | SECURITY_LOCAL_USERID_CHANGE);
	(void) AlterDatabaseOwner(get_database_name(MyDatabaseId), role);
	SetUserIdAndSecContext(user, context);
	CommandCounterIncrement();
}

/*
 * Can the session user be that role, as far as the worker sees?
 */
void
sf_identity_check(Oid role)
{
	if (!SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(role)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("role with OID %u does not exist for the background worker", role),
				 errdetail("It has been dropped, or it was created in the transaction that makes this call."),
				 errhint("Commit the transaction, then make the call by itself.")));
	if (!sf_may_set_role(GetSessionUserId(), role))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to run as role \"%s\"", GetUserNameFromId(role, false)),
				 errdetail("Text runs with its owner's rights, and session user \"%s\" is not a member of that role.",
						   GetUserNameFromId(GetSessionUserId(), false)),
				 errhint("Have a member of role \"%s\" or a superuser make this call.",
						 GetUserNameFromId(role, false))));
}

/*
 * SET ROLE, in a transaction of its own when there is none.
 */
void
sf_identity_apply(void)
{
	bool		own_transaction = !IsTransactionState();
	MemoryContext old = CurrentMemoryContext;

	if (!OidIsValid(wanted_role))
		return;
	if (own_transaction)
		StartTransactionCommand();
	sf_identity_check(wanted_role);
	SetConfigOption("role", GetUserNameFromId(wanted_role, false), PGC_USERSET, PGC_S_SESSION);
	if (sf_worker_request()->place != SF_JOB_LIVE)
		own_scratch(wanted_role);
	if (own_transaction)
		CommitTransactionCommand();
	MemoryContextSwitchTo(old);
}

void
sf_identity_start(Oid role)
{
	wanted_role = role;
	bootstrap = false;
	sf_identity_apply();
}

/*
 * Triggers that have been put off belong to the role that we are leaving: they must not run as the next one.
 */
static void
fire_deferred(void)
{
	ConstraintsSetStmt *all;

	if (!IsTransactionState() || bootstrap)
		return;
	all = makeNode(ConstraintsSetStmt);	/* all constraints, immediate */
	sf_identity_enter(SF_FOR_COMMIT);
	AfterTriggerSetState(all);
	sf_identity_leave();
}

void
sf_worker_become(Oid role)
{
	bootstrap = false;
	if (role == wanted_role)
		return;
	fire_deferred();
	if (!OidIsValid(wanted_role) || !OidIsValid(role))
		elog(ERROR, "sf_worker_become() needs a job with a role");	/* cannot happen */
	wanted_role = role;
	sf_identity_apply();
}

void
sf_worker_become_bootstrap(void)
{
	if (sf_worker_request()->place == SF_JOB_LIVE)
		elog(ERROR, "sf_worker_become_bootstrap() is for scratches");	/* cannot happen */
	fire_deferred();
	bootstrap = true;
}

/*
 * Before and after a statement or a commit.  Statements that commit inside cannot carry a security context over their
 * commits; they are utility commands in which the server itself switches to the table's owner before it runs any user
 * code.  A commit, which may run deferred triggers, is never the bootstrap superuser's.
 */
void
sf_identity_enter(SfIdentityFor purpose)
{
	/* An abort may have undone the SET ROLE of a transaction that began after it. */
	if (OidIsValid(wanted_role) && GetUserId() != wanted_role)
		sf_identity_apply();
	GetUserIdAndSecContext(&saved_user, &saved_context);
	if (bootstrap && purpose != SF_FOR_COMMIT)
		SetUserIdAndSecContext(BOOTSTRAP_SUPERUSERID, saved_context | SECURITY_LOCAL_USERID_CHANGE);
	else if (purpose != SF_FOR_COMMITTING_STATEMENT)
		SetUserIdAndSecContext(saved_user, saved_context | SECURITY_LOCAL_USERID_CHANGE);
}

/*
 * GRANT ... GRANTED BY another role than the current one: only that role itself can do it, as far as the server goes.
 * Runs no code of anybody.  Until sf_identity_leave().
 */
void
sf_identity_enter_grantor(const RoleSpec *grantor)
{
	Oid			role = get_rolespec_oid(grantor, false);
	Oid			user;
	int			context;

	GetUserIdAndSecContext(&user, &context);
	if (role == user)
		return;
	if (!bootstrap && !sf_may_set_role(user, role))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to grant as role \"%s\"", GetUserNameFromId(role, false)),
				 errdetail("Role \"%s\" is not a member of it.", GetUserNameFromId(user, false)),
				 errhint("Have a member of that role or a superuser do it.")));
	SetUserIdAndSecContext(role, context);
}

void
sf_identity_leave(void)
{
	SetUserIdAndSecContext(saved_user, saved_context);
}
