"""The path found is the best there is; times follow what is sung; what does not fit is said."""

from itertools import product

import numpy as np
import pytest

from lossmodel.errors import BadInput
from separation.lyrics import viterbi
from separation.lyrics.viterbi import Prices
from tests.separation.lyrics.builders import ENGLISH, FRAME, aligned, emissions


def best_by_trying(probabilities, symbols):
    """Return the highest log probability of all rows of classes that collapse to `symbols`."""
    frames, classes = probabilities.shape
    blank = classes - 1
    found = -np.inf
    for row in product(range(classes), repeat=frames):
        kept = [each for at, each in enumerate(row) if each != blank and (at == 0 or row[at - 1] != each)]
        if kept == symbols:
            found = max(found, float(sum(probabilities[at, each] for at, each in enumerate(row))))
    return found


@pytest.mark.parametrize("lines", [[[0, 1]], [[1, 1]], [[0], [1]], [[1], [0]]])
def test_no_other_path_is_better(lines):
    draw = np.random.default_rng(len(lines))
    chances = draw.dirichlet(np.ones(4), size=6)
    probabilities = np.log(chances).astype(np.float32)
    symbols = [symbol for number, line in enumerate(lines) for symbol in ([2] * (number > 0) + line)]
    assert viterbi.align(probabilities, lines, space=2).score == pytest.approx(best_by_trying(probabilities, symbols))


def test_a_path_visits_every_symbol_once_and_in_order():
    draw = np.random.default_rng(3)
    probabilities = np.log(draw.dirichlet(np.ones(29), size=120)).astype(np.float32)
    lines = [ENGLISH.encode(line) for line in ("hello there", "book keeper", "aa bb")]
    path = viterbi.align(probabilities, lines, space=ENGLISH.space)
    assert path.symbols.tolist() == list(range(sum(map(len, lines))))
    assert (path.last >= path.first).all()
    assert (path.first[1:] > path.last[:-1]).all()


def test_words_begin_where_they_are_sung():
    found = aligned("___aa_b____c_d_ee__", "ab cd e")
    assert [word.start for word in found.lines[0].words] == pytest.approx([3 * FRAME, 11 * FRAME, 15 * FRAME])
    assert [word.end for word in found.lines[0].words] == pytest.approx([7 * FRAME, 14 * FRAME, 17 * FRAME])


def test_the_second_pass_keeps_a_line_together():
    sung = "_" * 10 + "ab" + "_" * 200 + "ab_c_d" + "_" * 4
    once, twice = (aligned(sung, "ab c d", passes=passes).lines[0] for passes in (1, 2))
    assert twice.end - twice.start <= once.end - once.start


def test_the_second_pass_leaves_a_slow_line_as_it_was_sung():
    sung = "_aaaaaaa_bbbbbbb_cccccccc_ddddddd_" + "_" * 20 + "_eeeeeee_fffffff_"
    assert aligned(sung, "ab cd\nef", passes=2).lines == aligned(sung, "ab cd\nef", passes=1).lines


def test_no_frame_is_impossible():
    found = emissions("ab_c")
    found[2] = -np.inf
    found[2, 0] = 0.0
    assert np.isfinite(viterbi.align(found, [ENGLISH.encode("abc")], space=ENGLISH.space).score)


def test_a_word_of_unknown_letters_stands_beside_its_neighbour():
    words = aligned("_a__b_", "a 愛 b").lines[0].words
    assert [word.written for word in words] == ["a", "愛", "b"]
    assert words[1].confidence is None
    assert words[0].end <= words[1].start <= words[2].start


def test_a_line_sung_twice_comes_twice_and_one_not_sung_has_no_time():
    sung = "__one_day__two_men__one_day__" + "_" * 5
    found = aligned(sung, "one day\nfour green books\ntwo men", prices=Prices(missing=3, repeat=3))
    assert [(line.written, line.kind) for line in found.lines] == [
        ("one day", "sung"), ("four green books", "missing"), ("two men", "sung"), ("one day", "repeated"),
    ]  # fmt: skip
    assert found.lines[1].start is None
    assert found.lines[3].start == pytest.approx(20 * FRAME)


def test_nothing_is_sung_where_the_separated_voice_is_silent():
    sung = "__ab______ab____"
    voice = np.arange(len(sung)) > 6
    assert aligned(sung, "ab", voice=voice).lines[0].start == pytest.approx(10 * FRAME)


def test_another_songs_lyrics_do_not_fit_and_the_right_ones_do():
    sung = "__the_quick_brown_fox_jum_ped_over_the_lazy_dog____"
    right = aligned(sung, "the quick brown fox\njum ped over the lazy dog")
    wrong = aligned(sung, "my love is like a\nred red rose in june")
    assert right.fits
    assert not wrong.fits
    assert right.lines[0].confidence > 0.8 > wrong.lines[0].confidence
    assert wrong.unsure == (1, 2)


def test_what_is_sung_without_words_is_listed():
    found = aligned("_one_" + "_" * 10 + "abcdefgh" + "_" * 10 + "_two_", "one two")
    ((start, end),) = found.wordless
    assert (start, end) == (pytest.approx(15 * FRAME, abs=1.5 * FRAME), pytest.approx(23 * FRAME, abs=1.5 * FRAME))


@pytest.mark.parametrize(
    ("sung", "text", "line"),
    [
        ("_ab_", "too many words", "3 words need at least 0.8 s, the recording has 0.2 s"),
        ("_" * 200, "these words are not sung", "next to nothing is sung: 0 characters are heard"),
    ],
)
def test_what_cannot_be_aligned_is_said_in_one_line(sung, text, line):
    with pytest.raises(BadInput, match=line):
        aligned(sung, text)
