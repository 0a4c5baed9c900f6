"""The codebook of a study: it has every column of every table that the study exports, and nothing else."""

import csv
import json

import pytest
from django.core.management import call_command
from django.urls import reverse

from listening.exports import codebook, events, ratings, replies
from listening.models import Event
from lossmodel import manifest
from lossmodel.manifest import COLUMNS as PAIR_COLUMNS
from tests import builders
from tests.listening import panel

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    return builders.study(tmp_path)


def test_every_column_of_every_export_stands_in_the_codebook_in_its_order():
    assert {file: tuple(book) for file, book in codebook.BOOKS.items()} == {
        "ratings.csv": tuple(ratings.columns(with_excluded=True)),
        "events.csv": tuple(events.FIELDS),
        "replies.csv": replies.COLUMNS,
        "pairs.csv": PAIR_COLUMNS,
    }
    assert all(meaning for book in codebook.BOOKS.values() for meaning, _unit in book.values())


def test_levels_are_those_of_the_study(study):
    told = {(row["file"], row["column"]): row for row in codebook.rows(study)}
    conditions = set(study.conditions.values_list("name", flat=True))
    for file in ("ratings.csv", "events.csv", "pairs.csv"):
        assert set(told[file, "condition"]["levels"].split("; ")) == conditions
    assert told["events.csv", "event"]["levels"].split("; ") == Event.Kind.values
    assert study.preset in told["ratings.csv", "method"]["levels"].split("; ")
    assert told["ratings.csv", "seconds"]["unit"] == "s"


def test_the_command_writes_it_to_a_file_or_standard_output(study, tmp_path, capsys):
    call_command("export_codebook", study.slug, output=tmp_path / "codebook.csv")
    with (tmp_path / "codebook.csv").open(newline="") as file:
        assert list(csv.DictReader(file)) == list(codebook.rows(study))
    capsys.readouterr()
    call_command("export_codebook", study.slug, format="json")
    assert json.loads(capsys.readouterr().out) == list(codebook.rows(study))


def test_the_results_tab_links_to_it(admin_client, tmp_path):
    study = panel.voices(tmp_path, items=1)
    panel.rate(study, assessors=1)
    address = reverse("admin:listening_study_codebook", args=[study.pk])
    sent = b"".join(admin_client.get(address).streaming_content).decode()
    assert sent.startswith("file,column,meaning,unit,levels")
    assert "events.csv,frame," in sent
    page = admin_client.get(reverse("admin:listening_study_results", args=[study.pk])).content.decode()
    assert address in page


def test_the_manifest_of_a_study_is_written_alone_and_read_again(study, tmp_path):
    call_command("export_pairs", study.slug, output=tmp_path / "out.csv")
    assert manifest.read(tmp_path / "out.csv") == ratings.pairs(study)


def test_a_study_without_references_has_no_manifest_and_the_command_says_so(study, tmp_path, capsys):
    item = study.items.first()
    item.references.all().delete()
    with pytest.raises(SystemExit) as stopped:
        call_command("export_pairs", study.slug, output=tmp_path / "out.csv")
    assert stopped.value.code == 2
    assert "no reference" in capsys.readouterr().err
    assert not (tmp_path / "out.csv").exists()
