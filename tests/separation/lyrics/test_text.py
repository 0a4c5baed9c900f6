"""Any lyrics can be read: every word stays as it is written, and what cannot be sung is said."""

import pytest

from lossmodel.errors import BadInput
from separation.lyrics.alphabet import ALPHABETS
from separation.lyrics.numerals import spelled
from separation.lyrics.text import parse, sung_as

PASTED = """[Verse 1]
[00:12.30]Don’t   stop — at 1984!
(Chorus x2)
愛 is  all

Bridge:
rock'n'roll, 50% naïve…yes
"""


def test_the_english_alphabet_is_the_published_one():
    english = ALPHABETS["english"]
    assert (english.classes, english.blank) == (29, 28)
    assert english.decode(english.encode("it's me")) == "it's me"


def test_pasted_lyrics_become_lines_and_no_word_is_lost():
    lyrics = parse(PASTED, ALPHABETS["english"], name="song.txt")
    assert [line.sung for line in lyrics.lines] == [
        "", "don't stop at nineteen eighty four", "", "is all", "", "rock'n'roll fifty percent naive yes",
    ]  # fmt: skip
    assert [word.written for word in lyrics.lines[3].words] == ["愛", "is", "all"]
    assert [line.is_heading for line in lyrics.lines] == [True, False, True, False, True, False]
    assert "song.txt, line 4: no symbol of english for 愛" in lyrics.remarks[2]
    assert sum("heading" in remark for remark in lyrics.remarks) == 3


@pytest.mark.parametrize(
    ("language", "written", "sung"),
    [
        ("german", "Größe", "größe"),
        ("english", "Größe", "grosse"),
        ("french", "Cœur d’été", "coeur d'été"),
        ("spanish", "¡Señor!", "señor"),
        ("german", "Ålesund", "alesund"),
        ("french", "l‘ẞ", "l'ss"),
    ],
)
def test_letters_come_down_to_those_of_the_language(language, written, sung):
    words = [sung_as(word, ALPHABETS[language]) for word in written.split()]
    assert (" ".join(word for word, _ in words), "".join(left for _, left in words)) == (sung, "")


@pytest.mark.parametrize(
    ("language", "digits", "words"),
    [
        ("english", "1905", "nineteen oh five"),
        ("english", "2024", "two thousand twenty four"),
        ("english", "0800", "zero eight zero zero"),
        ("english", "1000000", "one zero zero zero zero zero zero"),
        ("german", "101", "einhunderteins"),
        ("german", "1984", "neunzehnhundertvierundachtzig"),
        ("french", "80", "quatre-vingts"),
        ("french", "91", "quatre-vingt onze"),
        ("french", "21", "vingt et un"),
        ("spanish", "31", "treinta y uno"),
        ("spanish", "100", "cien"),
        ("spanish", "2500", "dos mil quinientos"),
    ],
)
def test_numbers_are_read_as_they_are_sung(language, digits, words):
    assert spelled(digits, language) == words


@pytest.mark.parametrize("language", ALPHABETS)
def test_every_number_and_sign_has_only_letters_of_its_language(language):
    alphabet = ALPHABETS[language]
    for written in [*map(str, range(0, 100_000, 37)), *"&%$€@+"]:
        sung, unknown = sung_as(written, alphabet)
        assert sung
        assert not unknown
        alphabet.encode(sung)


@pytest.mark.parametrize("text", ["", "  \n\n", "[Chorus]", "愛\n!!!"])
def test_text_with_nothing_to_sing_is_refused_in_one_line(text):
    with pytest.raises(BadInput, match=r"^song.txt: nothing that could be sung in english"):
        parse(text, ALPHABETS["english"], name="song.txt")
