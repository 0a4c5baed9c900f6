"""The expertise gauge: who tells stimuli apart and repeats himself, and who does it no better than chance."""

import numpy as np
import pytest
from scipy.stats import f_oneway

from lossmodel.ratings import scatter
from lossmodel.ratings.expertise import expertise
from lossmodel.ratings.screening import screen
from lossmodel.ratings.thresholds import Rules
from tests.lossmodel.ratings.builders import rating, ratings


def repeated(scores: dict[str, list[tuple[float, ...]]]):
    """One row a rating: for each assessor the replicates of each stimulus."""
    return ratings(*(
        rating(assessor=assessor, session=assessor, item=f"i{item}", replicate=replicate, score=float(score))
        for assessor, stimuli in scores.items()
        for item, own in enumerate(stimuli)
        for replicate, score in enumerate(own)
    ))  # fmt: skip


def drawn(rng, levels, noise: float, replicates: int = 2):
    return [tuple(np.clip(rng.normal(level, noise, replicates), 0, 100)) for level in levels]


def test_a_table_made_by_hand():
    found = {
        each.assessor: each
        for each in expertise(repeated({"A": [(10, 20), (50, 60), (90, 80)], "B": [(40, 40), (50, 54), (60, 62)]}))
    }
    # A: means 15, 55, 85 around 51.667: between 2 (1344.44 + 11.11 + 1111.11) / 2 = 2466.67, within 150 / 3 = 50
    # B: means 40, 52, 61 around 51: between 2 (121 + 1 + 100) / 2 = 222, within (0 + 8 + 2) / 3 = 3.333
    assert found["A"].discrimination == pytest.approx(2466.667 / ((50 + 3.333) / 2), rel=1e-4)
    assert found["B"].discrimination == pytest.approx(222 / ((50 + 3.333) / 2), rel=1e-4)
    assert found["A"].reliability == pytest.approx((2466.667 + 222) / 2 / 50, rel=1e-4)
    assert found["B"].reliability == pytest.approx((2466.667 + 222) / 2 / 3.333, rel=1e-3)
    assert (found["A"].stimuli, found["A"].ratings) == (3, 6)


def test_of_a_panel_of_one_both_are_the_f_of_the_anova_also_where_some_are_rated_more_often():
    own = [(10, 22, 15), (50, 61), (90, 77), (33, 30, 41)]
    [found] = expertise(repeated({"A": own}))
    assert found.discrimination == pytest.approx(f_oneway(*own).statistic)
    assert found.reliability == pytest.approx(found.discrimination)


def test_who_rates_by_chance_is_above_the_floor_as_often_as_promised():
    rng = np.random.default_rng(2)
    found = [
        each
        for _ in range(25)
        for each in expertise(repeated({f"P{at}": drawn(rng, [50] * 8, 15) for at in range(16)}))
    ]
    assert 0.03 <= np.mean([each.p <= 0.05 for each in found]) <= 0.07
    assert all((each.p <= 0.05) == (each.discrimination >= each.discrimination_floor) for each in found)
    assert all((each.p <= 0.05) == (each.reliability >= each.reliability_floor) for each in found)


def test_experts_are_above_both_floors_and_whoever_gives_one_value_is_reliable_and_tells_nothing_apart():
    rng = np.random.default_rng(3)
    panel = {f"P{at}": drawn(rng, [20, 35, 50, 65, 80, 95], 5) for at in range(6)}
    found = {each.assessor: each for each in expertise(repeated(panel | {"flat": [(50, 50)] * 6}))}
    assert all(found[name].p <= 0.05 for name in panel)
    assert all(found["flat"].reliability > found[name].reliability for name in panel)
    assert (found["flat"].discrimination, found["flat"].p) == (0, 1)


def test_without_three_repeated_stimuli_there_is_none():
    assert expertise(repeated({"A": [(10, 20), (50, 60), (90,)]})) == []


def test_as_a_rule_it_excludes_who_is_not_above_the_floor_and_is_off_without_a_level():
    rng = np.random.default_rng(4)
    panel = {f"P{at}": drawn(rng, [20, 35, 50, 65, 80, 95], 5) for at in range(6)}
    frame = repeated(panel | {"chance": drawn(rng, [50] * 6, 20)})
    assert screen(frame).exclusions == ()
    (gone,) = screen(frame, Rules(egauge_level=0.05)).exclusions
    assert (gone.assessor, gone.rule, gone.of) == ("chance", "expertise", 1)
    assert "no better than chance at 5%" in gone.reason
    once = repeated({"A": [(10,), (50,)]})
    assert any("rule expertise not applied" in note for note in screen(once, Rules(egauge_level=0.05)).notes)


@pytest.mark.filterwarnings("error")
def test_a_panel_that_rates_everything_alike_is_drawn(tmp_path):
    found = expertise(repeated({"A": [(50, 50), (50, 50), (50, 50)], "B": [(50, 50), (50, 50), (50, 50)]}))
    scatter.expertise(tmp_path / "alike.svg", found, excluded=set(), mark="")
    assert "discrimination" in (tmp_path / "alike.svg").read_text()
