"""The only way audio comes in: checked, brought to the study’s loudness, stored as FLAC under an opaque name."""

import math
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np
from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import models, transaction

from listening.models import Audio, Condition, Item, Reference, Role, Stimulus, Study
from listening.stimuli.proof import measured
from lossmodel import audio
from lossmodel.errors import BadInput
from lossmodel.files import sha256

Row = TypeVar("Row", bound=models.Model)
_news: ContextVar[list[str] | None] = ContextVar("_news", default=None)
"""Files stored by the block `together` around us."""


@dataclass(frozen=True, eq=False)
class Take:
    """A sound made in memory, the name it goes by, and how many bits a sample is stored with (16 or 24)."""

    audio: audio.Audio
    name: str
    bits: int = 24


Source = Path | Take | Audio
"""Where a sound comes from: a file, memory, or a sound that was let in before (then it is shared)."""


@contextmanager
def together() -> Iterator[list[str]]:
    """Keep the rows and files that the block makes all, or none of them if it fails. May be nested.

    Yields the names of the files stored so far; whoever stores one adds its name first.
    """
    outer = _news.get()
    stored = [] if outer is None else outer
    before = len(stored)
    token = _news.set(stored)
    try:
        with transaction.atomic():
            yield stored
    except BaseException:
        while len(stored) > before:
            default_storage.delete(stored.pop())
        raise
    finally:
        _news.reset(token)


def admit(item: Item, condition: Condition, path: Source) -> Stimulus:
    """Return the new stimulus of `item` under `condition`, made of the sound at `path`.

    Silence is what some separators make of an excerpt: a sound that is silent, or too short or quiet for its loudness
    to be measured, is kept as delivered, and the item's note says so. Raises `BadInput`, and keeps nothing, for a file
    that cannot be read, holds NaN, is empty or longer than the study allows; for another rate than the study's, or
    another length or channel count than the item's other sounds; where the study's loudness would clip it; for a
    hidden reference that is silent or cannot be measured; for a second stimulus of the kind; and unless it is a draft.
    """
    if condition.study_id != item.study_id:
        raise BadInput(f"{condition} and {item} are of different studies; choose a condition of the item's study")
    if item.stimuli.filter(condition=condition).exists():
        raise BadInput(f"{item} has a stimulus under {condition.name} already; redraft the study to replace it")
    with together():
        row = _let_in(item, path, heard=condition.role == Role.REFERENCE)
        _note(item, condition.name, row)
        return Stimulus.objects.create(item=item, condition=condition, audio=row)


def admit_reference(item: Item, name: str, path: Source) -> Reference:
    """Return the new reference `name` of `item`; errors as `admit`, and for one that is silent or unmeasurable."""
    if item.references.filter(name=name).exists():
        raise BadInput(f"{item} has a reference {name!r} already; give this one another name")
    with together():
        reference = checked(Reference(item=item, name=name, position=item.references.count()))
        reference.audio = _let_in(item, path)
        reference.save()
    return reference


def admit_mixture(item: Item, path: Source) -> Audio:
    """Give `item` its mixture; errors as `admit`, and for one that is silent or unmeasurable."""
    return _set(item, "mixture", path)


def admit_accompaniment(item: Item, path: Source) -> Audio:
    """Give `item` its accompaniment, with the gain of its first reference; errors as `admit`.

    So reference + accompaniment stays proportional to the mixture, whatever loudness each is heard at. Where the voice
    sings alone it is silent, and the item's note says so.
    """
    reference = item.references.select_related("audio").first()
    if reference is None:
        raise BadInput(f"{item} has no reference yet; add it before the accompaniment, which gets its gain")
    with together():
        row = _set(item, "accompaniment", path, gain=reference.audio.gain)
        _note(item, "accompaniment", row)
    return row


def checked(row: Row) -> Row:
    """Return the unsaved row if its own fields can be saved (links aside); else `BadInput` names field and value."""
    try:
        row.clean_fields(exclude={each.name for each in row._meta.fields if each.is_relation or each.name == "file"})
    except ValidationError as error:
        name, reasons = next(iter(error.message_dict.items()))
        kind = row._meta.verbose_name
        raise BadInput(f"{kind}: {name} {getattr(row, name, '')!r}: {' '.join(reasons)}") from None
    return row


def _set(item: Item, part: str, path: Source, gain: float | None = None) -> Audio:
    if getattr(item, part) is not None:
        raise BadInput(f"{item} has a sound as its {part} already; redraft the study to replace it")
    with together():
        row = _let_in(item, path, gain, heard=gain is None)
        Item.objects.filter(pk=item.pk).update(**{part: row})
    setattr(item, part, row)
    return row


def _let_in(item: Item, source: Source, gain: float | None = None, *, heard: bool = True) -> Audio:
    """Return the sound as a row: checked against the item, at the study's loudness or under `gain` dB.

    What must be `heard` is refused where it is silent or its loudness cannot be measured; else it has 0 dB then.
    """
    study = item.study
    if study.status != Study.Status.DRAFT:
        raise BadInput(f"{study} is {study.status}: only a draft accepts sounds; redraft it")
    if isinstance(source, Audio):
        if heard:
            audio.check_heard(source.peak, source.delivered_as)
        _check_shape(source, source.delivered_as, item)
        return source
    take = source if isinstance(source, Take) else _read(source)
    audio.check_length(take.audio, take.name, seconds=study.longest)
    if heard:
        audio.check_heard(take.audio.peak, take.name)
    _check_shape(take.audio, take.name, item)
    loudness = audio.loudness(take.audio)
    gain = _gain(loudness, study, take.name, heard=heard) if gain is None else gain
    factor = 10 ** (gain / 20)
    if take.audio.peak * factor > 1:
        _refuse_clipping(take, factor, study)
    louder = audio.Audio(take.audio.samples * np.float32(factor), take.audio.rate)
    return _store(Take(louder, take.name, take.bits), gain, loudness + gain)


def _note(item: Item, name: str, row: Audio) -> None:
    """Add a line to the item's note where the sound called `name` is silent, or is not at the study's loudness."""
    if row.peak < audio.SILENT_PEAK_80_DBFS:
        peak = f"peak {20 * math.log10(row.peak):.0f} dBFS" if row.peak else "every sample is 0"
        line = f"{name}: silent ({peak})"
    elif row.loudness is None and item.study.loudness is not None:
        line = f"{name}: too short or too quiet for its loudness to be measured; as delivered"
    else:
        return
    before = Item.objects.values_list("note", flat=True).get(pk=item.pk)
    item.note = "\n".join(filter(None, [before, line]))
    Item.objects.filter(pk=item.pk).update(note=item.note)


def _read(path: Path) -> Take:
    sound = audio.read(path)
    return Take(sound, str(path), bits=bits_of(sound))


def bits_of(sound: audio.Audio) -> int:
    """Return how many bits a sample a sound needs: 16 where that loses nothing, else 24."""
    steps = sound.samples * 2**15
    return 16 if (steps == np.rint(steps)).all() else 24


def _check_shape(sound: audio.Audio | Audio, name: str, item: Item) -> None:
    if sound.rate != item.study.rate:
        raise BadInput(f"{name}: {sound.rate} Hz, the study is {item.study.rate} Hz; export all files at the same rate")
    fellow = _fellow(item)
    if sound.channels not in {1, 2} or (fellow and sound.channels != fellow.channels):
        others = f"the other sounds of {item.name} have {fellow.channels}" if fellow else "1 or 2 are possible"
        raise BadInput(f"{name}: channels: {sound.channels}, {others}; export all in the same format")
    if fellow and sound.frames != fellow.frames:
        others = f"the other sounds of {item.name} have {fellow.frames}"
        raise BadInput(f"{name}: {sound.frames} samples, {others}; cut all to the same excerpt")


def _fellow(item: Item) -> Audio | None:
    """Return any sound that the item has already."""
    row = item.references.select_related("audio").first() or item.stimuli.select_related("audio").first()
    return row.audio if row else item.mixture or item.accompaniment


def _gain(loudness: float, study: Study, name: str, *, heard: bool) -> float:
    """Return the gain in dB that brings a sound to the study's loudness; 0 where it is taken as delivered."""
    if study.loudness is None or not (heard or math.isfinite(loudness)):
        return 0.0
    if not math.isfinite(loudness):
        raise BadInput(f"{name}: too short or too quiet for its loudness to be measured; use at least 0.4 s")
    return study.loudness - loudness


def _refuse_clipping(take: Take, factor: float, study: Study) -> None:
    over = 20 * math.log10(take.audio.peak * factor)
    if study.loudness is None:
        raise BadInput(
            f"{take.name}: its peak is {over:.1f} dB over full scale; export it with at least that much less, "
            "or give the study a loudness"
        )
    lower = math.floor(10 * (study.loudness - over)) / 10
    raise BadInput(f"{take.name}: would clip at {study.loudness:g} LUFS; set the study's loudness to {lower:g} or less")


def _store(take: Take, gain: float, loudness: float) -> Audio:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "sound.flac"
        return keep(written(take, path, gain=gain, loudness=loudness), path)


@dataclass(frozen=True)
class Written:
    """What is known of a FLAC file that was written to be let in, read back from the file itself."""

    sha256: str
    rate: int
    channels: int
    frames: int
    peak: float
    crc32: int
    gain: float
    loudness: float | None
    delivered_as: str
    treatment: str = ""


def written(take: Take, path: Path, *, gain: float, loudness: float, treatment: str = "") -> Written:
    """Write the FLAC file of `take`, and return what is known of it."""
    audio.write(path, take.audio, subtype="PCM_16" if take.bits == 16 else "PCM_24")
    proof = measured(path)
    return Written(
        sha256=sha256(path), rate=take.audio.rate, channels=take.audio.channels, frames=take.audio.frames,
        peak=proof.peak, crc32=proof.crc32, gain=gain, loudness=loudness if math.isfinite(loudness) else None,
        delivered_as="/".join(Path(take.name).parts[-2:])[-300:], treatment=treatment,
    )  # fmt: skip


def keep(known: Written, path: Path) -> Audio:
    """Put a written file into media under a random name, and return its row."""
    row = Audio(**asdict(known))
    name = f"{uuid.uuid4().hex}.flac"
    with together() as stored, path.open("rb") as file:
        stored.append(f"audio/{name}")
        row.file.save(name, File(file), save=True)
    return row
