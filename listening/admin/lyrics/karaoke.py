"""What the karaoke page shows: lines of numbered words, what a person should look at, and who corrected what."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from listening.models import LyricsAlignment
from separation.lyrics.aligned import AlignedWord, Alignment
from separation.lyrics.formats import FORMATS

SHOWN_CORRECTIONS = 20
"""The newest corrections stand on the page; all of them are kept."""


@dataclass(frozen=True)
class KaraokeLine:
    """A line as the page shows it; each word with its place among all words of the song."""

    number: int
    written: str
    kind: str
    unsure: bool
    confidence: float | None
    words: list[tuple[int, AlignedWord]]


def page_context(run: LyricsAlignment, *, may_correct: bool) -> dict[str, Any]:
    """Return what the template needs of an alignment that is done; nothing before that."""
    if run.status != "done":
        return {}
    found = run.corrected
    return {
        "found": found, "lines": list(lines(found)), "remarks": run.found.get("remarks", []),
        "unsure": [line for line in lines(found) if line.unsure],
        "formats": [suffix.removeprefix(".") for suffix in FORMATS],
        "corrections": run.corrections.select_related("by", "undone_by").order_by("-number")[:SHOWN_CORRECTIONS],
        "may_correct": may_correct,
        "karaoke": state(run) | {
            "seconds": found.seconds, "envelope": run.envelope, "may": may_correct, "messages": messages(),
            "machine": [[word.start, word.end] for word in run.machine.words],
            "correct": reverse("admin:listening_lyricsalignment_correct", args=[run.pk]),
        },
    }  # fmt: skip


def state(run: LyricsAlignment) -> dict[str, Any]:
    """Return the words' times as they stand, which were corrected, and whether there is something to take back."""
    counted = run.corrections.filter(undone_at=None).last()
    undone = run.corrections.exclude(undone_at=None).filter(number__gt=counted.number if counted else 0)
    return {
        "revision": run.revision,
        "words": [[word.start, word.end, word.confidence] for word in run.corrected.words],
        "moved": sorted(run.moved),
        "undo": counted is not None,
        "redo": undone.exists(),
    }


def lines(found: Alignment) -> Iterator[KaraokeLine]:
    """Yield the lines in the order in which they are sung."""
    at = 0
    for line in found.lines:
        words = [(at + number, word) for number, word in enumerate(line.words)]
        at += len(words)
        unsure = line.number in found.unsure and bool(words)
        yield KaraokeLine(line.number, line.written, line.kind, unsure, line.confidence, words)


def messages() -> dict[str, str]:
    """Return the words that the page's modules say."""
    return {
        "saved": _("Saved"),
        "saving": _("Saving …"),
        "offline": _("Not saved: the server did not answer. The words are back where they were."),
    }
