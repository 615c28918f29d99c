"""Five versions of a SQLModel application, their migrations planned and run by schemaflow, up and down.

Talks to the server that PGHOST, PGPORT and PGUSER name (demo/run starts one; t/900_demo.pl has its own) and needs psql
on the PATH.  --tap prints each check as a line of TAP, everything else as its comments.  Exits 1 when a check fails.
"""
import os
import re
import subprocess
import sys
import tempfile
from decimal import Decimal

import psycopg
from psycopg import sql

HERE = os.path.dirname(os.path.abspath(__file__))
WIDTH = 100
TAP = "--tap" in sys.argv
DATABASE, DEVELOPMENT = "shop", "shop_dev"

# version of the application, message of the migration that brings it, what is said about it
VERSIONS = [
    ("v1", "first version", "users, teams, tasks, tags; link tables, composite key, enum, partial index, checks"),
    ("v2", "add phone", "the guide's example, on tables that have rows by now"),
    ("v3", "review and comments", "an enum value between two others, a NOT NULL column, a CHECK, a table"),
    ("v4", "types and names", "a column renamed, timestamps with time zone, int to numeric, NOT NULL on old rows"),
    ("v5", "clean up", "a table and a column gone; a primary key, an index predicate, checks, a foreign key changed"),
]
RENAMED = {("user", "full_name"): "name"}  # what version 4 renamed, for comparing rows with older versions
ARCHIVED = {}  # by revision: the rows of the tables that it put aside

checks = []


def say(text=""):
    for line in text.split("\n"):
        print(("# " + line if line else "#") if TAP else line, flush=True)


def section(title):
    say("\n" + title + "\n" + "=" * len(title))


def check(ok, what, found=""):
    checks.append((bool(ok), what))
    if TAP:
        print(f"{'ok' if ok else 'not ok'} {len(checks)} - {what}", flush=True)
    else:
        say(f"  [{'ok' if ok else 'FAILED'}] {what}")
    if not ok and found:
        say("      " + str(found).replace("\n", "\n      "))


class Database:
    """One connection in autocommit mode; what it runs can be shown as a user would type it."""

    def __init__(self, name):
        self.notices = []
        self.connection = psycopg.connect(dbname=name, autocommit=True)
        self.connection.add_notice_handler(
            lambda notice: self.notices.append(f"{notice.severity}:  {notice.message_primary}"))

    def rows(self, query, *values):
        # Without values psycopg leaves % alone.
        return self.connection.execute(query, values or None).fetchall()

    def one(self, query, *values):
        return self.rows(query, *values)[0][0]

    def run(self, query):
        self.connection.execute(query)

    def shown(self, query, limit=None):
        """Run a query of one column and print it as psql would."""
        say(f"{DATABASE}=# {query};")
        self.notices.clear()
        lines = [row[0] or "" for row in self.rows(query)]
        for notice in self.notices:
            say(notice)
        for line in lines[:limit]:
            say("  " + line)
        if limit and len(lines) > limit:
            say(f"  ... {len(lines) - limit} lines more")
        say()
        return lines


def app(version, action, database, options=""):
    """Run the application's own code in a process of its own."""
    url = f"postgresql+psycopg:///{database}" + (f"?options={options}" if options else "")
    subprocess.run([sys.executable, os.path.join(HERE, "app.py"), version, action], check=True, cwd=HERE,
                   env=dict(os.environ, DATABASE_URL=url))


def psql(script):
    """Run a script as an administrator would; psql's exit status is the verdict."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql", encoding="utf-8") as file:
        file.write(script)
        file.flush()
        done = subprocess.run(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-d", DATABASE, "-f", file.name],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")
    return done.returncode == 0, done.stdout


def snapshot(db):
    """{table: [{column: canonical value}]} of all tables of the application; what is computed of others is no content."""
    tables = {}
    for schema, table in db.rows("""SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
                                    WHERE relkind = 'r' AND nspname IN ('public', 'app')"""):
        rows = db.rows(sql.SQL("SELECT to_jsonb(t) FROM {} t").format(sql.Identifier(schema, table)))
        computed = {name for name, in db.rows("""SELECT attname FROM pg_attribute WHERE attgenerated <> ''
                                                 AND attrelid = format('%%I.%%I', %s::text, %s::text)::regclass""",
                                              schema, table)}
        tables[table] = [{name: canonical(value) for name, value in row.items() if name not in computed}
                         for row, in rows]
    return tables


def canonical(value):
    """The same text for what differs only in type: 3 and 3.00, a timestamp and the same one in UTC."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(Decimal(str(value)).normalize())
    if isinstance(value, str):
        return re.sub(r"(\d\d:\d\d:\d\d(?:\.\d+)?)\+00:00$", r"\1", value)
    return str(value)


def lost(before, after):
    """What of "before" is not in "after": tables, table.columns that are gone, and those whose contents differ."""
    found = set()
    for table, rows in before.items():
        if table not in after:
            found.add(table)
            continue
        names = {name for row in rows for name in row}
        kept = {name for row in after[table] for name in row} if after[table] else names
        for name in names:
            there = next((n for n in (name, RENAMED.get((table, name)), *(new for (t, new), old in RENAMED.items()
                          if t == table and old == name)) if n in kept), None)
            if there is None or sorted(str(row[name]) for row in rows) != \
                    sorted(str(row.get(there)) for row in after[table]):
                found.add(f"{table}.{name}")
    return found


def declared(db, revision, direction, what="loses_data"):
    """The words of the steps that say that they lose data, or that they archive it."""
    return " ".join(row[0] for row in db.rows(
        f"SELECT concat_ws(' ', sql, why) FROM sf_steps(%s, %s) WHERE {what}", revision, direction)).replace('"', "")


def named_in(words, things):
    return sorted(thing for thing in things if all(re.search(rf"\b{part}\b", words) for part in thing.split(".")))


def check_archive(db, revision, direction, before, gone):
    """What went into the archive on the way up is there again after the way down."""
    if direction == "up":
        archived = named_in(declared(db, revision, "up", "archive IS NOT NULL"), gone)
        ARCHIVED[revision] = {thing: before[thing] for thing in archived if thing in before}
        if archived:
            say(f"       archived: {', '.join(archived)}")
        return archived
    now = snapshot(db)
    for table, rows in ARCHIVED.pop(revision, {}).items():
        check(sorted(map(str, now[table])) == sorted(map(str, rows)), f"the {len(rows)} rows of {table} are back")
    return []


def equal(db):
    differences = db.rows("SELECT * FROM sf_diff()")
    check(not differences, "the live schema is the recorded model: sf_diff() has no rows", differences)


def migrate(db, revision, direction):
    """Let the server run it; every row must be there afterwards, except what the plan said would go."""
    before = snapshot(db)
    if direction == "up":
        arguments = [f"'{revision}'"]
    else:
        arguments = ["'" + db.one("SELECT coalesce(parents[1], 'base') FROM schemaflow.migration WHERE revision = %s",
                                  revision) + "'"]
    if declared(db, revision, direction):
        arguments.append("allow => '{data_loss}'")
    ok = call(db, f"CALL sf_{direction}grade({', '.join(arguments)})")
    gone = lost(before, snapshot(db))
    gone -= set(check_archive(db, revision, direction, before, gone))
    unsaid = sorted(gone - set(named_in(declared(db, revision, direction), gone)))
    rows = sum(map(len, before.values()))
    check(not unsaid, f"{rows} rows in {len(before)} tables compared: nothing lost that the plan does not say", unsaid)
    if gone:
        say(f"       lost, as the plan says: {', '.join(sorted(gone))}")
    return ok


def call(db, statement):
    """What the server says while it runs, as psql shows it."""
    say(f"{DATABASE}=# {statement};")
    db.notices.clear()
    error = ""
    try:
        db.run(statement)
    except psycopg.Error as e:
        error = e
    for notice in db.notices:
        say("  " + notice[:WIDTH])
    check(not error, f"the server ran it, {len(db.notices) - 1} steps", error)
    return not error


def record(db, version):
    """create_all, unchanged, into an empty schema that the search_path names; then that schema is the model."""
    db.run("CREATE SCHEMA sf_rec")
    say(f"app {version}:  SQLModel.metadata.create_all(engine)    with ?options=-c search_path=sf_rec")
    app(version, "create_all", DATABASE, "-csearch_path%3Dsf_rec")
    changes = db.rows("SELECT * FROM sf_record('sf_rec')")
    say(f"{DATABASE}=# SELECT * FROM sf_record('sf_rec');")
    for row in changes[:8]:
        say("  " + " ".join(str(value).ljust(12) for value in row).rstrip())
    if len(changes) > 8:
        say(f"  ... {len(changes)} objects in all")
    db.run("DROP SCHEMA sf_rec CASCADE")
    say()


def plan(db, message, limit=None):
    lines = db.shown(f"SELECT sf_plan_migration('{message}')", limit)
    wide = [line for line in lines if len(line) > 160]
    check(lines and not wide, "the plan reads in a terminal", "\n".join(wide))
    return db.one("SELECT revision FROM sf_heads()")


def up(db, message, limit):
    revision = plan(db, message, limit)
    ok = migrate(db, revision, "up")
    check(db.rows("SELECT revision FROM sf_current()") == [(revision,)], f"sf_current() is {revision}")
    equal(db)
    again = "\n".join(row[0] for row in db.rows("SELECT sf_plan_migration('again')"))
    check("nothing to do" in again, "a second plan has nothing to do", again)
    if not ok:
        raise SystemExit("the migration failed: see above")
    return revision


def versions(db):
    revisions = []
    for number, (version, message, about) in enumerate(VERSIONS):
        section(f"{number + 1}. {message}")
        say(about + "\n")
        record(db, version)
        if version == "v4":
            rename(db)
        if number and hasattr_in(VERSIONS[number - 1][0], "before_up"):
            say(f"app {VERSIONS[number - 1][0]}:  fills what the new version wants NOT NULL\n")
            app(VERSIONS[number - 1][0], "before_up", DATABASE)
        revisions.append((version, up(db, message, 48 if number == 0 else None)))
        app(version, "seed", DATABASE)
        check(True, f"the application of {version} writes rows through SQLModel")
    return revisions


def rename(db):
    """First without a hint: the plan has to ask, not to guess; then with it."""
    lines = [row[0] for row in db.rows("SELECT sf_plan_migration('types and names')")]
    where = [n for n, line in enumerate(lines) if "sf_rename_hint" in line]
    check(where, "without a hint the plan asks whether full_name is the old name", "\n".join(lines))
    say(f"{DATABASE}=# SELECT sf_plan_migration('types and names');\n  ...")
    for line in lines[max(where[0] - 4, 0):where[-1] + 2]:
        say("  " + line)
    hint = "SELECT sf_rename_hint('column', 'public.user.name', 'public.user.full_name')"
    say(f"{DATABASE}=# {hint};\n")
    db.run(hint)


def hasattr_in(version, function):
    with open(os.path.join(HERE, "models", version + ".py"), encoding="utf-8") as file:
        return f"def {function}(" in file.read()


def explicit_schema(db):
    section("6. models with schema=\"app\"")
    say("create_all looks for them in \"app\" whatever the search_path is, so it fills another database\n")
    with psycopg.connect(dbname=DEVELOPMENT, autocommit=True) as other:
        other.execute("CREATE SCHEMA app")
    say(f"app billing:  SQLModel.metadata.create_all(engine)    in database {DEVELOPMENT}")
    app("billing", "create_all", DEVELOPMENT)
    call = f"SELECT count(*) FROM sf_define_from('{DEVELOPMENT}', 'billing', '{{app}}')"
    say(f"{DATABASE}=# {call};\n  {db.one(call)} objects\n")
    revision = up(db, "billing", None)
    app("billing", "seed", DATABASE)
    check(True, "the application of billing writes rows through SQLModel")
    db.rows(call)
    again = "\n".join(row[0] for row in db.rows("SELECT sf_plan_migration('billing again')"))
    check("nothing to do" in again, "recorded once more, nothing to do (Alembic drops and makes the key again)", again)
    return revision


def down_and_up(db, revisions):
    section("7. down to the first version, and up again")
    full = snapshot(db)
    for version, revision in reversed(revisions[1:]):
        if version != "billing" and hasattr_in(version, "before_down"):
            say(f"app {version}:  moves rows that the older version does not allow")
            app(version, "before_down", DATABASE)
        migrate(db, revision, "down")
    check(db.rows("SELECT revision FROM sf_current()") == [(revisions[0][1],)], "sf_current() is the first version")
    first = snapshot(db)
    say()
    for version, revision in revisions[1:]:
        if version == "v4":
            app("v3", "before_up", DATABASE)
        migrate(db, revision, "up")
    equal(db)
    survived = snapshot(db)
    gone = lost(first, survived)
    words = " ".join(declared(db, revision, "up", "loses_data OR archive IS NOT NULL") for _, revision in revisions[1:])
    check(not gone - set(named_in(words, gone)),
          "the first version's rows went all the way, but for what version 5 puts aside", sorted(gone))
    kept = sum(len(rows) for rows in survived.values())
    say(f"       {sum(map(len, full.values()))} rows before, {kept} after; what versions 2 to 5 had added went on the way down")

    section("8. down to base, and up again by script")
    for version, revision in reversed(revisions):
        migrate(db, revision, "down")
    left = db.rows("""
        SELECT pg_describe_object(classid, objid, 0) FROM (
            SELECT 'pg_class'::regclass AS classid, oid AS objid, relnamespace AS namespace FROM pg_class
            UNION ALL SELECT 'pg_type'::regclass, oid, typnamespace FROM pg_type) o
        WHERE namespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 'app')) AND NOT EXISTS (
            SELECT FROM pg_depend d WHERE d.classid = o.classid AND d.objid = o.objid AND deptype IN ('e', 'i'))""")
    check(not left and not db.rows("SELECT * FROM sf_current()"), "base: no table, sequence or type is left", left)
    for version, revision in revisions:
        script = db.one("SELECT sf_script(%s)", revision)
        ok, output = psql(script)
        check(ok, f"psql ran the script of {version}, {len(script.splitlines())} lines", output)
    equal(db)
    app("v5", "seed", DATABASE)
    check(True, "the application of v5 writes rows through SQLModel")


def main():
    with psycopg.connect(dbname="postgres", autocommit=True) as server:
        for name in (DATABASE, DEVELOPMENT):
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            server.execute(sql.SQL("ALTER DATABASE {} SET timezone = 'UTC'").format(sql.Identifier(name)))
    db = Database(DATABASE)
    db.run("CREATE EXTENSION schemaflow")
    db.run("SELECT count(*) FROM sf_guard_install()")
    say(f"schemaflow {db.one('''SELECT extversion FROM pg_extension WHERE extname = 'schemaflow' ''')} on "
        f"PostgreSQL {db.one('SHOW server_version')}, SQLModel from PyPI.\n"
        "A new cluster, gone when this ends.")
    revisions = versions(db)
    revisions.append(("billing", explicit_schema(db)))
    down_and_up(db, revisions)

    section("Summary")
    db.shown("SELECT h::text FROM sf_history() h")
    failed = [what for ok, what in checks if not ok]
    say(f"{len(VERSIONS)} versions and one schema of its own: {len(checks)} checks, {len(failed)} failed")
    for what in failed:
        say(f"  FAILED: {what}")
    return 1 if failed else 0


if __name__ == "__main__":
    status = 1
    try:
        status = main()
    finally:
        if TAP:
            print(f"1..{len(checks)}", flush=True)
    sys.exit(status)
