"""What an estimate adds to the true target: target distortion, interference, artifacts (Emiya et al. 2011, IV-A).

In every auditory band and every short frame the error is projected on delayed copies of all sources at once. Since
bands are decimated in proportion to their bandwidth, frames and filters have the same length in samples in every
band: the frames of a band are one batch of small least-squares problems.
"""

import math
from dataclasses import dataclass

import torch
from scipy.fft import next_fast_len
from torch import Tensor

from lossmodel.metrics.peass import gammatone

FRAME_SECONDS_AT_1_KHZ, FILTER_SECONDS_AT_1_KHZ = 0.5, 0.04
"""Seconds at 1 kHz (Emiya et al. 2011, section V-B); both are shorter in proportion where bands are wider."""

LOWEST_CENTRE_HZ = 20.0
"""Hz: no band's centre lies below."""

OVERSAMPLING = 1.5
"""The filters are those of a signal with this many times the rate, so that the highest bands are not distorted."""

PADDING_SECONDS = 0.25
"""Seconds of silence, in which the narrowest band rings out."""

FADE_SECONDS = 0.01
"""Seconds of Hann fade at both ends, so that a cut is not heard as a click."""

DIAGONAL_LOADINGS = (3e-6, 3e-5, 3e-4)
"""Loading of each column's energy, tried in turn: band-limited sources are nearly dependent in single precision."""

CHUNK_FRAMES = 128
"""Frames solved at a time: what they need stays in a processor's cache."""


@dataclass(frozen=True)
class Components:
    """An estimate as `target + distortion + interference + artifacts`, each (batch, channels, time).

    All have passed the filters and their inverse once, so that what these leave out is held against nobody.
    """

    target: Tensor
    distortion: Tensor
    interference: Tensor
    artifacts: Tensor

    @property
    def estimate(self) -> Tensor:
        """The estimate as its components make it up."""
        return self.target + self.distortion + self.interference + self.artifacts


def decompose(estimate: Tensor, sources: Tensor, rate: int) -> Components:
    """Return the components of estimates of the first source. Differentiable.

    Shape: estimate (batch, channels, time), sources (batch, sources, channels, time).
    """
    signals = torch.cat([estimate[:, None], sources], dim=1).to(torch.float32)
    signals = _faded(signals, rate)  # (batch, 1 + sources, channels, time)
    time = signals.shape[-1]
    size = round(OVERSAMPLING * 2 * next_fast_len(math.ceil((time + PADDING_SECONDS * rate) / 2)))
    bank = _bank(rate, size)
    bands = bank.split(_oversampled(signals, size))
    frame = 4 * round(FRAME_SECONDS_AT_1_KHZ * 2 * gammatone.erb(gammatone.BASE_CENTRE_HZ) / 4)
    taps = _taps(frame, sources.shape[1] * sources.shape[2])
    projected = _projected(bands, frame, taps)
    joined = bank.join([torch.stack([band[:, 1], *parts], dim=1) for band, parts in zip(bands, projected)])
    target, distortion, interference, error = _restored(joined, size, time).unbind(1)
    return Components(target, distortion, interference, error - distortion - interference)


def _bank(rate: int, size: int) -> gammatone.Bank:
    """Return filters whose bands have twice their bandwidth as rate."""
    raised = rate * OVERSAMPLING
    middle = gammatone.centres(LOWEST_CENTRE_HZ, rate / 2)
    widths = tuple(2 * next_fast_len(math.ceil(size / 2 / (raised // (2 * gammatone.erb(each))))) for each in middle)
    return gammatone.bank(raised, size, middle, widths, decimated=True)


def _faded(signals: Tensor, rate: int) -> Tensor:
    length = min(round(FADE_SECONDS * rate), signals.shape[-1] // 2)
    window = torch.hann_window(2 * length, dtype=signals.dtype, device=signals.device)
    shape = torch.ones(signals.shape[-1], dtype=signals.dtype, device=signals.device)
    shape[:length], shape[-length:] = window[:length], window[length:]
    return signals * shape


def _oversampled(signals: Tensor, size: int) -> Tensor:
    """Return the spectrum that the padded signals have at the raised rate."""
    spectrum = torch.fft.rfft(signals, round(size / OVERSAMPLING)) * OVERSAMPLING
    return torch.nn.functional.pad(spectrum, (0, size // 2 + 1 - spectrum.shape[-1]))


def _restored(spectrum: Tensor, size: int, time: int) -> Tensor:
    before = round(size / OVERSAMPLING)
    restored: Tensor = torch.fft.irfft(spectrum[..., : before // 2 + 1] / OVERSAMPLING, before)
    return restored[..., :time]


def _taps(frame: int, columns: int) -> int:
    """Return the odd length of the filters: as `FILTER_SECONDS_AT_1_KHZ` says, together at most a third of a frame."""
    wanted = round(FILTER_SECONDS_AT_1_KHZ * 2 * gammatone.erb(gammatone.BASE_CENTRE_HZ))
    return max(3, 2 * (min(wanted, frame // (3 * columns)) // 2) + 1)


def _projected(bands: list[Tensor], frame: int, taps: int) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Return for each band what the target's filters, the others' filters and everything explain of the error.

    Shape: [(batch, 1 + sources, channels, width)] → [three of (batch, channels, width)].
    """
    hop, like = frame // 4, bands[0].real
    window = torch.sin(torch.pi * (torch.arange(frame, dtype=like.dtype, device=like.device) + 0.5) / frame)
    found = []
    for band in bands:
        error = band[:, 0] - band[:, 1]
        batch, channels, width = error.shape
        framed = zip(*(each.split(CHUNK_FRAMES) for each in _framed(band, frame, hop, taps)))
        explained = torch.cat([_solved(sources, wrong, window, taps) for sources, wrong in framed])
        pieces = explained.reshape(batch, -1, 2 * channels, frame) * (window / 2)
        total = _overlapped(pieces, hop)[..., frame : frame + width].reshape(batch, 2, channels, width)
        found.append((total[:, 0], total[:, 1], error))
    return found


def _framed(band: Tensor, frame: int, hop: int, taps: int) -> tuple[Tensor, Tensor]:
    """Return overlapping frames of the sources, `taps - 1` longer than a frame, and of the error.

    Shape: (batch, 1 + sources, channels, width) → (batch · frames, sources, channels, frame + taps - 1) and
    (batch · frames, channels, frame).
    """
    channels, width = band.shape[2:]
    reach, tail = taps // 2, frame + (-width) % hop
    sources = torch.nn.functional.pad(band[:, 1:], (frame + reach, tail + reach)).unfold(-1, frame + taps - 1, hop)
    error = torch.nn.functional.pad(band[:, 0] - band[:, 1], (frame, tail)).unfold(-1, frame, hop)
    return (
        sources.permute(0, 3, 1, 2, 4).reshape(-1, sources.shape[1], channels, frame + taps - 1),
        error.transpose(1, 2).reshape(-1, channels, frame),
    )


def _solved(sources: Tensor, error: Tensor, window: Tensor, taps: int) -> Tensor:
    """Return what delayed copies of the target, and of the others, explain of each windowed error (eq. 4, 5).

    Real and imaginary parts stand below one another, because products of real matrices copy nothing; three make the
    Gram matrix, not four, since the imaginary part of a Hermitian one is what a single product lacks to be symmetric.

    Shape: (n, sources, channels, frame + taps - 1), (n, channels, frame) → (n, 2, channels, frame).
    """
    n, channels, frame = error.shape
    copies = torch.view_as_real(sources).movedim(-1, 1).contiguous()
    rows = (copies.unfold(-1, frame, 1) * window).reshape(n, -1, frame)  # (n, 2 · columns, frame)
    columns = rows.shape[1] // 2
    real, imaginary = rows.split(columns, 1)
    products = rows @ torch.cat([real, error.real * window, error.imag * window], 1).mT
    crossed, errors = products.split([columns, 2 * channels], dim=-1)
    rr, ir = crossed.split(columns, 1)
    gram = torch.complex(rr + imaginary @ imaginary.mT, ir - ir.mT)
    given = _complex(*(half.split(channels, -1) for half in errors.split(columns, 1)))
    weights = torch.cholesky_solve(given, _root(gram)).conj().mT  # (n, channels, columns)
    own = torch.arange(columns, device=window.device) < channels * taps
    each = torch.stack([weights * own, weights * ~own], dim=1).flatten(1, 2)  # (n, 2 · channels, columns)
    both = torch.cat([torch.cat([each.real, -each.imag], -1), torch.cat([each.imag, each.real], -1)], 1)
    found = (both @ rows).reshape(n, 2, 2, channels, frame)
    return torch.complex(found[:, 0], found[:, 1])


def _root(gram: Tensor) -> Tensor:
    """Return the lower Cholesky factor of each matrix, with the smallest of `DIAGONAL_LOADINGS` that makes it exist."""
    energies = gram.diagonal(dim1=-2, dim2=-1).real + torch.finfo(gram.real.dtype).tiny ** 0.5
    roots: Tensor
    roots, failed = torch.linalg.cholesky_ex(gram + torch.diag_embed(DIAGONAL_LOADINGS[0] * energies))
    for ridge in DIAGONAL_LOADINGS[1:]:
        if not failed.any():
            break
        again, failing = torch.linalg.cholesky_ex(gram + torch.diag_embed(ridge * energies))
        roots = torch.where(failed[:, None, None] > 0, again, roots)
        failed = torch.where(failed > 0, failing, failed)
    return roots


def _complex(real: tuple[Tensor, ...], imaginary: tuple[Tensor, ...]) -> Tensor:
    """Return x·yᴴ from the products of the parts of x (rows) and y (columns)."""
    (rr, ri), (ir, ii) = real, imaginary
    return torch.complex(rr + ii, ir - ri)


def _overlapped(frames: Tensor, hop: int) -> Tensor:
    """Return the sum of frames laid `hop` apart: (batch, frames, rows, frame) → (batch, rows, time)."""
    batch, count, rows, frame = frames.shape
    total = frames.new_zeros(batch, rows, count + frame // hop - 1, hop)
    for at in range(frame // hop):
        total[:, :, at : at + count] += frames[..., at * hop : (at + 1) * hop].transpose(1, 2)
    return total.flatten(2)
