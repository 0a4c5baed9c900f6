"""The door to ViSQOL: what it is given, and what is said where it is not installed."""

import importlib
import sys

import numpy as np
import pytest
import torch

from lossmodel.errors import BadInput
from lossmodel.metrics import families, visqol
from tests.lossmodel.metrics.builders import music

FAKE = """
from types import SimpleNamespace

class VisqolApi:
    def create(self, mode):
        assert mode == "audio"

    def measure_from_arrays(self, reference, degraded, rate):
        if len(reference) < rate // 2:
            raise ValueError("too short")
        seen.append((reference, degraded, rate))
        return SimpleNamespace(moslqo=4.5)

seen = []
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package that answers as `visqol-python` does, and keeps what it was given."""
    (tmp_path / "visqol.py").write_text(FAKE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "visqol", raising=False)
    visqol._model.cache_clear()
    yield importlib.import_module("visqol")
    visqol._model.cache_clear()
    sys.modules.pop("visqol", None)


def test_it_is_given_the_mean_of_the_channels_at_48_khz_reference_first(package):
    reference = music(channels=2)[None].float()
    found = visqol.visqol(0.5 * reference, reference, 16_000)
    ((true, heard, rate),) = package.seen
    assert found.tolist() == [4.5]
    assert (rate, true.shape, true.dtype) == (48_000, (48_000,), np.float64)
    assert np.allclose(heard, 0.5 * true, atol=1e-6)


def test_what_it_refuses_has_no_value(package):
    short, silence = music(0.1)[None].float(), torch.zeros(1, 1, 16_000)
    assert visqol.visqol(short, short, 16_000).isnan()
    assert visqol.visqol(music()[None].float(), silence, 16_000).isnan()


def test_a_silent_estimate_has_the_worst_score_and_not_none(package):
    silence = torch.zeros(1, 1, 16_000)
    assert visqol.visqol(silence, music()[None].float(), 16_000) == 1
    assert package.seen == []


def test_where_it_is_absent_one_line_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(visqol, "installed", lambda: False)
    with pytest.raises(BadInput, match=r"visqol is not installed; pip install 'hearback\[visqol\]'"):
        visqol.visqol(music()[None], music()[None], 16_000)
    monkeypatch.setattr(families, "UNAVAILABLE", {"visqol": visqol.NOT_INSTALLED})
    with pytest.raises(BadInput, match="visqol is not installed"):
        families.parsed_names("sdr,visqol")
