-- Text search: parsers, templates, dictionaries, configurations; mappings and options in place.
SET client_min_messages = warning;
SET check_function_bodies = off;
CREATE EXTENSION schemaflow;

-- Create
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE SCHEMA s;
	CREATE TEXT SEARCH PARSER s.p (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
	CREATE TEXT SEARCH TEMPLATE s.tm (LEXIZE = dsimple_lexize);
	CREATE TEXT SEARCH DICTIONARY s.d (TEMPLATE = snowball, LANGUAGE = 'english', STOPWORDS = 'english');
	CREATE TEXT SEARCH CONFIGURATION s.en (COPY = pg_catalog.english);
	ALTER TEXT SEARCH CONFIGURATION s.en ALTER MAPPING FOR word, asciiword WITH s.d, simple;
	CREATE TEXT SEARCH CONFIGURATION s."None" (PARSER = s.p);
	CREATE TABLE s.t (body text, words tsvector GENERATED ALWAYS AS (to_tsvector('s.en', body)) STORED);
	COMMENT ON TEXT SEARCH CONFIGURATION s.en IS 'ours';
	COMMENT ON TEXT SEARCH DICTIONARY s.d IS 'dict';
$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('create', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();

-- Alter
SELECT count(*) > 0 AS changed FROM sf_define($model$
	CREATE SCHEMA s;
	CREATE TEXT SEARCH PARSER s.p (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype, HEADLINE = prsd_headline);
	CREATE TEXT SEARCH TEMPLATE s.tm (INIT = dsimple_init, LEXIZE = dsimple_lexize);
	CREATE TEXT SEARCH DICTIONARY s.d (TEMPLATE = snowball, LANGUAGE = 'german');
	CREATE TEXT SEARCH CONFIGURATION s.en (COPY = pg_catalog.english);
	ALTER TEXT SEARCH CONFIGURATION s.en ALTER MAPPING FOR word WITH s.d;
	ALTER TEXT SEARCH CONFIGURATION s.en DROP MAPPING FOR email, url;
	CREATE TEXT SEARCH CONFIGURATION s."None" (PARSER = s.p);
	ALTER TEXT SEARCH CONFIGURATION s."None" ADD MAPPING FOR host WITH s.d, simple;
	CREATE TABLE s.t (body text, words tsvector GENERATED ALWAYS AS (to_tsvector('s.en', body)) STORED);
	COMMENT ON TEXT SEARCH CONFIGURATION s.en IS 'ours';
$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('alter', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();

-- Drop
SELECT count(*) > 0 AS changed FROM sf_define($model$CREATE SCHEMA s;$model$, true);
SELECT count(*) > 0 AS planned FROM sf_plan_migration('drop', allow_shrink => true);
SELECT sql FROM sf_steps() ORDER BY n \gexec
SELECT * FROM sf_diff();
DROP SCHEMA s;
DROP EXTENSION schemaflow;
