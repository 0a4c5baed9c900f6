"""Whoever comes by a recruiter's link or a personal one is known by it, once, and finds the way back."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from listening import privacy
from listening.models import Invitation, Rating, Recruitment, Session
from listening.participant.recruits import MIN_SECRET_CHARACTERS
from tests import builders

pytestmark = pytest.mark.django_db

PROLIFIC = {"PROLIFIC_PID": "5f2b" * 6, "STUDY_ID": "s1", "SESSION_ID": "x9", "utm": "mail"}


def opened(tmp_path, **fields):
    made = builders.study(tmp_path, items=1, attributes=("quality",), replicates=0, **fields)
    made.open()
    return made


def door(study, **query) -> str:
    return reverse("participant:begin", args=[study.slug], query=query or None)


def agree(study, client=None, **query):
    """Agree to take part, as a browser that came by a link with `query`."""
    return (client or Client()).post(door(study, **query), {"answer": "agree"})


def test_what_the_link_carries_is_kept_beside_the_sitting_and_nothing_else_of_it(tmp_path):
    study = opened(tmp_path)
    agree(study, **PROLIFIC)
    kept = Recruitment.objects.get()
    assert kept.parameters == {name: value for name, value in PROLIFIC.items() if name != "utm"}
    assert kept.session == study.sessions.get()


def test_the_same_person_comes_back_to_their_own_sitting_from_any_browser(tmp_path):
    study = opened(tmp_path)
    first = agree(study, **PROLIFIC)
    again = Client().get(door(study, **PROLIFIC))
    assert again.url == first.url
    assert agree(study, **PROLIFIC).url == first.url
    assert study.sessions.count() == 1


def test_an_id_that_can_be_guessed_leads_to_nobodys_sitting(tmp_path):
    study = opened(tmp_path, link_parameters="number")
    own = agree(study, number="7")
    refused = Client().get(door(study, number="7"))
    assert len("7") < MIN_SECRET_CHARACTERS
    assert refused.status_code == 409
    assert own.url not in refused.content.decode()
    assert "already" in refused.content.decode()
    assert study.sessions.count() == 1


def test_another_person_at_the_same_browser_begins_a_sitting_of_their_own(tmp_path):
    study, shared = opened(tmp_path), Client()
    first = agree(study, shared, **PROLIFIC)
    second = agree(study, shared, **(PROLIFIC | {"PROLIFIC_PID": "77aa" * 6}))
    assert first.url != second.url
    assert study.sessions.count() == 2


def test_gaps_of_the_ways_back_are_filled_from_the_link_and_quoted(tmp_path):
    away = "https://r.example/done?pid={PROLIFIC_PID}&s={SESSION_ID}&none={NOTHING}"
    study = opened(tmp_path, return_url=away, screen_out_url="https://r.example/out?pid={PROLIFIC_PID}")
    session = sat(agree(study, **(PROLIFIC | {"SESSION_ID": "a b&c"})))
    Session.objects.update(finished_at=timezone.now())
    page = Client().get(session.get_absolute_url()).content.decode()
    assert f"https://r.example/done?pid={'5f2b' * 6}&amp;s=a%20b%26c&amp;none=" in page
    Session.objects.update(finished_at=None, screened_at=timezone.now())
    assert f"https://r.example/out?pid={'5f2b' * 6}" in Client().get(session.get_absolute_url()).content.decode()


def test_who_comes_when_the_study_is_full_is_led_back_to_the_recruiter(tmp_path):
    study = opened(tmp_path, quota=1, quota_url="https://r.example/full?pid={PROLIFIC_PID}")
    agree(study)
    refused = Client().get(door(study, **PROLIFIC))
    assert refused.status_code == 403
    assert f"https://r.example/full?pid={'5f2b' * 6}" in refused.content.decode()


def test_what_a_recruiter_knows_is_deleted_without_a_rating(tmp_path):
    study = opened(tmp_path)
    session = sat(agree(study, **PROLIFIC))
    Rating.objects.create(slot=session.trials.first().slots.first(), score=40)
    found = privacy.amounts(study.sessions.all())
    assert privacy.forget(study.sessions.all()) == found
    assert found["recruiters' ids"] == 1
    assert not Recruitment.objects.exists()
    assert Rating.objects.count() == 1
    assert Session.objects.filter(pk=session.pk).exists()


def test_who_withdraws_is_known_to_nobody(tmp_path):
    study = opened(tmp_path)
    sat(agree(study, **PROLIFIC)).withdraw()
    assert not Recruitment.objects.exists()


def test_a_personal_link_begins_one_sitting_and_leads_back_to_it(tmp_path):
    study = opened(tmp_path, invited_only=True)
    [(invitation, token)] = Invitation.objects.make(study, ["Ada"])
    assert token not in str(vars(invitation))
    assert Client().get(door(study)).status_code == 403
    first = agree(study, invitation=token)
    assert Client().get(door(study, invitation=token)).url == first.url
    assert agree(study, invitation=token).url == first.url
    invitation.refresh_from_db()
    assert invitation.session == study.sessions.get()


def test_a_revoked_link_begins_nothing_and_one_in_use_goes_on(tmp_path):
    study = opened(tmp_path)
    made = Invitation.objects.make(study, ["Ada", "Ben"])
    used, spare = (token for _row, token in made)
    begun = agree(study, invitation=used)
    assert study.invitations.all().revoke() == 1
    assert Client().get(door(study, invitation=spare)).status_code == 403
    assert agree(study, invitation=spare).status_code == 403
    assert Client().get(door(study, invitation=used)).url == begun.url


def test_a_link_that_nobody_made_begins_nothing(tmp_path):
    study = opened(tmp_path)
    assert agree(study, invitation="made-up").status_code == 403
    assert not study.sessions.exists()


def test_a_pause_keeps_newcomers_out_and_lets_whoever_is_inside_go_on(tmp_path):
    study = opened(tmp_path)
    session = sat(agree(study))
    type(study).objects.update(paused=True)
    refused = Client().get(door(study))
    assert refused.status_code == 403
    assert "short break" in refused.content.decode()
    assert Client().get(session.get_absolute_url()).status_code == 200


@pytest.mark.parametrize("names", ["invitation", "two words!", "1st", " ".join(f"p{n}" for n in range(13))])
def test_names_that_a_link_cannot_carry_are_refused(names, tmp_path):
    study = opened(tmp_path, link_parameters=names)
    with pytest.raises(ValidationError, match="names of letters"):
        study.clean()


def sat(response) -> Session:
    return Session.objects.get(token=response.url.split("/")[2])
