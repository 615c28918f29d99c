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
	archive text,
	PRIMARY KEY (system_identifier, database_oid, revision, direction, n)
);
COMMENT ON TABLE schemaflow.step IS 'steps of the migrations, one statement each';
COMMENT ON COLUMN schemaflow.step.class IS 'T in a transaction, N at top level, B batch, G gate';
COMMENT ON COLUMN schemaflow.step.transaction IS 'number of the transaction that the step runs in';
COMMENT ON COLUMN schemaflow.step.lock IS 'strongest lock on a table that existed before';
COMMENT ON COLUMN schemaflow.step.archive IS 'relation of schemaflow_archive that the step fills or gives back';
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
	hash text,
	PRIMARY KEY (system_identifier, database_oid, entry)
);
COMMENT ON TABLE schemaflow.journal IS 'what was done, written in the transaction that did it; the last entry of a revision says how it stands';
COMMENT ON COLUMN schemaflow.journal.transaction IS 'how many of the transactions are done';
COMMENT ON COLUMN schemaflow.journal.transactions IS 'of how many';
COMMENT ON COLUMN schemaflow.journal.how IS 'mark: done; begin: about to run what is no transaction; abort: undone; stamp: by sf_stamp(); implied: a later migration was applied';
COMMENT ON COLUMN schemaflow.journal.hash IS 'of the entry and of the hash before it: sf_doctor() finds what was changed; NULL: written by 0.1.0';
CREATE INDEX journal_revision ON schemaflow.journal (system_identifier, database_oid, revision, entry);
COMMENT ON INDEX schemaflow.journal_revision IS 'the last entry of a revision';

-- A database owner's pg_dump has to read them, and the rows come back with a restore.
GRANT SELECT ON schemaflow.migration, schemaflow.step, schemaflow.journal TO PUBLIC;
-- His restore brings them; they are not trusted (see sf_trusted).
GRANT INSERT ON schemaflow.migration, schemaflow.step, schemaflow.journal TO pg_database_owner;
SELECT pg_catalog.pg_extension_config_dump('schemaflow.migration', '');
SELECT pg_catalog.pg_extension_config_dump('schemaflow.step', '');
SELECT pg_catalog.pg_extension_config_dump('schemaflow.journal', '');
