/*
 * hook.c - utility statements that fire no event trigger, where the library is preloaded.
 *
 * Event triggers know nothing of objects that all databases share, of statements that work on files (VACUUM FULL,
 * CLUSTER, REINDEX, TRUNCATE), of themselves, and of anything while they are off.  The hook brings these to the same
 * place before they run, and they are logged there and then: most of them commit inside.
 *
 * A worker of ours makes scratch databases and the like; there it stands aside.
 *
 * The hook is set in sessions that were started with the library, not in those that merely called a function of it: a
 * guard whose reach depends on what a session did before would be none.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/defrem.h"
#include "commands/event_trigger.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"

#include "compat.h"
#include "guard/sentry.h"
#include "server/server.h"

static ProcessUtility_hook_type next_hook = NULL;

static bool
is_full_vacuum(Node *node)
{
	ListCell   *lc;

	foreach(lc, ((VacuumStmt *) node)->options)
	{
		DefElem    *option = lfirst_node(DefElem, lc);

		if (strcmp(option->defname, "full") == 0)
			return defGetBoolean(option);
	}
	return false;
}

/* Names, owners and comments of what all databases share, or of event triggers. */
static bool
is_unseen_type(ObjectType type)
{
	return !EventTriggerSupportsObjectType(type);
}

static bool
renames_unseen(Node *node)
{
	return is_unseen_type(((RenameStmt *) node)->renameType);
}

static bool
owns_unseen(Node *node)
{
	return is_unseen_type(((AlterOwnerStmt *) node)->objectType);
}

static bool
grants_unseen(Node *node)
{
	return is_unseen_type(((GrantStmt *) node)->objtype);
}

static bool
drops_unseen(Node *node)
{
	return is_unseen_type(((DropStmt *) node)->removeType);
}

static bool
reindexes_unseen(Node *node)
{
	return SF_MAJOR < 17;		/* from then on it fires them */
}

/* The statements; when: only those. */
static const struct
{
	NodeTag		tag;
	bool		(*when) (Node *node);
}			unseen[] = {
	{T_VacuumStmt, is_full_vacuum},
	{T_ClusterStmt, NULL},
	{T_ReindexStmt, reindexes_unseen},
	{T_TruncateStmt, NULL},
	{T_CreateRoleStmt, NULL},
	{T_AlterRoleStmt, NULL},
	{T_AlterRoleSetStmt, NULL},
	{T_DropRoleStmt, NULL},
	{T_GrantRoleStmt, NULL},
	{T_CreatedbStmt, NULL},
	{T_AlterDatabaseStmt, NULL},
	{T_AlterDatabaseSetStmt, NULL},
	{T_DropdbStmt, NULL},
	{T_CreateTableSpaceStmt, NULL},
	{T_AlterTableSpaceOptionsStmt, NULL},
	{T_DropTableSpaceStmt, NULL},
	{T_AlterSystemStmt, NULL},
	{T_CreateEventTrigStmt, NULL},
	{T_AlterEventTrigStmt, NULL},
	{T_RenameStmt, renames_unseen},
	{T_AlterOwnerStmt, owns_unseen},
	{T_GrantStmt, grants_unseen},
	{T_DropStmt, drops_unseen}
};

/* Statements of the log that event triggers would see, when they are off for the session (17 and later). */
static bool
misses_triggers(Node *node)
{
	return sf_event_triggers_off() && GetCommandLogLevel(node) == LOGSTMT_DDL;
}

static bool
is_unseen(Node *node)
{
	for (int i = 0; i < lengthof(unseen); i++)
		if (unseen[i].tag == nodeTag(node))
			return unseen[i].when == NULL || unseen[i].when(node) || misses_triggers(node);
	return misses_triggers(node);
}

static void
utility_hook(PlannedStmt *planned, const char *source, bool read_only_tree, ProcessUtilityContext context,
			 ParamListInfo params, QueryEnvironment *environment, DestReceiver *receiver, QueryCompletion *completion)
{
	Node	   *node = planned->utilityStmt;

	if (context != PROCESS_UTILITY_SUBCOMMAND && is_unseen(node) && IsTransactionState() && !sf_is_worker() &&
		sf_sentry_stands())
	{
		SfSentry   *sentry = sf_sentry_meet(node, source);
		SfLogRow	row = {.command = sentry->command};

		sf_log_row(sentry, &row);
	}
	(next_hook ? next_hook : standard_ProcessUtility) (planned, source, read_only_tree, context, params, environment,
													  receiver, completion);
}

void
sf_guard_hook(void)
{
	if (debug_query_string)
		return;					/* loaded by a statement */
	next_hook = ProcessUtility_hook;
	ProcessUtility_hook = utility_hook;
}
