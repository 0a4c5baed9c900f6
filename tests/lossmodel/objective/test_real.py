"""On real voices: what generative separators made is judged, and the objective of the package stands its guards."""

import pandas as pd
import pytest

from lossmodel.manifest import Pair
from lossmodel.objective import config, guards, store
from lossmodel.objective.fitting import evaluate
from lossmodel.ratings.table import check

pytestmark = [pytest.mark.data, pytest.mark.slow]

TOO_KINDLY = ("low-pass", "gated", "holes", "clicks", "wobbling level", "phase scramble")
"""Probes that may be some points above where people are thought to put them (docs/guards.md)."""


def separators(data):
    """Return (ratings, pairs) of modern and generative separators, P.808's categories as 0, 25 … 100."""
    sounds = data / "gensvs2025" / "sounds"
    frame = pd.read_csv(sounds.parent / "ratings.csv")[["assessor", "item", "condition", "rating"]]
    frame = frame.assign(score=25 * (frame.pop("rating") - 1), attribute="degradation", role="system")
    frame = frame.assign(study="gensvs2025", session="", trial="", position="", seconds="", simulated=False)
    frame["replicate"] = frame.groupby(["assessor", "item", "condition"]).cumcount()
    pairs = [
        Pair(path.parent.name, path.stem, "system", path, (path.with_name("target.flac"),))
        for path in sorted(sounds.glob("*/*.flac"))
        if path.stem not in ("target", "mixture")
    ]
    return check(frame), pairs


def test_how_much_worse_a_generated_voice_is_is_predicted_without_its_mixture(data):
    found = evaluate.cross_validate(*separators(data), config.load("compact")).measures["degradation"]
    assert found.stimuli == 30
    assert found.pearson.value >= 0.65
    assert found.within.value >= 0.45


def test_the_objective_in_the_package_stands_its_guards(data):
    songs = guards.recorded_songs(data, most=2, seconds=3.0)
    scorer = guards.mean_scores(store.load(store.default()))
    found = guards.audit(scorer, songs, guards=("ladder", "exploit", "invariance"))
    failed = {(row.guard, row.name) for row in found.failed}
    assert failed <= {("exploit", name) for name in TOO_KINDLY}
    attacked = guards.audit(scorer, [songs[0]], guards=("attack",), attack_steps=4)
    assert all(row.passed for row in attacked.rows if row.name.endswith("every bin"))
