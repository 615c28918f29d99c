/*
 * history.c - the store of migrations: their content, its hash, load, store (history.h).
 *
 * Protocol: reads run as the caller under the pins, since everybody may read our tables; writes run under the extension
 * owner's id (server/owner.h) after sf_history_lock(), which is kept to the end of the transaction.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "apply/history.h"
#include "lib/origin.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "server/owner.h"

const char *
sf_direction_name(SfDirection direction)
{
	return direction == SF_UP ? "up" : "down";
}

SfDirection
sf_direction_named(const char *name)
{
	return strcmp(name, sf_direction_name(SF_UP)) == 0 ? SF_UP : SF_DOWN;
}

void
sf_history_lock(void)
{
	Oid			relation = get_relname_relid("migration", get_namespace_oid("schemaflow", false));

	if (!OidIsValid(relation))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table \"schemaflow.migration\" does not exist"),
				 errhint("Make the extension again: DROP EXTENSION schemaflow; CREATE EXTENSION schemaflow.")));
	LockRelationOid(relation, ShareRowExclusiveLock);
}

/* ---- the hash of the content ---- */

/* Length before text, so that no two contents give the same bytes. */
static void
put(StringInfo out, const char *field)
{
	if (field == NULL)
		appendStringInfoString(out, "-;");
	else
		appendStringInfo(out, "%zu:%s;", strlen(field), field);
}

static void
put_step(StringInfo out, const SfStep *step)
{
	/* not the estimate of rows: the same plan in another database is the same migration */
	appendStringInfo(out, "%d;%c;%d;%d%d%d;", step->n, step->class, step->transaction,
					 step->rewrites, step->scans, step->loses_data);
	put(out, step->phase);
	put(out, step->portable);
	put(out, step->object);
	put(out, step->lock);
	put(out, step->lock_table);
	put(out, step->why);
	if (step->archive)
		put(out, step->archive);
}

char *
sf_migration_revision(const SfMigration *migration)
{
	pg_cryptohash_ctx *sha = pg_cryptohash_create(PG_SHA256);
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	StringInfoData text;
	char	   *hex = palloc(SF_REVISION_LEN + 1);
	ListCell   *lc;

	initStringInfo(&text);
	for (int i = 0; i < migration->nparents; i++)
		put(&text, migration->parents[i]);
	appendStringInfo(&text, "%d;%d;", migration->format, migration->major);
	put(&text, migration->message);
	put(&text, migration->summary);
	put(&text, migration->owner);
	put(&text, migration->search_path);
	put(&text, migration->from_hash);
	put(&text, migration->to_hash);
	put(&text, migration->state);
	for (SfDirection d = SF_UP; d <= SF_DOWN; d++)
	{
		put(&text, sf_direction_name(d));
		foreach(lc, migration->steps[d])
			put_step(&text, lfirst(lc));
	}
	if (sha == NULL || pg_cryptohash_init(sha) < 0 ||
		pg_cryptohash_update(sha, (uint8 *) text.data, text.len) < 0 ||
		pg_cryptohash_final(sha, digest, sizeof(digest)) < 0)
		elog(ERROR, "cannot happen: no SHA-256");
	pg_cryptohash_free(sha);
	for (int i = 0; i < SF_REVISION_LEN / 2; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return hex;
}

/* ---- placeholders ---- */

const char *
sf_migration_version(const SfMigration *migration, SfDirection direction)
{
	if (direction == SF_UP)
		return migration->revision;
	return migration->nparents > 0 ? migration->parents[0] : SF_VERSION_BASE;
}

void
sf_migration_resolve(SfMigration *migration)
{
	ListCell   *lc;

	for (SfDirection d = SF_UP; d <= SF_DOWN; d++)
		foreach(lc, migration->steps[d])
		{
			SfStep	   *step = lfirst(lc);

			step->sql = sf_replaced(step->portable, SF_THE_VERSION, sf_literal(sf_migration_version(migration, d)));
			step->sql = sf_replaced(step->sql, SF_THE_SEARCH_PATH, sf_literal(migration->search_path));
		}
}

/* ---- load ---- */

static const char *
interned(const char *text)
{
	return text ? pstrdup(text) : NULL;
}

static List *
load_steps(const char *revision, SfDirection direction)
{
	const char *args[] = {sf_origin_system(), sf_origin_database(), revision, sf_direction_name(direction)};
	SfRows *rows =
		sf_query("SELECT n, phase, class, transaction, sql, object, lock, lock_table, rewrites, scans, "
				 "loses_data, needs_rows_estimate, why, archive FROM schemaflow.step WHERE " SF_ORIGIN_IS_OURS
				 " AND revision = $3 AND direction = $4 ORDER BY n",
				 lengthof(args), args);
	List	   *steps = NIL;

	for (int i = 0; i < rows->nrows; i++)
	{
		SfStep	   *step = palloc0(sizeof(SfStep));

		step->n = pg_strtoint32(sf_cell(rows, i, 0));
		step->phase = interned(sf_cell(rows, i, 1));
		step->class = sf_cell(rows, i, 2)[0];
		step->transaction = pg_strtoint32(sf_cell(rows, i, 3));
		step->sql = step->portable = sf_cell(rows, i, 4);
		step->object = sf_cell(rows, i, 5);
		step->lock = sf_cell(rows, i, 6);
		step->lock_table = sf_cell(rows, i, 7);
		step->rewrites = sf_cell(rows, i, 8)[0] == 't';
		step->scans = sf_cell(rows, i, 9)[0] == 't';
		step->loses_data = sf_cell(rows, i, 10)[0] == 't';
		step->needs_rows_estimate = sf_cell(rows, i, 11) ? pg_strtoint64(sf_cell(rows, i, 11)) : -1;
		step->why = sf_cell(rows, i, 12);
		step->archive = sf_cell(rows, i, 13);
		steps = lappend(steps, step);
		CHECK_FOR_INTERRUPTS();
	}
	return steps;
}

/* As it stands in our tables, whatever its hash. */
static SfMigration *
read_migration(const char *revision)
{
	const char *args[] = {sf_origin_system(), sf_origin_database(), revision};
	int			pins = sf_pins_enter();
	SfRows	   *rows = sf_query("SELECT parents, message, summary, owner, search_path, from_hash, to_hash, state, "
								"format, major, imported, superseded_at IS NOT NULL "
								"FROM schemaflow.migration WHERE " SF_ORIGIN_IS_OURS " AND revision = $3",
								lengthof(args), args);
	SfMigration *migration = palloc0(sizeof(SfMigration));

	if (rows->nrows == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("there is no revision \"%s\"", revision),
				 errhint("SELECT * FROM sf_history() lists the revisions.")));
	migration->revision = pstrdup(revision);
	migration->nparents = sf_text_array_in(sf_cell(rows, 0, 0), &migration->parents);
	migration->message = sf_cell(rows, 0, 1);
	migration->summary = sf_cell(rows, 0, 2);
	migration->owner = sf_cell(rows, 0, 3);
	migration->search_path = sf_cell(rows, 0, 4);
	migration->from_hash = sf_cell(rows, 0, 5);
	migration->to_hash = sf_cell(rows, 0, 6);
	migration->state = sf_cell(rows, 0, 7);
	migration->format = pg_strtoint32(sf_cell(rows, 0, 8));
	migration->major = pg_strtoint32(sf_cell(rows, 0, 9));
	migration->imported = sf_cell(rows, 0, 10)[0] == 't';
	migration->superseded = sf_cell(rows, 0, 11)[0] == 't';
	for (SfDirection d = SF_UP; d <= SF_DOWN; d++)
		migration->steps[d] = load_steps(revision, d);
	sf_pins_leave(pins);
	return migration;
}

bool
sf_migration_is_intact(const char *revision)
{
	return strcmp(sf_migration_revision(read_migration(revision)), revision) == 0;
}

SfMigration *
sf_migration_load(const char *revision)
{
	SfMigration *migration = read_migration(revision);
	char	   *content = sf_migration_revision(migration);

	if (strcmp(content, revision) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("revision \"%s\" was changed after it was stored", revision),
				 errdetail("Its content now gives revision \"%s\".", content),
				 errhint("Bring the file that was exported from it back: SELECT sf_import(file), "
						 "after a DELETE of its rows from schemaflow.step and schemaflow.migration.")));
	sf_migration_resolve(migration);
	return migration;
}

int
sf_transactions(const SfMigration *migration, SfDirection direction)
{
	return migration->steps[direction] == NIL ? 0 : ((SfStep *) llast(migration->steps[direction]))->transaction;
}

List *
sf_transaction_steps(const SfMigration *migration, SfDirection direction, int transaction)
{
	List	   *steps = NIL;
	ListCell   *lc;

	foreach(lc, migration->steps[direction])
		if (((SfStep *) lfirst(lc))->transaction == transaction)
			steps = lappend(steps, lfirst(lc));
	return steps;
}

void
sf_migration_check_owner(const char *revision, const char *owner)
{
	Oid			role = get_role_oid(owner, true);

	if (!OidIsValid(role))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("role \"%s\" does not exist", owner),
				 errdetail("It owns revision \"%s\", whose steps run with its rights.", revision),
				 errhint("CREATE ROLE %s, or plan again: SELECT sf_plan_migration('...').", sf_ident(owner))));
	if (!is_member_of_role(GetUserId(), role))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be a member of role \"%s\" to run revision \"%s\"", owner, revision),
				 errdetail("Its steps run with the rights of the role that planned them.")));
}

/* ---- store ---- */

static const char *
bool_text(bool value)
{
	return value ? "true" : "false";
}

static void
store_step(const char *revision, SfDirection direction, const SfStep *step)
{
	char		class[2] = {step->class, '\0'};
	const char *args[] = {sf_origin_system(), sf_origin_database(), revision, sf_direction_name(direction),
		psprintf("%d", step->n), step->phase, class, psprintf("%d", step->transaction), step->portable, step->object,
		step->lock, step->lock_table, bool_text(step->rewrites), bool_text(step->scans), bool_text(step->loses_data),
	step->needs_rows_estimate < 0 ? NULL : psprintf(INT64_FORMAT, step->needs_rows_estimate), step->why,
	step->archive};

	sf_execute("INSERT INTO schemaflow.step (system_identifier, database_oid, revision, direction, n, phase, class, "
			   "transaction, sql, object, lock, lock_table, rewrites, scans, loses_data, needs_rows_estimate, why, "
			   "archive) VALUES ($1::bigint, $2::oid, $3, $4, $5::integer, $6, $7, $8::integer, $9, $10, $11, $12, "
			   "$13::boolean, "
			   "$14::boolean, $15::boolean, $16::bigint, $17, $18)", lengthof(args), args);
}

static char *
parents_text(const SfMigration *migration)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < migration->nparents; i++)
		appendStringInfo(&out, "%s%s", i > 0 ? "," : "", migration->parents[i]);
	return psprintf("{%s}", out.data);	/* revisions are hex digits */
}

bool
sf_migration_store(const SfMigration *migration, bool revive)
{
	const char *args[] = {sf_origin_system(), sf_origin_database(), migration->revision, parents_text(migration),
		migration->message, migration->summary, migration->owner, migration->search_path, migration->from_hash,
		migration->to_hash, migration->state, psprintf("%d", migration->format), psprintf("%d", migration->major),
	GetUserNameFromId(GetSessionUserId(), false), bool_text(migration->imported)};
	SfOwnerState owner;
	bool		is_new;
	ListCell   *lc;

	sf_owner_enter(&owner);
	is_new = sf_execute("INSERT INTO schemaflow.migration (system_identifier, database_oid, revision, parents, "
						"message, summary, owner, search_path, from_hash, to_hash, state, format, major, planned_at, "
						"planned_by, imported) VALUES ($1::bigint, $2::oid, $3, $4::text[], $5, $6, $7, $8, $9, "
						"$10, $11, $12::integer, $13::integer, clock_timestamp(), $14, $15::boolean) "
						"ON CONFLICT DO NOTHING",
						lengthof(args), args) > 0;
	if (!is_new && revive)
		sf_execute("UPDATE schemaflow.migration SET superseded_at = NULL WHERE " SF_ORIGIN_IS_OURS
				   " AND revision = $3 AND superseded_at IS NOT NULL", 3, args);
	if (is_new)
		for (SfDirection d = SF_UP; d <= SF_DOWN; d++)
			foreach(lc, migration->steps[d])
				store_step(migration->revision, d, lfirst(lc));
	sf_owner_leave(&owner);
	return is_new;
}

void
sf_migration_supersede(const char *revision)
{
	const char *args[] = {sf_origin_system(), sf_origin_database(), revision};
	SfOwnerState owner;

	sf_owner_enter(&owner);
	sf_execute("UPDATE schemaflow.migration SET superseded_at = clock_timestamp() WHERE " SF_ORIGIN_IS_OURS
			   " AND revision = $3", lengthof(args), args);
	sf_owner_leave(&owner);
}

void
sf_journal_add(const char *revision, SfDirection direction, int done, int of, const char *how)
{
	const char *args[] = {sf_origin_system(), sf_origin_database(), revision, sf_direction_name(direction),
		psprintf("%d", done), psprintf("%d", of), how, GetUserNameFromId(GetSessionUserId(), false)};
	SfOwnerState owner;

	sf_owner_enter(&owner);
	sf_execute("WITH j AS (SELECT coalesce(max(entry), 0) + 1 AS entry, $3 AS revision, $4 AS direction, "
			   "$5::integer AS transaction, $6::integer AS transactions, $7 AS how, clock_timestamp() AS done_at, "
			   "$8 AS done_by FROM schemaflow.journal WHERE " SF_ORIGIN_IS_OURS ") "
			   "INSERT INTO schemaflow.journal (system_identifier, database_oid, entry, revision, direction, "
			   "transaction, transactions, how, done_at, done_by, hash) SELECT $1::bigint, $2::oid, j.*, "
			   SF_JOURNAL_HASH("(SELECT hash FROM schemaflow.journal WHERE " SF_ORIGIN_IS_OURS
							   " AND entry = j.entry - 1)", "j") " FROM j", lengthof(args), args);
	sf_owner_leave(&owner);
}
