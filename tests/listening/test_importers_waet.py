"""Saves of the Web Audio Evaluation Tool come in as their interface means them; what does not is named."""

from pathlib import Path

import numpy as np
import pytest

from listening.exports import ratings as export
from listening.importers import import_study
from listening.importers.options import Options
from listening.models import Role, Stimulus
from lossmodel import audio
from lossmodel.errors import BadInput
from tests.listening.published import edited, nothing_kept, sound, waet

pytestmark = pytest.mark.django_db


def imported(folder: Path, **options):
    return import_study(folder, "waet", options=Options(**options))


def element(name: str, value: object = None, *, url: str = "", kind: str = "normal", more: str = "") -> str:
    given = "" if value is None else f"<value>{value}</value>"
    return f'<audioelement ref="{name}" type="{kind}" url="{url or name}.wav"{more}>{given}</audioelement>'


def sat(ref: str, *elements: str, state: str = "complete", more: str = "") -> str:
    return f'<page ref="{ref}" state="{state}">{"".join(elements)}{more}</page>'


def saved(folder: Path, *pages: str, key: str = "k", interface: str = "", more: str = "", hosts: str = "") -> Path:
    """Write a save with these pages, and a sound for each letter that an element may be called."""
    for number, name in enumerate("abcr"):
        sound(folder / hosts / f"{name}.wav", 200 + 20 * number)
    test = f'<waet><setup interface="{interface}"/>{more}</waet>' if interface or more else ""
    (folder / f"save-{key}.xml").write_text(f'<waetresult key="{key}">{test}{"".join(pages)}</waetresult>')
    return folder


def scores(study) -> list[tuple]:
    return [(row["item"], row["condition"], row["score"]) for row in export.rows(study)]


def level(study, condition: str) -> float:
    """Return the root mean square of a stimulus in dB."""
    stored = Stimulus.objects.get(item__study=study, condition__name=condition).audio
    return 10 * np.log10((audio.read(stored.path).samples ** 2).mean())


def test_waet_comes_with_values_as_ratings_and_without_unfinished_pages(tmp_path):
    made = imported(waet(tmp_path / "Drum test"))
    assert (made.slug, made.items.get().name) == ("drum-test", "drums")
    rows = list(export.rows(made))
    given = [[75, 100, 10], [50, 100, 10]]
    assert [(row["condition"], row["score"]) for row in rows] == [
        pair for own in given for pair in zip(("a", "r", "low"), own, strict=True)
    ]
    assert {row["condition"]: row["role"] for row in rows} == {"a": "system", "r": "reference", "low": "anchor"}
    assert {row["assessor"] for row in rows} == {"drum-test-k0", "drum-test-k1"}
    assert {row["attribute"] for row in rows} == {"basic-audio-quality"}
    assert {row["seconds"] for row in rows} == {41.5}
    assert "- save-0.xml: page 'bass' was not finished" in made.import_report


def test_every_axis_of_waet_is_an_attribute(tmp_path):
    folder = waet(tmp_path / "axes", "0.5")
    edited(folder / "save-0.xml", ('"null"', '"Punch"'), ("<value>", '<value interface-name="Bright ness">'))
    made = imported(folder)
    assert set(made.attributes.values_list("key", flat=True)) == {"punch", "bright-ness"}


def test_a_pair_is_won_by_the_sound_that_was_chosen_and_is_shown_in_its_order(tmp_path):
    first = element("a", 1, more=' presentedId="B"') + element("b", 0, more=' presentedId="A"')
    made = imported(saved(tmp_path / "t", sat("drums", first), interface="AB"))
    assert (made.preset, made.attributes.get().key) == ("ab", "preference")
    assert scores(made) == [("drums", "b", 0), ("drums", "a", 100)]
    assert made.rules.fit([row["score"] for row in export.rows(made)])
    assert "pairs without a reference: no objective can be fitted to them" in made.import_report


def test_pairs_of_a_pool_are_the_parts_of_their_page(tmp_path):
    pages = [
        sat("drums", element("a", 1), element("b", 0)),
        sat("drums-repeat-1", element("a", 0), element("c", 1)),
        sat("drums-repeat-2", element("b", 1), element("a", 0)),
    ]
    made = imported(saved(tmp_path / "t", *pages, interface="AB"))
    assert [(row["part"], row["replicate"]) for row in export.rows(made)][::2] == [(0, 0), (1, 0), (0, 1)]
    assert made.items.get().name == "drums"


def test_what_was_taken_for_x_is_a_pair_with_x_as_its_reference(tmp_path):
    folder = saved(
        tmp_path / "t", sat("p", element("a", 1), element("b", 0), element("a-X", 0, url="a")), interface="ABX"
    )
    saved(folder, sat("p", element("a", 1), element("b", 0), element("b-X", 0, url="b")), key="l", interface="ABX")
    made = imported(folder)
    assert (made.preset, made.attributes.get().key) == ("ab-reference", "likeness")
    assert scores(made) == [
        ("p (X = a)", "a", 100),
        ("p (X = a)", "b", 0),
        ("p (X = b)", "a", 100),
        ("p (X = b)", "b", 0),
    ]
    for item, name in (("p (X = a)", "a"), ("p (X = b)", "b")):
        own = made.items.get(name=item)
        assert own.references.get().audio == own.stimuli.get(condition__name=name).audio


def test_pages_of_a_pair_without_a_choice_or_with_more_sounds_are_left_out_by_name(tmp_path):
    pages = [
        sat("one", element("a", 1), element("b", 0)),
        sat("none", element("a", 0), element("b", 0)),
        sat("many", element("a", 1), element("b", 0), element("c", 0)),
    ]
    made = imported(saved(tmp_path / "t", *pages, interface="AB"))
    assert {row["item"] for row in export.rows(made)} == {"one"}
    assert "- save-k.xml: page 'none': nothing was chosen" in made.import_report
    assert "- save-k.xml: page 'many': 3 sounds to choose from, but a pair has two" in made.import_report


@pytest.mark.parametrize(
    ("interface", "said"),
    [
        ("ordinal", "interface 'ordinal': a ranking, whose saves do not contain the ranks; it cannot be imported"),
        ("timeline", "interface 'timeline': comments on a timeline, without ratings; it cannot be imported"),
        ("mine", "interface 'mine': the meaning of its values is unknown; known are: ab, abx, ape, discrete"),
    ],
)
def test_an_interface_that_gives_no_ratings_is_refused_in_words(tmp_path, interface, said):
    saved(tmp_path / "t", sat("p", element("a", 0.5), element("r", 1, kind="reference")), interface=interface)
    with pytest.raises(BadInput, match=said):
        imported(tmp_path / "t")
    assert nothing_kept()


def test_grades_of_a_discrete_scale_keep_their_place_and_what_was_not_graded_is_left_out(tmp_path):
    page = sat("p", element("a", 0.25), element("b", -1), element("r", 1, kind="reference"))
    made = imported(saved(tmp_path / "t", page, interface="discrete"))
    assert scores(made) == [("p", "a", 25), ("p", "r", 100)]
    assert "- save-k.xml: page 'p': b was not graded" in made.import_report
    assert "- the grades of a discrete scale keep their positions from 0 to 100" in made.import_report


def test_the_interface_may_stand_in_the_tests_own_file_beside_the_saves(tmp_path):
    folder = saved(tmp_path / "t", sat("p", element("a", 1), element("b", 0)))
    (folder / "test.xml").write_text('<waet><setup interface="AB"/></waet>')
    assert imported(folder).preset == "ab"


def test_sounds_lie_where_the_host_of_their_page_says(tmp_path):
    host = '<page id="p" hostURL="media/example/"/>'
    page = sat("p", element("a", 0.5), element("r", 1, kind="reference"))
    made = imported(saved(tmp_path / "t", page, interface="mushra", more=host, hosts="media/example"))
    assert scores(made) == [("p", "a", 50), ("p", "r", 100)]


def test_saves_in_a_folder_of_their_own_find_their_sounds_beside_it(tmp_path):
    page = sat("p", element("a", 0.5), element("r", 1, kind="reference"))
    folder = saved(tmp_path / "t", page)
    (folder / "saves").mkdir()
    (folder / "save-k.xml").rename(folder / "saves" / "save-k.xml")
    assert scores(imported(folder)) == scores(import_study(folder / "saves", "waet", "again"))


def test_the_gain_of_an_element_is_applied_to_it_alone(tmp_path):
    page = sat("p", element("a", 0.5), element("b", 0.5, url="a", more=' gain="-6"'), element("r", 1, kind="reference"))
    made = imported(saved(tmp_path / "t", page))
    assert level(made, "b") - level(made, "a") == pytest.approx(-6, abs=0.01)


def test_a_gain_that_would_clip_turns_the_whole_page_down_and_the_report_says_by_how_much(tmp_path):
    page = sat("p", element("a", 0.5), element("b", 0.5, url="a", more=' gain="20"'), element("r", 1, kind="reference"))
    made = imported(saved(tmp_path / "t", page))
    assert level(made, "b") - level(made, "a") == pytest.approx(20, abs=0.05)
    assert "- p: turned down by 8.0 dB as a whole because one of its gains would clip" in made.import_report


def test_a_repeated_page_is_a_replicate(tmp_path):
    pages = [
        sat(ref, element("a", value), element("r", 1, kind="reference"))
        for ref, value in (("p", 0.5), ("p-repeat-1", 0.7))
    ]
    made = imported(saved(tmp_path / "t", *pages))
    assert [(row["item"], row["replicate"], row["score"]) for row in export.rows(made) if row["condition"] == "a"] == [
        ("p", 0, 50), ("p", 1, 70),
    ]  # fmt: skip
    assert made.replicates == 1


def test_surveys_become_replies_and_what_was_said_of_pages_and_sounds_a_comment_of_the_session(tmp_path):
    asked = '<page><survey><surveyentry id="age"><statement>Your age?</statement></surveyentry></survey></page>'
    comment = "<comment><question>Comment</question><response>dull</response></comment></audioelement>"
    mood = "<statement>Mood?</statement><response>calm</response>"
    mood = f'<commentquestion id="mood" type="question">{mood}</commentquestion>'
    boxes = '<response name="live" checked="true"/><response name="studio" checked="false"/>'
    page = sat(
        "p", element("a", 0.5).replace("</audioelement>", comment), element("r", 1, kind="reference"),
        more=mood,
    )  # fmt: skip
    survey = '<survey location="before"><surveyresult ref="age"><response>30</response></surveyresult>'
    survey += f'<surveyresult ref="work" type="checkbox">{boxes}</surveyresult></survey>'
    folder = saved(tmp_path / "t", survey, page, interface="ape", more=asked)
    (folder / "save-k.xml").rename(folder / "save k (1).xml")
    made = imported(folder)
    asked_and_said = made.questions.order_by("position").values_list("key", "text", "place", "replies__value")
    assert list(asked_and_said) == [
        ("age", "Your age?", "before", "30"),
        ("work", "work", "before", "live"),
    ]
    assert made.sessions.get().comment == "p, mood: calm\np, a: dull"


def test_empty_saves_and_earlier_states_are_skipped_and_named(tmp_path):
    page = sat("p", element("a", 0.5), element("r", 1, kind="reference"))
    folder = saved(tmp_path / "t", page)
    (folder / "save-begun.xml").write_text("")
    (folder / "save-key.xml").write_text('<waetresult key="key"/>')
    (folder / "update-save-k.xml").write_text((folder / "save-k.xml").read_text())
    (folder / "other.xml").write_text("<html/>")
    made = imported(folder)
    assert made.sessions.count() == 1
    for line in (
        "save-begun.xml: empty: a session that was begun and never saved",
        "save-key.xml: no page was rated",
        "update-save-k.xml: an earlier state of save-k.xml",
        "other.xml: <html>, not a result",
    ):
        assert f"- {line}" in made.import_report


def test_a_page_without_a_reference_comes_in_and_the_report_says_what_it_is_not_good_for(tmp_path):
    made = imported(saved(tmp_path / "t", sat("mix", element("a", 0.5), element("b", 0.6))))
    assert scores(made) == [("mix", "a", 50), ("mix", "b", 60)]
    assert "- 1 page without a reference: no objective can be fitted to them" in made.import_report


def test_sittings_of_a_pool_rate_other_elements_of_the_same_page(tmp_path):
    ref = element("r", 1, kind="reference")
    folder = saved(tmp_path / "t", sat("p", element("a", 0.5), ref))
    made = imported(saved(folder, sat("p", element("b", 0.25), ref), key="l"))
    assert scores(made) == [("p", "a", 50), ("p", "r", 100), ("p", "b", 25), ("p", "r", 100)]
    assert made.items.get().stimuli.count() == 3


def test_elements_that_are_numbered_through_are_named_by_their_folders(tmp_path):
    folder = tmp_path / "t"
    for place in ("dnn/a", "wiener/a", "dnn/b", "wiener/b", "ref/a", "ref/b"):
        sound(folder / f"{place}.wav", 200 + len(place))
    pages = [
        sat(song, element(f"t{n}", 0.5, url=f"dnn/{song}"), element(f"t{n + 1}", 0.2, url=f"wiener/{song}"),
            element(f"t{n + 2}", 1, url=f"ref/{song}", kind="reference"))
        for n, song in ((0, "a"), (3, "b"))
    ]  # fmt: skip
    made = imported(saved(folder, *pages))
    assert scores(made)[:3] == [("a", "dnn", 50), ("a", "wiener", 20), ("a", "hidden-reference", 100)]
    assert made.conditions.get(name="hidden-reference").role == Role.REFERENCE


def test_an_encoding_that_the_save_declares_is_obeyed(tmp_path):
    folder = saved(tmp_path / "t", sat("Größe", element("a", 0.5), element("r", 1, kind="reference")))
    text = '<?xml version="1.0" encoding="ISO-8859-1"?>' + (folder / "save-k.xml").read_text()
    (folder / "save-k.xml").write_bytes(text.encode("iso-8859-1"))
    assert imported(folder).items.get().name == "Größe"


REFERENCE = element("r", 1, kind="reference")
BAD = [
    (lambda folder: (waet(folder) / "save-0.xml").write_text("<waetresult>"), "save-0.xml: not an XML file"),
    (lambda folder: (waet(folder) / "save-0.xml").write_bytes(b"<a>\0</a>"), "save-0.xml: not an XML file"),
    (lambda folder: waet(folder, "1.5"), "save-0.xml: page 'drums', a: score 150; scores must be from 0 to 100"),
    (lambda folder: waet(folder, "loud"), "page 'drums', a: value 'loud'; a number is required"),
    (
        lambda folder: saved(folder, sat("p", element("a", 0.5, url="../x"), REFERENCE)),
        "'../x.wav'|x.wav does not exist",
    ),
    (
        lambda folder: saved(folder, sat("p", element("a", 0.5, more=' gain="loud"'), REFERENCE)),
        "gain 'loud'; a number",
    ),
    (
        lambda folder: saved(folder, sat("p", element("a", 0.5), element("b", 0.5)), interface="AB"),
        "in a pair exactly one must be 1",
    ),
    (saved, "no result file with a rated page: save-k.xml: no page was rated"),
    (lambda folder: folder.mkdir(), "no result file .*: no XML file; give the folder of the saves"),
    (lambda folder: saved(folder, "<!ENTITY a>"), "declares XML entities"),
]


@pytest.mark.parametrize(("make", "message"), BAD)
def test_saves_that_cannot_be_used_are_named_in_one_line_and_nothing_is_kept(tmp_path, make, message):
    make(tmp_path / "test")
    with pytest.raises(BadInput, match=message) as caught:
        imported(tmp_path / "test")
    assert "\n" not in str(caught.value)
    assert nothing_kept()
