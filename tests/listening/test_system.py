"""The system page: what answers, what waits for whom, and for whom it is."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from listening import checks
from listening.admin import system, workers
from listening.models import TrainingRun
from tests.listening.people import everybody, ring

pytestmark = pytest.mark.django_db

ANSWER = {"queues": ["celery"], "device": "cpu", "gpus": [], "free": 5 << 30}


@pytest.fixture(autouse=True)
def answers(monkeypatch) -> list[dict]:
    """Let workers answer what the test puts in here."""
    told: list[dict] = []
    monkeypatch.setattr(workers.app.control, "broadcast", lambda *_, **__: told)
    return told


def page(client) -> str:
    answer = client.get(reverse("admin:system"))
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_it_is_for_superusers_alone_and_linked_from_their_home(client, tmp_path):
    study, other = ring(tmp_path), ring(tmp_path, "elsewhere")
    found = {}
    for name, user in everybody(study, other).items():
        client.logout()
        if user is not None:
            client.force_login(user)
        linked = reverse("admin:system") in client.get("/admin/").content.decode()
        found[name] = (client.get(reverse("admin:system")).status_code, linked)
    assert found.pop("superuser") == (200, True)
    assert found.pop("anonymous") == (302, False)
    assert set(found.values()) == {(403, False)}


def test_a_queue_that_nobody_listens_to_is_named_with_the_command_and_what_waits(admin_client, answers):
    answers.append({"cpu@here": ANSWER})
    TrainingRun.objects.create(name="t", recipe="tiny", data="/s", queued_at=timezone.now() - dt.timedelta(hours=2))
    html = page(admin_client)
    assert "No worker listens to the queue gpu. Start one:" in html
    assert "celery -A listening worker -Q gpu --pool solo" in html
    assert "No worker listens to the queue celery" not in html
    [gpu] = [each for each in system.queues(workers.machines()) if each.name == "gpu"]
    assert (gpu.queued, gpu.running, gpu.workers) == (1, 0, [])
    assert timezone.now() - gpu.since == pytest.approx(dt.timedelta(hours=2), abs=dt.timedelta(minutes=1))


def test_a_worker_that_works_and_does_not_answer_is_not_missed(admin_client):
    run = TrainingRun.objects.create(name="t", recipe="tiny", data="/s")
    run.claim()
    assert "No worker listens to the queue gpu" not in page(admin_client)
    assert "at work; answers after its run" in page(admin_client)


def test_what_each_worker_says_of_its_machine_is_shown(admin_client, answers):
    answers.append({"gpu@there": {**ANSWER, "queues": ["gpu"], "device": "cuda:1", "gpus": ["H200 · 3 MiB"]}})
    answers.append({"old@there": {"error": "unknown command"}})
    html = page(admin_client)
    for said in ("gpu@there", "cuda:1", "H200 · 3 MiB", "5.0"):
        assert said in html
    assert "old@there" not in html


def test_a_broker_that_is_down_is_said_and_the_page_stays(admin_client, monkeypatch):
    def down() -> str:
        raise ConnectionRefusedError("Connection refused")

    monkeypatch.setattr(checks, "broker", down)
    html = page(admin_client)
    assert "Connection refused" in html
    assert "No worker answers" in html


def test_a_full_disc_and_missing_migrations_are_said(admin_client, monkeypatch):
    monkeypatch.setattr(checks, "MIN_FREE_BYTES", 1 << 60)
    monkeypatch.setattr(
        "django.db.migrations.executor.MigrationExecutor.migration_plan", lambda *_: [("0099 later", 0)]
    )
    html = page(admin_client)
    assert "make room" in html
    assert "1 not applied, first 0099 later; run manage.py migrate" in html


def test_a_gpu_is_told_as_its_driver_tells_it_and_none_where_there_is_no_driver(monkeypatch, tmp_path):
    driver = tmp_path / "nvidia-smi"
    driver.write_text("#!/bin/sh\necho 'NVIDIA H200, 512 MiB, 143771 MiB, 7 %'\n")
    driver.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert workers.gpus() == ["NVIDIA H200 · 512 MiB · 143771 MiB · 7 %"]
    driver.unlink()
    assert workers.gpus() == []
