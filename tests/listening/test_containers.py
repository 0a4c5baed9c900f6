"""The containers of an installation: what each listens to, what it is asked, and what it needs."""

import re
import tomllib
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


def test_no_password_stands_in_the_file_and_nothing_starts_without_one():
    text = (ROOT / "compose.yaml").read_text()
    given = re.findall(r"(?:PASSWORD: \"?|://\w+:)(.+?)[@\"}]", text)
    assert len(given) == 2
    assert all(each.startswith("${POSTGRES_PASSWORD:?") for each in given)
    assert "POSTGRES_PASSWORD=" in (ROOT / "docs" / "install.md").read_text()


def test_the_web_image_is_the_one_without_torch_and_workers_have_the_other(services):
    targets = {name: service["build"]["target"] for name, service in services.items() if "build" in service}
    assert targets == {"web": "web", "worker": "worker", "trainer": "worker"}
    stages = re.findall(r"^FROM \S+ AS (\w+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert set(targets.values()) < set(stages)


def test_what_the_web_image_installs_is_what_the_package_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"]
    asked = {*project["project"]["dependencies"], *extras["web"], *extras["s3"]}
    assert set(project["dependency-groups"]["web-image"]) <= asked


def test_static_files_are_made_with_the_image_and_outside_the_volume():
    text = (ROOT / "Dockerfile").read_text()
    assert "collectstatic" in text
    assert "collectstatic" not in text[text.index("CMD [") :].partition("FROM")[0]
    [root, volume] = re.search(r"STATIC_ROOT=(\S+)", text)[1], re.search(r"^VOLUME (\S+)", text, re.MULTILINE)[1]
    assert not Path(root).is_relative_to(volume)
