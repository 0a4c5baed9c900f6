"""What people typed is never carried out by a spreadsheet, and comes back as it was."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmodel.cells import defused, restored


@given(st.text(alphabet="'=+-@\t\r\n1.e a", max_size=6))
def test_every_text_comes_back_and_none_but_a_number_begins_like_a_formula(text):
    written = defused(text)
    assert restored(written) == text
    assert not written.startswith(tuple("=@\t\r\n"))
    if written.startswith(("+", "-")):
        float(written)


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1"])
def test_formulas_begin_with_an_apostrophe(text):
    assert defused(text) == f"'{text}"


@pytest.mark.parametrize("value", ["-6", "+.5", "-1e-3", "", "lead", "it's", "'90s", -3.5, None, True])
def test_numbers_and_plain_words_stay(value):
    assert defused(value) == value


def test_a_csv_file_holds_the_apostrophe():
    file = io.StringIO()
    csv.writer(file).writerow([defused("=1+1")])
    assert file.getvalue() == "'=1+1\r\n"
