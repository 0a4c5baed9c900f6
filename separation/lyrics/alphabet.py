"""What can be sung, letter by letter: the symbols of each language, and how any text is brought down to them."""

import unicodedata
from dataclasses import dataclass

LETTERS = "abcdefghijklmnopqrstuvwxyz"
APOSTROPHE, SPACE = "'", " "
APOSTROPHES = "’‘ʼ`´′"
"""What is typed where an apostrophe is meant."""

LIGATURES = {"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th"}
"""Letters that Unicode does not take apart."""

FURTHER_LETTERS = {
    "english": "",
    "french": "àâçèéêëîïôùûü",
    "german": "äöüß",
    "spanish": "áéíñóúü",
}


@dataclass(frozen=True)
class Alphabet:
    """The letters of a language, apostrophe and space; the blank of CTC comes last."""

    name: str
    symbols: str

    @property
    def blank(self) -> int:
        """Return the number of the blank."""
        return len(self.symbols)

    @property
    def classes(self) -> int:
        """Return the number of symbols with the blank: 29 for English."""
        return len(self.symbols) + 1

    @property
    def space(self) -> int:
        """Return the number of the space."""
        return self.symbols.index(SPACE)

    def encode(self, text: str) -> list[int]:
        """Return the numbers of a text's symbols, which must all belong to the alphabet."""
        return [self.symbols.index(symbol) for symbol in text]

    def decode(self, numbers: list[int]) -> str:
        """Return the text of symbols' numbers."""
        return "".join(self.symbols[number] for number in numbers)

    def letters(self, written: str) -> tuple[str, str]:
        """Return the symbols that a written word is sung as, and what of it no symbol stands for.

        Punctuation is neither sung nor unknown. Accents that the language does not know are dropped.

        >>> ALPHABETS["english"].letters("Café’s")
        ("cafe's", '')
        >>> ALPHABETS["english"].letters("愛love")
        ('love', '愛')
        """
        sung, unknown = "", ""
        for symbol in unicodedata.normalize("NFC", written).lower():
            found = self._spelled(symbol)
            sung += found
            if not found and not _is_punctuation(symbol):
                unknown += symbol
        return (sung, unknown) if sung.strip(APOSTROPHE) else ("", unknown)

    def _spelled(self, symbol: str) -> str:
        """Return a lower-case character in the alphabet's symbols; nothing if there are none for it."""
        if symbol in self.symbols and symbol != SPACE:
            return symbol
        if symbol in APOSTROPHES:
            return APOSTROPHE
        parts = unicodedata.normalize("NFKD", LIGATURES.get(symbol, symbol))
        return "".join(part for part in parts if part in LETTERS)


def _is_punctuation(symbol: str) -> bool:
    """Tell whether nobody expects to hear a character: punctuation, separators, symbols, marks, controls."""
    return unicodedata.category(symbol)[0] in "PZSMC"


ALPHABETS = {name: Alphabet(name, LETTERS + further + APOSTROPHE + SPACE) for name, further in FURTHER_LETTERS.items()}
