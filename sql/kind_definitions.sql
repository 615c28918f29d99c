-- Keys, checks and indexes are written from the catalogs' columns, or deparsed once for many: they read as the server
-- itself would print them one by one.
CREATE DATABASE sf_definitions;
\c sf_definitions
SET client_min_messages = warning;
CREATE EXTENSION schemaflow;
CREATE TYPE mood AS ENUM ('a', 'b');
CREATE DOMAIN word AS text;
CREATE SCHEMA "Sel ect";
CREATE TABLE "Sel ect"."Ord""er" ("Id" int, "a.b" text, "%s" text, "select" int, PRIMARY KEY ("Id", "select"),
  UNIQUE ("%s") INCLUDE ("a.b"));
CREATE TABLE t (id int PRIMARY KEY, v varchar(10), c char(3), tx text, m mood, d word, arr int[], j jsonb, ts tsvector,
  n name, r int4range, p point, i inet, x int, y int, z numeric(5,2),
  CHECK (x > 0), CHECK (x > 0 AND y < 5) NO INHERIT, CHECK (t IS NOT NULL));
-- The same expression, of columns with other numbers and names, and of the same number with another name.
CREATE TABLE u (y int CHECK (y > 0), x int CHECK (x > 0), "%s" text DEFAULT '%s', s text DEFAULT '%s :location 55 :varattno 1',
  g int GENERATED ALWAYS AS (x + 1) STORED, CONSTRAINT "c%s" CHECK ("%s" <> '%s'),
  FOREIGN KEY (y, x) REFERENCES "Sel ect"."Ord""er" ("Id", "select") MATCH FULL ON UPDATE CASCADE ON DELETE SET NULL DEFERRABLE,
  FOREIGN KEY (y, x) REFERENCES "Sel ect"."Ord""er" ON DELETE SET NULL (x), FOREIGN KEY (x) REFERENCES t ON UPDATE RESTRICT,
  UNIQUE NULLS NOT DISTINCT (x, y), UNIQUE (y) DEFERRABLE INITIALLY DEFERRED,
  EXCLUDE USING gist (box(point(x, y), point(x, y)) WITH &&) WHERE (x > 3));
ALTER TABLE u ADD FOREIGN KEY (y) REFERENCES t NOT VALID;
CREATE TABLE w (a int, x int, y int CHECK (y > 0), g int GENERATED ALWAYS AS (x + 1) STORED, CHECK (x > 0));
ALTER TABLE w DROP COLUMN a;
CREATE INDEX ON t (v, tx DESC, x NULLS FIRST, y DESC NULLS LAST) INCLUDE (z, "j");
CREATE INDEX ON t (v COLLATE "C"); CREATE INDEX ON t (v varchar_pattern_ops); CREATE INDEX ON t (c); CREATE INDEX ON t (m);
CREATE INDEX ON t (d); CREATE INDEX ON t (arr); CREATE INDEX ON t (n); CREATE INDEX ON t (r); CREATE INDEX ON t (i);
CREATE INDEX ON t USING gin (j jsonb_path_ops); CREATE INDEX ON t USING gin (j); CREATE INDEX ON t USING hash (v);
CREATE INDEX ON t USING gist (ts tsvector_ops (siglen = 100)); CREATE INDEX ON t USING gist (r); CREATE INDEX ON t USING spgist (p);
CREATE INDEX ON t USING brin (x, y) WITH (pages_per_range = 4); CREATE INDEX ON t (lower(v)); CREATE INDEX ON t (x, (x + y)) WHERE t IS NOT NULL;
CREATE UNIQUE INDEX ON t (x, y) NULLS NOT DISTINCT WITH (fillfactor = 70) WHERE x > 5 AND v <> 'a';
CREATE INDEX ON u (x) WHERE x > 5; CREATE INDEX ON u (y) WHERE y > 5; CREATE INDEX ON w (x) WHERE x > 5;
CREATE INDEX ON u ("%s") WHERE "%s" = '%s';
-- With a default class for varchar itself, text_ops has to be named.
CREATE OPERATOR CLASS varchar_own DEFAULT FOR TYPE varchar USING btree AS OPERATOR 1 < (text, text), OPERATOR 2 <= (text, text),
  OPERATOR 3 = (text, text), OPERATOR 4 >= (text, text), OPERATOR 5 > (text, text), FUNCTION 1 (varchar, varchar) bttextcmp (text, text);
CREATE INDEX ON t (v);
SET search_path = pg_catalog;
CREATE TEMP TABLE fact AS SELECT kind, name, attribute, value FROM public.sf_facts();
-- What the server says: nothing is otherwise, nothing is missing.
SELECT i.oid::regclass, d.value, p.value AS predicate, pg_get_indexdef(i.oid)
FROM pg_index x JOIN pg_class i ON i.oid = indexrelid JOIN pg_namespace n ON n.oid = i.relnamespace
LEFT JOIN fact d ON d.kind = 'index' AND d.name = format('%I.%I', nspname, relname) AND d.attribute = 'definition'
LEFT JOIN fact p ON p.kind = 'index' AND p.name = d.name AND p.attribute = 'predicate'
WHERE nspname IN ('public', 'Sel ect') AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.oid AND contype <> 'f')
  AND regexp_replace(pg_get_indexdef(i.oid), '^.*? ON \S+ | WITH \([^)]*\)', '', 'g')
      IS DISTINCT FROM d.value || coalesce(' WHERE ' || p.value, '');
SELECT conname, value, pg_get_constraintdef(k.oid)
FROM pg_constraint k JOIN pg_class c ON c.oid = conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN fact ON name = format('%I.%I.%I', nspname, relname, conname) AND attribute = 'definition'
WHERE nspname IN ('public', 'Sel ect') AND contype <> 'n'
  AND regexp_replace(pg_get_constraintdef(k.oid), '( DEFERRABLE( INITIALLY DEFERRED)?)?( NOT VALID)?$', '') IS DISTINCT FROM value;
SELECT attname, value, pg_get_expr(adbin, adrelid)
FROM pg_attrdef d JOIN pg_class c ON c.oid = adrelid JOIN pg_namespace n ON n.oid = relnamespace
JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
LEFT JOIN fact ON kind IN ('default', 'generated') AND name = format('%I.%I.%I', nspname, relname, attname) AND attribute = 'expression'
WHERE nspname = 'public' AND value IS DISTINCT FROM pg_get_expr(adbin, adrelid);
SELECT kind, count(*) FROM fact WHERE attribute IN ('definition', 'expression') GROUP BY 1 ORDER BY 1;
\c postgres
DROP DATABASE sf_definitions;
