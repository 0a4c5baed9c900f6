"""The time that is promised: from people who sat to the end, and never less than the sounds are long."""

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from listening.models import Assessor, Condition, Role, Session, Stimulus, Study
from listening.remaining_time import MIN_FINISHED_SITTINGS, expected, remaining_time, trimmed_mean
from tests import builders

pytestmark = pytest.mark.django_db

AROUND = 75
"""Seconds that the instructions and the end take."""


@pytest.fixture
def study(tmp_path) -> Study:
    """Return an open study of two attributes and two items, whose trials last 4 × 10 s."""
    made = builders.study(tmp_path, items=0, replicates=0)
    sound = builders.stored(builders.tone(seconds=10), "long", tmp_path)
    for number in range(2):
        item = made.items.create(name=f"item{number}")
        for condition in made.conditions.all():
            Stimulus.objects.create(item=item, condition=condition, audio=sound)
    made.open()
    return made


def sat(study: Study, seconds: float, *, simulated: bool = False, finished: bool = True, **fields) -> Session:
    """Return a sitting whose every trial took `seconds`."""
    session = Session.objects.begin(study, Assessor.objects.create(simulated=simulated))
    session.trials.update(seconds=seconds, finished_at=timezone.now())
    Session.objects.filter(pk=session.pk).update(finished_at=timezone.now() if finished else None, **fields)
    return session


def minutes(pace: float) -> int:
    """Return what is promised for four trials that take `pace` seconds each."""
    return round((AROUND + 4 * pace) / 60)


GUESS = minutes(10 + 1.5 * 40)


def test_one_click_through_does_not_shorten_the_time_that_is_promised(study):
    assert expected(study).minutes == GUESS == 6
    sat(study, 1)
    assert expected(study).minutes == GUESS


def test_ten_finished_sittings_say_how_long_it_takes_and_nine_do_not(study):
    for _ in range(MIN_FINISHED_SITTINGS - 1):
        sat(study, 300)
    assert expected(study).minutes == GUESS
    sat(study, 300)
    assert expected(study).minutes == minutes(300) == 21


@pytest.mark.parametrize(
    "kind", [{"simulated": True}, {"pilot": True}, {"finished": False}], ids=["simulated", "pilot", "running"]
)
def test_machines_pilots_and_whoever_did_not_finish_promise_nothing(study, kind):
    for _ in range(MIN_FINISHED_SITTINGS):
        sat(study, 300, **kind)
    assert expected(study).minutes == GUESS


def test_two_click_throughs_and_a_day_long_sitting_among_twelve_change_nothing(study):
    for seconds in [1, 1, *[120] * 9, 86400]:
        sat(study, seconds)
    assert expected(study).minutes == minutes(120)


def test_nobody_is_promised_less_than_the_sounds_last(study):
    for _ in range(MIN_FINISHED_SITTINGS):
        sat(study, 2)
    assert expected(study).minutes == minutes(40)


def test_an_assessors_own_pace_is_never_under_the_length_of_the_sounds(study):
    session = Session.objects.begin(study, Assessor.objects.create())
    trials = list(session.trials.all())
    for trial in trials[:3]:
        session.trials.filter(pk=trial.pk).update(seconds=1, finished_at=timezone.now())
    session.instruct()
    left = remaining_time(Session.objects.get(pk=session.pk))
    whole = 60 + 4 * 40 + 15
    assert left.share == round(100 * 3 * 40 / whole)
    assert left.minutes == round((whole - 3 * 40) / 60)


def test_a_night_within_a_trial_does_not_become_an_assessors_pace(study):
    session = Session.objects.begin(study, Assessor.objects.create())
    for trial, seconds in zip(session.trials.all(), (80, 40000, 100), strict=False):
        session.trials.filter(pk=trial.pk).update(seconds=seconds, finished_at=timezone.now())
    assert remaining_time(session).minutes == round((AROUND + 100) / 60)


def test_a_page_that_shows_two_of_many_stimuli_is_as_long_as_those_two(tmp_path):
    made = builders.study(tmp_path, items=0, replicates=0, preset="ab", attributes=("preference",))
    Condition.objects.filter(role=Role.ANCHOR).delete()
    sound = builders.stored(builders.tone(seconds=30), "long", tmp_path)
    for name in ("system2", "system3"):
        made.conditions.create(name=name)
    item = made.items.create(name="item")
    for condition in made.conditions.all():
        Stimulus.objects.create(item=item, condition=condition, audio=sound)
    pairs = 6  # of four systems
    assert expected(made).minutes == round((AROUND + pairs * (10 + 1.5 * 60)) / 60)


def test_a_study_without_anything_to_rate_has_an_outlook_too(tmp_path):
    assert expected(builders.study(tmp_path, items=0)).minutes == 1


def test_whoever_begins_while_logged_in_as_a_researcher_sits_a_pilot(client, study):
    for user, pilot in [(None, False), (User.objects.create_user("assessor"), False), ("staff", True)]:
        if user == "staff":
            user = User.objects.create_user("researcher", is_staff=True)
        if user:
            client.force_login(user)
        client.post(f"{study.get_absolute_url()}?new", {"answer": "agree"})
        assert study.sessions.latest("number").pilot is pilot
    assert study.sessions.count() == 3


def test_a_trimmed_mean_forgets_the_ends():
    assert trimmed_mean([5]) == 5
    assert trimmed_mean([5, 7]) == 6
    assert trimmed_mean([1, 6, 999]) == 6
    assert trimmed_mean([0, 0, 3, 3, 3, 5, 5, 5, 999, 999]) == 4
