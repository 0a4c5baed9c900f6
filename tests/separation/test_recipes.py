"""Recipes are complete or the key that is wrong is named."""

import subprocess
import sys

import pytest

from lossmodel.errors import BadInput
from separation.config import load, recipes


def test_the_recipes_of_the_design_exist_and_load():
    assert {"gan", "perceptual", "perceptual-gan", "regression", "tiny"} <= set(recipes())
    for name in recipes():
        recipe = load(name)
        assert recipe.name == name
        assert recipe.window.output >= recipe.data.seconds * recipe.rate


def test_regression_is_the_published_m5():
    recipe = load("regression")
    assert (recipe.rate, recipe.channels, recipe.network.levels) == (22050, 2, 12)
    assert recipe.window.input == 147_443


def test_a_recipe_extends_another_and_says_only_what_differs():
    base, gan = load("regression"), load("gan")
    assert gan.network == base.network
    assert set(gan.losses.weights) > set(base.losses.weights)
    small = load("perceptual", {"extends": "tiny"})
    assert small.network == load("tiny").network
    assert small.losses.perceptual == load("perceptual").losses.perceptual


@pytest.mark.parametrize(
    ("name", "overrides", "words"),
    [
        ("regresion", {}, "regression"),
        ("tiny", {"optimiser.learnig_rate": 1}, "optimiser.learnig_rate; near ones: learning_rate"),
        ("tiny", {"btach": 3}, "near ones: batch"),
        ("tiny", {"batch": 0}, "batch: .*greater than or equal to 1"),
        ("tiny", {"network.kernel_up": 4}, "kernel_up = 4"),
        ("tiny", {"losses.l1": 0, "losses.mrstft": 0}, "every weight is 0"),
        ("tiny", {"network.noise": 1}, "every seed was found to give the same answer .*use network.modes"),
        ("tiny", {"network.sources": ["drums", "vocals"]}, "sources"),
        ("tiny-perceptual", {"perceptual.gain": True}, "give init"),
        ("tiny-perceptual", {"perceptual.gain": True, "init": "run/last"}, 'aggregate = "softmin" too'),
    ],
)
def test_a_typo_or_an_impossible_value_is_named_with_the_way_out(name, overrides, words):
    with pytest.raises(BadInput, match=words):
        load(name, overrides)


def test_a_file_that_is_no_toml_or_extends_itself_is_refused(tmp_path):
    broken, circle = tmp_path / "broken.toml", tmp_path / "circle.toml"
    broken.write_text("steps = = 3")
    circle.write_text(f'extends = "{circle}"\n')
    with pytest.raises(BadInput, match="not a TOML file"):
        load(broken)
    with pytest.raises(BadInput, match="extends"):
        load(circle)


def test_recipes_are_read_without_torch():
    code = "import sys, separation.config as c; c.load('tiny'); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
