"""`python -m separation`: train, separate, evaluate; transcribe and align lyrics."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from lossmodel import cli
from lossmodel.errors import BadInput
from lossmodel.files import atomic_file, read_json, write_json
from lossmodel.overrides import pair
from lossmodel.progress import bar
from separation import config

Override = Annotated[tuple[str, ...], tyro.conf.arg(metavar="KEY=VALUE")]


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
    override: Override = (),
) -> int:
    """Train a separator on a folder of songs, or continue a training that stopped.

    Try:
        python -m separation train --recipe tiny --data songs --output runs/first
        python -m separation train --recipe perceptual --data songs --output runs/second --objective objectives/ward2018
        python -m separation train --recipe tiny --data songs --output runs/first --steps 600 --resume
        python -m separation train --recipe gan --data songs --output runs/third --override batch=8 losses.l1=2.0
        torchrun --nproc-per-node 4 -m separation train --recipe regression --data songs --output runs/4 --device cuda

    Args:
        recipe: Name of a recipe (tiny, regression, improved, gan, perceptual, perceptual-gan, metricgan,
            semi-supervised, two-answers) or path of a TOML file.
        data: Folder of songs (folders with vocals.wav and other stems, or .stem.mp4 files), or of train and test.
        output: Folder of the training: checkpoints, metrics.jsonl, state.
        objective: Folder of a fitted objective, for recipes with a perceptual loss.
        auditor: Folder of another objective, evaluated at each checkpoint but never trained against; training stops
            when the objective improves while the auditor gets worse.
        validation: Folder of songs by which to choose the best checkpoint, or a text file with one song name per line.
        steps: Total number of steps, instead of the recipe's.
        device: cpu, cuda or cuda:<number>.
        resume: Continue from the newest state in the output folder.
        override: Keys of the recipe to change, for example optimiser.learning_rate=0.001.
    """
    chosen = config.load(recipe, dict(map(pair, override)))
    from separation.training.loop import train as run

    given = partial(run, chosen, data, output, objective=objective, auditor=auditor, validation=validation)
    return _with_progress_bar(partial(given, steps=steps, device=device, resume=resume, remark=cli.complain), output)


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
    objective: Path | None = None,
    auditor: tuple[Path, ...] = (),
    device: str = "cpu",
) -> None:
    """Measure a separator on songs whose vocals are known, per song and over time.

    Try:
        python -m separation evaluate --checkpoint runs/first --data songs --output scores.json

    Args:
        checkpoint: A checkpoint, or a training's folder.
        data: Folder of songs, as for train.
        output: JSON file for the results, per song and in total.
        objective: Folder of a fitted objective whose predictions are added to the results.
        auditor: Folders of objectives it was not trained against; ratings are named after the folder.
        device: cpu, cuda or cuda:<number>.
    """
    if output.is_dir():
        raise BadInput(f"{output}: is a folder; give a JSON file for the results")
    from separation.evaluate import evaluate as run

    with bar("evaluating") as report:
        found = run(checkpoint, data, objective=objective, auditors=auditor, device=device, report=report)
    write_json(output, found)
    means = {name: value for name, value in found["mean"].items() if value is not None}
    cli.complain(*(f"left out: {reason}" for reason in found["left_out"]))
    figures = [f"{name} {value:.2f}" for name, value in means.items()]
    cli.say(*figures, *_worst_seconds(found["songs"]), str(output))


def _worst_seconds(songs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a line on the worst second of each song that has one."""
    worst = [(song["song"], song["defects"]["worst_second"]) for song in songs if song["defects"]["worst_second"]]
    return [f"{name}: worst at {each['start']:.0f} s, SDR {each['museval_sdr']:.1f} dB" for name, each in worst]


def transcribe(
    checkpoint: Path,
    audio: Path,
    output: Path,
    beam: int = 0,
    language_model: Path | None = None,
    truth: Path | None = None,
    device: str = "cpu",
) -> None:
    """Write down what is sung, as text.

    Try:
        python -m separation transcribe --checkpoint run --audio song.mp3 --output song.txt
        python -m separation transcribe --checkpoint run --audio song.mp3 --output song.txt --language-model texts.txt

    Args:
        checkpoint: A checkpoint that reads lyrics, or a training's folder.
        audio: The recording.
        output: Text file for what is read.
        beam: Follow so many texts at a time; 0 takes the best symbol of each frame.
        language_model: Text file from which to learn which characters follow one another (not the song's own lyrics).
        truth: Text file with the true lyrics, for character and word error rates.
        device: cpu, cuda or cuda:<number>.
    """
    if output.is_dir():
        raise BadInput(f"{output}: is a folder; give a file for the text")
    from separation.lyrics import recordings

    reader = recordings.Reader(checkpoint, device=device)
    model = recordings.language_model(language_model, reader.alphabet) if language_model else None
    lyrics = recordings.read_lyrics(truth, reader.alphabet) if truth else None
    with bar("reading") as report:
        found = reader.emissions(audio, report=report)
    text = recordings.transcribe(found, reader.alphabet, beam=beam, model=model)
    with atomic_file(output) as part:
        part.write_text(text + "\n", encoding="utf-8")
    cli.say(*(recordings.error_rates(lyrics, text) if lyrics else []), str(output))


def align(
    checkpoint: Path,
    audio: Path,
    lyrics: Path,
    output: tuple[Path, ...],
    delay: float = 0.0,
    free: bool = False,
    device: str = "cpu",
) -> None:
    """Say when each word of the lyrics is sung.

    Try:
        python -m separation align --checkpoint run --audio song.mp3 --lyrics song.txt --output song.lrc song.json

    Args:
        checkpoint: A checkpoint that reads lyrics, or a training's folder.
        audio: The recording.
        lyrics: UTF-8 text, a line of the song a line; headings such as [Chorus] are kept and not looked for.
        output: Files to write; their names end in .json, .csv, .lrc, .elrc (a time a word), .srt, .vtt or .TextGrid.
        delay: Seconds that are added to every time; evaluate-alignment says which.
        free: Lines may be left out or sung again, at a price.
        device: cpu, cuda or cuda:<number>.
    """
    from separation.lyrics import formats, recordings
    from separation.lyrics.viterbi import Prices

    for path in output:
        formats.check_suffix(path)
    reader = recordings.Reader(checkpoint, device=device)
    words = recordings.read_lyrics(lyrics, reader.alphabet)
    with bar("reading") as report:
        found = reader.align(audio, words, delay=delay, prices=Prices() if free else None, report=report)
    for path in output:
        formats.write(path, found)
    cli.complain(*words.remarks, *recordings.remarks(found))
    cli.say(*map(str, output))


def evaluate_alignment(
    annotations: Path,
    predictions: Path,
    delay: float = 0.0,
    audio: Path | None = None,
    output: Path | None = None,
) -> None:
    """Compare word onsets with annotated ones: errors, shares of words in time, what listeners make of it.

    Try:
        python -m separation evaluate-alignment --annotations annotations/words --predictions predictions --delay 0.18

    Args:
        annotations: Folder of CSV files with a column word_start, one a song.
        predictions: Folder of CSV or JSON files of the same names, as align writes them, or start,end without a header.
        delay: Seconds that are added to every predicted onset.
        audio: Folder of the recordings, for the share of the whole song in which the right word is shown.
        output: Folder for songs.csv, scores.json and errors.svg.
    """
    from separation.lyrics import evaluate_alignment as alignments

    songs, errors = alignments.evaluate_alignment(annotations, predictions, delay=delay, recordings=audio)
    if output is not None:
        alignments.write_report(output, songs, errors, delay=delay)
    fitted = f"delay for as many words early as late: {delay + alignments.best_delay(errors):.3f} s"
    cli.say(*alignments.described(songs), fitted, *([] if output is None else [str(output)]))


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
