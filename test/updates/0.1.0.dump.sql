-- A database of version 0.1.0 in the middle of a migration, as pg_dump wrote it there; the dump's origin is made this database's by
-- variables: :system, :database.
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE EXTENSION IF NOT EXISTS schemaflow WITH SCHEMA public;
COMMENT ON EXTENSION schemaflow IS 'schema changes planned, proved, run and guarded in the server';
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.teams (
    id integer NOT NULL
);
ALTER TABLE public.teams OWNER TO postgres;
CREATE TABLE public.users (
    id integer NOT NULL,
    name text NOT NULL,
    phone text,
    team integer
);
ALTER TABLE public.users OWNER TO postgres;
INSERT INTO public.users (id, name, phone, team) VALUES (1, 'one', NULL, NULL);
INSERT INTO public.users (id, name, phone, team) VALUES (2, '?', NULL, NULL);
INSERT INTO schemaflow.declaration (system_identifier, database_oid, unit, n, line, tag, sql, hash, dump, objects, facts, format, major) VALUES (:system, :database, '', 0, 0, '', '', '', false, 0, '+comment	2	schema	public	schema:public	1	text	standard public schema	1	pschema:public
+extension	1	plpgsql	\N	1	version	1.0	0
+grant	4	schema	public	public		schema:public	1	privileges	USAGE	1	pschema:public
+owner	2	schema	public	schema:public	1	role	pg_database_owner	1	pschema:public
+schema	1	public	\N	0	0', 1, 15);
INSERT INTO schemaflow.declaration (system_identifier, database_oid, unit, n, line, tag, sql, hash, dump, objects, facts, format, major) VALUES (:system, :database, 'main', 1, 2, 'CREATE TABLE', 'CREATE TABLE teams (id int PRIMARY KEY)', 'e44ceaae5ea61b54e9b647fcb3ca96d3e205d876c32969d935b8c821aa0936f5', false, 1, 'column	3	public	teams	id	table:public.teams	4	type	integer	not_null	t	position	0001	type_storage	PLAIN	1	ptable:public.teams
owner	3	table	public	teams	table:public.teams	1	role	postgres	1	ptable:public.teams
primary key	3	public	teams	teams_pkey	table:public.teams	1	definition	PRIMARY KEY (id)	2	acolumn:public.teams.id	ptable:public.teams
table	2	public	teams	schema:public	0	1	pschema:public', 1, 15);
INSERT INTO schemaflow.declaration (system_identifier, database_oid, unit, n, line, tag, sql, hash, dump, objects, facts, format, major) VALUES (:system, :database, 'main', 2, 3, 'CREATE TABLE', 'CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, phone text, team int REFERENCES teams (id))', '64a89a20ad5e4a7b369c9364295863b88811724aa13bdc749221500ad6fa94a5', false, 1, 'column	3	public	users	id	table:public.users	4	type	integer	not_null	t	position	0001	type_storage	PLAIN	1	ptable:public.users
column	3	public	users	name	table:public.users	4	type	text	not_null	t	position	0002	type_storage	EXTENDED	1	ptable:public.users
column	3	public	users	phone	table:public.users	3	type	text	position	0003	type_storage	EXTENDED	1	ptable:public.users
column	3	public	users	team	table:public.users	3	type	integer	position	0004	type_storage	PLAIN	1	ptable:public.users
foreign key	3	public	users	users_team_fkey	table:public.users	1	definition	FOREIGN KEY (team) REFERENCES public.teams(id)	4	acolumn:public.users.team	nprimary key:public.teams.teams_pkey	ncolumn:public.teams.id	ptable:public.users
owner	3	table	public	users	table:public.users	1	role	postgres	1	ptable:public.users
primary key	3	public	users	users_pkey	table:public.users	1	definition	PRIMARY KEY (id)	2	acolumn:public.users.id	ptable:public.users
table	2	public	users	schema:public	0	1	pschema:public', 1, 15);
INSERT INTO schemaflow.declaration (system_identifier, database_oid, unit, n, line, tag, sql, hash, dump, objects, facts, format, major) VALUES (:system, :database, 'main', 3, 4, 'CREATE INDEX', 'CREATE INDEX users_team ON users (team)', 'cce2dfcf453045b127892bf69436892c86b64cf3d60b17ddb4ff6c9fbd7c2159', false, 0, 'index	2	public	users_team	table:public.users	2	table	public.users	definition	USING btree (team)	2	acolumn:public.users.team	ptable:public.users', 1, 15);
INSERT INTO schemaflow.ignore (system_identifier, database_oid, pattern) VALUES (:system, :database, 'other.*');
INSERT INTO schemaflow.journal (system_identifier, database_oid, entry, revision, direction, transaction, transactions, how, done_at, done_by) VALUES (:system, :database, 1, 'a09d8486ba1d', 'up', 1, 1, 'mark', '2026-11-23 17:51:24.455671+00', 'postgres');
INSERT INTO schemaflow.journal (system_identifier, database_oid, entry, revision, direction, transaction, transactions, how, done_at, done_by) VALUES (:system, :database, 2, '1a7007bba915', 'up', 1, 4, 'mark', '2026-11-23 17:51:26.055546+00', 'postgres');
INSERT INTO schemaflow.journal (system_identifier, database_oid, entry, revision, direction, transaction, transactions, how, done_at, done_by) VALUES (:system, :database, 3, '1a7007bba915', 'up', 2, 4, 'mark', '2026-11-23 17:51:26.074378+00', 'postgres');
INSERT INTO schemaflow.journal (system_identifier, database_oid, entry, revision, direction, transaction, transactions, how, done_at, done_by) VALUES (:system, :database, 4, '1a7007bba915', 'up', 3, 4, 'mark', '2026-11-23 17:51:26.090253+00', 'postgres');
INSERT INTO schemaflow.managed_schema (system_identifier, database_oid, name) VALUES (:system, :database, 'public');
INSERT INTO schemaflow.migration (system_identifier, database_oid, revision, parents, message, summary, owner, search_path, from_hash, to_hash, state, format, major, planned_at, planned_by, imported, superseded_at) VALUES (:system, :database, 'a09d8486ba1d', '{}', 'first', 'creates table public.users', 'postgres', '"$user", public', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', '4e8a102f7c3973a435dd35b1d92e8badde972ca7c9f9ad3929dcfb73cd6cd93d', 'manage model
!comment:schema.public
!grant:schema.public.public.""
!owner:schema.public
*schema:public
-schema:public
=table:public.users	-	be6f9fe39c97412f', 1, 15, '2026-11-23 17:51:23.774842+00', 'postgres', false, NULL);
INSERT INTO schemaflow.migration (system_identifier, database_oid, revision, parents, message, summary, owner, search_path, from_hash, to_hash, state, format, major, planned_at, planned_by, imported, superseded_at) VALUES (:system, :database, '1a7007bba915', '{a09d8486ba1d}', 'second', 'creates table public.teams, column public.users.phone, column public.users.team, index public.users_team, foreign key public.users.users_team_fkey; alters column public.users.name', 'postgres', '"$user", public', '4e8a102f7c3973a435dd35b1d92e8badde972ca7c9f9ad3929dcfb73cd6cd93d', 'c9e97134afde978133f6d0be278881814a2c0982771f2ffc40b92dd7b498738f', 'manage model
!comment:schema.public
!grant:schema.public.public.""
!owner:schema.public
*schema:public
-schema:public
=table:public.teams	-	fed9653496a8417d
=table:public.users	be6f9fe39c97412f	82f5df66ef0f082b', 1, 15, '2026-11-23 17:51:25.388184+00', 'postgres', false, NULL);
INSERT INTO schemaflow.rename_hint (system_identifier, database_oid, kind, new, unit, old) VALUES (:system, :database, 'column', 'public.users.fon', '', 'public.users.phone');
INSERT INTO schemaflow.run (system_identifier, database_oid, direction, target, through, allow, aborting, status, started_at, started_by, changed_at, revision, running, step, steps, phase, statement, message, detail, hint) VALUES (:system, :database, 'up', 'head', 'expand', '{}', false, 'ready', '2026-11-23 17:51:25.779411+00', 'postgres', '2026-11-23 17:51:26.09098+00', '1a7007bba915', 'up', 7, 8, 'expand', NULL, NULL, NULL, NULL);
INSERT INTO schemaflow.start (system_identifier, database_oid, revision, direction, facts, format, major) VALUES (:system, :database, '1a7007bba915', 'up', 'column	3	public	users	id	table:public.users	4	type	integer	not_null	t	position	0001	type_storage	PLAIN	1	ptable:public.users
column	3	public	users	name	table:public.users	3	type	text	position	0002	type_storage	EXTENDED	1	ptable:public.users
comment	2	schema	public	schema:public	1	text	standard public schema	1	pschema:public
extension	1	plpgsql	\N	1	version	1.0	0
grant	4	schema	public	public		schema:public	1	privileges	USAGE	1	pschema:public
owner	3	table	public	users	table:public.users	1	role	postgres	1	ptable:public.users
owner	2	schema	public	schema:public	1	role	pg_database_owner	1	pschema:public
primary key	3	public	users	users_pkey	table:public.users	1	definition	PRIMARY KEY (id)	2	acolumn:public.users.id	ptable:public.users
schema	1	public	\N	0	0
table	2	public	users	schema:public	0	1	pschema:public
', 1, 15);
INSERT INTO schemaflow.step (system_identifier, database_oid, revision, direction, n, phase, class, transaction, sql, object, lock, lock_table, rewrites, scans, loses_data, needs_rows_estimate, why) VALUES (:system, :database, 'a09d8486ba1d', 'up', 1, 'expand', 'T', 1, 'CREATE TABLE public.users (
    id integer NOT NULL,
    name text,
    CONSTRAINT users_pkey PRIMARY KEY (id)
)', 'table public.users', NULL, NULL, false, false, false, NULL, NULL);
INSERT INTO schemaflow.step (system_identifier, database_oid, revision, direction, n, phase, class, transaction, sql, object, lock, lock_table, rewrites, scans, loses_data, needs_rows_estimate, why) VALUES (:system, :database, 'a09d8486ba1d', 'down', 1, 'contract', 'T', 1, 'DROP TABLE public.users', 'table public.users', 'ACCESS EXCLUSIVE', 'public.users', false, false, true, NULL, 'the rows are lost');
INSERT INTO schemaflow.step (system_identifier, database_oid, revision, direction, n, phase, class, transaction, sql, object, lock, lock_table, rewrites, scans, loses_data, needs_rows_estimate, why) VALUES (:system, :database, '1a7007bba915', 'up', 1, 'expand', 'T', 1, 'CREATE TABLE public.teams (
    id integer NOT NULL,
    CONSTRAINT teams_pkey PRIMARY KEY (id)
)', 'table public.teams', NULL, NULL, false, false, false, NULL, NULL);
INSERT INTO schemaflow.step (system_identifier, database_oid, revision, direction, n, phase, class, transaction, sql, object, lock, lock_table, rewrites, scans, loses_data, needs_rows_estimate, why) VALUES (:system, :database, '1a7007bba915', 'up', 2, 'expand', 'T', 1, 'UPDATE public.users SET name = (coalesce(name, ''?'')) WHERE name IS NULL', 'column public.users.name', NULL, NULL, false, false, false, NULL, NULL);
INSERT INTO schemaflow.step (system_identifier, database_oid, revision, direction, n, phase, class, transaction, sql, object, lock, lock_table, rewrites, scans, loses_data, needs_rows_estimate, why) VALUES (:system, :database, '1a7007bba915', 'up', 3, 'expand', 'T', 1, 'ALTER TABLE public.users ALTER COLUMN name SET NOT NULL', 'column public.users.name', 'ACCESS EXCLUSIVE', 'public.users', false, true, false, 1270, NULL);
INSERT INTO schemaflow.step (system_identifier, database_oid, revision, direction, n, phase, class, transaction, sql, object, lock, lock_table, rewrites, scans, loses_data, needs_rows_estimate, why) VALUES (:system, :database, '1a7007bba915', 'up', 4, 'expand', 'T', 1, 'ALTER TABLE public.users ADD COLUMN phone text', 'column public.users.phone', 'ACCESS EXCLUSIVE', 'public.users', false, false, false, NULL, NULL);
INSERT INTO schemaflow.step (system_identifier, database_oid, revision, direction, n, phase, class, transaction, sql, object, lock, lock_table, rewrites, scans, loses_data, needs_rows_estimate, why) VALUES (:system, :database, '1a7007bba915', 'up', 5, 'expand', 'T', 1, 'ALTER TABLE public.users ADD COLUMN team integer', 'column public.users.team', 'ACCESS EXCLUSIVE', 'public.users', false, false, false, NULL, NULL);
INSERT INTO schemaflow.step (system_identifier, database_oid, revision, direction, n, phase, class, transaction, sql, object, lock, lock_table, rewrites, scans, loses_data, needs_rows_estimate, why) VALUES (:system, :database, '1a7007bba915', 'up', 6, 'expand', 'N', 2, 'CREATE INDEX CONCURRENTLY users_team ON public.users USING btree (team)', 'index public.users_team', 'SHARE UPDATE EXCLUSIVE', 'public.users', false, true, false, 1270, NULL);
INSERT INTO schemaflow.step (system_identifier, database_oid, revision, direction, n, phase, class, transaction, sql, object, lock, lock_table, rewrites, scans, loses_data, needs_rows_estimate, why) VALUES (:system, :database, '1a7007bba915', 'up', 7, 'expand', 'T', 3, 'ALTER TABLE public.users ADD CONSTRAINT users_team_fkey FOREIGN KEY (team) REFERENCES public.teams(id) NOT VALID', 'foreign key public.users.users_team_fkey', 'SHARE ROW EXCLUSIVE', 'public.users', false, false, false, NULL, NULL);
INSERT INTO schemaflow.step (system_identifier, database_oid, revision, direction, n, phase, class, transaction, sql, object, lock, lock_table, rewrites, scans, loses_data, needs_rows_estimate, why) VALUES (:system, :database, '1a7007bba915', 'up', 8, 'validate', 'T', 4, 'ALTER TABLE public.users VALIDATE CONSTRAINT users_team_fkey', 'foreign key public.users.users_team_fkey', 'SHARE UPDATE EXCLUSIVE', 'public.users', false, true, false, 1270, NULL);
INSERT INTO schemaflow.step (system_identifier, database_oid, revision, direction, n, phase, class, transaction, sql, object, lock, lock_table, rewrites, scans, loses_data, needs_rows_estimate, why) VALUES (:system, :database, '1a7007bba915', 'down', 1, 'contract', 'T', 1, 'ALTER TABLE public.users ALTER COLUMN name DROP NOT NULL', 'column public.users.name', 'ACCESS EXCLUSIVE', 'public.users', false, false, false, NULL, 'readers may meet NULLs');
INSERT INTO schemaflow.step (system_identifier, database_oid, revision, direction, n, phase, class, transaction, sql, object, lock, lock_table, rewrites, scans, loses_data, needs_rows_estimate, why) VALUES (:system, :database, '1a7007bba915', 'down', 2, 'contract', 'T', 1, 'ALTER TABLE public.users DROP COLUMN phone', 'column public.users.phone', 'ACCESS EXCLUSIVE', 'public.users', false, false, true, NULL, 'the column''s values are lost');
INSERT INTO schemaflow.step (system_identifier, database_oid, revision, direction, n, phase, class, transaction, sql, object, lock, lock_table, rewrites, scans, loses_data, needs_rows_estimate, why) VALUES (:system, :database, '1a7007bba915', 'down', 3, 'contract', 'T', 1, 'ALTER TABLE public.users DROP COLUMN team', 'column public.users.team', 'ACCESS EXCLUSIVE', 'public.users', false, false, true, NULL, 'the column''s values are lost');
INSERT INTO schemaflow.step (system_identifier, database_oid, revision, direction, n, phase, class, transaction, sql, object, lock, lock_table, rewrites, scans, loses_data, needs_rows_estimate, why) VALUES (:system, :database, '1a7007bba915', 'down', 4, 'contract', 'T', 1, 'DROP TABLE public.teams', 'table public.teams', 'ACCESS EXCLUSIVE', 'public.teams', false, false, true, NULL, 'the rows are lost');
INSERT INTO schemaflow.transform (system_identifier, database_oid, "column", unit, up, down) VALUES (:system, :database, 'public.users.name', '', 'coalesce(name, ''?'')', NULL);
INSERT INTO schemaflow.unit (system_identifier, database_oid, name, owner, source, sql, hash, first_at, recorded_at, recorded_by) VALUES (:system, :database, 'main', 'postgres', 'ddl', '
CREATE TABLE teams (id int PRIMARY KEY);
CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, phone text, team int REFERENCES teams (id));
CREATE INDEX users_team ON users (team);', '12948a4075d4cd71399769b46051e4e10aeda4480fdd0988c5935a63461ad340', '2026-11-23 17:51:23.378499+00', '2026-11-23 17:51:25.147591+00', 'postgres');
ALTER TABLE ONLY public.teams
    ADD CONSTRAINT teams_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);
CREATE INDEX users_team ON public.users USING btree (team);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_team_fkey FOREIGN KEY (team) REFERENCES public.teams(id) NOT VALID;
