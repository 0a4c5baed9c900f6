"""Text from probabilities: the beam sums over all ways, a language model decides between what sounds alike."""

from itertools import product

import numpy as np
import pytest
import torch

from separation.lyrics.alphabet import Alphabet
from separation.lyrics.ctc import ctc, fits, shortest
from separation.lyrics.decoding import beam_search, character_model, error_rate, greedy
from tests.separation.lyrics.builders import ENGLISH, emissions

TWO = Alphabet("two", "ab ")


def test_repetitions_count_once_unless_a_blank_stands_between():
    assert greedy(emissions("_hhel_loo_ _you_"), ENGLISH) == "hello you"


def test_a_wide_beam_finds_the_text_that_is_likeliest_over_all_ways():
    draw = np.random.default_rng(1)
    for _ in range(5):
        chances = draw.dirichlet(np.ones(4), size=5)
        totals = {}
        for row in product(range(4), repeat=5):
            text = "".join("ab "[c] for at, c in enumerate(row) if c < 3 and (at == 0 or row[at - 1] != c))
            totals[text] = totals.get(text, 0.0) + np.prod(chances[np.arange(5), row])
        best = max(totals, key=totals.get)
        assert beam_search(np.log(chances), TWO, width=1000) == " ".join(best.split())


def test_a_language_model_decides_between_what_sounds_alike():
    found = emissions("_night_")
    found[1, [ENGLISH.symbols.index("n"), ENGLISH.symbols.index("m")]] = np.log(0.45)
    names = character_model(["night after night"] * 3, ENGLISH)
    mights = character_model(["might makes might"] * 3, ENGLISH)
    assert beam_search(found, ENGLISH, model=names) == "night"
    assert beam_search(found, ENGLISH, model=mights) == "might"


def test_a_language_models_chances_add_up_to_one():
    model = character_model(["banana bandana"], ENGLISH)
    for before in ("", "ban", "zzz"):
        total = sum(np.exp(model.log_probability(before, symbol)) for symbol in ENGLISH.symbols)
        assert total == pytest.approx(1)


def test_error_rates_count_edits():
    assert error_rate("kitten", "sitting") == pytest.approx(3 / 6)
    assert error_rate(["a", "b", "c"], ["a", "x", "c", "d"]) == pytest.approx(2 / 3)
    assert error_rate("abc", "") == 1
    assert error_rate("abc", "abc") == 0


def test_the_loss_is_torchs_within_each_span_and_blank_where_nobody_sings():
    draw = torch.Generator().manual_seed(0)
    found = torch.randn(3, 12, 5, generator=draw).log_softmax(2)
    loss = ctc(found, [(2, 10), (0, 12), (0, 0)], [(1, 1, 3), (), (2,)])
    first = torch.nn.functional.ctc_loss(
        found[0, 2:10, None], torch.tensor([[1, 1, 3]]), [8], [3], blank=4, reduction="sum"
    )
    assert loss == pytest.approx(float(first - found[1, :, 4].sum()) / 20, rel=1e-5)


def test_symbols_that_repeat_need_a_frame_more():
    assert shortest([1, 1, 2]) == 4
    assert not fits([1, 1, 2], 3)
