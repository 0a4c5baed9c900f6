"""The database of every release comes up to this version, with its rows; the migrations of a release never change."""

import json
import subprocess
import sys
from hashlib import sha256

import pytest

from tests.released import FOLDER, ROOT, restore

TRIALS = 6
"""Two items on two attributes, and a page of each attribute again."""
DUMPS = sorted(FOLDER.glob("*.sql"))
UPDATED = """
import json, django; django.setup()
from django.core.management import call_command
from django.db import connection
call_command("migrate", verbosity=0)
call_command("makemigrations", check=True, dry_run=True, verbosity=0)
from listening.exports import ratings
from listening.models import RatingSet, Study
study = Study.objects.get(slug="released")
tables = connection.introspection
print(json.dumps({
    "scores": sorted(row["score"] for row in ratings.rows(study)),
    "hash": RatingSet.objects.get(study=study).sha256,
    "columns": {
        model._meta.db_table: sorted(f.column for f in model._meta.local_concrete_fields) ==
        sorted(c.name for c in tables.get_table_description(connection.cursor(), model._meta.db_table))
        for model in __import__("django.apps").apps.apps.get_models()
    },
}))
"""


@pytest.mark.parametrize("dump", DUMPS, ids=lambda path: path.stem)
def test_the_database_of_a_release_comes_up_to_this_version_with_its_ratings(dump, tmp_path):
    database = tmp_path / "released.sqlite3"
    restore(dump, database)
    environment = {
        "DJANGO_SETTINGS_MODULE": "listening.settings",
        "VAR_ROOT": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{database}",
    }
    done = subprocess.run(
        [sys.executable, "-c", UPDATED], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["scores"] == sorted([0, 10, 20, 30] * TRIALS)
    assert [table for table, agree in found["columns"].items() if not agree] == []


def test_the_migrations_of_a_release_are_frozen():
    frozen = json.loads((FOLDER / "migrations.json").read_text(encoding="utf-8"))
    now = {name: sha256((ROOT / "listening" / "migrations" / name).read_bytes()).hexdigest() for name in frozen}
    assert {name for name in frozen if now[name] != frozen[name]} == set(), "add a migration; do not change these"
