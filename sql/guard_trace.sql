-- 112 forms of DDL: what sf_trace() sees against what was measured by other means (pg_locks, relfilenode, counters), and
-- against what sf_risk() declares without running anything.
CREATE DATABASE sf_guard_trace;
\c sf_guard_trace
-- Majors warn in different words of wal_level, which is not ours.
SET client_min_messages = error;
CREATE EXTENSION schemaflow;
create type mood as enum('a','b'); create domain d_pos as int check(value>0);
create table p(id int primary key, x int);
create table t(id int primary key, a int, b varchar(10), c text, n numeric(10,2), ts timestamp, tz timestamptz, e mood, d d_pos, fk int, u int not null, j json, ci varchar(10) collate "C");
insert into p select g,g from generate_series(1,1000) g;
insert into t select g,g,'x','y',1,now(),now(),'a',1,g,g,'{}','z' from generate_series(1,1000) g;
create index t_a on t(a); create unique index t_u on t(u); create index t_b on t(b);
alter table t add constraint ck_nv check (a>0) not valid; alter table t add constraint ck_nn check (a is not null);
alter table t add constraint fk_nv foreign key(fk) references p(id) not valid;
create view v as select id,a from t; create materialized view mv as select id,a from t; create unique index mv_i on mv(id);
create function trg() returns trigger language plpgsql as 'begin return new; end'; create trigger tr before insert on t for each row execute function trg();
create table pt(id int, k int) partition by range(k); create table pt1 partition of pt for values from (0) to (100); create table pt_def partition of pt default;
create table pnew(id int, k int); insert into pnew select g,150 from generate_series(1,1000) g;
create table pnew2(id int, k int, constraint c check(k is not null and k>=200 and k<300)); insert into pnew2 select g,250 from generate_series(1,1000) g;
create table q(id int, k int) partition by range(k); create table q1 partition of q for values from (0) to (100);
create sequence s; create schema sc; create extension if not exists plpgsql; create publication pub; create statistics st on a,u from t;
analyze;

CREATE TABLE form (n serial, name text, sql text, locks text, files text, scans text);
COPY form (name, sql, locks, files, scans) FROM stdin;
add column nullable	alter table t add column z int	t ACCESS EXCLUSIVE	\N	\N
add column const default	alter table t add column z int default 1	t ACCESS EXCLUSIVE	\N	\N
add column not null const default	alter table t add column z int not null default 1	t ACCESS EXCLUSIVE	\N	\N
add column now() default (stable)	alter table t add column z timestamptz default now()	t ACCESS EXCLUSIVE	\N	\N
add column volatile default	alter table t add column z float default random()	t ACCESS EXCLUSIVE, t_a ACCESS EXCLUSIVE, t_b ACCESS EXCLUSIVE, t_pkey ACCESS EXCLUSIVE, t_u ACCESS EXCLUSIVE	t,t_a,t_b,t_pkey,t_u	t 5
add column serial	alter table t add column z serial	t ACCESS EXCLUSIVE, t_a ACCESS EXCLUSIVE, t_b ACCESS EXCLUSIVE, t_pkey ACCESS EXCLUSIVE, t_u ACCESS EXCLUSIVE	t,t_a,t_b,t_pkey,t_u	t 5
add column identity	alter table t add column z int generated always as identity	t ACCESS EXCLUSIVE, t_a ACCESS EXCLUSIVE, t_b ACCESS EXCLUSIVE, t_pkey ACCESS EXCLUSIVE, t_u ACCESS EXCLUSIVE	t,t_a,t_b,t_pkey,t_u	t 5
add column generated stored	alter table t add column z int generated always as (a+1) stored	t ACCESS EXCLUSIVE, t_a ACCESS EXCLUSIVE, t_b ACCESS EXCLUSIVE, t_pkey ACCESS EXCLUSIVE, t_u ACCESS EXCLUSIVE	t,t_a,t_b,t_pkey,t_u	t 5
add column with check	alter table t add column z int check (z>0)	t ACCESS EXCLUSIVE	\N	t 1
add column default + check	alter table t add column z int default 1 check (z>0)	t ACCESS EXCLUSIVE	\N	t 1
add column references	alter table t add column z int references p(id)	p SHARE ROW EXCLUSIVE, t ACCESS EXCLUSIVE	\N	\N
add column default references	alter table t add column z int default 1 references p(id)	p SHARE ROW EXCLUSIVE, t ACCESS EXCLUSIVE	\N	p 1, t 1
add column unique	alter table t add column z int unique	t ACCESS EXCLUSIVE	\N	t 1
add column of constrained domain	alter table t add column z d_pos	t ACCESS EXCLUSIVE, t_a ACCESS EXCLUSIVE, t_b ACCESS EXCLUSIVE, t_pkey ACCESS EXCLUSIVE, t_u ACCESS EXCLUSIVE	t,t_a,t_b,t_pkey,t_u	t 5
drop column	alter table t drop column c	t ACCESS EXCLUSIVE	\N	\N
rename column	alter table t rename column c to c2	t ACCESS EXCLUSIVE	\N	\N
rename table	alter table t rename to t2	t ACCESS EXCLUSIVE	\N	\N
set schema	alter table t set schema sc	t ACCESS EXCLUSIVE	\N	\N
set default	alter table t alter a set default 5	t ACCESS EXCLUSIVE	\N	\N
drop default	alter table t alter a drop default	t ACCESS EXCLUSIVE	\N	\N
set not null (no proof)	alter table t alter b set not null	t ACCESS EXCLUSIVE	\N	t 1
set not null (valid CHECK proof)	alter table t alter a set not null	t ACCESS EXCLUSIVE	\N	\N
drop not null	alter table t alter u drop not null	t ACCESS EXCLUSIVE	\N	\N
type int->bigint	alter table t alter fk type bigint	p ACCESS EXCLUSIVE, t ACCESS EXCLUSIVE, t_a ACCESS EXCLUSIVE, t_b ACCESS EXCLUSIVE, t_pkey ACCESS EXCLUSIVE, t_u ACCESS EXCLUSIVE	t,t_a,t_b,t_pkey,t_u	t 5
type varchar(10)->varchar(20)	alter table t alter ci type varchar(20)	t ACCESS EXCLUSIVE	\N	\N
type varchar(10)->text	alter table t alter ci type text	t ACCESS EXCLUSIVE	\N	\N
type varchar(10)->varchar(5)	alter table t alter ci type varchar(5)	t ACCESS EXCLUSIVE, t_a ACCESS EXCLUSIVE, t_b ACCESS EXCLUSIVE, t_pkey ACCESS EXCLUSIVE, t_u ACCESS EXCLUSIVE	t,t_a,t_b,t_pkey,t_u	t 5
type text->varchar(10)	alter table t alter c type varchar(10)	t ACCESS EXCLUSIVE, t_a ACCESS EXCLUSIVE, t_b ACCESS EXCLUSIVE, t_pkey ACCESS EXCLUSIVE, t_u ACCESS EXCLUSIVE	t,t_a,t_b,t_pkey,t_u	t 5
type indexed varchar(10)->text	alter table t alter b type text	t ACCESS EXCLUSIVE, t_b ACCESS EXCLUSIVE	\N	\N
type text->citext-like collate change	alter table t alter c type text collate "C"	t ACCESS EXCLUSIVE	\N	\N
type numeric(10,2)->numeric(12,2)	alter table t alter n type numeric(12,2)	t ACCESS EXCLUSIVE	\N	\N
type numeric(10,2)->numeric(12,4)	alter table t alter n type numeric(12,4)	t ACCESS EXCLUSIVE, t_a ACCESS EXCLUSIVE, t_b ACCESS EXCLUSIVE, t_pkey ACCESS EXCLUSIVE, t_u ACCESS EXCLUSIVE	t,t_a,t_b,t_pkey,t_u	t 5
type timestamp->timestamptz (UTC)	set timezone='UTC'; alter table t alter ts type timestamptz	t ACCESS EXCLUSIVE	\N	\N
type timestamp->timestamptz (non UTC)	set timezone='Europe/Berlin'; alter table t alter ts type timestamptz	t ACCESS EXCLUSIVE, t_a ACCESS EXCLUSIVE, t_b ACCESS EXCLUSIVE, t_pkey ACCESS EXCLUSIVE, t_u ACCESS EXCLUSIVE	t,t_a,t_b,t_pkey,t_u	t 5
type json->jsonb	alter table t alter j type jsonb	t ACCESS EXCLUSIVE, t_a ACCESS EXCLUSIVE, t_b ACCESS EXCLUSIVE, t_pkey ACCESS EXCLUSIVE, t_u ACCESS EXCLUSIVE	t,t_a,t_b,t_pkey,t_u	t 5
type domain->base	alter table t alter d type int	t ACCESS EXCLUSIVE	\N	\N
set statistics	alter table t alter a set statistics 500	t SHARE UPDATE EXCLUSIVE	\N	\N
set storage	alter table t alter c set storage external	t ACCESS EXCLUSIVE	\N	\N
set compression	alter table t alter c set compression pglz	t ACCESS EXCLUSIVE	\N	\N
add check	alter table t add constraint c1 check (a>0)	t ACCESS EXCLUSIVE	\N	t 1
add check not valid	alter table t add constraint c1 check (a>0) not valid	t ACCESS EXCLUSIVE	\N	\N
validate check	alter table t validate constraint ck_nv	t SHARE UPDATE EXCLUSIVE	\N	t 1
add fk	alter table t add constraint f1 foreign key(fk) references p(id)	p SHARE ROW EXCLUSIVE, t SHARE ROW EXCLUSIVE	\N	p 1, t 1
add fk not valid	alter table t add constraint f1 foreign key(fk) references p(id) not valid	p SHARE ROW EXCLUSIVE, t SHARE ROW EXCLUSIVE	\N	\N
validate fk	alter table t validate constraint fk_nv	p ROW SHARE, t SHARE UPDATE EXCLUSIVE	\N	p 1, t 1
drop fk	alter table t drop constraint fk_nv	p ACCESS EXCLUSIVE, t ACCESS EXCLUSIVE	\N	\N
drop check	alter table t drop constraint ck_nv	t ACCESS EXCLUSIVE	\N	\N
rename constraint	alter table t rename constraint ck_nv to ck2	t ACCESS EXCLUSIVE	\N	\N
add unique	alter table t add constraint uu unique (id)	t ACCESS EXCLUSIVE	\N	t 1
add unique using index	alter table t add constraint uu unique using index t_u	t ACCESS EXCLUSIVE	\N	\N
add primary key (index build)	alter table p drop constraint p_pkey cascade; alter table p add primary key (x)	p ACCESS EXCLUSIVE, p_pkey ACCESS EXCLUSIVE, t ACCESS EXCLUSIVE	\N	p 2
add pk using index (col not null)	alter table t drop constraint t_pkey; alter table t add primary key using index t_u	t ACCESS EXCLUSIVE	\N	\N
add exclusion	alter table t add constraint ex exclude using btree (id with =)	t ACCESS EXCLUSIVE	\N	t 2
drop constraint pkey	alter table t drop constraint t_pkey	t ACCESS EXCLUSIVE	\N	\N
create index	create index ix on t(c)	t SHARE	\N	t 1
create unique index	create unique index ix on t(fk)	t SHARE	\N	t 1
drop index	drop index t_a	t ACCESS EXCLUSIVE	\N	\N
reindex index	reindex index t_a	t SHARE, t_a ACCESS EXCLUSIVE	t_a	t 1
reindex table	reindex table t	t SHARE, t_a ACCESS EXCLUSIVE, t_b ACCESS EXCLUSIVE, t_pkey ACCESS EXCLUSIVE, t_u ACCESS EXCLUSIVE	t_a,t_b,t_pkey,t_u	t 4
alter index rename	alter index t_a rename to t_a2	t_a SHARE UPDATE EXCLUSIVE	\N	\N
alter index set fillfactor	alter index t_a set (fillfactor=80)	t_a SHARE UPDATE EXCLUSIVE	\N	\N
alter index set tablespace (same)	alter index t_a set tablespace pg_default	t_a ACCESS EXCLUSIVE	\N	\N
alter table set tablespace (same)	alter table t set tablespace pg_default	t ACCESS EXCLUSIVE	\N	\N
set fillfactor	alter table t set (fillfactor=80)	t SHARE UPDATE EXCLUSIVE	\N	\N
set autovacuum param	alter table t set (autovacuum_enabled=off)	t SHARE UPDATE EXCLUSIVE	\N	\N
set unlogged	alter table t set unlogged	t ACCESS EXCLUSIVE, t_a ACCESS EXCLUSIVE, t_b ACCESS EXCLUSIVE, t_pkey ACCESS EXCLUSIVE, t_u ACCESS EXCLUSIVE	t,t_a,t_b,t_pkey,t_u	t 5
set access method (same)	alter table t set access method heap	t ACCESS EXCLUSIVE	\N	\N
cluster	cluster t using t_a	t ACCESS EXCLUSIVE, t_a ACCESS EXCLUSIVE, t_b ACCESS EXCLUSIVE, t_pkey ACCESS EXCLUSIVE, t_u ACCESS EXCLUSIVE	t,t_a,t_b,t_pkey,t_u	t 4
cluster on	alter table t cluster on t_a	t SHARE UPDATE EXCLUSIVE, t_a SHARE UPDATE EXCLUSIVE	\N	\N
truncate	truncate t	t ACCESS EXCLUSIVE, t_a ACCESS EXCLUSIVE, t_b ACCESS EXCLUSIVE, t_pkey ACCESS EXCLUSIVE, t_u ACCESS EXCLUSIVE	t,t_a,t_b,t_pkey,t_u	t 4
drop table	drop table t cascade	p ACCESS EXCLUSIVE	\N	\N
create trigger	create trigger t9 before insert on t for each row execute function trg()	t SHARE ROW EXCLUSIVE	\N	\N
drop trigger	drop trigger tr on t	t ACCESS EXCLUSIVE	\N	\N
disable trigger	alter table t disable trigger tr	t SHARE ROW EXCLUSIVE	\N	\N
enable always trigger	alter table t enable always trigger tr	t SHARE ROW EXCLUSIVE	\N	\N
create rule	create rule r as on delete to t do instead nothing	t ACCESS EXCLUSIVE	\N	\N
enable rls	alter table t enable row level security	t ACCESS EXCLUSIVE	\N	\N
create policy	create policy po on t using (true)	t ACCESS EXCLUSIVE	\N	\N
replica identity full	alter table t replica identity full	t ACCESS EXCLUSIVE	\N	\N
owner to	alter table t owner to postgres	t ACCESS EXCLUSIVE	\N	\N
inherit	create table ch(like t including all); alter table ch inherit t	ch ACCESS EXCLUSIVE, t SHARE UPDATE EXCLUSIVE	\N	\N
add fk on partitioned	alter table pt add constraint pf foreign key (id) references p(id)	p SHARE ROW EXCLUSIVE, pt SHARE ROW EXCLUSIVE, pt1 SHARE ROW EXCLUSIVE, pt_def SHARE ROW EXCLUSIVE	\N	pt1 1, pt_def 1
add column not null no default	alter table t add column z int not null	error	\N	\N
attach partition, default present	alter table pt attach partition pnew2 for values from (200) to (300)	pnew2 ACCESS EXCLUSIVE, pt SHARE UPDATE EXCLUSIVE, pt_def ACCESS EXCLUSIVE	\N	pt_def 1
create partition of (no default)	create table q5 partition of q for values from (500) to (600)	q ACCESS EXCLUSIVE	\N	\N
create partition of (default present)	create table pt5 partition of pt for values from (500) to (600)	pt ACCESS EXCLUSIVE, pt_def ACCESS EXCLUSIVE	\N	pt_def 1
attach partition, no default, no check	alter table q attach partition pnew for values from (100) to (200)	pnew ACCESS EXCLUSIVE, q SHARE UPDATE EXCLUSIVE	\N	pnew 1
attach partition, no default, proven by check	alter table q attach partition pnew2 for values from (200) to (300)	pnew2 ACCESS EXCLUSIVE, q SHARE UPDATE EXCLUSIVE	\N	\N
detach partition, no default	alter table q detach partition q1	q ACCESS EXCLUSIVE, q1 ACCESS EXCLUSIVE	\N	\N
detach partition	alter table pt detach partition pt1	pt ACCESS EXCLUSIVE, pt1 ACCESS EXCLUSIVE, pt_def ACCESS EXCLUSIVE	\N	\N
create index on partitioned	create index pix on pt(k)	pt SHARE, pt1 SHARE, pt_def SHARE	\N	pt1 1, pt_def 1
create index ON ONLY partitioned	create index pix on only pt(k)	pt SHARE	\N	\N
create view	create view v2 as select * from t	\N	\N	\N
create or replace view	create or replace view v as select id,a,u from t	v ACCESS EXCLUSIVE	\N	\N
drop view	drop view v	\N	\N	\N
refresh matview	refresh materialized view mv	mv ACCESS EXCLUSIVE, mv_i ACCESS EXCLUSIVE	mv,mv_i	t 1
refresh matview concurrently	refresh materialized view concurrently mv	mv EXCLUSIVE, mv_i ROW EXCLUSIVE	\N	t 1
enum add value	alter type mood add value 'c'	\N	\N	\N
enum rename value	alter type mood rename value 'a' to 'aa'	\N	\N	\N
domain add constraint	alter domain d_pos add constraint dd check(value<100000)	t SHARE	\N	t 1
domain add constraint not valid	alter domain d_pos add constraint dd check(value<100000) not valid	\N	\N	\N
comment on column	comment on column t.a is 'x'	t SHARE UPDATE EXCLUSIVE	\N	\N
comment on table	comment on table t is 'x'	t SHARE UPDATE EXCLUSIVE	\N	\N
grant	grant select on t to public	\N	\N	\N
create statistics	create statistics st2 on a,fk from t	t SHARE UPDATE EXCLUSIVE	\N	\N
alter sequence	alter sequence s increment 2	s SHARE ROW EXCLUSIVE	\N	\N
create publication for table	create publication pub2 for table t	t SHARE UPDATE EXCLUSIVE	\N	\N
alter publication add table	alter publication pub add table t	t SHARE UPDATE EXCLUSIVE	\N	\N
analyze	analyze t	t SHARE UPDATE EXCLUSIVE	\N	\N
lock check: create table like	create table t3 (like t including all)	\N	\N	\N
create table with fk	create table t4(id int references p(id))	p SHARE ROW EXCLUSIVE	\N	\N
create function	create function f1() returns int language sql as 'select 1'	\N	\N	\N
\.
CREATE TABLE seen (n int, relation text, lock text, mode int, work text, declared text);
CREATE FUNCTION mode_of(lock text) RETURNS int LANGUAGE sql AS
	$$SELECT array_position('{ROW SHARE,ROW EXCLUSIVE,SHARE UPDATE EXCLUSIVE,SHARE,SHARE ROW EXCLUSIVE,EXCLUSIVE,ACCESS EXCLUSIVE}', lock)$$;
CREATE FUNCTION try(form) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO seen SELECT $1.n, substr(relation, 8), lock, mode_of(lock), work, declared FROM sf_trace($1.sql) WHERE relation IS NOT NULL;
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN RETURN SQLERRM;
END $$;
SELECT count(*) AS forms, count(error) AS errors FROM (SELECT try(form) AS error FROM form OFFSET 0) f;
SELECT name, try(form) AS error FROM form WHERE locks = 'error' ORDER BY n;

-- Seen otherwise than measured: what is dropped has no name any more where that was measured, and what a statement has
-- made or renamed has another one there.  (Neither scans of mv nor the file of s were looked at.)
WITH s AS (
	SELECT n, relation, max(lock) FILTER (WHERE mode = most) AS lock, bool_or(work LIKE '%rewrite%') AS rewritten,
		bool_or(work LIKE '%scan%') AS scanned
	FROM (SELECT *, max(mode) OVER (PARTITION BY n, relation) AS most FROM seen WHERE relation NOT LIKE 'fo%') x GROUP BY 1, 2)
SELECT name, locks, files, scans, trace.* FROM form, LATERAL (
	SELECT string_agg(relation || ' ' || lock, ', ' ORDER BY relation COLLATE "C") AS locks_seen,
		string_agg(relation, ',' ORDER BY relation COLLATE "C") FILTER (WHERE rewritten AND relation <> 's') AS files_seen,
		string_agg(relation, ', ' ORDER BY relation COLLATE "C") FILTER (WHERE scanned AND relation <> 'mv') AS scans_seen
	FROM s WHERE s.n = form.n) trace
WHERE locks IS DISTINCT FROM 'error' AND (locks IS DISTINCT FROM locks_seen OR files IS DISTINCT FROM files_seen
	OR regexp_replace(scans, ' \d+', '', 'g') IS DISTINCT FROM scans_seen)
ORDER BY n;

-- Declared otherwise than seen: what is as it was already (tablespace, access method); partitions of a parent; proofs of bounds; what CASCADE reaches.
SELECT name, relation, lock, work, declared FROM form JOIN seen USING (n) WHERE declared <> 'same' ORDER BY n, relation COLLATE "C";
-- It has its time, unless the session's own statement_timeout is at work.
SELECT * FROM sf_trace('SELECT pg_sleep(10)', '50 ms');
SELECT relation, ms < 10000 AS in_time FROM sf_trace('SELECT pg_sleep(0.01)');
SELECT pg_sleep(0.1);
SELECT sf_trace('SELECT 1', '0');
SELECT sf_trace('SELECT 1', NULL);
\c postgres
DROP DATABASE sf_guard_trace;
