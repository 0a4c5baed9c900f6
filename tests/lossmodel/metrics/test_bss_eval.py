"""BSS Eval: agreement with mir_eval and with what its authors' MATLAB code printed."""

import warnings

import mir_eval
import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor

from lossmodel.manifest import Pair
from lossmodel.metrics.bss_eval import bss_eval
from lossmodel.metrics.excerpt import load
from tests.lossmodel.metrics import builders
from tests.lossmodel.metrics.builders import museval, music, noise


def theirs(estimate: Tensor, sources: Tensor) -> list[float]:
    """mir_eval's SDR, SIR, SAR of a mono estimate (time,) of the first of sources (sources, time)."""
    others = torch.cat([estimate[None], sources[1:]]).numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        found = mir_eval.separation.bss_eval_sources(sources.numpy(), others, compute_permutation=False)
    return [float(each[0]) for each in found[:3]]


def ours(estimate: Tensor, sources: Tensor) -> list[float]:
    found = bss_eval(estimate[None, None], sources[None, :, None])
    return [found.sdr.item(), found.sir.item(), found.sar.item()]


def separated(sources: Tensor, *, seed: int = 9) -> Tensor:
    """Target, filtered a little, some of the others, and noise."""
    filtered = sources[0] + 0.4 * torch.roll(sources[0], 7) - 0.1 * torch.roll(sources[0], 300)
    return filtered + 0.2 * sources[1:].sum(0) + 0.05 * sources[0].std() * noise(sources.shape[-1], seed=seed)


@pytest.mark.parametrize("count", [2, 3])
def test_noise_agrees_with_mir_eval(count):
    sources = noise(count, 8000)
    estimate = separated(sources)
    assert ours(estimate, sources) == pytest.approx(theirs(estimate, sources), abs=1e-6)


def test_tonal_signals_with_nearly_singular_correlations_agree_with_mir_eval():
    sources = torch.cat([music(), music(low=330, seed=1)])
    estimate = separated(sources)
    assert ours(estimate, sources) == pytest.approx(theirs(estimate, sources), abs=0.01)


def test_an_allowed_filter_costs_nothing_and_a_longer_delay_does():
    sources = noise(2, 8000)
    near, far = torch.roll(sources[0], 100), torch.roll(sources[0], 600)
    assert ours(near, sources)[0] > 15
    assert ours(far, sources)[0] < 0


def test_each_ratio_sees_its_own_fault():
    sources = noise(2, 8000)
    leak, hiss = sources[0] + 0.5 * sources[1], sources[0] + 0.5 * noise(8000, seed=5)
    assert ours(leak, sources)[1] < 10 < 40 < ours(leak, sources)[2]
    assert ours(hiss, sources)[2] < 10 < ours(hiss, sources)[1]


def test_identity_and_silence_are_finite_and_as_documented():
    sources = noise(2, 4000)
    assert ours(sources[0], sources) == [100, 100, 100]
    assert ours(torch.zeros(4000, dtype=torch.float64), sources) == [-100, -100, -100]
    silent = sources * torch.tensor([[1.0], [0.0]])
    assert np.isfinite(ours(separated(sources), silent)).all()


def test_the_target_alone_gives_the_same_sdr_and_no_interference():
    sources = noise(2, 8000)
    estimate = separated(sources)
    alone = bss_eval(estimate[None, None], sources[None, :1, None])
    assert alone.sdr.item() == pytest.approx(ours(estimate, sources)[0], abs=1e-9)
    assert alone.sir.item() == 100


def test_stereo_agrees_with_museval_and_a_batch_gives_what_its_rows_give():
    sources = noise(2, 2, 2, 4000)  # (batch, sources, channels, time)
    estimates = torch.stack([builders.separated(each) for each in sources])
    found = bss_eval(estimates[:, 0], sources)
    for at in range(2):
        true, heard = (each[at].transpose(1, 2).numpy() for each in (sources, estimates))
        sdr, sir, sar, _ = museval().bss_eval_sources(true, heard, compute_permutation=False)
        ours_now = [found.sdr[at].item(), found.sir[at].item(), found.sar[at].item()]
        assert ours_now == pytest.approx([sdr[0, 0], sir[0, 0], sar[0, 0]], abs=1e-6)


def test_a_channel_that_leaks_into_the_other_is_no_distortion_but_a_filter():
    sources = noise(1, 2, 2, 8000)
    swapped = sources[:, 0].flip(1)
    assert bss_eval(swapped, sources).sdr.item() == 100


def test_shapes_that_do_not_belong_together_are_refused():
    with pytest.raises(ValueError, match=r"sources \(batch, sources, channels, time\)"):
        bss_eval(noise(1, 1, 100), noise(1, 1, 100))


@pytest.mark.data
def test_published_sir_and_sar_of_real_separated_vocals_reappear(data):
    """Ward et al. 2018 used MATLAB; one excerpt here is also held against mir_eval."""
    root = data / "ward2018"
    published = pd.read_csv(root / "bss_eval_and_peass_clean.csv").drop_duplicates(["page", "sound", "metric"])
    published = published.set_index(["page", "sound", "metric"])["score"]
    for page, sound in [("vocals-10-SIR", "KAM1"), ("vocals-30-SIR", "NUG3"), ("vocals-47-SAR", "OZE")]:
        folder = root / "sounds" / page
        pair = Pair(page, sound, "system", folder / f"{sound}.flac", (folder / "ref.flac",), folder / "Interferer.flac")
        heard = load(pair)
        sources = torch.cat([heard.references[0], heard.others[0]])
        found = ours(heard.estimate[0], sources)
        assert found[1:] == pytest.approx([published[page, sound, "SIR"], published[page, sound, "SAR"]], abs=0.01)
    assert found == pytest.approx(theirs(heard.estimate[0], sources), abs=1e-4)
