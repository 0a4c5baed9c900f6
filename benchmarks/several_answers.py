"""A mixture with two right answers (lead, or lead and backing voice): who gives one of them, and who the average?

    python benchmarks/several_answers.py --work runs/                      two hours on one core
    python benchmarks/several_answers.py --work runs/ --quick              minutes, proves nothing
    python benchmarks/several_answers.py --work runs/ --data DATA --sounds sounds/ --figure docs/images

Songs of two singers (`several_answers_measure`) are learned from by one small network in several ways, with equal steps
on the same mixtures. Where a song has one label, every second song calls the lead alone `vocals`, the others both
voices, as data sets disagree. A step with a discriminator takes three times as long, so those trainings have half as
many. On unseen songs the backing voice's gain is measured each half second. With `--data` (HEARBACK_DATA) the judge of
`perceptual_judge` is asked beside the objective. Everything is kept in the work folder: run again, it goes on where it
stopped. `--only` takes some of the ways, so several can be trained beside each other.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import several_answers_gan
import several_answers_judge
import several_answers_measure as measure
import torch

from lossmodel import audio
from lossmodel.audio import Audio
from lossmodel.files import read_json, write_json
from lossmodel.objective import store as objectives
from separation.config import load
from separation.evaluate import predicted_ratings
from separation.inference.separator import Separator
from separation.training.loop import train

NET = {
    "rate": measure.RATE,
    "network.channels": 2,
    "network.levels": 6,
    "network.filters": 8,
    "network.kernel_down": 9,
    "data.seconds": 0.5,
    "data.anywhere": 0.0,
    "data.remix": 0.0,
    "losses.mrstft": 0.0,
    "optimiser.learning_rate": 2e-3,
    "checkpoint_every": 10_000,
}
GAN = {
    "losses.adversarial": 0.2,
    "losses.matching": 0.4,
    "losses.balance": True,
    "adversarial.start": 0.05,
    "adversarial.penalty": "r1",
    "adversarial.penalty_weight": 0.01,
    "adversarial.penalty_every": 16,
    "adversarial.network": {"periods": [2, 5], "windows": [512, 128], "width": 8},
}
OBJECTIVE = {"losses.perceptual": 1.0, "perceptual.aggregate": "even", "data.seconds": 1.1}
AVERAGE_TEMPERATURE = 1e6
"""A soft minimum this soft is the mean."""

CODES = (-1.0, 1.0)
SEEDS = (0, 1, 2, 3)


CODED = "one label, GAN without pairs + code"


@dataclass(frozen=True)
class Way:
    """A way to train: on which labels, with what, from which other way's weights."""

    labels: str
    recipe: Mapping[str, Any] = field(default_factory=dict)
    start: str | None = None
    share_of_steps: float = 1.0
    modes: tuple[str, ...] = ()
    noise: int = 0
    """Channels of noise beside the mixture."""


WAYS = {
    "lead only, L1": Way("lead"),
    "one label, L1": Way("one"),
    "one label, two answers": Way("one", modes=("lead", "all")),
    "both, L1 to their mean": Way("both", {"losses.temperature": AVERAGE_TEMPERATURE}),
    "both, L1 soft-min": Way("both"),
    "both, two answers": Way("both", modes=("lead", "all")),
    "one label, GAN": Way("one", GAN, share_of_steps=0.5),
    "one label, GAN + noise": Way("one", GAN, noise=1, share_of_steps=0.5),
    "both, GAN": Way("both", GAN, share_of_steps=0.5),
    "both, GAN + noise": Way("both", GAN, noise=1, share_of_steps=0.5),
    "both, GAN + objective": Way("both", {**GAN, **OBJECTIVE}, start="both, L1 soft-min", share_of_steps=0.05),
    CODED: Way("one", GAN, start="one label, L1", share_of_steps=0.25),
}


def main() -> int:
    options = _options()
    torch.set_num_threads(options.threads)
    if options.quick:
        options = argparse.Namespace(**{**vars(options), "steps": 20, "songs": 4, "seconds": 4.0})
    songs = options.work / "songs"
    measure.write_songs(songs / "learned", range(options.songs), options.seconds)
    measure.write_songs(songs / "judged", range(100, 100 + options.songs // 3), options.seconds)
    for name in options.only or WAYS:
        _trained(name, options)
        print(f"{name}: trained", flush=True)
    found = _judged(options)
    text = table(found)
    (options.work / "several_answers.md").write_text(text, encoding="utf-8")
    print(text)
    if options.figure:
        from several_answers_figure import draw

        draw(
            options.figure / "several-answers",
            {name: each["gains"] for name, each in found.items() if not _is_repeated(name)},
        )
    return 0


def _is_repeated(name: str) -> bool:
    """Tell whether an output is that of a further seed, which would only repeat the first one's row."""
    return any(name.endswith(f"seed {seed}") for seed in SEEDS[1:])


def _trained(name: str, options: argparse.Namespace) -> Path:
    """Train a way, and first the one that it starts from; return its checkpoint."""
    way, output = WAYS[name], options.work / "runs" / name.replace(" ", "-").replace(",", "")
    steps = max(1, round(way.share_of_steps * options.steps))
    if (output / "last").exists() and read_json(output / "last" / "card.json")["step"] >= steps:
        return output / "last"
    start = _trained(way.start, options) if way.start else None
    data = options.work / "songs" / "learned" / way.labels
    recipe = {**NET, **way.recipe, "steps": steps, "seed": options.seed}
    if way.modes:
        recipe["network.modes"] = way.modes
    if name == CODED:
        several_answers_gan.train(recipe, data, start, output, shares=several_answers_gan.SHARES)
        return output / "last"
    objective = objectives.default() if "losses.perceptual" in recipe else None
    chosen = several_answers_gan.with_noise(load("tiny", {**recipe, "init": start}), channels=way.noise)
    train(chosen, data, output, objective=objective, resume=True)
    return output / "last"


def _outputs(name: str, options: argparse.Namespace) -> dict[str, measure.Separate]:
    """Return what a way's separator offers: one answer, one for each mode, or one for each code or seed."""
    checkpoint = _trained(name, options)
    if name == CODED:
        return {
            f"{name} {code:+g}": lambda mixture, code=code: several_answers_gan.separate(checkpoint, mixture, code)
            for code in CODES
        }
    if modes := WAYS[name].modes:
        return {f"{name}: {mode}": _vocals(Separator(checkpoint, mode=mode)) for mode in modes}
    if WAYS[name].noise:
        return {f"{name}, seed {seed}": _vocals(Separator(checkpoint, seed=seed)) for seed in SEEDS}
    return {name: _vocals(Separator(checkpoint))}


def _vocals(separator: Separator) -> measure.Separate:
    return lambda mixture: separator(mixture)["vocals"]


def _judged(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Return what is measured of each output, by its name; what was measured before is read again."""
    songs, found = measure.read(options.work / "songs" / "judged" / "both"), {}
    objective = objectives.load(objectives.default())
    judge = several_answers_judge.fitted(options.data, options.work / "judge.json") if options.data else None
    for name in options.only or WAYS:
        for output, separate in _outputs(name, options).items():
            kept = options.work / "measured" / f"{output.replace(' ', '-')}.json"
            if not kept.exists():
                opinions = _opinions(objective, separate, songs)
                opinions |= several_answers_judge.opinions(judge, separate, songs) if judge else {}
                write_json(kept, measure.measured(separate, songs) | opinions)
            found[output] = read_json(kept)
            if options.sounds:
                _write_sound(options.sounds, output, separate(songs[0].mixture))
    if options.sounds:
        for name, sound in zip(("lead", "all voices"), songs[0].references):
            _write_sound(options.sounds, f"reference, {name}", sound)
        _write_sound(options.sounds, "mixture", songs[0].mixture)
    return found


def _opinions(objective: Any, separate: measure.Separate, songs: Sequence[measure.TwoSingers]) -> dict[str, float]:
    """Return the mean ratings (0 to 100) that the objective predicts, given both references."""
    pieces = [
        piece
        for song in songs
        for piece in predicted_ratings(objective, separate(song.mixture), song.references, song.mixture)
    ]
    names = [name for name in pieces[0] if name != "start"]
    return {name: sum(piece[name] for piece in pieces) / len(pieces) for name in names}


def table(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Return what was measured as a table in Markdown."""
    ratings = [name for name in next(iter(found.values())) if name not in {"gains", "si_sdr"}]
    head = ["", "gain .2 to .8", "−20 to −3 dB", "median gain", "SI-SDR, dB", *ratings]
    lines = [head, ["---"] * len(head)]
    for name, each in found.items():
        by_gain, by_level = measure.half_way(each["gains"])
        middle = sorted(each["gains"])[len(each["gains"]) // 2]
        numbers = [f"{100 * by_gain:.0f} %", f"{100 * by_level:.0f} %", f"{middle:.2f}", f"{each['si_sdr']:.1f}"]
        lines.append([name, *numbers, *(f"{each[rating]:.0f}" for rating in ratings)])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _write_sound(folder: Path, name: str, sound: Audio) -> None:
    within = replace(sound, samples=sound.samples / max(1.0, sound.peak))
    audio.write(folder / f"{name.replace(', ', ' - ').replace(': ', ' - ')}.flac", within, subtype="PCM_16")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for songs, trainings and results")
    parser.add_argument("--data", type=Path, help="folder that holds ward2018 and sisec2018, for the judge")
    parser.add_argument("--only", nargs="+", choices=WAYS, help="only these")
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--songs", type=int, default=24, help="to learn from; a third as many others are judged")
    parser.add_argument("--seconds", type=float, default=10.0, help="of a song")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--sounds", type=Path, help="folder for what each way makes of the first judged song")
    parser.add_argument("--figure", type=Path, help="folder for the figure")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
