"""Small studies with real (synthetic) sound, built through the same doors as everything else."""

import json
import uuid
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from django.urls import reverse

from listening.models import (
    Assessor,
    Attribute,
    Audio,
    Condition,
    Item,
    Reference,
    Role,
    Session,
    Stimulus,
    Study,
    Trial,
)
from listening.participant.sounds import hidden_sounds, open_sounds
from listening.stimuli.proof import Proof, measured
from lossmodel import audio
from lossmodel.files import sha256

RATE = 8000


def tone(frequency: float = 220.0, *, seconds: float = 0.5, rate: int = RATE, channels: int = 1) -> audio.Audio:
    """Return a sine at -12 dBFS."""
    time = np.arange(round(seconds * rate)) / rate
    return audio.Audio(np.tile(0.25 * np.sin(2 * np.pi * frequency * time), (channels, 1)).astype(np.float32), rate)


def stored(sound: audio.Audio, name: str, folder: Path) -> Audio:
    """Return an Audio row for `sound`, its file under media and beside it in `folder`."""
    from django.core.files.base import ContentFile

    written, digest, proof = encoded(sound.samples.tobytes(), sound.channels, sound.rate)
    path = folder / f"{name}.flac"
    path.write_bytes(written)
    return Audio.objects.create(
        file=ContentFile(written, name="x.flac"), sha256=digest, rate=sound.rate, channels=sound.channels,
        frames=sound.frames, loudness=-24.0, peak=proof.peak, crc32=proof.crc32, delivered_as=path.name,
    )  # fmt: skip


@lru_cache(maxsize=1000)
def encoded(samples: bytes, channels: int, rate: int) -> tuple[bytes, str, Proof]:
    """Return a FLAC of float32 samples, its hash and its proof: most tests ask for the same few tones."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "sound.flac"
        sound = np.frombuffer(samples, np.float32).reshape(channels, -1)
        audio.write(path, audio.Audio(sound, rate), subtype="PCM_16")
        return path.read_bytes(), sha256(path), measured(path)


def study(
    folder: Path, *, items: int = 2, systems: int = 2, attributes=("quality", "interference"), sound=tone, **fields
) -> Study:
    """Return a study whose every item has `systems` systems, a hidden reference and an anchor, as tones.

    `sound(frequency)` makes another sound instead.
    """
    made = Study.objects.create(**{"slug": "tones", "title": "Tones", "preset": "ward-2", "rate": RATE, **fields})
    for position, key in enumerate(attributes):
        Attribute.objects.create(
            study=made, key=key, name=key.title(), question=f"{key}?", low="worst", high="best", position=position
        )
    roles = {f"system{n}": Role.SYSTEM for n in range(systems)} | {"hidden": Role.REFERENCE, "low": Role.ANCHOR}
    conditions = [Condition.objects.create(study=made, name=name, role=role) for name, role in roles.items()]
    for number in range(items):
        _item(made, number, conditions, folder, sound)
    return made


def _item(made: Study, number: int, conditions: list[Condition], folder: Path, sound) -> Item:
    mixture = stored(sound(110.0 * (number + 2)), f"mixture{number}", folder)
    item = Item.objects.create(study=made, name=f"item{number}", mixture=mixture)
    Reference.objects.create(item=item, audio=stored(sound(220.0 * (number + 2)), f"reference{number}", folder))
    for place, condition in enumerate(conditions):
        own = stored(sound(200.0 * (number + 2) + 50 * place), f"{condition.name}{number}", folder)
        Stimulus.objects.create(item=item, condition=condition, audio=own)
    return item


def sitting(made: Study) -> Session:
    """Return a new session of somebody new, at its first trial where the study asks for nothing before."""
    session = Session.objects.begin(made, Assessor.objects.create())
    session.consent()
    session.instruct()
    return session


def hear(http, trial: Trial, tokens: Iterable[str] | None = None, *, until: float | None = None) -> None:
    """Let the page of `trial` tell what its mixer played: its sounds, or those of `tokens`, each to its end.

    With `until` (s) only as far as that.
    """
    sounds = [each for each in [*open_sounds(trial), *hidden_sounds(trial)] if tokens is None or each.token in tokens]
    events: list[dict[str, Any]] = []
    for sound in sounds:
        end = sound.audio.seconds if until is None else until
        events.append({"kind": "heard", "sound": sound.token, "value": 0.0, "until": end})
        events += [{"kind": "whole", "sound": sound.token}] * (end >= sound.audio.seconds)
    tell(http, trial, *events)


def tell(http, trial: Trial, *events: dict[str, Any]) -> Any:
    """Post `events` as one load of the page of `trial` does; return the response, which must be good."""
    own = [{"order": order, "at": 1_790_000_000_000 + order} | each for order, each in enumerate(events, start=1)]
    body = {"load": str(uuid.uuid4()), "trial": trial.position, "client": {"exact": True}, "events": own}
    address = reverse("participant:events", args=[trial.session.token])
    response = http.post(address, json.dumps(body), content_type="application/json")
    assert response.status_code == 200, response.content
    return response
