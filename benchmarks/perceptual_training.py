"""Does training on what listeners would say pay? Four separators with equal steps and data, judged on unseen songs.

python benchmarks/perceptual_training.py --data DATA --work runs/ --objective objective/ --judge judge/
python benchmarks/perceptual_training.py --data DATA --work smoke/ --size smoke      # a minute, proves nothing

The songs are the real excerpts of `ward2018` and `sisec2018` under DATA; every third one is kept from all training. For
each seed one network learns by L1; from its weights four go on for the same number of steps on the same excerpts: L1,
L1 + objective, GAN, GAN + objective. `--judge` is an objective that nobody trains against, best one of another form,
fitted to other songs and assessors. Beside it stand SI-SDR, BSS Eval and PEASS. Differences to L1 are paired by song,
averaged over seeds, with 95 % intervals from a bootstrap over songs. Everything is kept in `--work`: run again, it goes
on where it stopped. Without `--objective` and `--judge` both are a simulated listener, and the report says so.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from lossmodel import audio
from lossmodel.audio import Audio
from lossmodel.files import read_json, whole_folder, write_json
from lossmodel.metrics.peass import peass
from lossmodel.objective import simulate
from lossmodel.objective import store as objectives
from separation.config import load
from separation.data import stems
from separation.evaluate import evaluate
from separation.recipe import Recipe
from separation.render import separator
from separation.train import train

RESAMPLES = 10_000
LEFT_OUT = 3
"""Every so-manieth song is for judging only."""

GAN = {"adversarial": 0.2, "matching": 0.4}
SYSTEMS: Mapping[str, Mapping[str, float]] = {
    "L1": {},
    "L1 + objective": {"perceptual": 1.0},
    "GAN": GAN,
    "GAN + objective": {"perceptual": 1.0, **GAN},
}
"""Losses beside L1, as shares of the gradient."""


@dataclass(frozen=True)
class Size:
    """How large a trial is."""

    first: int
    """Steps of regression that all systems have in common."""
    steps: int
    """Steps that each system then takes."""
    seeds: int
    songs: int | None
    network: Mapping[str, Any]


SIZES = {
    "smoke": Size(4, 4, 1, 6, {"levels": 5, "filters": 6}),
    "small": Size(1500, 1500, 3, None, {"levels": 8, "filters": 16}),
    "large": Size(20_000, 20_000, 3, None, {"levels": 12, "filters": 24, "channels": 2}),
}


def main() -> int:
    options = _options()
    size = SIZES[options.size]
    learnt, unseen = _songs(options.data, options.work, size)
    asked = {"objective": options.objective, "judge": options.judge}
    heard = {name: _judge(folder, options.work / f"simulated-{name}") for name, folder in asked.items()}
    found = []
    for seed in range(options.seeds or size.seeds):
        for system in SYSTEMS:
            place = options.work / f"{options.size}-{seed}" / system.replace(" ", "")
            trained = _trained(system, place, learnt, heard["objective"], seed, size, options.device)
            found.append((seed, system, _judged(trained, place / "judged.json", unseen, heard, options)))
    page = _report(found, options, simulated=options.objective is None or options.judge is None)
    (options.work / f"{options.size}.md").write_text(page, encoding="utf-8")
    print(page)
    return 0


def _trained(system: str, place: Path, data: Path, objective: Path, seed: int, size: Size, device: str) -> Path:
    """Return the checkpoint of a system, trained on from the regression that its seed's systems share."""
    shared = place.parent / "shared"
    train(_recipe({}, size.first, seed, size), data, shared, device=device, resume=True)
    losses = SYSTEMS[system]
    recipe = _recipe(losses, size.steps, seed, size).model_copy(update={"init": shared / "last"})
    train(recipe, data, place, objective=objective if "perceptual" in losses else None, device=device, resume=True)
    return place / "last"


def _recipe(losses: Mapping[str, float], steps: int, seed: int, size: Size) -> Recipe:
    chosen = {
        "rate": 22_050,
        "batch": 4,
        "seed": seed,
        "steps": steps,
        "checkpoint_every": max(4, steps // 10),
        "data.seconds": 1.2,
        "data.validation": 0.0,
        "losses.mrstft": 0.0,
        "losses.balance": True,
        "optimiser.learning_rate": 5e-4,
        "optimiser.ema": 0.99,
        "perceptual.ramp": 0.2,
        "perceptual.attributes": ["quality", "interference"],
    }
    chosen |= {f"network.{name}": value for name, value in size.network.items()}
    chosen |= {f"losses.{name}": value for name, value in losses.items()}
    return load("tiny", chosen)


def _judged(
    checkpoint: Path, target: Path, songs: Path, heard: Mapping[str, Path], options: argparse.Namespace
) -> dict[str, dict[str, float]]:
    """Return every judge's value of every unseen song, from the file if this was done before."""
    if target.is_file():
        return read_json(target)
    said = evaluate(checkpoint, songs, objective=heard["objective"], auditors=[heard["judge"]], device=options.device)
    found = {song["song"]: {name: song[name] for name in song if _counts(name, song[name])} for song in said["songs"]}
    for name, values in found.items():
        if options.peass:
            values |= _peass(checkpoint, songs / name)
    write_json(target, found)
    return found


def _counts(name: str, value: Any) -> bool:
    """Say whether a value of a song goes into the table: its ratings by all objectives, SI-SDR, SIR and SAR."""
    others = name == "sdr" or name.startswith(("mixture_", "museval_"))
    return isinstance(value, float) and (not others or name in {"museval_sir", "museval_sar"})


def _peass(checkpoint: Path, place: Path) -> dict[str, float]:
    references, accompaniment = stems.read(place)
    vocals = references["vocals"]
    estimate = separator(checkpoint)(Audio(vocals.samples + accompaniment.samples, vocals.rate))["vocals"]
    signals = [torch.from_numpy(each.samples).double()[None] for each in (estimate, vocals, accompaniment)]
    scores = peass(signals[0], torch.stack(signals[1:], dim=1), vocals.rate)
    return {f"peass_{name}": float(value) for name, value in vars(scores).items()}


def _report(found: list[tuple[int, str, Any]], options: argparse.Namespace, *, simulated: bool) -> str:
    songs = sorted(found[0][2])
    names = list(found[0][2][songs[0]])
    lines = [f"{len(songs)} unseen songs, {1 + max(seed for seed, *_ in found)} seeds, size {options.size}."]
    if simulated:
        lines.append("**Simulated**: objective and judge are a simulated listener; nothing here is about people.")
    lines += ["", "| | " + " | ".join(SYSTEMS) + " |", "|---|" + "---|" * len(SYSTEMS)]
    for name in names:
        values = {
            system: np.array(
                [np.mean([said[song][name] for _, other, said in found if other == system]) for song in songs]
            )
            for system in SYSTEMS
        }
        cells = [f"{values['L1'].mean():.2f}"]
        cells += [_difference(values[system] - values["L1"]) for system in list(SYSTEMS)[1:]]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", "L1: mean over songs; others: difference to it, 95 % interval over songs."])


def _difference(each: NDArray[np.float64]) -> str:
    draws = np.random.default_rng(0).integers(len(each), size=(RESAMPLES, len(each)))
    low, high = np.quantile(each[draws].mean(axis=1), [0.025, 0.975])
    return f"{each.mean():+.2f} [{low:+.2f}, {high:+.2f}]"


def _judge(folder: Path | None, simulated: Path) -> Path:
    """Return the folder of an objective; that of a simulated listener where none was given."""
    if folder is None and not simulated.exists():
        objectives.save(simulate.listener(), simulated, card={})
    return folder or simulated


def _songs(data: Path, work: Path, size: Size) -> tuple[Path, Path]:
    """Write the real excerpts as songs, those for training and those for judging; return both folders."""
    folders = work / f"{size.songs or 'all'}-learnt", work / f"{size.songs or 'all'}-unseen"
    for number, (name, vocals, accompaniment) in enumerate(_excerpts(data, size.songs)):
        place = folders[number % LEFT_OUT == 0] / name
        if not place.exists():
            with whole_folder(place) as part:
                audio.write(part / "vocals.wav", vocals, subtype="FLOAT")
                audio.write(part / "accompaniment.wav", accompaniment, subtype="FLOAT")
    return folders


def _excerpts(data: Path, count: int | None) -> Iterator[tuple[str, Audio, Audio]]:
    """Yield name, vocals and accompaniment, in an order that mixes the sources."""
    places = [*(data / "sisec2018" / "sounds").iterdir(), *(data / "ward2018" / "sounds").iterdir()]
    chosen = sorted(places, key=lambda place: place.name)[:count]
    for place in chosen:
        if (place / "ref_vocals.flac").is_file():
            yield place.name, audio.read(place / "ref_vocals.flac"), audio.read(place / "ref_accompaniment.flac")
        else:
            yield place.name, *_left_over(audio.read(place / "ref.flac"), audio.read(place / "Interferer.flac"))


def _left_over(vocals: Audio, mixture: Audio) -> tuple[Audio, Audio]:
    """Return vocals and what they leave of a mixture that was scaled to their loudness."""
    gain = float((vocals.samples * mixture.samples).sum() / np.square(vocals.samples).sum())
    return vocals, Audio((mixture.samples / gain - vocals.samples).astype(np.float32), vocals.rate)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds ward2018 and sisec2018")
    parser.add_argument("--work", type=Path, required=True, help="folder for songs, trainings and results")
    parser.add_argument("--objective", type=Path, help="objective to train against")
    parser.add_argument("--judge", type=Path, help="objective that nobody trains against")
    parser.add_argument("--size", choices=sorted(SIZES), default="small")
    parser.add_argument("--seeds", type=int, help="how many, instead of the size's")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--no-peass", dest="peass", action="store_false")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
