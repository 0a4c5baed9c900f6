"""What happens around the trials: each step only where it is asked for, in one order, and nothing of it counts."""

import csv
import uuid

import numpy as np
import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.urls import reverse

from listening import conformity, headphones, stimuli
from listening.exports import facts, replies, results
from listening.exports import ratings as export
from listening.models import Assessor, HeadphoneCheck, Item, Question, Rating, Reply, Session, Stage, Study
from listening.participant.sitting import sounds
from listening.remaining_time import remaining_time
from tests import builders, parcels

pytestmark = pytest.mark.django_db

LONG_WAY = [
    Stage.QUESTIONS, Stage.VOLUME, Stage.HEADPHONES, Stage.INSTRUCTIONS, Stage.EXAMPLES, Stage.TRIAL, Stage.BREAK,
    Stage.TRIAL, Stage.BREAK, Stage.QUESTIONS, Stage.TRIAL, Stage.BREAK, Stage.TRIAL, Stage.QUESTIONS, Stage.COMMENT,
    Stage.DONE,
]  # fmt: skip


def opened(folder, *, training: bool = False, **fields) -> Study:
    made = builders.study(folder, replicates=0, **fields)
    if training:
        Item.objects.filter(study=made, name="item0").update(training=True)
    made.open()
    return made


def everything(folder) -> Study:
    made = builders.study(
        folder, items=3, replicates=0, volume_step=True, headphones="both", familiarisation=True, break_every=1
    )
    Item.objects.filter(study=made, name="item0").update(training=True)
    ask(made, "age", kind="number", minimum=18, maximum=99)
    ask(made, "tired", place="between", kind="scale", choices="fresh\ntired", maximum=5)
    ask(made, "remark", place="after", required=False)
    made.open()
    return made


def ask(study: Study, key: str, **fields) -> Question:
    return study.questions.create(**{"key": key, "text": f"{key}?", **fields})


def sitting(study: Study, *, consent: bool = True) -> Session:
    session = Session.objects.begin(study, Assessor.objects.create())
    if consent:
        session.consent()
    return session


def at(session: Session, name: str, *more) -> str:
    return reverse(f"participant:{name}", args=[session.token, *more])


def now(session: Session) -> Session:
    return Session.objects.get(pk=session.pk)


def rate(client, session: Session) -> None:
    trial = session.trials.open().first()
    builders.hear(client, trial)
    for slot in trial.slots.all():
        slot.answer(50, order=1, key=uuid.uuid4())
    client.post(at(session, "trial", trial.position))


def listen(client, session: Session, *, right: bool = True) -> None:
    check = session.headphone_check()
    for number in range(headphones.TRIALS_OF_A_CHECK):
        answer = headphones.trial(check.kind, check.seed, number).answer
        interval = answer if right else answer % headphones.INTERVALS_OF_A_TRIAL + 1
        client.post(at(session, "headphones", check.kind, number), {"interval": interval})


def pass_stage(client, session: Session) -> None:
    """Do what the page at which the sitting stands asks for."""
    stage = session.stage
    steps = {Stage.VOLUME: "volume", Stage.EXAMPLES: "examples", Stage.BREAK: "go-on", Stage.NO_HEADPHONES: "go-on"}
    if stage == Stage.QUESTIONS:
        values = {"q-age": "33", "q-tired": "2", "q-remark": ""}
        client.post(at(session, "questions", session.place), values)
    elif stage == Stage.HEADPHONES:
        listen(client, session)
    elif stage == Stage.TRIAL:
        rate(client, session)
    elif stage in steps:
        client.post(at(session, "step", steps[stage]))
    else:
        client.post(at(session, {Stage.INSTRUCTIONS: "instructions", Stage.COMMENT: "comment"}[stage]))


def way(client, session: Session) -> list[Stage]:
    """Return the stages of a sitting from here to its end; every page on the way can be looked at, twice."""
    stages = []
    while True:
        session = now(session)
        stage = session.stage
        if not stages or stage != stages[-1]:
            stages.append(stage)
        pages = [client.get(session.get_absolute_url()) for _ in range(2)]
        assert [page.status_code for page in pages] == [200, 200]
        if stage == Stage.DONE:
            return stages
        pass_stage(client, session)


def test_a_study_that_asks_for_nothing_is_consent_instructions_trials_and_a_comment(client, tmp_path):
    session = sitting(opened(tmp_path))
    assert way(client, session) == [Stage.INSTRUCTIONS, Stage.TRIAL, Stage.COMMENT, Stage.DONE]


def test_a_study_that_asks_for_everything_gets_it_in_this_order(client, tmp_path):
    session = sitting(everything(tmp_path), consent=False)
    assert session.stage == Stage.CONSENT
    session.consent()
    assert way(client, session) == LONG_WAY
    assert session.replies.count() == 3
    assert session.checks.filter(passed=True).count() == 2


def test_a_break_comes_after_every_so_many_trials_that_count_and_not_at_the_end(client, tmp_path):
    session = sitting(opened(tmp_path, training=True, items=3, break_every=2))
    session.instruct()
    seen = []
    while session.trials.open().exists():
        rate(client, session)
        session = now(session)
        seen.append(session.stage)
        session.go_on()
    assert [stage == Stage.BREAK for stage in seen] == [False, False, False, True, False, False]


def test_a_pause_survives_reload_and_another_device_and_a_late_answer(client, tmp_path):
    session = sitting(opened(tmp_path))
    session.instruct()
    for _ in range(2):
        assert client.post(at(session, "step", "pause")).url == session.get_absolute_url()
    assert "Rest your ears" in client.get(session.get_absolute_url()).content.decode()
    slot = session.trials.first().slots.first()
    builders.hear(client, slot.trial)
    body = {"slot": slot.token, "score": 61.5, "order": 1, "key": str(uuid.uuid4())}
    assert client.post(at(session, "answers"), body, content_type="application/json").status_code == 200
    client.post(at(session, "step", "go-on"))
    assert now(session).stage == Stage.TRIAL


def test_a_step_that_is_not_due_changes_nothing_and_an_unknown_one_is_not_there(client, tmp_path):
    session = sitting(everything(tmp_path))
    for name in ("volume", "examples", "pause", "go-on"):
        assert client.post(at(session, "step", name)).status_code == 302
    client.post(at(session, "instructions"))
    client.post(at(session, "headphones", "antiphase", 0), {"interval": 1})
    assert now(session).stage == Stage.QUESTIONS
    assert client.post(at(session, "step", "finish")).status_code == 404
    assert not session.checks.exists()


def test_a_missing_or_unreadable_reply_is_named_where_it_is_missing_and_the_others_stay(client, tmp_path):
    study = builders.study(tmp_path)
    ask(study, "age", kind="number", minimum=18, maximum=99)
    ask(study, "gear", kind="choice", choices="open\nclosed\nin-ear")
    ask(study, "name", required=False)
    study.open()
    session = sitting(study)
    for age in ("", "old", "17", "1e999", "nan"):
        page = client.post(at(session, "questions", "before"), {"q-age": age, "q-gear": "closed"})
        assert page.status_code == 422
        assert 'id="id_q-age_error"' in page.content.decode()
        assert 'value="closed"' in page.content.decode()
        assert "checked" in page.content.decode()
    assert client.post(at(session, "questions", "before"), {"q-age": "20", "q-gear": "none"}).status_code == 422
    assert not Reply.objects.exists()
    client.post(at(session, "questions", "before"), {"q-age": "20.5", "q-gear": "in-ear"})
    assert dict(session.replies.values_list("question__key", "value")) == {"age": "20.5", "gear": "in-ear", "name": ""}


def test_a_questionnaire_sent_twice_or_late_leaves_the_first_replies(client, tmp_path):
    session = sitting(everything(tmp_path))
    for age in ("30", "40"):
        assert client.post(at(session, "questions", "before"), {"q-age": age}).status_code == 302
    client.post(at(session, "questions", "after"), {"q-remark": "early"})
    assert list(session.replies.values_list("value", flat=True)) == ["30"]


def test_the_database_holds_one_reply_a_question_and_one_check_a_kind(tmp_path):
    session = sitting(everything(tmp_path))
    session.checks.create(kind="huggins")
    with pytest.raises(IntegrityError), transaction.atomic():
        session.checks.create(kind="huggins")
    question = session.study.questions.first()
    session.replies.create(question=question)
    with pytest.raises(IntegrityError), transaction.atomic():
        session.replies.create(question=question)


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "choice", "choices": "only one"},
        {"kind": "scale", "minimum": 1, "maximum": 50},
        {"kind": "scale", "minimum": 3, "maximum": 3},
    ],
)
def test_a_question_that_nobody_could_answer_is_refused(fields, tmp_path):
    question = Question(study=builders.study(tmp_path), key="a", text="?", **fields)
    with pytest.raises(ValidationError):
        question.full_clean()


@pytest.mark.parametrize(("right", "passed"), [(6, True), (5, True), (4, False)])
def test_the_antiphase_check_is_passed_with_five_of_six(client, tmp_path, right, passed):
    session = sitting(opened(tmp_path, headphones="antiphase"))
    check = session.headphone_check()
    for number in range(headphones.TRIALS_OF_A_CHECK):
        answer = headphones.trial("antiphase", check.seed, number).answer
        check.answer(number, answer if number < right else answer % 3 + 1)
    assert (check.correct, check.passed) == (right, passed)
    assert now(session).stage == (Stage.INSTRUCTIONS if passed else Stage.NO_HEADPHONES)


def test_a_double_click_and_a_stale_page_answer_a_headphone_trial_once(client, tmp_path):
    session = sitting(opened(tmp_path, headphones="huggins"))
    session.headphone_check()
    for number in (0, 0, 2, 0):
        client.post(at(session, "headphones", "huggins", number), {"interval": "2"})
    check = session.checks.get()
    assert (check.answered, check.answers) == (1, [2])
    for interval in ("0", "4", "", "x"):
        client.post(at(session, "headphones", "huggins", 1), {"interval": interval})
    check.refresh_from_db()
    assert check.answered == 1
    with pytest.raises(ValueError, match="1 to 3"):
        check.answer(1, 4)


def test_two_tabs_cannot_both_answer_the_same_headphone_trial(tmp_path):
    check = sitting(opened(tmp_path, headphones="huggins")).headphone_check()
    other = HeadphoneCheck.objects.get(pk=check.pk)
    assert check.answer(0, 1)
    assert not other.answer(0, 2)
    assert other.answers == [1]


def test_who_does_not_pass_is_asked_to_put_headphones_on_and_goes_on(client, tmp_path):
    session = sitting(opened(tmp_path, headphones="antiphase", headphone_rule="inform"))
    listen(client, session, right=False)
    assert "Are your headphones on?" in client.get(session.get_absolute_url()).content.decode()
    client.post(at(session, "step", "go-on"))
    assert now(session).stage == Stage.INSTRUCTIONS
    assert session.checks.get().passed is False


def test_who_does_not_pass_is_screened_out_kindly_where_the_study_says_so(client, tmp_path):
    study = opened(
        tmp_path, headphones="both", headphone_rule="exclude", quota=1, screen_out_url="https://example.org/out"
    )
    session = sitting(study)
    listen(client, session, right=False)
    page = client.get(session.get_absolute_url())
    assert page.status_code == 200
    assert "says nothing about your hearing" in page.content.decode()
    assert "https://example.org/out" in page.content.decode()
    client.post(at(session, "instructions"))
    client.post(at(session, "comment"), {"comment": "but"})
    assert now(session).stage == Stage.SCREENED
    assert not study.sessions.counted().exists()
    sitting(study)


def test_where_the_result_is_only_noted_nobody_is_told(client, tmp_path):
    session = sitting(opened(tmp_path, headphones="huggins", headphone_rule="none"))
    listen(client, session, right=False)
    assert now(session).stage == Stage.INSTRUCTIONS
    assert (session.checks.get().correct, session.checks.get().passed) == (0, False)


def test_the_sounds_of_a_headphone_trial_are_its_own_and_are_served_only_then(client, tmp_path):
    session, other = (sitting(study) for study in [opened(tmp_path, headphones="huggins")] * 2)
    check = session.headphone_check()
    token = sounds.interval_trial(session, check).token
    page = client.get(session.get_absolute_url()).content.decode()
    assert token in page
    response = client.get(at(session, "sound", token))
    served = parcels.heard(response.content, token) / 2**15
    made = headphones.trial("huggins", check.seed, 0).sound
    np.testing.assert_allclose(served, made.samples, atol=2**-15)
    assert f'"peak": {np.abs(served).max()}' in page
    assert client.get(at(other, "sound", token)).status_code == 404
    client.post(at(session, "headphones", "huggins", 0), {"interval": "1"})
    assert client.get(at(session, "sound", token)).status_code == 404


def test_nothing_on_a_headphone_page_tells_the_right_answer(client, tmp_path):
    study, addresses = opened(tmp_path, headphones="antiphase"), set()
    for _ in range(4):
        session = sitting(study)
        page = client.get(session.get_absolute_url()).content.decode()
        own = sounds.interval_trial(session, session.headphone_check()).token
        addresses.add(own)
        assert str(session.checks.get().seed) not in page
        assert page.count('name="interval"') == 3
    assert len(addresses) == 4


def test_the_volume_is_set_by_the_loudest_reference(client, tmp_path):
    study = opened(tmp_path, volume_step=True)
    loud = study.items.get(name="item1").references.get().audio
    loud.loudness = -20
    loud.save()
    session = sitting(study)
    page = client.get(session.get_absolute_url()).content.decode()
    sound = sounds.loudest(session)
    assert sound.token in page
    assert f'"peak": {loud.peak}' in page
    file, _ = parcels.opened(client.get(at(session, "sound", sound.token)).content, sound.token)
    assert file == loud.path.read_bytes()


def test_examples_are_of_a_training_item_and_name_the_ends_but_no_condition(client, tmp_path):
    study = opened(tmp_path, training=True, familiarisation=True)
    session = sitting(study)
    session.instruct()
    page = client.get(session.get_absolute_url()).content.decode()
    found = sounds.examples(session)
    assert [example.attribute.key for example in found] == ["quality", "interference"]
    item = study.items.get(name="item0")
    anchor = item.stimuli.get(condition__role="anchor").audio
    for example in found:
        for sound, row in ((example.low, anchor), (example.high, item.references.get().audio)):
            file, _ = parcels.opened(client.get(at(session, "sound", sound.token)).content, sound.token)
            assert file == row.path.read_bytes()
    assert not [name for name in study.conditions.values_list("name", flat=True) if f"{name}<" in page]


def test_without_a_training_item_there_are_no_examples_and_no_page_for_them(tmp_path):
    session = sitting(opened(tmp_path, familiarisation=True))
    session.instruct()
    assert session.stage == Stage.TRIAL


def test_trainings_come_first_and_are_numbered_apart(client, tmp_path):
    session = sitting(opened(tmp_path, training=True))
    session.instruct()
    assert [trial.item.training for trial in session.trials.all()] == [True, True, False, False]
    first = client.get(session.get_absolute_url()).content.decode()
    assert "Practice 1 of 2" in first
    assert "do not count" in first
    for _ in range(2):
        rate(client, session)
    page = client.get(session.get_absolute_url()).content.decode()
    assert "Trial 1 of 2" in page
    assert "do not count" not in page


def test_the_ratings_of_a_training_reach_no_table_no_set_no_mean_and_no_fit(client, tmp_path):
    study = opened(tmp_path, training=True)
    session = sitting(study)
    session.instruct()
    while session.trials.open().exists():
        rate(client, session)
    kept = list(export.rows(study))
    assert Rating.objects.count() == 2 * len(kept) == 16
    assert {row["item"] for row in kept} == {"item1"}
    assert export.freeze(study).rows == len(kept)
    assert results.ratings(study).count() == len(kept)
    assert {pair.item for pair in export.pairs(study)} == {"item1"}
    assert sum(mean.ratings for mean in results.means(study)) == len(kept)


def test_conformity_sees_the_trainings_and_leaves_them_out_of_everything_else(tmp_path):
    study = opened(tmp_path, training=True)
    found = facts.facts(study)
    assert found.trainings == 2
    assert found.stimuli_per_item == (4,)
    finding = next(each for each in conformity.check(found) if each.clause == "training")
    assert finding.met


def test_a_simulated_assessor_does_not_practise(tmp_path):
    study = opened(tmp_path, training=True)
    session = Session.objects.begin(study, Assessor.objects.create(simulated=True))
    assert session.trials.count() == session.trials.counted().count() == 2


def test_a_redraft_asks_the_same_questions_and_takes_the_same_steps(tmp_path):
    study = everything(tmp_path)
    draft = stimuli.redraft(study, "again")
    assert list(draft.questions.values_list("key", "place")) == list(study.questions.values_list("key", "place"))
    assert (draft.headphones, draft.break_every, draft.items.filter(training=True).count()) == ("both", 1, 1)


def test_the_outlook_begins_long_ends_short_and_never_goes_back(client, tmp_path):
    session = sitting(everything(tmp_path))
    first, shares = remaining_time(session), []
    while now(session).stage != Stage.COMMENT:
        shares.append(remaining_time(now(session)).share)
        pass_stage(client, now(session))
    shares.append(remaining_time(now(session)).share)
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] > 80
    assert first.minutes >= remaining_time(now(session)).minutes == 1


def test_replies_checks_and_comments_are_one_tidy_table(client, tmp_path, capsys):
    study = everything(tmp_path)
    session = sitting(study)
    while (session := now(session)).stage != Stage.COMMENT:
        pass_stage(client, session)
    session.finish("Nice, “quotes”")
    found = list(replies.rows(study))
    assert [tuple(row) for row in found] == [replies.COLUMNS] * 6
    assert [(row["place"], row["question"], row["value"]) for row in found] == [
        ("headphones", "antiphase", "6"), ("headphones", "huggins", "6"), ("before", "age", "33"),
        ("between", "tired", "2"), ("after", "remark", ""), ("end", "comment", "Nice, “quotes”"),
    ]  # fmt: skip
    call_command("export_replies", study.slug, output=tmp_path / "replies.csv")
    with (tmp_path / "replies.csv").open(newline="") as file:
        assert [row["value"] for row in csv.DictReader(file)] == [row["value"] for row in found]
    call_command("export_replies", study.slug, format="json")
    assert '"question": "comment"' in capsys.readouterr().out


def test_the_admin_shows_and_sends_replies_and_lets_items_of_drafts_be_trainings(admin_client, client, tmp_path):
    study = everything(tmp_path)
    session = sitting(study)
    pass_stage(client, session)
    page = admin_client.get(reverse("admin:listening_study_results", args=[study.pk])).content.decode()
    address = reverse("admin:listening_study_replies", args=[study.pk])
    assert address in page
    sent = b"".join(admin_client.get(address).streaming_content).decode()
    assert "before,age,number,age?,33" in sent
    shown = admin_client.get(reverse("admin:listening_session_change", args=[session.pk])).content.decode()
    assert "33" in shown
    draft = stimuli.redraft(study, "again")
    for made, change in [(draft, True), (study, False)]:
        item = made.items.get(name="item1")
        chosen = {"action": "practise", "_selected_action": [item.pk]}
        admin_client.post(reverse("admin:listening_item_changelist"), chosen)
        item.refresh_from_db()
        assert item.training is change


def test_a_questionnaire_is_built_on_the_page_of_a_draft(admin_client, tmp_path):
    study = builders.study(tmp_path)
    questions = admin_client.get(reverse("admin:listening_study_questions", args=[study.pk]))
    assert "questions-TOTAL_FORMS" in questions.content.decode()
    design = admin_client.get(reverse("admin:listening_study_design", args=[study.pk]))
    assert "headphone_rule" in design.content.decode()
