"""Four phases without downtime, as one migration: a nullable new_email, dual writes, the backfill, NOT NULL, email dropped.

An old and a new application write all along (pgbench); a chart shows their latency by phase.  Talks to the server that
PGHOST, PGPORT and PGUSER name and needs psql and pgbench on the PATH.  --tap prints checks as lines of TAP.
"""
import glob
import os
import subprocess
import sys
import tempfile
import time

TAP = "--tap" in sys.argv
DATABASE = "mail"
ROWS = int(os.environ.get("ROWS", "60000"))
PAUSE = float(os.environ.get("PAUSE", "3"))  # seconds in which nothing but the applications is at work
BAR = 40

OLD = "CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL, seen int NOT NULL DEFAULT 0);"
NEW = """CREATE TABLE users (id int PRIMARY KEY, seen int NOT NULL DEFAULT 0,
    new_email text NOT NULL -- @up lower(email)
);"""
OLD_WRITES = """\\set id random(1, {rows})
UPDATE users SET email = 'Old' || :id || '.' || seen, seen = seen + 1 WHERE id = :id;
"""
NEW_WRITES = """\\set id random(1, {rows})
UPDATE users SET new_email = 'new' || :id || '.' || seen, seen = seen + 1 WHERE id = :id;
"""

checks = []


def say(text=""):
    for line in text.split("\n"):
        print(("# " + line if line else "#") if TAP else line, flush=True)


def check(ok, what):
    checks.append(bool(ok))
    if TAP:
        print(f"{'ok' if ok else 'not ok'} {len(checks)} - {what}", flush=True)
    else:
        say(f"  [{'ok' if ok else 'FAILED'}] {what}")


def psql(*statements, database=DATABASE):
    arguments = [x for s in statements for x in ("-c", s)]
    done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database, *arguments],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout.strip()


class Application:
    """Two clients of pgbench, whose log has the end and the latency of each transaction."""

    def __init__(self, script):
        self.directory = tempfile.TemporaryDirectory()
        path = os.path.join(self.directory.name, "script.sql")
        with open(path, "w", encoding="utf-8") as out:
            out.write(script.format(rows=ROWS))
        self.process = subprocess.Popen(["pgbench", "-n", "-c", "2", "-R", "400", "-T", "3600", "-l", "-f", path, DATABASE],
                                        cwd=self.directory.name, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        encoding="utf-8")

    def stop(self):
        self.process.terminate()    # SIGINT is ignored by what a shell starts in the background
        errors = [x for x in self.process.communicate()[1].split("\n") if "ERROR" in x or "aborted" in x]
        found = []
        for name in glob.glob(os.path.join(self.directory.name, "pgbench_log.*")):
            with open(name, encoding="utf-8") as log:
                for line in log:
                    part = line.split()
                    if len(part) >= 7 and part[2].isdigit():
                        # Of a paced client the time that it was late is none of the server's.
                        found.append((int(part[4]) + int(part[5]) / 1e6, (int(part[2]) - int(part[6])) / 1000))
        return found, errors


def at(latencies, start, end, share):
    within = sorted(ms for when, ms in latencies if start <= when < end)
    return within[min(int(len(within) * share), len(within) - 1)] if within else 0.0


def chart(latencies, phases):
    say(f"\n{'phase':<22}{'seconds':>8}{'writes':>8}{'p50 ms':>8}{'p99 ms':>8}  p99")
    worst = max(at(latencies, start, end, 0.99) for _, start, end in phases) or 1
    for name, start, end in phases:
        high = at(latencies, start, end, 0.99)
        count = sum(start <= when < end for when, _ in latencies)
        say(f"{name:<22}{end - start:>8.1f}{count:>8}{at(latencies, start, end, 0.5):>8.1f}{high:>8.1f}  "
            + "#" * max(1, round(BAR * high / worst)))


def main():
    say("Four phases without downtime, in one migration\n==============================================")
    psql(f"CREATE DATABASE {DATABASE}", database="postgres")
    psql("CREATE EXTENSION schemaflow", "SELECT count(*) FROM sf_guard_install()",
         f"ALTER DATABASE {DATABASE} SET schemaflow.batch_time = '25ms'")
    psql(OLD, f"INSERT INTO users SELECT n, 'User' || n FROM generate_series(1, {ROWS}) n", "VACUUM ANALYZE users")
    psql(f"SELECT count(*) FROM sf_define($m${NEW}$m$)")
    psql("SELECT sf_transform('public.users.email', down => 'new_email')",
         "SELECT count(*) FROM sf_plan_migration('email becomes new_email')")
    say(psql("SELECT rpad(phase, 10) || class || '  ' || left(regexp_replace(sql, '\\s+', ' ', 'g'), 84) FROM sf_steps()"))
    phases, marks = [], [time.time()]

    def phase(name, *statements):
        if statements:
            psql(*statements)
        else:
            time.sleep(PAUSE)
        marks.append(time.time())
        phases.append((name, marks[-2], marks[-1]))

    old = Application(OLD_WRITES)
    phase("old version alone")
    phase("expand", "CALL sf_upgrade(through => 'expand')")
    phase("backfill", "CALL sf_upgrade(through => 'backfill')")
    phase("validate, NOT NULL", "CALL sf_upgrade()")
    check(psql("SELECT status FROM sf_status") == "ready", "ready: both versions can work")
    new = Application(NEW_WRITES)
    phase("both versions")
    check(psql("SELECT count(*) FROM users WHERE lower(email) IS DISTINCT FROM lower(new_email)") == "0",
          "each sees what the other writes, in every row")
    old_latencies, old_errors = old.stop()
    marks.append(time.time())
    phase("contract", "CALL sf_contract(allow => '{data_loss}')")
    phase("new version alone")
    new_latencies, new_errors = new.stop()
    chart(old_latencies + new_latencies, phases)
    say()
    check(not old_errors and not new_errors, "no client has had an error")
    for error in (old_errors + new_errors)[:3]:
        say("      " + error)
    check(psql("SELECT count(*), count(new_email) FROM users") == f"{ROWS}|{ROWS}", "no row is lost, none without its value")
    check(psql("SELECT count(*) FROM sf_diff()") == "0", "the schema is that of the model")
    wrote = int(psql("SELECT sum(seen) FROM users"))
    check(wrote >= len(old_latencies) + len(new_latencies) > 0, f"all {wrote} writes are in the table")
    say(f"\n{sum(checks)} checks passed, {len(checks) - sum(checks)} failed")
    sys.exit(0 if all(checks) else 1)


main()
