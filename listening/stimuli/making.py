"""All sounds of an item are made together: treated, its anchors rendered, levelled, turned down alike, written as FLAC.

Knows no table, so that items are made side by side in threads; what was made is found again by its stamp, so that a
preparation that was interrupted goes on where it was.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from listening import anchors
from listening.intake.measure import load, true_peak
from listening.intake.names import ACCOMPANIMENT, MIXTURE, is_reference
from listening.intake.treatment import Treatment
from listening.stimuli.admission import Take, Written, bits_of, written
from lossmodel import audio
from lossmodel.errors import BadInput
from lossmodel.files import atomic_folder, read_json, write_json

CARD = "made.json"
MAKING = 1
"""Rises when the same files would be made into other sounds."""


@dataclass(frozen=True)
class Delivery:
    """One delivered sound of an item, and what is to be done to it."""

    column: str
    path: Path
    delivered_as: str
    treatment: Treatment

    @property
    def facts(self) -> list[object]:
        """Return what its sound depends on."""
        changed = self.path.stat().st_mtime_ns
        return [self.column, str(self.path), changed, self.delivered_as, self.treatment.to_json()]


@dataclass(frozen=True)
class Work:
    """An item's sounds, and the anchors that are rendered of them."""

    item: str
    deliveries: tuple[Delivery, ...]
    anchors: tuple[str, ...]
    loudness: float | None
    seed: int

    @property
    def stamp(self) -> str:
        """Return what changes with everything that the sounds depend on."""
        files = [delivery.facts for delivery in self.deliveries]
        recipes = [anchors.recipe(name).description for name in self.anchors]
        whole = [MAKING, self.item, files, recipes, self.loudness, self.seed]
        return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Made:
    """The sounds of an item: what is known of each by its column; their files are `<folder>/<number>.flac`."""

    item: str
    folder: Path
    sounds: Mapping[str, Written]
    turned_down: float = 0.0
    """dB by which all were turned down, so that none clips."""

    def path(self, column: str) -> Path:
        """Return the file of a column."""
        return self.folder / f"{list(self.sounds).index(column)}.flac"


def make(work: Work, folder: Path) -> Made:
    """Return the item's sounds, written below `folder`; those that a preparation before wrote of the same are taken."""
    stamp = work.stamp
    own = folder / stamp[:16]
    if (own / CARD).is_file():
        return _kept(work, own)
    takes = {each.column: _treated(each) for each in work.deliveries}
    told = {each.column: _told(each) for each in work.deliveries}
    takes |= {name: _anchor(work, name, takes) for name in work.anchors}
    gains, loudness = _levelled(takes, work.loudness)
    down = _headroom(takes, gains)
    with atomic_folder(own) as inside:
        sounds = {
            name: _write(take, inside / f"{number}.flac", gains[name] - down, loudness[name], told.get(name, ""), down)
            for number, (name, take) in enumerate(takes.items())
        }
        card = {"sounds": {name: asdict(each) for name, each in sounds.items()}, "turned_down": down}
        write_json(inside / CARD, card)
    return Made(work.item, own, sounds, down)


def _kept(work: Work, own: Path) -> Made:
    card = read_json(own / CARD)
    return Made(work.item, own, {name: Written(**each) for name, each in card["sounds"].items()}, card["turned_down"])


def _treated(delivery: Delivery) -> Take:
    """Return a delivered sound as it is to be heard."""
    sound, _ = load(delivery.path, delivery.delivered_as)
    if not np.isfinite(sound.samples).all():
        raise BadInput(f"{delivery.delivered_as}: has NaN or infinite samples; render it again")
    made = delivery.treatment.applied(sound)
    return Take(made, delivery.delivered_as, bits_of(made))


def _told(delivery: Delivery) -> str:
    if not delivery.treatment.to_json():
        return ""
    return delivery.treatment.told(load(delivery.path, delivery.delivered_as)[0])


def _anchor(work: Work, name: str, takes: Mapping[str, Take]) -> Take:
    """Return an anchor, made of the item's first reference (and its mixture)."""
    reference = next(take for column, take in takes.items() if is_reference(column))
    mixture = takes[MIXTURE].audio if MIXTURE in takes else None
    try:
        made = anchors.render(name, reference.audio, mixture, work.seed)
    except BadInput as error:
        raise BadInput(f"{work.item}: anchor {name}: {error}") from None
    return Take(made, f"{name} of {work.item}", bits=16)


def _levelled(takes: Mapping[str, Take], target: float | None) -> tuple[dict[str, float], dict[str, float]]:
    """Return the gain (dB) that brings each sound to `target`, and its loudness before (LUFS).

    A sound whose loudness cannot be measured stays as delivered. The accompaniment takes the gain of the first
    reference, so that both still make the mixture.
    """
    loudness = {name: audio.loudness(take.audio) for name, take in takes.items()}
    gains = {
        name: 0.0 if target is None or not math.isfinite(found) else target - found for name, found in loudness.items()
    }
    if ACCOMPANIMENT in gains:
        gains[ACCOMPANIMENT] = next(gain for name, gain in gains.items() if is_reference(name))
    return gains, loudness


def _headroom(takes: Mapping[str, Take], gains: Mapping[str, float]) -> float:
    """Return by how many dB all sounds must be turned down so that no true peak exceeds full scale; 0 for none."""
    peaks = [20 * math.log10(max(true_peak(take.audio), 1e-9)) + gains[name] for name, take in takes.items()]
    return math.ceil(max(0.0, *peaks) * 100) / 100


def _write(take: Take, path: Path, gain: float, loudness: float, told: str, down: float) -> Written:
    louder = audio.Audio(take.audio.samples * np.float32(10 ** (gain / 20)), take.audio.rate)
    common = f"turned down by {down:.2f} dB with all sounds of its item, so that none clips" if down else ""
    treatment = "; ".join(filter(None, (told, common)))
    bits = 24 if take.bits == 16 and gain == 0.0 and told else take.bits
    return written(
        replace(take, audio=louder, bits=bits), path, gain=gain, loudness=loudness + gain, treatment=treatment
    )
