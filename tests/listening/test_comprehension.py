"""Is an attribute understood? The mixture of a practice trial tells; whoever mistook it reads the definition again."""

import uuid

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.urls import reverse

from listening import conformity, presets, stimuli
from listening.anchors import MIXTURE_ANCHORS, RECIPES
from listening.exports import facts, replies, results
from listening.models import Assessor, Comprehension, Condition, Item, Session, Stage, Study
from listening.participant.sitting.pages import MISUNDERSTANDING_REASONS
from listening.presets.comprehension import DESERVED_SCORES
from tests import builders

pytestmark = pytest.mark.django_db


def opened(folder, *, mixture: bool = True, **fields) -> Study:
    """Return a study with two items to practise on, the mixture among their stimuli."""
    own = {"replicates": 0, "items": 3, "comprehension": True, **fields}
    made = builders.study(folder, **own)
    Item.objects.filter(study=made).exclude(name="item2").update(training=True)
    if mixture:
        Condition.objects.filter(study=made, name="low").update(name="interference-anchor")
    made.open()
    return made


def now(session: Session) -> Session:
    return Session.objects.get(pk=session.pk)


def practise(session: Session, *, mixture: float, key: str = "") -> str:
    """Rate the first open trial (of an attribute) and finish it; return its attribute's key."""
    trials = session.trials.open().select_related("attribute", "item", "session__study")
    trial = (trials.filter(attribute__key=key) if key else trials).first()
    for slot in trial.slots.select_related("stimulus__condition"):
        score = mixture if slot.stimulus.condition.name in MIXTURE_ANCHORS else 50
        slot.answer(score, order=1, key=uuid.uuid4())
    assert trial.finish()
    return trial.attribute.key


def step(client, session: Session, name: str = "definition") -> None:
    client.post(reverse("participant:step", args=[session.token, name]))


def found(session: Session) -> list[tuple[str, float, bool]]:
    return list(session.comprehensions.values_list("attribute__key", "score", "understood"))


def html(client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize(
    ("key", "score", "understood"),
    [
        ("quality", 60, True), ("quality", 59.9, False), ("quality", 100, True), ("quality", 0, False),
        ("interference", 40, True), ("interference", 40.1, False), ("interference", 0, True),
    ],
)  # fmt: skip
def test_the_mixture_is_high_on_what_asks_about_the_voice_and_low_on_what_asks_about_the_rest(
    tmp_path, key, score, understood
):
    session = builders.sitting(opened(tmp_path))
    practise(session, mixture=score, key=key)
    assert found(session) == [(key, score, understood)]
    assert now(session).stage == (Stage.TRIAL if understood else Stage.DEFINITION)


def test_whoever_mistook_it_reads_the_definition_once_more_and_goes_on(client, tmp_path):
    study = opened(tmp_path)
    study.attributes.filter(key="interference").update(
        definition="How much of the other instruments is heard.", low="Strong interference", high="No interference"
    )
    session = builders.sitting(study)
    practise(session, mixture=83, key="interference")
    page = html(client, session.get_absolute_url())
    for words in ("Once more: what the question means", "How much of the other instruments is heard.", "83 of 100"):
        assert words in page
    assert "So it belongs near “Strong interference”" in page
    # a reload leads nowhere else
    assert "Once more: what the question means" in html(
        client, session.get_absolute_url()
    )  # a reload leads nowhere else
    for _ in range(2):
        step(client, session)
    assert now(session).stage == Stage.TRIAL
    assert session.comprehensions.get().told_at


def test_the_next_page_after_the_practice_trial_is_the_definition(client, tmp_path):
    session = builders.sitting(opened(tmp_path))
    trial = session.trials.filter(attribute__key="quality").first()
    builders.hear(client, trial)
    for order, slot in enumerate(trial.slots.all()):
        slot.answer(10, order=order, key=uuid.uuid4())
    address = reverse("participant:trial", args=[session.token, trial.position])
    page = client.post(address, follow=True).content.decode()
    assert "Once more: what the question means" in page
    assert "10 of 100" in page
    page = client.post(reverse("participant:step", args=[session.token, "definition"]), follow=True).content.decode()
    assert "listening-trial" in page


def test_each_attribute_is_checked_once_at_its_first_practice_trial(client, tmp_path):
    session = builders.sitting(opened(tmp_path))
    keys = []
    while session.trials.open().filter(item__training=True).exists():
        key = practise(session, mixture=50)
        assert now(session).stage == (Stage.TRIAL if key in keys else Stage.DEFINITION)
        keys.append(key)
        step(client, session)
    assert sorted(keys) == ["interference", "interference", "quality", "quality"]
    assert sorted(found(session)) == [("interference", 50, False), ("quality", 50, False)]


def test_the_definition_comes_before_anything_else_and_survives_another_device(client, tmp_path):
    session = builders.sitting(opened(tmp_path))
    practise(session, mixture=50)
    step(client, session, "pause")
    step(client, session, "go-on")
    assert now(session).stage == Stage.DEFINITION
    assert client.post(reverse("participant:comment", args=[session.token])).status_code == 302
    assert now(session).stage == Stage.DEFINITION


def test_a_trial_that_counts_checks_nothing(client, tmp_path):
    session = builders.sitting(opened(tmp_path))
    for _ in range(4):
        practise(session, mixture=50)
        step(client, session)
    Comprehension.objects.all().delete()
    practise(session, mixture=50)
    assert found(session) == []
    assert now(session).stage == Stage.TRIAL


@pytest.mark.parametrize(
    "fields",
    [{"comprehension": False}, {"mixture": False}, {"attributes": ("global-quality", "similarity")}],
    ids=["not asked for", "no mixture to practise on", "no rule"],
)
def test_without_the_wish_the_mixture_or_a_rule_nothing_is_checked(tmp_path, fields):
    session = builders.sitting(opened(tmp_path, **fields))
    for _ in range(session.trials.count()):
        practise(session, mixture=50)
    assert found(session) == []
    assert now(session).stage == Stage.COMMENT


def test_a_system_that_is_called_like_the_mixture_is_none(tmp_path):
    study = builders.study(tmp_path, comprehension=True)
    study.conditions.filter(name="system0").update(name="interference-anchor")
    study.items.update(training=True)
    study.open()
    session = builders.sitting(study)
    practise(session, mixture=50)
    assert found(session) == []


def test_a_simulated_assessor_never_meets_it(tmp_path):
    study = opened(tmp_path)
    session = Session.objects.begin(study, Assessor.objects.create(simulated=True))
    for trial in session.trials.all():
        for slot in trial.slots.all():
            slot.answer(50, order=1, key=uuid.uuid4())
        trial.finish()
    assert not Comprehension.objects.exists()


def test_every_rule_is_of_an_attribute_that_some_method_asks_and_has_its_words():
    asked = {text.key for method in presets.PRESETS.values() for text in method.attributes}
    assert set(DESERVED_SCORES) <= asked
    assert set(MISUNDERSTANDING_REASONS) == set(DESERVED_SCORES)
    assert set(RECIPES) >= MIXTURE_ANCHORS


def test_what_was_found_is_in_the_replies_the_results_and_on_the_sessions_page(client, tmp_path):
    study = opened(tmp_path)
    for scores in ((80, 20), (20, 20)):
        session = builders.sitting(study)
        for key, score in zip(("quality", "interference"), scores, strict=True):
            practise(session, mixture=score, key=key)
    rows = [row for row in replies.rows(study) if row["place"] == "practice"]
    assert [(row["session"], row["question"], row["value"]) for row in rows] == [
        (0, "quality", "understood"), (0, "interference", "understood"),
        (1, "quality", "misunderstood"), (1, "interference", "understood"),
    ]  # fmt: skip
    assert rows[2]["text"] == "mixture rated 20, 60 to 100 expected"
    assert [(each.attribute, each.understood, each.checked) for each in results.comprehension(study)] == [
        ("Quality", 1, 2), ("Interference", 2, 2),
    ]  # fmt: skip
    client.force_login(User.objects.create_superuser("researcher"))
    shown = " ".join(html(client, reverse("admin:listening_study_results", args=[study.pk])).split())
    assert "Quality understood by 1 of 2 · Interference understood by 2 of 2" in shown
    assert "2 sessions" in html(client, reverse("admin:listening_study_results", args=[study.pk]))
    page = html(client, reverse("admin:listening_session_change", args=[session.pk]))
    assert "Comprehension checks" in page
    assert "20.0" in page


def test_the_wish_is_set_on_a_drafts_page_and_stays_in_a_redraft(admin_client, tmp_path):
    draft = builders.study(tmp_path, comprehension=True)
    assert stimuli.redraft(draft, "again").comprehension
    address = reverse("admin:listening_study_design", args=[draft.pk])
    assert 'name="comprehension"' in html(admin_client, address)
    draft.open()
    assert 'name="comprehension"' not in html(admin_client, address)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "comprehension checked: quality, interference"),
        ({"mixture": False}, "comprehension checked: of nothing"),
        ({"comprehension": False}, "training trials before the test: 4"),
    ],
)
def test_the_finding_about_training_says_whose_comprehension_is_checked(tmp_path, fields, said):
    findings = conformity.check(facts.facts(opened(tmp_path, **fields)))
    (training,) = (each for each in findings if each.clause == "training")
    assert said in training.detail
    assert ("comprehension" in training.detail) == ("comprehension" in said)


def test_the_replies_of_a_checked_study_are_exported_from_the_shell(tmp_path, capsys):
    study = opened(tmp_path)
    practise(builders.sitting(study), mixture=80, key="quality")
    call_command("export_replies", study.slug, format="csv")
    assert ",practice,quality,check," in capsys.readouterr().out
