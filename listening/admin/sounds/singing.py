"""Excerpts in which somebody sings, for the panel of a delivered sound: from aligned songs that are as long as it."""

from typing import Any

from listening.admin.sounds.shown import Panel
from listening.intake.singing import SAME_LENGTH_SECONDS, SungExcerpt, sung_excerpts
from listening.models import LyricsAlignment
from listening.models.access import within_reach


def suggested(user: Any, panel: Panel | None) -> list[tuple[LyricsAlignment, list[SungExcerpt]]]:
    """Return excerpts of the length that is chosen, for each alignment that `user` sees of a song as long as the sound.

    Nothing where the sound is no longer than an excerpt.
    """
    if panel is None or panel.waveform is None or not panel.file.item:
        return []
    whole, seconds = panel.waveform.seconds, panel.excerpt_seconds
    if seconds >= whole:
        return []
    near = {"found__seconds__gte": whole - SAME_LENGTH_SECONDS, "found__seconds__lte": whole + SAME_LENGTH_SECONDS}
    done = within_reach(user, "view", LyricsAlignment.objects.filter(status="done", **near))
    return [(run, sung_excerpts(run.corrected.words, whole, seconds)) for run in done.defer("envelope", "lyrics")]
