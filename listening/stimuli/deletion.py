"""A draft goes with its material: rows, and the files of sounds that nothing else uses."""

from django.db import transaction
from django.db.models import Q, QuerySet

from listening.models import Audio, Item, Reference, Session, Stimulus, Study
from lossmodel.errors import BadInput


@transaction.atomic
def delete_draft(study: Study) -> int:
    """Delete a draft with its items, conditions and sounds; return how many sounds went.

    Sounds that another study uses stay, and so do their files. Raises `BadInput` unless it is a draft that nobody sat
    and nothing was made from. Files go once the rows are gone for good.
    """
    study = Study.objects.select_for_update().get(pk=study.pk)
    if why_not := undeletable(study):
        raise BadInput(f"{study}: {why_not}")
    Session.every.filter(study=study, preview=True).delete()
    sounds = list(_sounds(study).values_list("pk", flat=True))
    Stimulus.objects.filter(item__study=study).delete()
    study.delete()
    unused = _unused(sounds)
    files = [(each.file.storage, each.file.name) for each in unused]
    unused.delete()
    for storage, name in files:
        transaction.on_commit(lambda storage=storage, name=name: storage.delete(name))  # type: ignore[misc]
    return len(files)


def undeletable(study: Study) -> str:
    """Return why a study cannot be deleted; "" for a draft that nobody sat and nothing was made from."""
    if study.status != Study.Status.DRAFT:
        return f"it is {study.status}, and only drafts can be deleted; archive it"
    if study.sessions.exists() or study.rating_sets.exists():
        return "it has ratings; close and archive it"
    return "a rendering was made of its items; cancel that and delete it first" if study.renderings.exists() else ""


def _sounds(study: Study) -> "QuerySet[Audio]":
    return Audio.objects.filter(_used(Q(study=study), Q(item__study=study)))


def _unused(sounds: list[int]) -> "QuerySet[Audio]":
    """Return which of `sounds` no study uses."""
    return Audio.objects.filter(pk__in=sounds).exclude(_used(Q(), Q()))


def _used(of_items: Q, of_parts: Q) -> Q:
    """Return the condition that a sound is used by the items so chosen, or by their stimuli and references."""
    items = Item.objects.filter(of_items)
    parts = [kind.objects.filter(of_parts).values("audio") for kind in (Stimulus, Reference)]
    ends = [items.exclude(**{name: None}).values(name) for name in ("mixture", "accompaniment")]
    return Q(pk__in=parts[0]) | Q(pk__in=parts[1]) | Q(pk__in=ends[0]) | Q(pk__in=ends[1])
