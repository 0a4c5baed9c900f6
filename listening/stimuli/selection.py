"""A draft of some stimuli only: the next test of what it would be most useful to have rated."""

from collections.abc import Collection

from listening.models import Item, Role, Stimulus, Study
from listening.stimuli.admission import together
from listening.stimuli.drafts import redraft
from lossmodel.errors import BadInput


def select(study: Study, slug: str, chosen: Collection[Stimulus]) -> Study:
    """Return a draft copy of `study` with the systems `chosen`, and the hidden reference and anchors of their items.

    Items to practise on stay as they are. `BadInput` for no stimuli, for those of another study or of no system, for
    an item of which too few are chosen to make a trial (pairs need two), and as from `redraft`; then nothing is kept.
    """
    _check(study, chosen)
    wanted = {(each.item.name, each.condition.name) for each in chosen}
    with together():
        draft = redraft(study, slug)
        rated = Stimulus.objects.filter(item__study=draft, item__training=False)
        systems = rated.filter(condition__role=Role.SYSTEM).select_related("item", "condition")
        unwanted = [each.pk for each in systems if (each.item.name, each.condition.name) not in wanted]
        rated.filter(pk__in=unwanted).delete()
        items = {item for item, _ in wanted}
        Item.objects.filter(study=draft, training=False).exclude(name__in=items).delete()
        draft.conditions.filter(stimuli=None).delete()
        _forget_notes(draft)
        _fit_plan(draft, items)
    return draft


def _check(study: Study, chosen: Collection[Stimulus]) -> None:
    if not chosen:
        raise BadInput("no stimulus was chosen; tick at least one")
    for each in chosen:
        if each.item.study_id != study.pk:
            raise BadInput(f"{each} is not of {study}; choose stimuli of one study at a time")
        if each.condition.role != Role.SYSTEM:
            raise BadInput(f"{each} is {each.condition.get_role_display()}; only systems can be chosen")


def _forget_notes(draft: Study) -> None:
    """Take out of the items' notes what they say of stimuli that are not there any more."""
    for item in draft.items.exclude(note=""):
        there = {"accompaniment", *item.stimuli.values_list("condition__name", flat=True)}
        note = "\n".join(line for line in item.note.splitlines() if line.rpartition(": ")[0] in there)
        Item.objects.filter(pk=item.pk).update(note=note)


def _fit_plan(draft: Study, items: Collection[str]) -> None:
    """Let a session have all items where there are fewer than it would take; refuse an item that makes no trial."""
    shown = set(draft.items.filter(pk__in=draft.design().items).values_list("name", flat=True))
    if alone := sorted(set(items) - shown):
        raise BadInput(f"{alone[0]}: too few of its stimuli were chosen for a trial; choose another one, or none")
    if draft.items_per_session and draft.items_per_session >= len(items):
        Study.objects.filter(pk=draft.pk).update(items_per_session=None)
        draft.items_per_session = None
