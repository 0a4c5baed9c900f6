"""A study that is full closes if it is to, and says so where it is told to: signed, retried, in no private network."""

import hashlib
import hmac
import json
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from django.core import mail
from django.utils import timezone

from listening import webhook
from listening.models import (
    Analysis,
    Assessor,
    Intake,
    Notice,
    Objective,
    Preparation,
    RunStopped,
    Session,
    Study,
    TrainingRun,
)
from listening.models.notices import MAX_ATTEMPTS, fill_up
from listening.tasks import notify
from lossmodel.errors import BadInput
from tests import builders

pytestmark = pytest.mark.django_db


def full(tmp_path, **fields) -> Study:
    """Return a study whose quota of one has finished."""
    study = builders.study(tmp_path, items=1, quota=1, **fields)
    study.open()
    session = Session.objects.begin(study, Assessor.objects.create())
    Session.objects.filter(pk=session.pk).update(finished_at=timezone.now())
    return study


@pytest.fixture
def hook():
    """Return a server of a researcher's own: `received` holds (headers, body), `answers` what it answers next."""

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self):
            server.received.append((self.headers, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(server.answers.pop(0) if server.answers else 204)
            self.send_header("Location", "http://169.254.169.254/")
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Hook)
    server.received, server.answers = [], []
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def address(server) -> str:
    return f"http://127.0.0.1:{server.server_port}/full?k=1"


def test_a_study_closes_once_its_quota_has_finished_and_is_told_of_once(tmp_path):
    study = full(tmp_path, close_at_quota=True, notify_email="ada@n.example")
    assert fill_up(study)
    assert not fill_up(study)
    study.refresh_from_db()
    assert study.status == "closed"
    assert notify() == 1
    assert notify() == 0
    assert [(each.to, each.subject) for each in mail.outbox] == [
        (["ada@n.example"], "Tones has all the participants it needs")
    ]
    assert "1 of 1 have finished, and the study is closed" in mail.outbox[0].body


def test_a_study_that_is_not_full_stays_open_and_silent(tmp_path):
    study = full(tmp_path, close_at_quota=True, notify_email="ada@n.example")
    Study.objects.update(quota=2)
    assert not fill_up(study)
    study.refresh_from_db()
    assert (study.status, Notice.objects.count()) == ("open", 0)


def test_the_last_sitting_that_ends_fills_the_study(client, tmp_path):
    study = full(tmp_path, close_at_quota=True)
    last = study.sessions.get()
    last.trials.update(finished_at=timezone.now())
    Session.objects.update(finished_at=None, consented_at=timezone.now(), instructed_at=timezone.now())
    client.post(f"/t/{last.token}/comment", {"comment": ""})
    study.refresh_from_db()
    assert study.status == "closed"


def test_a_webhook_gets_json_that_its_key_proves(tmp_path, hook, settings):
    settings.WEBHOOK_PRIVATE_HOSTS = ["127.0.0.1"]
    study = full(tmp_path, notify_webhook=address(hook))
    fill_up(study)
    assert notify() == 1
    [(headers, body)] = hook.received
    assert json.loads(body) == {
        "event": "study.full", "study": "tones", "finished": 1, "quota": 1, "cell_quota": None, "closed": False,
    }  # fmt: skip
    at, proof = (part.split("=")[1] for part in headers[webhook.SIGNATURE_HEADER].split(","))
    key = webhook.secret(study.pk).encode()
    assert proof == hmac.new(key, f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def test_what_does_not_arrive_says_why_and_is_tried_again_later_and_not_for_ever(tmp_path, hook, settings):
    settings.WEBHOOK_PRIVATE_HOSTS = ["127.0.0.1"]
    fill_up(full(tmp_path, notify_webhook=address(hook)))
    hook.answers = [500] * MAX_ATTEMPTS
    assert notify() == 0
    notice = Notice.objects.get()
    assert notice.error == "the webhook's server answered 500"
    assert notify() == 0
    assert len(hook.received) == 1
    for _attempt in range(MAX_ATTEMPTS + 3):
        Notice.objects.update(next_at=timezone.now() - timedelta(seconds=1))
        notify()
    assert len(hook.received) == MAX_ATTEMPTS


def test_a_redirect_is_no_arrival_and_is_not_followed(tmp_path, hook, settings):
    settings.WEBHOOK_PRIVATE_HOSTS = ["127.0.0.1"]
    hook.answers = [302]
    with pytest.raises(BadInput, match="answered 302"):
        webhook.post(address(hook), {}, key="k")
    assert len(hook.received) == 1


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "10.0.0.8", "169.254.169.254", "[::1]", "[::ffff:10.0.0.8]"]
)
def test_private_networks_are_refused_unless_the_installation_allows_them(host, hook):
    with pytest.raises(BadInput, match="private network"):
        webhook.post(f"http://{host}:{hook.server_port}/", {}, key="k")
    assert not hook.received


@pytest.mark.parametrize("address", ["ftp://r.example/", "file:///etc/passwd", "https://"])
def test_other_addresses_are_refused(address):
    with pytest.raises(BadInput, match="begins with https"):
        webhook.post(address, {}, key="k")


def claimed(run):
    assert run.claim()
    return run


def test_a_run_that_is_done_or_has_failed_is_told_once_to_the_installations_addresses(settings):
    settings.NOTIFY_EMAIL = ["ada@n.example", "lab@n.example"]
    claimed(Objective.objects.create(name="choir", recipe="compact")).finish(card={})
    training = claimed(TrainingRun.objects.create(name="net\nA", recipe="tiny", data="/songs"))
    assert training.fail("the disk is full")
    assert not training.fail("again")
    assert notify() == 4
    assert notify() == 0
    done, failed = (each for each in sorted(mail.outbox, key=lambda each: each.subject) if "lab@n.example" in each.to)
    assert {address for each in mail.outbox for address in each.to} == {"ada@n.example", "lab@n.example"}
    assert done.subject.endswith("): done")
    assert failed.subject == f"net A (training {training.pk}): failed"
    assert "is failed.\n\nthe disk is full\n" in failed.body
    assert f"{settings.SITE_URL}/admin/listening/trainingrun/{training.pk}/change/" in failed.body


def test_a_webhook_about_a_run_is_signed_with_a_key_of_its_own(settings, hook, tmp_path):
    settings.WEBHOOK_PRIVATE_HOSTS, settings.NOTIFY_WEBHOOK = ["127.0.0.1"], address(hook)
    analysis = claimed(Analysis.objects.create(study=builders.study(tmp_path, items=1)))
    analysis.fail("no ratings yet")
    assert notify() == 1
    [(headers, body)] = hook.received
    assert json.loads(body) == {
        "event": "run.ended", "run": f"analysis/{analysis.pk}", "name": str(analysis), "status": "failed",
        "message": "no ratings yet",
    }  # fmt: skip
    at, proof = (part.split("=")[1] for part in headers[webhook.SIGNATURE_HEADER].split(","))
    assert proof == hmac.new(webhook.secret(None).encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def test_an_analysis_leads_to_the_results_of_its_study(settings, tmp_path):
    settings.NOTIFY_EMAIL = ["ada@n.example"]
    study = builders.study(tmp_path, items=1)
    claimed(Analysis.objects.create(study=study)).finish()
    notify()
    assert f"/admin/listening/study/{study.pk}/results/" in mail.outbox[0].body


def test_what_is_cancelled_taken_over_or_a_preparation_is_told_to_nobody(settings, tmp_path):
    settings.NOTIFY_EMAIL = ["ada@n.example"]
    cancelled = claimed(Objective.objects.create(name="a", recipe="compact"))
    zombie = Objective.objects.get(pk=cancelled.pk)
    cancelled.cancel()
    assert not zombie.fail("too late")
    with pytest.raises(RunStopped):
        zombie.finish()
    intake = Intake.objects.create(study=builders.study(tmp_path, items=1))
    claimed(Preparation.objects.create(intake=intake, work="check")).fail("a broken file")
    assert Notice.objects.count() == 0


def test_without_an_address_nothing_is_written():
    claimed(Objective.objects.create(name="a", recipe="compact")).finish()
    assert Notice.objects.count() == 0
