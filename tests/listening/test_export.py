"""What leaves: every rating once, in the agreed columns; frozen sets never change; the manifest names the sounds."""

import csv
import io
import json
import uuid
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pyarrow import parquet

from listening.conformity import check
from listening.exports import facts, replies
from listening.exports import ratings as export
from listening.exports.download import csv_response
from listening.models import Assessor, Rating, RatingSet, Session, Slot, Study, Trial
from lossmodel import manifest
from lossmodel.errors import BadInput
from lossmodel.ratings import table
from tests import builders
from tests.builders import study
from tests.listening import panel

pytestmark = pytest.mark.django_db

COLUMNS = [
    "study", "session", "assessor", "attribute", "item", "condition", "role", "replicate", "trial", "position",
    "score", "seconds", "simulated", "part", "heard", "proved",
    "method", "against_reference", "anchor",
]  # fmt: skip


def sit(made: Study, *, simulated: bool = False, seconds: float | None = 12.5) -> Session:
    """Sit a whole session: every slot is rated by its own number."""
    session = Session.objects.begin(made, Assessor.objects.create(simulated=simulated))
    for slot in Slot.objects.filter(trial__session=session).select_related("trial"):
        slot.answer(10 * slot.trial.position + slot.position + 0.25, order=1, key=uuid.uuid4())
    session.trials.update(seconds=seconds)
    return session


@pytest.fixture
def rated(tmp_path):
    made = study(tmp_path)
    made.open()
    sit(made)
    sit(made, simulated=True, seconds=None)
    return made


def played(client, made: Study) -> Session:
    """Sit a session whose first page told what it played and proved it, whose second told, and whose others did not."""
    session = sit(made)
    first, second = session.trials.all()[:2]
    builders.hear(client, first, until=0.25)
    builders.hear(client, first, [first.slots.first().token], until=0.2)
    builders.hear(client, second, [second.slots.first().token])
    Trial.objects.filter(session=session).update(proved=False)
    Trial.objects.filter(pk=first.pk).update(proved=True)
    return session


def as_csv(made: Study) -> list[dict[str, str]]:
    file = io.StringIO()
    assert export.write_csv(made, file) == len(file.getvalue().splitlines()) - 1
    return list(csv.DictReader(io.StringIO(file.getvalue())))


def test_every_rating_is_one_row_with_the_agreed_columns_in_order(rated):
    rows = list(export.rows(rated))
    assert len(rows) == Rating.objects.count() == 2 * 6 * 4
    assert all(list(row) == COLUMNS for row in rows)
    for row in rows:
        rating = Rating.objects.get(
            slot__trial__session__number=row["session"], slot__trial__position=row["trial"],
            slot__position=row["position"], slot__trial__session__study__slug=row["study"],
        )  # fmt: skip
        slot = rating.slot
        assert row["score"] == rating.score
        assert (row["item"], row["attribute"]) == (slot.trial.item.name, slot.trial.attribute.key)
        assert (row["condition"], row["role"]) == (slot.stimulus.condition.name, slot.stimulus.condition.role)
        assert (row["replicate"], row["seconds"]) == (slot.trial.replicate, slot.trial.seconds)
        assert row["assessor"] == slot.trial.session.assessor.code
        assert row["simulated"] is slot.trial.session.assessor.simulated
    assert sum(row["replicate"] for row in rows) == 2 * 2 * 4


def test_each_rating_tells_how_long_it_was_heard_and_whether_its_sound_is_proved(client, rated):
    number = played(client, rated).number
    found = list(export.rows(rated))
    assert {(row["heard"], row["proved"]) for row in found if row["session"] != number} == {(None, None)}
    own = [row for row in found if row["session"] == number]
    assert [(row["heard"], row["proved"]) for row in own[:4]] == [(0.45, True), *3 * [(0.25, True)]]
    assert [(row["heard"], row["proved"]) for row in own[4:8]] == [(0.5, False), *3 * [(0.0, False)]]
    assert {(row["heard"], row["proved"]) for row in own[8:]} == {(None, False)}


def test_the_same_stands_in_every_format_and_is_read_again(client, rated, tmp_path):
    played(client, rated)
    for form in ("csv", "json", "parquet"):
        call_command("export_ratings", "tones", format=form, output=tmp_path / form)
    expected = list(export.rows(rated))
    assert json.loads((tmp_path / "json").read_text()) == expected
    assert parquet.read_table(tmp_path / "parquet").to_pylist() == expected
    with (tmp_path / "csv").open(newline="") as file:
        told = [(row["heard"], row["proved"]) for row in csv.DictReader(file)]
    assert told == [tuple("" if row[key] is None else str(row[key]) for key in ("heard", "proved")) for row in expected]
    frame = table.read(tmp_path / "csv")
    table.write(tmp_path / "again", frame)
    assert table.read(tmp_path / "again")[["heard", "proved"]].equals(frame[["heard", "proved"]])


def test_ratings_that_are_not_proved_are_left_out_on_demand_alone(client, rated, tmp_path):
    played(client, rated)
    frozen, only = export.freeze(rated), export.freeze(rated, proved_only=True)
    assert (frozen.rows, frozen.unproved, frozen.simulated) == (72, 20, 24)
    assert (only.rows, only.unproved, only.simulated) == (52, 0, 24)
    assert export.proved(frozen) == only
    assert export.proved(only) == only
    call_command("export_ratings", "tones", output=tmp_path / "every.csv")
    call_command("export_ratings", "tones", output=tmp_path / "proved.csv", proved_only=True)
    assert len(table.read(tmp_path / "every.csv")) == 72
    assert (tmp_path / "proved.csv").read_bytes() == only.path.read_bytes()
    file = io.StringIO()
    assert export.write_webmushra(rated, file, proved_only=True) == 52
    assert "proved" not in file.getvalue()


def test_where_no_rating_is_proved_none_is_frozen(tmp_path):
    made = study(tmp_path)
    made.open()
    sit(made).trials.update(proved=False)
    for freeze in (lambda: export.freeze(made, proved_only=True), lambda: export.proved(export.freeze(made))):
        with pytest.raises(BadInput, match="include ratings whose sound is not proved"):
            freeze()


def test_a_set_that_was_frozen_before_pages_told_counts_as_not_proved_where_people_sat_here(rated):
    old = export.freeze(rated)
    lines = [",".join(row.split(",")[:-5]) for row in old.path.read_text().splitlines()]
    old.path.write_text("\n".join(lines) + "\n")
    RatingSet.objects.update(unproved=24)
    old.refresh_from_db()
    assert (export.proved(old).rows, export.proved(old).simulated) == (24, 24)


def test_a_table_is_read_from_the_database_in_as_many_questions_however_long_it_is(client, rated):
    played(client, rated)
    with CaptureQueriesContext(connection) as asked:
        list(export.rows(rated))
    assert len(asked) == 2


def test_ratings_of_other_studies_and_of_withdrawn_sessions_are_left_out(rated, tmp_path):
    (tmp_path / "other").mkdir()
    other = study(tmp_path / "other", slug="other")
    other.open()
    sit(other)
    assert {row["study"] for row in export.rows(rated)} == {"tones"}
    rated.sessions.filter(number=0).update(declined_at=timezone.now())
    assert {row["session"] for row in export.rows(rated)} == {1}


def test_the_csv_is_what_the_learning_side_reads(rated, tmp_path):
    path = tmp_path / "ratings.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        export.write_csv(rated, file)
    frame = table.read(path)
    assert list(frame.columns) == COLUMNS
    assert frame["simulated"].sum() == 24
    assert frame["seconds"].isna().sum() == 24
    assert frame["score"].tolist() == [row["score"] for row in export.rows(rated)]


def test_json_and_parquet_hold_the_same_rows_typed(rated):
    text, binary = io.StringIO(), io.BytesIO()
    assert export.write_json(rated, text) == export.write_parquet(rated, binary) == 48
    rows = list(export.rows(rated))
    assert json.loads(text.getvalue()) == rows
    binary.seek(0)
    assert parquet.read_table(binary).to_pylist() == rows


def test_a_study_without_ratings_is_exported_as_an_empty_table(tmp_path):
    made = study(tmp_path)
    text, binary = io.StringIO(), io.BytesIO()
    assert as_csv(made) == []
    assert export.write_json(made, text) == 0
    assert json.loads(text.getvalue()) == []
    assert export.write_parquet(made, binary) == 0


def test_the_webmushra_shape_names_trials_uniquely_and_its_own_stimuli_as_webmushra_does(tmp_path):
    made = study(tmp_path)
    made.conditions.filter(name="low").update(name="lowpass-3500")
    made.open()
    sit(made)
    file = io.StringIO()
    export.write_webmushra(made, file)
    rows = list(csv.DictReader(io.StringIO(file.getvalue())))
    assert {"session_test_id", "session_uuid", "trial_id", "rating_stimulus", "rating_score", "rating_time"} <= set(
        rows[0]
    )
    assert {row["rating_stimulus"] for row in rows} == {"reference", "anchor35", "system0", "system1"}
    assert len({(row["session_uuid"], row["trial_id"], row["rating_stimulus"]) for row in rows}) == 24
    assert {row["rating_time"] for row in rows} == {"12500"}
    uuid.UUID(rows[0]["session_uuid"])


def test_the_same_ratings_freeze_to_the_same_set_and_new_ratings_to_another(rated):
    first = export.freeze(rated)
    assert (first.rows, first.simulated) == (48, 24)
    content = Path(first.file.path).read_bytes()
    assert content.decode().splitlines()[0] == ",".join(COLUMNS)
    assert export.freeze(rated) == first
    sit(rated)
    second = export.freeze(rated)
    assert second.sha256 != first.sha256
    assert RatingSet.objects.count() == 2
    assert Path(RatingSet.objects.get(pk=first.pk).file.path).read_bytes() == content
    assert table.read(Path(second.file.path)).shape[0] == 72


def test_a_frozen_file_is_known_by_its_hash(rated):
    from lossmodel.files import sha256

    frozen = export.freeze(rated)
    assert sha256(Path(frozen.file.path)) == frozen.sha256


def test_a_study_without_ratings_cannot_be_frozen(tmp_path):
    with pytest.raises(BadInput, match="tones has no ratings to freeze"):
        export.freeze(study(tmp_path))
    assert RatingSet.objects.count() == 0


def test_the_manifest_names_every_stimulus_with_what_it_is_judged_against(rated, tmp_path):
    pairs = export.pairs(rated)
    assert len(pairs) == 8
    assert {pair.role for pair in pairs} == {"system", "reference", "anchor"}
    assert all(path.is_file() for pair in pairs for path in pair.files)
    manifest.write(tmp_path / "pairs.csv", pairs)
    read = manifest.read(tmp_path / "pairs.csv")
    assert [(pair.item, pair.condition, pair.role) for pair in read] == [(p.item, p.condition, p.role) for p in pairs]
    rated.items.first().references.all().delete()
    with pytest.raises(BadInput, match="has no reference"):
        export.pairs(rated)


def test_the_manifest_of_remote_sounds_has_local_files(settings, tmp_path):
    settings.STORAGES = {"default": {"BACKEND": "tests.listening.remote.Remote"}}
    settings.VAR_ROOT = tmp_path / "var"
    made = study(tmp_path)
    assert all(path.is_file() for pair in export.pairs(made) for path in pair.files)


def test_the_facts_of_a_study_are_those_of_its_material(rated):
    found = facts.facts(rated)
    assert found.stimuli_per_item == (4, 4)
    assert found.items_per_system == (2, 2)
    assert found.items_with_reference == 2
    assert found.anchors == {"low"}
    assert found.longest == 0.5
    assert found.assessors == 1
    assert len(found.medians) == 2
    assert {finding.clause for finding in check(found) if finding.met is False} >= {"anchors", "items", "training"}


def test_the_command_writes_a_file_whole_or_the_table_on_standard_output(rated, tmp_path, capsys):
    call_command("export_ratings", "tones", format="csv", output=tmp_path / "out" / "r.csv")
    printed = io.StringIO()
    call_command("export_ratings", "tones", stdout=printed)
    assert (tmp_path / "out" / "r.csv").read_text() == printed.getvalue()
    assert len(printed.getvalue().splitlines()) == 49
    call_command("export_ratings", "tones", format="parquet", output=tmp_path / "r.parquet")
    assert parquet.read_table(tmp_path / "r.parquet").num_rows == 48
    assert "r.parquet: 48 ratings" in capsys.readouterr().err


def test_the_command_answers_an_unknown_slug_in_one_line_with_status_2(capsys):
    with pytest.raises(SystemExit) as caught:
        call_command("export_ratings", "nope")
    assert caught.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_no_csv_that_the_site_writes_starts_a_formula_and_a_fit_reads_the_names_as_they_are(tmp_path):
    made = panel.voices(tmp_path, items=1)
    made.questions.create(key="words", text="@SUM(A1)", kind="text")
    (session,) = panel.rate(made, assessors=1)
    made.conditions.filter(name="good").update(name='=HYPERLINK("http://evil")')
    Assessor.objects.update(code="+1234=cmd")
    session.replies.create(question=made.questions.get(), value="-2+3+cmd|' /C calc'!A0")
    frozen = export.freeze(made)
    streamed = b"".join(csv_response(export.rows(made), "x").streaming_content).decode()
    said = io.StringIO()
    replies.write_csv(made, said)
    for text in (streamed, frozen.path.read_text(encoding="utf-8"), said.getvalue()):
        cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
        assert not [cell for cell in cells if cell[:1] in set("=+-@\t\r")]
        assert any(cell[:2] in {"'=", "'+", "'-"} for cell in cells)
    assert '=HYPERLINK("http://evil")' in set(table.read(frozen.path)["condition"])
