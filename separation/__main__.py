"""`python -m separation`: train, separate, evaluate; lyrics commands announce themselves."""

import tomllib
from pathlib import Path
from typing import Annotated, Any

import tyro

from lossmodel import cli
from lossmodel.errors import BadInput
from lossmodel.files import write_json
from lossmodel.progress import bar
from separation import config

LYRICS = "arrives with lyrics support; this version trains, separates and evaluates"
Override = Annotated[tuple[str, ...], tyro.conf.arg(metavar="KEY=VALUE")]


def train(
    recipe: str,
    data: Path,
    output: Path,
    objective: Path | None = None,
    steps: int | None = None,
    device: str = "cpu",
    resume: bool = False,
    override: Override = (),
) -> None:
    """Train a separator on a folder of songs (or go on with a training that stopped).

    Try:
        python -m separation train --recipe tiny --data songs --output runs/first
        python -m separation train --recipe perceptual --data songs --output runs/second --objective objectives/ward2018
        python -m separation train --recipe tiny --data songs --output runs/first --steps 600 --resume
        python -m separation train --recipe gan --data songs --output runs/third --override batch=8 losses.l1=2.0

    Args:
        recipe: Name of a recipe (tiny, regression, gan, perceptual, perceptual-gan) or path of a TOML file.
        data: Folder of songs, each a folder with vocals.wav and other stems, or MUSDB18 .stem.mp4 files.
        output: Folder of the training: checkpoints, metrics.jsonl, state.
        objective: Folder of a fitted objective, for recipes with a perceptual loss.
        steps: Steps in all, instead of the recipe's.
        device: cpu, cuda or cuda:<number>.
        resume: Go on from the newest state in the output folder.
        override: Keys of the recipe to change, for example optimiser.learning_rate=0.001.
    """
    chosen = config.load(recipe, dict(_pair(text) for text in override))
    from separation.train import train as run

    with bar("training") as report:
        folder = run(
            chosen, data, output, objective=objective, steps=steps, device=device, resume=resume, report=report
        )
    cli.say(str(folder))


def separate(
    checkpoint: Path, audio: tyro.conf.Positional[tuple[Path, ...]], output: Path, device: str = "cpu"
) -> None:
    """Write vocals and accompaniment of audio files; the two sum to the mixture.

    Try:
        python -m separation separate --checkpoint runs/first --output separated song.wav other.mp3

    Args:
        checkpoint: A checkpoint, or a training's folder (its best checkpoint, else its last).
        audio: WAV, FLAC, Ogg, MP3 or MP4 files, any rate, mono or stereo, any length.
        output: Folder for <name>.vocals.wav, <name>.accompaniment.wav and <name>.json.
        device: cpu, cuda or cuda:<number>.
    """
    if not audio:
        raise BadInput("no audio files; name at least one")
    from separation.render import separate as run

    with bar("separating") as report:
        cli.say(*map(str, run(checkpoint, audio, output, device=device, report=report)))


def evaluate(checkpoint: Path, data: Path, output: Path, objective: Path | None = None, device: str = "cpu") -> None:
    """Measure a separator on songs whose vocals are known.

    Try:
        python -m separation evaluate --checkpoint runs/first --data songs --output scores.json

    Args:
        checkpoint: A checkpoint, or a training's folder.
        data: Folder of songs, as for train.
        output: JSON file for the results, per song and in all.
        objective: Folder of a fitted objective whose predicted ratings are wanted too.
        device: cpu, cuda or cuda:<number>.
    """
    from separation.evaluate import evaluate as run

    with bar("evaluating") as report:
        found = run(checkpoint, data, objective=objective, device=device, report=report)
    write_json(output, found)
    cli.say(*(f"{name} {value:.2f}" for name, value in found["mean"].items()), str(output))


def transcribe(checkpoint: Path, audio: Path, output: Path) -> None:
    """Write down what is sung (arrives with lyrics support)."""
    raise BadInput(f"transcribe {LYRICS}")


def align(checkpoint: Path, audio: Path, lyrics: Path, output: Path) -> None:
    """Say when each word of the lyrics is sung (arrives with lyrics support)."""
    raise BadInput(f"align {LYRICS}")


def evaluate_alignment(annotations: Path, predictions: Path, delay: float = 0.0) -> None:
    """Compare word onsets with annotated ones (arrives with lyrics support)."""
    raise BadInput(f"evaluate-alignment {LYRICS}")


def _pair(text: str) -> tuple[str, Any]:
    """Read KEY=VALUE, the value as TOML where it is, as text otherwise."""
    key, sign, value = text.partition("=")
    if not sign:
        raise BadInput(f"override {text}: give KEY=VALUE")
    try:
        return key, tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key, value


if __name__ == "__main__":
    cli.run(
        {
            "train": train,
            "separate": separate,
            "evaluate": evaluate,
            "transcribe": transcribe,
            "align": align,
            "evaluate-alignment": evaluate_alignment,
        },
        prog="separation",
        description="Train singing voice separators and use them.",
    )
