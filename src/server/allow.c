/*
 * allow.c - what a text may do in a scratch: a list of statements, at any depth.
 *
 * A scratch is a database, not a sandbox: roles, other databases, files and the server's settings are all within
 * reach of a statement there, and of one in a DO block or a function's body.  The worker installs a ProcessUtility
 * hook in itself (no preload) that lets pass what is listed here; what is not listed, as a statement of a future
 * major, is refused.  Rows of shared catalogs are protected in the executor.  No memory, no locks; the process does
 * one job.
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
#include "catalog/catalog.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_subscription.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parsetree.h"
#include "tcop/cmdtag.h"
#include "tcop/utility.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "server/internal.h"

typedef enum Verdict
{
	ALLOW,
	REFUSE,
	SKIP,						/* without effect here, and without a word */
	SKIP_NOTICE,				/* without effect here, which is said */
	ASK							/* the function decides; it may change the statement */
} Verdict;

typedef struct Rule
{
	NodeTag		tag;
	Verdict		verdict;
	const char *why;			/* DETAIL of a refusal */
	Verdict		(*ask) (Node *node, const char **why);
} Rule;

static ProcessUtility_hook_type next_utility = NULL;
static ExecutorStart_hook_type next_executor_start = NULL;
static object_access_hook_type next_access = NULL;
static bool everything = false;

static const char shared[] = "It changes what all databases of the server share.";
static const char other_database[] = "It reaches out of the database.";
static const char publisher[] = "It would connect to the publisher.";
static const char files[] = "It reads or writes files, or a client's data.";
static const char session[] = "It concerns the session, which here is a background worker's.";
static const char transactions[] = "Transactions are schemaflow's own here.";
static const char extensions[] = "Extensions are made before the text runs, for a CREATE EXTENSION of its own.";
static const char maintenance[] = "It is maintenance, which is not part of a schema.";

/* SET: the text's own settings are its affair, except as whom and how we talk with it. */
static Verdict
ask_set(Node *node, const char **why)
{
	VariableSetStmt *stmt = (VariableSetStmt *) node;

	if (!stmt->name)
		return ALLOW;			/* RESET ALL */
	if (pg_strcasecmp(stmt->name, "role") == 0 || pg_strcasecmp(stmt->name, "session_authorization") == 0)
	{
		*why = "Text runs with its owner's rights and cannot become another role.";
		return REFUSE;
	}
	if (stmt->kind == VAR_SET_MULTI)
	{
		*why = transactions;
		return REFUSE;
	}
	/* A dump says how its file was encoded; by now it is a text of this database. */
	if (pg_strcasecmp(stmt->name, "client_encoding") == 0)
		return SKIP;
	return ALLOW;
}

/* A subscription in a scratch must not subscribe. */
static Verdict
ask_create_subscription(Node *node, const char **why)
{
	static const char *const connecting[] = {"connect", "enabled", "create_slot", "copy_data"};
	CreateSubscriptionStmt *stmt = (CreateSubscriptionStmt *) node;
	List	   *kept = NIL;
	ListCell   *lc;

	foreach(lc, stmt->options)
	{
		DefElem    *option = lfirst_node(DefElem, lc);
		bool		connects = false;

		for (int i = 0; i < lengthof(connecting); i++)
			connects |= strcmp(option->defname, connecting[i]) == 0;
		if (!connects)
			kept = lappend(kept, option);
	}
	stmt->options = lappend(kept, makeDefElem("connect", (Node *) makeString("false"), -1));
	return ALLOW;
}

/* Nor later: it stays disabled and looks at no publisher. */
static Verdict
ask_alter_subscription(Node *node, const char **why)
{
	AlterSubscriptionStmt *stmt = (AlterSubscriptionStmt *) node;
	ListCell   *lc;

	foreach(lc, stmt->options)
	{
		DefElem    *option = lfirst_node(DefElem, lc);

		if (strcmp(option->defname, "enabled") == 0)
			option->arg = (Node *) makeString("false");
		/* These are changed at the publisher, too. */
		if (strcmp(option->defname, "two_phase") == 0 || strcmp(option->defname, "failover") == 0)
		{
			*why = publisher;
			return REFUSE;
		}
	}
	switch (stmt->kind)
	{
		case ALTER_SUBSCRIPTION_OPTIONS:
		case ALTER_SUBSCRIPTION_CONNECTION:
		case ALTER_SUBSCRIPTION_ENABLED:
			return ALLOW;
		case ALTER_SUBSCRIPTION_SET_PUBLICATION:
		case ALTER_SUBSCRIPTION_ADD_PUBLICATION:
		case ALTER_SUBSCRIPTION_DROP_PUBLICATION:
			stmt->options = list_make1(makeDefElem("refresh", (Node *) makeString("false"), -1));
			return ALLOW;
		default:
			*why = publisher;
			return REFUSE;
	}
}

/* With a slot, the server would drop that at the publisher. */
static Verdict
ask_drop_subscription(Node *node, const char **why)
{
	HeapTuple	tuple = SearchSysCache2(SUBSCRIPTIONNAME, MyDatabaseId,
										CStringGetDatum(((DropSubscriptionStmt *) node)->subname));
	bool		slotless = true;

	if (HeapTupleIsValid(tuple))
	{
		(void) SysCacheGetAttr(SUBSCRIPTIONNAME, tuple, Anum_pg_subscription_subslotname, &slotless);
		ReleaseSysCache(tuple);
	}
	*why = publisher;
	return slotless ? ALLOW : REFUSE;
}

/* Event triggers stay disabled, whatever is said of them (evtrigger.c). */
static Verdict
ask_alter_event_trigger(Node *node, const char **why)
{
	AlterEventTrigStmt *stmt = (AlterEventTrigStmt *) node;

	sf_event_trigger_said(stmt->trigname, stmt->tgenabled);
	stmt->tgenabled = TRIGGER_DISABLED;
	return ALLOW;
}

/* COMMENT and SECURITY LABEL on shared objects. */
static Verdict
ask_about_object(ObjectType type, const char **why)
{
	if (type == OBJECT_DATABASE || type == OBJECT_ROLE || type == OBJECT_TABLESPACE)
	{
		*why = shared;
		return REFUSE;
	}
	return ALLOW;
}

static Verdict
ask_comment(Node *node, const char **why)
{
	return ask_about_object(((CommentStmt *) node)->objtype, why);
}

static Verdict
ask_label(Node *node, const char **why)
{
	return ask_about_object(((SecLabelStmt *) node)->objtype, why);
}

static Verdict
ask_rename(Node *node, const char **why)
{
	return ask_about_object(((RenameStmt *) node)->renameType, why);
}

static Verdict
ask_owner(Node *node, const char **why)
{
	return ask_about_object(((AlterOwnerStmt *) node)->objectType, why);
}

static Verdict
ask_grant(Node *node, const char **why)
{
	ObjectType	type = ((GrantStmt *) node)->objtype;

	if (type == OBJECT_PARAMETER_ACL)
	{
		*why = shared;
		return REFUSE;
	}
	return ask_about_object(type, why);
}

/*
 * What orders a table by an index leaves a mark there, which is part of the schema; there are no rows to order.  Of a
 * partitioned table it would commit inside, and marks its partitions.
 */
static Verdict
ask_cluster(Node *node, const char **why)
{
	const ClusterStmt *stmt = (const ClusterStmt *) node;
	Oid			table = stmt->relation ? RangeVarGetRelid(stmt->relation, NoLock, true) : InvalidOid;

	*why = maintenance;
	if (stmt->indexname == NULL)
		return REFUSE;
	if (!OidIsValid(table) || get_rel_relkind(table) != RELKIND_PARTITIONED_TABLE)
		return ALLOW;
	*why = "A partitioned table has no mark for it: say it of its partitions.";
	return REFUSE;
}

/* In order of name.  What is not here is refused. */
static const Rule rules[] = {
	{T_AlterCollationStmt, ALLOW, NULL, NULL},
	{T_AlterDatabaseRefreshCollStmt, REFUSE, shared, NULL},
	{T_AlterDatabaseSetStmt, REFUSE, shared, NULL},
	{T_AlterDatabaseStmt, REFUSE, shared, NULL},
	{T_AlterDefaultPrivilegesStmt, ALLOW, NULL, NULL},
	{T_AlterDomainStmt, ALLOW, NULL, NULL},
	{T_AlterEnumStmt, ALLOW, NULL, NULL},
	{T_AlterEventTrigStmt, ASK, NULL, ask_alter_event_trigger},
	{T_AlterExtensionContentsStmt, REFUSE, extensions, NULL},
	{T_AlterExtensionStmt, REFUSE, extensions, NULL},
	{T_AlterFdwStmt, ALLOW, NULL, NULL},
	{T_AlterForeignServerStmt, ALLOW, NULL, NULL},
	{T_AlterFunctionStmt, ALLOW, NULL, NULL},
	{T_AlterObjectDependsStmt, ALLOW, NULL, NULL},
	{T_AlterObjectSchemaStmt, ALLOW, NULL, NULL},
	{T_AlterOpFamilyStmt, ALLOW, NULL, NULL},
	{T_AlterOperatorStmt, ALLOW, NULL, NULL},
	{T_AlterOwnerStmt, ASK, NULL, ask_owner},
	{T_AlterPolicyStmt, ALLOW, NULL, NULL},
	{T_AlterPublicationStmt, ALLOW, NULL, NULL},
	{T_AlterRoleSetStmt, REFUSE, shared, NULL},
	{T_AlterRoleStmt, REFUSE, shared, NULL},
	{T_AlterSeqStmt, ALLOW, NULL, NULL},
	{T_AlterStatsStmt, ALLOW, NULL, NULL},
	{T_AlterSubscriptionStmt, ASK, NULL, ask_alter_subscription},
	{T_AlterSystemStmt, REFUSE, shared, NULL},
	{T_AlterTSConfigurationStmt, ALLOW, NULL, NULL},
	{T_AlterTSDictionaryStmt, ALLOW, NULL, NULL},
	{T_AlterTableMoveAllStmt, REFUSE, maintenance, NULL},
	{T_AlterTableSpaceOptionsStmt, REFUSE, shared, NULL},
	{T_AlterTableStmt, ALLOW, NULL, NULL},
	{T_AlterTypeStmt, ALLOW, NULL, NULL},
	{T_AlterUserMappingStmt, ALLOW, NULL, NULL},
	{T_CallStmt, ALLOW, NULL, NULL},
	{T_CheckPointStmt, REFUSE, maintenance, NULL},
	{T_ClosePortalStmt, ALLOW, NULL, NULL},
	{T_ClusterStmt, ASK, NULL, ask_cluster},
	{T_CommentStmt, ASK, NULL, ask_comment},
	{T_CompositeTypeStmt, ALLOW, NULL, NULL},
	{T_ConstraintsSetStmt, ALLOW, NULL, NULL},
	{T_CopyStmt, REFUSE, files, NULL},
	{T_CreateAmStmt, ALLOW, NULL, NULL},
	{T_CreateCastStmt, ALLOW, NULL, NULL},
	{T_CreateConversionStmt, ALLOW, NULL, NULL},
	{T_CreateDomainStmt, ALLOW, NULL, NULL},
	{T_CreateEnumStmt, ALLOW, NULL, NULL},
	{T_CreateEventTrigStmt, ALLOW, NULL, NULL},
	{T_CreateExtensionStmt, REFUSE, extensions, NULL},
	{T_CreateFdwStmt, ALLOW, NULL, NULL},
	{T_CreateForeignServerStmt, ALLOW, NULL, NULL},
	{T_CreateForeignTableStmt, ALLOW, NULL, NULL},
	{T_CreateFunctionStmt, ALLOW, NULL, NULL},
	{T_CreateOpClassStmt, ALLOW, NULL, NULL},
	{T_CreateOpFamilyStmt, ALLOW, NULL, NULL},
	{T_CreatePLangStmt, ALLOW, NULL, NULL},
	{T_CreatePolicyStmt, ALLOW, NULL, NULL},
	{T_CreatePublicationStmt, ALLOW, NULL, NULL},
	{T_CreateRangeStmt, ALLOW, NULL, NULL},
	{T_CreateRoleStmt, REFUSE, shared, NULL},
	{T_CreateSchemaStmt, ALLOW, NULL, NULL},
	{T_CreateSeqStmt, ALLOW, NULL, NULL},
	{T_CreateStatsStmt, ALLOW, NULL, NULL},
	{T_CreateStmt, ALLOW, NULL, NULL},
	{T_CreateSubscriptionStmt, ASK, NULL, ask_create_subscription},
	{T_CreateTableAsStmt, ALLOW, NULL, NULL},
	{T_CreateTableSpaceStmt, REFUSE, shared, NULL},
	{T_CreateTransformStmt, ALLOW, NULL, NULL},
	{T_CreateTrigStmt, ALLOW, NULL, NULL},
	{T_CreateUserMappingStmt, ALLOW, NULL, NULL},
	{T_CreatedbStmt, REFUSE, shared, NULL},
	{T_DeallocateStmt, ALLOW, NULL, NULL},
	{T_DeclareCursorStmt, ALLOW, NULL, NULL},
	{T_DefineStmt, ALLOW, NULL, NULL},
	{T_DiscardStmt, REFUSE, session, NULL},
	{T_DoStmt, ALLOW, NULL, NULL},
	{T_DropOwnedStmt, REFUSE, shared, NULL},
	{T_DropRoleStmt, REFUSE, shared, NULL},
	{T_DropStmt, ALLOW, NULL, NULL},
	{T_DropSubscriptionStmt, ASK, NULL, ask_drop_subscription},
	{T_DropTableSpaceStmt, REFUSE, shared, NULL},
	{T_DropUserMappingStmt, ALLOW, NULL, NULL},
	{T_DropdbStmt, REFUSE, shared, NULL},
	{T_ExecuteStmt, ALLOW, NULL, NULL},
	{T_ExplainStmt, ALLOW, NULL, NULL},
	{T_FetchStmt, ALLOW, NULL, NULL},
	{T_GrantRoleStmt, SKIP_NOTICE, NULL, NULL}, /* a model refers to roles; at top level it is skipped, too */
	{T_GrantStmt, ASK, NULL, ask_grant},
	{T_ImportForeignSchemaStmt, REFUSE, other_database, NULL},
	{T_IndexStmt, ALLOW, NULL, NULL},
	{T_ListenStmt, REFUSE, session, NULL},
	{T_LoadStmt, REFUSE, files, NULL},
	{T_LockStmt, ALLOW, NULL, NULL},
	{T_NotifyStmt, REFUSE, other_database, NULL},
	{T_PrepareStmt, ALLOW, NULL, NULL},
	{T_ReassignOwnedStmt, REFUSE, shared, NULL},
	{T_RefreshMatViewStmt, ALLOW, NULL, NULL},
	{T_ReindexStmt, REFUSE, maintenance, NULL},
	{T_RenameStmt, ASK, NULL, ask_rename},
	{T_ReplicaIdentityStmt, ALLOW, NULL, NULL},
	{T_RuleStmt, ALLOW, NULL, NULL},
	{T_SecLabelStmt, ASK, NULL, ask_label},
	{T_TransactionStmt, REFUSE, transactions, NULL},
	{T_TruncateStmt, ALLOW, NULL, NULL},
	{T_UnlistenStmt, REFUSE, session, NULL},
	{T_VacuumStmt, REFUSE, maintenance, NULL},
	{T_VariableSetStmt, ASK, NULL, ask_set},
	{T_VariableShowStmt, ALLOW, NULL, NULL},
	{T_ViewStmt, ALLOW, NULL, NULL}
};

/*
 * Functions of the server that reach out of the database without a statement of their own.  Most are a superuser's; his
 * text is run to be looked at, not to do that.
 */
static const char *const refused_functions[] = {
	"lo_export", "lo_import", "pg_backup_start", "pg_backup_stop", "pg_cancel_backend",
	"pg_copy_logical_replication_slot",
	"pg_copy_physical_replication_slot", "pg_create_logical_replication_slot", "pg_create_physical_replication_slot",
	"pg_create_restore_point", "pg_drop_replication_slot", "pg_log_backend_memory_contexts", "pg_logical_emit_message",
	"pg_notify", "pg_promote", "pg_reload_conf", "pg_replication_origin_advance", "pg_replication_origin_create",
	"pg_replication_origin_drop", "pg_replication_slot_advance", "pg_rotate_logfile", "pg_stat_reset_shared",
	"pg_switch_wal", "pg_terminate_backend", "pg_wal_replay_pause", "pg_wal_replay_resume"
};

static Verdict
judge(Node *node, const char **why)
{
	*why = "It is not on the list of statements that a model may consist of.";
	for (int i = 0; i < lengthof(rules); i++)
	{
		if (rules[i].tag != nodeTag(node))
			continue;
		if (rules[i].verdict == ASK)
			return rules[i].ask(node, why);
		if (rules[i].why)
			*why = rules[i].why;
		return rules[i].verdict;
	}
	return REFUSE;
}

static void
refuse(const char *what, const char *why)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("%s is not allowed in a model or a migration that is checked in a scratch database", what),
			 errdetail("%s", why),
			 errhint("Leave it out of the text, and of the functions and DO blocks that it runs.")));
}

/*
 * The hook.  The statement may belong to a cached plan: a copy is changed, never the original.
 */
static void
check_utility(PlannedStmt *pstmt, const char *query, bool read_only_tree, ProcessUtilityContext context,
			  ParamListInfo params, QueryEnvironment *environment, DestReceiver *dest, QueryCompletion *qc)
{
	const char *why;
	Node	   *node;

	if (!everything)
	{
		if (read_only_tree)
		{
			pstmt = copyObject(pstmt);
			read_only_tree = false;
		}
		node = pstmt->utilityStmt;
		switch (judge(node, &why))
		{
			case SKIP_NOTICE:
				ereport(NOTICE,
						(errmsg("skipped %s", GetCommandTagName(CreateCommandTag(node))), errdetail("%s", shared)));
				return;
			case SKIP:
				return;
			case REFUSE:
				refuse(GetCommandTagName(CreateCommandTag(node)), why);
				break;
			case ALLOW:
			case ASK:
				break;
		}
	}

	if (next_utility)
		next_utility(pstmt, query, read_only_tree, context, params, environment, dest, qc);
	else
		standard_ProcessUtility(pstmt, query, read_only_tree, context, params, environment, dest, qc);

	if (!everything && IsA(pstmt->utilityStmt, CreateEventTrigStmt))
		sf_event_trigger_made(((CreateEventTrigStmt *) pstmt->utilityStmt)->trigname);
}

/*
 * A superuser's text may write to catalogs by hand; not to those that all databases share.
 */
static void
check_executor(QueryDesc *query, int flags)
{
	ListCell   *lc;

	foreach(lc, query->plannedstmt->resultRelations)
	{
		RangeTblEntry *rte = rt_fetch(lfirst_int(lc), query->plannedstmt->rtable);

		if (!everything && IsSharedRelation(rte->relid))
			refuse(psprintf("writing to %s", get_rel_name(rte->relid)), shared);
	}
	if (next_executor_start)
		next_executor_start(query, flags);
	else
		standard_ExecutorStart(query, flags);
}

/*
 * Called before a function runs, and for other things that are not ours.
 */
static void
check_access(ObjectAccessType access, Oid classid, Oid objid, int subid, void *arg)
{
	char	   *name;

	if (next_access)
		next_access(access, classid, objid, subid, arg);
	if (access != OAT_FUNCTION_EXECUTE || everything || objid >= FirstNormalObjectId)
		return;
	name = get_func_name(objid);
	for (int i = 0; name && i < lengthof(refused_functions); i++)
		if (strcmp(name, refused_functions[i]) == 0)
			refuse(psprintf("function %s", name), other_database);
}

/* For statements of our own.  Returns what it was before. */
bool
sf_allow_everything(bool on)
{
	bool		before = everything;

	everything = on;
	return before;
}

void
sf_allow_install(void)
{
	next_utility = ProcessUtility_hook;
	ProcessUtility_hook = check_utility;
	next_executor_start = ExecutorStart_hook;
	ExecutorStart_hook = check_executor;
	next_access = object_access_hook;
	object_access_hook = check_access;
}
