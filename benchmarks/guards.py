"""How guards find an objective that has not heard their songs: parts of docs/guards.md, each written where it stands.

OMP_NUM_THREADS=1 python benchmarks/guards.py --data DIR --work DIR --page docs/guards.md [--songs 2] [--only PART]

DIR of --data holds ward2018/ and sisec2018/; features are kept in the work folder, the same one that
benchmarks/default_objective.py uses. The songs that are heard here are left out of the fit. PART is `families`,
`pursuit` (two seconds of each song, mono; with every ear that is installed) or `audit` (the other guards).
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from published import published

from lossmodel import audio
from lossmodel.objective import config
from lossmodel.objective.ear.frontend import RATE
from lossmodel.objective.ears import installed, open_ear
from lossmodel.objective.ears.catalogue import PACKAGED
from lossmodel.objective.fitting.fit import fit
from lossmodel.objective.guards import AUDITORS, audit, auditor_of_ear, mean_scores
from lossmodel.objective.guards.families import families
from lossmodel.objective.guards.findings import Finding, Song, points
from lossmodel.objective.guards.optimisation_attack import far_starts
from lossmodel.objective.network import Objective
from lossmodel.progress import bar
from lossmodel.ratings.screening import screen

EXCERPT_SECONDS = 2.0
"""Seconds of each song for guards that take gradients, from its loudest part."""


def main() -> int:
    options = _options()
    songs = _songs(options.data, options.songs)
    ratings, pairs = published(options.data)
    kept = screen(ratings).keep(ratings)
    unheard = kept[~kept["item"].isin([song.name for song in songs])]
    with bar("fitting") as report:
        recipe, features = config.load("compact"), options.work / "features"
        objective = fit(unheard, pairs, recipe, cache=features, report=report).eval()
    for part in options.only or PARTS:
        text = PARTS[part](objective, songs)
        start, end = f"<!-- {part}: written by benchmarks/guards.py -->\n", f"<!-- end of {part} -->"
        before, rest = options.page.read_text(encoding="utf-8").split(start)
        options.page.write_text(f"{before}{start}{text}{end}{rest.split(end)[1]}", encoding="utf-8")
    return 0


@torch.no_grad()
def judged_families(objective: Objective, songs: Sequence[Song]) -> str:
    """Return how every member of every family is judged."""
    return table(families(mean_scores(objective), songs), [song.name for song in songs])


def pursued(objective: Objective, songs: Sequence[Song]) -> str:
    """Return where 300 steps from another singer's voice and from noise lead, and what auditors say of it."""
    ears = {name: auditor_of_ear(open_ear(name), objective.ears) for name in PACKAGED if installed(name)}
    judges = {name: AUDITORS[name] for name in ("SI-SDR", "PEASS")} | ears
    short = [_loudest_part(song) for song in songs]
    with bar("pursuit") as report:
        found = audit(mean_scores(objective), short, guards=("pursuit",), auditors=judges, report=report)
    lines = ["| song | from | quality / interference / similarity | SI-SDR, dB | PEASS | " + " | ".join(ears) + " | |"]
    lines += ["|---" * (6 + len(ears)) + "|"]
    for song, trace, row in zip(_each_twice(short), found.traces, found.rows):
        start = far_starts(song, short[(short.index(song) + 1) % len(short)], seed=1)[trace.start]
        scores = points(mean_scores(objective), song, [start, trace.estimate])
        told = " / ".join(f"{before:.0f} → {after:.0f}" for before, after in scores.values())
        said = " | ".join(f"{before:.2f} → {after:.2f}" for before, after in trace.auditors.values())
        verdict = "passes" if row.passed else f"**denied by {', '.join(trace.denied_by)}**"
        lines.append(f"| {song.name} | {trace.start} | {told} | {said} | {verdict} |")
    passed = sum(row.passed for row in found.rows)
    return f"{passed} of {len(found.rows)} as expected. None of the songs was in the fit.\n\n" + "\n".join(lines) + "\n"


def audited(objective: Objective, songs: Sequence[Song]) -> str:
    """Return how many findings of each other guard are as expected, and those that are not."""
    short = [_loudest_part(song) for song in songs]
    with bar("audit") as report:
        found = audit(
            mean_scores(objective), short, guards=("ladder", "exploit", "invariance", "attack"), report=report
        )
    names = list(dict.fromkeys(row.guard for row in found.rows))
    lines = ["| guard | as expected | what is not |", "|---|---|---|"]
    for name in names:
        own = [row for row in found.rows if row.guard == name]
        failed = "; ".join(
            f"{row.name}, {row.attribute}: {row.seen:.0f} ({row.expected})" for row in own if not row.passed
        )
        lines.append(f"| {name} | {sum(row.passed for row in own)} of {len(own)} | {failed or '–'} |")
    return "\n".join(lines) + "\n"


PARTS = {"families": judged_families, "pursuit": pursued, "audit": audited}


def _each_twice(songs: Sequence[Song]) -> list[Song]:
    return [song for song in songs for _ in range(2)]


def _loudest_part(song: Song) -> Song:
    """Return the seconds of a song, mono, in which its voice is loudest."""
    mono, size = song.vocals.mean(0, keepdim=True), int(EXCERPT_SECONDS * song.rate)
    at = int(mono.square().unfold(-1, size, song.rate // 10).mean(-1).argmax()) * (song.rate // 10)
    sung, played = (each.mean(0, keepdim=True)[:, at : at + size] for each in (song.vocals, song.accompaniment))
    return Song(song.name, sung, played, song.rate)


def table(found: Sequence[Finding], songs: Sequence[str]) -> str:
    """Return one line for each sound and attribute: what is expected, what each song shows; what fails is bold."""
    rows: dict[tuple[str, str, str], list[Finding]] = {}
    for each in found:
        rows.setdefault((each.name, each.attribute, each.expected), []).append(each)
    passed = sum(each.passed for each in found)
    lines = [f"{passed} of {len(found)} as expected, on {', '.join(songs)}; none of them was in the fit.", ""]
    lines += ["| sound | attribute | expected | points |", "|---|---|---|---|"]
    for (name, attribute, expected), own in rows.items():
        seen = " ".join(f"{each.seen:.0f}" if each.passed else f"**{each.seen:.0f}**" for each in own)
        lines.append(f"| {name} | {attribute} | {expected} | {seen} |")
    return "\n".join(lines) + "\n"


def _songs(data: Path, count: int) -> list[Song]:
    """Return the last stereo songs of sisec2018: none of those that the constants of flaws were chosen on."""
    return [_song(place) for place in sorted((data / "sisec2018" / "sounds").iterdir())[-count:]]


def _song(place: Path) -> Song:
    sung, mixed = (
        torch.from_numpy(audio.read(place / f"{name}.flac", rate=RATE, channels=2).samples)
        for name in ("ref_vocals", "mixture")
    )
    return Song(place.name, sung, mixed * sung.square().sum() / (sung * mixed).sum() - sung, RATE)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--data", "--work", "--page"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--songs", type=int, default=2)
    parser.add_argument("--only", action="append", choices=[*PARTS])
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
