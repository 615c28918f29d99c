-- Hints in comments: where they may stand, and what they belong to.
CREATE EXTENSION schemaflow;

SELECT * FROM sf_define($$
-- @renamed from=person
CREATE TABLE "user" (
	-- @renamed from=fone
	-- any other comment
	phone text,
	"Mail Address" text,	-- @renamed from="Mail"
	/*
	 * @renamed from=nick
	 * @someone_elses tag
	 */
	name text DEFAULT '-- @renamed from=inside_a_string',
	born date
	-- @renamed from=age_check
	, CONSTRAINT born_check CHECK (born > '1900-01-01')
);
CREATE INDEX user_phone ON "user" (phone);	-- @renamed from=user_fone
CREATE TYPE mood AS ENUM ('sad');
-- @renamed from=old.numbers
CREATE SEQUENCE numbers;
CREATE TABLE last (	-- @renamed from=least
	last int
);
ALTER TABLE last ADD COLUMN added int;	-- @renamed from=last_one
ALTER TABLE last
	-- @renamed from=early
	ADD COLUMN late int,
	ADD CONSTRAINT late_check CHECK (late > 0);	-- only words
$$);
SELECT kind, old, new, unit FROM schemaflow.rename_hint ORDER BY kind, new;
-- They go with the text.
SELECT * FROM sf_define((SELECT regexp_replace(sql, '@renamed', 'renamed', 'g') FROM schemaflow.unit));
SELECT count(*) FROM schemaflow.rename_hint;

-- A hint that stands at nothing is no hint.
SELECT * FROM sf_define('two', E'CREATE TABLE t (id int);\n-- @renamed from=x\n');
SELECT * FROM sf_define('two', E'CREATE TABLE t (id int\n-- @renamed from=x\n);');
SELECT * FROM sf_define('two', E'CREATE TABLE t (id int -- @renamed x\n);');
SELECT * FROM sf_define('two', E'-- @renamed from=x\nCOMMENT ON SCHEMA public IS ''x''');

-- By call.
SELECT sf_rename_hint('column', 'public.user.fone', 'public."user".phone');
SELECT sf_rename_hint('column', 'public.user.fon', 'public."user".phone');
SELECT kind, old, new, unit FROM schemaflow.rename_hint;
SELECT sf_rename_hint('colum', 'public.user.fone', 'public."user".phone');
SELECT sf_rename_hint('column', 'fone', 'public."user".phone');
SELECT sf_rename_hint('column', 'public.user.fone', 'public..phone');
SELECT sf_ignore('cron.%');
SELECT sf_ignore('cron.%');
SELECT pattern FROM schemaflow.ignore;

-- Said of nothing: slips.
SELECT sf_rename_hint('column', 'public.user.fone', 'public."user".fhone');
SELECT sf_rename_hint('column', 'user.fone', 'user.phone');
SELECT sf_transform('public.user.fhone', up => 'phone');
SELECT sf_transform('public.user.name', up => 'lower(name)');
SELECT * FROM sf_define('three', E'CREATE TABLE three (a int, -- @rename from=b\n b int, -- @Up a + 1\n c int, -- @upon a time, @renamed\n'
	' d int -- @update, @download\n)');

DROP EXTENSION schemaflow;
