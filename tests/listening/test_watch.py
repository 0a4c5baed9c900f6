"""What a researcher sees while people sit: counted right, once a person, and never from simulated listeners."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from listening.exports import watch
from listening.models import Assessor, Comprehension, Event, HeadphoneCheck, Session, Slot
from tests import builders
from tests.listening.panel import rate, voices

pytestmark = pytest.mark.django_db


def begun(study, **changes) -> Session:
    session = Session.objects.begin(study, Assessor.objects.create())
    Session.objects.filter(pk=session.pk).update(consented_at=timezone.now(), **changes)
    return session


def opened(tmp_path, **fields):
    study = builders.study(tmp_path, items=2, attributes=("quality",), replicates=0, **fields)
    study.open()
    return study


def test_a_sitting_without_a_sign_of_life_has_stalled(tmp_path):
    study = opened(tmp_path)
    begun(study)
    begun(study, seen_at=timezone.now() - watch.STALLED_AFTER - timedelta(seconds=1))
    begun(study, finished_at=timezone.now())
    begun(study, declined_at=timezone.now())
    found = watch.counts(study)
    assert {key: found[key] for key in ("begun", "under_way", "stalled", "finished", "declined")} == {
        "begun": 3, "under_way": 1, "stalled": 1, "finished": 1, "declined": 1,
    }  # fmt: skip


def test_the_funnel_says_where_people_stop(tmp_path):
    study, now = opened(tmp_path), timezone.now()
    begun(study)
    begun(study, instructed_at=now)
    half, whole = begun(study, instructed_at=now), begun(study, instructed_at=now, finished_at=now)
    half.trials.filter(position=0).update(finished_at=now)
    whole.trials.update(finished_at=now)
    begun(study, declined_at=now)
    assert [(step.name, step.reached, step.lost) for step in watch.funnel(study)] == [
        ("begun", 4, 0), ("instructions read", 3, 1), ("first page rated", 2, 1), ("all pages rated", 1, 1),
        ("finished", 1, 0),
    ]  # fmt: skip


def test_the_funnel_has_the_steps_that_the_study_has(tmp_path):
    study = opened(tmp_path, volume_step=True, headphones="huggins")
    assert [step.name for step in watch.funnel(study)][:3] == ["begun", "volume set", "not screened out"]


def test_cells_count_the_ratings_of_people_alone(tmp_path):
    study = voices(tmp_path, items=2)
    rate(study, assessors=3)
    rate(study, assessors=1, simulated=True)
    replicated = study.sessions.filter(trials__replicate=1, assessor__simulated=False).count()
    conditions, rows = watch.heat(study)
    assert sorted(conditions) == ["fair", "good", "hidden", "poor"]
    assert sum(cell.count for _item, cells in rows for cell in cells) == 4 * (3 * 2 + replicated)


def test_a_cell_without_a_sound_is_no_cell_without_a_rating(tmp_path):
    study = opened(tmp_path)
    study.items.first().stimuli.filter(condition__name="system0").delete()
    conditions, rows = watch.heat(study)
    place = conditions.index("system0")
    assert [cells[place].count for _item, cells in rows] == [None, 0]


def test_medians_are_those_of_whoever_finished(tmp_path):
    study, now = opened(tmp_path), timezone.now()
    assert watch.median_minutes(study) is None
    for minutes in (10, 20, 90):
        session = begun(study, finished_at=now + timedelta(minutes=minutes))
        Session.objects.filter(pk=session.pk).update(consented_at=now)
        session.trials.update(seconds=minutes)
    assert watch.median_minutes(study) == pytest.approx(20)
    assert watch.median_seconds(study) == 20


def test_what_went_wrong_is_counted_in_sittings(tmp_path):
    study = opened(tmp_path, attention=1, headphones="huggins")
    good, bad = begun(study), begun(study)
    HeadphoneCheck.objects.create(session=bad, kind="huggins", passed=False)
    HeadphoneCheck.objects.create(session=good, kind="huggins", passed=True, answered=6, correct=6)
    Comprehension.objects.create(session=bad, attribute=study.attributes.get(), score=3, understood=False)
    for order, trial in enumerate(bad.trials.all()[:2]):
        Event.objects.create(trial=trial, kind="glitch", value=2, order=order, at=timezone.now())
    for session, score in ((good, 100), (bad, 10)):
        slots = Slot.objects.filter(trial__session=session, trial__attention=True)
        slots.get(stimulus__condition__role="reference").answer(score, order=1, key=uuid.uuid4())
    found = {each.name: (each.sittings, each.detail) for each in watch.problems(study)}
    assert found == {
        "headphone check failed": (1, ""), "attention trial wrong": (1, ""),
        "attribute misunderstood in practice": (1, ""), "sound interrupted": (1, "4 times"),
    }  # fmt: skip


def test_the_part_that_refreshes_itself_is_a_part_and_no_page(admin_client, tmp_path):
    study = opened(tmp_path)
    begun(study, comment="<b>Loud</b> & clear", finished_at=timezone.now())
    html = admin_client.get(reverse("admin:listening_study_watch", args=[study.pk])).content.decode()
    assert "<html" not in html
    assert "&lt;b&gt;Loud&lt;/b&gt; &amp; clear" in html


def test_watching_asks_the_database_as_often_for_many_as_for_few(admin_client, tmp_path, django_assert_max_num_queries):
    study = voices(tmp_path, items=2)
    rate(study, assessors=6)
    with django_assert_max_num_queries(32):
        admin_client.get(reverse("admin:listening_study_watch", args=[study.pk]))
