"""Excerpts in which somebody sings: those stretches of a song of which words fill the most."""

from collections.abc import Sequence
from dataclasses import dataclass

from separation.lyrics.aligned import AlignedWord

LEAD_SECONDS = 0.3
"""An excerpt begins so long before its first word."""

SAME_LENGTH_SECONDS = 0.05
"""A delivered sound that is as long as an aligned recording, within this, is taken for the same song."""


@dataclass(frozen=True)
class SungExcerpt:
    """Where an excerpt begins (s), how much of it words fill (0 to 1), and what is sung in it."""

    start: float
    share: float
    text: str


def sung_excerpts(words: Sequence[AlignedWord], whole: float, seconds: float, count: int = 3) -> list[SungExcerpt]:
    """Return up to `count` excerpts of `seconds` that do not overlap, the most sung first.

    `whole` is the song's length in seconds. Each begins shortly before a word.

    >>> times = {"la": (10.0, 11.0), "lo": (11.0, 12.0), "li": (30.0, 31.0)}
    >>> words = [AlignedWord(written, *time, confidence=None) for written, time in times.items()]
    >>> [(each.start, each.share, each.text) for each in sung_excerpts(words, 60.0, 4.0)]
    [(9.7, 0.5, 'la lo'), (29.7, 0.25, 'li')]
    """
    latest = max(0.0, whole - seconds)
    begins = sorted({round(min(latest, max(0.0, word.start - LEAD_SECONDS)), 3) for word in words})
    ranked = sorted((_excerpt(words, begin, seconds) for begin in begins), key=lambda each: (-each.share, each.start))
    chosen: list[SungExcerpt] = []
    for each in ranked:
        if each.share and len(chosen) < count and all(abs(each.start - other.start) >= seconds for other in chosen):
            chosen.append(each)
    return chosen


def _excerpt(words: Sequence[AlignedWord], start: float, seconds: float) -> SungExcerpt:
    end = start + seconds
    inside = [word for word in words if word.end > start and word.start < end]
    filled = sum(min(end, word.end) - max(start, word.start) for word in inside)
    whole = [word.written for word in inside if start <= (word.start + word.end) / 2 < end]
    return SungExcerpt(start, round(filled / seconds, 4), " ".join(whole))
