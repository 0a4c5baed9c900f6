"""A test of webMUSHRA comes in as its configuration says: pages, sounds, anchors, systems; what does not is listed."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from listening.exports import ratings as export
from listening.importers import import_study
from listening.importers.options import Options
from listening.importers.webmushra import folder_of_results
from listening.models import Assessor, Session, Stimulus
from lossmodel import audio
from lossmodel.errors import BadInput
from tests.builders import tone
from tests.listening.published import RATE, configured, edited, nothing_kept, page, webmushra

pytestmark = pytest.mark.django_db


def imported(folder: Path, **options):
    return import_study(folder, "webmushra", options=Options(**options))


def stimuli(study) -> dict[str, set[str]]:
    """Return the conditions of each item."""
    found: dict[str, set[str]] = {}
    for item, name in Stimulus.objects.filter(item__study=study).values_list("item__name", "condition__name"):
        found.setdefault(item, set()).add(name)
    return found


def test_webmushra_comes_with_its_pages_its_anchors_rendered_and_its_ratings(tmp_path):
    made = imported(webmushra(tmp_path))
    assert (made.slug, made.title, made.status) == ("codecs_1", "Codecs", "closed")
    rows = list(export.rows(made))
    assert len(rows) == 16
    roles = {row["condition"]: row["role"] for row in rows}
    assert roles == {"hidden-reference": "reference", "C1": "system", "C2": "system", "lowpass-3500": "anchor"}
    assert {row["score"] for row in rows if row["condition"] == "C2"} == {60.5}
    assert [row["item"] for row in rows if row["condition"] == "C1"] == ["trial2", "trial1", "trial1", "trial2"]
    assert {row["seconds"] for row in rows} == {30.5}


def test_webmushra_without_results_becomes_a_draft_that_can_be_run_and_that_is_said(tmp_path):
    made = import_study(webmushra(tmp_path, results=False) / "configs" / "codecs.yaml", "webmushra", "mine")
    assert (made.slug, made.status, made.sessions.count()) == ("mine", "draft", 0)
    place = tmp_path / "results" / "codecs_1" / "mushra.csv"
    assert f"- no results found: neither {tmp_path / 'mushra.csv'} nor {place} exists" in made.import_report
    assert "no ratings; the study is a draft" in made.import_report
    made.open()
    assert Session.objects.begin(made, Assessor.objects.create()).trials.count() == 2


def test_the_report_counts_what_came_and_lists_the_types_of_pages_that_did_not(tmp_path):
    pages = "    - {type: generic, id: hi}\n" + page("a") + "    - {type: bs1116, id: b}\n    - {type: finish}\n"
    report = imported(configured(tmp_path, pages)).import_report
    came, left_out = report.split("What was left out\n")
    assert "- 1 item, 3 conditions: hidden-reference, C1, C2" in came
    assert left_out.splitlines()[:3] == [
        "- 1 page of type generic, which has no ratings of sounds",
        "- 1 page of type bs1116, another method: import it as a study of its own with --pages bs1116",
        "- 1 page of type finish, which has no ratings of sounds",
    ]


def test_ids_may_be_numbers_even_0_and_are_what_javascript_makes_of_them(tmp_path):
    assert set(stimuli(imported(configured(tmp_path, page(0) + page("010") + page("no"))))) == {"0", "8", "no"}


@pytest.mark.parametrize(
    ("test_id", "folder"),
    [
        ("codecs_1", "codecs_1"),
        ("Codecs 2024: pilot (b)", "codecs-2024-pilot-b-"),
        ("a -- b", "a-b"),
        ("Été", "Été"),
        ("../../etc", "-etc"),
    ],
)
def test_results_lie_in_the_folder_that_write_php_makes_of_the_tests_id(test_id, folder):
    assert folder_of_results(test_id) == folder


def test_a_tests_id_may_be_longer_than_a_folders_name(tmp_path):
    made = imported(configured(tmp_path, page("a"), test_id="x" * 300))
    assert (made.slug, made.status) == ("x" * 40, "draft")


def test_anchors_are_rendered_for_the_pages_that_had_them(tmp_path):
    both, none = ", createAnchor35: true, createAnchor70: true", ", createAnchor35: false"
    found = stimuli(imported(configured(tmp_path, page("a", more=both) + page("b", more=none))))
    assert found["a"] == {"hidden-reference", "C1", "C2", "lowpass-3500", "lowpass-7000"}
    assert found["b"] == {"hidden-reference", "C1", "C2"}


def test_every_page_has_its_own_reference(tmp_path):
    pages = page("a") + page("b", reference="audio/other.wav")
    made = imported(configured(tmp_path, pages, sounds=("audio/other.wav",)))
    first, second = (item.references.get().audio for item in made.items.order_by("name"))
    assert not np.array_equal(audio.read(first.path).samples, audio.read(second.path).samples)
    for item in made.items.all():
        assert item.references.get().audio == item.stimuli.get(condition__name="hidden-reference").audio


def test_a_page_of_another_rate_or_with_mono_among_stereo_is_made_to_fit_and_the_report_says_so(tmp_path):
    folder = configured(tmp_path, page("a") + page("b", reference="audio/ref.wav", C1="low.wav", C2="stereo.wav"))
    audio.write(folder / "low.wav", tone(rate=22050), subtype="PCM_16")
    audio.write(folder / "stereo.wav", tone(rate=RATE, channels=2), subtype="PCM_16")
    made = imported(folder)
    own = Stimulus.objects.filter(item__name="b").select_related("audio")
    assert {(row.audio.rate, row.audio.channels) for row in own} == {(RATE, 2)}
    low = audio.read(own.get(condition__name="C1").audio.path)
    wanted = np.repeat(tone(rate=RATE).samples, 2, axis=0)
    middle = slice(2000, -2000)
    assert np.abs(low.samples[:, middle] - wanted[:, middle]).max() < 1e-3
    assert "- b: 1 of its sounds had another sample rate and were resampled" in made.import_report
    assert (
        "- b: 2 of its sounds were mono; they were put on both channels because others are stereo" in made.import_report
    )


def test_paths_are_read_as_a_browser_reads_them(tmp_path):
    files = {"C1": r"audio\c1.wav", "C2": "./audio/my%20sound.wav", "C3": "/audio/c2.wav"}
    made = imported(configured(tmp_path, page("a", **files), sounds=("audio/my sound.wav",)))
    delivered = Stimulus.objects.filter(item__study=made).values_list("condition__name", "audio__delivered_as")
    assert {name: Path(path).name for name, path in delivered} == {
        "hidden-reference": "ref.wav", "C1": "c1.wav", "C2": "my sound.wav", "C3": "c2.wav",
    }  # fmt: skip


def test_ids_that_mean_another_system_on_another_page_give_way_to_the_folders_of_the_files(tmp_path):
    sounds = tuple(f"{system}/{song}.wav" for system in ("dnn", "wiener") for song in ("a", "b"))
    pages = page("a", C1="dnn/a.wav", C2="wiener/a.wav") + page("b", C1="wiener/b.wav", C2="dnn/b.wav")
    made = imported(configured(tmp_path, pages, sounds=sounds))
    assert stimuli(made) == {song: {"hidden-reference", "dnn", "wiener"} for song in ("a", "b")}
    assert "- conditions are named by the folder of its file, not by the element's id" in made.import_report


def test_ids_that_are_on_one_page_only_give_way_to_the_names_of_the_files(tmp_path):
    sounds = tuple(f"{song}/{system}.wav" for system in ("dnn", "wiener") for song in ("a", "b"))
    pages = page("a", s1="a/dnn.wav", s2="a/wiener.wav") + page("b", s3="b/wiener.wav", s4="b/dnn.wav")
    made = imported(configured(tmp_path, pages, sounds=sounds))
    assert stimuli(made) == {song: {"hidden-reference", "dnn", "wiener"} for song in ("a", "b")}


def test_ids_that_name_systems_stay_wherever_the_files_lie(tmp_path):
    sounds = tuple(f"{system}/{song}.wav" for system in ("x", "y") for song in ("a", "b"))
    pages = page("a", dnn="x/a.wav", wiener="y/a.wav") + page("b", dnn="x/b.wav", wiener="y/b.wav")
    assert stimuli(imported(configured(tmp_path, pages, sounds=sounds)))["a"] == {"hidden-reference", "dnn", "wiener"}


def test_a_table_says_which_element_is_which_system(tmp_path):
    folder = configured(tmp_path, page("a") + page("b"))
    (tmp_path / "names.csv").write_text("page,element,condition\n,C1,dnn\n,C2,wiener\nb,C2,oracle\n")
    found = stimuli(imported(folder, conditions=str(tmp_path / "names.csv")))
    assert found == {"a": {"hidden-reference", "dnn", "wiener"}, "b": {"hidden-reference", "dnn", "oracle"}}


def test_pages_of_one_id_are_one_item_if_they_are_alike_and_else_two(tmp_path):
    found = stimuli(imported(configured(tmp_path, page("a") + page("a") + page("a", C1="audio/c1.wav"))))
    assert found == {"a": {"hidden-reference", "C1", "C2"}, "a (2)": {"hidden-reference", "C1"}}


def test_a_page_without_a_reference_is_left_out_by_name(tmp_path):
    made = imported(configured(tmp_path, page("a") + page("b", reference="''")))
    assert set(stimuli(made)) == {"a"}
    assert "- page 'b': it has no reference for its sounds" in made.import_report


def with_broken_yaml(folder: Path) -> None:
    (webmushra(folder) / "configs" / "codecs.yaml").write_text("pages: [")


def with_two_configurations(folder: Path) -> None:
    shutil.copy(webmushra(folder) / "configs" / "codecs.yaml", folder / "configs" / "other.yaml")


def with_a_long_name(folder: Path) -> None:
    edited(webmushra(folder, results=False) / "configs" / "codecs.yaml", ("trial1", "trial" * 30))


def with_pages(pages: str):
    return lambda folder: configured(folder, pages)


def with_a_link_out(folder: Path) -> None:
    configured(folder, page("a", C1="audio/link.wav"))
    shutil.move(folder / "audio" / "c1.wav", folder.parent / "secret.wav")
    (folder / "audio" / "link.wav").symlink_to(folder.parent / "secret.wav")


def beside_a_secret(folder: Path) -> None:
    configured(folder, page("a", C1="../secret.wav"))
    shutil.move(folder / "audio" / "c1.wav", folder.parent / "secret.wav")


BAD = [
    (with_broken_yaml, "codecs.yaml: line 1: .* cannot be read as YAML"),
    (with_two_configurations, "found: codecs.yaml, other.yaml; give the file itself"),
    (with_a_long_name, "item: name '.*': .* at most 120 characters"),
    (with_pages("    - {type: likert_single_stimulus, id: a}\n"), "no page of type mushra.*: 1 page of type likert_s"),
    (
        with_pages("    - {type: mushra, id: a, reference: audio/ref.wav}\n"),
        "page 'a': no stimuli; it needs some",
    ),
    (with_pages("    - &self [*self, *self]\n"), r"its aliases \(\*\) expand to more than 200000 values"),
    (
        with_pages("    - &all {type: mushra, id: a, reference: *all, stimuli: *all}\n"),
        r"its aliases \(\*\) expand to more than 200000 values",
    ),
    (with_pages(page("a", C1="https://host/c1.wav")), "page 'a': 'https://host/c1.wav' is outside; put the sound"),
    (with_pages(page("a", C1="audio/gone.wav")), "page 'a': .*audio/gone.wav does not exist; put the sound there"),
    (with_pages(page("a", C1='"audio\\tone.wav"')), r"page 'a': 'audio\\tone.wav' has a control character"),
    (with_pages(page("a", C1=f"audio/{'x' * 300}.wav")), "page 'a': .*x.wav does not exist; put the sound there"),
    (beside_a_secret, "page 'a': '../secret.wav' leads out of .*; put the sound below it"),
    (with_a_link_out, "page 'a': 'audio/link.wav' leads out of .*; put the sound below it"),
]


@pytest.mark.parametrize(("make", "message"), BAD)
def test_a_configuration_that_cannot_be_used_is_named_in_one_line_and_nothing_is_kept(tmp_path, make, message):
    make(tmp_path / "test")
    with pytest.raises(BadInput, match=message) as caught:
        imported(tmp_path / "test")
    assert "\n" not in str(caught.value)
    assert nothing_kept()


def test_two_elements_that_a_table_makes_one_condition_are_refused(tmp_path):
    folder = configured(tmp_path, page("a"))
    (tmp_path / "names.csv").write_text("element,condition\nC1,dnn\nC2,dnn\n")
    with pytest.raises(BadInput, match="page 'a': elements C1, C2 are all 'dnn'; name them with --conditions"):
        imported(folder, conditions=str(tmp_path / "names.csv"))
