"""test/guard/passes.py DATABASE - what applications do by their own tools in a guarded database; run by t/072_guard_passes.pl.

The models of the demo by SQLModel's create_all, version after version; Alembic's upgrade and downgrade with safe
migrations.  Raises when the guard refuses anything.
"""
import importlib
import os
import sys
import tempfile

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text
from sqlmodel import SQLModel

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "demo"))
URL = f"postgresql+psycopg://@/{sys.argv[1]}?options=-c%20lock_timeout%3D2s"

ENVIRONMENT = """
from alembic import context
from sqlalchemy import create_engine
engine = create_engine(context.config.get_main_option("sqlalchemy.url"))
with engine.connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
"""

# Expand only, by the book: each lock short, each scan without one.
MIGRATIONS = [
    ("a_table", "op.create_table('invoice', sa.Column('id', sa.Integer, primary_key=True), sa.Column('note', sa.Text))",
     "pass"),
    ("a_column", "op.add_column('ledger', sa.Column('phone', sa.Text))", "pass"),
    ("a_default", "op.add_column('ledger', sa.Column('flag', sa.Boolean, server_default='false', nullable=False))", "pass"),
    ("an_index", "\n    ".join(["with op.get_context().autocommit_block():",
                                "    op.execute('SET lock_timeout = 0')",
                                "    op.create_index('ledger_phone', 'ledger', ['phone'], postgresql_concurrently=True)",
                                "    op.execute(\"SET lock_timeout = '2s'\")"]),
     "\n    ".join(["with op.get_context().autocommit_block():",
                    "    op.execute('SET lock_timeout = 0')",
                    "    op.drop_index('ledger_phone', postgresql_concurrently=True)",
                    "    op.execute(\"SET lock_timeout = '2s'\")"])),
    ("a_check", "op.execute('ALTER TABLE ledger ADD CONSTRAINT positive CHECK (amount > 0) NOT VALID')", "pass"),
    ("validated", "op.execute('ALTER TABLE ledger VALIDATE CONSTRAINT positive')", "pass"),
    ("a_key", "op.execute('ALTER TABLE ledger ADD CONSTRAINT of FOREIGN KEY (of) REFERENCES ledger NOT VALID')", "pass"),
    ("key_valid", "op.execute('ALTER TABLE ledger VALIDATE CONSTRAINT of')", "pass"),
    ("a_comment", "op.create_table_comment('ledger', 'what is owed')", "pass"),
]


def by_sqlmodel(engine):
    for version in ("v1", "v2", "v3"):
        SQLModel.metadata.clear()
        SQLModel._sa_registry.dispose(cascade=True)
        importlib.import_module(f"models.{version}")
        SQLModel.metadata.create_all(engine)
        print(f"create_all {version}: {len(SQLModel.metadata.tables)} tables")


def by_alembic(engine):
    with tempfile.TemporaryDirectory() as home:
        os.makedirs(os.path.join(home, "versions"))
        with open(os.path.join(home, "env.py"), "w", encoding="utf-8") as file:
            file.write(ENVIRONMENT)
        before = None
        for name, up, down in MIGRATIONS:
            with open(os.path.join(home, "versions", f"{name}.py"), "w", encoding="utf-8") as file:
                file.write(f"import sqlalchemy as sa\nfrom alembic import op\nrevision = {name!r}\ndown_revision = {before!r}\n"
                           f"def upgrade():\n    {up}\ndef downgrade():\n    {down}\n")
            before = name
        config = Config()
        config.set_main_option("script_location", home)
        config.set_main_option("sqlalchemy.url", URL.replace("%", "%%"))
        command.upgrade(config, "head")
        command.downgrade(config, "a_default")
        with engine.connect() as connection:
            print("alembic", connection.execute(text("SELECT version_num FROM alembic_version")).scalar())


def main():
    engine = create_engine(URL)
    by_sqlmodel(engine)
    by_alembic(engine)


main()
