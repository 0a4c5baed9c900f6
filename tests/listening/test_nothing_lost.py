"""Doubled, late, early, stale and strange requests of assessors: one row, the last answer wins, never an error page."""

import json
import threading
import uuid

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse

from listening.models import Assessor, Rating, Session, Stage, Study
from listening.participant import codes
from tests import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path) -> Study:
    cache.clear()
    made = builders.study(tmp_path, replicates=0)
    made.open()
    return made


def at(session: Session, name: str, *more) -> str:
    return reverse(f"participant:{name}", args=[session.token, *more])


def send(client: Client, session: Session, body: bytes):
    return client.post(at(session, "answers"), body, content_type="application/json")


def answer(client: Client, session: Session, slot, score: float = 61.5, order: int = 1, key: uuid.UUID | None = None):
    body = {"slot": slot.token, "score": score, "order": order, "key": str(key or uuid.uuid4())}
    return send(client, session, json.dumps(body).encode())


def rate(trial, score: float = 50.0) -> None:
    for slot in trial.slots.all():
        slot.answer(score, order=1, key=uuid.uuid4())


def ticket(response) -> str:
    return response.context["ticket"]


def resume(client: Client, study: Study, code: str):
    return client.post(reverse("participant:resume", args=[study.slug]), {"code": code})


def test_a_form_that_is_sent_twice_begins_one_sitting(study):
    first, second = Client(), Client()
    form = {"answer": "agree", "ticket": ticket(first.get(study.get_absolute_url()))}
    one, other = (each.post(study.get_absolute_url(), form) for each in (first, second))
    assert one.url == other.url
    assert study.sessions.count() == Assessor.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_first_posts_at_the_same_time_begin_one_sitting(study):
    form = {"answer": "agree", "ticket": ticket(Client().get(study.get_absolute_url()))}
    came, together = [], threading.Barrier(4)

    def agree() -> None:
        together.wait()
        came.append(Client().post(study.get_absolute_url(), form).url)
        connection.close()

    threads = [threading.Thread(target=agree) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(came) == 4
    assert len(set(came)) == 1
    assert Session.objects.count() == Assessor.objects.count() == 1


def test_a_form_sent_again_when_the_study_is_full_still_comes_to_its_sitting(study):
    form = {"answer": "agree", "ticket": ticket(Client().get(study.get_absolute_url()))}
    began = Client().post(study.get_absolute_url(), form)
    Study.objects.update(quota=1)
    assert Client().post(study.get_absolute_url(), form).url == began.url
    assert Client().post(study.get_absolute_url(), {"answer": "agree"}).status_code == 403


@pytest.mark.parametrize("forged", ["", "short", "a\0" * 20, "x" * 41, "ä" * 20])
def test_a_forged_ticket_begins_a_sitting_of_its_own(study, forged):
    for _ in range(2):
        assert Client().post(study.get_absolute_url(), {"answer": "agree", "ticket": forged}).status_code == 302
    assert study.sessions.count() == 2


@pytest.mark.django_db(transaction=True)
def test_answers_that_arrive_at_the_same_time_leave_one_row_with_the_newest(study):
    session = builders.sitting(study)
    slot, together, seen = session.trials.first().slots.first(), threading.Barrier(8), []
    builders.hear(Client(), slot.trial)

    def tell(order: int) -> None:
        together.wait()
        seen.append(answer(Client(), session, slot, float(order), order).status_code)
        connection.close()

    threads = [threading.Thread(target=tell, args=(order,)) for order in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [200] * 8
    assert Rating.objects.get().score == 8.0


def test_an_answer_says_what_stands_when_one_given_later_came_first(client, study):
    session = builders.sitting(study)
    slot = session.trials.first().slots.first()
    builders.hear(client, slot.trial)
    answer(client, session, slot, 20.0, order=9)
    late = answer(client, session, slot, 80.0, order=3)
    assert late.json() == {"saved": True, "newest": False, "score": 20.0, "order": 9}


def test_an_answer_from_a_stale_page_still_counts_until_the_session_ends(client, study):
    session = builders.sitting(study)
    first = session.trials.first()
    builders.hear(client, first)
    rate(first)
    client.post(at(session, "trial", 0))
    assert answer(client, session, first.slots.first(), 71.0, order=2).json()["newest"]
    assert first.slots.first().rating.score == 71.0


def test_an_answer_before_its_page_is_refused_and_the_page_itself_still_takes_it(client, study):
    session = builders.sitting(study)
    second = session.trials.all()[1].slots.first()
    assert answer(client, session, second).status_code == 409
    assert not Rating.objects.exists()
    rate(session.trials.first())
    session.trials.first().finish()
    builders.hear(client, second.trial)
    assert answer(client, session, second).status_code == 200


def test_an_answer_before_consent_is_refused(client, study):
    session = Session.objects.begin(study, Assessor.objects.create())
    assert answer(client, session, session.trials.first().slots.first()).status_code == 409
    assert not Rating.objects.exists()


@pytest.mark.parametrize("score", ["NaN", "Infinity", "-Infinity", "1e999", "true", '"50"', "[50]", "100.0000001"])
def test_a_score_that_is_no_number_from_0_to_100_is_refused(client, study, score):
    session = builders.sitting(study)
    slot = session.trials.first().slots.first()
    body = f'{{"slot": "{slot.token}", "score": {score}, "order": 1, "key": "{uuid.uuid4()}"}}'
    response = send(client, session, body.encode())
    assert response.status_code == 400
    assert "score" in response.json()["error"] or "json" in response.json()["error"]
    assert not Rating.objects.exists()


def test_an_answer_as_long_as_a_book_is_refused_unread(client, study):
    session = builders.sitting(study)
    for size in (answer_of(5000), answer_of(3_000_000)):
        response = send(client, session, size)
        assert response.status_code == 413
        assert "4096" in response.json()["error"]
    assert session.stage == Stage.TRIAL


def answer_of(size: int) -> bytes:
    return b'{"slot": "' + b"a" * size + b'"}'


def test_a_comment_as_long_as_a_library_is_answered_in_the_sites_own_look_and_the_sitting_goes_on(client, study):
    session = builders.sitting(study)
    for trial in session.trials.all():
        rate(trial)
        trial.finish()
    response = client.post(at(session, "comment"), {"comment": "x" * 3_000_000})
    assert response.status_code == 400
    assert "not understood" in response.content.decode()
    client.post(at(session, "comment"), {"comment": "short"})
    session.refresh_from_db()
    assert (session.stage, session.comment) == (Stage.DONE, "short")


@pytest.mark.parametrize("name", ["consent", "instructions", "trial", "comment"])
def test_a_reloaded_or_restored_tab_comes_to_where_the_sitting_stands(client, study, name):
    session = builders.sitting(study)
    address = at(session, name, *([0] if name == "trial" else []))
    assert client.get(address).url == session.get_absolute_url()
    assert client.head(address).url == session.get_absolute_url()
    assert session.stage == Stage.TRIAL


def test_a_page_whose_cookies_are_gone_still_goes_on(study):
    strict, session = Client(enforce_csrf_checks=True), builders.sitting(study)
    builders.hear(strict, session.trials.first())
    rate(session.trials.first())
    assert strict.post(at(session, "trial", 0)).url == session.get_absolute_url()
    assert session.trials.first().finished_at


def test_next_sent_twice_finishes_one_trial(client, study):
    session = builders.sitting(study)
    builders.hear(client, session.trials.first())
    rate(session.trials.first())
    for _ in range(2):
        assert client.post(at(session, "trial", 0)).url == session.get_absolute_url()
    assert session.trials.open().first().position == 1


def test_a_personal_code_brings_its_assessor_back_on_another_device(client, study):
    session = builders.sitting(study)
    typed = codes.grouped(session.code).lower().replace("-", " – ")
    assert resume(client, study, typed).url == session.get_absolute_url()
    assert client.get(study.get_absolute_url()).url == session.get_absolute_url()


def test_the_code_stands_on_the_pages_of_the_sitting_and_is_not_the_pseudonym(client, study):
    session = Session.objects.begin(study, Assessor.objects.create())
    session.consent()
    for _ in range(2):
        page = client.get(session.get_absolute_url()).content.decode()
        assert codes.grouped(session.code) in page
        assert session.assessor.code not in page
        session.instruct()
    assert session.code != session.assessor.code


@pytest.mark.parametrize("typed", ["", "XXXX-XXXX", "a\0b", "ß" * 20, "x" * 5000])
def test_a_wrong_code_is_said_kindly(client, study, typed):
    builders.sitting(study)
    response = resume(client, study, typed)
    assert response.status_code == 404
    assert "No session has this code" in response.content.decode()


def test_a_code_is_good_in_its_own_study_alone(client, study, tmp_path):
    session = builders.sitting(study)
    other = builders.study(tmp_path, slug="others")
    assert resume(client, other, session.code).status_code == 404


def test_whoever_guesses_codes_is_stopped_and_others_are_not(study):
    session = builders.sitting(study)
    guesser, honest = Client(REMOTE_ADDR="192.0.2.1"), Client(REMOTE_ADDR="192.0.2.2")
    for _ in range(codes.WRONG_CODES.attempts):
        assert resume(guesser, study, "WRONG").status_code == 404
    stopped = resume(guesser, study, session.code)
    assert stopped.status_code == 429
    assert "wait ten minutes" in stopped.content.decode()
    assert resume(honest, study, session.code).status_code == 302


def test_behind_a_proxy_guesses_are_counted_by_the_address_that_the_proxy_saw(study, settings):
    session = builders.sitting(study)
    settings.BEHIND_HTTPS = True
    for made_up in range(codes.WRONG_CODES.attempts):
        guess(study, "WRONG", f"198.51.100.{made_up}, 192.0.2.1")
    assert guess(study, session.code, "203.0.113.9, 192.0.2.1").status_code == 429
    assert guess(study, session.code, "192.0.2.2").status_code == 302


def guess(study: Study, code: str, forwarded: str):
    address = reverse("participant:resume", args=[study.slug])
    return Client(headers={"X-Forwarded-For": forwarded}).post(address, {"code": code}, secure=True)


def test_a_closed_study_shows_the_way_back_and_takes_the_code(client, study):
    session = builders.sitting(study)
    study.close()
    assert reverse("participant:resume", args=[study.slug]) in client.get(study.get_absolute_url()).content.decode()
    assert resume(client, study, session.code).url == session.get_absolute_url()
