"""What is exported in the shape of webMUSHRA comes in again equal."""

import csv
import io
import shutil
from pathlib import Path

import pytest
import yaml
from django.core.management import call_command
from django.db.models import Value
from django.db.models.functions import Concat

from listening.exports import ratings as export
from listening.importers import import_study
from listening.models import Assessor, Study
from lossmodel.errors import BadInput
from tests.listening.published import configured, page, rows_of, webmushra, write_csv

pytestmark = pytest.mark.django_db

GOOD = {"reference": 100, "C1": 55, "C2": 60.5}
LOW = {"reference": 90, "C1": 20, "C2": 30}


def told(study: Study) -> list[dict]:
    """Return every row of the tidy table, without what the study is called."""
    return [{**row, "study": ""} for row in export.rows(study)]


def exported(study: Study) -> list[dict]:
    """Return every row that webMUSHRA would have written, without the names of test and session."""
    text = io.StringIO()
    export.write_webmushra(study, text)
    changed = {"session_test_id": "", "session_uuid": ""}
    return [{**row, **changed} for row in csv.DictReader(io.StringIO(text.getvalue()))]


def test_what_is_exported_as_webmushra_comes_in_again_equal(tmp_path):
    first = import_study(webmushra(tmp_path), "webmushra")
    file = tmp_path / "results" / "codecs_1" / "mushra.csv"
    call_command("export_ratings", "codecs_1", format="webmushra", output=file)
    again = import_study(tmp_path, "webmushra", "again")
    assert told(again) == told(first)
    assert exported(again) == exported(first)
    assert not again.questions.exists()


def test_several_attributes_and_replicates_come_in_again_equal(tmp_path):
    rows = [
        row
        for trial, given in (("a--quality", GOOD), ("a--interference", LOW), ("a--quality--repeat", LOW))
        for row in rows_of(trial, given, participant="p1", session_uuid="5c5a5b6e-0f6a-5a53-8d5c-0d7f3c9d7f11")
    ]
    write_csv(configured(tmp_path, page("a")) / "results" / "codecs" / "mushra.csv", rows)
    made = import_study(tmp_path, "webmushra")
    assert [(row["attribute"], row["replicate"], row["assessor"]) for row in export.rows(made)][::3] == [
        ("quality", 0, "p1"), ("interference", 0, "p1"), ("quality", 1, "p1"),
    ]  # fmt: skip
    file = tmp_path / "results" / "codecs" / "mushra.csv"
    call_command("export_ratings", "codecs", format="webmushra", output=file)
    again = import_study(tmp_path, "webmushra", "again")
    assert told(again) == told(made)


def configuration(study: Study, folder: Path) -> None:
    """Write a configuration of webMUSHRA that has the study's items, with their sounds."""
    pages = []
    for item in study.items.all():
        files = {row.condition.name: row for row in item.stimuli.select_related("condition", "audio")}
        for name, row in files.items():
            (folder / item.name).mkdir(exist_ok=True)
            shutil.copy(row.audio.path, folder / item.name / f"{name}.flac")
        stimuli = {name: f"{item.name}/{name}.flac" for name in files if name != "ref"}
        pages.append({"type": "mushra", "id": item.name, "reference": f"{item.name}/ref.flac", "stimuli": stimuli})
    (folder / "test.yaml").write_text(yaml.safe_dump({"testId": "again", "pages": pages}))


@pytest.mark.data
def test_all_4496_ratings_of_ward_2018_come_in_again_equal(data, tmp_path):
    first = import_study(data / "ward2018", "ward2018")
    configuration(first, tmp_path)
    call_command("export_ratings", "ward2018", format="webmushra", output=tmp_path / "mushra.csv")
    again = import_study(tmp_path, "webmushra")
    assert len(exported(again)) == 4496
    assert exported(again) == exported(first)


def test_names_that_a_spreadsheet_would_compute_come_in_again_equal(tmp_path):
    pages = page("'=cmd'", **{"'@SUM'": "audio/c1.wav", "-6 dB": "audio/c2.wav"})
    scores = {"reference": 100, "@SUM": 55, "-6 dB": 60.5}
    file = configured(tmp_path, pages) / "results" / "codecs" / "mushra.csv"
    write_csv(file, rows_of("=cmd", scores, participant="x", session_uuid="u1"))
    first = import_study(tmp_path, "webmushra")
    Assessor.objects.update(code="+1234=cmd")
    assert {row["item"] for row in export.rows(first)} == {"=cmd"}
    call_command("export_ratings", "codecs", format="webmushra", output=file)
    assert "'=cmd" in file.read_text()
    again = import_study(tmp_path, "webmushra", "again")
    assert told(again) == told(first)


def test_simulated_listeners_come_in_again_as_such_also_on_another_site(tmp_path):
    first = import_study(webmushra(tmp_path), "webmushra")
    Assessor.objects.update(simulated=True)
    file = tmp_path / "results" / "codecs_1" / "mushra.csv"
    call_command("export_ratings", "codecs_1", format="webmushra", output=file)
    expected = told(first)
    Assessor.objects.update(code=Concat(Value("old-"), "code"))
    again = import_study(tmp_path, "webmushra", "again")
    assert all(row["simulated"] for row in told(again))
    assert told(again) == expected
    assert not again.questions.exists()


def test_a_simulated_listener_with_the_code_of_a_person_is_refused(tmp_path):
    import_study(webmushra(tmp_path), "webmushra")
    Assessor.objects.update(simulated=True)
    file = tmp_path / "results" / "codecs_1" / "mushra.csv"
    call_command("export_ratings", "codecs_1", format="webmushra", output=file)
    Assessor.objects.update(simulated=False)
    with pytest.raises(BadInput, match=r"mushra.csv: row [0-9]+: assessor .* is simulated, but a person on this site"):
        import_study(tmp_path, "webmushra", "again")
    assert not Study.objects.filter(slug="again").exists()
