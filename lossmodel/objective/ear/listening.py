"""From signals to a scene. What nobody hears is undone first: a constant delay, and a channel turned upside down."""

import torch
from scipy.fft import next_fast_len
from torch import Tensor

from lossmodel.objective.ear.decomposition import Scene
from lossmodel.objective.ear.frontend import POWER_EPSILON, RATE, maps
from lossmodel.objective.ear.spectra import Signals, envelopes, unlikeness

MAX_DELAY_SECONDS = 0.5
"""Largest constant delay of an estimate that is made good, in seconds; alone, nobody hears it."""

MIN_CORRELATION_RATIO = 1.1
"""How much more alike the delayed signals must be before a delay is believed."""

MIN_WAVEFORM_CORRELATION = 0.5
"""Correlation of waveforms from which they tell a delay to the sample, and polarity."""

MIN_SKIP_GAIN = 0.1
"""How much the correlation must gain before it is believed that the estimate skips, once."""

ENVELOPE_HOP = 256
"""Samples between the moments of an envelope, which tells a delay of resynthesised sounds too."""

ENVELOPE_ERROR_HOPS = 2
"""Largest error of the delay that the envelopes tell, in hops."""


def listen(estimate: Tensor, references: Tensor, mixture: Tensor | None) -> Scene:
    """Return the scene of an estimate beside its references; differentiable in `estimate`.

    Without a mixture there is no accompaniment. An estimate that is late or early by up to `MAX_DELAY_SECONDS` as a
    whole is moved to where the reference is that it follows best, and what that leaves empty is left out of the others
    too; channels whose waveform is the reference's upside down are turned. What comes after one skip, or before it, is
    moved to where it belongs, so that a skip is one flaw.

    Shape: estimate and mixture (batch, channels, time), references (batch, references, channels, time).
    """
    mixture = references[:, 0] if mixture is None else mixture
    lag = _delay(estimate.detach(), references)
    if lag.any():
        inside = _inside(estimate, lag)
        estimate, references, mixture = _moved(estimate, lag), references * inside[:, None], mixture * inside
    estimate = estimate * _polarity(estimate.detach(), references[:, 0])
    skips = _skip(estimate.detach(), references[:, 0])
    if skips.any():
        estimate = _moved_after(estimate, skips)
    nearest = references[:, 0] if references.shape[1] == 1 else _nearest(estimate.detach(), references)
    return Scene(maps(estimate, references, mixture), Signals(estimate, nearest, mixture, skips.abs().amax(1) / RATE))


@torch.no_grad()
def _delay(estimate: Tensor, references: Tensor) -> Tensor:
    """Return by how many samples the estimate is late, (batch,): about so by envelopes, then to the sample."""
    most = min(int(MAX_DELAY_SECONDS * RATE), estimate.shape[-1] // 2) // ENVELOPE_HOP
    heard = envelopes(estimate, ENVELOPE_HOP)
    told = [_lag(heard, envelopes(each, ENVELOPE_HOP), 0, most) for each in references.unbind(1)]
    nearest = torch.stack([alike for _, alike in told], dim=1).argmax(1)[:, None]
    hops = torch.stack([lag for lag, _ in told], dim=1).gather(1, nearest)[:, 0]
    reference = references[torch.arange(len(nearest), device=nearest.device), nearest[:, 0]]
    about = hops * ENVELOPE_HOP
    exact, correlation = _lag(estimate, reference, about, ENVELOPE_ERROR_HOPS * ENVELOPE_HOP)
    blurred = torch.where(hops.abs() <= ENVELOPE_ERROR_HOPS, 0, about)
    return torch.where(correlation >= MIN_WAVEFORM_CORRELATION, exact, blurred)


def _lag(estimate: Tensor, reference: Tensor, about: Tensor | int, most: int) -> tuple[Tensor, Tensor]:
    """Return the lag within `most` of `about` at which signals are most alike, and their correlation there, (batch,).

    Channels may have either sign. It is 0 where the signals are nearly as much alike as they are.
    """
    lags = (
        torch.arange(-most, most + 1, device=estimate.device)
        + torch.as_tensor(about, device=estimate.device)[..., None]
    )
    size = next_fast_len(estimate.shape[-1] + int(lags.abs().max()), real=True)  # so that no lag in question wraps
    spectra = [torch.fft.rfft(signal, size) for signal in (estimate, reference)]
    likeness = torch.fft.irfft(spectra[0] * spectra[1].conj(), size).abs().sum(1)
    best, at = likeness.gather(1, lags.expand(len(likeness), -1) % size).max(dim=1)
    powers = [signal.square().sum(-1) for signal in (estimate, reference)]
    correlation = best / (powers[0] * powers[1]).sqrt().sum(1).clamp_min(POWER_EPSILON)
    found = lags.expand(len(likeness), -1).gather(1, at[:, None])[:, 0]
    return torch.where(best > MIN_CORRELATION_RATIO * likeness[:, 0], found, 0), correlation


def _moved(signal: Tensor, lag: Tensor) -> Tensor:
    """Return (batch, channels, time) earlier by `lag` samples, 0 where nothing is known."""
    at = (torch.arange(signal.shape[-1], device=signal.device) + lag[:, None]).clamp(0, signal.shape[-1] - 1)
    return signal.gather(-1, at[:, None].expand_as(signal)) * _inside(signal, lag)


def _inside(signal: Tensor, lag: Tensor) -> Tensor:
    """Return where the moved signal is known, (batch, 1, time), as 0 and 1."""
    at = torch.arange(signal.shape[-1], device=signal.device) + lag[:, None]
    return ((at >= 0) & (at < signal.shape[-1]))[:, None].to(signal.dtype)


@torch.no_grad()
def _polarity(estimate: Tensor, reference: Tensor) -> Tensor:
    """Return -1 for each channel that is the reference's upside down, else 1, (batch, channels, 1)."""
    powers = estimate.square().sum(-1) * reference.square().sum(-1)
    correlation = (estimate * reference).sum(-1) / powers.sqrt().clamp_min(POWER_EPSILON)
    return torch.where(correlation < -MIN_WAVEFORM_CORRELATION, -1.0, 1.0)[..., None]


def _moved_after(signal: Tensor, lags: Tensor) -> Tensor:
    """Return (batch, channels, time) earlier by so many samples at each moment, (batch, time)."""
    at = (torch.arange(signal.shape[-1], device=signal.device) + lags).clamp(0, signal.shape[-1] - 1)
    return signal.gather(-1, at[:, None].expand_as(signal))


@torch.no_grad()
def _skip(estimate: Tensor, reference: Tensor) -> Tensor:
    """Return by how many samples the estimate is late beyond the usual, (batch, time): 0 but on one side of a skip.

    The first and the last third say where they belong; the moment of the skip is where both sides correlate best.
    """
    third = estimate.shape[-1] // 3
    most, best = min(int(MAX_DELAY_SECONDS * RATE), third // 2), torch.full((len(estimate), 1), MIN_SKIP_GAIN)
    best, found = best.to(estimate), torch.zeros(len(estimate), estimate.shape[-1], dtype=torch.long)
    found, moments = found.to(estimate.device), torch.arange(estimate.shape[-1], device=estimate.device)
    size = (estimate.square().sum((1, 2)) * reference.square().sum((1, 2))).sqrt().clamp_min(POWER_EPSILON)[:, None]
    usual = (estimate * reference).sum(1)
    for part in (slice(0, third), slice(-third, None)):
        lag, correlation = _lag(estimate[..., part], reference[..., part], 0, most)
        course = (usual - (_moved(estimate, lag) * reference).sum(1)).cumsum(-1) / size
        (late, after), (early, before) = course.max(-1, keepdim=True), (-course).max(-1, keepdim=True)
        late = late - course[:, -1:]
        gain, inside = torch.maximum(late, early), torch.where(late > early, moments > after, moments <= before)
        better = (gain > best) & (lag != 0)[:, None] & (correlation >= MIN_WAVEFORM_CORRELATION)[:, None]
        best, found = torch.where(better, gain, best), torch.where(better, lag[:, None] * inside, found)
    return found


@torch.no_grad()
def _nearest(estimate: Tensor, references: Tensor) -> Tensor:
    """Return of each excerpt the reference that it comes nearest to, (batch, channels, time)."""
    apart = torch.stack([unlikeness(estimate, each) for each in references.unbind(1)], dim=1)
    return references[torch.arange(len(references), device=references.device), apart.argmin(1)]
