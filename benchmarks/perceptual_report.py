"""What measures, objectives and judges say of the comparison's separated songs, and the table of it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import perceptual_judge
import perceptual_songs
from numpy.typing import NDArray

from lossmodel import audio
from lossmodel.audio import Audio
from lossmodel.files import atomic_folder, read_json, write_json
from lossmodel.manifest import Pair
from lossmodel.metrics import measure
from lossmodel.objective import store
from lossmodel.objective.score import score
from lossmodel.progress import bar

RESAMPLES = 10_000
MEASURES = ("si_sdr", "sir", "sar")
PEASS = ("tps", "ips", "aps")
MIXTURE = "mixture"
Said = Mapping[str, Mapping[str, float]]
"""Of each song, what everything that was asked says."""

Numbers = NDArray[np.float64]


def judge(work: Path, runs: Path, *, peass: bool) -> None:
    """Write `judged.json` beside the estimates of every system that has none yet, and for the mixtures themselves."""
    for half in perceptual_songs.HALVES:
        _mixtures(work / "songs" / perceptual_songs.other(half), runs / f"{half}-{MIXTURE}" / MIXTURE / "estimates")
    places = sorted(runs.glob("*/*/estimates"))
    with bar("judging") as report:
        for done, place in enumerate(places, start=1):
            if not (place.parent / "judged.json").exists():
                write_json(place.parent / "judged.json", _judged(work, place, peass=peass))
            report(done, len(places))


def page(runs: Path, systems: Sequence[str]) -> str:
    """Return the table as Markdown: L1 as it is, the others that are trained as differences to it.

    Where both GANs are there, the last column is the difference that the objective makes between them.
    """
    trained = [name for name in systems if _runs(runs, name)]
    found = {name: _mean(runs, name) for name in (MIXTURE, *trained)}
    plain, *others = trained
    columns = {name: (name, plain) for name in others}
    if len(trained) == len(systems):
        columns["objective in a GAN"] = (others[-1], others[-2])
    songs = sorted(found[plain])
    lines = [
        f"{len(songs)} unseen songs, {len(_runs(runs, plain))} trainings of each kind.",
        "",
        "| | mixture | L1 | " + " | ".join(columns) + " |",
        "|---|---|---|" + "---|" * len(columns),
    ]
    for name in found[plain][songs[0]]:
        values = {system: np.array([said[song][name] for song in songs]) for system, said in found.items()}
        cells = [f"{np.nanmean(values[MIXTURE]):.1f}", f"{values[plain].mean():.1f}"]
        cells += [_difference(values[one] - values[other]) for one, other in columns.values()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    note = "Mixture and L1: means over songs; others: difference to L1 (last column: to GAN), 95 % interval over songs."
    return "\n".join([*lines, "", note])


def _judged(work: Path, place: Path, *, peass: bool) -> Said:
    half = place.parent.parent.name.split("-")[0]
    pairs = list(_pairs(place, work / "songs" / perceptual_songs.other(half)))
    only = (*MEASURES, *(PEASS if peass else ()))
    said = {row.pair.item: {name: row.values[name] for name in only} for row in measure.measure(pairs, only=only)}
    for title, of in (("followed", half), ("other objective", perceptual_songs.other(half))):
        for each in score(store.load(work / f"half-{of}" / "objective"), pairs):
            said[each.item] |= {f"{title}: {name}": opinion.mean for name, opinion in each.opinions.items()}
    referee = perceptual_judge.Judge.load(work / f"half-{perceptual_songs.other(half)}" / "judge.json")
    for (item, _), heard in perceptual_judge.hear(pairs).items():
        said[item] |= {f"judge: {name}": rating for name, rating in referee.ratings(heard).items()}
    return said


def _pairs(estimates: Path, songs: Path) -> Iterator[Pair]:
    for estimate in sorted(estimates.glob("*.flac")):
        song = songs / estimate.stem
        vocals, rest = (song / f"{kind}.flac" for kind in ("vocals", "accompaniment"))
        yield Pair(estimate.stem, "estimate", "system", estimate, (vocals,), None, rest)


def _mixtures(songs: Path, folder: Path) -> None:
    if folder.exists():
        return
    with atomic_folder(folder) as part:
        for song in sorted(songs.iterdir()):
            vocals, rest = (audio.read(song / f"{kind}.flac") for kind in ("vocals", "accompaniment"))
            audio.write(part / f"{song.name}.flac", Audio(vocals.samples + rest.samples, vocals.rate), subtype="PCM_24")


def _runs(runs: Path, system: str) -> list[Path]:
    return sorted(runs.glob(f"*/{system.replace(' ', '')}/judged.json"))


def _mean(runs: Path, system: str) -> dict[str, dict[str, float]]:
    """Return the mean over seeds of every value of every song."""
    gathered: dict[str, list[dict[str, float]]] = {}
    for path in _runs(runs, system):
        for song, values in read_json(path).items():
            gathered.setdefault(song, []).append(values)
    return {
        song: {name: float(np.mean([values[name] for values in each])) for name in each[0]}
        for song, each in gathered.items()
    }


def _difference(each: Numbers) -> str:
    draws = np.random.default_rng(0).integers(len(each), size=(RESAMPLES, len(each)))
    low, high = np.quantile(each[draws].mean(axis=1), [0.025, 0.975])
    return f"{each.mean():+.2f} [{low:+.2f}, {high:+.2f}]"
