"""A token stands for its user in the API, for what it was made for and no longer; nobody keeps its secret."""

import datetime as dt
import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from listening.models import ApiToken, Objective, Scope, StudyRole
from tests.listening.people import everybody, ring, staff

pytestmark = pytest.mark.django_db

READS = {
    "/studies": "studies:read", "/studies/voices": "studies:read", "/studies/voices/ratings": "ratings:read",
    "/studies/voices/ratings.csv": "ratings:read", "/studies/voices/sessions": "sessions:read",
    "/studies/voices/results": "results:read", "/runs": "runs:read", "/runs/objective/{pk}": "runs:read",
}  # fmt: skip
# Statuses for: anonymous, staff without rights, assistant, analyst, owner of another study, owner, superuser.
PEOPLE = ("anonymous", "guest", "assistant", "analyst", "stranger", "owner", "superuser")
EXPECTED = {
    "/studies": "401 200 200 200 200 200 200",
    "/studies/voices": "401 404 200 200 404 200 200",
    "/studies/voices/ratings": "401 404 403 200 404 200 200",
    "/studies/voices/ratings.csv": "401 404 403 200 404 200 200",
    "/studies/voices/sessions": "401 404 200 200 404 200 200",
    "/studies/voices/results": "401 404 403 200 404 200 200",
    "/runs": "401 200 200 200 200 200 200",
    "/runs/objective/{pk}": "401 404 404 200 404 200 200",
}


@pytest.fixture
def world(tmp_path):
    cache.clear()
    study, other = ring(tmp_path), ring(tmp_path, "elsewhere")
    return study, other, everybody(study, other)


def path(address: str) -> str:
    return "/api/v1" + address.format(pk=Objective.objects.get(name="voices-objective").pk)


def call(address: str, secret: str = "", method: str = "get"):
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    return getattr(Client(), method)(path(address), headers=headers)


def secret_of(user: User, *scopes: str, **fields) -> str:
    return ApiToken.objects.issue(user=user, name="script", scopes=list(scopes or Scope.values), **fields)[1]


@pytest.mark.parametrize("by", ["session", "token"])
def test_the_api_answers_everybody_as_the_admin_would(world, by):
    found = {}
    for who in PEOPLE:
        client, user = Client(), world[2][who]
        headers = {"Authorization": f"Bearer {secret_of(user)}"} if user and by == "token" else {}
        if user and by == "session":
            client.force_login(user)
        for address in EXPECTED:
            found.setdefault(address, []).append(str(client.get(path(address), headers=headers).status_code))
    assert {address: " ".join(statuses) for address, statuses in found.items()} == EXPECTED


def test_lists_name_the_studies_and_runs_of_ones_own_studies_alone(world):
    _study, _other, people = world
    secret = secret_of(people["owner"])
    assert [each["slug"] for each in call("/studies", secret).json()] == ["voices"]
    assert {"elsewhere" in each["name"] for each in call("/runs", secret).json()} == {False}
    kinds = sorted(each["kind"] for each in call("/runs", secret).json())
    assert kinds == ["lyricsalignment", "objective", "rendering", "trainingrun"]


def test_a_token_reads_what_its_scopes_say_and_the_documentation_says_the_same(world):
    described = Client()
    described.force_login(world[2]["superuser"])
    paths = described.get("/api/v1/openapi.json").json()["paths"]
    for address, scope in READS.items():
        described_at = "/api/v1" + address.replace("voices", "{slug}").replace("objective/{pk}", "{kind}/{pk}")
        assert paths[described_at]["get"]["x-scope"] == scope
        others = [each for each in Scope.values if each != scope]
        assert call(address, secret_of(world[2]["owner"], scope)).status_code == 200, address
        refused = call(address, secret_of(world[2]["owner"], *others))
        assert refused.status_code == 403, address
        assert scope in refused.json()["detail"]
    scopes = {operation["x-scope"] for way in paths.values() for operation in way.values()}
    assert scopes == set(Scope.values)


def test_a_token_for_one_study_opens_no_other(world):
    study, other, people = world
    StudyRole.objects.create(study=other, user=people["owner"], role="owner")
    secret = secret_of(people["superuser"], study=study)
    assert [each["slug"] for each in call("/studies", secret).json()] == ["voices"]
    assert call("/studies/elsewhere/ratings", secret).status_code == 404
    assert all("voices" in each["name"] for each in call("/runs", secret).json())


def test_reading_is_not_steering(world):
    owner, analyst = world[2]["owner"], world[2]["analyst"]
    assert call("/runs/objective/{pk}/cancel", secret_of(owner, "runs:read"), "post").status_code == 403
    assert call("/runs/objective/{pk}/cancel", secret_of(analyst), "post").status_code == 403
    assert call("/runs/objective/{pk}/cancel", secret_of(owner, "runs:write"), "post").status_code == 200


@pytest.mark.parametrize(
    "spoilt",
    [
        {"expires_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)},
        {"revoked_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)},
    ],
)
def test_a_token_that_has_expired_or_was_revoked_opens_nothing(world, spoilt):
    secret = secret_of(world[2]["owner"])
    assert call("/studies", secret).status_code == 200
    ApiToken.objects.update(**spoilt)
    assert call("/studies", secret).status_code == 401


@pytest.mark.parametrize("spoilt", [{"is_active": False}, {"is_staff": False}])
def test_a_token_works_no_longer_than_its_user(world, spoilt):
    secret = secret_of(world[2]["owner"])
    User.objects.filter(username="owner").update(**spoilt)
    assert call("/studies", secret).status_code == 401


def test_a_token_loses_what_its_user_loses(world):
    secret = secret_of(world[2]["owner"])
    StudyRole.objects.filter(user=world[2]["owner"]).delete()
    assert call("/studies/voices", secret).status_code == 404


def test_another_secret_opens_nothing(world):
    secret = secret_of(world[2]["owner"])
    for wrong in (secret[:-1], secret + "x", ApiToken.objects.get().sha256, ApiToken.objects.get().prefix):
        assert call("/studies", wrong).status_code == 401


def test_the_secret_is_shown_once_and_kept_nowhere(world):
    client, user = Client(), world[2]["owner"]
    client.force_login(user)
    form = {"name": "notebook", "scopes": ["ratings:read"], "study": "", "expires_at": ""}
    answer = client.post(reverse("admin:listening_apitoken_add"), form)
    assert "no-store" in answer["Cache-Control"]
    secret = re.search(r'value="(hearback_[\w-]{43})"', answer.content.decode())[1]
    assert call("/studies/voices/ratings", secret).status_code == 200
    for address in ("changelist", "change"):
        at = reverse(f"admin:listening_apitoken_{address}", args=[ApiToken.objects.get().pk] * (address == "change"))
        assert secret not in client.get(at).content.decode()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            assert not [row for row in cursor.fetchall() if secret in str(row)], table


def test_a_token_is_revoked_in_the_admin_and_both_stand_in_its_history(world):
    client, user = Client(), world[2]["owner"]
    client.force_login(user)
    form = {"name": "notebook", "scopes": ["ratings:read"], "study": "", "expires_at": ""}
    client.post(reverse("admin:listening_apitoken_add"), form)
    token = ApiToken.objects.get()
    chosen = {"action": "revoke", "_selected_action": [token.pk]}
    client.post(reverse("admin:listening_apitoken_changelist"), chosen)
    token.refresh_from_db()
    assert not token.is_usable
    said = [entry.change_message for entry in LogEntry.objects.filter(object_id=token.pk, user=user)]
    assert any("revoked" in each for each in said)
    assert any("issued" in each for each in said)


def test_nobody_sees_or_revokes_the_tokens_of_somebody_else(world):
    secret_of(world[2]["owner"])
    client = Client()
    client.force_login(world[2]["analyst"])
    at = reverse("admin:listening_apitoken_changelist")
    assert "script" not in client.get(at).content.decode().split("<main")[-1]
    client.post(at, {"action": "revoke", "_selected_action": [ApiToken.objects.get().pk]})
    assert ApiToken.objects.get().is_usable
    client.force_login(staff("nobody"))
    assert client.get(at).status_code == 403


def test_the_last_use_is_noted_at_most_once_a_minute(world, django_assert_num_queries):
    secret = secret_of(world[2]["owner"])
    assert ApiToken.objects.get().used_at is None
    call("/studies", secret)
    first = ApiToken.objects.get().used_at
    call("/studies", secret)
    assert ApiToken.objects.get().used_at == first
    ApiToken.objects.update(used_at=timezone.now() - dt.timedelta(hours=1))
    call("/studies", secret)
    assert ApiToken.objects.get().used_at > first


def test_an_export_by_the_api_stands_in_the_studys_history(world):
    study, _other, people = world
    call("/studies/voices/ratings.csv", secret_of(people["analyst"]))
    entry = LogEntry.objects.get(object_id=study.pk, user=people["analyst"])
    assert "ratings.csv" in entry.change_message
