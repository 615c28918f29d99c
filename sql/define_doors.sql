-- Models that an application made: a recording schema, the live schema; the model as DDL.
CREATE EXTENSION schemaflow;
\set shown '\'OWNER TO \' || quote_ident(current_user), \'OWNER TO me\''

-- An application that was told to work in schema sf_rec.
CREATE SCHEMA sf_rec;
SET search_path = sf_rec;
CREATE TYPE path AS ENUM ('left', 'right');
CREATE TABLE team (id serial PRIMARY KEY, name text NOT NULL UNIQUE);
CREATE TABLE "user" (
	id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	path sf_rec.path NOT NULL DEFAULT 'left',
	team_id int REFERENCES team,
	manager int REFERENCES "user",
	CHECK (path IN ('left', 'right'))
);
CREATE INDEX ON "user" (path) WHERE team_id IS NOT NULL;
COMMENT ON TABLE "user" IS 'people';
RESET search_path;
SELECT * FROM sf_record('sf_rec');
SELECT unit, source, objects FROM sf_model;
SELECT sql ~ 'sf_rec' AS still_named FROM schemaflow.unit;
-- Live has not been touched.
SELECT to_regclass('public.team');

-- One object of it, by its name.
SELECT replace(sf_model_ddl('public.team'), :shown) AS ddl;
SELECT sf_model_ddl('public.nosuch');

-- Again, and under another name.
SELECT * FROM sf_record('sf_rec');
SELECT * FROM sf_record('sf_rec', target_schema => 'sf_rec');
SELECT * FROM sf_record('sf_rec', target_schema => 'app', unit => 'app');
SELECT replace(sf_model_ddl('app.team'), :shown) AS ddl;
SELECT * FROM sf_undefine('app');

-- What goes past the schema is not half recorded.
CREATE SCHEMA nothing;
SELECT * FROM sf_record('nothing');
SELECT * FROM sf_record('nosuch');
CREATE TABLE public.elsewhere (id int PRIMARY KEY);
ALTER TABLE sf_rec.team ADD COLUMN e int REFERENCES public.elsewhere;
SELECT * FROM sf_record('sf_rec');
ALTER TABLE sf_rec.team DROP COLUMN e, ADD COLUMN e text DEFAULT 'sf_rec.team';
SELECT * FROM sf_record('sf_rec');
ALTER TABLE sf_rec.team DROP COLUMN e, ADD COLUMN sf_record text DEFAULT 'not_sf_rec';
SELECT * FROM sf_record('sf_rec');

-- Live becomes the model; what any database has is not printed.
SELECT * FROM sf_adopt();
SELECT * FROM sf_undefine('main', allow_shrink => true);
SELECT * FROM sf_undefine('main', allow_shrink => true);
DROP SCHEMA sf_rec CASCADE;
DROP SCHEMA nothing;
SELECT replace(sf_model_ddl(), :shown) AS ddl;
SELECT * FROM sf_adopt();
SELECT replace(sf_model_ddl(), :shown) AS ddl;
SELECT * FROM sf_adopt();
-- The live schema as its own recording.
SELECT * FROM sf_record('public');
SELECT * FROM sf_adopt();
SELECT * FROM sf_undefine('main', allow_shrink => true);
SELECT * FROM sf_adopt();
SELECT * FROM sf_define('more', 'CREATE TABLE more (id int)');
SELECT * FROM sf_adopt();
SELECT * FROM sf_undefine('more');

-- Facts that another server major or format wrote are read from the text again, and stored.
CREATE TEMP TABLE before AS SELECT unit, n, facts FROM schemaflow.declaration;
UPDATE schemaflow.declaration SET major = 14, facts = replace(facts, 'elsewhere', 'written_by_14');
SELECT replace(sf_model_ddl('public.elsewhere'), :shown) AS ddl;
SELECT count(*) FROM schemaflow.declaration JOIN before USING (unit, n, facts) WHERE major <> 14;

-- Rows of another origin are history.
UPDATE schemaflow.unit SET database_oid = 1;
UPDATE schemaflow.declaration SET database_oid = 1;
SELECT * FROM sf_model;
SELECT replace(sf_model_ddl(), :shown) AS ddl;

DROP EXTENSION schemaflow;
DROP TABLE elsewhere;
