"""A training ends early when nothing gets better, or when its objective is pleased and others are not."""

from separation.watch import Look, verdict
from tests.separation.builders import small


def looks(*values, auditor="si_sdr"):
    """Return looks with (validation, perceptual, auditor) each, a hundred steps apart."""
    return [Look(100 * at, total, heard, {auditor: said}) for at, (total, heard, said) in enumerate(values)]


def test_patience_counts_checkpoints_since_the_best_one():
    recipe = small(patience=2)
    falling = looks((3, None, 0), (2, None, 0), (1, None, 0))
    assert verdict(falling, recipe) is None
    stale = [*falling, *looks((1.5, None, 0), (1.2, None, 0))]
    assert verdict(stale[:4], recipe) is None
    assert verdict(stale, recipe) == "no better validation than 1 of step 200 in 2 checkpoints"
    assert verdict(stale, small()) is None


def test_an_objective_that_is_pleased_while_si_sdr_falls_ends_the_training():
    recipe = small(perceptual__patience=2)
    exploited = looks((1, 0.5, 8.0), (1, 0.4, 6.5), (1, 0.3, 6.0))
    assert "the objective is pleased (loss 0.300, before 0.500) and si_sdr is not (6.00, before 8.00)" in verdict(
        exploited, recipe
    )
    assert verdict(exploited[:2], recipe) is None
    assert verdict(exploited, small(perceptual__patience=0)) is None


def test_both_better_both_worse_or_a_small_loss_is_no_disagreement():
    recipe = small(perceptual__patience=2)
    assert verdict(looks((1, 0.5, 8.0), (1, 0.4, 8.5), (1, 0.3, 9.0)), recipe) is None
    assert verdict(looks((1, 0.5, 8.0), (1, 0.6, 6.0), (1, 0.7, 5.0)), recipe) is None
    assert verdict(looks((1, 0.5, 8.0), (1, 0.4, 7.5), (1, 0.3, 7.4)), recipe) is None


def test_another_objective_disagrees_in_points():
    recipe = small(perceptual__patience=2, perceptual__tolerance=3)
    assert "auditor is not" in verdict(looks((1, 0.5, 60), (1, 0.4, 55), (1, 0.3, 50), auditor="auditor"), recipe)
    assert verdict(looks((1, 0.5, 60), (1, 0.4, 58), (1, 0.3, 58), auditor="auditor"), recipe) is None
