"""The assessor's addresses: what is shown at each stage, and a calm answer to everything that should not come."""

import json
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from listening.models import Assessor, Audio, Rating, Session, Stage, Study
from listening.participant import pages, sounds
from listening.participant.sounds import hidden_sounds, open_sounds
from listening.participant.trial_page import initial_score, trial_page
from listening.presets import preset
from tests import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path) -> Study:
    made = builders.study(tmp_path, replicates=0)
    made.open()
    return made


def sitting(study: Study, *, stage: Stage = Stage.TRIAL) -> Session:
    session = Session.objects.begin(study, Assessor.objects.create())
    if stage != Stage.CONSENT:
        session.consent()
        session.instruct()
    return session


def at(session: Session, name: str, *more) -> str:
    return reverse(f"participant:{name}", args=[session.token, *more])


def hear(client, session: Session) -> None:
    for trial in session.trials.all():
        builders.hear(client, trial)


def answer(client, session: Session, **changes):
    slot = session.trials.first().slots.first()
    body = {"slot": slot.token, "score": 61.5, "order": 1, "key": str(uuid.uuid4()), **changes}
    return client.post(at(session, "answers"), json.dumps(body), content_type="application/json")


def rate_all(session: Session, score: float = 50.0) -> None:
    for trial in session.trials.all():
        for slot in trial.slots.all():
            slot.answer(score, order=1, key=uuid.uuid4())


def test_whoever_agrees_begins_and_comes_back_to_the_same_sitting(client, study):
    url = study.get_absolute_url()
    assert "I agree" in client.get(url).content.decode()
    first = client.post(url, {"answer": "agree"})
    session = study.sessions.get()
    assert first.url == session.get_absolute_url()
    assert session.consent_version == study.consent_version
    assert session.stage == Stage.INSTRUCTIONS
    assert client.get(url).url == session.get_absolute_url()
    assert client.post(url, {"answer": "agree"}).url == session.get_absolute_url()
    assert study.sessions.count() == 1


def test_somebody_else_on_the_same_device_begins_a_sitting_of_their_own(client, study):
    client.post(study.get_absolute_url(), {"answer": "agree"})
    client.post(study.get_absolute_url() + "?new", {"answer": "agree"})
    assert study.sessions.count() == 2


def test_whoever_declines_at_the_open_door_leaves_no_row(client, study):
    response = client.post(study.get_absolute_url(), {"answer": "decline"})
    assert "none of your ratings are stored" in response.content.decode()
    assert not Session.objects.exists()
    assert not Assessor.objects.exists()


def test_whoever_declines_by_a_personal_link_is_noted_and_hears_nothing(client, study):
    session = sitting(study, stage=Stage.CONSENT)
    token = session.trials.first().slots.first().token
    client.post(at(session, "consent"), {"answer": "decline"})
    session.refresh_from_db()
    assert session.stage == Stage.DECLINED
    assert client.get(at(session, "audio", token)).status_code == 404
    assert answer(client, session).status_code == 409


def test_the_stages_follow_one_another_and_a_repeated_post_changes_nothing(client, study):
    session = sitting(study, stage=Stage.CONSENT)
    for name, stage in [("consent", Stage.INSTRUCTIONS), ("instructions", Stage.TRIAL)]:
        for _ in range(2):
            assert client.post(at(session, name)).url == session.get_absolute_url()
        session.refresh_from_db()
        assert session.stage == stage
    hear(client, session)
    rate_all(session)
    for trial in session.trials.all():
        for _ in range(2):
            assert client.post(at(session, "trial", trial.position)).status_code == 302
    assert session.stage == Stage.COMMENT
    client.post(at(session, "comment"), {"comment": " a\0 b "})
    client.post(at(session, "comment"), {"comment": "again"})
    session.refresh_from_db()
    assert (session.stage, session.comment) == (Stage.DONE, "a b")
    assert all(trial.seconds is None or trial.seconds >= 0 for trial in session.trials.all())


def test_instructions_cannot_be_skipped_over_consent_nor_the_end_reached_before_the_trials(client, study):
    session = sitting(study, stage=Stage.CONSENT)
    client.post(at(session, "instructions"))
    client.post(at(session, "comment"), {"comment": "done"})
    session.refresh_from_db()
    assert session.stage == Stage.CONSENT


def test_a_trial_with_a_missing_rating_is_shown_again_and_says_which(client, study):
    session = sitting(study)
    trial = session.trials.first()
    hear(client, session)
    for slot in trial.slots.exclude(position=1):
        slot.answer(40, order=1, key=uuid.uuid4())
    response = client.post(at(session, "trial", 0))
    assert response.status_code == 409
    assert "Number 2 has no rating yet." in response.content.decode()
    assert session.trials.open().first() == trial


def test_where_the_method_asks_for_a_hundred_a_trial_without_one_is_shown_again(client, tmp_path):
    study = builders.study(tmp_path, preset="mushra", replicates=0)
    study.open()
    session = sitting(study)
    hear(client, session)
    rate_all(session, 99.0)
    assert client.post(at(session, "trial", 0)).status_code == 409
    session.trials.first().slots.first().answer(100, order=2, key=uuid.uuid4())
    assert client.post(at(session, "trial", 0)).status_code == 302


def test_an_answer_is_stored_when_given_and_safe_to_repeat_and_the_last_one_wins(client, study):
    session, key = sitting(study), str(uuid.uuid4())
    hear(client, session)
    stands = {"saved": True, "newest": True, "score": 61.5, "order": 5}
    assert answer(client, session, key=key, order=5).json() == stands
    assert answer(client, session, key=key, order=5).json() == stands
    assert answer(client, session, score=10, order=4).json() == stands | {"newest": False}
    assert Rating.objects.get().score == 61.5
    answer(client, session, score=12.3, order=6)
    assert Rating.objects.get().score == 12.3


@pytest.mark.parametrize(
    ("changes", "status", "word"),
    [
        ({"score": 100.1}, 400, "score"),
        ({"score": -1}, 400, "score"),
        ({"score": "NaN"}, 400, "score"),
        ({"score": None}, 400, "score"),
        ({"order": -1}, 400, "order"),
        ({"order": 2**53}, 400, "order"),
        ({"key": "again"}, 400, "key"),
        ({"slot": "a\0b"}, 400, "slot"),
        ({"slot": "made-up"}, 404, "slot"),
        ({"condition": "x"}, 400, "condition"),
    ],
)
def test_an_answer_that_cannot_be_is_refused_in_one_line_that_names_the_field(client, study, changes, status, word):
    response = answer(client, sitting(study), **changes)
    assert response.status_code == status
    assert response.json()["error"].startswith(word)
    assert "\n" not in response.json()["error"]
    assert not Rating.objects.exists()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"slot": 1'])
def test_a_body_that_is_no_answer_is_refused(client, study, body):
    response = client.post(at(sitting(study), "answers"), body, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["error"]


def test_an_answer_for_another_sitting_is_refused(client, study):
    mine, other = sitting(study), sitting(study)
    response = answer(client, mine, slot=other.trials.first().slots.first().token)
    assert response.status_code == 404
    assert not Rating.objects.exists()


def test_an_answer_after_the_end_is_refused_and_the_rating_stands(client, study):
    session = sitting(study)
    rate_all(session)
    for trial in session.trials.all():
        trial.finish()
    session.finish()
    assert answer(client, session, order=9).status_code == 409
    assert set(Rating.objects.values_list("score", flat=True)) == {50.0}


def test_a_beacon_needs_no_cookie(study):
    strict, session = Client(enforce_csrf_checks=True), sitting(study)
    hear(strict, session)
    assert answer(strict, session).status_code == 200


@pytest.mark.parametrize("url", ["/s/no-such-study/", "/t/forged/", "/t/forged/audio/x", "/t/a%00b/", "/nowhere"])
def test_an_unknown_address_is_answered_in_the_sites_own_look(client, url):
    response = client.get(url)
    assert response.status_code == 404
    assert "There is nothing at this address" in response.content.decode()
    assert client.post("/t/forged/answers", "{}", content_type="application/json").json()["error"]


def test_a_closed_study_and_a_full_one_say_so_and_make_no_row(client, study):
    study.quota = 0
    study.save(update_fields=["quota"])
    full = client.post(study.get_absolute_url(), {"answer": "agree"})
    study.close()
    closed = client.get(study.get_absolute_url())
    assert (full.status_code, closed.status_code) == (403, 403)
    assert "all the participants it needs" in full.content.decode()
    assert "This study is not open." in closed.content.decode()
    assert not Session.objects.exists()
    assert not Assessor.objects.exists()


def test_whoever_began_before_the_study_closed_may_finish(client, study):
    session = sitting(study)
    study.close()
    hear(client, session)
    assert answer(client, session).status_code == 200
    assert client.get(session.get_absolute_url()).status_code == 200


def test_a_stranger_does_not_hear_the_sounds_of_a_sitting(client, study):
    mine, other = sitting(study), sitting(study)
    for sound in [*hidden_sounds(mine.trials.first()), *open_sounds(mine.trials.first())]:
        assert client.get(at(mine, "audio", sound.token)).status_code == 200
        assert client.get(at(other, "audio", sound.token)).status_code == 404


def test_a_sound_is_served_by_a_process_that_has_not_shown_its_page(client, study):
    session = sitting(study)
    trial = session.trials.first()
    for sound in open_sounds(trial) + hidden_sounds(trial):
        sounds._servable.cache_clear()
        assert client.get(at(session, "audio", sound.token)).status_code == 200


def test_a_trials_page_is_read_before_anybody_comes_for_it():
    from django.template import engines

    [loader] = engines["django"].engine.template_loaders
    loader.reset()
    pages.preload_templates()
    assert {"participant/trial.html", "participant/rating/scale.html"} <= set(loader.get_template_cache)


def test_sliders_start_where_the_seed_says_on_every_device(study):
    session = sitting(study)
    slots = [slot for trial in session.trials.all() for slot in trial.slots.all()]
    first = [initial_score(slot, preset("ward-2").rules) for slot in slots]
    assert first == [initial_score(slot, preset("ward-2").rules) for slot in slots]
    assert len(set(first)) > 3
    assert {initial_score(slot, preset("mushra").rules) for slot in slots} == {0.0}


def test_several_references_are_named_and_the_mixture_is_offered_where_the_method_says_so(tmp_path):
    study = builders.study(tmp_path, preset="peass-4", replicates=0)
    study.open()
    trial = sitting(study).trials.first()
    assert [sound.name for sound in open_sounds(trial)] == ["Reference", "Mixture"]
    trial.item.references.create(name="lead+backing", position=1, audio=Audio.objects.first())
    assert [sound.name for sound in open_sounds(trial)] == ["Reference: vocals", "Reference: lead+backing", "Mixture"]


def test_a_page_shows_the_ratings_given_so_far_and_goes_on_counting(study):
    session = sitting(study)
    trial = session.trials.first()
    trial.slots.first().answer(33.3, order=7, key=uuid.uuid4())
    page = trial_page(trial)
    assert (page.stimuli[0].score, page.stimuli[0].rated, page.order) == (33.3, True, 7)
    assert not page.stimuli[1].rated


def test_an_answer_from_a_clock_far_ahead_closes_its_slot_to_no_later_one(client, study):
    session = sitting(study)
    hear(client, session)
    ahead = answer(client, session, score=10, order=2**53 - 1).json()
    assert ahead["newest"]
    assert ahead["order"] < 2**53 - 1
    again = answer(client, session, score=20, order=ahead["order"] + 1).json()
    assert (again["newest"], again["score"]) == (True, 20)


@pytest.mark.parametrize("place", ["trials/{}", "headphones/antiphase/{}"])
def test_a_number_beyond_all_numbers_is_no_place(client, study, place):
    session = sitting(study)
    answered = client.post(f"{session.get_absolute_url()}{place.format('9' * 40)}")
    assert answered.status_code in {302, 404}
