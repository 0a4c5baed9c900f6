"""Two people correct one grid: neither undoes unseen what the other did."""

import html

import pytest
from django.contrib.auth.models import User
from django.test import Client

from listening import tasks
from listening.models import Study
from listening.stimuli import correcting
from listening.stimuli.correcting import Correction
from lossmodel.errors import BadInput
from tests.listening.intake.builders import folder
from tests.listening.intake.test_sounds_pages import grid, page, upload

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def apart(settings, tmp_path, monkeypatch):
    settings.INTAKE_DIR = tmp_path / "intake"
    monkeypatch.setattr(tasks.prepare, "delay", lambda pk: None)


def version(study: Study) -> int:
    return study.intakes.get(ended_at=None).version


def said(answer) -> str:
    return html.unescape(answer.content.decode())


@pytest.fixture
def second():
    """Return the browser of a second researcher."""
    other = Client()
    other.force_login(User.objects.create_superuser("ben"))
    return other


def test_who_corrects_what_another_has_changed_is_told_and_undoes_nothing(researcher, second, study, tmp_path):
    upload(researcher, study, folder(tmp_path / "songs", items=2))
    file = next(each for each in grid(study).files if each.name == "song0/system0.wav")
    seen = version(study)
    researcher.post(page(study, "_place"), {"file": file.key, "item": "song1", "column": "netA", "version": seen})
    wish = {"file": file.key, "item": "song0", "column": "netB", "version": seen}
    told = said(second.post(page(study, "_place"), wish, follow=True))
    assert "Meanwhile anna: song0/system0.wav was put into song1, netA." in told
    assert (
        "Your change was not made: song0/system0.wav was put into song0, netB. Repeat it if you still want it." in told
    )
    assert next(each for each in grid(study).files if each.key == file.key).item == "song1"
    assert f'name="version" value="{version(study)}"' in told
    again = said(second.post(page(study, "_place"), wish | {"version": version(study)}, follow=True))
    assert "Song0/system0.wav was put into song0, netB." in again
    assert "Meanwhile" not in again
    assert next(each for each in grid(study).files if each.key == file.key).column == "netB"


def test_who_corrects_something_else_is_told_what_another_did_and_both_stand(researcher, second, study, tmp_path):
    upload(researcher, study, folder(tmp_path / "songs", items=2))
    seen = version(study)
    researcher.post(page(study, "_rename"), {"axis": "item", "old": "song0", "new": "anna", "version": seen})
    own = {"axis": "item", "old": "song1", "new": "clara", "version": seen}
    told = said(second.post(page(study, "_rename"), own, follow=True))
    assert "Song1 was renamed to clara. Meanwhile anna: song0 was renamed to anna." in told
    assert set(grid(study).items) == {"anna", "clara"}
    gone = said(second.post(page(study, "_rename"), own | {"old": "song0", "new": "x"}, follow=True))
    assert "Meanwhile anna: song0 was renamed to anna." in gone
    assert "song0 no longer exists." in gone


def test_of_two_corrections_at_one_moment_one_is_stored_and_the_other_told(study, tmp_path, researcher):
    upload(researcher, study, folder(tmp_path / "songs", items=1))
    first, second = (study.intakes.get() for _ in range(2))
    correcting.note(first, Correction("anna", "one", 0), {"file 1"})
    with pytest.raises(BadInput, match="Somebody else changed the grid at the same time"):
        correcting.note(second, Correction("ben", "two", 0), {"file 2"})
    assert [each.said for each in correcting.missed(study.intakes.get(), 0)] == ["one"]


def test_a_page_that_is_older_than_what_is_remembered_changes_nothing(study, tmp_path, researcher, monkeypatch):
    monkeypatch.setattr(correcting, "MAX_CORRECTIONS_KEPT", 1)
    upload(researcher, study, folder(tmp_path / "songs", items=1))
    intake = study.intakes.get()
    for number in range(2):
        correcting.note(intake, Correction("anna", f"{number}", number), {"file 1"})
    with pytest.raises(BadInput, match="Your change was not made"):
        correcting.note(intake, Correction("ben", "late", 0), {"file 2"})
