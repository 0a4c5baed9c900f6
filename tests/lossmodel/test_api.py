"""What the README promises in Python works, and costs no torch before it is used."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import lossmodel
from lossmodel import metrics
from lossmodel.errors import BadInput

ROOT = Path(__file__).resolve().parents[2]


def test_the_packages_are_imported_without_torch_and_their_names_are_there():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import lossmodel, separation\n"
        "from lossmodel import metrics, load_objective\n"
        "assert not {'torch', 'pandas', 'scipy'} & set(sys.modules)\n"
        "from lossmodel import Objective, PerceptualLoss; from separation import Separator, load_recipe, train\n"
        "print(*(each.__name__ for each in (Objective, PerceptualLoss, Separator, load_recipe, train)))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(ROOT)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["Objective", "PerceptualLoss", "Separator", "load", "train"]
    with pytest.raises(AttributeError, match="no attribute 'Metric'"):
        _ = lossmodel.Metric


def test_the_lines_of_the_readme_run():
    torch = pytest.importorskip("torch")
    voice, rest = torch.randn(2, 1, 2, 44100, generator=torch.Generator().manual_seed(0)) / 10
    lines = re.search(r"```python\n(from lossmodel import .*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[1]
    estimate = (voice + 0.3 * rest).requires_grad_()
    given = {"estimate": estimate, "references": voice, "mixture": voice + rest, "rate": 44100}
    arrays = {"estimated": estimate[0].detach().numpy(), "reference": voice[0].numpy()}
    exec(lines.replace('load_objective("objective/")', "load_objective()"), given | arrays)
    assert estimate.grad.abs().sum() > 0


def test_metrics_of_arrays_are_those_of_the_command():
    draw = np.random.default_rng(0)
    voice, rest = draw.normal(0, 0.1, (2, 2, 8000))
    found = metrics.measured(voice + 0.1 * rest, voice, 8000, accompaniment=rest, only=("si_sdr", "sir"))
    assert found["si_sdr"] == pytest.approx(20, abs=0.3)
    assert found["sir"] == pytest.approx(20, abs=1)
    assert set(metrics.measured(voice[0], voice[0], 8000, only=["si_sdr"])) == {"si_sdr"}


@pytest.mark.parametrize(
    ("estimate", "words"),
    [
        (np.zeros((2, 4000)), r"estimate: of shape \(2, 4000\), the reference of \(1, 4000\)"),
        (np.full(4000, np.nan), "estimate: has NaN"),
    ],
)
def test_arrays_that_cannot_be_measured_are_named(estimate, words):
    with pytest.raises(BadInput, match=words):
        metrics.measured(estimate, np.ones(4000), 8000)
