"""Load balancers learn whether answers can be stored, whatever name they ask by and without TLS."""

import pytest
from django.db import OperationalError, connection
from django.test import Client

from listening import health
from listening.models import HealthProbe

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def every_question_counts(monkeypatch):
    monkeypatch.setattr(health, "MIN_SECONDS_BETWEEN_WRITES", 0.0)


@pytest.fixture(params=["/healthz", "/readyz"])
def address(request) -> str:
    return request.param


def full_disc(execute, sql, params, many, context):
    if sql.startswith(("UPDATE", "INSERT")):
        raise OperationalError("database or disk is full")
    return execute(sql, params, many, context)


def test_a_site_that_works_says_so_to_anybody(client, address):
    answer = client.get(address)
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert answer.headers["Cache-Control"] == "no-store"


def test_behind_https_it_answers_without_tls_and_by_address(settings, address):
    settings.SECURE_SSL_REDIRECT = settings.BEHIND_HTTPS = True
    settings.ALLOWED_HOSTS = ["listen.example.org"]
    assert Client(headers={"Host": "10.0.0.7:8000"}).get(address).status_code == 200
    assert Client(headers={"Host": "listen.example.org"}).get(address).status_code == 200


def test_a_full_disc_is_told_though_the_database_can_be_read(client, address):
    with connection.execute_wrapper(full_disc):
        answer = client.get(address)
    assert (answer.status_code, answer.json()["status"]) == (503, "the database does not accept writes")
    assert client.get(address).status_code == 200


def test_tables_that_are_not_those_of_the_code_are_not_ready_but_healthy(client, monkeypatch):
    with monkeypatch.context() as behind:
        behind.setattr("django.db.migrations.executor.MigrationExecutor.migration_plan", lambda *_: ["0099"])
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert "manage.py migrate" in answer.json()["status"]
        assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200


def test_however_often_anybody_asks_it_writes_once_a_second(client, monkeypatch):
    monkeypatch.setattr(health, "MIN_SECONDS_BETWEEN_WRITES", 1000.0)
    client.get("/healthz")
    first = HealthProbe.objects.get().written_at
    for _ in range(5):
        assert client.get("/healthz").status_code == 200
    assert HealthProbe.objects.get().written_at == first
