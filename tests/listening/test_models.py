"""What the database itself refuses, and how studies and sessions move."""

import datetime as dt
import uuid

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from listening.models import (
    Assessor,
    Attribute,
    Audio,
    Condition,
    Item,
    Rating,
    Reference,
    Session,
    Slot,
    Stimulus,
    Study,
    Trial,
)
from listening.models.session import Unavailable
from tests.builders import stored, study, tone

pytestmark = pytest.mark.django_db


@pytest.fixture
def tones(tmp_path):
    made = study(tmp_path)
    made.open()
    return made


@pytest.fixture
def session(tones):
    return Session.objects.begin(tones, Assessor.objects.create())


def refused(make) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make()


@pytest.mark.parametrize("score", [-0.001, 100.001, 101.0, float("inf")])
def test_a_rating_outside_0_to_100_is_refused_by_the_database_and_by_the_slot(session, score):
    slot = Slot.objects.filter(trial__session=session).first()
    refused(lambda: Rating.objects.create(slot=slot, score=score))
    with pytest.raises(ValueError, match="between 0 and 100"):
        slot.answer(score, order=1, key=uuid.uuid4())


def test_nothing_may_be_there_twice(tones, session):
    trial = session.trials.first()
    slot = trial.slots.first()
    other = trial.slots.last()
    slot.answer(50, order=1, key=uuid.uuid4())
    item, condition = slot.stimulus.item, slot.stimulus.condition
    refused(lambda: Rating.objects.create(slot=slot, score=1))
    refused(lambda: Slot.objects.create(trial=trial, stimulus=slot.stimulus, position=99))
    refused(lambda: Slot.objects.filter(pk=other.pk).update(position=slot.position))
    refused(lambda: Slot.objects.filter(pk=other.pk).update(token=slot.token))
    refused(lambda: Trial.objects.create(session=session, attribute=trial.attribute, item=trial.item, position=99))
    refused(lambda: Session.objects.create(study=tones, assessor=session.assessor, number=session.number, seed=1))
    refused(lambda: Stimulus.objects.create(item=item, condition=condition, audio=slot.stimulus.audio))
    refused(lambda: Item.objects.create(study=tones, name=item.name))
    refused(lambda: Condition.objects.create(study=tones, name=condition.name))
    refused(lambda: Attribute.objects.create(study=tones, key="quality", name="x", question="x?", low="l", high="h"))
    refused(lambda: Reference.objects.create(item=item, name="vocals", audio=slot.stimulus.audio))
    refused(lambda: Study.objects.create(slug=tones.slug, title="x", preset="mushra"))
    refused(lambda: Assessor.objects.create(code=session.assessor.code))


def test_impossible_values_are_refused(tones, session):
    audio = Audio.objects.first()
    slot = Slot.objects.first()
    now = timezone.now()
    refused(lambda: Study.objects.filter(pk=tones.pk).update(status="ajar"))
    refused(lambda: Condition.objects.filter(study=tones).update(role="judge"))
    refused(lambda: Audio.objects.filter(pk=audio.pk).update(channels=3))
    refused(lambda: Audio.objects.filter(pk=audio.pk).update(frames=0))
    refused(lambda: Session.objects.filter(pk=session.pk).update(declined_at=now, finished_at=now))
    refused(lambda: Rating.objects.create(slot=slot, score=1, created_at=now, changed_at=now - dt.timedelta(seconds=1)))


def test_what_was_rated_cannot_be_deleted_from_under_its_ratings(tones, session):
    with pytest.raises(ProtectedError):
        tones.delete()
    with pytest.raises(ProtectedError):
        Stimulus.objects.first().delete()
    with pytest.raises(ProtectedError):
        session.assessor.delete()


def test_a_session_has_every_page_of_its_plan_with_a_slot_for_every_stimulus(tones, session):
    assert session.trials.count() == 2 * (2 + 1)  # two attributes, two items and one replicate
    assert all(trial.slots.count() == 4 for trial in session.trials.all())
    again = Session.objects.begin(tones, Assessor.objects.create())
    assert (again.number, session.number) == (1, 0)


def test_the_newest_answer_by_the_assessors_own_order_stands_whenever_it_arrives(session):
    slot = session.trials.first().slots.first()
    assert slot.answer(10, order=1, key=uuid.uuid4())
    assert slot.answer(30, order=3, key=uuid.uuid4())
    assert not slot.answer(20, order=2, key=uuid.uuid4())
    assert not slot.answer(30, order=3, key=uuid.uuid4())
    assert [rating.score for rating in Rating.objects.all()] == [30]


def test_only_an_open_study_with_room_takes_people_and_any_study_takes_simulated_ones(tmp_path):
    made = study(tmp_path, quota=1)
    with pytest.raises(Unavailable, match="not open"):
        Session.objects.begin(made, Assessor.objects.create())
    Session.objects.begin(made, Assessor.objects.create(simulated=True))
    made.open()
    Session.objects.begin(made, Assessor.objects.create())
    with pytest.raises(Unavailable, match="all the participants"):
        Session.objects.begin(made, Assessor.objects.create())
    made.sessions.filter(assessor__simulated=False).update(declined_at=timezone.now())
    assert Session.objects.begin(made, Assessor.objects.create()).number == 2


def test_a_study_moves_only_along_its_states(tmp_path):
    made = study(tmp_path)
    assert not made.archive()
    assert made.open()
    assert made.opened_at is not None
    assert not made.open()
    assert made.close()
    assert made.open()
    assert made.close()
    assert made.archive()
    assert not made.open()
    assert not made.close()
    assert Study.objects.get(pk=made.pk).status == "archived"


def test_a_sound_in_remote_storage_is_fetched_once_and_whole(settings, tmp_path):
    settings.STORAGES = {"default": {"BACKEND": "tests.listening.remote.Remote"}}
    settings.VAR_ROOT = tmp_path / "var"
    sound = stored(tone(), "sound", tmp_path)
    with pytest.raises(NotImplementedError):
        _ = sound.file.path
    assert sound.path.read_bytes() == (tmp_path / "sound.flac").read_bytes()
    sound.file.storage.delete(sound.file.name)
    assert sound.path.is_file()
