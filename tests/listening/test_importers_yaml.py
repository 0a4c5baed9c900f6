"""A configuration of webMUSHRA is read as its own loader reads it, not as the standard would."""

import pytest

from listening.importers.webmushra_yaml import as_text, load
from lossmodel.errors import BadInput

READ = [
    ("content: text: more text", {"content": "text: more text"}),
    ("- type: generic\n  content: see: below: there # aside", [{"type": "generic", "content": "see: below: there"}]),
    ("a: ends with a colon:", {"a": "ends with a colon:"}),
    ("a: <p style='x: y'>it's</p>", {"a": "<p style='x: y'>it's</p>"}),
    ("a: @home\nb: %done\nc: `code`", {"a": "@home", "b": "%done", "c": "`code`"}),
    ("a: !tag\nb: - dash", {"a": "!tag", "b": "- dash"}),
    (r"file: configs\audio\new.wav", {"file": r"configs\audio\new.wav"}),
    (r'file: "configs\audio\c1.wav"', {"file": "configs\audio\\c1.wav"}),
    ("a: no\nb: on\nc: Yes\nd: OFF", {"a": "no", "b": "on", "c": "Yes", "d": "OFF"}),
    ("a: true\nb: FALSE\nc: ~\nd:\ne: null", {"a": True, "b": False, "c": None, "d": None, "e": None}),
    ("id: 0", {"id": 0}),
    ("id: 010\nb: 0x1F\nc: 1e3\nd: 1.50\ne: +3", {"id": 8, "b": 31, "c": 1000, "d": 1.5, "e": 3}),
    ("a: 1_000\nb: 12:30\nc: 2020-01-01\nd: 1,000", {"a": "1_000", "b": "12:30", "c": "2020-01-01", "d": 1000}),
    ("C1: a\nC1: b", {"C1": "b"}),
    ("type : likert\nlabel :  Who: you?", {"type": "likert", "label": "Who: you?"}),
    ("a: |\n  one: two: three\n\n  @four\nb: c: d", {"a": "one: two: three\n\n@four\n", "b": "c: d"}),
    ('a: "one: two\n  three: four: five"\nb: c: d', {"a": "one: two three: four: five", "b": "c: d"}),
    ("a:\n- 'one\n  two: three: four'\n- b: c: d", {"a": ["one two: three: four", {"b": "c: d"}]}),
    ("a: 'it''s: so\n  b: c: d'\ne: f: g", {"a": "it's: so b: c: d", "e": "f: g"}),
    ("\ufeffa: b\r\nc: d: e\r\n", {"a": "b", "c": "d: e"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "held"), READ)
def test_the_loaders_own_yaml_is_read_as_it_means_it(text, held):
    assert load("test.yaml", text) == held


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: b\npages: [", r"test.yaml: line 2: 'pages: \[' cannot be read as YAML"),
        ("a: *nobody", r"test.yaml: line 1: 'a: \*nobody' cannot be read"),
        ("- type: a\n   id: b", "test.yaml: line 2: 'id: b' cannot be read"),
        ("a: \x01", "test.yaml: not a YAML file"),
        (r'a: ["x", {b: "c\0d"}]', r"test.yaml: 'c\\x00d' has an escaped character that is not text"),
        (r'"\uD800": x', r"test.yaml: '\\ud800' has an escaped character"),
        ("a: &a [*a]\nb: [", "test.yaml: line 2"),
        ("a: !!python/object/apply:os.getcwd []\nb: *a", "test.yaml: line 2"),
    ],
)
def test_what_cannot_be_read_names_its_line(text, said):
    with pytest.raises(BadInput, match=said) as caught:
        load("test.yaml", text)
    assert "\n" not in str(caught.value)


def test_what_is_referred_to_often_is_read_once():
    lines = ["a0: &a0 [x, y]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 7))]
    held = load("test.yaml", "\n".join(lines))
    assert len(held) == 7
    assert held["a6"][0] is held["a5"]


def test_a_value_becomes_the_text_that_javascript_would_write():
    assert [as_text(value) for value in (0, 8, 1.5, True, False, None, "x")] == [
        "0",
        "8",
        "1.5",
        "true",
        "false",
        "",
        "x",
    ]
