"""Registries as earlier versions of the program wrote them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from cladist.registry import schema


def write_version(version: int, new: Path, old: Path) -> None:
    """The content of the registry file `new` in tables of schema version `version`."""
    with closing(sqlite3.connect(old, isolation_level=None)) as db:
        for step in schema.MIGRATIONS[:version]:
            for statement in step:
                db.execute(statement)
        db.execute("ATTACH DATABASE ? AS new", (str(new),))
        tables = [
            n
            for (n,) in db.execute(
                "SELECT name FROM main.sqlite_master WHERE type = 'table' AND sql <> '' "
                "AND name NOT LIKE 'sqlite_%' AND name NOT IN ('dna_change', 'answers_state')"
            )
        ]
        db.execute("BEGIN")
        for name in tables:
            columns = [
                c for (c,) in db.execute("SELECT name FROM pragma_table_info(?, 'main')", (name,))
            ]
            listed = ", ".join(columns)
            db.execute(f"INSERT INTO main.{name} ({listed}) SELECT {listed} FROM new.{name}")
        db.execute("COMMIT")
        db.execute("DETACH DATABASE new")
        db.execute(f"PRAGMA user_version = {version}")
        db.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
