/*
 * look.c - SQL entry points that only look: sf_diff(), sf_facts(), sf_doctor().
 *
 * Nothing is locked or written.  What is wrong with a database (sf_doctor) is a table of queries, each of which returns
 * its findings with the call that mends them.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "api/define.h"
#include "api/hints.h"
#include "api/result.h"
#include "apply/history.h"
#include "compat.h"
#include "diff/diff.h"
#include "facts/live.h"
#include "kinds/kind.h"
#include "lib/origin.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "plan/old_names.h"
#include "server/server.h"

PG_FUNCTION_INFO_V1(sf_diff);
PG_FUNCTION_INFO_V1(sf_facts);
PG_FUNCTION_INFO_V1(sf_doctor);
PG_FUNCTION_INFO_V1(sf_drop_scratches);

/* ---- sf_diff ---- */

static void
put_diff(SfResult *result, const SfFact *fact, const char *change, char *detail)
{
	char	   *values[] = {pstrdup(fact->kind->name), sf_fact_name(fact), pstrdup(change), detail};

	sf_result_put(result, values);
}

/* Facts in and below fact that are on its side only: they come and go with it. */
static int
count_below(const SfFact *fact)
{
	int			n = 0;
	ListCell   *lc;

	check_stack_depth();
	foreach(lc, fact->children)
	{
		const SfFact *child = lfirst(lc);

		if (!child->unmanaged && child->twin == NULL)
			n += 1 + count_below(child);
	}
	return n;
}

static void
put_one_sided(SfResult *result, const SfFact *fact, const char *change)
{
	int			below;

	if (fact->unmanaged || fact->twin || (fact->parent && !fact->parent->unmanaged && fact->parent->twin == NULL))
		return;
	below = count_below(fact);
	put_diff(result, fact, change, below ? psprintf(below == 1 ? "with %d part" : "with %d parts", below) : NULL);
}

static const char *
shown(const char *value)
{
	return value == NULL ? "(none)" : *value ? value : "''";
}

static void
put_pair(SfResult *result, const SfFact *old, const SfFact *new)
{
	bool	   *changed = sf_diff_attributes(old, new);

	if (sf_diff_renamed(old, new))
		put_diff(result, new, "rename", psprintf("was %s", sf_fact_name(old)));
	for (int i = 0; changed && i < old->kind->nattrs; i++)
		if (changed[i])
			put_diff(result, new, "alter",
					 psprintf("%s: %s -> %s", old->kind->attrs[i].name, shown(old->attr[i]), shown(new->attr[i])));
}

/* What would have to change for the live schema to equal the model. */
Datum
sf_diff(PG_FUNCTION_ARGS)
{
	SfResult   *result = sf_result_begin(fcinfo);
	SfFactBase *model = sf_recorded_model_apart();
	SfFactBase *live;
	List	   *hints,
			   *back;
	ListCell   *lc;

	live = sf_live_facts_apart();
	sf_scope(live, model);
	hints = sf_hints_load(live, model, &back);
	sf_plan_old_names(live, model, hints);
	sf_diff_pair(live, model, hints);
	foreach(lc, live->facts)
	{
		SfFact	   *fact = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		if (fact->twin == NULL)
			put_one_sided(result, fact, "drop");
		else if (!fact->unmanaged)
			put_pair(result, fact, fact->twin);
	}
	foreach(lc, model->facts)
		put_one_sided(result, lfirst(lc), "create");
	return (Datum) 0;
}

/* ---- sf_facts ---- */

/* Is it what the argument names: by name, label or key; or in that? */
static bool
is_named(const SfFact *fact, const char *object)
{
	for (; fact; fact = fact->parent)
		if (strcmp(sf_fact_name(fact), object) == 0 || strcmp(fact->key, object) == 0 ||
			strcmp(sf_fact_label(fact), object) == 0)
			return true;
	return false;
}

Datum
sf_facts(PG_FUNCTION_ARGS)
{
	char	   *object = PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0));
	SfResult   *result = sf_result_begin(fcinfo);
	SfFactBase *live = sf_live_facts();
	ListCell   *lc;
	bool		found = false;

	sf_base_finish(live);
	foreach(lc, live->facts)
	{
		SfFact	   *fact = lfirst(lc);
		char	   *values[] = {pstrdup(fact->kind->name), sf_fact_name(fact), NULL, NULL};
		int			n = 0;

		CHECK_FOR_INTERRUPTS();
		if (object && !is_named(fact, object))
			continue;
		found = true;
		for (int i = 0; i < fact->kind->nattrs; i++)
			if (fact->attr[i])
			{
				values[2] = pstrdup(fact->kind->attrs[i].name);
				values[3] = fact->attr[i];
				sf_result_put(result, values);
				n++;
			}
		if (n == 0)
			sf_result_put(result, values);
	}
	if (object && !found)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("there is no object \"%s\"", object),
				 errhint("Write its name with the schema, as in public.users or public.users.phone: "
						 "SELECT DISTINCT object FROM sf_facts() lists them.")));
	return (Datum) 0;
}

/* ---- sf_doctor ---- */

#define OURS(alias) \
	alias ".system_identifier OPERATOR(pg_catalog.=) $1::pg_catalog.int8 AND " \
	alias ".database_oid OPERATOR(pg_catalog.=) $2::pg_catalog.oid AND " alias ".trusted"

/* Each returns problem, detail, remedy; $1, $2: this database's origin, $3, $4: our fact format and major. */
static const char *const examinations[] = {
	/*
	 * An update of our tables needs a replica identity on a publisher, and the subscribers have no such tables (E36).
	 */
	"SELECT 'publication ' || quote_ident(pubname) || ' is FOR ALL TABLES',"
	" 'It publishes the tables of schemaflow too; subscribers without them stop.',"
	" 'CREATE PUBLICATION ... FOR TABLES IN SCHEMA ...; then DROP PUBLICATION ' || quote_ident(pubname)"
	" FROM pg_publication WHERE puballtables ORDER BY pubname",

	"SELECT 'index ' || i.indexrelid::regclass || ' is invalid',"
	" 'It slows writes down and serves no query: CREATE INDEX CONCURRENTLY failed.',"
	" 'DROP INDEX CONCURRENTLY ' || i.indexrelid::regclass"
	" FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
	" WHERE NOT i.indisvalid AND c.relkind = 'i'"
	" AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)"
	" ORDER BY i.indexrelid::regclass::text",

	"SELECT 'constraint ' || quote_ident(conname) || ' on ' || coalesce(nullif(conrelid, 0)::regclass::text,"
	" contypid::regtype::text) || ' is not valid',"
	" 'New rows are checked; those that were there before are not.',"
	" CASE WHEN conrelid <> 0 THEN 'ALTER TABLE ' || conrelid::regclass ELSE 'ALTER DOMAIN ' || contypid::regtype END"
	" || ' VALIDATE CONSTRAINT ' || quote_ident(conname)"
	" FROM pg_constraint WHERE NOT convalidated ORDER BY conrelid::regclass::text, conname",

	"SELECT 'no model is recorded', 'There is nothing to compare the live schema with.',"
	" 'SELECT * FROM sf_define(ddl), or SELECT * FROM sf_adopt()'"
	" WHERE NOT EXISTS (SELECT FROM schemaflow.unit u WHERE " OURS("u") ")"
	" AND NOT EXISTS (SELECT FROM schemaflow.unit)",

	"SELECT 'the model was recorded by another version',"
	" 'Its facts are of format ' || format || ' and PostgreSQL ' || major || '.',"
	" 'SELECT count(*) FROM sf_diff() reads them anew'"
	" FROM (SELECT DISTINCT format, major FROM schemaflow.declaration d WHERE " OURS("d") ") d"
	" WHERE format <> $3::integer OR major <> $4::integer",

	"SELECT 'this database is a copy',"
	" 'Its model and history were recorded in another one: a restore, a template or a replica.',"
	" 'SELECT * FROM sf_adopt_restored()'"
	" WHERE EXISTS (SELECT FROM schemaflow.unit u WHERE NOT (" OURS("u") ")"
	" UNION ALL SELECT FROM schemaflow.migration m WHERE NOT (" OURS("m") "))"
	" AND NOT EXISTS (SELECT FROM schemaflow.unit u WHERE " OURS("u")
	" UNION ALL SELECT FROM schemaflow.migration m WHERE " OURS("m") ")",

	"SELECT 'revision ' || r.revision || ' is half done',"
	" r.transaction || ' of ' || r.transactions || ' transactions ' || r.direction || ' are done.',"
	" CASE WHEN r.how = '" SF_HOW_ABORT "' THEN 'CALL sf_abort()'"
	" WHEN r.direction = 'up' THEN 'CALL sf_upgrade(''' || r.revision || '''), or CALL sf_abort()'"
	" ELSE 'CALL sf_downgrade(''' || coalesce(m.parents[1], 'base') || '''), or CALL sf_abort()' END"
	" FROM (SELECT DISTINCT ON (revision) * FROM schemaflow.journal j WHERE " OURS("j")
	" ORDER BY revision, entry DESC) r JOIN schemaflow.migration m USING (system_identifier, database_oid, revision)"
	" WHERE r.transaction < r.transactions",

	"SELECT 'the journal was changed after it was written',"
	" 'Entry ' || entry || ' (revision ' || revision || ') is not what was written, or the one before it is not.',"
	" 'Compare schemaflow.journal with a backup; SELECT sf_stamp(revision, true) says where the database stands'"
	" FROM (SELECT j.*, " SF_JOURNAL_HASH("lag(j.hash) OVER (ORDER BY j.entry)", "j") " AS now,"
	" max(j.hash) OVER (ORDER BY j.entry ROWS UNBOUNDED PRECEDING) IS NOT NULL AS hashed"
	" FROM schemaflow.journal j WHERE " OURS("j") ") j"
	" WHERE hashed AND hash IS DISTINCT FROM now ORDER BY entry LIMIT 1",

	"SELECT 'the glass is broken for role ' || quote_ident(a.role),"
	" 'Until ' || to_char(a.until, 'YYYY-MM-DD HH24:MI') || ', by ' || a.allowed_by || ': ' || a.reason || '.',"
	" format('SELECT sf_allow(%L, %L, %L)', '', '0', a.role)"
	" FROM schemaflow.guard_allowance a WHERE " OURS("a") " AND a.until > clock_timestamp() ORDER BY a.role",

	"SELECT 'event trigger ' || quote_ident(e.evtname) || ' runs on DDL',"
	" 'It calls ' || e.evtfoid::regprocedure || ', which may change or refuse steps of migrations.',"
	" 'Look at it; ALTER EVENT TRIGGER ' || quote_ident(e.evtname) || ' DISABLE while a migration runs'"
	" FROM pg_event_trigger e WHERE e.evtenabled <> 'D' AND NOT EXISTS (SELECT FROM pg_depend d"
	" WHERE d.classid = 'pg_event_trigger'::regclass AND d.objid = e.oid AND d.deptype = 'e')"
	" AND e.evtfoid <> 'schemaflow.sf_guard'::regproc ORDER BY e.evtname",

	"SELECT CASE WHEN e.oid IS NULL THEN 'the guard''s event trigger ' || w.name || ' is gone'"
	" WHEN e.evtfoid <> 'schemaflow.sf_guard'::regproc THEN 'event trigger ' || w.name || ' is not the guard''s'"
	" ELSE 'the guard''s event trigger ' || w.name || ' is disabled' END,"
	" 'The guard was made on ' || pg_catalog.to_char(l.logged_at, 'YYYY-MM-DD HH24:MI') || ' by ' || l.session_role"
	" || '; what it met is not guarded now.',"
	" CASE WHEN e.evtfoid <> 'schemaflow.sf_guard'::regproc THEN 'DROP EVENT TRIGGER ' || w.name || '; ' ELSE '' END"
	" || 'SELECT sf_guard_install(), or SELECT sf_guard_remove()'"
	" FROM (SELECT * FROM schemaflow.ddl_log l WHERE " OURS("l") " AND l.command LIKE 'sf\\_guard\\_%'"
	" ORDER BY l.logged_at DESC LIMIT 1) l,"
	" unnest('{schemaflow_guard_start,schemaflow_guard_end,schemaflow_guard_drop,schemaflow_guard_rewrite}'::text[])"
	" w(name)"
	" LEFT JOIN pg_event_trigger e ON e.evtname = w.name"
	" WHERE l.command = 'sf_guard_install()'"
	" AND (e.oid IS NULL OR e.evtenabled <> 'O' OR e.evtfoid <> 'schemaflow.sf_guard'::regproc) ORDER BY w.name",

	"SELECT 'the guard is ' || c.value || ' for ' || concat_ws(' in ', 'role ' || quote_ident(r.rolname),"
	" 'database ' || quote_ident(d.datname)),"
	" 'Their DDL is not refused.',"
	" 'ALTER ' || CASE WHEN r.oid IS NULL THEN 'DATABASE ' || quote_ident(d.datname) ELSE 'ROLE ' || "
	"quote_ident(r.rolname)"
	" || coalesce(' IN DATABASE ' || quote_ident(d.datname), '') END || ' RESET schemaflow.guard'"
	" FROM pg_db_role_setting s CROSS JOIN LATERAL (SELECT pg_catalog.substr(c, 18) AS value FROM "
	"unnest(s.setconfig) c"
	" WHERE c LIKE 'schemaflow.guard=%') c LEFT JOIN pg_roles r ON r.oid = s.setrole"
	" LEFT JOIN pg_database d ON d.oid = s.setdatabase"
	" WHERE c.value <> 'enforce' AND s.setdatabase IN (0, $2::oid)"
	" AND EXISTS (SELECT FROM pg_event_trigger WHERE evtname = 'schemaflow_guard_start') ORDER BY 1",
};

Datum
sf_doctor(PG_FUNCTION_ARGS)
{
	const char *args[] = {sf_origin_system(), sf_origin_database(),
	psprintf("%d", SF_FACT_FORMAT), psprintf("%d", SF_MAJOR)};
	SfResult   *result = sf_result_begin(fcinfo);
	int			pins = sf_pins_enter();
	ListCell   *lc;

	for (int i = 0; i < lengthof(examinations); i++)
	{
		SfRows	   *rows = sf_query(examinations[i], lengthof(args), args);

		for (int r = 0; r < rows->nrows; r++)
			sf_result_put(result, &sf_cell(rows, r, 0));
	}
	foreach(lc, sf_revisions())
	{
		const char *revision = ((SfRevision *) lfirst(lc))->revision;
		char	   *values[] = {psprintf("revision %s was changed after it was stored", revision),
			pstrdup("Its content is not what its revision, a hash, says; it cannot be run."),
		pstrdup("DELETE its rows from schemaflow.step and schemaflow.migration; SELECT sf_import(file)")};

		if (!sf_migration_is_intact(revision))
			sf_result_put(result, values);
	}
	foreach(lc, sf_scratch_leftovers())
	{
		SfLeftover *leftover = lfirst(lc);
		char	   *values[] = {psprintf("scratch database %s is left over", sf_ident(leftover->database)),
								leftover->why,
		"SELECT sf_drop_scratches()"};

		if (leftover->due)
			sf_result_put(result, values);
	}
	sf_pins_leave(pins);
	return (Datum) 0;
}

Datum
sf_drop_scratches(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(sf_scratch_drop(!PG_ARGISNULL(0) && PG_GETARG_BOOL(0)));
}
