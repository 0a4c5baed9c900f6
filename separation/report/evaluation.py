"""The page of an evaluation: what users complain of, by name, song by song, and where to hear the worst of it."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Final

from lossmodel.audio import Audio
from lossmodel.files import atomic_file
from separation.data.survey import clock
from separation.report.document import document, number, tile
from separation.report.sounds import Moment, Sounds
from separation.report.strip import KEY, strip

MAX_SOUNDING_MOMENTS = 24
"""Moments with sound, the worst of each kind in turn: each takes about a megabyte of the page."""

MUFFLED_BELOW = 0.75
"""Share of the reference's bandwidth under which vocals are marked as muffled."""

BLEEDING_ABOVE_DB = -30.0
"""Level in pauses above which vocals are marked as bleeding."""

KINDS: Final = {
    "most_damage": ("most damage", "damage_db", 1),
    "most_leak": ("most leak", "leak_db", 1),
    "worst_second": ("lowest SDR", "museval_sdr", -1),
}
"""Kinds of bad moments: what they are called, the figure that they go by, and whether more of it is worse."""

PLAYED: Final = {"vocals": "separated", "reference": "reference", "mixture": "mixture"}

LEAD = (
    "<p class=hb-lead><strong>Damage</strong> is what the voice lost or gained, <strong>leak</strong> what came through"
    " of the accompaniment: both as power relative to the reference where it sounds, so lower is better and 0 dB as"
    " loud as the voice. Curves show them second by second; the buttons play the worst seconds.</p>"
)


def keep_moments(sounds: Sounds, song: str, figures: Mapping[str, Any], heard: Mapping[str, Audio]) -> None:
    """Keep the sounds of a song's bad moments, while they are in memory."""
    for start in {start for start, _ in moments(figures).values()}:
        sounds.keep(Moment(song, start), heard)


def moments(figures: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """Return when each kind of bad moment of a song starts, and its value."""
    found = {kind: figures["defects"][kind] for kind in KINDS}
    return {kind: (at["start"], at[KINDS[kind][1]]) for kind, at in found.items() if at}


def write(path: Path, found: Mapping[str, Any], sounds: Sounds) -> None:
    """Write the page of what `evaluate` returned, with the sounds of the worst moments."""
    sounding = sounds.only(_worst(found["songs"])[:MAX_SOUNDING_MOMENTS])
    songs = "".join(_song(song, sounding) for song in found["songs"])
    left_out = "".join(f"<li>{escape(reason)}</li>" for reason in found["left_out"])
    body = LEAD + _tiles(found) + f"<h2>Songs</h2><p class=hb-note>{KEY}</p>{songs}"
    body += f"<h2>Left out</h2><ul>{left_out}</ul>" if left_out else ""
    body += (
        f"<h2>How it was measured</h2><p class=hb-note>Checkpoint <code>{found['checkpoint'][:12]}</code>, bandwidth"
        f" {number(found['bandwidth_hz'], 'Hz', places=0)}. {escape(found['convention'])}. Predicted ratings are those"
        " of an objective, 0 to 100, higher is better; an objective that a separator was trained against judges it too"
        " well.</p>"
    )
    with atomic_file(path) as part:
        part.write_text(document("Evaluation of a separator", body, sounding), encoding="utf-8")


def _worst(songs: Sequence[Mapping[str, Any]]) -> list[Moment]:
    """Return the bad moments of all songs, the worst of each kind in turn."""
    ranked = []
    for kind, (_, _, sign) in KINDS.items():
        found = [(sign * at[1], song["song"], at[0]) for song in songs if (at := moments(song).get(kind))]
        ranked += list(enumerate(Moment(name, start) for _, name, start in sorted(found, reverse=True)))
    return list(dict.fromkeys(moment for _, moment in sorted(ranked, key=lambda each: each[0])))


def _tiles(found: Mapping[str, Any]) -> str:
    mean, median = found["mean"], found["median"]
    wanted = [
        ("damage", "damage_db", "dB", "what the voice lost or gained; lower is better"),
        ("leak", "leak_db", "dB", "accompaniment in the vocals; lower is better"),
        ("SDR (BSS Eval v4)", "museval_sdr", "dB", "median of each song's seconds; higher is better"),
        ("SI-SDR", "si_sdr", "dB", "whole songs; higher is better"),
    ]
    wanted += [
        (name.replace(":", " · "), name, "", "predicted rating, 0 to 100; higher is better")
        for name in mean
        if name.rpartition(":")[2] in {"quality", "interference", "similarity"}
    ]
    tiles = "".join(
        tile(name, number(mean[key], unit), f"median {number(median[key])}", told) for name, key, unit, told in wanted
    )
    count = len(found["songs"])
    note = f"<p class=hb-note>Means over {count} song{'s' * (count != 1)}.</p>"
    return f'<dl class="hb-tiles">{tiles}</dl>{note}'


def _song(song: Mapping[str, Any], sounds: Sounds) -> str:
    defects = song["defects"]
    kept, there, pause = (defects[key] for key in ("vocals_bandwidth_hz", "reference_bandwidth_hz", "pause_level_db"))
    muffled = kept < MUFFLED_BELOW * there
    bleeding = pause is not None and pause > BLEEDING_ABOVE_DB
    facts = [
        ("damage", number(song["damage_db"], "dB"), False),
        ("leak", number(song["leak_db"], "dB"), False),
        ("bandwidth", f"{number(kept, places=0)} of {number(there, 'Hz', places=0)}", muffled),
        ("in pauses", number(pause, "dB") if pause is not None else "no pauses", bleeding),
        ("SDR", number(song["museval_sdr"], "dB"), False),
    ]
    facts += [(name, number(song[name], places=0), False) for name in ("quality", "interference") if name in song]
    listed = "".join(
        f"<dt>{name}</dt><dd{' class=hb-bad' if bad else ''}>{value}{_named(name) if bad else ''}</dd>"
        for name, value, bad in facts
    )
    rows = "".join(_moment(song["song"], kind, *at, sounds) for kind, at in moments(song).items())
    return (
        f'<section class="hb-song"><div><h3>{escape(song["song"])}</h3><dl>{listed}</dl></div>'
        f'<div>{strip(song["windows"]["damage"], song["windows"]["leak"])}<ul class="hb-moments">{rows}</ul></div>'
        "</section>"
    )


def _named(fact: str) -> str:
    return {"bandwidth": " · high band is dead", "in pauses": " · bleeds in pauses"}[fact]


def _moment(song: str, kind: str, start: float, value: float, sounds: Sounds) -> str:
    words = f"{KINDS[kind][0]} at {clock(start)}, {number(value, 'dB')}"
    return f'<li><span class="hb-when">{words}</span>{sounds.player(Moment(song, start), PLAYED)}</li>'
