"""How families of sounds are judged by an objective that has not heard their songs: a part of docs/guards.md.

OMP_NUM_THREADS=1 python benchmarks/guards.py --data DIR --work DIR --page docs/guards.md [--songs 2]

DIR of --data holds ward2018/ and sisec2018/; features are kept in the work folder, the same one that
benchmarks/default_objective.py uses. The songs that are heard here are left out of the fit.
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
from lossmodel.objective.fitting.fit import fit
from lossmodel.objective.guards import mean_scores
from lossmodel.objective.guards.families import families
from lossmodel.objective.guards.findings import Finding, Song
from lossmodel.progress import bar
from lossmodel.ratings.screening import screen

START, END = "<!-- families: written by benchmarks/guards.py -->", "<!-- end of families -->"


def main() -> int:
    options = _options()
    songs = _songs(options.data, options.songs)
    ratings, pairs = published(options.data)
    kept = screen(ratings).keep(ratings)
    unheard = kept[~kept["item"].isin([song.name for song in songs])]
    with bar("fitting") as report:
        recipe, features = config.load("compact"), options.work / "features"
        objective = fit(unheard, pairs, recipe, cache=features, report=report)
    with torch.no_grad():
        found = families(mean_scores(objective.eval()), songs)
    before, rest = options.page.read_text(encoding="utf-8").split(START)
    text = f"{before}{START}\n{table(found, [song.name for song in songs])}{END}{rest.split(END)[1]}"
    options.page.write_text(text, encoding="utf-8")
    return 0


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
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
