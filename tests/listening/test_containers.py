"""The containers of an installation: what each listens to, what it is asked, and what it needs."""

from pathlib import Path

import pytest
import yaml
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def services() -> dict:
    return yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]


def test_every_queue_has_a_worker_and_that_of_the_gpu_does_not_fork(services):
    commands = [service["command"].split() for service in services.values() if "celery" in service.get("command", "")]
    queues = {command[command.index("-Q") + 1]: command for command in commands}
    assert set(queues) == {"celery", *(route["queue"] for route in settings.CELERY_TASK_ROUTES.values())}
    assert "solo" in queues["gpu"]


def test_trainings_need_no_gpu_unless_its_file_is_named(services):
    assert "nvidia" not in str(services)
    on_gpu = yaml.safe_load((ROOT / "compose.gpu.yaml").read_text())["services"]
    assert set(on_gpu) <= set(services)
    assert on_gpu["trainer"]["environment"]["TRAINING_DEVICE"] == "cuda"


def test_songs_are_mounted_where_trainings_look_for_them(services):
    for name in ("web", "trainer"):
        mounts = [volume.split(":")[-2:] for volume in services[name]["volumes"]]
        assert [services[name]["environment"]["TRAINING_DATA_ROOTS"], "ro"] in mounts


def test_the_web_process_is_asked_itself_and_workers_wait_for_it(services):
    assert "/readyz" in (ROOT / "Dockerfile").read_text()
    assert "healthcheck" not in services["web"]
    for name in ("worker", "trainer"):
        assert services[name]["depends_on"] == {"web": {"condition": "service_healthy"}}
        assert "manage.py healthcheck" in services[name]["healthcheck"]["test"]
