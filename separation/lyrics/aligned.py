"""When each word of a song is sung: what an alignment says, as files keep it and as a person has corrected it.

Free of torch: pages show, correct and export alignments that workers made.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any

from lossmodel.errors import BadInput

UNSURE = 0.5
"""Lines of less confidence are listed for a person to look at."""

TOLERANCE_SECONDS = 1e-3
"""Within this, two words that touch do not overlap: pages send times in milliseconds."""


@dataclass(frozen=True)
class AlignedWord:
    """A word and its time in seconds; confidence from 0 to 1, None where its neighbours or a person placed it."""

    written: str
    start: float
    end: float
    confidence: float | None


@dataclass(frozen=True)
class AlignedLine:
    """A line as often as it is sung. Headings and lines that are not sung have no time and no words."""

    written: str
    number: int
    """Of the line in the lyrics, from 1."""
    kind: str
    """sung, repeated, missing or heading."""
    start: float | None
    end: float | None
    confidence: float | None
    words: tuple[AlignedWord, ...]


@dataclass(frozen=True)
class Alignment:
    """All lines in the order in which they are sung, and what a person should look at."""

    lines: tuple[AlignedLine, ...]
    seconds: float
    delay: float
    gap: float
    """How much less likely the lyrics are than what is heard: natural logarithm, a symbol; 0 is a perfect reading."""
    fits: bool
    """Whether the lyrics belong to the recording."""
    unsure: tuple[int, ...]
    """Numbers of lines to look at."""
    wordless: tuple[tuple[float, float], ...]
    """Stretches in seconds in which something is sung that the lyrics do not say."""
    voiceless: tuple[tuple[float, float, str], ...] = ()
    """Words, with their time in seconds, where no voice is heard."""

    def facts(self) -> dict[str, Any]:
        """Return this as JSON."""
        return asdict(self)

    @property
    def words(self) -> list[AlignedWord]:
        """Return all words, in the order in which they are sung."""
        return [word for line in self.lines for word in line.words]


def from_facts(facts: Mapping[str, Any]) -> Alignment:
    """Return the alignment of which `Alignment.facts` are these; other keys are left out."""
    lines = tuple(
        AlignedLine(**{**line, "words": tuple(AlignedWord(**word) for word in line["words"])})
        for line in facts["lines"]
    )
    lists: dict[str, Any] = {name: tuple(map(tuple, facts.get(name, ()))) for name in ("wordless", "voiceless")}
    plain = {name: facts[name] for name in ("seconds", "delay", "gap", "fits")}
    return Alignment(lines=lines, unsure=tuple(facts["unsure"]), **plain, **lists)


def retimed(found: Alignment, times: Mapping[int, tuple[float, float]]) -> Alignment:
    """Return the alignment with the times (start and end in seconds) of some words, by their place among all, from 0.

    Such words have no confidence, and count neither as unsure nor as without voice. `BadInput` names a word that would
    end before it begins, lie outside the recording, or overlap the word before it.
    """
    lines, at = [], 0
    for line in found.lines:
        words = tuple(_placed(word, times.get(at + number)) for number, word in enumerate(line.words))
        at += len(words)
        lines.append(_with_words(line, words) if words != line.words else line)
    if beyond := [number for number in times if not 0 <= number < at]:
        raise BadInput(f"there is no word {beyond[0]}: the lyrics have {at}")
    moved = replace(found, lines=tuple(lines))
    _check_order(moved, times)
    unsure = {line.number for line in lines if line.confidence is not None and line.confidence < UNSURE}
    old = found.words
    seen = {(old[number].start, old[number].end, old[number].written) for number in times}
    return replace(
        moved,
        unsure=tuple(number for number in found.unsure if number in unsure),
        voiceless=tuple(each for each in found.voiceless if each not in seen),
    )


def _placed(word: AlignedWord, time: tuple[float, float] | None) -> AlignedWord:
    return word if time is None else AlignedWord(word.written, *time, None)


def _with_words(line: AlignedLine, words: tuple[AlignedWord, ...]) -> AlignedLine:
    sure = [word.confidence for word in words if word.confidence is not None]
    confidence = sum(sure) / len(sure) if sure else None
    return replace(line, words=words, start=words[0].start, end=words[-1].end, confidence=confidence)


def _check_order(found: Alignment, times: Mapping[int, tuple[float, float]]) -> None:
    """Look at the words that were moved and their neighbours: where a network overlaps two itself, it may."""
    words = found.words
    for number in times:
        word = words[number]
        if not 0 <= word.start <= word.end <= found.seconds + TOLERANCE_SECONDS:
            raise BadInput(
                f"«{word.written}» would last from {word.start:.2f} s to {word.end:.2f} s; keep its start before its"
                f" end, within the {found.seconds:.2f} s of the recording"
            )
        for before, after in pairwise(words[max(0, number - 1) : number + 2]):
            if before.end > after.start + TOLERANCE_SECONDS:
                raise BadInput(
                    f"«{after.written}» would begin at {after.start:.2f} s, before «{before.written}» ends at"
                    f" {before.end:.2f} s; move the other one first"
                )
