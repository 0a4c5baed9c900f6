"""Assessors answer over bad connections while the server is killed: the benchmark's storm, small."""

import uuid
from types import SimpleNamespace

import pytest

from benchmarks import storm
from listening.models import Assessor, Session
from tests import builders
from tests.worker.conftest import database

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


NOTHING_WRONG = {"lost": 0, "rows too many": 0, "sittings too many": 0, "sittings unfinished": 0}


@pytest.fixture
def study(tmp_path):
    made = builders.study(tmp_path, replicates=0)
    made.open()
    return made


def test_no_answer_is_lost_or_doubled_while_the_server_is_killed(tmp_path, settings, study):
    own = storm.environment(tmp_path / "site", database())
    own |= {"MEDIA_ROOT": str(settings.MEDIA_ROOT), "DEBUG": "1"}
    with storm.Server(own, tmp_path / "server.log") as server:
        seen = storm.storm(server, study, clients=8, answers=256, kills=3)
    assert (seen["accepted"], seen["killed"]) == (256, 3)
    assert min(seen["retried"], seen["doubled"], seen["reordered"], seen["cut"]) > 0
    assert {name: seen[name] for name in NOTHING_WRONG} == NOTHING_WRONG


def test_the_verdict_tells_what_is_lost_what_is_too_much_and_who_is_not_done(study):
    sessions = [Session.objects.begin(study, Assessor.objects.create()) for _ in range(2)]
    kept, lost = sessions[0].trials.first().slots.all()[:2]
    kept.answer(50, order=2, key=uuid.uuid4())
    client = SimpleNamespace(newest={kept.token: (2, 50.0), lost.token: (3, 60.0)})
    found = storm.verdict(study, [client])
    assert found == {"lost": 1, "rows too many": 0, "sittings too many": 1, "sittings unfinished": 1}
    del client.newest[kept.token]
    assert storm.verdict(study, [client])["rows too many"] == 1
