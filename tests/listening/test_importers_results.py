"""The ratings of a webMUSHRA test come in whatever wrote them, each in its sitting."""

from pathlib import Path

import pytest
from django.core.management import call_command

from listening.exports import ratings as export
from listening.exports import replies
from listening.importers import import_study
from listening.importers.options import Options
from listening.models import Reply, Session
from listening.stimuli import redraft
from lossmodel.errors import BadInput
from tests.listening.published import configured, edited, nothing_kept, page, rows_of, webmushra, write_csv

pytestmark = pytest.mark.django_db

GOOD = {"reference": 100, "C1": 55, "C2": 60.5}
LOW = {"reference": 90, "C1": 20, "C2": 30}


def imported(folder: Path, **options):
    return import_study(folder, "webmushra", options=Options(**options))


def rated(folder: Path, rows: list[dict], pages: str = "", **config) -> Path:
    """Return a folder with pages `a` and `b`, and these results."""
    configured(folder, pages or page("a") + page("b"), **config)
    write_csv(folder / "results" / "codecs" / "mushra.csv", rows)
    return folder


def scores(study) -> list[list[tuple]]:
    """Return (item, condition, score) of each session, in the order they were given."""
    found: dict[int, list[tuple]] = {}
    for row in export.rows(study):
        found.setdefault(row["session"], []).append((row["item"], row["condition"], row["score"]))
    return list(found.values())


def sitting(*pages: tuple[str, dict]) -> list[tuple]:
    own = {"reference": "hidden-reference"}
    return [(item, own.get(name, name), score) for item, values in pages for name, score in values.items()]


def test_a_sitting_is_what_has_one_session_uuid_wherever_its_rows_stand(tmp_path):
    rows = rows_of("a", GOOD, session_uuid="u1") + rows_of("a", LOW, session_uuid="u2")
    rows += rows_of("b", GOOD, session_uuid="u1")
    made = imported(rated(tmp_path, rows))
    assert scores(made) == [sitting(("a", GOOD), ("b", GOOD)), sitting(("a", LOW))]
    assert set(made.sessions.values_list("assessor__code", flat=True)) == {"codecs-u1", "codecs-u2"}


@pytest.mark.parametrize("columns", [{}, {"session_uuid": ""}])
def test_without_a_session_uuid_a_sitting_ends_where_a_page_comes_again(tmp_path, columns):
    rows = [
        row
        for trial, given in (("b", GOOD), ("a", LOW), ("a", GOOD), ("b", LOW))
        for row in rows_of(trial, given, **columns)
    ]
    made = imported(rated(tmp_path, rows))
    assert scores(made) == [sitting(("b", GOOD), ("a", LOW)), sitting(("a", GOOD), ("b", LOW))]
    assert "mushra.csv names no sessions: a session ends where the person changes" in made.import_report


def test_without_a_session_uuid_a_sitting_ends_where_the_person_changes(tmp_path):
    rows = rows_of("a", GOOD, email="x@y", age=30) + rows_of("b", LOW, email="z@y", age=30)
    assert scores(imported(rated(tmp_path, rows))) == [sitting(("a", GOOD)), sitting(("b", LOW))]


def test_a_test_of_one_page_without_sessions_has_a_sitting_for_each_time_it_was_rated(tmp_path):
    rows = rows_of("a", GOOD) + rows_of("a", LOW) + rows_of("a", GOOD)
    assert scores(imported(rated(tmp_path, rows, page("a")))) == [sitting(("a", each)) for each in (GOOD, LOW, GOOD)]


def test_a_column_may_be_named_that_tells_sittings_apart(tmp_path):
    rows = rows_of("a", GOOD, who="ann") + rows_of("a", LOW, who="ben") + rows_of("b", GOOD, who="ann")
    made = imported(rated(tmp_path, rows), session_column="who")
    assert scores(made) == [sitting(("a", GOOD), ("b", GOOD)), sitting(("a", LOW))]
    with pytest.raises(BadInput, match=r"row 2: nothing in the column 'name' that identifies sessions; .*who"):
        import_study(tmp_path, "webmushra", "again", options=Options(session_column="name"))


def test_semicolons_a_byte_order_mark_and_iso_8859_1_are_read(tmp_path):
    rows = rows_of("a", GOOD, nom="Zoë – “so”", session_uuid="u1")
    file = rated(tmp_path / "one", rows) / "results" / "codecs" / "mushra.csv"
    text = file.read_text().replace(",", ";")
    file.write_bytes(text.encode("windows-1252"))
    made = imported(tmp_path / "one")
    assert scores(made) == [sitting(("a", GOOD))]
    assert Reply.objects.get(question__key="nom").value == "Zoë – “so”"
    assert "mushra.csv is not UTF-8 (row 2): read as ISO-8859-1" in made.import_report
    file.write_bytes(text.encode("utf-8-sig"))
    assert "ISO-8859-1" not in import_study(tmp_path / "one", "webmushra", "two").import_report
    file.write_bytes(text.encode("utf-16"))
    assert scores(import_study(tmp_path / "one", "webmushra", "three")) == [sitting(("a", GOOD))]


def test_a_quote_that_php_left_behind_a_backslash_ends_no_cell(tmp_path):
    file = rated(tmp_path, rows_of("a", GOOD, session_uuid="u1")) / "results" / "codecs" / "mushra.csv"
    lines = file.read_text().splitlines()
    lines[1] += r'"dull, a \"phone\" voice; C:\temp"'
    file.write_text("\n".join(lines) + "\n")
    made = imported(tmp_path)
    assert Session.objects.get().comment == r'a, hidden-reference: dull, a "phone" voice; C:\temp'
    assert scores(made) == [sitting(("a", GOOD))]


def test_the_tables_that_pymushra_gives_out_are_read_too(tmp_path):
    rows = [
        {"responses_comment": "", "wm_id": row["trial_id"], "wm_config": "configs/test.yaml", "wm_date": "2025-01-01",
         "responses_score": row["rating_score"], "responses_time": 1500, "wm_testId": "codecs",
         "questionaire_uuid": "u1", "wm_type": kind, "responses_stimulus": row["rating_stimulus"]}
        for kind, trial in (("mushra", "a"), ("gender", "gender"))
        for row in rows_of(trial, GOOD)
    ]  # fmt: skip
    made = imported(rated(tmp_path, rows))
    assert scores(made) == [sitting(("a", GOOD))]
    assert {row["seconds"] for row in export.rows(made)} == {1.5}
    assert "- 3 rows of page 'gender', no page of type mushra" in made.import_report
    assert not made.questions.exists()


def test_questionnaires_and_comments_become_replies(tmp_path):
    pages = page("a") + page("b") + "    - type: finish\n      questionnaire:\n"
    pages += "        - {type: number, label: Your age, name: age}\n"
    pages += "        - {type: likert, label: Gender, name: sex, response: [{value: f}, {value: m}]}\n"
    people = {"age": 30, "sex": "f", "e-mail": "=cmd", "session_uuid": "u1"}
    rows = rows_of("a", GOOD, **people) + rows_of("b", LOW, **people)
    rows[1]["rating_comment"], rows[4]["rating_comment"] = "hollow", " "
    made = imported(rated(tmp_path, rows, pages))
    asked = made.questions.order_by("position")
    assert list(asked.values_list("key", "text", "kind", "choices", "replies__value")) == [
        ("age", "Your age", "number", "", "30"),
        ("sex", "Gender", "choice", "f\nm", "f"),
        ("e-mail", "e-mail", "text", "", "=cmd"),
    ]
    assert made.sessions.get().comment == "a, C1: hollow"
    assert "- 3 replies (may name people) to 3 questions: age, sex, e-mail" in made.import_report
    assert "- comments on sounds or pages of 1 session, kept with their sessions" in made.import_report
    said = [(row["place"], row["question"], row["value"]) for row in replies.rows(made)]
    assert ("end", "comment", "a, C1: hollow") in said
    assert ("after", "age", "30") in said


def test_a_new_draft_of_an_imported_test_asks_nobody_about_a_condition_by_its_name(tmp_path):
    rows = rows_of("a", GOOD, age=30, session_uuid="u1")
    rows[1]["rating_comment"] = "hollow"
    draft = redraft(imported(rated(tmp_path, rows)), "draft")
    assert list(draft.questions.values_list("key", flat=True)) == ["age"]


def test_scores_of_five_points_are_recognised_asked_about_and_stretched(tmp_path):
    rated(tmp_path, rows_of("a", {"reference": 5, "C1": 1, "C2": 3}, session_uuid="u1"))
    with pytest.raises(BadInput, match=r"all 3 scores are whole numbers from 1 to 5; give their scale: --scale 1-5"):
        imported(tmp_path)
    assert nothing_kept()
    made = imported(tmp_path, scale=(1.0, 5.0))
    assert scores(made) == [sitting(("a", {"reference": 100, "C1": 0, "C2": 50}))]
    assert "- scores from 1 to 5 became 0 to 100" in made.import_report
    low = import_study(tmp_path, "webmushra", "low", options=Options(scale=(0.0, 100.0)))
    assert scores(low) == [sitting(("a", {"reference": 5, "C1": 1, "C2": 3}))]
    with pytest.raises(BadInput, match="row 2: score 5; scores must be from 1 to 4"):
        import_study(tmp_path, "webmushra", "short", options=Options(scale=(1.0, 4.0)))


def test_a_page_that_the_test_shows_twice_is_rated_twice(tmp_path):
    rows = [*rows_of("a", GOOD, session_uuid="u1"), *rows_of("a", LOW, session_uuid="u1")]
    made = imported(rated(tmp_path, rows, page("a") + page("a")))
    assert [(row["replicate"], row["trial"]) for row in export.rows(made)] == [(0, 0)] * 3 + [(1, 1)] * 3
    assert made.replicates == 1


def test_pages_of_one_id_with_other_sounds_are_told_apart_by_their_stimuli_or_else_by_their_order(tmp_path):
    more = {"C1": "audio/c1.wav", "C2": "audio/c2.wav", "C3": "audio/ref.wav"}
    other = page("a", C1="audio/c2.wav", C2="audio/c1.wav")
    rows = [row for given in ({**GOOD, "C3": 5}, GOOD, LOW) for row in rows_of("a", given, session_uuid="u1")]
    made = imported(rated(tmp_path, rows, page("a") + page("a", **more) + other))
    assert scores(made) == [sitting(("a (2)", {**GOOD, "C3": 5}), ("a", GOOD), ("a (3)", LOW))]


def test_pages_of_one_id_in_random_order_with_the_same_stimuli_are_refused(tmp_path):
    pages = "    -\n      - random\n" + (page("a") + page("a", C1="audio/c2.wav", C2="audio/c1.wav")).replace(
        "    -", "      -"
    )
    rated(tmp_path, rows_of("a", GOOD, session_uuid="u1"), pages)
    with pytest.raises(BadInput, match="row 2: 2 pages are called 'a' and are in random order"):
        imported(tmp_path)


def test_what_was_sent_twice_counts_once(tmp_path):
    rows = rows_of("a", GOOD, session_uuid="u1") + rows_of("b", LOW, session_uuid="u1")
    made = imported(rated(tmp_path, rows + rows))
    assert scores(made) == [sitting(("a", GOOD), ("b", LOW))]
    assert "row 8: page 'a' was sent twice with the same ratings" in made.import_report


def test_results_that_lie_elsewhere_can_be_named(tmp_path):
    configured(tmp_path, page("a"))
    file = write_csv(tmp_path / "other" / "export.csv", rows_of("a", GOOD, session_uuid="u1"))
    assert scores(imported(tmp_path, results=file)) == [sitting(("a", GOOD))]


def test_results_of_another_form_are_named(tmp_path):
    rated(tmp_path, rows_of("a", GOOD, session_uuid="u1"))
    (tmp_path / "results" / "codecs" / "paired_comparison.csv").write_text("x\n")
    assert "- paired_comparison.csv: ratings have another form" in imported(tmp_path).import_report


def with_change(*changes: tuple[str, str]):
    def make(folder: Path) -> None:
        edited(webmushra(folder) / "results" / "codecs_1" / "mushra.csv", *changes)

    return make


def with_bytes(data: bytes):
    def make(folder: Path) -> None:
        (webmushra(folder) / "results" / "codecs_1" / "mushra.csv").write_bytes(data)

    return make


HEAD = b"session_uuid,trial_id,rating_stimulus,rating_score\n"
BAD = [
    (with_change(("C2", "C9")), "mushra.csv: row 4: no sound of 'trial2' is called 'C9'"),
    (with_change(("C2", "C1")), "row 4: C1 of trial2 is rated twice on one page; keep one"),
    (with_change(("60.5", "=1+1")), "row 4: rating_score '=1.1'; a number is required"),
    (with_change(("60.5", "6_0")), "row 4: rating_score '6_0'; a number is required"),
    (with_change(("60.5", "nan")), "row 4: rating_score 'nan'; a finite number is required"),
    (with_change(("60.5", "101")), "row 4: score 101; scores must be from 0 to 100"),
    (with_change(("60.5", "")), "row 4: no rating_score; complete or remove the row"),
    (with_change(("u1", "u1,x")), "row 2: 9 cells, but the header has 8; make them equal"),
    (
        with_change(("rating_stimulus", "stimulus")),
        "no column 'rating_stimulus'; required are trial_id, rating_stimulus",
    ),
    (
        with_change(("trial1", "page1"), ("trial2", "page2")),
        "no rating of a page of the configuration; .* 'page1', 'page2'",
    ),
    (with_bytes(HEAD), "mushra.csv: contains no rating; remove it to import the test as a draft"),
    (
        with_bytes(HEAD + b"u,trial1,C1\0,5\n"),
        "mushra.csv: row 2: has a NUL byte, which is not text; save the file again",
    ),
    (with_bytes(HEAD + b'u,trial1,"C1,5\n'), "mushra.csv: not a CSV file"),
    (with_bytes(b"\xff\xfe" + b"a"), "mushra.csv: not a text in utf-16"),
]


@pytest.mark.parametrize(("make", "message"), BAD)
def test_results_that_cannot_be_used_are_named_by_file_row_and_value_and_nothing_is_kept(tmp_path, make, message):
    make(tmp_path / "test")
    with pytest.raises(BadInput, match=message) as caught:
        imported(tmp_path / "test")
    assert "\n" not in str(caught.value)
    assert nothing_kept()


def test_the_command_prints_the_report_and_takes_what_the_files_do_not_say(tmp_path, capsys):
    rated(tmp_path, rows_of("a", {"reference": 5, "C1": 1, "C2": 3}, who="ann"))
    call_command("import_study", tmp_path, format="webmushra", scale="1-5", session_column="who", conditions="element")
    said = capsys.readouterr().out
    assert "codecs: closed, 1 items" not in said
    assert said.splitlines()[0].startswith("codecs: closed, 2 items, 3 conditions, 1 sessions")
    assert (
        "What was imported\n- 2 items, 3 conditions: hidden-reference, C1, C2\n- 3 ratings of 1 assessor in 1 session"
        in said
    )
    assert said.rstrip().endswith("What was left out\n- nothing")
    assert Session.objects.get().assessor.code == "codecs-ann"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"scale": "5"}, "--scale '5': give its lowest and its highest score, for example 1-5"),
        ({"scale": "5-1"}, "--scale '5-1': give its lowest"),
        ({"format": "waet", "scale": "1-5"}, "--scale 1-5: not an option of the format waet; omit it"),
        ({"conditions": "names.csv"}, "names.csv: no such file"),
    ],
)
def test_options_that_cannot_be_used_are_named(tmp_path, capsys, options, said):
    configured(tmp_path, page("a"))
    with pytest.raises(SystemExit):
        call_command("import_study", tmp_path, **{"format": "webmushra", **options})
    assert said in capsys.readouterr().err
