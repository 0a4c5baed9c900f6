"""A training ends early when its validation loss stalls, or when its objective improves while an auditor gets worse."""

from separation.training.early_stopping import Validation, stop_reason
from tests.separation.builders import small


def validations(*values, auditor="si_sdr"):
    """Return validations with (validation, perceptual, auditor) each, a hundred steps apart."""
    return [Validation(100 * at, total, heard, {auditor: said}) for at, (total, heard, said) in enumerate(values)]


def test_patience_counts_checkpoints_since_the_best_one():
    recipe = small(patience=2)
    falling = validations((3, None, 0), (2, None, 0), (1, None, 0))
    assert stop_reason(falling, recipe) is None
    stale = [*falling, *validations((1.5, None, 0), (1.2, None, 0))]
    assert stop_reason(stale[:4], recipe) is None
    assert stop_reason(stale, recipe) == ("the validation loss has not fallen below 1 (step 200) for 2 checkpoints")
    assert stop_reason(stale, small()) is None


def test_a_perceptual_loss_that_falls_while_si_sdr_falls_too_ends_the_training():
    recipe = small(perceptual__patience=2)
    exploited = validations((1, 0.5, 8.0), (1, 0.4, 6.5), (1, 0.3, 6.0))
    assert "the perceptual loss falls (0.500 to 0.300) while si_sdr gets worse (8.00 to 6.00)" in stop_reason(
        exploited, recipe
    )
    assert stop_reason(exploited[:2], recipe) is None
    assert stop_reason(exploited, small(perceptual__patience=0)) is None


def test_both_better_both_worse_or_a_small_loss_is_no_disagreement():
    recipe = small(perceptual__patience=2)
    assert stop_reason(validations((1, 0.5, 8.0), (1, 0.4, 8.5), (1, 0.3, 9.0)), recipe) is None
    assert stop_reason(validations((1, 0.5, 8.0), (1, 0.6, 6.0), (1, 0.7, 5.0)), recipe) is None
    assert stop_reason(validations((1, 0.5, 8.0), (1, 0.4, 7.5), (1, 0.3, 7.4)), recipe) is None


def test_another_objective_disagrees_in_points():
    recipe = small(perceptual__patience=2, perceptual__tolerance=3)
    disagreeing = validations((1, 0.5, 60), (1, 0.4, 55), (1, 0.3, 50), auditor="auditor")
    assert "while auditor gets worse" in stop_reason(disagreeing, recipe)
    assert stop_reason(validations((1, 0.5, 60), (1, 0.4, 58), (1, 0.3, 58), auditor="auditor"), recipe) is None
