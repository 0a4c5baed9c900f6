"""Recipes are read strictly: a typo is named, with what was meant to be there."""

import subprocess
import sys

import pytest

from lossmodel.errors import BadInput
from lossmodel.objective import config
from lossmodel.objective.features import FEATURES

LEAST = 'terms = { general = ["leak"] }\n'


def written(folder, text):
    path = folder / "own.toml"
    path.write_text(text)
    return path


def test_every_recipe_that_comes_along_can_be_read_and_names_known_features():
    for name in config.recipes():
        recipe = config.load(name)
        terms = [config.Term.parse(text) for texts in recipe.terms.values() for text in texts]
        assert {term.feature for term in terms} <= FEATURES.keys()


def test_an_attribute_without_terms_of_its_own_gets_the_general_ones():
    recipe = config.load("compact")
    assert recipe.terms_of("bass heaviness") == recipe.terms["general"]
    assert recipe.terms_of("quality") != recipe.terms["general"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LEAST + "[weights]\nanker = 1\n", r"unknown key 'weights.anker'; known are system, reference"),
        ("sed = 3\n" + LEAST, r"unknown key 'sed'; known are seed, members"),
        ("members = 0\n" + LEAST, "members: .*greater than or equal to 1"),
        ('terms = { quality = ["leak"] }\n', "a list 'general' is needed"),
        ('terms = { general = ["leak over mixture"] }\n', "'leak over mixture' is not a term"),
        ("terms = [", "not a TOML file"),
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
