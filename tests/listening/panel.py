"""Studies that can be learned from: voices over accompaniment, separated more and less well, and a panel's ratings."""

from pathlib import Path

import numpy as np

from listening.models import Assessor, Condition, Item, Rating, Reference, Role, Session, Slot, Stimulus, Study
from lossmodel import audio
from tests.builders import stored, study

RATE = 22050
LEAKS = {"good": 0.1, "fair": 0.3, "poor": 0.7}
"""Systems, and how much of the accompaniment they leave."""
DESERVED = {"good": 80, "fair": 50, "poor": 20, "hidden": 100}


def voices(folder: Path, *, items: int = 3, **fields) -> Study:
    """Return an open study of `items` songs of 1.5 s, with three systems and the hidden reference."""
    made = study(
        folder, **{"slug": "voices", "rate": RATE, "items": 0, "systems": 0, "attributes": ("quality",), **fields}
    )
    made.conditions.all().delete()
    rows = {name: Condition.objects.create(study=made, name=name) for name in LEAKS}
    hidden = Condition.objects.create(study=made, name="hidden", role=Role.REFERENCE)
    for number in range(items):
        voice, band = song(number)
        item = Item.objects.create(
            study=made, name=f"song{number}", mixture=stored(mixed(voice, band, 1.0), f"mixture{number}", folder)
        )
        reference = stored(mixed(voice, band, 0.0), f"voice{number}", folder)
        Reference.objects.create(item=item, audio=reference)
        Stimulus.objects.create(item=item, condition=hidden, audio=reference)
        for name, leak in LEAKS.items():
            sound = stored(mixed(voice, band, leak), f"{name}{number}", folder)
            Stimulus.objects.create(item=item, condition=rows[name], audio=sound)
    made.open()
    return made


def rate(made: Study, *, assessors: int = 4, simulated: bool = False) -> list[Session]:
    """Let people rate everything: what each system deserves, each with their own offset."""
    return [_sit(made, Assessor.objects.create(simulated=simulated), number) for number in range(assessors)]


def song(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a gliding harmonic voice and a noisy band, (frames,)."""
    rng = np.random.default_rng(number)
    time = np.arange(round(1.5 * RATE)) / RATE
    pitch = 180 + 40 * number + 20 * np.sin(2 * np.pi * 2 * time)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    voice = sum(np.sin(k * phase) / k for k in range(1, 12)) * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * time))
    beat = np.exp(-8 * (time * 4 % 1))
    band = 0.3 * rng.standard_normal(len(time)) * beat + np.sin(2 * np.pi * (90 + 10 * number) * time)
    return 0.1 * voice, 0.1 * band


def mixed(voice: np.ndarray, band: np.ndarray, leak: float) -> audio.Audio:
    """Return the voice with a share of the band."""
    return audio.Audio((voice + leak * band)[None].astype(np.float32), RATE)


def _sit(made: Study, assessor: Assessor, number: int) -> Session:
    session = Session.objects.begin(made, assessor)
    for slot in Slot.objects.filter(trial__session=session).select_related("stimulus__condition", "stimulus__item"):
        deserved = DESERVED[slot.stimulus.condition.name]
        own = deserved if deserved == 100 else deserved + 3 * number + int(slot.stimulus.item.name[-1])
        Rating.objects.create(slot=slot, score=own)
    session.trials.update(finished_at=session.created_at)
    Session.objects.filter(pk=session.pk).update(finished_at=session.created_at)
    return session
