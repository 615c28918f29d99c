/*
 * sentry.c - one statement before it runs: who it is, and whether it may (sentry.h).
 *
 * In order: what is nothing for the guard; what is a migration's own step; objects of the migration that is half
 * done; the rules.  Nothing is locked here.  A refusal is logged before the error is raised.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_event_trigger.h"
#include "commands/event_trigger.h"
#include "commands/extension.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "nodes/nodes.h"
#include "tcop/cmdtag.h"
#include "tcop/pquery.h"
#include "tcop/utility.h"
#include "utils/portal.h"
#include "utils/syscache.h"

#include "guard/guard.h"
#include "guard/sentry.h"
#include "guc.h"
#include "lib/origin.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "lib/version.h"
#include "server/owner.h"
#include "server/server.h"

/* ---- is it anything for the guard? ---- */

static bool quiet = false;

void
sf_sentry_quiet(bool on)
{
	quiet = on;
}

bool
sf_sentry_aside(void)
{
	return quiet || creating_extension || IsBinaryUpgrade || !sf_version_fits();
}

/* Not there, disabled (the way out), or not heeded by this session (the other way out). */
static bool
is_installed(void)
{
	HeapTuple	tuple = SearchSysCache1(EVENTTRIGGERNAME, CStringGetDatum(SF_GUARD_START));
	bool		on = false;

	if (HeapTupleIsValid(tuple))
	{
		char		enabled = ((Form_pg_event_trigger) GETSTRUCT(tuple))->evtenabled;

		on = enabled == TRIGGER_FIRES_ALWAYS || (enabled != TRIGGER_DISABLED &&
												 (enabled == TRIGGER_FIRES_ON_REPLICA) ==
												 (SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA));
		ReleaseSysCache(tuple);
	}
	return on;
}

bool
sf_sentry_stands(void)
{
	return IsUnderPostmaster && OidIsValid(MyDatabaseId) && is_installed() && !sf_sentry_aside();
}

/* ---- its text ---- */

/* Statements whose text may hold a password: the log has their command only. */
static const NodeTag secretive[] = {
	T_CreateRoleStmt, T_AlterRoleStmt, T_CreateSubscriptionStmt, T_AlterSubscriptionStmt, T_CreateForeignServerStmt,
	T_AlterForeignServerStmt, T_CreateUserMappingStmt, T_AlterUserMappingStmt, T_CreateFdwStmt, T_AlterFdwStmt,
	T_AlterSystemStmt
};

static bool
is_secretive(const Node *statement)
{
	for (int i = 0; i < lengthof(secretive); i++)
		if (secretive[i] == nodeTag(statement))
			return true;
	return false;
}

static char *
slice(const char *source, int location, int len)
{
	source += Max(location, 0);
	return len > 0 ? pnstrdup(source, len) : pstrdup(source);
}

/*
 * The client's own statement as it was written.  What runs within another one has no text that we could see; the
 * other's may say anything.
 */
static char *
text_of(Node *statement, const char *source, int *at)
{
	ListCell   *lc;

	*at = -1;
	if (is_secretive(statement))
		return psprintf("%s ...", CreateCommandName(statement));
	if (ActivePortal == NULL || ActivePortal->sourceText == NULL)
		return source ? pstrdup(source) : NULL;
	foreach(lc, ActivePortal->stmts)
	{
		const PlannedStmt *planned = lfirst_node(PlannedStmt, lc);

		if (planned->utilityStmt == NULL || !equal(planned->utilityStmt, statement))
			continue;
		*at = Max(planned->stmt_location, 0);
		return slice(ActivePortal->sourceText, planned->stmt_location, planned->stmt_len);
	}
	return psprintf("(within %s)", GetCommandTagName(ActivePortal->commandTag));
}

/* ---- may it? ---- */

/* Of the runner's own row: the revision at hand. */
static char *
running_revision(void)
{
	static SfKeptPlan kept = NULL;
	const char *args[] = {sf_origin_system(), sf_origin_database()};
	SfOwnerState owner;
	SfRows	   *rows;

	sf_owner_enter(&owner);
	rows = sf_query_kept(&kept, "SELECT revision FROM schemaflow.run WHERE " SF_ORIGIN_IS_OURS, lengthof(args), args);
	sf_owner_leave(&owner);
	return rows->nrows > 0 ? sf_cell(rows, 0, 0) : NULL;
}

/* Its migration's script is at work: it passes. */
static bool
is_step(SfSentry *sentry)
{
	char	   *revision = sf_active_step(sentry->statement);

	if (revision == NULL)
		return false;
	sentry->outcome = SF_OUTCOME_MIGRATION;
	sentry->revision = revision;
	sentry->active = NULL;
	return true;
}

static bool
breaks_glass(SfSentry *sentry)
{
	const char *reason = sf_allow_reason();

	if (reason == NULL)
		return false;
	sentry->outcome = SF_OUTCOME_GLASS;
	sentry->reason = pstrdup(reason);
	return true;
}

void
sf_sentry_protect(SfSentry *sentry, const SfTouched *touched)
{
	const SfActive *active = sentry->active;

	if (is_step(sentry))
		return;
	sentry->object = touched->identity;
	sentry->revision = active->revision;
	if (breaks_glass(sentry))
	{
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("%s %s belongs to a migration that is half done", touched->type, touched->identity),
				 errdetail("%s", active->where)));
		return;
	}
	sf_log_refused(sentry);
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_IN_USE),
			 errmsg("%s %s belongs to a migration that is half done", touched->type, touched->identity),
			 errdetail("%s", active->where),
			 errhint("%s", active->call)));
}

static void
protect_active(SfSentry *sentry)
{
	SfTouched  *touched;

	sentry->active = sf_active();
	touched = sentry->active ? sf_active_touched(sentry->active, sentry->statement) : NULL;
	if (touched)
		sf_sentry_protect(sentry, touched);
}

/* ---- the rules ---- */

static void
warn(const SfFinding *finding)
{
	char	   *detail = sf_finding_detail(finding, NIL);

	ereport(WARNING,
			(errcode(ERRCODE_WARNING),
			 errmsg("guard: %s", sf_finding_message(finding)),
			 detail ? errdetail("%s", detail) : 0,
			 errhint("%s", sf_finding_hint(finding, false))));
}

static void
refuse(SfSentry *sentry, const SfFinding *finding, List *findings)
{
	char	   *detail = sf_finding_detail(finding, findings);

	sentry->object = finding->object;
	sf_log_refused(sentry);
	ereport(ERROR,
			(errcode(ERRCODE_S_R_E_PROHIBITED_SQL_STATEMENT_ATTEMPTED),
			 errmsg("guard: %s", sf_finding_message(finding)),
			 detail ? errdetail("%s", detail) : 0,
			 errhint("%s", sf_finding_hint(finding, true))));
}

/* The first that is no advice is the one that is told, when it comes to that. */
static void
judge(SfSentry *sentry)
{
	SfExamination *live = sf_guard_live();
	const SfFinding *worst = NULL;
	List	   *findings;
	ListCell   *lc;

	live->text = sentry->text_at < 0 ? NULL : sentry->text;
	live->offset = sentry->text_at;
	findings = sf_guard_examine(sentry->statement, live);
	live->text = NULL;
	foreach(lc, findings)
	{
		const SfFinding *finding = lfirst(lc);

		if (worst == NULL && sf_rule_level(finding->rule) == SF_LEVEL_ENFORCE)
			worst = finding;
	}
	if (findings == NIL || is_step(sentry))
		return;
	foreach(lc, findings)
		sentry->rules = list_append_unique_ptr(sentry->rules,
											   unconstify(char *, ((SfFinding *) lfirst(lc))->rule->name));
	if (worst && sf_guc_guard() == SF_GUARD_ENFORCE && !breaks_glass(sentry))
		refuse(sentry, worst, findings);
	if (strcmp(sentry->outcome, SF_OUTCOME_ALLOWED) == 0)
		sentry->outcome = SF_OUTCOME_WARNED;
	foreach(lc, findings)
		warn(lfirst(lc));
}

SfSentry *
sf_sentry_meet(Node *statement, const char *source)
{
	SfSentry   *sentry = palloc0(sizeof(SfSentry));

	sentry->statement = statement;
	sentry->command = CreateCommandName(statement);
	sentry->role = GetUserNameFromId(GetUserId(), true);
	sentry->text = text_of(statement, source, &sentry->text_at);
	sentry->outcome = SF_OUTCOME_ALLOWED;
	if (sf_is_worker())
	{
		sentry->outcome = SF_OUTCOME_MIGRATION;
		sentry->revision = running_revision();
	}
	else if (sf_guc_guard() == SF_GUARD_OFF)
		sentry->outcome = SF_OUTCOME_OFF;
	else if (!sf_owner_is_at_work())
	{
		protect_active(sentry);
		if (strcmp(sentry->outcome, SF_OUTCOME_MIGRATION) != 0)
			judge(sentry);
	}
	sentry->before = sf_definitions_before(statement);
	return sentry;
}
