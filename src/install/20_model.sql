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
	object text,
	PRIMARY KEY (system_identifier, database_oid, kind, new, unit)
);
COMMENT ON TABLE schemaflow.rename_hint IS 'what was renamed: names as SQL, of parts under the new name of the whole';
COMMENT ON COLUMN schemaflow.rename_hint.unit IS 'unit whose text has the hint; empty when given by sf_rename_hint()';
COMMENT ON COLUMN schemaflow.rename_hint.object IS
	'where the model has the old name as well: address of the live object that had it when the hint was given; or empty';

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
