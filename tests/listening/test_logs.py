"""What goes wrong stands in the log, with what it is about and without the secrets of links."""

import io
import json
import logging
import runpy
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from gunicorn.config import Config
from kombu.exceptions import OperationalError

from listening import logs, tasks
from listening.models import Assessor, Objective, Session
from listening.participant import pages
from tests import builders

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
SECRET = "kJ3xQ-a_9ZtokenTOKEN12"


@pytest.fixture
def log():
    """Return what the site's own handler writes, as it is configured but for the stream and JSON lines."""
    handler = next(each for each in logging.getLogger().handlers if each.get_name() == "stderr")
    written, plain = io.StringIO(), handler.formatter
    stderr = handler.setStream(written)
    handler.setFormatter(logs.JsonLines())
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    handler.setStream(stderr)
    handler.setFormatter(plain)
    logs.forget()


def fail(*_args, **_more):
    raise RuntimeError("the page broke")


def refuse(*_args):
    raise OperationalError("Error 111 connecting to broker:6379. Connection refused.")


def test_a_view_that_fails_stands_in_the_log_with_its_request_and_session_and_not_with_its_link(
    tmp_path, log, monkeypatch
):
    study = builders.study(tmp_path)
    study.open()
    session = Session.objects.begin(study, Assessor.objects.create())
    monkeypatch.setattr(pages, "show", fail)
    client = Client(raise_request_exception=False)
    answer = client.get(reverse("participant:session", args=[session.token]) + f"?id={SECRET}")
    [line] = log()
    assert answer.status_code == 500
    assert (line["level"], line["logger"], line["session"]) == ("ERROR", "django.request", str(session.pk))
    assert line["request"] == answer.headers["X-Request-ID"]
    assert "RuntimeError: the page broke" in line["traceback"]
    assert session.token not in json.dumps(line)
    assert SECRET not in json.dumps(line)


def test_the_id_that_a_proxy_gave_a_request_is_kept_and_nothing_else_that_it_sends(client):
    given = {"X-Request-ID": "0f3a-99b2-77"}
    assert client.get("/", headers=given).headers["X-Request-ID"] == given["X-Request-ID"]
    assert client.get("/", headers={"X-Request-ID": 'x"}\n{"level'}).headers["X-Request-ID"].isalnum()


def test_a_task_that_fails_stands_in_the_log_with_its_run(log):
    run = Objective.objects.create(name="nothing", recipe="compact")
    tasks.fit.apply(args=[run.pk])
    failed = [line for line in log() if line["level"] == "ERROR"]
    assert [line["run"] for line in failed] == [f"objective/{run.pk}"]
    assert "freeze a study's ratings" in failed[0]["traceback"]


def test_a_broker_that_is_down_stands_in_the_log_and_stops_nobody(log, monkeypatch, django_capture_on_commit_callbacks):
    run = Objective.objects.create(name="nothing")
    monkeypatch.setattr(tasks.fit, "delay", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        tasks.send(run)
    [line] = log()
    assert line["level"] == "ERROR"
    assert line["message"].startswith(f"objective/{run.pk}: the broker does not accept its message (Error 111")


@pytest.mark.parametrize(
    "line",
    [
        f"POST /t/{SECRET}/answers",
        f"GET /t/{SECRET}",
        f"/t/x/audio/{SECRET} broke",
        f'"GET /s/voices/?invitation={SECRET} HTTP/1.1" 500',
        f"/s/voices/?PROLIFIC_PID={SECRET}&x=1",
        f"Authorization: Bearer hearback_{SECRET}",
        f"could not connect to postgres://hearback:{SECRET}@db/hearback",
    ],
)
@pytest.mark.parametrize("formatter", [logs.Lines(), logs.JsonLines()])
def test_no_secret_of_a_link_is_logged(line, formatter):
    record = logging.LogRecord("x", logging.ERROR, "f.py", 1, "%s", (line,), None)
    assert SECRET not in formatter.format(record)
    assert "…" in formatter.format(record)


def test_gunicorn_logs_as_the_site_does_and_its_access_log_holds_no_link():
    configured = Config()
    for name, value in {**runpy.run_path(str(ROOT / "gunicorn.conf.py")), "accesslog": "-"}.items():
        if name in configured.settings:
            configured.set(name, value)
    logger = configured.logger_class(configured)
    record = logging.LogRecord("gunicorn", logging.INFO, "f.py", 1, "%(r)s 200", ({"r": f"GET /t/{SECRET}/"},), None)
    handlers = [*logger.error_log.handlers, *logger.access_log.handlers]
    lines = [each.format(record) for each in handlers if isinstance(each.formatter, logs.Lines)]
    assert len(lines) == 2
    assert all("GET /t/…/ 200" in line for line in lines)
