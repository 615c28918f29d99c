/*
 * secret.c - SQL entry point for scripts: sf_run_step(), a step with a secret in it.
 *
 * A script holds tokens only (facts/secrets.h), so the server puts the value in.  Runs the statement as the current
 * user, in the current transaction; the value is in the parser's tree and in no text.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parser.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "api/define.h"
#include "api/print.h"
#include "apply/history.h"
#include "facts/secrets.h"
#include "kinds/kind.h"
#include "lib/text.h"

PG_FUNCTION_INFO_V1(sf_run_step);

static void
check_member(const SfMigration *m)
{
	if (!has_privs_of_role(GetUserId(), get_role_oid(m->owner, false)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be a member of role \"%s\" to run revision \"%s\"", m->owner, m->revision),
				 errdetail("The step has a secret in it that belongs to that role."),
				 errhint("SET ROLE %s, or have a member run the script.", sf_ident(m->owner))));
}

static const SfStep *
step_with_secret(const SfMigration *m, SfDirection direction, int n)
{
	ListCell   *lc;

	foreach(lc, m->steps[direction])
	{
		const SfStep *step = lfirst(lc);

		if (step->n == n && sf_mentions_secret(step->sql))
			return step;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("revision \"%s\" has no step %d with a secret in it", m->revision, n),
			 errdetail("Other steps are run as they are printed."),
			 errhint("SELECT n, sql FROM sf_steps(%s, %s) lists the steps.", sf_literal(m->revision),
					 sf_literal(sf_direction_name(direction)))));
	return NULL;				/* not reached */
}

/* sf_run_step(revision, n, direction) */
Datum
sf_run_step(PG_FUNCTION_ARGS)
{
	SfRevision *revision = sf_revision_resolve(sf_revisions(), sf_text_arg(fcinfo, 0, "revision"));
	SfMigration *m;
	SfDirection direction = sf_direction_arg(fcinfo, 2);
	const SfStep *step;
	PlannedStmt *statement = makeNode(PlannedStmt);
	int			n;

	if (revision == NULL || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a revision and a step are wanted"),
				 errdetail("Base has no steps."),
				 errhint("SELECT n, sql FROM sf_steps() lists the steps.")));
	n = PG_GETARG_INT32(1);
	m = sf_migration_load(revision->revision);
	check_member(m);
	step = step_with_secret(m, direction, n);
	statement->commandType = CMD_UTILITY;
	statement->canSetTag = true;
	statement->utilityStmt = linitial_node(RawStmt, raw_parser(step->sql, RAW_PARSE_DEFAULT))->stmt;
	sf_secrets_reveal(statement->utilityStmt);
	ProcessUtility(statement, step->sql, false, PROCESS_UTILITY_QUERY, NULL, NULL, None_Receiver, NULL);
	PG_RETURN_VOID();
}
