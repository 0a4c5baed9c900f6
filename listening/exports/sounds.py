"""The sounds of a study: a table of what each item is heard as, and a row for each with what was done to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch

from listening.intake.names import by_numbers
from listening.models import Audio, Condition, Item, Reference, Stimulus, Study

COLUMNS = (
    "study", "item", "training", "heard_as", "role", "delivered_as", "treatment", "gain_db", "loudness_lufs", "peak",
    "rate", "channels", "frames", "sha256",
)  # fmt: skip


@dataclass(frozen=True)
class Heard:
    """One sound of an item: the name and role it is heard under."""

    name: str
    role: str
    audio: Audio


@dataclass(frozen=True)
class Material:
    """A study's conditions, and its items with their sounds in that order (None where an item has none)."""

    conditions: tuple[Condition, ...]
    items: tuple[tuple[Item, tuple[Heard, ...], tuple[Audio | None, ...]], ...]


def material(study: Study) -> Material:
    """Return what the study has, in a handful of queries."""
    conditions = tuple(study.conditions.order_by("role", "name"))
    own = []
    for item in sorted(_items(study), key=lambda item: by_numbers(item.name)):
        sounds = {stimulus.condition_id: stimulus.audio for stimulus in item.stimuli.all()}
        own.append((item, tuple(_open(item)), tuple(sounds.get(each.pk) for each in conditions)))
    return Material(tuple(conditions), tuple(own))


def rows(study: Study) -> Iterator[dict[str, Any]]:
    """Yield a row of `COLUMNS` for every sound that an item is heard as."""
    for item in _items(study):
        rated = (Heard(each.condition.name, each.condition.role, each.audio) for each in item.stimuli.all())
        for heard in (*_open(item), *rated):
            yield _row(study, item, heard)


def _items(study: Study) -> Any:
    stimuli = Stimulus.objects.select_related("condition", "audio").order_by("condition__role", "condition__name")
    references = Reference.objects.select_related("audio").order_by("position", "pk")
    return (
        study.items.select_related("mixture", "accompaniment")
        .prefetch_related(Prefetch("stimuli", stimuli), Prefetch("references", references))
        .order_by("name")
    )


def _open(item: Item) -> Iterator[Heard]:
    """Yield what is heard of an item by its name: references, mixture, accompaniment."""
    for reference in item.references.all():
        yield Heard(reference.name, "open reference", reference.audio)
    for name in ("mixture", "accompaniment"):
        if sound := getattr(item, name):
            yield Heard(name, name, sound)


def _row(study: Study, item: Item, heard: Heard) -> dict[str, Any]:
    sound = heard.audio
    values = (
        study.slug, item.name, item.training, heard.name, heard.role, sound.delivered_as, sound.treatment,
        round(sound.gain, 2), sound.loudness, sound.peak, sound.rate, sound.channels, sound.frames, sound.sha256,
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))
