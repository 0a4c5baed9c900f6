"""Answers under a server that is killed, connections that are cut, and requests that come twice or in another order.

python benchmarks/chaos.py [--database sqlite|postgres] [--clients 50] [--answers 10000] [--kills 8] [--seed 1]

Exit status 1 if an answer was lost or stored twice. What the clients do stands in `storm.py`. PostgreSQL is used in a
database of its own, hearback_chaos, dropped afterwards (TEST_POSTGRES names the server).
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from benchmarks import storm

POSTGRES = os.environ.get("TEST_POSTGRES", "postgres://root@127.0.0.1:5432/test")  # noqa: TID251
PEER_FIGURE = (
    "measured elsewhere: pymushra stores 12 of 50 answers that two clients give at once, and corrupts its file"
)
FAULT_COUNTS = ("lost", "rows too many", "sittings too many", "sittings unfinished")


@contextmanager
def database(kind: str, folder: Path, name: str = "hearback_chaos") -> Iterator[str]:
    """Give the address of an empty database and take it away afterwards; `name` is PostgreSQL's."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'chaos.sqlite3'}"
        return
    import psycopg

    with psycopg.connect(POSTGRES, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield POSTGRES.rpartition("/")[0] + f"/{name}"
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    for name, default in {"clients": 50, "answers": 10_000, "kills": 8, "seed": 1}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, database(chosen.database, Path(name)) as address:
        own = storm.environment(Path(name), address)
        os.environ.update(own)  # noqa: TID251
        figures = measured(own, Path(name), chosen)
    print(f"{chosen.database}, {chosen.clients} clients, killed with -9 while they answer")
    print("\n".join(f"{what:>20}  {figure}" for what, figure in figures.items()))
    print(PEER_FIGURE)
    sys.exit(any(figures[what] for what in FAULT_COUNTS))


def measured(own: dict[str, str], folder: Path, chosen: argparse.Namespace) -> dict[str, Any]:
    """Make a site with an open study and let the storm go over it."""
    import django
    from django.core.management import call_command

    django.setup()
    from tests import builders

    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    (folder / "sounds").mkdir()
    study = builders.study(folder / "sounds", items=5, replicates=0)
    study.open()
    with storm.Server(own, folder / "server.log") as server:
        return storm.storm(
            server, study, clients=chosen.clients, answers=chosen.answers, kills=chosen.kills, seed=chosen.seed
        )


if __name__ == "__main__":
    main()
