"""Lyrics as people paste them, to lines of words: each as it is written, and as it is sung."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from lossmodel.errors import BadInput
from separation.lyrics.alphabet import Alphabet
from separation.lyrics.numerals import spelled

HEADING = re.compile(
    r"\[[^\]]*\]|\(?(?:verse|strophe|couplet|estrofa|pre-?chorus|chorus|refrain|estribillo|bridge|intro|outro|hook|interlude"
    r"|instrumental|solo)(?:\s*\d+)?(?:\s*[x×]\s*\d+)?\)?\s*:?",
    re.IGNORECASE,
)
"""A line that says which part of the song comes, such as [Chorus], (Verse 2) or «Bridge:»."""

TIMES = re.compile(r"\[\d+:\d+(?:[.:]\d+)?\]|<\d+:\d+(?:[.:]\d+)?>")
"""Times of an LRC file, which are to be found anew."""

SIGNS = {
    "english": {"&": "and", "%": "percent", "$": "dollars", "€": "euros", "@": "at", "+": "plus"},
    "french": {"&": "et", "%": "pour cent", "$": "dollars", "€": "euros", "@": "arobase", "+": "plus"},
    "german": {"&": "und", "%": "prozent", "$": "dollar", "€": "euro", "@": "at", "+": "plus"},
    "spanish": {"&": "y", "%": "por ciento", "$": "dólares", "€": "euros", "@": "arroba", "+": "más"},
}


MIN_KNOWN_SHARE = 0.5
"""Lyrics of which less than this share of the words has symbols are in another language's script."""


@dataclass(frozen=True)
class Word:
    """A word as it is written and as it is sung: letters, spaces within a number; nothing if no letter is known."""

    written: str
    sung: str


@dataclass(frozen=True)
class Line:
    """A line as it is written; a heading has no words that are sung."""

    written: str
    words: tuple[Word, ...] = ()

    @property
    def sung(self) -> str:
        """Return what the line sounds like, a space between words."""
        return " ".join(word.sung for word in self.words if word.sung)

    @property
    def is_heading(self) -> bool:
        """Tell whether the line only says which part of the song comes."""
        return not self.words


@dataclass(frozen=True)
class Lyrics:
    """Lines in order, and what a person should know about how they were read."""

    lines: tuple[Line, ...]
    remarks: tuple[str, ...] = field(default=())

    @property
    def words(self) -> int:
        """Return the number of words."""
        return sum(len(line.words) for line in self.lines)


def parse(text: str, alphabet: Alphabet, *, name: str = "lyrics") -> Lyrics:
    """Return the lyrics of a text; `BadInput` when there is nothing in it that could be sung.

    Every word stays, written as it is; remarks tell of headings, of characters that no symbol stands for and of words
    made of nothing else.

    >>> from separation.lyrics.alphabet import ALPHABETS
    >>> [line.sung for line in parse("[Chorus]\\nIt’s  99 \\n\\n愛!", ALPHABETS["english"]).lines]
    ['', "it's ninety nine", '']
    """
    lines, remarks = [], []
    for number, written in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        written = " ".join(TIMES.sub(" ", written).split())
        if not written:
            continue
        if HEADING.fullmatch(written):
            lines.append(Line(written))
            remarks.append(f"{name}, line {number}: {written} is taken for a heading, which nobody sings")
            continue
        line, unknown = _line(written, alphabet)
        lines.append(line)
        if unknown:
            remarks.append(
                f"{name}, line {number}: no symbol of {alphabet.name} for {' '.join(dict.fromkeys(unknown))}; such"
                " words are placed by their neighbours"
            )
    if not any(line.sung for line in lines):
        raise BadInput(f"{name}: nothing that could be sung in {alphabet.name}; give the words, a line of them a line")
    return Lyrics(tuple(lines), tuple(remarks))


def parse_known(text: str, alphabet: Alphabet, *, name: str = "lyrics") -> Lyrics:
    """Return the lyrics of a text like `parse`; `BadInput` too where most words are written in another script."""
    lyrics = parse(text, alphabet, name=name)
    words = [word for line in lyrics.lines for word in line.words if any(map(str.isalpha, word.written))]
    if sum(bool(word.sung) for word in words) < MIN_KNOWN_SHARE * len(words):
        raise BadInput(
            f"{name}: most of its words have no letter of {alphabet.name}; use a checkpoint for their language, or"
            " transliterate them"
        )
    return lyrics


def _line(written: str, alphabet: Alphabet) -> tuple[Line, str]:
    words, unknown = [], ""
    for word in written.split():
        sung, left = sung_as(word, alphabet)
        words.append(Word(word, sung))
        unknown += left
    return Line(written, tuple(words)), unknown


def sung_as(word: str, alphabet: Alphabet) -> tuple[str, str]:
    """Return what a written word is sung as, and its characters for which there is no symbol."""
    signs = SIGNS[alphabet.name]
    parts = re.findall(r"[0-9]+(?:[.,][0-9]{3}(?![0-9]))*|[^0-9]+", word)
    read = [spelled(re.sub(r"[.,]", "", part), alphabet.name) if part[0] in "0123456789" else part for part in parts]
    spaced = re.sub(r"[-–—/…]", " ", "".join(f" {part} " if part[0].isalpha() else part for part in read))
    return _letters("".join(f" {signs[sign]} " if sign in signs else sign for sign in spaced).split(), alphabet)


def _letters(parts: Sequence[str], alphabet: Alphabet) -> tuple[str, str]:
    found = [alphabet.letters(part) for part in parts]
    return " ".join(sung for sung, _ in found if sung), "".join(unknown for _, unknown in found)
