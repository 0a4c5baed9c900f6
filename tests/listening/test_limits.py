"""Who tries too often is stopped, others are not, and a password is not even hashed."""

import threading

import pytest
from django.contrib.auth import get_user_model
from django.test import Client, RequestFactory
from django.urls import reverse

from listening import login
from listening.limits import Limit, address
from listening.models import Invitation, Study
from listening.participant import pages
from tests import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def researcher():
    return get_user_model().objects.create_superuser("ada", password="right")


@pytest.fixture
def study(tmp_path) -> Study:
    made = builders.study(tmp_path)
    made.open()
    return made


def sign_in(password: str, *, name: str = "ada", at: str = "192.0.2.1"):
    return Client(REMOTE_ADDR=at).post(reverse("admin:login"), {"username": name, "password": password, "next": "/"})


def begin(study: Study, *, at: str = "192.0.2.1", **parameters: str):
    return Client(REMOTE_ADDR=at).post(study.get_absolute_url(), {"answer": "agree"}, query_params=parameters)


def test_whoever_guesses_passwords_is_stopped_before_they_are_hashed(researcher, monkeypatch):
    for _ in range(login.BY_ADDRESS.attempts):
        assert sign_in("wrong").status_code == 200
    monkeypatch.setattr("django.contrib.admin.forms.AdminAuthenticationForm.clean", lambda _form: pytest.fail("hashed"))
    stopped = sign_in("right")
    assert stopped.status_code == 429
    assert "wait five minutes" in stopped.content.decode()


def test_one_who_guesses_alone_locks_nobody_else_out(researcher):
    for _ in range(login.BY_ADDRESS.attempts + 40):
        sign_in("wrong")
    assert sign_in("right", at="192.0.2.2").status_code == 302


def test_guesses_at_one_name_from_many_addresses_end_too(researcher):
    answers = [sign_in("wrong", at=f"198.51.100.{n}").status_code for n in range(login.BY_NAME.attempts + 1)]
    assert answers == [200] * login.BY_NAME.attempts + [429]
    assert sign_in("wrong", name="bea", at="192.0.2.3").status_code == 200


def test_signing_in_right_often_is_no_offence(researcher):
    assert {sign_in("right").status_code for _ in range(2 * login.BY_ADDRESS.attempts)} == {302}


def test_while_passwords_are_being_checked_another_is_turned_away_at_once(researcher, monkeypatch):
    full = threading.BoundedSemaphore(1)
    full.acquire()
    monkeypatch.setattr(login, "_checks", full)
    for _ in range(2 * login.BY_ADDRESS.attempts):
        assert "Others are signing in" in sign_in("right").content.decode()
    full.release()
    assert sign_in("right").status_code == 302


def test_of_many_attempts_at_once_no_more_than_allowed_pass():
    limit, start, passed = Limit("test", attempts=5, window_seconds=60), threading.Barrier(16), []

    def attempt():
        start.wait(10)
        passed.append(limit.take("one"))

    threads = [threading.Thread(target=attempt) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(passed) == [False] * 11 + [True] * 5
    assert limit.reached("one")
    assert not limit.reached("other")


def test_a_lecture_hall_behind_one_address_begins_and_a_script_is_stopped(study, monkeypatch):
    monkeypatch.setattr(pages, "SESSIONS_BEGUN", Limit("few", attempts=5, window_seconds=60))
    answers = [begin(study) for _ in range(6)]
    assert [each.status_code for each in answers] == [302] * 5 + [429]
    assert "ten minutes" in answers[-1].content.decode()
    assert begin(study, at="192.0.2.2").status_code == 302
    assert study.sessions.count() == 6


def test_a_hundred_begin_a_study_from_one_address():
    assert pages.SESSIONS_BEGUN.attempts == 100


def test_other_studies_and_personal_links_are_not_stopped_with_it(study, tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "SESSIONS_BEGUN", Limit("none", attempts=1, window_seconds=60))
    other = builders.study(tmp_path, slug="other")
    other.open()
    [(_row, token)] = Invitation.objects.make(study, ["one"])
    assert [begin(study).status_code for _ in range(2)] == [302, 429]
    assert begin(study, invitation=token).status_code == 302
    assert begin(other).status_code == 302


@pytest.mark.parametrize(
    ("remote", "key"),
    [("192.0.2.1", "192.0.2.1"), ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"), ("", "")],
)
def test_an_address_of_ipv6_is_its_network(remote, key):
    assert address(RequestFactory().get("/", REMOTE_ADDR=remote)) == key
