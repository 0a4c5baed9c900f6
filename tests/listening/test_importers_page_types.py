"""webMUSHRA's other types of pages: pairs, BS.1116 and Likert scales come in as ratings, each type as a study."""

from pathlib import Path

import pytest
from django.core.management import call_command

from listening.exports import ratings as export
from listening.importers import import_study
from listening.importers.options import Options
from lossmodel.errors import BadInput
from tests.listening.published import configured, nothing_kept, page, write_csv

pytestmark = pytest.mark.django_db

BOTH = "stimuli: {C1: audio/c1.wav, C2: audio/c2.wav}"
REFERRED = f"reference: audio/ref.wav, {BOTH}"
MARKED = "imgHigherResponseSelected: star.png"
STARS = ", ".join(f"{{value: {value}, label: {value.title()}, {MARKED}}}" for value in ("none", "some", "much"))
GRADES = ", ".join(
    f"{{value: {n}, label: {label}}}" for n, label in enumerate(("Bad", "Poor", "Fair", "Good", "Excellent"), 1)
)
PLACES = "{value: left, label: Left}, {value: right, label: Right}"


def of_type(type_: str, *pages: tuple[str, str]) -> str:
    return "".join(f"    - {{type: {type_}, id: {id_}, {rest}}}\n" for id_, rest in pages)


def answered(folder: Path, file: str, columns: str, *rows: str) -> Path:
    """Write a table as `write.php` does: the test, one column of the questionnaire, then `columns`."""
    names = ["session_test_id", "age", *columns.split(",")]
    cells = [dict(zip(names, ["codecs", *row.split(",")], strict=True)) for row in rows]
    return write_csv(folder / "results" / "codecs" / file, cells)


def imported(folder: Path, slug: str = "", **options):
    return import_study(folder, "webmushra", slug, options=Options(**options))


def told(study) -> list[list[tuple]]:
    """Return (attribute, item, part, condition, score) of each trial, sitting by sitting, in their order."""
    found: dict[tuple, list[tuple]] = {}
    for row in export.rows(study):
        rated = (row["attribute"], row["item"], row["part"], row["condition"], row["score"])
        found.setdefault((row["session"], row["trial"]), []).append(rated)
    return [found[key] for key in sorted(found)]


PAIRS = "trial_id,choice_reference,choice_non_reference,choice_answer,choice_time,choice_comment"


def paired(folder: Path, *answers: str) -> Path:
    configured(folder, of_type("paired_comparison", ("a", REFERRED)))
    rows = [f"{30 + n // 2},a,reference,C{2 - n % 2},{answer},1500,hm" for n, answer in enumerate(answers)]
    answered(folder, "paired_comparison.csv", PAIRS, *rows)
    return folder


def test_a_pair_with_the_hidden_reference_is_won_lost_or_undecided(tmp_path):
    made = imported(paired(tmp_path, "correct", "incorrect", "undecided", "correct"))
    assert (made.preset, made.status, made.sessions.count()) == ("ab-reference", "closed", 2)
    hidden = "hidden-reference"
    assert told(made) == [
        [("likeness", "a", 1, hidden, 100), ("likeness", "a", 1, "C2", 0)],
        [("likeness", "a", 0, hidden, 0), ("likeness", "a", 0, "C1", 100)],
        [("likeness", "a", 1, hidden, 50), ("likeness", "a", 1, "C2", 50)],
        [("likeness", "a", 0, hidden, 100), ("likeness", "a", 0, "C1", 0)],
    ]
    assert list(made.questions.values_list("key", flat=True)) == ["age"]
    assert "a, C2: hm" in made.sessions.first().comment


def test_a_pair_without_a_choice_is_left_out_by_its_row(tmp_path):
    report = imported(paired(tmp_path, "correct", "unknown")).import_report
    assert "paired_comparison.csv: row 3: nothing was chosen" in report


BS1116 = (
    "trial_id,rating_reference,rating_non_reference,rating_reference_score,rating_non_reference_score,rating_time,"
    "choice_comment"
)


def test_the_two_scores_of_a_page_of_bs1116_become_0_to_100(tmp_path):
    configured(tmp_path, of_type("bs1116", ("a", REFERRED)))
    rows = ("30,a,reference,C1,5,2.4,1000,", "30,a,reference,C2,4.6,1,1000,")
    answered(tmp_path, "bs1116.csv", BS1116, *rows)
    made = imported(tmp_path)
    rated = [[(name, round(score, 9)) for *_, name, score in trial] for trial in told(made)]
    assert rated == [[("hidden-reference", 100), ("C1", 35)], [("hidden-reference", 90), ("C2", 0)]]
    assert [(each.key, each.low, each.high) for each in made.attributes.all()] == [
        ("impairment", "Very annoying", "Imperceptible")
    ]
    assert "scores from 1 to 5 became 0 to 100" in made.import_report


LIKERT = "trial_id,stimuli_rating,stimuli,rating_time"


def test_points_of_a_single_sound_are_scores_where_the_page_marks_their_order(tmp_path):
    configured(tmp_path, of_type("likert_single_stimulus", ("a", f"{BOTH}, response: [{STARS}]")))
    answered(
        tmp_path, "lss.csv", LIKERT, "30,a, much ,C2,900", "30,a,some,C1,900", "31,a,NA,C1,900", "31,a,none,C2,900"
    )
    made = imported(tmp_path)
    assert made.preset == "acr"
    assert told(made) == [
        [("scale", "a", 1, "C2", 100)], [("scale", "a", 0, "C1", 50)], [("scale", "a", 1, "C2", 0)],
    ]  # fmt: skip
    assert [(each.low, each.high) for each in made.attributes.all()] == [("None", "Much")]
    assert "row 4: C1 was not rated" in made.import_report


def test_a_page_of_several_sounds_is_one_trial_and_grades_that_are_acrs_are_its_attribute(tmp_path):
    configured(tmp_path, of_type("likert_multi_stimulus", ("a", f"{BOTH}, response: [{GRADES}]")))
    answered(tmp_path, "lms.csv", LIKERT, "30,a, 4 ,C2,900", "30,a, 1 ,C1,900")
    quality = ("overall-quality", "a", 0)
    assert told(imported(tmp_path)) == [[(*quality, "C2", 75), (*quality, "C1", 0)]]


def test_every_scale_of_a_page_is_an_attribute_and_one_without_order_a_comment(tmp_path):
    scales = f"response: [[{STARS}], [{GRADES}], [{PLACES}]]"
    configured(tmp_path, of_type("likert_single_stimulus", ("a", f"{BOTH}, {scales}")))
    columns = "trial_id,stimuli_rating1,stimuli_rating2,stimuli_rating3,stimuli,rating_time"
    answered(tmp_path, "lss.csv", columns, "30,a,much,2,left,C1,900")
    made = imported(tmp_path)
    assert told(made) == [[("scale-1", "a", 0, "C1", 100)], [("overall-quality", "a", 0, "C1", 25)]]
    assert made.sessions.get().comment == "a, C1: left"


def test_values_that_are_numbers_are_as_far_apart_as_these(tmp_path):
    points = ", ".join(f"{{value: {value}, label: L{value}}}" for value in (-2, -1, 3))
    configured(tmp_path, of_type("likert_single_stimulus", ("a", f"{BOTH}, response: [{points}]")))
    answered(tmp_path, "lss.csv", LIKERT, "30,a,-1,C1,900")
    assert told(imported(tmp_path)) == [[("scale", "a", 0, "C1", 20)]]


def test_of_several_types_one_comes_in_and_the_others_are_named_with_the_way_to_them(tmp_path):
    pairs = of_type("paired_comparison", ("p", REFERRED))
    configured(tmp_path, pairs + page("m") + of_type("ranking", ("r", REFERRED)))
    answered(tmp_path, "paired_comparison.csv", PAIRS, "30,p,reference,C1,correct,10,")
    sliders = imported(tmp_path)
    assert (sliders.preset, sliders.items.get().name) == ("mushra", "m")
    assert "1 page of type paired_comparison, another method: import it as a study of its own with --pages" in (
        sliders.import_report
    )
    assert "1 page of type ranking, whose answers are no ratings" in sliders.import_report
    second = imported(tmp_path, "pairs", pages="paired_comparison")
    assert (second.preset, second.sessions.count()) == ("ab-reference", 1)


def test_a_draft_says_in_what_it_differs_from_the_page(tmp_path):
    draft = imported(configured(tmp_path, of_type("bs1116", ("a", REFERRED))))
    assert (draft.status, draft.attributes.get().key) == ("draft", "impairment")
    assert "a draft of it shows all versions of an item on one page" in draft.import_report


@pytest.mark.parametrize("type_", ["paired_comparison", "bs1116", "likert_single_stimulus"])
def test_what_is_exported_as_webmushra_comes_in_again_equal(tmp_path, type_):
    files = {
        "paired_comparison": ("paired_comparison.csv", PAIRS, "30,a,reference,C2,correct,10,"),
        "bs1116": ("bs1116.csv", BS1116, "30,a,reference,C2,4.5,2,10,"),
        "likert_single_stimulus": ("lss.csv", LIKERT, "30,a,some,C2,10"),
    }  # fmt: skip
    configured(tmp_path, of_type(type_, ("a", f"{REFERRED}, response: [{STARS}]")))
    name, columns, row = files[type_]
    file = answered(tmp_path, name, columns, row, row.replace("C2", "C1"))
    first = imported(tmp_path)
    call_command("export_ratings", "codecs", format="webmushra", output=file)
    assert told(imported(tmp_path, "again")) == told(first)


def with_answer(answer: str):
    return lambda folder: paired(folder, answer)


def with_points(points: str, said: str):
    def make(folder: Path) -> None:
        configured(folder, of_type("likert_single_stimulus", ("a", f"{BOTH}, response: [{points}]")))
        answered(folder, "lss.csv", LIKERT, f"30,a,{said},C1,900")

    return make


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (with_answer("perhaps"), "row 2: choice_answer 'perhaps'; known are correct, incorrect, undecided, unknown"),
        (with_answer("unknown"), "paired_comparison.csv: no rating in it: .*nothing was chosen"),
        (with_points(STARS, "lots"), "row 2: 'lots' is no point of its page's scale; known are none, some, much"),
        (with_points(PLACES, "left"), "1 page of type likert_single_stimulus; page 'a': its responses have no order"),
    ],
    ids=range(4),
)
def test_answers_that_cannot_be_read_are_named_in_one_line_and_nothing_is_kept(tmp_path, make, message):
    make(tmp_path)
    with pytest.raises(BadInput, match=message) as error:
        imported(tmp_path)
    assert "\n" not in str(error.value)
    assert nothing_kept()


def test_a_type_that_the_test_has_not_is_refused(tmp_path):
    with pytest.raises(BadInput, match="no page of type bs1116 that can be imported: 1 page of type mushra"):
        imported(configured(tmp_path, page("a")), pages="bs1116")
