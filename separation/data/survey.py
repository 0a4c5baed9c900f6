"""What a training takes of a folder before it starts: which songs, how long, how much of it is sung, by whom."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from separation.data.excerpts import sung_share
from separation.data.split import artist
from separation.data.stems import Song


@dataclass(frozen=True)
class Row:
    """A song: its length in seconds, the share of it in which somebody sings, and its admissible references."""

    name: str
    seconds: float
    sung: float
    references: tuple[str, ...]


def rows(songs: Sequence[Song]) -> list[Row]:
    """Return what is to be said of each song."""
    return [Row(song.name, song.vocals.seconds, sung_share(song), song.references) for song in songs]


def lines(learned: Sequence[Song], held_out: Sequence[Song]) -> Iterator[str]:
    """Yield a line a song and a summary of what is learned from and of what is held out, for people to read."""
    parts = {"train": rows(learned), "held out": rows(held_out)}
    for part, found in parts.items():
        for row in found:
            more = f"  references: {', '.join(row.references)}" if len(row.references) > 1 else ""
            yield f"{part:<8} {clock(row.seconds):>8}  sung {row.sung:4.0%}  {row.name}{more}"
    for part, found in parts.items():
        yield f"{part}: {summary(found)}"
    shared = sorted(_artists(parts["train"]) & _artists(parts["held out"]))
    if shared:
        yield f"on both sides: songs of {', '.join(shared)}; held-out songs of other artists say more about new ones"


def summary(found: Sequence[Row]) -> str:
    """Return how many songs, artists and hours there are, and in how much of the time nobody sings.

    >>> summary([Row("Ada - One", 3600, 0.5, ("vocals",)), Row("Ada - Two", 1800, 0.2, ("vocals",))])
    '2 songs of 1 artist, 1.50 h, of which nobody sings in 60 %'
    """
    if not found:
        return "no songs"
    seconds = sum(row.seconds for row in found)
    silent = 1 - sum(row.sung * row.seconds for row in found) / seconds
    by = f" of {_counted(len(_artists(found)), 'artist')}" if all(artist(row.name) for row in found) else ""
    return f"{_counted(len(found), 'song')}{by}, {seconds / 3600:.2f} h, of which nobody sings in {100 * silent:.0f} %"


def _artists(found: Sequence[Row]) -> set[str]:
    return {name for row in found if (name := artist(row.name))}


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" + "s" * (number != 1)


def clock(seconds: float) -> str:
    """Return seconds as minutes and seconds.

    >>> clock(225.4)
    '3:45'
    """
    return f"{round(seconds) // 60}:{round(seconds) % 60:02d}"
