"""Nothing is rated that was not heard: an answer waits for the evidence, and no page is left without it."""

import json
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from listening.models import Event, Rating, Slot, Study
from listening.participant.sounds import hidden_sounds, open_sounds
from listening.participant.trial_page import shortfall
from tests import builders

pytestmark = pytest.mark.django_db


def opened(folder, **fields) -> Study:
    made = builders.study(folder, **{"attributes": ("quality",), "replicates": 0, **fields})
    made.open()
    return made


def answer(client, slot: Slot, score: float = 50.0, order: int = 1):
    address = reverse("participant:answers", args=[slot.trial.session.token])
    body = {"slot": slot.token, "score": score, "order": order, "key": str(uuid.uuid4())}
    return client.post(address, json.dumps(body), content_type="application/json")


def leave(client, trial):
    return client.post(reverse("participant:trial", args=[trial.session.token, trial.position]))


def stretches(token: str, *spans: tuple[float, float]) -> list[dict]:
    return [{"kind": "heard", "sound": token, "value": start, "until": end} for start, end in spans]


def longer(trial, seconds: float) -> None:
    """Let the sounds of `trial` be that long, as far as their rows say."""
    for sound in [*hidden_sounds(trial), *open_sounds(trial)]:
        type(sound.audio).objects.filter(pk=sound.audio.pk).update(frames=round(seconds * sound.audio.rate))


def test_an_answer_comes_too_early_until_its_number_was_played_for_a_second_in_whatever_pieces(client, tmp_path):
    trial = builders.sitting(opened(tmp_path)).trials.first()
    longer(trial, 8.0)
    third = trial.slots.get(position=2)
    refused = answer(client, third)
    assert refused.status_code == 425
    said = "number 3 has not been heard yet; its rating is stored once it has been played for 1 s"
    assert refused.json() == {"error": said}
    builders.tell(client, trial, *stretches(third.token, (2.0, 2.5), (2.0, 2.4)))
    assert answer(client, third).status_code == 425
    assert not Rating.objects.exists()
    builders.tell(client, trial, *stretches(third.token, (7.0, 7.06)))
    assert answer(client, third).status_code == 200
    assert answer(client, trial.slots.get(position=0)).status_code == 425


def test_a_sound_shorter_than_a_second_is_heard_when_it_was_played_to_its_end(client, tmp_path):
    trial = builders.sitting(opened(tmp_path)).trials.first()
    first = trial.slots.first()
    builders.hear(client, trial, [first.token], until=0.4)
    refused = answer(client, first)
    assert refused.status_code == 425
    assert (
        refused.json()["error"] == "number 1 has not been heard to its end yet; its rating is stored once it has been"
    )
    builders.hear(client, trial, [first.token], until=0.06)
    assert answer(client, first).status_code == 200


def test_where_heard_means_to_the_end_seconds_are_not_enough(client, tmp_path):
    trial = builders.sitting(opened(tmp_path, changed_rules={"to_end": True})).trials.first()
    first = trial.slots.first()
    builders.tell(client, trial, *stretches(first.token, (0.0, 0.4), (0.0, 0.4), (0.0, 0.4)))
    refused = answer(client, first)
    assert refused.status_code == 425
    assert "heard to its end" in refused.json()["error"]
    builders.tell(client, trial, {"kind": "whole", "sound": first.token})
    assert answer(client, first).status_code == 200


def test_what_is_rated_already_is_rated_again_without_asking_what_was_heard(client, tmp_path):
    slot = builders.sitting(opened(tmp_path)).trials.first().slots.first()
    slot.answer(20, order=1, key=uuid.uuid4())
    with CaptureQueriesContext(connection) as asked:
        assert answer(client, slot, 30, order=2).json()["newest"]
    assert not any(Event._meta.db_table in each["sql"] for each in asked)


def test_an_answer_asks_the_log_once(client, tmp_path):
    trial = builders.sitting(opened(tmp_path)).trials.first()
    builders.hear(client, trial)
    with CaptureQueriesContext(connection) as asked:
        assert answer(client, trial.slots.first()).status_code == 200
    assert sum(Event._meta.db_table in each["sql"] for each in asked) == 1


def test_where_the_study_lets_it_be_nothing_need_be_heard(client, tmp_path):
    trial = builders.sitting(opened(tmp_path, changed_rules={"all_heard": False})).trials.first()
    for slot in trial.slots.all():
        assert answer(client, slot).status_code == 200
    assert leave(client, trial).status_code == 302


def test_what_another_sitting_heard_is_no_evidence(client, tmp_path):
    study = opened(tmp_path)
    mine, other = builders.sitting(study).trials.first(), builders.sitting(study).trials.first()
    builders.hear(client, other)
    assert answer(client, mine.slots.first()).status_code == 425


def test_a_page_is_not_left_before_all_of_it_was_heard_and_says_which_numbers_were_not(client, tmp_path):
    trial = builders.sitting(opened(tmp_path)).trials.first()
    slots = list(trial.slots.all())
    for slot in slots:
        slot.answer(50, order=1, key=uuid.uuid4())
    builders.hear(client, trial, [slots[0].token])
    refused = leave(client, trial)
    assert refused.status_code == 409
    assert "Numbers 2, 3, 4 have not been heard yet." in refused.content.decode()
    builders.hear(client, trial, [slots[1].token, slots[3].token])
    assert shortfall(trial) == "Number 3 has not been heard yet."
    builders.hear(client, trial, [slots[2].token])
    assert leave(client, trial).status_code == 302
    trial.refresh_from_db()
    assert trial.finished_at


def test_a_page_that_can_show_the_next_trial_in_its_place_is_given_it_at_once(client, tmp_path):
    trial = builders.sitting(opened(tmp_path)).trials.first()
    address = reverse("participant:trial", args=[trial.session.token, trial.position])
    assert client.post(address, headers={"In-Place": "yes"}).status_code == 409
    builders.hear(client, trial)
    for slot in trial.slots.all():
        slot.answer(50, order=1, key=uuid.uuid4())
    came = client.post(address, headers={"In-Place": "yes"})
    assert came.status_code == 200
    assert came["Cache-Control"] == client.get(trial.session.get_absolute_url())["Cache-Control"]
    assert f'trials/{trial.position + 1}"' in came.content.decode()
    assert client.post(address).status_code == 302  # without scripts, as ever


def test_a_page_says_both_what_was_not_heard_and_what_was_not_rated(client, tmp_path):
    trial = builders.sitting(opened(tmp_path, changed_rules={"to_end": True})).trials.first()
    builders.hear(client, trial, [slot.token for slot in trial.slots.exclude(position=1)])
    for slot in trial.slots.exclude(position=0):
        slot.answer(50, order=1, key=uuid.uuid4())
    assert shortfall(trial) == "Number 2 has not been heard to its end yet. Number 1 has no rating yet."


def test_where_one_answer_is_asked_for_the_reference_is_to_be_heard_too(client, tmp_path):
    trial = builders.sitting(opened(tmp_path, preset="dcr")).trials.first()
    slot = trial.slots.get()
    assert shortfall(trial) == "Still to be heard to the end: Reference, the version. Please choose an answer."
    builders.hear(client, trial, [slot.token])
    assert answer(client, slot).status_code == 200
    assert shortfall(trial) == "Still to be heard to the end: Reference."
    assert leave(client, trial).status_code == 409
    builders.hear(client, trial)
    assert leave(client, trial).status_code == 302
