"""A draft of chosen stimuli: they, the hidden references and anchors of their items, and nothing else."""

import pytest

from listening import stimuli
from listening.models import Item, Stimulus, Study
from lossmodel.errors import BadInput
from tests import builders

pytestmark = pytest.mark.django_db


def chosen(study, *keys):
    return [Stimulus.objects.get(item__study=study, item__name=item, condition__name=name) for item, name in keys]


def contents(study):
    rows = Stimulus.objects.filter(item__study=study).values_list("item__name", "condition__name")
    return set(rows)


def test_chosen_systems_come_with_the_reference_and_anchors_of_their_items(tmp_path):
    study = builders.study(tmp_path, items=3, systems=3)
    draft = stimuli.select(
        study, "next", chosen(study, ("item0", "system1"), ("item2", "system0"), ("item2", "system2"))
    )
    assert contents(draft) == {
        ("item0", "system1"), ("item0", "hidden"), ("item0", "low"),
        ("item2", "system0"), ("item2", "system2"), ("item2", "hidden"), ("item2", "low"),
    }  # fmt: skip
    assert draft.status == "draft"
    assert draft.seed != study.seed
    assert len(contents(study)) == 15


def test_sounds_are_shared_and_conditions_without_any_are_left_behind(tmp_path):
    study = builders.study(tmp_path, items=2, systems=2)
    one = chosen(study, ("item0", "system0"))
    draft = stimuli.select(study, "next", one)
    assert set(draft.conditions.values_list("name", flat=True)) == {"system0", "hidden", "low"}
    assert chosen(draft, ("item0", "system0"))[0].audio == one[0].audio


def test_what_was_noted_of_a_sound_goes_where_the_sound_goes(tmp_path):
    study = builders.study(tmp_path, items=2, systems=2)
    lines = [f"{name}: silent (every sample is 0)" for name in ("system0", "system1", "accompaniment")]
    Item.objects.filter(study=study).update(note="\n".join(lines))
    draft = stimuli.select(study, "next", chosen(study, ("item0", "system1"), ("item1", "system0")))
    assert dict(draft.items.values_list("name", "note")) == {
        "item0": "\n".join(lines[1:]), "item1": "\n".join([lines[0], lines[2]]),
    }  # fmt: skip


def test_items_to_practise_on_stay(tmp_path):
    study = builders.study(tmp_path, items=3, systems=2)
    Item.objects.filter(study=study, name="item1").update(training=True)
    draft = stimuli.select(study, "next", chosen(study, ("item0", "system0")))
    assert set(draft.items.values_list("name", flat=True)) == {"item0", "item1"}
    assert ("item1", "system1") in contents(draft)


def test_a_session_takes_all_items_where_fewer_are_left_than_it_took(tmp_path):
    study = builders.study(tmp_path, items=4, systems=2, items_per_session=3)
    one = stimuli.select(study, "next", chosen(study, ("item0", "system0")))
    assert one.items_per_session is None
    every = stimuli.select(study, "all", chosen(study, *((f"item{n}", "system0") for n in range(4))))
    assert every.items_per_session == 3


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ((), "no stimulus was chosen"),
        ((("item0", "hidden"),), "only systems can be chosen"),
    ],
)
def test_what_cannot_be_drafted_is_refused_and_leaves_nothing(tmp_path, keys, complaint):
    study = builders.study(tmp_path)
    with pytest.raises(BadInput, match=complaint):
        stimuli.select(study, "next", chosen(study, *keys))
    assert Study.objects.count() == 1


def test_stimuli_of_another_study_are_refused(tmp_path):
    study, other = builders.study(tmp_path), builders.study(tmp_path, slug="other")
    with pytest.raises(BadInput, match="choose stimuli of one study at a time"):
        stimuli.select(study, "next", chosen(other, ("item0", "system0")))


def test_a_lone_system_where_pairs_are_compared_is_refused_and_leaves_nothing(tmp_path):
    study = builders.study(tmp_path, systems=3, preset="ab")
    with pytest.raises(BadInput, match="item0: too few of its stimuli"):
        stimuli.select(study, "next", chosen(study, ("item0", "system0"), ("item1", "system0"), ("item1", "system1")))
    assert not Study.objects.filter(slug="next").exists()
    assert stimuli.select(study, "next", chosen(study, ("item1", "system0"), ("item1", "system1")))


def test_a_name_that_is_taken_is_refused(tmp_path):
    study = builders.study(tmp_path)
    with pytest.raises(BadInput, match="choose another slug"):
        stimuli.select(study, "tones", chosen(study, ("item0", "system0")))
