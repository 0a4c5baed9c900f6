"""Signals as short-time spectra and back, with windows that last the same at every rate."""

import torch
from torch import Tensor

WINDOW_SECONDS = 2048 / 44_100
"""Length of a window; the hop is a quarter of it."""


def spectrum(signal: Tensor, rate: int) -> Tensor:
    """Return the complex spectra of (batch, channels, time) as (batch, channels, bins, frames)."""
    size = window_size(rate)
    window = torch.hann_window(size, dtype=signal.dtype, device=signal.device)
    found: Tensor = torch.stft(
        signal.flatten(0, 1), size, size // 4, window=window, pad_mode="constant", return_complex=True
    )
    return found.reshape(*signal.shape[:2], *found.shape[1:])


def waveform(spectra: Tensor, rate: int, time: int) -> Tensor:
    """Return the signal of `time` samples, (batch, channels, time), whose spectra come closest."""
    size = window_size(rate)
    window = torch.hann_window(size, dtype=spectra.real.dtype, device=spectra.device)
    found: Tensor = torch.istft(spectra.flatten(0, 1), size, size // 4, window=window, length=time)
    return found.reshape(*spectra.shape[:2], time)


def window_size(rate: int) -> int:
    """Return the window's length in samples, a multiple of four."""
    return 4 * round(WINDOW_SECONDS * rate / 4)


def filtered(signal: Tensor, gain: Tensor) -> Tensor:
    """Return (..., time) with each line of its spectrum multiplied by `gain`, (time // 2 + 1,)."""
    found: Tensor = torch.fft.irfft(torch.fft.rfft(signal) * gain, signal.shape[-1])
    return found


def frequencies(signal: Tensor, rate: int) -> Tensor:
    """Return the frequency of each line of `filtered`, in Hz."""
    found: Tensor = torch.fft.rfftfreq(signal.shape[-1], 1 / rate, dtype=signal.dtype, device=signal.device)
    return found


def drawn(seed: int, *shape: int, like: Tensor) -> Tensor:
    """Return uniform numbers in [0, 1) that depend on the seed and the shape alone."""
    found = torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return found.to(like.device, like.dtype)


def normal(seed: int, *shape: int, like: Tensor) -> Tensor:
    """Return standard normal numbers that depend on the seed and the shape alone."""
    found = torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return found.to(like.device, like.dtype)


def rms(signal: Tensor) -> Tensor:
    """Return the root mean square of each excerpt, (batch, 1, 1); never 0."""
    power: Tensor = signal.square().mean((-2, -1), keepdim=True)
    return power.sqrt() + 1e-9


def peak(signal: Tensor) -> Tensor:
    """Return the largest absolute sample of each excerpt, (batch, 1, 1); never 0."""
    return signal.abs().amax((-2, -1), keepdim=True) + 1e-9
