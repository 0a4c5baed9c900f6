"""The database of a release, as SQL: what later versions must be able to migrate.

python -m tests.released   makes an installation of this version on SQLite with a study that was rated, and writes
tests/listening/released/<version>.sql, and the hashes of its migrations: once, when a version is released
"""

import json
import os
import sqlite3
import tempfile
import tomllib
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "tests" / "listening" / "released"
REMADE = ("auth_permission", "django_content_type")
"""Tables that `migrate` fills itself."""


def main() -> None:
    """Write the database of this version."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "released.sqlite3"
        _begin(database)
        rate(Path(folder))
        _write(database, FOLDER / f"{version}.sql")
        (FOLDER / "migrations.json").write_text(json.dumps(_migrations(), indent=1) + "\n", encoding="utf-8")


def restore(dump: Path, database: Path) -> None:
    """Make a SQLite database of the SQL of a release."""
    with sqlite3.connect(database) as rows:
        rows.executescript(dump.read_text(encoding="utf-8"))


def rate(folder: Path) -> None:
    """Make a study of two items that one assessor has rated, and freeze its ratings."""
    from django.utils import timezone

    from listening.exports import ratings
    from listening.models import Rating
    from tests.builders import sitting, study

    made = study(folder, slug="released", title="A study of this version", status="open")
    session = sitting(made)
    for trial in session.trials.all():
        for score, slot in enumerate(trial.slots.all()):
            Rating.objects.create(slot=slot, score=10 * score)
        trial.finished_at = timezone.now()
        trial.save(update_fields=["finished_at"])
    session.finished_at = timezone.now()
    session.save(update_fields=["finished_at"])
    ratings.freeze(made)


def _begin(database: Path) -> None:
    os.environ |= {  # noqa: TID251  settings read the environment once, here before they do
        "DJANGO_SETTINGS_MODULE": "listening.settings", "VAR_ROOT": str(database.parent),
        "DATABASE_URL": f"sqlite:///{database}",
    }  # fmt: skip
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def _migrations() -> dict[str, str]:
    """Return the hash of each migration, by the name of its file."""
    files = sorted((ROOT / "listening" / "migrations").glob("[0-9]*.py"))
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in files}


def _write(database: Path, dump: Path) -> None:
    dump.parent.mkdir(exist_ok=True)
    with sqlite3.connect(database) as rows:
        for table in REMADE:
            rows.execute(f"DELETE FROM {table}")
        dump.write_text("\n".join(rows.iterdump()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
