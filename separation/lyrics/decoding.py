"""From probabilities to text: the best symbol of each frame, or the best text among many."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log, log1p

import numpy as np

from separation.lyrics.alphabet import Alphabet
from separation.lyrics.viterbi import Emissions

NEVER = float("-inf")
BEAM_SYMBOLS = 8
"""Symbols of a frame that are followed: the others are too unlikely to matter."""

BLANK_CERTAINTY = log(0.999)
"""Frames that are blank with this probability extend no text."""


def greedy(emissions: Emissions, alphabet: Alphabet) -> str:
    """Return the best symbol of each frame, repetitions and blanks taken out: (frames, classes) to text."""
    best = emissions.argmax(axis=1)
    kept = best[np.flatnonzero(np.diff(best, prepend=-1))]
    return " ".join(alphabet.decode([int(each) for each in kept if each != alphabet.blank]).split())


def greedy_score(emissions: Emissions) -> float:
    """Return the log probability of the best symbol of every frame: no path is more likely."""
    return float(emissions.max(axis=1).sum())


@dataclass(frozen=True)
class CharacterModel:
    """How likely a character is after the ones before it, from texts of a kind (Witten-Bell interpolation)."""

    order: int
    counts: Mapping[str, Mapping[str, int]]
    symbols: int

    def log_probability(self, before: str, symbol: str) -> float:
        """Return ln p(symbol | the last `order` - 1 characters of `before`)."""
        return log(self._probability(before[max(0, len(before) - self.order + 1) :], symbol))

    def _probability(self, context: str, symbol: str) -> float:
        shorter = self._probability(context[1:], symbol) if context else 1 / self.symbols
        seen = self.counts.get(context)
        if not seen:
            return shorter
        total, kinds = sum(seen.values()), len(seen)
        return (seen.get(symbol, 0) + kinds * shorter) / (total + kinds)


def character_model(texts: Iterable[str], alphabet: Alphabet, order: int = 5) -> CharacterModel:
    """Return the model of texts in the alphabet's symbols.

    >>> from separation.lyrics.alphabet import ALPHABETS
    >>> model = character_model(["banana"], ALPHABETS["english"])
    >>> model.log_probability("ban", "a") > model.log_probability("ban", "b")
    True
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for text in texts:
        for at, symbol in enumerate(text):
            for length in range(min(order - 1, at) + 1):
                counts[text[at - length : at]][symbol] += 1
    return CharacterModel(order, counts, len(alphabet.symbols))


def beam_search(
    emissions: Emissions,
    alphabet: Alphabet,
    *,
    width: int = 32,
    model: CharacterModel | None = None,
    weight: float = 0.5,
    reward: float = 0.5,
) -> str:
    """Return the most likely text over all its ways to be sung (Graves, Jaitly, ICML 2014; prefix beam search).

    Each character of the text adds `weight` times the model's log probability, and with a model `reward`, without which
    short texts would win. Shape: emissions (frames, classes), the blank last.
    """
    beams: dict[str, tuple[float, float]] = {"": (0.0, NEVER)}  # text: log p of ending in blank, in its last symbol
    for frame in np.asarray(emissions, dtype=float):
        if frame[alphabet.blank] > BLANK_CERTAINTY:
            beams = {text: (_sum(*ways) + frame[alphabet.blank], NEVER) for text, ways in beams.items()}
            continue
        likely = np.argsort(frame[: alphabet.blank])[-BEAM_SYMBOLS:]
        grown: dict[str, tuple[float, float]] = {}
        for text, ways in beams.items():
            _grow(grown, text, ways, frame, likely, alphabet, model, weight, reward)
        best = sorted(grown, key=lambda text: -_sum(*grown[text]))[:width]
        beams = {text: grown[text] for text in best}
    return " ".join(max(beams, key=lambda text: _sum(*beams[text])).split())


def _grow(
    grown: dict[str, tuple[float, float]],
    text: str,
    ways: tuple[float, float],
    frame: Sequence[float],
    likely: Iterable[int],
    alphabet: Alphabet,
    model: CharacterModel | None,
    weight: float,
    reward: float,
) -> None:
    """Add to `grown` what becomes of a text in a frame: the same, or longer by a symbol."""
    in_blank, in_symbol = ways
    both = _sum(in_blank, in_symbol)
    _add(grown, text, both + frame[alphabet.blank], NEVER)
    for number in likely:
        symbol = alphabet.symbols[number]
        p = float(frame[number])
        again = bool(text) and text[-1] == symbol
        if again:
            _add(grown, text, NEVER, in_symbol + p)
        extra = weight * model.log_probability(text, symbol) + reward if model else 0.0
        _add(grown, text + symbol, NEVER, (in_blank if again else both) + p + extra)


def _add(grown: dict[str, tuple[float, float]], text: str, in_blank: float, in_symbol: float) -> None:
    before = grown.get(text, (NEVER, NEVER))
    grown[text] = (_sum(before[0], in_blank), _sum(before[1], in_symbol))


def _sum(first: float, second: float) -> float:
    """Return ln(e^first + e^second)."""
    high, low = (first, second) if first >= second else (second, first)
    return high if low == NEVER else high + log1p(exp(low - high))


def error_rate(truth: Sequence[str], found: Sequence[str]) -> float:
    """Return the edit distance between two texts divided by the true one's length; lower is better.

    Of characters it is the CER, of lists of words the WER.

    >>> error_rate("kitten", "sitting")
    0.5
    """
    row = np.arange(len(found) + 1)
    for number, each in enumerate(truth, start=1):
        differs = np.array([each != other for other in found], dtype=int)
        best = np.minimum(row[1:] + 1, row[:-1] + differs)
        ahead = np.concatenate([[number], best]) - np.arange(len(found) + 1)
        row = np.minimum.accumulate(ahead) + np.arange(len(found) + 1)
    return float(row[-1] / max(1, len(truth)))
