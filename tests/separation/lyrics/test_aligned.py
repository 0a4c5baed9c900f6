"""An alignment as it is kept, and as a person corrects it."""

import json

import pytest

from lossmodel.errors import BadInput
from separation.lyrics.aligned import from_facts, retimed
from tests.separation.lyrics.builders import aligned

SUNG = "hh_eey_ _yyou___ _gooo_ _onn__"
TEXT = "hey you\ngo on"


@pytest.fixture
def found():
    return aligned(SUNG, TEXT)


def test_an_alignment_comes_back_from_its_facts_as_it_was(found):
    assert from_facts(json.loads(json.dumps(found.facts() | {"remarks": []}))) == found


def test_a_corrected_word_has_its_new_time_and_its_line_too_and_no_confidence(found):
    first = found.words[0]
    moved = retimed(found, {0: (first.start, first.end - 0.05)})
    assert moved.words[0].end == pytest.approx(first.end - 0.05)
    assert moved.words[0].confidence is None
    assert moved.lines[0].start == first.start
    assert moved.lines[0].confidence == moved.words[1].confidence
    assert moved.words[1:] == found.words[1:]


@pytest.mark.parametrize(
    ("times", "reason"),
    [
        ({0: (0.3, 0.1)}, "keep its start before its end"),
        ({3: (1.2, 9.0)}, r"within the 1.50 s of the recording"),
        ({1: (0.0, 0.6)}, "move the other one first"),
        ({4: (1.0, 1.1)}, "there is no word 4: the lyrics have 4"),
        ({-1: (0.0, 0.0)}, "there is no word -1"),
    ],
)
def test_times_out_of_order_are_refused_in_one_line(found, times, reason):
    with pytest.raises(BadInput, match=reason):
        retimed(found, times)


def test_a_line_whose_words_were_all_placed_by_a_person_is_no_longer_unsure():
    unsure = aligned(SUNG, "hey you\nzz zz")
    assert unsure.unsure == (2,)
    at = len(unsure.lines[0].words)
    own = {at + number: (word.start, word.end) for number, word in enumerate(unsure.lines[1].words)}
    assert retimed(unsure, own).unsure == ()
    assert retimed(unsure, dict([next(iter(own.items()))])).unsure == (2,)


def test_a_word_where_nothing_is_read_is_listed_as_without_voice():
    found = aligned("hhey_ _you_ _________________", "hey you zz")
    assert [word for _start, _end, word in found.voiceless] == ["zz"]
    assert not aligned(SUNG, TEXT).voiceless
