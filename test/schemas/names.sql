-- Names that have to be quoted, everywhere that a name can stand: reserved words, upper case, quotes, unicode, 63 bytes.
CREATE SCHEMA "Select";
CREATE SCHEMA "a ""b"" 'c' \d";
CREATE SCHEMA "größe 数据库 🐘";
CREATE TYPE "Select"."Type" AS ENUM ('plain', 'it''s', '"q"', 'a\b', 'ünï', '', ' ', 'x,y', '{}');
CREATE DOMAIN "Select"."user" AS text DEFAULT 'it''s \ "x"' CONSTRAINT "Check 1" CHECK (value <> 'a''b\c' AND value !~ '^\s*$');
CREATE TYPE "größe 数据库 🐘"."row" AS ("select" int, "From" "Select"."Type"[], "a.b" "Select"."user");
CREATE SEQUENCE "Select"."table" INCREMENT 7 MINVALUE -5 START 3 CYCLE;
CREATE TABLE "user" (
	"order" int GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME "order""seq" START 5) CONSTRAINT "primary" PRIMARY KEY,
	"Mixed Case" "Select"."Type" NOT NULL DEFAULT 'it''s',
	"quote""d" "Select"."user" COLLATE "C",
	"back\slash" text DEFAULT E'a\\b\tc\nd',
	"dollar$$" text DEFAULT '$$ $a$',
	"größe" "größe 数据库 🐘"."row",
	"a.b" int DEFAULT nextval('"Select"."table"'),
	"x123456789012345678901234567890123456789012345678901234567890ab" int,
	" " int CHECK (" " > 0),
	"null" "Select"."Type"[] DEFAULT ARRAY['', 'x,y', '{}']::"Select"."Type"[],
	CONSTRAINT "Unique ""one""" UNIQUE ("Mixed Case", "a.b") WITH (fillfactor = 70)
);
CREATE TABLE "a ""b"" 'c' \d"."Table 'x'" (
	"select" int PRIMARY KEY,
	"user" int CONSTRAINT "to user" REFERENCES "user" ON DELETE SET NULL,
	gen text GENERATED ALWAYS AS ('a''' || "user"::text || '"') STORED
);
CREATE TABLE x123456789012345678901234567890123456789012345678901234567890ab (
	y123456789012345678901234567890123456789012345678901234567890ab serial UNIQUE,
	z123456789012345678901234567890123456789012345678901234567890ab int REFERENCES "user" CHECK (
		z123456789012345678901234567890123456789012345678901234567890ab > 1)
);
CREATE INDEX "Index 'i' ""j""" ON "user" (lower("quote""d") text_pattern_ops, ("Mixed Case" = 'it''s')) WHERE "a.b" <> 0 AND "back\slash" <> E'\\';
CREATE VIEW "größe 数据库 🐘"."View" AS SELECT "order" AS "Order", ("größe")."From" FROM public."user" WHERE "quote""d" = 'o''k';
CREATE MATERIALIZED VIEW "Select"."Mat" AS SELECT "Order" AS "group" FROM "größe 数据库 🐘"."View" GROUP BY 1;
CREATE UNIQUE INDEX "unique" ON "Select"."Mat" ("group");
CREATE FUNCTION "Select"."Func"("In" int, OUT "Out ""put""" text, VARIADIC "all" text[] DEFAULT '{"a b",c}') LANGUAGE plpgsql
	AS $body$ BEGIN "Out ""put""" := '$$' || "In"; END $body$;
CREATE FUNCTION "Select"."Func"("Select"."Type") RETURNS SETOF "größe 数据库 🐘"."row" LANGUAGE sql STABLE
	SET search_path = "Select", "a ""b"" 'c' \d", public
	SET "my.Setting" = 'it''s "x", y'
	AS 'SELECT NULL::"größe 数据库 🐘"."row"';
CREATE PROCEDURE "Select"."select"() LANGUAGE sql AS '';
CREATE FUNCTION "Select".trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER "Trigger 't'" BEFORE UPDATE OF "Mixed Case", "a.b" ON "user" FOR EACH ROW WHEN (NEW."a.b" > 0)
	EXECUTE FUNCTION "Select".trigger('it''s', '"x"', 'a\b', '');
CREATE POLICY "Policy ""p""" ON "user" USING ("quote""d" = CURRENT_USER);
CREATE RULE "Rule r" AS ON INSERT TO "größe 数据库 🐘"."View" DO INSTEAD INSERT INTO "user" ("a.b") VALUES (new."Order");
CREATE STATISTICS "Select"."Stat 1" ON "Mixed Case", "a.b" FROM "user";
CREATE COLLATION "Select"."C oll" (provider = icu, locale = 'de-u-co-phonebk', deterministic = false);
CREATE FUNCTION "Select"."Eq"("Select"."Type", "Select"."Type") RETURNS bool LANGUAGE sql IMMUTABLE RETURN $1::text = $2::text;
CREATE OPERATOR "Select".=== (LEFTARG = "Select"."Type", RIGHTARG = "Select"."Type", FUNCTION = "Select"."Eq", COMMUTATOR = OPERATOR("Select".===));
COMMENT ON SCHEMA "a ""b"" 'c' \d" IS E'it''s \\ a "comment"\n-- not a comment\n/* nor this';
COMMENT ON COLUMN "user"."quote""d" IS '$$';
COMMENT ON CONSTRAINT "Unique ""one""" ON "user" IS '🐘';
COMMENT ON TRIGGER "Trigger 't'" ON "user" IS 't';
COMMENT ON FUNCTION "Select"."Func"(int, text[]) IS 'f';
COMMENT ON CONSTRAINT "Check 1" ON DOMAIN "Select"."user" IS 'd';
GRANT SELECT ("quote""d", "a.b"), INSERT ON "user" TO pg_monitor WITH GRANT OPTION;
GRANT USAGE ON SCHEMA "größe 数据库 🐘" TO PUBLIC;
