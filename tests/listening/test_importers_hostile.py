"""Whatever a file holds, an importer reads it or says in one line what is wrong with it, at once."""

import os
import time
from pathlib import Path

import pytest
from django.core.management import call_command

from listening.importers import import_study
from listening.importers.webmushra_yaml import load
from lossmodel import files, overrides
from lossmodel.errors import BadInput
from lossmodel.objective import config as fit_recipe
from separation import config as recipe
from tests.listening.published import nothing_kept, sound, waet, webmushra, write_csv
from tests.listening.test_importers import ward

DEEP = 100_000


def sisec(folder: Path) -> Path:
    """Return a folder like SiSEC's: one assessor, one song."""
    rows = [
        {"sub": "1", "song": "s", "sound": name, "url": f"sounds/s/{name}.flac", "rating": 50, "order": 0, "dur": 9.5}
        for name in ("Ref", "STO1")
    ]
    write_csv(folder / "ratings.csv", rows)
    for name, other in (("Ref", 0.0), ("STO1", 0.2), ("mixture", 1.0)):
        sound(folder / "sounds" / "s" / f"{name}.flac", other=other)
    sound(folder / "sounds" / "s" / "ref_accompaniment.flac", 660.0)
    return folder


SEEDS = {"ward2018": ward, "sisec2018": sisec, "webmushra": webmushra, "waet": waet}


def billion_laughs(merge: str) -> str:
    layers = [f"a{n}: &a{n} {{{merge}}}" if merge else f"a{n}: &a{n} [x]" for n in (0,)]
    for n in range(1, 30):
        below = ", ".join([f"*a{n - 1}"] * 9)
        layers.append(f"a{n}: &a{n} {{<<: [{below}]}}" if merge else f"a{n}: &a{n} [{below}]")
    return "\n".join(layers)


def in_a_moment(call) -> str:
    """Return with what one line `call` refuses, within seconds of processor time: others may keep it busy."""
    began = time.process_time()
    with pytest.raises(BadInput) as refused:
        call()
    assert time.process_time() - began < 5
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("merge", ["", "x: 1"])
def test_aliases_that_multiply_are_refused_before_they_are_written_out(merge):
    assert "aliases (*) expand to more than" in in_a_moment(lambda: load("c.yaml", billion_laughs(merge)))


def test_an_alias_of_itself_is_refused():
    assert "aliases (*)" in in_a_moment(lambda: load("c.yaml", "a: &a [*a]"))


def test_aliases_as_people_use_them_are_read():
    held = load("c.yaml", "a: &a {x: 1}\nb: *a\nc: {<<: *a, y: 2}")
    assert held == {"a": {"x": 1}, "b": {"x": 1}, "c": {"x": 1, "y": 2}}


def test_yaml_that_is_nested_without_end_is_refused():
    assert "nested too deeply" in in_a_moment(lambda: load("c.yaml", "[" * 5000 + "]" * 5000))


def test_json_and_toml_that_are_nested_without_end_are_refused(tmp_path):
    card, toml = tmp_path / "card.json", tmp_path / "deep.toml"
    card.write_text("[" * DEEP + "]" * DEEP)
    toml.write_text("a = " + "[" * DEEP + "]" * DEEP)
    assert "not a JSON file" in in_a_moment(lambda: files.read_json(card))
    for read in (fit_recipe.load, recipe.load):
        assert "not a TOML file" in in_a_moment(lambda read=read: read(str(toml)))
    assert "nested too deeply" in in_a_moment(lambda: overrides.pair("a=" + "[" * DEEP))


def test_numbers_of_thousands_of_digits_are_refused(tmp_path):
    (tmp_path / "card.json").write_text("9" * 5000)
    assert "not a JSON file" in in_a_moment(lambda: files.read_json(tmp_path / "card.json"))


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["ward2018", "sisec2018"])
def test_no_sound_outside_the_folder_is_imported(tmp_path, kind):
    folder = SEEDS[kind](tmp_path / "test")
    table = folder / "ratings.csv"
    sound(tmp_path / "outside.wav")
    name = {"ward2018": "sounds/p1/STO1.wav", "sisec2018": "sounds/s/STO1.flac"}[kind]
    table.write_text(table.read_text().replace(name, "../outside.wav", 1))
    assert "'../outside.wav' leads out of" in in_a_moment(lambda: import_study(folder, kind))
    assert nothing_kept()


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["folder", "webmushra", "waet", "ward2018"])
def test_a_name_that_is_no_utf8_is_named_with_its_bytes(tmp_path, kind, capsys):
    folder = tmp_path / "songs"
    sound(folder / "good" / "a.wav")
    (folder / "good" / "a.wav").rename(folder / "good" / os.fsdecode(b"song\xff.wav"))
    with pytest.raises(SystemExit) as end:
        call_command("import_study", str(folder), format=kind)
    assert end.value.code == 2
    assert r"song\udcff.wav: this name is not UTF-8; rename it" in capsys.readouterr().err
