"""Emissions, lyrics and folders for the tests of lyrics."""

import numpy as np

from separation.lyrics.alignment import Timing, align
from separation.lyrics.alphabet import ALPHABETS
from separation.lyrics.text import parse

ENGLISH = ALPHABETS["english"]
FRAME = 0.05
SHARP = 0.9
"""Probability of what is sung in a frame; the others share the rest."""


def emissions(sung, alphabet=ENGLISH, *, sure=SHARP):
    """Return log probabilities that say `sung`, a character a frame; `_` stands for the blank."""
    rest = (1 - sure) / (alphabet.classes - 1)
    found = np.full((len(sung), alphabet.classes), rest, dtype=np.float32)
    for frame, symbol in enumerate(sung):
        found[frame, alphabet.blank if symbol == "_" else alphabet.symbols.index(symbol)] = sure
    return np.log(found)


def aligned(sung, text, **given):
    """Return the alignment of a text to frames that say `sung`."""
    found = emissions(sung)
    return align(found, parse(text, ENGLISH), ENGLISH, Timing(FRAME, 0.0, len(sung) * FRAME), **given)
