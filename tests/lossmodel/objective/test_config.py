"""Recipes are read strictly: a typo is named, with what was meant to be there."""

import subprocess
import sys

import pytest

from lossmodel.errors import BadInput
from lossmodel.objective import config
from lossmodel.objective.ear.features import FEATURES

LEAST = 'members.one.general = ["leak"]\n'


def written(folder, text):
    path = folder / "own.toml"
    path.write_text(text)
    return path


def test_every_recipe_that_comes_along_can_be_read_and_names_known_features():
    for name in config.recipes():
        recipe = config.load(name)
        lists = [texts for lists in recipe.members.values() for texts in lists.values()]
        terms = [config.Term.parse(text) for texts in lists for text in texts]
        assert {term.feature for term in terms} <= FEATURES.keys()


def test_an_attribute_without_terms_of_its_own_gets_the_general_ones():
    recipe = config.load("compact")
    assert recipe.members_of("bass heaviness")["levels"] == recipe.members["levels"]["general"]
    assert recipe.members_of("quality") != recipe.members_of("bass heaviness")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LEAST + "[weights]\nanker = 1\n", r"unknown key 'weights.anker'; known are system, reference"),
        ("sed = 3\n" + LEAST, r"unknown key 'sed'; known are seed, ridge"),
        ("ridge = 0\n" + LEAST, "ridge: .*greater than 0"),
        (LEAST + "known = { noise = { quality = 3 } }\n", "no probe 'noise'; known are silence, dull"),
        ('members.one.quality = ["leak"]\n', "a list 'general' is needed"),
        ('members.one.general = ["leak over mixture"]\n', "'leak over mixture' is not a term"),
        ("members = [", "not a TOML file"),
    ],
)
def test_a_mistake_in_a_recipe_is_named(tmp_path, text, message):
    with pytest.raises(BadInput, match=message):
        config.load(written(tmp_path, text))


def test_an_unknown_recipe_is_answered_with_the_known_ones():
    with pytest.raises(BadInput, match="compact"):
        config.load("compakt")


def test_reading_a_recipe_loads_no_torch_or_pandas():
    code = "import sys, lossmodel.objective.config as c; c.load('compact'); print({'torch', 'pandas'} & {*sys.modules})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
