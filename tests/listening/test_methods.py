"""Every test method from plan to table: what a page shows, what may be answered, what comes of it."""

import io
import json
import uuid
from collections import Counter

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.urls import reverse

from listening import tasks
from listening.conformity import check
from listening.exports import facts, replies, results
from listening.exports import ratings as export
from listening.importers import import_study
from listening.models import Attribute, Rating, Slot, Study
from listening.participant.trial_page import shortfall, trial_page
from listening.presets import PRESETS, Form, preset
from listening.stimuli import new_study
from listening.tasks.fit import _ratings
from lossmodel import audio
from lossmodel.errors import BadInput
from lossmodel.ratings import reliability, table
from tests import builders
from tests.listening import panel

pytestmark = pytest.mark.django_db

FORMS = ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")


def made_by(key: str, folder, **fields) -> Study:
    """Return an open study of two items under two systems, the hidden reference and an anchor."""
    made = builders.study(folder, **{"preset": key, "attributes": ("quality",), "replicates": 0, **fields})
    made.open()
    return made


def shown(trial) -> Counter:
    return Counter(trial.slots.values_list("stimulus__condition__name", flat=True))


def post(client, slot: Slot, score: float):
    url = reverse("participant:answers", args=[slot.trial.session.token])
    body = {"slot": slot.token, "score": score, "order": 1, "key": str(uuid.uuid4())}
    return client.post(url, json.dumps(body), content_type="application/json")


@pytest.mark.parametrize("key", PRESETS)
def test_a_study_of_every_method_can_be_simulated_exported_and_read_by_the_learning_side(key, tmp_path):
    study = panel.voices(tmp_path, items=2, preset=key, attention=1, replicates=1, attributes=("quality", "noise"))
    sessions = tasks.simulate(study, 2, seed=3)
    assert all(session.finished_at for session in sessions)
    assert not Slot.objects.filter(rating=None).exists()
    assert all(shortfall(trial) == "" or study.rules.one_full for session in sessions for trial in session.trials.all())
    path = tmp_path / "ratings.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        count = export.write_csv(study, file)
    frame = table.read(path)
    assert len(frame) == count == results.ratings(study).count() > 0
    assert frame["simulated"].all()
    if offered := {score for _label, score in study.rules.options}:
        assert set(frame["score"].round(2)) <= {round(score, 2) for score in offered}
    for write in export.WRITERS.values():
        assert write(study, io.BytesIO() if write is export.write_parquet else io.StringIO(), export.silent) == count
    assert export.freeze(study).rows == count


@pytest.mark.parametrize("key", PRESETS)
def test_a_page_of_every_method_is_served_without_a_condition_in_it(key, client, tmp_path):
    study = made_by(key, tmp_path, attention=1)
    for condition in study.conditions.all():
        study.conditions.filter(pk=condition.pk).update(name=f"zq-{condition.pk}")
    page = client.get(builders.sitting(study).get_absolute_url())
    text = page.content.decode()
    assert page.status_code == 200
    assert ("<stimulus-column" in text) is (study.rules.form == Form.SCALE)
    assert ("<choice-list>" in text) is (study.rules.form != Form.SCALE)
    assert ('class="open-sound"' in text) is study.rules.open_reference
    assert "zq-" not in text
    assert "attention" not in text


def test_grades_are_given_one_stimulus_at_a_time_all_of_them(tmp_path):
    trials = list(builders.sitting(made_by("dcr", tmp_path)).trials.all())
    assert [sum(shown(trial).values()) for trial in trials] == [1] * 8
    assert sum((shown(trial) for trial in trials), Counter()) == dict.fromkeys(
        ("system0", "system1", "hidden", "low"), 2
    )


def test_in_a_preference_the_systems_meet_and_nobody_else(tmp_path):
    trials = builders.sitting(made_by("ab", tmp_path, systems=3)).trials.all()
    assert len(trials) == 2 * 3
    assert all(len(shown(trial)) == 2 and not {"hidden", "low"} & set(shown(trial)) for trial in trials)


def test_in_a_comparison_every_stimulus_meets_the_hidden_reference(tmp_path):
    trials = builders.sitting(made_by("ccr", tmp_path)).trials.all()
    assert len(trials) == 2 * 3
    assert all(shown(trial)["hidden"] == 1 for trial in trials)


def test_what_cannot_be_compared_makes_no_page(tmp_path):
    study = made_by("ab", tmp_path, systems=1)
    assert study.design().items == {}
    assert not builders.sitting(study).trials.exists()


def test_only_an_offered_grade_is_stored(client, tmp_path):
    slot = builders.sitting(made_by("acr", tmp_path)).trials.first().slots.get()
    builders.hear(client, slot.trial)
    refused = post(client, slot, 60)
    assert refused.status_code == 400
    assert refused.json()["error"].startswith("score")
    assert not Rating.objects.exists()
    assert post(client, slot, 75).status_code == 200
    assert Rating.objects.get().score == 75


def test_the_two_of_a_pair_share_a_hundred_and_a_page_where_they_do_not_is_asked_again(client, tmp_path):
    trial = builders.sitting(made_by("ab", tmp_path)).trials.first()
    first, second = trial.slots.all()
    builders.hear(client, trial)
    post(client, first, 0)
    assert shortfall(trial) == "Please choose an answer."
    post(client, second, 50)
    assert shortfall(trial) == "Please choose an answer."
    first.answer(50, order=2, key=uuid.uuid4())
    assert shortfall(trial) == ""


def test_the_answer_that_was_given_is_checked_when_the_page_comes_again(tmp_path):
    trial = builders.sitting(made_by("ccr", tmp_path)).trials.first()
    first, second = trial.slots.all()
    assert not any(choice.chosen for choice in trial_page(trial).choices)
    first.answer(100 - 66.667, order=1, key=uuid.uuid4())
    second.answer(66.667, order=1, key=uuid.uuid4())
    assert [choice.label for choice in trial_page(trial).choices if choice.chosen] == ["Slightly better"]
    assert next(choice.label for choice in trial_page(trial).choices) == "Much better"


def test_the_mean_of_a_preference_is_the_share_of_pairs_won(tmp_path):
    study = made_by("ab", tmp_path)
    session = builders.sitting(study)
    for trial in session.trials.all():
        for slot in trial.slots.select_related("stimulus__condition"):
            slot.answer(100 if slot.stimulus.condition.name == "system0" else 0, order=1, key=uuid.uuid4())
    means = {mean.condition: mean.mean for mean in results.means(study)}
    assert means == {"system0": 100, "system1": 0}


def test_a_stimulus_that_meets_two_others_keeps_both_ratings_and_its_replicates_find_each_other(tmp_path):
    study = made_by("ab", tmp_path, systems=3, replicates=1)
    for _ in range(2):
        for number, slot in enumerate(Slot.objects.filter(trial__session=builders.sitting(study)).order_by("stimulus")):
            slot.answer((0, 50, 100)[number % 3], order=1, key=uuid.uuid4())
    path = tmp_path / "ratings.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        export.write_csv(study, file)
    frame = table.read(path)
    own = frame[(frame["assessor"] == frame["assessor"][0]) & (frame["item"] == "item0") & (frame["replicate"] == 0)]
    assert set(Counter(own["condition"]).values()) == {2}
    again = reliability.retest(frame)
    assert again.n == 2
    assert -1 <= again.value <= 1


def test_the_findings_say_that_grades_and_pairs_are_not_mushra(tmp_path):
    for number, key in enumerate(("dcr", "ab", "mushra-nmr")):
        folder = tmp_path / key
        folder.mkdir()
        found = {each.clause: each for each in check(facts.facts(made_by(key, folder, slug=f"s{number}")))}
        assert found["method"].met is False
        assert "not MUSHRA" in found["method"].detail


def test_a_new_study_takes_its_methods_attention_trials_unless_told_otherwise():
    assert new_study("a", "A", "dcr").attention == preset("dcr").attention == 1
    assert new_study("b", "B", "dcr", attention=0).attention == 0
    assert new_study("c", "C", "ward-2").attention == 0


def test_a_study_may_change_rules_of_its_method_and_no_others(client, tmp_path):
    study = made_by("mushra", tmp_path, changed_rules={"start": "none", "one_full": False})
    assert (study.rules.start, study.rules.one_full) == ("none", False)
    assert study.rules.show_number
    trial = builders.sitting(study).trials.first()
    assert json.dumps(trial_page(trial).settings)
    builders.hear(client, trial)
    for slot in trial.slots.all():
        slot.answer(40, order=1, key=uuid.uuid4())
    assert shortfall(trial) == ""
    with pytest.raises(ValidationError, match="form"):
        Study(slug="x", title="X", preset="mushra", changed_rules={"form": "pair"}).full_clean()


def test_without_the_middle_choice_it_may_not_be_answered(client, tmp_path):
    study = made_by("ab", tmp_path, changed_rules={"ties": False})
    slot = builders.sitting(study).trials.first().slots.first()
    assert [choice.label for choice in trial_page(slot.trial).choices] == ["1 is better", "2 is better"]
    assert post(client, slot, 50).status_code == 400


def test_a_slot_keeps_its_part_so_that_one_session_holds_each_page_once(tmp_path):
    session = builders.sitting(made_by("ccr", tmp_path, replicates=1))
    pages = session.trials.values_list("attribute", "item", "part", "replicate")
    assert len(set(pages)) == len(pages) == 6 + 3
    assert Attribute.objects.count() == 1


@pytest.mark.parametrize(
    ("key", "conditions"), [("mushra", {"hidden", "low"}), ("dcr", {"hidden"}), ("ab", {"hidden", "low"})]
)
def test_an_attention_trial_asks_for_the_hidden_reference(key, conditions, tmp_path):
    trials = builders.sitting(made_by(key, tmp_path, attention=1)).trials.all()
    watching = [trial for trial in trials if trial.attention]
    assert [set(shown(trial)) for trial in watching] == [conditions]


def test_attention_trials_count_nowhere_and_are_told_apart_from_ratings(admin_client, tmp_path):
    study = made_by("dcr", tmp_path, attention=2)
    for score in (100, 50):
        for slot in Slot.objects.filter(trial__session=builders.sitting(study)):
            slot.answer(score if slot.trial.attention else 25, order=1, key=uuid.uuid4())
    assert len(list(export.rows(study))) == results.ratings(study).count() == 2 * 8
    assert {row["score"] for row in export.rows(study)} == {25}
    assert export.freeze(study).rows == 16
    told = [row for row in replies.rows(study) if row["question"] == "attention"]
    assert [row["value"] for row in told] == ["right"] * 2 + ["wrong"] * 2
    assert "hidden reference rated 100, right from 75" in told[0]["text"]
    page = admin_client.get(reverse("admin:listening_session_change", args=[study.sessions.last().pk])).content.decode()
    assert page.count("wrong") == 2


def test_a_study_without_a_hidden_reference_has_no_attention_trial(tmp_path):
    study = made_by("acr", tmp_path, attention=1)
    study.conditions.filter(name="hidden").update(role="system")
    assert not builders.sitting(study).trials.filter(attention=True).exists()


def test_rules_are_changed_in_the_admin_and_stay_once_the_study_is_open(admin_client, tmp_path):
    study = builders.study(tmp_path, preset="ab", attributes=("quality",))
    url = reverse("admin:listening_study_design", args=[study.pk])
    form = admin_client.get(url).context["adminform"].form
    data = {name: "" if value is None else value for name, value in form.initial.items() if name != "changed_rules"}
    sets = {f"{name}-{count}": 0 for name in ("attributes", "questions", "conditions") for count in FORMS}
    chosen = {"changed_rules_start": "none", "changed_rules_ties": "no", "attention": 2}
    admin_client.post(url, data | sets | chosen)
    study.refresh_from_db()
    assert study.changed_rules == {"start": "none", "ties": False}
    assert study.attention == 2
    shown_again = admin_client.get(url).context["adminform"].form["changed_rules"].as_widget()
    assert '<option value="none" selected>' in shown_again
    study.open()
    assert "changed_rules" not in admin_client.get(url).context["adminform"].form.fields


def test_a_study_in_which_nobody_meets_is_not_opened(admin_client, tmp_path):
    study = builders.study(tmp_path, preset="ab", attributes=("quality",), systems=1)
    action = {"action": "open", "_selected_action": [study.pk]}
    answer = admin_client.post(reverse("admin:listening_study_changelist"), action, follow=True)
    assert "has nothing to rate yet" in answer.content.decode()


def test_a_folder_becomes_a_study_of_any_method(tmp_path):
    for condition, frequency in (("reference", 220.0), ("net", 330.0)):
        path = tmp_path / "songs" / condition / "anna.wav"
        path.parent.mkdir(parents=True)
        audio.write(path, builders.tone(frequency, rate=22050, seconds=1.0))
    call_command("import_study", tmp_path / "songs", format="folder", preset="acr")
    study = Study.objects.get()
    assert (study.preset, study.attention) == ("acr", 1)
    assert set(study.conditions.values_list("name", flat=True)) == {"net", "hidden-reference", "lowpass-3500"}
    with pytest.raises(BadInput, match="use it only with a folder"):
        import_study(tmp_path, "waet", preset="acr")


def test_whoever_grades_the_hidden_reference_four_of_five_without_a_reference_is_kept_for_a_fit(tmp_path):
    study = made_by("acr", tmp_path)
    for slot in Slot.objects.filter(trial__session=builders.sitting(study)):
        slot.answer(75, order=1, key=uuid.uuid4())
    frozen = export.freeze(study)
    kept, screened = _ratings([frozen])
    assert len(kept) == 8
    assert screened[str(frozen)]["exclusions"] == []
    assert any("rules not applied" in note for note in screened[str(frozen)]["notes"])
