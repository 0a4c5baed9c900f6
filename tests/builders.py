"""Small studies with real (synthetic) sound, built through the same doors as everything else."""

from pathlib import Path

import numpy as np

from listening.models import Attribute, Audio, Condition, Item, Reference, Role, Stimulus, Study
from lossmodel import audio

RATE = 8000


def tone(frequency: float = 220.0, *, seconds: float = 0.5, rate: int = RATE, channels: int = 1) -> audio.Audio:
    """Return a sine at -12 dBFS."""
    time = np.arange(round(seconds * rate)) / rate
    return audio.Audio(np.tile(0.25 * np.sin(2 * np.pi * frequency * time), (channels, 1)).astype(np.float32), rate)


def stored(sound: audio.Audio, name: str, folder: Path) -> Audio:
    """Return an Audio row for `sound`, its file under media."""
    from django.core.files import File

    path = folder / f"{name}.flac"
    audio.write(path, sound, subtype="PCM_16")
    with path.open("rb") as file:
        return Audio.objects.create(
            file=File(file, name="x.flac"), sha256="0" * 64, rate=sound.rate, channels=sound.channels,
            frames=sound.frames, loudness=-24.0, peak=sound.peak, delivered_as=path.name,
        )  # fmt: skip


def study(folder: Path, *, items: int = 2, systems: int = 2, attributes=("quality", "interference"), **fields) -> Study:
    """Return a study whose every item has `systems` systems, a hidden reference and an anchor, as tones."""
    made = Study.objects.create(**{"slug": "tones", "title": "Tones", "preset": "ward-2", "rate": RATE, **fields})
    for position, key in enumerate(attributes):
        Attribute.objects.create(
            study=made, key=key, name=key.title(), question=f"{key}?", low="worst", high="best", position=position
        )
    roles = {f"system{n}": Role.SYSTEM for n in range(systems)} | {"hidden": Role.REFERENCE, "low": Role.ANCHOR}
    conditions = [Condition.objects.create(study=made, name=name, role=role) for name, role in roles.items()]
    for number in range(items):
        _item(made, number, conditions, folder)
    return made


def _item(made: Study, number: int, conditions: list[Condition], folder: Path) -> Item:
    mixture = stored(tone(110.0 * (number + 2)), f"mixture{number}", folder)
    item = Item.objects.create(study=made, name=f"item{number}", mixture=mixture)
    Reference.objects.create(item=item, audio=stored(tone(220.0 * (number + 2)), f"reference{number}", folder))
    for place, condition in enumerate(conditions):
        sound = stored(tone(200.0 * (number + 2) + 50 * place), f"{condition.name}{number}", folder)
        Stimulus.objects.create(item=item, condition=condition, audio=sound)
    return item
