/*
 * version_schema.c - schemas with a view for each table, as a version of the application knows it (version_schema.h).
 *
 * Who makes them: statements run as the extension's owner; they hold nothing but names from the catalogs, and texts of
 * defaults, which are parsed and not evaluated.  A view belongs to its table's owner and has its privileges, so that
 * nobody gets more through it than he has.
 *
 * The caller's rights count on the table (security_invoker), and with them row security.  That asks for all of the
 * view's columns at once; where the right to single columns was granted the owner's count, unless there is row
 * security: then who has columns only cannot read through the view.
 *
 * Locks: a view's comes before its table's, as everybody takes them who reads through it.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "storage/lmgr.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"

#include "apply/layout.h"
#include "apply/version_conflict.h"
#include "apply/version_schema.h"
#include "lib/origin.h"
#include "lib/pins.h"
#include "lib/spi.h"
#include "lib/text.h"
#include "server/owner.h"

/* One row of schemaflow.version_schema. */
typedef struct Recorded
{
	char	   *schema;
	char	   *version;
	char	   *covers;			/* the schema of the tables */
} Recorded;

/* ---- which there are ---- */

static List *
recorded(void)
{
	const char *args[] = {sf_origin_system(), sf_origin_database()};
	SfRows	   *rows = sf_query("SELECT schema_name, version, covers FROM schemaflow.version_schema WHERE "
								SF_ORIGIN_IS_OURS " ORDER BY 1", lengthof(args), args);
	List	   *result = NIL;

	for (int r = 0; r < rows->nrows; r++)
	{
		Recorded   *record = palloc(sizeof(Recorded));

		record->schema = sf_cell(rows, r, 0);
		record->version = sf_cell(rows, r, 1);
		record->covers = sf_cell(rows, r, 2);
		result = lappend(result, record);
	}
	return result;
}

/* Sessions keep which version a schema is (version_path.c). */
static void
tell_sessions(void)
{
	CacheInvalidateRelcacheByRelid(get_relname_relid("version_schema", get_namespace_oid("schemaflow", false)));
}

/* As the extension's owner. */
static void
run(const char *sql)
{
	SfOwnerState owner;

	sf_owner_enter(&owner);
	(void) sf_execute(sql, 0, NULL);
	sf_owner_leave(&owner);
}

static void
record(const Recorded *new)
{
	const char *args[] = {sf_origin_system(), sf_origin_database(), new->schema, new->version, new->covers,
	GetUserNameFromId(GetUserId(), false)};
	SfOwnerState owner;

	sf_owner_enter(&owner);
	(void) sf_execute("INSERT INTO schemaflow.version_schema (system_identifier, database_oid, schema_name, version, "
					  "covers, made_at, made_by) VALUES ($1::bigint, $2::oid, $3, $4, $5, now(), $6) "
					  "ON CONFLICT (system_identifier, database_oid, schema_name) DO UPDATE SET version = "
					  "excluded.version, covers = excluded.covers", lengthof(args), args);
	sf_owner_leave(&owner);
	tell_sessions();
}

static void
forget(const Recorded *gone)
{
	const char *args[] = {sf_origin_system(), sf_origin_database(), gone->schema};
	SfOwnerState owner;

	sf_owner_enter(&owner);
	(void) sf_execute("DELETE FROM schemaflow.version_schema WHERE " SF_ORIGIN_IS_OURS
					  " AND schema_name OPERATOR(pg_catalog.=) $3", lengthof(args), args);
	sf_owner_leave(&owner);
	tell_sessions();
}

/* ---- the views ---- */

/* The version's columns of a table as arrays: numbers and names. */
static void
columns_of(const SfLayoutTable *table, char **numbers, char **names)
{
	int			n = 0;
	char	  **number = palloc(Max(list_length(table->columns), 1) * sizeof(char *));
	char	  **name = palloc(Max(list_length(table->columns), 1) * sizeof(char *));
	ListCell   *lc;

	foreach(lc, table->columns)
	{
		const SfLayoutColumn *column = lfirst(lc);

		if (column->hidden)
			continue;
		number[n] = psprintf("%d", column->attno);
		name[n++] = column->name;
	}
	*numbers = OidOutputFunctionCall(F_ARRAY_OUT, sf_text_array(n, number));
	*names = OidOutputFunctionCall(F_ARRAY_OUT, sf_text_array(n, name));
}

/*
 * What is still to be done for a view to be as its table: $1 table, $2 view, $3 numbers of columns, $4 their names in
 * the view.  Privileges are compared as sets; what does not fit is taken back before the rest is granted.
 */
static const char mend_query[] =
"WITH col AS (SELECT m.attnum::int2 AS attnum, m.name, v.attnum AS vnum FROM "
"unnest($3::text[], $4::text[]) m(attnum, name) "
"JOIN pg_attribute v ON v.attrelid = $2::oid AND v.attname = m.name), "
"rel AS (SELECT c.*, format('%I.%I', n.nspname, v.relname) AS view, v.relowner AS vowner, v.relacl AS vacl, "
"coalesce(v.reloptions @> '{security_invoker=true}', false) AS invoker, "
"(c.relrowsecurity OR NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 "
"AND NOT a.attisdropped AND a.attacl IS NOT NULL)) AS wants_invoker "
"FROM pg_class c, pg_class v JOIN pg_namespace n ON n.oid = v.relnamespace WHERE c.oid = $1::oid AND v.oid = $2::oid), "
"wanted AS (SELECT NULL::name AS name, x.grantee, x.privilege_type, x.is_grantable FROM rel, aclexplode(relacl) x "
"WHERE x.grantee <> relowner UNION SELECT col.name, x.grantee, x.privilege_type, x.is_grantable "
"FROM rel, col JOIN pg_attribute a ON a.attrelid = $1::oid AND a.attnum = col.attnum, aclexplode(a.attacl) x "
"WHERE x.grantee <> relowner), "
"had AS (SELECT NULL::name AS name, x.grantee, x.privilege_type, x.is_grantable FROM rel, aclexplode(vacl) x "
"WHERE x.grantee <> relowner UNION SELECT a.attname, x.grantee, x.privilege_type, x.is_grantable "
"FROM rel, pg_attribute a, aclexplode(a.attacl) x WHERE a.attrelid = $2::oid AND x.grantee <> relowner), "
"word AS (SELECT 'INSERT SELECT UPDATE DELETE'::text AS of_views) "
"SELECT sql FROM ("
"SELECT 1 AS n, format('ALTER VIEW %s SET (security_invoker = %s)', view, wants_invoker) FROM rel "
"WHERE invoker <> wants_invoker UNION ALL "
"SELECT 2, format('ALTER VIEW %s OWNER TO %I', view, pg_get_userbyid(relowner)) FROM rel WHERE vowner <> relowner "
"UNION ALL SELECT 3, format('REVOKE %s%s ON %s FROM %s', x.privilege_type, ' (' || quote_ident(x.name) || ')', view, "
"CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END) "
"FROM rel, (TABLE had EXCEPT TABLE wanted) x UNION ALL "
"SELECT 4, format('GRANT %s%s ON %s TO %s%s', x.privilege_type, ' (' || quote_ident(x.name) || ')', view, "
"CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END, "
"CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' END) "
"FROM rel, word, (TABLE wanted EXCEPT TABLE had) x WHERE strpos(of_views, x.privilege_type) > 0 UNION ALL "
"SELECT 5, format('COMMENT ON VIEW %s IS %L', view, obj_description(oid, 'pg_class')) FROM rel "
"WHERE obj_description(oid, 'pg_class') IS DISTINCT FROM obj_description($2::oid, 'pg_class') UNION ALL "
"SELECT 6, format('COMMENT ON COLUMN %s.%I IS %L', view, name, col_description($1::oid, attnum)) FROM rel, col "
"WHERE col_description($1::oid, attnum) IS DISTINCT FROM col_description($2::oid, vnum)) x(n, sql) ORDER BY n, sql";

/* The same arguments: a version keeps the defaults that it began with. */
static const char defaults_query[] =
"SELECT format('ALTER VIEW %s ALTER COLUMN %I SET DEFAULT %s', $2::oid::regclass, m.name, "
"pg_get_expr(d.adbin, d.adrelid)) FROM unnest($3::text[], $4::text[]) m(attnum, name) "
"JOIN pg_attribute a ON a.attrelid = $1::oid AND a.attnum = m.attnum::int2 AND a.attgenerated = '' "
"JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum ORDER BY a.attnum";

static void
run_found(const char *query, const char *const *args)
{
	int			pins = sf_pins_enter();
	SfRows	   *rows = sf_query(query, 4, args);

	for (int r = 0; r < rows->nrows; r++)
		run(sf_cell(rows, r, 0));
	sf_pins_leave(pins);
}

static char *
view_name(const Recorded *of, const char *name)
{
	char	   *names[] = {of->schema, unconstify(char *, name)};

	return sf_qualified(2, names);
}

static void
create_view(const Recorded *of, const SfLayoutTable *table)
{
	char	   *names[] = {get_namespace_name(get_rel_namespace(table->relid)), get_rel_name(table->relid)};
	StringInfoData sql;
	const char *between = "";
	ListCell   *lc;

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE VIEW %s WITH (security_invoker = true) AS SELECT ", view_name(of, table->name));
	foreach(lc, table->columns)
	{
		const SfLayoutColumn *column = lfirst(lc);

		if (column->hidden)
			continue;
		appendStringInfo(&sql, "%st.%s AS %s", between, sf_ident(get_attname(table->relid, column->attno, false)),
						 sf_ident(column->name));
		between = ", ";
	}
	appendStringInfo(&sql, " FROM %s t", sf_qualified(2, names));
	if (*between)				/* a view has a column at least */
		run(sql.data);
}

/* mend: also what is there already. */
static void
make_view(const Recorded *of, const SfLayoutTable *table, bool mend)
{
	Oid			schema = get_namespace_oid(of->schema, false);
	Oid			view = get_relname_relid(table->name, schema);
	const char *args[4] = {psprintf("%u", table->relid)};
	char	   *numbers,
			   *names;
	bool		new = !OidIsValid(view);

	if (new)
	{
		create_view(of, table);
		view = get_relname_relid(table->name, schema);
	}
	if (!OidIsValid(view) || !(new || mend))
		return;
	columns_of(table, &numbers, &names);
	args[1] = psprintf("%u", view);
	args[2] = numbers;
	args[3] = names;
	if (new)
		run_found(defaults_query, args);
	run_found(mend_query, args);
}

static void
make_views(const Recorded *of, List *tables, bool mend)
{
	ListCell   *lc;

	foreach(lc, tables)
	{
		const SfLayoutTable *table = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		if (!table->hidden && strcmp(table->schema, of->covers) == 0)
			make_view(of, table, mend);
	}
}

/* ---- the schemas ---- */

static bool
stands(const Recorded *r)
{
	return OidIsValid(get_namespace_oid(r->schema, true));
}

static void
drop_views(SfRows *views)
{
	for (int r = 0; r < views->nrows; r++)
	{
		LockRelationOid(atooid(sf_cell(views, r, 0)), AccessExclusiveLock);
		run(psprintf("DROP VIEW %s", sf_cell(views, r, 1)));
	}
}

/* What others have put into it stays, and so does it. */
static void
end(const Recorded *ended)
{
	const char *args[] = {ended->schema};
	int			pins = sf_pins_enter();
	SfRows	   *views = sf_query("SELECT c.oid, format('%I.%I', n.nspname, c.relname) FROM pg_class c "
								 "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 "
								 "AND c.relkind = 'v' ORDER BY c.oid", lengthof(args), args);
	char	   *others = sf_query_text("SELECT count(*) FROM pg_depend d JOIN pg_namespace n ON n.oid = d.refobjid "
									   "WHERE d.refclassid = 'pg_namespace'::regclass AND n.nspname = $1 AND NOT "
									   "EXISTS (SELECT FROM pg_class c WHERE d.classid = 'pg_class'::regclass "
									   "AND c.oid = d.objid AND c.relkind = 'v')", lengthof(args), args);

	sf_pins_leave(pins);
	if (stands(ended))
	{
		drop_views(views);
		if (strcmp(others, "0") == 0)
			run(psprintf("DROP SCHEMA %s", sf_ident(ended->schema)));
		else
			ereport(WARNING,
					(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
					 errmsg("schema \"%s\" of version %s is not dropped", ended->schema, ended->version),
					 errdetail("Objects of others are in it."),
					 errhint("DROP SCHEMA %s when they are gone.", sf_ident(ended->schema))));
	}
	forget(ended);
}

/* The tables as the version knows them; done: transactions of the migration. */
static List *
layout_of(const char *version, const SfMigration *m, SfDirection direction, int done)
{
	List	   *tables = sf_layout_read();

	if (m && (direction == SF_DOWN) == (strcmp(version, sf_migration_version(m, SF_UP)) != 0))
		sf_layout_foresee(tables, sf_steps_behind(m->steps[direction], done));
	else if (m)
		sf_layout_recall(tables, sf_steps_through(m->steps[direction], done));
	return tables;
}

/* ---- making one ---- */

/* Are all steps done that the new version waits for?  What is left for the contract is not. */
static bool
is_ready(const SfVersions *versions)
{
	ListCell   *lc;

	foreach(lc, sf_steps_behind(versions->migration->steps[versions->direction], versions->half->done))
	{
		const SfStep *step = lfirst(lc);

		if (strcmp(step->phase, "contract") != 0 && strstr(step->sql, "schemaflow.sf_version_make(") == NULL)
			return false;
	}
	return true;
}

static void
check_version(const SfVersions *versions, const char *version)
{
	const SfRevision *r = sf_revision_find(versions->revisions, version);
	SfVersionState state = sf_version_state(versions, version);

	if (r)
		sf_migration_check_owner(r->revision, r->owner);
	else if (versions->migration)
		sf_migration_check_owner(versions->migration->revision, versions->migration->owner);
	if (state == SF_VERSION_AHEAD)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("version %s is not there yet", version),
				 errdetail("Revision \"%s\" is %s.", version, r ? sf_revision_state(r) : "not known"),
				 errhint("CALL sf_upgrade() goes up to where both versions work; then make the call again.")));
	if (state == SF_VERSION_OVER)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("version %s is over", version),
				 errdetail("The schema does not serve it any more."),
				 errhint("SELECT sf_version_schema('head') makes that of the current version.")));
	if (state == SF_VERSION_NEXT && (versions->half->undoing || !is_ready(versions)))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("version %s is not there yet", version),
				 errdetail("Revision \"%s\" is %s.", versions->half->revision, sf_revision_state(versions->half)),
				 errhint("%s goes on; then make the call again.",
						 versions->half->undoing ? "CALL sf_abort()" : "CALL sf_upgrade()")));
}

static Recorded *
find_recorded(const char *version, const char *covers)
{
	ListCell   *lc;

	foreach(lc, recorded())
	{
		Recorded   *r = lfirst(lc);

		if (strcmp(r->version, version) == 0 && strcmp(r->covers, covers) == 0)
			return r;
	}
	return NULL;
}

static Recorded *
new_schema(const char *version, const char *covers, const char *name)
{
	Recorded   *new = palloc(sizeof(Recorded));

	new->version = pstrdup(version);
	new->covers = pstrdup(covers);
	new->schema = name ? pstrdup(name) :
		strcmp(covers, "public") == 0 ? psprintf("version_%s", version) :
		pnstrdup(psprintf("version_%s_%s", version, covers), NAMEDATALEN - 1);
	if (stands(new))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_SCHEMA),
				 errmsg("schema \"%s\" already exists", new->schema),
				 errdetail("It is not the one of version %s.", version),
				 errhint("Choose another name: SELECT sf_version_schema('%s', name => ...).", version)));
	return new;
}

char *
sf_version_schema_make(const SfVersions *versions, const char *version, const char *covers, const char *name)
{
	Recorded   *r;
	int			done;

	check_version(versions, version);
	if (!OidIsValid(get_namespace_oid(covers, true)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_SCHEMA),
				 errmsg("schema \"%s\" does not exist", covers),
				 errhint("Name the schema whose tables the version uses.")));
	/* Two who make the same one. */
	sf_history_lock();
	r = find_recorded(version, covers);
	if (r && !stands(r))
	{
		forget(r);
		r = NULL;
	}
	if (r && name && strcmp(r->schema, name) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_SCHEMA),
				 errmsg("version %s has a schema for \"%s\" already", version, covers),
				 errdetail("It is \"%s\".", r->schema),
				 errhint("Use that one: SET search_path = %s, %s.", sf_ident(r->schema), sf_ident(covers))));
	if (r == NULL)
		r = new_schema(version, covers, name);
	if (!stands(r))
	{
		run(psprintf("CREATE SCHEMA %s AUTHORIZATION %s", sf_ident(r->schema),
					 sf_ident(GetUserNameFromId(GetUserId(), false))));
		/* What is in it says who may do what. */
		run(psprintf("GRANT USAGE ON SCHEMA %s TO PUBLIC", sf_ident(r->schema)));
		run(psprintf("COMMENT ON SCHEMA %s IS %s", sf_ident(r->schema),
					 sf_literal(psprintf("schemaflow: the tables of %s as version %s knows them", covers, version))));
	}
	record(r);
	done = versions->half ? versions->half->done : 0;
	make_views(r, layout_of(version, versions->migration, versions->direction, done), true);
	return r->schema;
}

/* ---- around a transaction ---- */

/* Views of ours that need the object ($1 catalog, $2 its OID, $3 column or 0), by what they show or by a default. */
static const char dependents_query[] =
"SELECT c.oid, format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
"WHERE c.relkind = 'v' AND n.nspname IN (SELECT schema_name FROM schemaflow.version_schema WHERE "
"system_identifier = $4::bigint AND database_oid = $5::oid AND trusted) AND EXISTS (SELECT FROM pg_depend d "
"LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid "
"LEFT JOIN pg_attrdef a ON d.classid = 'pg_attrdef'::regclass AND d.objid = a.oid "
"WHERE coalesce(r.ev_class, a.adrelid) = c.oid AND d.refclassid = $1::oid AND d.refobjid = $2::oid "
"AND ($3 = '0' OR d.refobjsubid::text = $3)) ORDER BY c.oid";

void
sf_versions_aside(List *steps)
{
	ListCell   *lc;

	if (recorded() == NIL)
		return;
	foreach(lc, sf_version_conflicts(steps))
	{
		const ObjectAddress *address = lfirst(lc);
		const char *args[] = {psprintf("%u", address->classId), psprintf("%u", address->objectId),
		psprintf("%d", address->objectSubId), sf_origin_system(), sf_origin_database()};
		int			pins = sf_pins_enter();
		SfRows	   *views = sf_query(dependents_query, lengthof(args), args);

		sf_pins_leave(pins);
		drop_views(views);
	}
}

static bool
any_grants(List *steps, int transaction)
{
	ListCell   *lc;

	foreach(lc, steps)
	{
		const SfStep *step = lfirst(lc);

		if (step->transaction == transaction &&
			IsA(linitial_node(RawStmt, raw_parser(step->sql, RAW_PARSE_DEFAULT))->stmt, GrantStmt))
			return true;
	}
	return false;
}

/* Some of the contract is done: the version that it comes from has lost what it needs. */
static bool
is_contracting(const SfMigration *m, SfDirection direction, int done)
{
	ListCell   *lc;

	foreach(lc, sf_steps_through(m->steps[direction], done - 1))
		if (((SfStep *) lfirst(lc))->class == 'G')
			return true;
	return false;
}

void
sf_versions_settle(const SfMigration *m, SfDirection direction, int done)
{
	List	   *all = recorded();
	SfVersions *versions = all ? sf_versions_read() : NULL;
	bool		mend = all && any_grants(m->steps[direction], done);
	ListCell   *lc;

	foreach(lc, all)
	{
		const Recorded *r = lfirst(lc);
		SfVersionState state = sf_version_state(versions, r->version);

		/* Behind the gate it is over for sessions; its schema stays until something is taken from it. */
		if (state == SF_VERSION_AHEAD || (state == SF_VERSION_OVER && (versions->half == NULL ||
																	versions->half->undoing ||
																	is_contracting(m, direction, done))))
			end(r);
		else if (stands(r))
			make_views(r, layout_of(r->version, versions->half ? m : NULL, direction, done), mend);
	}
}
