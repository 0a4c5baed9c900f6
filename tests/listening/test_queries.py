"""How often each request of an assessor asks the database: what a page costs, and how many assessors fit on a core."""

import json
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from listening.participant.sounds import addresses
from tests.builders import hear, sitting, study

pytestmark = pytest.mark.django_db

MAX_QUERIES = {"trial page": 15, "sound": 4, "answer": 5, "answer changed": 4, "next trial": 26}
"""Without transactions and savepoints. A page with a study of 5,000 sessions asks as often as with none."""


@pytest.fixture
def asked(client):
    """Return what sends a request and returns how many queries its answer took."""

    def ask(method: str, address: str, **what) -> int:
        with CaptureQueriesContext(connection) as queries:
            answer = client.generic(method, address, **what)
        assert answer.status_code == 200, answer.content
        return sum(each["sql"].startswith(("SELECT", "UPDATE", "INSERT")) for each in queries)

    return ask


def test_no_request_of_an_assessor_asks_more_often_than_it_must(client, asked, tmp_path):
    made = study(tmp_path, replicates=0, attributes=("quality",))
    made.open()
    session = sitting(made)
    link = session.get_absolute_url()
    first = session.trials.first()
    client.get(link)
    hear(client, first)
    body = {"slot": first.slots.first().token, "score": 50, "order": 1, "key": str(uuid.uuid4())}
    changed = body | {"order": 2, "key": str(uuid.uuid4())}
    found = {"trial page": asked("GET", link), "sound": asked("GET", addresses(first)[0])}
    for name, each in {"answer": body, "answer changed": changed}.items():
        found[name] = asked("POST", f"{link}answers", data=json.dumps(each), content_type="application/json")
    for order, slot in enumerate(first.slots.all(), start=10):
        slot.answer(50, order=order, key=uuid.uuid4())
    found["next trial"] = asked("POST", f"{link}trials/0", HTTP_IN_PLACE="1")
    assert {name: count for name, count in found.items() if count > MAX_QUERIES[name]} == {}
