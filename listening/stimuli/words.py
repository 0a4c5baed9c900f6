"""The words of an item: those of an aligned song that are sung within the item's excerpt, copied when it is a draft.

Copied, not pointed at: whoever corrects the alignment later changes no test that runs.
"""

from typing import Any

from listening.models import Item, LyricsAlignment, Study
from lossmodel.errors import BadInput


def take_words(item: Item, run: LyricsAlignment, start: float | None = None) -> int:
    """Give an item the words that are sung within its excerpt; return how many.

    `start` (s) is where the excerpt begins in the aligned recording; None: where its intake cut it, else 0. `BadInput`
    for an item that is in no draft or has no mixture, and where no word is sung in the excerpt.
    """
    if item.study.status != Study.Status.DRAFT:
        raise BadInput(f"{item}: its study is {item.study.status}; words can be changed in a draft only")
    if item.mixture is None:
        raise BadInput(f"{item}: has no mixture, so nobody knows how long it is; import it with its mixture")
    begin = cut_at(item) if start is None else start
    words = within(run, begin, item.mixture.seconds)
    if not words:
        end = begin + item.mixture.seconds
        raise BadInput(f"no word of {run} is sung between {begin:.1f} s and {end:.1f} s; give the excerpt's start")
    Item.objects.filter(pk=item.pk, study__status=Study.Status.DRAFT).update(words=words)
    return sum(map(len, words))


def within(run: LyricsAlignment, start: float, seconds: float) -> list[list[dict[str, Any]]]:
    """Return the lines of words whose middle lies in an excerpt, each with its time in seconds from its beginning."""
    lines = []
    for line in run.corrected.lines:
        inside = [word for word in line.words if start <= (word.start + word.end) / 2 < start + seconds]
        if inside:
            lines.append(
                [
                    {
                        "written": word.written,
                        "start": round(max(0.0, word.start - start), 3),
                        "end": round(min(seconds, word.end - start), 3),
                    }
                    for word in inside
                ]
            )
    return lines


def cut_at(item: Item) -> float:
    """Return where an item's excerpt was cut out of the delivered sounds, in seconds; 0 if nobody knows."""
    for plan in item.study.intakes.order_by("-pk").values_list("plan", flat=True):
        if chosen := plan.get("excerpts", {}).get(item.name):
            return float(chosen["start"])
    return 0.0
