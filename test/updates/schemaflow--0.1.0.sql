\echo Use "CREATE EXTENSION schemaflow" to load this file. \quit

-- The extension's tables stand in a schema of their own; its functions in the schema that CREATE EXTENSION names.

CREATE SCHEMA schemaflow;
COMMENT ON SCHEMA schemaflow IS 'tables of the extension schemaflow';
GRANT USAGE ON SCHEMA schemaflow TO PUBLIC;
-- Who wrote a row of ours.  The database's owner may put rows into our tables, because a restore of his does so; such rows
-- are history until somebody adopts them: text that they hold must not run as the role that they name.

CREATE FUNCTION @extschema@.sf_trusted(system_identifier bigint, database_oid oid) RETURNS boolean
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'sf_trusted';
COMMENT ON FUNCTION @extschema@.sf_trusted(bigint, oid) IS
	'is the row that is being written written by schemaflow itself? (for generated columns)';
-- The model: units, their declarations with the facts they make, hints, and what is left to others.
-- Every row carries its origin (system identifier, database oid): rows that a restore or a replica brought are history.

CREATE TABLE schemaflow.unit (
	system_identifier bigint NOT NULL,
	database_oid oid NOT NULL,
	trusted boolean NOT NULL GENERATED ALWAYS AS (@extschema@.sf_trusted(system_identifier, database_oid)) STORED,
	name text NOT NULL,
	owner text NOT NULL,
	source text NOT NULL,
	sql text,
	hash text NOT NULL,
	first_at timestamptz NOT NULL,
	recorded_at timestamptz NOT NULL,
	recorded_by text NOT NULL,
	PRIMARY KEY (system_identifier, database_oid, name)
);
COMMENT ON TABLE schemaflow.unit IS 'named parts of the model, as recorded';
COMMENT ON COLUMN schemaflow.unit.system_identifier IS 'cluster that recorded the row';
COMMENT ON COLUMN schemaflow.unit.database_oid IS 'database that recorded the row';
COMMENT ON COLUMN schemaflow.unit.owner IS 'role whose rights the text runs with';
COMMENT ON COLUMN schemaflow.unit.source IS 'how it was recorded: ddl, schema, database, adopt';
COMMENT ON COLUMN schemaflow.unit.first_at IS 'when the unit was recorded first: units run in this order';

CREATE TABLE schemaflow.declaration (
	system_identifier bigint NOT NULL,
	database_oid oid NOT NULL,
	trusted boolean NOT NULL GENERATED ALWAYS AS (@extschema@.sf_trusted(system_identifier, database_oid)) STORED,
	unit text NOT NULL,
	n integer NOT NULL,
	line integer NOT NULL,
	tag text NOT NULL,
	sql text NOT NULL,
	hash text NOT NULL,
	dump boolean NOT NULL,
	objects integer NOT NULL,
	facts text NOT NULL,
	format integer NOT NULL,
	major integer NOT NULL,
	PRIMARY KEY (system_identifier, database_oid, unit, n)
);
COMMENT ON TABLE schemaflow.declaration IS 'statements of the units, and the facts that each of them made';
COMMENT ON COLUMN schemaflow.declaration.unit IS 'unit; empty for what no declaration made: an empty database''s own facts';
COMMENT ON COLUMN schemaflow.declaration.facts IS 'encoded facts, one a line; a plus sign before those of an empty database';
COMMENT ON COLUMN schemaflow.declaration.format IS 'version of the encoding and of the canonical texts';
COMMENT ON COLUMN schemaflow.declaration.major IS 'server major that made the canonical texts';

CREATE TABLE schemaflow.rename_hint (
	system_identifier bigint NOT NULL,
	database_oid oid NOT NULL,
	trusted boolean NOT NULL GENERATED ALWAYS AS (@extschema@.sf_trusted(system_identifier, database_oid)) STORED,
	kind text NOT NULL,
	new text NOT NULL,
	unit text NOT NULL,
	old text NOT NULL,
	PRIMARY KEY (system_identifier, database_oid, kind, new, unit)
);
COMMENT ON TABLE schemaflow.rename_hint IS 'what was renamed: names as SQL, of parts under the new name of the whole';
COMMENT ON COLUMN schemaflow.rename_hint.unit IS 'unit whose text has the hint; empty when given by sf_rename_hint()';

CREATE TABLE schemaflow.ignore (
	system_identifier bigint NOT NULL,
	database_oid oid NOT NULL,
	trusted boolean NOT NULL GENERATED ALWAYS AS (@extschema@.sf_trusted(system_identifier, database_oid)) STORED,
	pattern text NOT NULL,
	PRIMARY KEY (system_identifier, database_oid, pattern)
);
COMMENT ON TABLE schemaflow.ignore IS 'objects that belong to others: LIKE patterns of qualified names';

CREATE TABLE schemaflow.managed_schema (
	system_identifier bigint NOT NULL,
	database_oid oid NOT NULL,
	trusted boolean NOT NULL GENERATED ALWAYS AS (@extschema@.sf_trusted(system_identifier, database_oid)) STORED,
	name text NOT NULL,
	PRIMARY KEY (system_identifier, database_oid, name)
);
COMMENT ON TABLE schemaflow.managed_schema IS 'schemas that the model names or has named: ours to change (schemaflow.manage)';

CREATE TABLE schemaflow.transform (
	system_identifier bigint NOT NULL,
	database_oid oid NOT NULL,
	trusted boolean NOT NULL GENERATED ALWAYS AS (@extschema@.sf_trusted(system_identifier, database_oid)) STORED,
	"column" text NOT NULL,
	unit text NOT NULL,
	up text,
	down text,
	PRIMARY KEY (system_identifier, database_oid, "column", unit)
);
COMMENT ON TABLE schemaflow.transform IS 'how the contents of columns change: expressions over the row';
COMMENT ON COLUMN schemaflow.transform.unit IS 'unit whose text has the hint; empty when given by sf_transform()';

-- A database owner's pg_dump has to read them, and the rows come back with a restore.
GRANT SELECT ON schemaflow.unit, schemaflow.declaration, schemaflow.rename_hint, schemaflow.ignore,
	schemaflow.managed_schema, schemaflow.transform TO PUBLIC;
-- His restore brings them; they are not trusted (see sf_trusted).
GRANT INSERT ON schemaflow.unit, schemaflow.declaration, schemaflow.rename_hint, schemaflow.ignore,
	schemaflow.managed_schema, schemaflow.transform TO pg_database_owner;
SELECT pg_catalog.pg_extension_config_dump('schemaflow.unit', '');
SELECT pg_catalog.pg_extension_config_dump('schemaflow.declaration', '');
SELECT pg_catalog.pg_extension_config_dump('schemaflow.rename_hint', '');
SELECT pg_catalog.pg_extension_config_dump('schemaflow.ignore', '');
SELECT pg_catalog.pg_extension_config_dump('schemaflow.managed_schema', '');
SELECT pg_catalog.pg_extension_config_dump('schemaflow.transform', '');
-- Record the model.

CREATE FUNCTION @extschema@.sf_define(ddl text, allow_shrink boolean DEFAULT false,
	OUT change text, OUT kind text, OUT object text)
RETURNS SETOF record LANGUAGE c AS 'MODULE_PATHNAME', 'sf_define_main';
COMMENT ON FUNCTION @extschema@.sf_define(text, boolean) IS 'record or replace unit main of the model: DDL as any tool writes it';

CREATE FUNCTION @extschema@.sf_define(unit text, ddl text, allow_shrink boolean DEFAULT false,
	OUT change text, OUT kind text, OUT object text)
RETURNS SETOF record LANGUAGE c AS 'MODULE_PATHNAME', 'sf_define';
COMMENT ON FUNCTION @extschema@.sf_define(text, text, boolean) IS 'record or replace a unit of the model: DDL as any tool writes it';

CREATE FUNCTION @extschema@.sf_undefine(unit text, allow_shrink boolean DEFAULT false,
	OUT change text, OUT kind text, OUT object text)
RETURNS SETOF record LANGUAGE c AS 'MODULE_PATHNAME', 'sf_undefine';
COMMENT ON FUNCTION @extschema@.sf_undefine(text, boolean) IS 'remove a unit from the model';

CREATE FUNCTION @extschema@.sf_rename_hint(kind text, old text, new text) RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_rename_hint';
COMMENT ON FUNCTION @extschema@.sf_rename_hint(text, text, text) IS 'tell that an object of the model is another one renamed';

CREATE FUNCTION @extschema@.sf_transform("column" text, up text DEFAULT NULL, down text DEFAULT NULL) RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_transform';
COMMENT ON FUNCTION @extschema@.sf_transform(text, text, text) IS 'tell how the contents of a column change, and back: expressions over the row';

CREATE FUNCTION @extschema@.sf_ignore(pattern text) RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_ignore';
COMMENT ON FUNCTION @extschema@.sf_ignore(text) IS 'leave live objects whose qualified name is LIKE the pattern to others';

REVOKE ALL ON FUNCTION @extschema@.sf_define(text, boolean), @extschema@.sf_define(text, text, boolean),
	@extschema@.sf_undefine(text, boolean), @extschema@.sf_rename_hint(text, text, text), @extschema@.sf_ignore(text),
	@extschema@.sf_transform(text, text, text) FROM PUBLIC;

CREATE VIEW @extschema@.sf_model AS
SELECT u.name AS unit, u.owner, u.source, d.declarations, d.objects,
	pg_catalog.date_trunc('second', u.recorded_at) AS recorded_at
FROM schemaflow.unit u
CROSS JOIN LATERAL (
	SELECT pg_catalog.count(*) AS declarations, coalesce(pg_catalog.sum(d.objects), 0) AS objects
	FROM schemaflow.declaration d
	WHERE d.unit OPERATOR(pg_catalog.=) u.name
		AND d.trusted AND d.system_identifier OPERATOR(pg_catalog.=) u.system_identifier
		AND d.database_oid OPERATOR(pg_catalog.=) u.database_oid) d
WHERE u.trusted AND u.system_identifier OPERATOR(pg_catalog.=) (
		SELECT s.system_identifier FROM pg_catalog.pg_control_system() s)
	AND u.database_oid OPERATOR(pg_catalog.=) (
		SELECT b.oid FROM pg_catalog.pg_database b
		WHERE b.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
ORDER BY u.first_at, u.name;
COMMENT ON VIEW @extschema@.sf_model IS 'units of the model';
GRANT SELECT ON @extschema@.sf_model TO PUBLIC;
-- Record the model from where an application made it, and print it.

CREATE FUNCTION @extschema@.sf_define_from(database name, unit text DEFAULT 'main', schemas text[] DEFAULT NULL,
	allow_shrink boolean DEFAULT false, OUT change text, OUT kind text, OUT object text)
RETURNS SETOF record LANGUAGE c AS 'MODULE_PATHNAME', 'sf_define_from';
COMMENT ON FUNCTION @extschema@.sf_define_from(name, text, text[], boolean)
	IS 'record what stands in another database of this server as a unit of the model';

CREATE FUNCTION @extschema@.sf_record(schema name, unit text DEFAULT 'main', target_schema name DEFAULT 'public',
	allow_shrink boolean DEFAULT false, OUT change text, OUT kind text, OUT object text)
RETURNS SETOF record LANGUAGE c AS 'MODULE_PATHNAME', 'sf_record';
COMMENT ON FUNCTION @extschema@.sf_record(name, text, name, boolean)
	IS 'record what an application made in a recording schema as a unit of the model';

CREATE FUNCTION @extschema@.sf_adopt(allow_shrink boolean DEFAULT false,
	OUT change text, OUT kind text, OUT object text)
RETURNS SETOF record LANGUAGE c AS 'MODULE_PATHNAME', 'sf_adopt';
COMMENT ON FUNCTION @extschema@.sf_adopt(boolean) IS 'the live schema becomes the model';

CREATE FUNCTION @extschema@.sf_model_ddl(object text DEFAULT NULL) RETURNS text
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_model_ddl';
COMMENT ON FUNCTION @extschema@.sf_model_ddl(text) IS 'the model, or one object of it, as canonical DDL';

REVOKE ALL ON FUNCTION @extschema@.sf_define_from(name, text, text[], boolean),
	@extschema@.sf_record(name, text, name, boolean), @extschema@.sf_adopt(boolean) FROM PUBLIC;
-- Migrations, their steps, and what was done when.  A migration never changes after it was stored; what happens to it
-- is an entry of the journal.  Rows of another origin are history: nothing runs or is refused because of them.

CREATE TABLE schemaflow.migration (
	system_identifier bigint NOT NULL,
	database_oid oid NOT NULL,
	trusted boolean NOT NULL GENERATED ALWAYS AS (@extschema@.sf_trusted(system_identifier, database_oid)) STORED,
	revision text NOT NULL,
	parents text[] NOT NULL,
	message text NOT NULL,
	summary text NOT NULL,
	owner text NOT NULL,
	search_path text NOT NULL,
	from_hash text NOT NULL,
	to_hash text NOT NULL,
	state text NOT NULL,
	format integer NOT NULL,
	major integer NOT NULL,
	planned_at timestamptz NOT NULL,
	planned_by text NOT NULL,
	imported boolean NOT NULL,
	superseded_at timestamptz,
	PRIMARY KEY (system_identifier, database_oid, revision)
);
COMMENT ON TABLE schemaflow.migration IS 'planned and imported migrations; none of them ever changes';
COMMENT ON COLUMN schemaflow.migration.system_identifier IS 'cluster that the row belongs to';
COMMENT ON COLUMN schemaflow.migration.database_oid IS 'database that the row belongs to';
COMMENT ON COLUMN schemaflow.migration.trusted IS 'written by schemaflow itself, not by a restore';
COMMENT ON COLUMN schemaflow.migration.revision IS 'first 12 hex digits of the SHA-256 of the content';
COMMENT ON COLUMN schemaflow.migration.owner IS 'role whose rights the steps run with';
COMMENT ON COLUMN schemaflow.migration.search_path IS 'search_path that the steps run under';
COMMENT ON COLUMN schemaflow.migration.from_hash IS 'hash of the schema that the up steps start from';
COMMENT ON COLUMN schemaflow.migration.to_hash IS 'hash of the schema that the up steps lead to';
COMMENT ON COLUMN schemaflow.migration.state IS 'what belongs to the schema, and a hash an object on either side';
COMMENT ON COLUMN schemaflow.migration.imported IS 'planned in another database';
COMMENT ON COLUMN schemaflow.migration.superseded_at IS 'when a newer plan took its place, before it was ever applied';

CREATE TABLE schemaflow.step (
	system_identifier bigint NOT NULL,
	database_oid oid NOT NULL,
	trusted boolean NOT NULL GENERATED ALWAYS AS (@extschema@.sf_trusted(system_identifier, database_oid)) STORED,
	revision text NOT NULL,
	direction text NOT NULL CHECK (direction IN ('up', 'down')),
	n integer NOT NULL,
	phase text NOT NULL,
	class text NOT NULL,
	transaction integer NOT NULL,
	sql text NOT NULL,
	object text NOT NULL,
	lock text,
	lock_table text,
	rewrites boolean NOT NULL,
	scans boolean NOT NULL,
	loses_data boolean NOT NULL,
	needs_rows_estimate bigint,
	why text,
	PRIMARY KEY (system_identifier, database_oid, revision, direction, n)
);
COMMENT ON TABLE schemaflow.step IS 'steps of the migrations, one statement each';
COMMENT ON COLUMN schemaflow.step.class IS 'T in a transaction, N at top level, B batch, G gate';
COMMENT ON COLUMN schemaflow.step.transaction IS 'number of the transaction that the step runs in';
COMMENT ON COLUMN schemaflow.step.lock IS 'strongest lock on a table that existed before';
COMMENT ON COLUMN schemaflow.step.needs_rows_estimate IS 'rows to read or write, as estimated when planned';

CREATE TABLE schemaflow.journal (
	system_identifier bigint NOT NULL,
	database_oid oid NOT NULL,
	trusted boolean NOT NULL GENERATED ALWAYS AS (@extschema@.sf_trusted(system_identifier, database_oid)) STORED,
	entry bigint NOT NULL,
	revision text NOT NULL,
	direction text NOT NULL CHECK (direction IN ('up', 'down')),
	transaction integer NOT NULL,
	transactions integer NOT NULL,
	how text NOT NULL,
	done_at timestamptz NOT NULL,
	done_by text NOT NULL,
	PRIMARY KEY (system_identifier, database_oid, entry)
);
COMMENT ON TABLE schemaflow.journal IS 'what was done, written in the transaction that did it; the last entry of a revision says how it stands';
COMMENT ON COLUMN schemaflow.journal.transaction IS 'how many of the transactions are done';
COMMENT ON COLUMN schemaflow.journal.transactions IS 'of how many';
COMMENT ON COLUMN schemaflow.journal.how IS 'mark: by sf_mark(); stamp: by sf_stamp(); implied: a later migration was applied';
CREATE INDEX journal_revision ON schemaflow.journal (system_identifier, database_oid, revision, entry);
COMMENT ON INDEX schemaflow.journal_revision IS 'the last entry of a revision';

-- A database owner's pg_dump has to read them, and the rows come back with a restore.
GRANT SELECT ON schemaflow.migration, schemaflow.step, schemaflow.journal TO PUBLIC;
-- His restore brings them; they are not trusted (see sf_trusted).
GRANT INSERT ON schemaflow.migration, schemaflow.step, schemaflow.journal TO pg_database_owner;
SELECT pg_catalog.pg_extension_config_dump('schemaflow.migration', '');
SELECT pg_catalog.pg_extension_config_dump('schemaflow.step', '');
SELECT pg_catalog.pg_extension_config_dump('schemaflow.journal', '');
-- Migrations: read them, run them by script; where this database stands; look.

CREATE FUNCTION @extschema@.sf_steps(revision text DEFAULT 'head', direction text DEFAULT 'up',
	OUT n integer, OUT phase text, OUT class text, OUT transaction integer, OUT sql text, OUT object text, OUT lock text,
	OUT lock_table text, OUT rewrites boolean, OUT scans boolean, OUT loses_data boolean, OUT needs_rows_estimate bigint,
	OUT why text)
RETURNS SETOF record LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'sf_steps';
COMMENT ON FUNCTION @extschema@.sf_steps(text, text) IS 'steps of a migration as rows';

CREATE FUNCTION @extschema@.sf_show(revision text DEFAULT 'head') RETURNS SETOF text
LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'sf_show';
COMMENT ON FUNCTION @extschema@.sf_show(text) IS 'a migration as people read it';

CREATE FUNCTION @extschema@.sf_script(revision text DEFAULT 'head', direction text DEFAULT 'up') RETURNS text
LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'sf_script';
COMMENT ON FUNCTION @extschema@.sf_script(text, text) IS 'a migration as a script for psql, to run here or in another database';

CREATE FUNCTION @extschema@.sf_export(revision text DEFAULT 'head') RETURNS text
LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'sf_export';
COMMENT ON FUNCTION @extschema@.sf_export(text) IS 'a migration as a file for version control';

CREATE FUNCTION @extschema@.sf_import(file text) RETURNS text
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_import';
COMMENT ON FUNCTION @extschema@.sf_import(text) IS 'record an exported migration, unless its content is not what its revision says';

-- What scripts call.

CREATE FUNCTION @extschema@.sf_check_start(revision text, direction text DEFAULT 'up') RETURNS text
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_check_start';
COMMENT ON FUNCTION @extschema@.sf_check_start(text, text) IS
	'raise, with the objects that differ, when the schema is not the one that the migration starts from';

CREATE FUNCTION @extschema@.sf_check_end(revision text, direction text DEFAULT 'up') RETURNS boolean
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_check_end';
COMMENT ON FUNCTION @extschema@.sf_check_end(text, text) IS
	'warn, with the objects that differ, when the schema is not the one that the migration leads to';

CREATE FUNCTION @extschema@.sf_pending(revision text, n integer, direction text DEFAULT 'up') RETURNS boolean
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_pending';
COMMENT ON FUNCTION @extschema@.sf_pending(text, integer, text) IS 'is transaction n of a migration still to be run?';

CREATE FUNCTION @extschema@.sf_leftovers(revision text, n integer, direction text DEFAULT 'up') RETURNS SETOF text
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_leftovers';
COMMENT ON FUNCTION @extschema@.sf_leftovers(text, integer, text) IS
	'statements that clear away what a failed attempt at transaction n left';

CREATE FUNCTION @extschema@.sf_mark(revision text, n integer, direction text DEFAULT 'up') RETURNS text
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_mark';
COMMENT ON FUNCTION @extschema@.sf_mark(text, integer, text) IS
	'transaction n of a migration is done: called last in that transaction';

-- Where this database stands.

CREATE FUNCTION @extschema@.sf_current(OUT revision text, OUT message text, OUT applied_at timestamptz, OUT applied_by text)
RETURNS SETOF record LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'sf_current';
COMMENT ON FUNCTION @extschema@.sf_current() IS 'the migration that this database stands at; no row: base';

CREATE FUNCTION @extschema@.sf_heads(OUT revision text, OUT message text, OUT applied_at timestamptz, OUT applied_by text)
RETURNS SETOF record LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'sf_heads';
COMMENT ON FUNCTION @extschema@.sf_heads() IS 'the newest migrations, applied or not';

CREATE FUNCTION @extschema@.sf_history(superseded boolean DEFAULT false,
	OUT tree text, OUT revision text, OUT message text, OUT state text, OUT at timestamptz)
RETURNS SETOF record LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'sf_history';
COMMENT ON FUNCTION @extschema@.sf_history(boolean) IS
	'the migrations as a tree, newest first: * current, o applied, ~ half done, . planned, x superseded';

CREATE FUNCTION @extschema@.sf_stamp(revision text, force boolean DEFAULT false) RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_stamp';
COMMENT ON FUNCTION @extschema@.sf_stamp(text, boolean) IS 'say that this database stands at a revision, or at base, without running anything';

CREATE FUNCTION @extschema@.sf_adopt_restored(system_identifier bigint DEFAULT NULL, database_oid oid DEFAULT NULL,
	OUT "table" text, OUT rows bigint)
RETURNS SETOF record LANGUAGE c AS 'MODULE_PATHNAME', 'sf_adopt_restored';
COMMENT ON FUNCTION @extschema@.sf_adopt_restored(bigint, oid) IS
	'a restored copy becomes a database of its own: the model and history that came with it are its';

-- Look.

CREATE FUNCTION @extschema@.sf_diff(OUT kind text, OUT object text, OUT change text, OUT detail text)
RETURNS SETOF record LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'sf_diff';
COMMENT ON FUNCTION @extschema@.sf_diff() IS 'what would have to change for the live schema to equal the model';

CREATE FUNCTION @extschema@.sf_facts(object text DEFAULT NULL,
	OUT kind text, OUT name text, OUT attribute text, OUT value text)
RETURNS SETOF record LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'sf_facts';
COMMENT ON FUNCTION @extschema@.sf_facts(text) IS 'what is known of the live schema, or of one object and what is in it';

CREATE FUNCTION @extschema@.sf_doctor(OUT problem text, OUT detail text, OUT remedy text)
RETURNS SETOF record LANGUAGE c AS 'MODULE_PATHNAME', 'sf_doctor';
COMMENT ON FUNCTION @extschema@.sf_doctor() IS 'what is wrong, and the call that mends it';

CREATE FUNCTION @extschema@.sf_drop_scratches("all" boolean DEFAULT false) RETURNS integer
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_drop_scratches';
COMMENT ON FUNCTION @extschema@.sf_drop_scratches(boolean) IS
	'drop scratch databases that nobody will use again; all: this database''s kept ones, too';

REVOKE ALL ON FUNCTION @extschema@.sf_import(text),
	@extschema@.sf_mark(text, integer, text), @extschema@.sf_stamp(text, boolean),
	@extschema@.sf_adopt_restored(bigint, oid), @extschema@.sf_drop_scratches(boolean) FROM PUBLIC;

CREATE VIEW @extschema@.sf_capabilities AS
SELECT c.capability, CASE WHEN c.works THEN 'on' ELSE 'off' END AS state, c.how
FROM (
	VALUES
	('record and plan',
		NOT pg_catalog.pg_is_in_recovery(),
		'On the primary only: a standby cannot write.'),
	('background workers',
		pg_catalog.current_setting('max_worker_processes')::pg_catalog.int4 OPERATOR(pg_catalog.>) 0,
		'max_worker_processes of at least 1 beyond what others use; restart.'),
	('run by script',
		true,
		'psql -XAtc "SELECT sf_script()" | psql -Xq'),
	('hooks in every session',
		pg_catalog.current_setting('shared_preload_libraries') OPERATOR(pg_catalog.~) '\mschemaflow\M',
		'shared_preload_libraries = ''schemaflow''; restart. Nothing needs them yet.')
	) AS c(capability, works, how);
COMMENT ON VIEW @extschema@.sf_capabilities IS 'what is on, and how to get the rest';
GRANT SELECT ON @extschema@.sf_capabilities TO PUBLIC;

-- A publication FOR ALL TABLES has just begun to publish our tables, which subscribers do not have.
DO $$
DECLARE
	names pg_catalog.text;
BEGIN
	SELECT pg_catalog.string_agg(pg_catalog.quote_ident(pubname), ', ' ORDER BY pubname) INTO names
	FROM pg_catalog.pg_publication
	WHERE puballtables;
	IF names IS NOT NULL THEN
		RAISE WARNING 'publication % is FOR ALL TABLES and now publishes the tables of schemaflow', names
			USING DETAIL = 'Subscribers that do not have these tables stop with an error.',
				HINT = 'Publish the schemas of the application instead: CREATE PUBLICATION ... FOR TABLES IN SCHEMA ...; '
					'or CREATE EXTENSION schemaflow on the subscribers first.';
	END IF;
END
$$;
-- Plan.

CREATE FUNCTION @extschema@.sf_plan_migration(message text, allow_shrink boolean DEFAULT false)
RETURNS SETOF text LANGUAGE c AS 'MODULE_PATHNAME', 'sf_plan_migration';
COMMENT ON FUNCTION @extschema@.sf_plan_migration(text, boolean) IS
	'plan the way from the live schema to the model and back, store it as a migration, print it';
REVOKE ALL ON FUNCTION @extschema@.sf_plan_migration(text, boolean) FROM PUBLIC;
-- Running migrations: the row of the last run, the procedures, who runs.

CREATE TABLE schemaflow.run (
	system_identifier bigint NOT NULL,
	database_oid oid NOT NULL,
	trusted boolean NOT NULL GENERATED ALWAYS AS (@extschema@.sf_trusted(system_identifier, database_oid)) STORED,
	direction text NOT NULL CHECK (direction IN ('up', 'down')),
	target text NOT NULL,
	through text,
	allow text[] NOT NULL,
	aborting boolean NOT NULL,
	status text NOT NULL,
	started_at timestamptz NOT NULL,
	started_by text NOT NULL,
	changed_at timestamptz NOT NULL,
	revision text,
	running text,
	step integer,
	steps integer,
	phase text,
	statement text,
	message text,
	detail text,
	hint text,
	PRIMARY KEY (system_identifier, database_oid)
);
COMMENT ON TABLE schemaflow.run IS 'the last run of migrations in this database';
COMMENT ON COLUMN schemaflow.run.status IS
	'running (or stopped, when no runner lives), ready, paused, failed, done, aborted';
COMMENT ON COLUMN schemaflow.run.running IS 'direction in which the revision is run';
COMMENT ON COLUMN schemaflow.run.step IS 'first step of the transaction that runs, or ran last';
COMMENT ON COLUMN schemaflow.run.statement IS 'what is about to run outside of a transaction';
GRANT SELECT ON schemaflow.run TO PUBLIC;
-- As for the history: a restore by the database's owner brings the row, and it is not trusted.
GRANT INSERT ON schemaflow.run TO pg_database_owner;
SELECT pg_catalog.pg_extension_config_dump('schemaflow.run', '');

CREATE TABLE schemaflow.start (
	system_identifier bigint NOT NULL,
	database_oid oid NOT NULL,
	trusted boolean NOT NULL GENERATED ALWAYS AS (@extschema@.sf_trusted(system_identifier, database_oid)) STORED,
	revision text NOT NULL,
	direction text NOT NULL CHECK (direction IN ('up', 'down')),
	facts text NOT NULL,
	format integer NOT NULL,
	major integer NOT NULL,
	PRIMARY KEY (system_identifier, database_oid)
);
COMMENT ON TABLE schemaflow.start IS 'the schema that the migration that runs, or ran last, started from: what sf_abort() goes back to';
GRANT SELECT ON schemaflow.start TO PUBLIC;
GRANT INSERT ON schemaflow.start TO pg_database_owner;
SELECT pg_catalog.pg_extension_config_dump('schemaflow.start', '');

CREATE PROCEDURE @extschema@.sf_upgrade("to" text DEFAULT 'head', through text DEFAULT NULL, allow text[] DEFAULT '{}',
	wait boolean DEFAULT true)
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_upgrade';
COMMENT ON PROCEDURE @extschema@.sf_upgrade(text, text, text[], boolean) IS
	'run migrations up to a revision, step by step; goes on where it was stopped';

CREATE PROCEDURE @extschema@.sf_downgrade("to" text DEFAULT '-1', allow text[] DEFAULT '{}', wait boolean DEFAULT true)
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_downgrade';
COMMENT ON PROCEDURE @extschema@.sf_downgrade(text, text[], boolean) IS
	'run migrations down to a revision, step by step; goes on where it was stopped';

CREATE PROCEDURE @extschema@.sf_abort(allow text[] DEFAULT '{}', wait boolean DEFAULT true)
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_abort';
COMMENT ON PROCEDURE @extschema@.sf_abort(text[], boolean) IS
	'undo what was done of the migration that is half done';

CREATE PROCEDURE @extschema@.sf_test(revision text DEFAULT 'head')
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_test';
COMMENT ON PROCEDURE @extschema@.sf_test(text) IS
	'run a migration up, down and up again in a scratch database with the schema of this one';

CREATE FUNCTION @extschema@.sf_pause() RETURNS boolean
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_pause';
COMMENT ON FUNCTION @extschema@.sf_pause() IS
	'cancel the running step; false: nothing runs. CALL sf_upgrade() or sf_resume() go on';

CREATE FUNCTION @extschema@.sf_resume() RETURNS boolean
LANGUAGE c AS 'MODULE_PATHNAME', 'sf_resume';
COMMENT ON FUNCTION @extschema@.sf_resume() IS
	'go on with the last run in the background; false: it runs, or is done';

REVOKE ALL ON PROCEDURE @extschema@.sf_upgrade(text, text, text[], boolean),
	@extschema@.sf_downgrade(text, text[], boolean), @extschema@.sf_abort(text[], boolean),
	@extschema@.sf_test(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION @extschema@.sf_pause(), @extschema@.sf_resume() FROM PUBLIC;

CREATE VIEW @extschema@.sf_progress AS
SELECT l.pid, r.revision, r.running AS direction,
	coalesce(pg_catalog.substring(a.application_name, ' ([0-9]+)/[0-9]+')::integer, r.step) AS step, r.steps, r.phase,
	a.query AS statement, a.wait_event_type, a.wait_event,
	pg_catalog.pg_blocking_pids(l.pid) AS waiting_for,
	p.blocks_done, p.blocks_total,
	a.state_change AS since, r.started_at, r.started_by
FROM pg_catalog.pg_locks l
JOIN pg_catalog.pg_database d ON d.oid OPERATOR(pg_catalog.=) l.database
	AND d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
LEFT JOIN schemaflow.run r ON r.trusted AND r.database_oid OPERATOR(pg_catalog.=) l.database
	AND r.system_identifier OPERATOR(pg_catalog.=) (SELECT c.system_identifier FROM pg_catalog.pg_control_system() c)
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid OPERATOR(pg_catalog.=) l.pid
LEFT JOIN pg_catalog.pg_stat_progress_create_index p ON p.pid OPERATOR(pg_catalog.=) l.pid
WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory' AND l.objsubid OPERATOR(pg_catalog.=) 24322 AND l.granted;
COMMENT ON VIEW @extschema@.sf_progress IS 'the migration that runs in this database now; no row: none does';

CREATE VIEW @extschema@.sf_status AS
SELECT r.revision, r.running AS direction, r.target,
	CASE WHEN r.status OPERATOR(pg_catalog.<>) 'running' OR EXISTS (SELECT FROM @extschema@.sf_progress)
		THEN r.status ELSE 'stopped' END AS status,
	r.step, r.steps, r.phase, r.statement, r.message, r.detail, r.hint, r.started_at, r.started_by, r.changed_at
FROM schemaflow.run r
WHERE r.trusted AND r.database_oid OPERATOR(pg_catalog.=)
		(SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
	AND r.system_identifier OPERATOR(pg_catalog.=) (SELECT c.system_identifier FROM pg_catalog.pg_control_system() c);
COMMENT ON VIEW @extschema@.sf_status IS
	'how the last run in this database stands: running, ready, paused, failed, done, aborted, stopped (its process is gone)';
GRANT SELECT ON @extschema@.sf_progress, @extschema@.sf_status TO PUBLIC;
-- What statements do to tables in use.

CREATE FUNCTION @extschema@.sf_risk(statement text,
	OUT keys text, OUT relation text, OUT lock text, OUT rewrites boolean, OUT scans boolean, OUT loses_data boolean,
	OUT in_transaction boolean, OUT needs_rows_estimate bigint, OUT why text)
RETURNS SETOF record LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'sf_risk';
COMMENT ON FUNCTION @extschema@.sf_risk(text) IS
	'what one DDL statement would do here: a row for each relation that it locks; nothing is run';

CREATE FUNCTION @extschema@.sf_risk_table(
	OUT kind text, OUT verb text, OUT attribute text, OUT lock text, OUT partner_lock text, OUT rewrites boolean,
	OUT scans boolean, OUT loses_data boolean, OUT narrows boolean, OUT depends boolean, OUT why text)
RETURNS SETOF record LANGUAGE c IMMUTABLE AS 'MODULE_PATHNAME', 'sf_risk_table';
COMMENT ON FUNCTION @extschema@.sf_risk_table() IS 'locks, rewrites, scans and losses of each kind of change';
-- What is modelled.

CREATE FUNCTION @extschema@.sf_kinds(
	OUT kind text, OUT keyword text, OUT renames boolean, OUT attribute text, OUT how text)
RETURNS SETOF record LANGUAGE c IMMUTABLE AS 'MODULE_PATHNAME', 'sf_kinds_show';
COMMENT ON FUNCTION @extschema@.sf_kinds() IS
	'every kind of object that is modelled, with its attributes and how a difference in each is mended';
