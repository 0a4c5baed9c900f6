"""Find when each word of a song's lyrics is sung, with a checkpoint that reads lyrics."""

import numpy as np
from celery import shared_task

from listening.models import LyricsAlignment
from listening.models.lyrics import ENVELOPE_RATE
from listening.tasks.runs import carry_out, finite
from lossmodel import audio
from lossmodel.progress import Report, silent


@shared_task(name="listening.tasks.align")
def align(pk: int, report: Report = silent) -> None:
    """Align the lyrics of a song with its recording."""
    carry_out(LyricsAlignment.objects.select_related("checkpoint").get(pk=pk), _align, report)


def _align(run: LyricsAlignment, report: Report) -> None:
    from separation.lyrics import recordings
    from separation.lyrics.text import parse_known
    from separation.lyrics.viterbi import Prices

    reader = recordings.Reader(run.checkpoint.folder)
    words = parse_known(run.lyrics, reader.alphabet)
    prices = Prices() if run.free else None
    found = reader.align(run.path, words, delay=run.delay, prices=prices, report=report)
    remarks = [*words.remarks, *recordings.remarks(found)]
    run.finish(found=finite({**found.facts(), "remarks": remarks}), envelope=envelope(audio.read(run.path)))


def envelope(sound: audio.Audio) -> list[int]:
    """Return the peak of each 1/`ENVELOPE_RATE` s relative to the recording's, 0 to 100."""
    hop = sound.rate // ENVELOPE_RATE
    peaks = np.abs(sound.samples).max(axis=0)
    padded = np.pad(peaks, (0, -len(peaks) % hop)).reshape(-1, hop).max(axis=1)
    return [round(100 * float(value)) for value in padded / max(1e-9, float(peaks.max()))]
