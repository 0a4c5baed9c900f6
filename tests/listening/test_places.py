"""A place in the quota and in the plan is held for a time, then given on; who comes back late may still finish."""

import datetime as dt
import uuid
from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from listening.models import Assessor, Session, Study
from listening.models.session import SIGN_OF_LIFE_INTERVAL, Unavailable, check_room
from listening.participant.sounds import hidden_sounds
from tests import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path) -> Study:
    made = builders.study(tmp_path, quota=1, hold_minutes=30, volume_step=True)
    made.open()
    return made


def begin(study: Study, *, simulated: bool = False) -> Session:
    return Session.objects.begin(study, Assessor.objects.create(simulated=simulated))


def aged(session: Session, minutes: float, **fields) -> Session:
    """Return the sitting as if its last sign of life were `minutes` ago."""
    seen = timezone.now() - dt.timedelta(minutes=minutes)
    Session.objects.filter(pk=session.pk).update(seen_at=seen, **fields)
    session.refresh_from_db()
    return session


def is_full(study: Study) -> bool:
    try:
        check_room(study)
    except Unavailable as refusal:
        return "all the participants" in str(refusal)
    return False


def test_an_abandoned_sitting_holds_its_place_as_long_as_the_study_says(client, study):
    session = begin(study)
    assert client.get(study.get_absolute_url()).status_code == 403
    aged(session, 29)
    assert is_full(study)
    aged(session, 31)
    assert client.get(study.get_absolute_url()).status_code == 200
    assert begin(study).number == 1
    assert is_full(study)


def test_a_finished_sitting_holds_its_place_for_good(study):
    aged(begin(study), 99999, finished_at=timezone.now())
    assert is_full(study)


@pytest.mark.parametrize("end", ["declined_at", "screened_at"])
def test_who_declines_or_is_screened_out_holds_no_place(study, end):
    aged(begin(study), 0, **{end: timezone.now()})
    assert not is_full(study)
    assert begin(study).cell == 0


def test_who_comes_back_after_the_place_was_given_on_may_still_finish(client, study):
    late = aged(begin(study), 31)
    begin(study)
    assert client.get(late.get_absolute_url()).status_code == 200
    late.consent()
    late.set_volume()
    late.instruct()
    for trial in late.trials.all():
        builders.hear(client, trial)
        for slot in trial.slots.all():
            given = {"slot": slot.token, "score": 50, "order": 1, "key": str(uuid.uuid4())}
            sent = client.post(at(late, "answers"), given, content_type="application/json")
            assert sent.status_code == 200
        client.post(at(late, "trial", trial.position))
    client.post(at(late, "comment"))
    late.refresh_from_db()
    assert late.finished_at
    assert Session.objects.holding(study).count() == 2
    assert is_full(study)


def test_newcomers_take_exactly_the_cells_that_dropouts_gave_up(study):
    Study.objects.update(quota=None)
    sittings = [begin(study) for _ in range(8)]
    assert [session.cell for session in sittings] == list(range(8))
    for place in (1, 4, 6):
        aged(sittings[place], 31)
    aged(sittings[5], 31, finished_at=timezone.now())
    newcomers = [begin(study) for _ in range(4)]
    assert [session.cell for session in newcomers] == [1, 4, 6, 8]
    assert [session.number for session in newcomers] == [8, 9, 10, 11]


def test_a_newcomer_sits_the_very_plan_of_the_dropout(study):
    def pages(session: Session) -> list[tuple[int, ...]]:
        shown = session.trials.values_list("attribute", "item", "replicate", "slots__stimulus")
        return list(shown.order_by("position", "slots__position"))

    gone = aged(begin(study), 31)
    assert pages(begin(study)) == pages(gone)


def test_after_any_five_of_24_drop_out_five_more_restore_the_balance(tmp_path):
    made = builders.study(tmp_path, items=4, systems=1, items_per_session=2)
    made.open()
    sittings = [begin(made) for _ in range(24)]
    for place in (0, 3, 11, 12, 22):
        aged(sittings[place], made.hold_minutes + 1)
    assert [begin(made).cell for _ in range(5)] == [0, 3, 11, 12, 22]
    held = Session.objects.holding(made)
    met, orders = Counter(), Counter()
    for session in held:
        shown = list(session.trials.filter(replicate=0).values_list("item", "attribute__key"))
        items = sorted({item for item, _attribute in shown})
        met[tuple(items)] += 1
        orders.update((item, shown[0][1]) for item in items)
    assert set(met.values()) == {4}
    assert len(met) == 6
    assert set(orders.values()) <= {5, 6, 7}
    assert len(orders) == 8


def test_people_and_simulated_assessors_have_cells_of_their_own(study):
    Study.objects.update(quota=None)
    kinds = [False, True, True, False, True]
    assert [begin(study, simulated=kind).cell for kind in kinds] == [0, 0, 1, 1, 2]


def at(session: Session, name: str, *more) -> str:
    return reverse(f"participant:{name}", args=[session.token, *more])


def answer(client, session: Session) -> None:
    given = {"slot": session.trials.first().slots.first().token, "score": 5, "order": 1, "key": str(uuid.uuid4())}
    client.post(at(session, "answers"), given, content_type="application/json")


def tell(client, session: Session) -> None:
    batch = {"load": str(uuid.uuid4()), "trial": 0, "client": {"exact": True}, "events": []}
    client.post(at(session, "events"), batch, content_type="application/json")


REQUESTS = {
    "page": lambda client, session: client.get(session.get_absolute_url()),
    "answer": answer,
    "events": tell,
    "sound": lambda client, session: client.get(at(session, "audio", hidden_sounds(session.trials.first())[0].token)),
    "sound of a step": lambda client, session: client.get(at(session, "sound", "unknown")),
    "step": lambda client, session: client.post(at(session, "step", "volume")),
    "consent": lambda client, session: client.post(at(session, "consent"), {"answer": "agree"}),
    "instructions": lambda client, session: client.post(at(session, "instructions")),
    "trial": lambda client, session: client.post(at(session, "trial", 0)),
    "questions": lambda client, session: client.post(at(session, "questions", "before")),
    "headphones": lambda client, session: client.post(at(session, "headphones", "huggins", 0)),
    "comment": lambda client, session: client.post(at(session, "comment")),
}


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_every_request_of_a_sitting_is_a_sign_of_life(client, study, request_):
    session = aged(begin(study), 20)
    request_(client, session)
    session.refresh_from_db()
    assert timezone.now() - session.seen_at < SIGN_OF_LIFE_INTERVAL


def test_a_sign_of_life_is_written_at_most_once_a_minute(study):
    session = begin(study)
    for minutes, written in [(0.5, 0), (1.5, 1)]:
        aged(session, minutes)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            Session.objects.by_token(session.token)
        assert len([query for query in queries if query["sql"].startswith("UPDATE")]) == written
        assert len(queries) == 1 + written


def test_two_requests_at_once_renew_it_once(study):
    session = aged(begin(study), 5)
    Session.objects.by_token(session.token)
    first = Session.objects.get(pk=session.pk).seen_at
    Session.objects.by_token(session.token)
    assert Session.objects.get(pk=session.pk).seen_at == first
