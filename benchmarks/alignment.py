"""How long a song of four minutes takes: Viterbi over 600 words, and what a network reads in a second.

python benchmarks/alignment.py
"""

import resource
import time

import numpy as np
import torch

from lossmodel.audio import Audio
from separation import config
from separation.lyrics import viterbi
from separation.lyrics.alphabet import ALPHABETS
from separation.lyrics.emissions import emissions
from separation.store import Checkpoint, built

MINUTES, WORDS, LETTERS_A_WORD, WORDS_A_LINE = 4, 600, 5, 8
READ_SECONDS = 60


def main() -> None:
    recipe, alphabet = config.load("lyrics"), ALPHABETS["english"]
    known_onsets_are_found(alphabet.classes)
    draw = np.random.default_rng(0)
    frames = round(MINUTES * 60 * recipe.rate / 1024)
    random = np.log(draw.dirichlet(np.ones(alphabet.classes), size=frames)).astype(np.float32)
    words = [draw.integers(0, 26, LETTERS_A_WORD).tolist() for _ in range(WORDS)]
    lines = [
        [symbol for word in words[at : at + WORDS_A_LINE] for symbol in (*word, alphabet.space)][:-1]
        for at in range(0, WORDS, WORDS_A_LINE)
    ]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name, prices in (("every line once", None), ("lines may be missing or repeated", viterbi.Prices())):
        began, cpu = time.perf_counter(), time.process_time()
        viterbi.align(random, lines, space=alphabet.space, prices=prices)
        print(f"viterbi, {name}: {time.perf_counter() - began:.2f} s ({time.process_time() - cpu:.2f} s of CPU)")
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{frames} frames, {WORDS} words: {more:.0f} MiB more than before")
    reader = Checkpoint(built(recipe).eval(), recipe, {}, "")
    sound = Audio(draw.standard_normal((1, READ_SECONDS * recipe.rate)).astype(np.float32) * 0.1, recipe.rate)
    began, cpu = time.perf_counter(), time.process_time()
    emissions(reader, sound)
    wall, used = time.perf_counter() - began, time.process_time() - cpu
    print(f"emissions: {READ_SECONDS / wall:.1f} x real time, {torch.get_num_threads()} threads ({used:.1f} s of CPU)")


def known_onsets_are_found(classes: int) -> None:
    """Fail where symbols that are plain in the emissions, each two frames long with a blank between, lie elsewhere."""
    symbols, blank = [3, 1, 4, 1, 5], classes - 1
    sung = [each for symbol in symbols for each in (symbol, symbol, blank)]
    emissions = np.full((len(sung), classes), np.log(1e-4), np.float32)
    emissions[np.arange(len(sung)), sung] = np.log(0.9)
    found = viterbi.align(emissions, [symbols], space=0)
    assert found.first.tolist() == [0, 3, 6, 9, 12], found.first


if __name__ == "__main__":
    main()
