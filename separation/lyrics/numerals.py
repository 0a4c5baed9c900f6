"""Numbers as they are sung: 0 to 999 999 in four languages, longer ones digit by digit."""

from collections.abc import Callable

Reader = Callable[[int], str]

LONGEST_READ_AT_ONCE = 6
"""Digits; telephone numbers and the like are read one by one."""

WORDS = {
    "english units": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen",
    "english tens": "- - twenty thirty forty fifty sixty seventy eighty ninety",
    "german units": "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn"
    " sechzehn siebzehn achtzehn neunzehn",
    "german tens": "- - zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    "french units": "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize"
    " dix-sept dix-huit dix-neuf",
    "french tens": "- - vingt trente quarante cinquante soixante soixante quatre-vingt quatre-vingt",
    "spanish units": "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince"
    " dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco"
    " veintiséis veintisiete veintiocho veintinueve",
    "spanish tens": "- - - treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    "spanish hundreds": "- ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos"
    " novecientos",
}
"""The words of small numbers, of tens and of hundreds; a dash where another table has the word."""

TABLES = {name: words.split() for name, words in WORDS.items()}


def spelled(digits: str, language: str) -> str:
    """Return digits as words; a number of four digits from 1100 to 1999 is a year in English and German.

    >>> spelled("1984", "english"), spelled("71", "french"), spelled("21", "german"), spelled("500", "spanish")
    ('nineteen eighty four', 'soixante et onze', 'einundzwanzig', 'quinientos')
    """
    read = READERS[language]
    if len(digits) > LONGEST_READ_AT_ONCE or (len(digits) > 1 and digits[0] == "0"):
        return " ".join(read(int(digit)) for digit in digits)
    return read(int(digits))


def _english(number: int) -> str:
    if number < 20:
        return TABLES["english units"][number]
    if number < 100:
        return TABLES["english tens"][number // 10] + _rest(number % 10, _english)
    if 1100 <= number < 2000 and number % 100:
        return f"{_english(number // 100)} {'oh ' if number % 100 < 10 else ''}{_english(number % 100)}"
    size, name = (100, "hundred") if number < 1000 else (1000, "thousand")
    return f"{_english(number // size)} {name}{_rest(number % size, _english)}"


def _german(number: int) -> str:
    if number < 20:
        return TABLES["german units"][number]
    if number < 100:
        unit = number % 10
        return (f"{_german_joined(unit)}und" if unit else "") + TABLES["german tens"][number // 10]
    year = 1100 <= number < 2000
    size, name = (100, "hundert") if number < 1000 or year else (1000, "tausend")
    return _german_joined(number // size) + name + (_german(number % size) if number % size else "")


def _german_joined(number: int) -> str:
    return "ein" if number == 1 else _german(number)


def _french(number: int) -> str:
    if number < 20:
        return TABLES["french units"][number]
    if number < 100:
        tens = number // 10
        rest = number % 10 + (10 if tens in {7, 9} else 0)
        if not rest:
            return TABLES["french tens"][tens] + ("s" if tens == 8 else "")
        return TABLES["french tens"][tens] + (" et " if rest in {1, 11} and tens < 8 else " ") + _french(rest)
    size, name = (100, "cent") if number < 1000 else (1000, "mille")
    many = f"{_french(number // size)} " if number >= 2 * size else ""
    return f"{many}{name}{_rest(number % size, _french)}"


def _spanish(number: int) -> str:
    if number < 30:
        return TABLES["spanish units"][number]
    if number < 100:
        return TABLES["spanish tens"][number // 10] + (f" y {_spanish(number % 10)}" if number % 10 else "")
    if number == 100:
        return "cien"
    if number < 1000:
        return TABLES["spanish hundreds"][number // 100] + _rest(number % 100, _spanish)
    many = f"{_spanish(number // 1000)} " if number >= 2000 else ""
    return f"{many}mil{_rest(number % 1000, _spanish)}"


def _rest(number: int, read: Reader) -> str:
    return f" {read(number)}" if number else ""


READERS = {"english": _english, "german": _german, "french": _french, "spanish": _spanish}
