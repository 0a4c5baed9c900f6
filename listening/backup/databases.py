"""A database to a file and back, while it is in use: SQLite by its online backup, PostgreSQL by its own programs.

Both write a state of one moment and let others write meanwhile; loading takes place in one transaction.
"""

import os
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from lossmodel.errors import BadInput

UNKNOWN_BEFORE_17 = b"SET transaction_timeout = 0;\n"
"""What pg_dump writes from version 17 on, which older servers refuse; it is the default anyway."""


def dump(path: Path) -> None:
    """Write the database as it stands now to `path`; `BadInput` where a program for that is missing or fails."""
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(path)) as copy:
            _sqlite().backup(copy)
    else:
        _run("pg_dump", ["--no-owner", "--no-privileges", "--file", str(path)])


def load(path: Path) -> None:
    """Put what `dump` wrote to `path` in the place of the whole database, or leave it as it is and raise."""
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(path)) as copy:
            copy.backup(_sqlite())
        return
    script = path.with_name("load.sql")
    _write_script(path, script)
    connection.close()
    silently = ["--no-psqlrc", "--quiet", "--output", os.devnull, "--set", "ON_ERROR_STOP=1"]
    _run("psql", [*silently, "--single-transaction", "--file", str(script)])


def tables() -> list[str]:
    """Return the names of the tables there are."""
    return connection.introspection.table_names()


def migrations() -> frozenset[str]:
    """Return the migrations that the database has been through, as "app.name"."""
    return frozenset(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations())


def known_migrations() -> frozenset[str]:
    """Return the migrations that this version of the code knows."""
    return frozenset(f"{app}.{name}" for app, name in MigrationLoader(None).graph.nodes)


def _write_script(dumped: Path, script: Path) -> None:
    """Write what drops the tables there are and then does as `dumped` says, as far as any server knows it."""
    with dumped.open("rb") as lines, script.open("wb") as written:
        written.writelines(f"DROP TABLE {connection.ops.quote_name(name)} CASCADE;\n".encode() for name in tables())
        written.writelines(line for line in lines if line != UNKNOWN_BEFORE_17)


def _sqlite() -> sqlite3.Connection:
    connection.ensure_connection()
    own: sqlite3.Connection = connection.connection
    return own


def _run(program: str, parameters: Sequence[str]) -> None:
    """Run a program of PostgreSQL's on the site's database, with its password in no command line."""
    try:
        _client(program)(connection).runshell(list(parameters))
    except FileNotFoundError:
        raise BadInput(f"{program} is not installed; install PostgreSQL's clients (postgresql-client)") from None
    except subprocess.CalledProcessError as error:
        raise BadInput(f"{program} ended with status {error.returncode}; its reason stands above") from None


def _client(program: str) -> Any:
    """Return what Django runs `psql` with, for another program that takes the same parameters."""
    return type("Client", (connection.client_class,), {"executable_name": program})
