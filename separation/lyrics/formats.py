"""An alignment as a file: JSON, CSV, LRC, enhanced LRC, SRT, WebVTT and Praat TextGrid."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from lossmodel.cells import defused
from lossmodel.errors import BadInput
from lossmodel.files import atomic_file
from separation.lyrics.aligned import AlignedLine, AlignedWord, Alignment

CSV_COLUMNS = ("line", "word", "written", "start", "end", "confidence", "kind")
Times = list[tuple[float, float, str]]


def write(path: Path, alignment: Alignment) -> None:
    """Write an alignment in the format of the file's suffix, whole or not at all; `BadInput` for an unknown one."""
    check_suffix(path)
    with atomic_file(path) as part:
        part.write_text(FORMATS[_suffix(path)](alignment), encoding="utf-8")


def check_suffix(path: Path) -> None:
    """Raise `BadInput` for a name from which no format follows."""
    if _suffix(path) not in FORMATS:
        raise BadInput(f"{path}: no format of that name; end it in {', '.join(FORMATS)}")


def _suffix(path: Path) -> str:
    name = path.name.lower()
    return ENHANCED if name.endswith(ENHANCED) else path.suffix.lower()


def as_json(alignment: Alignment) -> str:
    """Return everything that is known: lines with words, confidence, what to look at."""
    return json.dumps(alignment.facts(), indent=2, ensure_ascii=False) + "\n"


def as_csv(alignment: Alignment) -> str:
    """Return a row a word; headings and lines that are not sung have one without times. None starts a formula."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(CSV_COLUMNS)
    for line in alignment.lines:
        for number, word in enumerate(line.words, start=1):
            sure = "" if word.confidence is None else f"{word.confidence:.4f}"
            table.writerow(
                [line.number, number, defused(word.written), f"{word.start:.4f}", f"{word.end:.4f}", sure, line.kind]
            )
        if not line.words:
            table.writerow([line.number, "", defused(line.written), "", "", "", line.kind])
    return text.getvalue()


def as_lrc(alignment: Alignment) -> str:
    """Return a time and a line: [mm:ss.xx]."""
    return "".join(f"[{_minutes(line.words[0].start)}]{line.written}\n" for line in _timed(alignment))


def as_enhanced_lrc(alignment: Alignment) -> str:
    """Return LRC with a time before each word, and after the last."""
    return "".join(
        f"[{_minutes(line.words[0].start)}]"
        + " ".join(f"<{_minutes(word.start)}>{word.written}" for word in line.words)
        + f"<{_minutes(line.words[-1].end)}>\n"
        for line in _timed(alignment)
    )


def as_srt(alignment: Alignment) -> str:
    """Return a numbered subtitle a line."""
    return "".join(
        f"{number}\n{_clock(start, ',')} --> {_clock(end, ',')}\n{text}\n\n"
        for number, (start, end, text) in enumerate(_line_times(alignment), start=1)
    )


def as_webvtt(alignment: Alignment) -> str:
    """Return a cue a line with a time before each word, as karaoke players want it."""
    cues = []
    for line, (start, end, _) in zip(_timed(alignment), _line_times(alignment)):
        words = [_escaped(line.words[0].written)]
        words += [
            f"<{_clock(word.start)}>{_escaped(word.written)}" if start < word.start < end else _escaped(word.written)
            for word in line.words[1:]
        ]
        cues.append(f"\n{_clock(start)} --> {_clock(end)}\n{' '.join(words)}\n")
    return "WEBVTT\n" + "".join(cues)


def as_textgrid(alignment: Alignment) -> str:
    """Return Praat's long text format with tiers `lines` and `words`; pauses are empty intervals."""
    words = _apart([(w.start, w.end, w.written) for w in _all_words(alignment)], alignment.seconds)
    tiers = {"lines": _apart(_line_times(alignment), alignment.seconds), "words": words}
    out = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", f"xmax = {alignment.seconds:.6f}"]
    out += ["tiers? <exists>", f"size = {len(tiers)}", "item []:"]
    for number, (name, spans) in enumerate(tiers.items(), start=1):
        out += [f"    item [{number}]:", '        class = "IntervalTier"', f'        name = "{name}"']
        out += ["        xmin = 0", f"        xmax = {alignment.seconds:.6f}"]
        out += [f"        intervals: size = {len(spans)}"]
        for at, (start, end, text) in enumerate(spans, start=1):
            quoted = text.replace('"', '""')
            out += [f"        intervals [{at}]:", f"            xmin = {start:.6f}", f"            xmax = {end:.6f}"]
            out += [f'            text = "{quoted}"']
    return "\n".join(out) + "\n"


ENHANCED = ".elrc"
FORMATS: dict[str, Callable[[Alignment], str]] = {
    ".json": as_json,
    ".csv": as_csv,
    ".lrc": as_lrc,
    ENHANCED: as_enhanced_lrc,
    ".srt": as_srt,
    ".vtt": as_webvtt,
    ".textgrid": as_textgrid,
}


def _timed(alignment: Alignment) -> list[AlignedLine]:
    return [line for line in alignment.lines if line.words]


def _all_words(alignment: Alignment) -> Iterator[AlignedWord]:
    for line in alignment.lines:
        yield from line.words


def _line_times(alignment: Alignment) -> Times:
    """Return each sung line's time, no line beyond the beginning of the next."""
    lines = _timed(alignment)
    nexts = [line.words[0].start for line in lines[1:]] + [alignment.seconds]
    return [
        (line.words[0].start, max(line.words[0].start, min(line.words[-1].end, after)), line.written)
        for line, after in zip(lines, nexts)
    ]


def _apart(spans: Times, seconds: float) -> Times:
    """Return intervals that follow one another from 0 to the end, as Praat demands; none without length."""
    whole: Times = []
    at = 0.0
    for number, (start, end, text) in enumerate(spans):
        following = spans[number + 1][0] if number + 1 < len(spans) else seconds
        start, end = max(at, start), min(max(end, start), max(following, start))
        if end - start < 1e-6:
            continue
        if start - at > 1e-6:
            whole.append((at, start, ""))
        whole.append((start if start - at > 1e-6 else at, end, text))
        at = end
    if seconds - at > 1e-6:
        whole.append((at, seconds, ""))
    return whole


def _minutes(seconds: float) -> str:
    hundredths = round(seconds * 100)
    return f"{hundredths // 6000:02d}:{hundredths // 100 % 60:02d}.{hundredths % 100:02d}"


def _clock(seconds: float, point: str = ".") -> str:
    """Return hours, minutes, seconds and milliseconds.

    >>> _clock(3661.5)
    '01:01:01.500'
    """
    thousandths = round(seconds * 1000)
    whole = thousandths // 1000
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}{point}{thousandths % 1000:03d}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
