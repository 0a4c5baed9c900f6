"""A backup is made while people answer, and restores to the same rows and files; what is wrong changes nothing."""

import io
import json
import os
import sqlite3
import subprocess
import sys
import threading
import uuid
import zipfile
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection
from django.db.backends.postgresql.client import DatabaseClient

from listening import backup
from listening.backup import databases
from listening.models import Rating, Slot, Study
from lossmodel.errors import BadInput
from lossmodel.files import sha256
from tests import builders
from tests.waiting import until
from tests.worker.conftest import ROOT, database

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def own_var_root(settings, tmp_path):
    settings.VAR_ROOT = tmp_path / "var"
    settings.INTAKE_DIR = settings.VAR_ROOT / "intake"
    settings.VAR_ROOT.mkdir()
    (settings.VAR_ROOT / "secret_key").write_text("the key of the first site")


@pytest.fixture
def study(tmp_path) -> Study:
    made = builders.study(tmp_path, items=1, systems=1, attributes=("quality",))
    made.open()
    return made


@pytest.fixture
def elsewhere(tmp_path):
    """Return the environment of an installation of its own that holds nothing, not even tables."""
    folder = tmp_path / "elsewhere"
    address = f"sqlite:///{folder / 'hearback.sqlite3'}"
    name = f"restored_{uuid.uuid4().hex[:8]}"
    if connection.vendor == "postgresql":
        connection.cursor().execute(f"CREATE DATABASE {name}")
        address = database().rpartition("/")[0] + f"/{name}"
    yield dict(os.environ) | {"VAR_ROOT": str(folder), "DATABASE_URL": address}  # noqa: TID251
    if connection.vendor == "postgresql":
        connection.cursor().execute(f"DROP DATABASE {name} WITH (FORCE)")


def manage(environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    whole = [sys.executable, "manage.py", *command]
    return subprocess.run(whole, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def rows(address: str) -> dict[str, list[str]]:
    """Return the rows of every table of a database, as text, by the table's name."""
    lite = address.startswith("sqlite")
    every = "SELECT name FROM sqlite_master WHERE type = 'table'" if lite else (
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    )  # fmt: skip
    connected = sqlite3.connect(address.removeprefix("sqlite:///")) if lite else psycopg.connect(address)
    with closing(connected) as opened:
        names = [name for (name,) in opened.execute(every).fetchall()]
        return {name: sorted(map(str, opened.execute(f'SELECT * FROM "{name}"').fetchall())) for name in names}


def files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): sha256(path) for path in folder.rglob("*") if path.is_file()}


class Assessor(threading.Thread):
    """Answers again and again, each slot in its turn, until told to stop; `stored` answers so far."""

    def __init__(self, slots: list[Slot]) -> None:
        super().__init__(daemon=True)
        self.slots, self.over, self.stored = slots, threading.Event(), 0

    def run(self) -> None:
        while not self.over.is_set():
            slot = self.slots[self.stored % len(self.slots)]
            slot.answer(50.0, order=self.stored + 1, key=uuid.uuid4())
            self.stored += 1
        connection.close()


def test_a_backup_made_while_people_answer_restores_to_the_same_rows_and_files(study, elsewhere, tmp_path):
    slots = list(Slot.objects.filter(trial__session=builders.sitting(study)))
    assessor, kept = Assessor(slots), tmp_path / "kept.zip"
    assessor.start()
    until(lambda: assessor.stored > len(slots))

    def answers_come_in_meanwhile(step: int, steps: int) -> None:
        before = assessor.stored
        until(lambda: assessor.stored > before + 1)

    try:
        backup.back_up(kept, answers_come_in_meanwhile)
    finally:
        assessor.over.set()
        assessor.join()
    done = manage(elsewhere, "restore", str(kept))
    assert done.returncode == 0, done.stderr
    assert "restored the database and" in done.stdout
    here, there = rows(database()), rows(elsewhere["DATABASE_URL"])
    assert {name for name in here if here[name] != there[name]} == {"listening_rating"}
    assert files(Path(elsewhere["VAR_ROOT"]) / "media") == files(Path(django_settings.MEDIA_ROOT)) != {}
    assert (Path(elsewhere["VAR_ROOT"]) / "secret_key").read_text() == "the key of the first site"
    assert len(there["listening_rating"]) == len(slots)


def test_the_answers_in_a_backup_are_those_of_one_moment(study, tmp_path):
    slots = list(Slot.objects.filter(trial__session=builders.sitting(study)))
    assessor, copy = Assessor(slots), tmp_path / "copy"
    assessor.start()
    until(lambda: assessor.stored > len(slots))
    databases.dump(copy)
    assessor.over.set()
    assessor.join()
    Rating.objects.all().delete()
    databases.load(copy)
    orders = sorted(Rating.objects.values_list("order", flat=True))
    assert orders == list(range(orders[-1] - len(slots) + 1, orders[-1] + 1))


def test_an_installation_in_use_is_replaced_only_if_asked_to(study, tmp_path):
    kept, out = tmp_path / "kept.zip", io.StringIO()
    call_command("backup", kept, stdout=out)
    assert f"{kept}: the database and 6 files" in out.getvalue()
    before = files(Path(django_settings.MEDIA_ROOT))
    Study.objects.create(slug="later", title="Later", preset="ward-2")
    (Path(django_settings.MEDIA_ROOT) / "audio" / "later.flac").write_text("later")
    with pytest.raises(BadInput, match=r"has 2 studies, 5 audio, files in .*; --replace deletes them"):
        backup.restore(kept)
    assert Study.objects.count() == 2
    call_command("restore", kept, replace=True, stdout=out)
    assert [each.slug for each in Study.objects.all()] == [study.slug]
    assert files(Path(django_settings.MEDIA_ROOT)) == before
    assert not list(Path(django_settings.MEDIA_ROOT).glob(".*"))


def changed(source: Path, target: Path, change) -> Path:
    """Write `source` to `target`, every file as `change(name, bytes)` returns it; without those that become None."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            if (content := change(name, old.read(name))) is not None:
                new.writestr(name, content)
    return target


def outside(name: str, content: bytes) -> bytes:
    if name != "manifest.json":
        return content
    manifest = json.loads(content)
    manifest["files"]["media/../../stolen"] = manifest["files"].pop("secret_key")
    return json.dumps(manifest).encode()


def told(**fields) -> object:
    """Return a change of the manifest."""
    return lambda name, content: (
        json.dumps(json.loads(content) | fields).encode() if name == "manifest.json" else content
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda name, content: content + b"x" * name.startswith("media"), "is not as its manifest says"),
        (lambda name, content: None if name.startswith("media") else content, "not a whole backup"),
        (lambda name, content: None if name == "manifest.json" else content, "not a whole backup"),
        (outside, "belongs to no folder of an installation"),
        (told(format=2), "its manifest is not one of this version"),
        (told(database="oracle"), "contains a database of oracle"),
        (told(migrations=["listening.9999_later"]), "made by a newer version"),
    ],
)
def test_an_archive_that_is_not_as_it_was_written_changes_nothing(study, tmp_path, change, reason):
    backup.back_up(tmp_path / "kept.zip")
    broken = changed(tmp_path / "kept.zip", tmp_path / "broken.zip", change)
    before, here = rows(database()), files(tmp_path / "media") | files(tmp_path / "var")
    with pytest.raises(BadInput, match=reason):
        backup.restore(broken, replace=True)
    assert rows(database()) == before
    assert files(tmp_path / "media") | files(tmp_path / "var") == here


def test_a_file_cut_off_on_its_way_is_no_backup(study, tmp_path, capsys):
    backup.back_up(tmp_path / "kept.zip")
    cut = tmp_path / "cut.zip"
    cut.write_bytes((tmp_path / "kept.zip").read_bytes()[:-100])
    with pytest.raises(SystemExit):
        call_command("restore", cut, replace=True)
    assert "cut.zip: not a whole backup" in capsys.readouterr().err


def test_a_database_that_cannot_be_loaded_leaves_files_and_rows_as_they_were(study, tmp_path, monkeypatch):
    backup.back_up(tmp_path / "kept.zip")
    (tmp_path / "media" / "audio" / "later.flac").write_text("later")
    before = files(tmp_path / "media")

    def refuse(path):
        raise BadInput("the database is locked")

    monkeypatch.setattr(databases, "load", refuse)
    with pytest.raises(BadInput, match="locked"):
        backup.restore(tmp_path / "kept.zip", replace=True)
    assert files(tmp_path / "media") == before


def test_an_archive_is_not_written_into_what_it_backs_up(tmp_path):
    with pytest.raises(BadInput, match="give a path elsewhere"):
        backup.back_up(tmp_path / "media" / "kept.zip")


def test_a_backup_that_fails_leaves_the_one_before(study, tmp_path, monkeypatch):
    kept = tmp_path / "kept.zip"
    kept.write_text("the one before")
    monkeypatch.setattr("listening.backup.archive.BLOCK_BYTES", "no number")
    with pytest.raises(TypeError):
        backup.back_up(kept)
    assert kept.read_text() == "the one before"


def test_a_missing_program_of_postgresqls_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(connection, "vendor", "postgresql")
    monkeypatch.setattr(connection, "client_class", DatabaseClient)
    monkeypatch.setitem(connection.settings_dict, "NAME", "nowhere")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadInput, match="pg_dump is not installed; install PostgreSQL's clients"):
        databases.dump(tmp_path / "copy")


def test_what_a_newer_program_wrote_is_written_for_an_older_server(tmp_path):
    dumped, script = tmp_path / "dumped", tmp_path / "script"
    dumped.write_bytes(b"SET lock_timeout = 0;\nSET transaction_timeout = 0;\nCREATE TABLE x ();\n")
    databases._write_script(dumped, script)
    lines = script.read_text().splitlines()
    assert 'DROP TABLE "listening_study" CASCADE;' in lines
    assert lines[-2:] == ["SET lock_timeout = 0;", "CREATE TABLE x ();"]
