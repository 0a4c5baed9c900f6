"""The commands on lyrics: transcribe, align, evaluate-alignment. What is heavy is imported when one runs."""

from pathlib import Path

from lossmodel import cli
from lossmodel.errors import BadInput
from lossmodel.files import atomic_file
from lossmodel.progress import bar


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
