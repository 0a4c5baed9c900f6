"""The API says what the tables hold, to staff alone, and answers every mistake in one line of JSON."""

import csv
import io
import statistics

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache

from listening import tasks
from listening.api import THROTTLE
from listening.exports import ratings as export
from listening.exports import results
from listening.models import ApiToken, Objective, Session, TrainingRun
from tests.listening.panel import rate, voices

pytestmark = pytest.mark.django_db

STUDENT_T_2 = 4.302653
"""97.5 % quantile of Student's t with 2 degrees of freedom, from a printed table."""


@pytest.fixture
def staff(client):
    cache.clear()
    client.force_login(User.objects.create_superuser("researcher"))
    return client


@pytest.fixture
def study(tmp_path):
    made = voices(tmp_path)
    rate(made, assessors=3)
    return made


def get(client, path: str, status: int = 200):
    answer = client.get(f"/api/v1{path}")
    assert answer.status_code == status, answer.content
    return answer.json()


def post(client, path: str, status: int):
    answer = client.post(f"/api/v1{path}")
    assert answer.status_code == status, answer.content
    return answer.json()


@pytest.mark.parametrize("path", ["/studies", "/studies/voices/ratings", "/runs"])
def test_strangers_and_assessors_are_turned_away(client, path):
    cache.clear()
    get(client, path, 401)
    client.force_login(User.objects.create_user("somebody"))
    get(client, path, 401)


def test_studies_are_listed_with_the_state_of_their_sessions(staff, study):
    rate(study, assessors=2, simulated=True)
    Session.objects.filter(pk=study.sessions.first().pk).update(finished_at=None)
    (found,) = get(staff, "/studies")
    assert (found["slug"], found["status"], found["preset"]) == ("voices", "open", "ward-2")
    assert (found["sessions"], found["finished"], found["simulated"]) == (3, 2, 2)
    assert found["link"] == "http://testserver/s/voices/"


@pytest.mark.parametrize("path", ["", "/ratings", "/ratings.csv", "/results"])
def test_an_unknown_slug_is_named(staff, path):
    found = get(staff, f"/studies/nothing{path}", 404)
    assert found == {"detail": "no study is called 'nothing'; /api/v1/studies lists them"}


def test_ratings_are_those_of_the_export(staff, study):
    found = get(staff, "/studies/voices/ratings")
    assert found["count"] == len(found["items"])
    assert found["items"] == list(export.rows(study))


def test_ratings_come_in_pages(staff, study):
    every = get(staff, "/studies/voices/ratings")
    page = get(staff, "/studies/voices/ratings?limit=5&offset=10")
    assert page["items"] == every["items"][10:15]
    assert page["count"] == every["count"]
    get(staff, "/studies/voices/ratings?limit=0", 422)
    get(staff, "/studies/voices/ratings?offset=-1", 422)
    get(staff, f"/studies/voices/ratings?offset={'9' * 40}", 422)
    get(staff, f"/runs/objective/{'9' * 40}", 404)


def test_excluded_sittings_come_with_their_reason_to_whoever_asks_for_them(staff, study):
    every, sitting = get(staff, "/studies/voices/ratings"), study.sessions.first()
    sitting.exclude(User.objects.get(), "a telephone rang")
    kept = get(staff, "/studies/voices/ratings")
    asked = get(staff, "/studies/voices/ratings?with_excluded=true")
    assert kept["count"] == len(kept["items"]) == every["count"] * 2 // 3
    assert "excluded" not in kept["items"][0]
    assert asked["count"] == len(asked["items"]) == every["count"]
    reasons = {row["session"]: row["excluded"] for row in asked["items"]}
    assert reasons == {0: "a telephone rang", 1: "", 2: ""}
    answer = staff.get("/api/v1/studies/voices/ratings.csv?with_excluded=true")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert {int(row["session"]): row["excluded"] for row in rows} == reasons


def test_ratings_come_as_csv(staff, study):
    answer = staff.get("/api/v1/studies/voices/ratings.csv")
    table = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert [float(row["score"]) for row in table] == [row["score"] for row in export.rows(study)]
    assert 'filename="voices.csv"' in answer["Content-Disposition"]


def test_declined_sessions_count_nowhere(staff, study):
    gone = study.sessions.first()
    Session.objects.filter(pk=gone.pk).update(declined_at=gone.created_at, finished_at=None)
    found = get(staff, "/studies/voices/ratings")
    assert found["count"] == len(found["items"])
    assert {row["assessors"] for row in get(staff, "/studies/voices/results")} == {2}


def test_results_are_means_over_assessors_with_students_interval(staff, study):
    found = {row["condition"]: row for row in get(staff, "/studies/voices/results")}
    own = {}
    for row in export.rows(study):
        if row["condition"] == "poor":
            own.setdefault(row["assessor"], []).append(row["score"])
    people = [statistics.mean(scores) for scores in own.values()]
    half = STUDENT_T_2 * statistics.stdev(people) / 3**0.5
    assert found["poor"]["mean"] == pytest.approx(statistics.mean(people))
    assert found["poor"]["high"] == pytest.approx(statistics.mean(people) + half, abs=1e-4)
    assert (found["poor"]["assessors"], found["poor"]["ratings"]) == (3, sum(map(len, own.values())))


def test_one_assessor_gives_a_mean_without_an_interval(staff, tmp_path):
    made = voices(tmp_path)
    rate(made, assessors=1)
    assert {(row.low, row.high) for row in results.means(made)} == {(None, None)}


def test_an_interval_stays_on_the_scale(staff, study):
    hidden = next(row for row in results.means(study) if row.condition == "hidden")
    assert (hidden.mean, hidden.low, hidden.high) == (100, 100, 100)


def test_runs_tell_how_far_they_are(staff):
    run = TrainingRun.objects.create(name="long", recipe="tiny", data="/songs")
    run.claim()
    run.beat(1, 4)
    Objective.objects.create(name="waiting")
    found = get(staff, f"/runs/trainingrun/{run.pk}")
    assert (found["status"], found["step"], found["total"], found["share"]) == ("running", 1, 4, 0.25)
    assert {each["kind"] for each in get(staff, "/runs")} == {"trainingrun", "objective"}
    run.finish()
    assert [each["kind"] for each in get(staff, "/runs?live=true")] == ["objective"]


def test_a_run_is_cancelled_and_resumed(staff, monkeypatch, django_capture_on_commit_callbacks):
    sent = []
    monkeypatch.setattr(tasks.fit, "delay", sent.append)
    run = Objective.objects.create(name="short")
    post(staff, f"/runs/objective/{run.pk}/resume", 409)
    assert post(staff, f"/runs/objective/{run.pk}/cancel", 200)["status"] == "cancelled"
    assert "only a queued or running run" in post(staff, f"/runs/objective/{run.pk}/cancel", 409)["detail"]
    with django_capture_on_commit_callbacks(execute=True):
        assert post(staff, f"/runs/objective/{run.pk}/resume", 200)["status"] == "queued"
    assert sent == [run.pk]


def test_unknown_runs_are_named(staff):
    assert "there are objective, trainingrun, rendering" in get(staff, "/runs/fit/1", 404)["detail"]
    assert "there is no objective 99" in get(staff, "/runs/objective/99", 404)["detail"]


def test_staff_who_may_only_look_steer_nothing(client):
    cache.clear()
    looker = User.objects.create_user("looker", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_objective"))
    client.force_login(looker)
    run = Objective.objects.create(name="short")
    assert "not change it" in post(client, f"/runs/objective/{run.pk}/cancel", 403)["detail"]
    run.refresh_from_db()
    assert run.status == "queued"


def test_a_run_is_steered_from_this_site_alone(study, settings):
    from django.test import Client

    cache.clear()
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("researcher"))
    run = Objective.objects.create(name="short")
    assert client.post(f"/api/v1/runs/objective/{run.pk}/cancel").status_code == 403


def test_the_documentation_is_served_from_here_alone(staff):
    html = staff.get("/api/v1/docs").content.decode()
    assert "https://" not in html
    assert "<script>" not in html
    described = get(staff, "/openapi.json")
    assert "/api/v1/studies/{slug}/ratings" in described["paths"]
    assert all(way["get" if "get" in way else "post"]["summary"] for way in described["paths"].values())


def test_the_api_slows_down_who_asks_too_often(staff, monkeypatch):
    monkeypatch.setattr(THROTTLE, "num_requests", 2)
    answers = [staff.get("/api/v1/studies") for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 60


def test_each_token_is_slowed_down_for_itself(client, study, monkeypatch):
    cache.clear()
    monkeypatch.setattr(THROTTLE, "num_requests", 2)
    user = User.objects.create_superuser("researcher")
    secrets = [ApiToken.objects.issue(user=user, name="script", scopes=["studies:read"])[1] for _ in range(2)]
    asked = [
        client.get("/api/v1/studies", headers={"Authorization": f"Bearer {secret}"}).status_code
        for secret in secrets
        for _ in range(3)
    ]
    assert asked == [200, 200, 429] * 2
