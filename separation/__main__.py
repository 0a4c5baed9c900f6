"""`python -m separation`: train, separate, evaluate; transcribe and align lyrics."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from lossmodel import cli
from lossmodel.errors import BadInput
from lossmodel.files import read_json, write_json
from lossmodel.overrides import pair
from lossmodel.progress import bar
from separation import config
from separation.lyrics.commands import align, evaluate_alignment, transcribe
from separation.recipe import Recipe

if TYPE_CHECKING:
    from separation.outputs import Output

Override = Annotated[tuple[str, ...], tyro.conf.arg(metavar="KEY=VALUE")]


def main() -> None:
    """Run the command that the shell names."""
    commands = (train, separate, evaluate, choose, transcribe, align, evaluate_alignment)
    cli.run(
        {command.__name__.replace("_", "-"): command for command in commands},
        prog="separation",
        description="Train singing voice separators and use them.",
    )


def train(
    recipe: str,
    data: Path,
    output: Path,
    objective: Path | None = None,
    auditor: Path | None = None,
    validation: Path | None = None,
    steps: int | None = None,
    device: str = "cpu",
    resume: bool = False,
    dry_run: bool = False,
    override: Override = (),
) -> int:
    """Train a separator on a folder of songs, or continue a training that stopped.

    Try:
        python -m separation train --recipe tiny --data songs --output runs/first
        python -m separation train --recipe perceptual --data songs --output runs/second --objective objectives/ward2018
        torchrun --nproc-per-node 4 -m separation train --recipe regression --data songs --output runs/4 --device cuda

    Args:
        recipe: Name of a recipe (such as tiny, regression, gan, two-answers) or path of a TOML file.
        data: Folder of songs (folders with vocals.wav and other stems, or .stem.mp4 files), or of train and test.
        output: Folder of the training: checkpoints, metrics.jsonl, state.
        objective: Folder of a fitted objective, for recipes with a perceptual loss.
        auditor: Folder of another objective, never trained against; training stops when only that one gets worse.
        validation: Folder of songs by which to choose the best checkpoint, or a text file with one song name per line.
        steps: Total number of steps, instead of the recipe's.
        device: cpu, cuda or cuda:<number>.
        resume: Continue from the newest state in the output folder.
        dry_run: Only decode and list the songs that would be learned from and those held out, with their lengths.
        override: Keys of the recipe to change, for example optimiser.learning_rate=0.001.
    """
    chosen = config.load(recipe, dict(map(pair, override)))
    if dry_run:
        return _songs_listed(chosen, data, output, validation)
    from separation.training.loop import train as run

    given = partial(run, chosen, data, output, objective=objective, auditor=auditor, validation=validation)
    return _with_progress_bar(partial(given, steps=steps, device=device, resume=resume, remark=cli.complain), output)


def _songs_listed(recipe: Recipe, data: Path, output: Path, validation: Path | None) -> int:
    """List what a training would take; the songs stay decoded for it."""
    if not recipe.separates:
        raise BadInput(f"recipe {recipe.name}: learns from lyrics alone; a dry run lists songs with stems")
    from separation.data import split, survey
    from separation.training.state import CACHE_FOLDER

    cache = output.parent / CACHE_FOLDER
    with bar("decoding") as report:
        found = split.chosen_songs(recipe, data, validation, cache=cache, report=report, remark=cli.complain)
    cli.say(*survey.lines(*found))
    return 0


def separate(
    checkpoint: Path,
    audio: tyro.conf.Positional[tuple[Path, ...]],
    output: Path,
    kind: Annotated[Literal["wav", "flac"], tyro.conf.arg(name="format")] = "wav",
    high_band: bool = False,
    seed: int | None = None,
    mode: str | None = None,
    device: str = "cpu",
) -> None:
    """Write vocals and accompaniment of audio files; the two sum to the mixture.

    Try:
        python -m separation separate --checkpoint runs/first --output separated song.wav other.mp3
        python -m separation separate --checkpoint runs/first --output separated "songs/*/mixture.wav" --format flac
        python -m separation separate --checkpoint runs/two --output separated song.wav --mode all

    Args:
        checkpoint: A checkpoint, or a training's folder (its best checkpoint, else its last).
        audio: WAV, FLAC, Ogg, MP3 or MP4 files or patterns, any rate, mono or stereo, any length.
        output: Folder for <name>.vocals.wav, <name>.accompaniment.wav and <name>.json, which states the bandwidth.
        kind: wav (32-bit float) or flac (24 bits; refused where a sample would clip).
        high_band: Put what is above the separator's bandwidth into the vocals instead of the accompaniment.
        seed: Seed of the noise input, for checkpoints with network.noise; 0 if not given.
        mode: Which of several answers, for checkpoints with network.modes (lead or all); the first if not given.
        device: cpu, cuda or cuda:<number>.
    """
    if not audio:
        raise BadInput("no audio files; name at least one")
    from separation.inference.separate import separate as run

    with bar("separating") as report:
        separated = partial(run, kind=kind, high_band=high_band, seed=seed, mode=mode, device=device)
        written = separated(checkpoint, audio, output, report=report, remark=cli.complain)
    cli.say(*map(str, written))


def evaluate(
    checkpoint: Path,
    data: Path,
    output: Path,
    page: Path | None = None,
    objective: Path | None = None,
    auditor: tuple[Path, ...] = (),
    device: str = "cpu",
) -> None:
    """Measure a separator on songs whose vocals are known, per song and over time.

    Try:
        python -m separation evaluate --checkpoint runs/first --data songs --output scores.json --page scores.html

    Args:
        checkpoint: A checkpoint, or a training's folder.
        data: Folder of songs, as for train.
        output: JSON file for the results, per song and in total.
        page: HTML file to read and hear: damage, leak, bandwidth and pauses of each song, and its worst seconds.
        objective: Folder of a fitted objective whose predictions are added to the results.
        auditor: Folders of objectives it was not trained against; ratings are named after the folder.
        device: cpu, cuda or cuda:<number>.
    """
    _check_files(output, page)
    from separation.evaluate import evaluate as run
    from separation.report import evaluation
    from separation.report.sounds import Sounds

    sounds = Sounds()
    on_song = partial(evaluation.keep_moments, sounds) if page else None
    with bar("evaluating") as report:
        measuring = partial(run, objective=objective, auditors=auditor, device=device, on_song=on_song)
        found = measuring(checkpoint, data, report=report)
    write_json(output, found)
    if page:
        evaluation.write(page, found, sounds)
    means = {name: value for name, value in found["mean"].items() if value is not None}
    cli.complain(*(f"left out: {reason}" for reason in found["left_out"]))
    figures = [f"{name} {value:.2f}" for name, value in means.items()]
    cli.say(*figures, *_worst_seconds(found["songs"]), *map(str, filter(None, (output, page))))


def _check_files(output: Path, page: Path | None) -> None:
    for path, wanted in ((output, "a JSON file for the results"), (page, "an HTML file for the page")):
        if path and path.is_dir():
            raise BadInput(f"{path}: is a folder; give {wanted}")


def _worst_seconds(songs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a line on the worst second of each song that has one."""
    worst = [(song["song"], song["defects"]["worst_second"]) for song in songs if song["defects"]["worst_second"]]
    return [f"{name}: worst at {each['start']:.0f} s, SDR {each['museval_sdr']:.1f} dB" for name, each in worst]


def choose(
    output: Path,
    outputs: Path | None = None,
    data: Path | None = None,
    manifest: Path | None = None,
    page: Path | None = None,
    objective: Path | None = None,
) -> None:
    """Compare the vocals that several systems separated: how much each damages, how much it leaks, what to choose.

    Try:
        python -m separation choose --outputs outputs --data songs --output choice.json --page choice.html
        python -m separation choose --manifest pairs.csv --output choice.json --page choice.html

    Args:
        output: JSON file for the comparison.
        outputs: Folder with a folder for each system, which holds <song>.vocals.wav or <song>/vocals.wav.
        data: Folder of the songs, as for train.
        manifest: CSV that names the files (pairs.csv), instead of outputs and data.
        page: HTML file to read and hear: both axes with intervals, and the worst moments.
        objective: Folder of a fitted objective that predicts quality and interference; the package's own if not given.
    """
    _check_files(output, page)
    from lossmodel.objective import store as objectives
    from separation import choose as chooser
    from separation.report import chooser as chooser_page

    found = _outputs(outputs, data, manifest)
    with bar("comparing") as report:
        choice = chooser.choose(found, objective or objectives.default(), report=report)
    write_json(output, choice.to_json())
    if page:
        chooser_page.write(page, choice, found)
    cli.complain(*(f"left out: {reason}" for reason in choice.left_out))
    cli.say(*chooser_page.verdict(choice), *map(str, filter(None, (output, page))))


def _outputs(outputs: Path | None, data: Path | None, manifest: Path | None) -> "list[Output]":
    from separation import outputs as given

    if manifest:
        return given.from_manifest(manifest)
    if outputs and data:
        return given.from_folder(outputs, data)
    raise BadInput("nothing to compare: give --outputs and --data, or --manifest")


def _with_progress_bar(training: Callable[..., Path], output: Path) -> int:
    """Run a training with a progress bar, say how it ended and return the exit status."""
    from separation.training.parallel import is_main_process

    try:
        with bar("training") as report:
            folder = training(report=report)
    except KeyboardInterrupt:
        cli.complain(f"separation: interrupted; {output} has all steps so far; continue with --resume")
        return cli.EXIT_INTERRUPTED
    if is_main_process():
        if reason := read_json(output / "last" / "card.json").get("stopped"):
            cli.complain(f"separation: stopped early: {reason}")
        cli.say(str(folder))
    return 0


if __name__ == "__main__":
    main()
