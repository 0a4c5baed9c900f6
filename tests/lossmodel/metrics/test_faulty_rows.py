"""Whatever a file is, its row says what is wrong with it, and the other rows are done."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lossmodel.manifest import Pair
from lossmodel.metrics import families, measure
from tests.lossmodel.metrics.builders import music, noise, saved

ONLY = ("sdr", "si_sdr", "snr")
RATES_HZ = (1, 100, 4000, 8000, 22_050, 44_100, 192_000)


def row(folder: Path, estimate: Path, name: str = "net") -> Pair:
    return Pair("song", name, "system", estimate, (folder / "reference.wav",), folder / "mixture.wav")


@pytest.fixture
def song(tmp_path):
    """A folder with a reference, its mixture and a good estimate, 5,000 samples at 44.1 kHz."""
    voice = noise(1, 5000)
    saved(tmp_path / "reference.wav", 0.1 * voice, rate=44_100)
    saved(tmp_path / "mixture.wav", 0.1 * voice + 0.1 * noise(1, 5000, seed=1), rate=44_100)
    saved(tmp_path / "good.wav", 0.1 * voice + 0.01 * noise(1, 5000, seed=1), rate=44_100)
    return tmp_path


def cut(path: Path, whole: Path) -> Path:
    """The first half of a file: its header promises twice the samples."""
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    return path


def coded(path: Path, suffix: str) -> Path:
    soundfile.write(path.with_suffix(suffix), 0.1 * noise(44_100).numpy(), 44_100)
    return path.with_suffix(suffix)


def not_numbers(path: Path) -> Path:
    samples = np.zeros((1, 5000))
    samples[0, 77] = np.nan
    return saved(path, torch.from_numpy(samples), rate=44_100)


FAULTS = {
    "missing": (lambda folder: folder / "bad.wav", "bad.wav: no such file"),
    "a folder": (lambda folder: (folder / "bad.wav").mkdir() or folder / "bad.wav", "bad.wav: no such file"),
    "empty": (lambda folder: (folder / "bad.wav").touch() or folder / "bad.wav", "bad.wav: empty (0 bytes)"),
    "no sound": (lambda folder: cut(folder / "bad.flac", coded(folder / "x", ".flac")), "cannot be read as audio"),
    "cut off": (lambda folder: cut(folder / "bad.wav", folder / "good.wav"), "bad.wav: cut off, 24"),
    "a cut MP3": (lambda folder: cut(folder / "bad.mp3", coded(folder / "x", ".mp3")), "bad.mp3: cut off, "),
    "raw": (lambda folder: Path(folder / "bad.raw").write_bytes(b"0" * 99) and folder / "bad.raw", "could not be comp"),
    "not a number": (lambda folder: not_numbers(folder / "bad.wav"), "bad.wav: has NaN"),
    "shorter": (lambda folder: saved(folder / "bad.wav", noise(1, 4999), rate=44_100), "4999 samples long, but"),
    "stereo": (lambda folder: saved(folder / "bad.wav", noise(2, 5000), rate=44_100), "2 channels, but"),
    "another rate": (lambda folder: saved(folder / "bad.wav", noise(1, 5000), rate=48_000), "48000 Hz, but"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_estimate_is_named_with_its_reason_and_the_rest_is_done(song, fault):
    make, words = FAULTS[fault]
    pairs = [row(song, song / "good.wav", "a"), row(song, make(song)), row(song, song / "good.wav", "b")]
    first, bad, last = measure.measure(pairs, only=ONLY)
    assert words in bad.error
    assert bad.values == {}
    assert bad.missing == dict.fromkeys(ONLY, bad.error)
    assert first.values == last.values
    assert set(first.values) == set(ONLY)
    assert first.error == last.error == ""


def test_a_metric_that_fails_unforeseen_costs_neither_other_metrics_nor_other_rows(song, monkeypatch):
    def broken(*_given: object) -> dict[str, torch.Tensor]:
        raise RuntimeError("no\nmemory")

    failing = families.Family(("snr",), broken, higher_is_better=True)
    monkeypatch.setattr(measure, "FAMILIES", [failing, families.family("si_sdr")])
    rows = measure.measure([row(song, song / "good.wav")] * 2, only=("si_sdr", "snr"))
    for each in rows:
        assert each.error == "snr: could not be computed (RuntimeError: no memory)"
        assert set(each.values) == {"si_sdr"}


def test_samples_too_large_for_single_precision_leave_no_value_unexplained(song):
    huge = saved(song / "huge.wav", 3e38 * noise(1, 5000).clamp(-1, 1), rate=44_100)
    (found,) = measure.measure([row(song, huge)])
    for name in families.NAMES:
        assert name in found.values or found.missing[name], name


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    length=st.integers(0, 5000), channels=st.integers(1, 3), rate=st.sampled_from(RATES_HZ), alike=st.booleans(),
)  # fmt: skip
def test_no_length_rate_or_number_of_channels_loses_a_row(song, length, channels, rate, alike):
    sound = music(1.0, rate=8000, channels=channels)[:, :length]
    odd = saved(song / "odd.wav", sound, rate=rate)
    pair = Pair("odd", "net", "system", odd, (odd if alike else song / "reference.wav",), song / "mixture.wav")
    if alike:
        mixture = saved(song / "odd_mixture.wav", sound + 0.1 * noise(*sound.shape), rate=rate)
        pair = Pair("odd", "net", "system", odd, (odd,), mixture)
    found, other = measure.measure([pair, row(song, song / "good.wav")])
    assert set(other.values) == set(families.NAMES)
    assert set(found.values).isdisjoint(found.missing)
    assert set(found.values) | set(found.missing) == set(families.NAMES)
    assert "could not be computed" not in found.error
    if alike and channels < 3 and length >= 2048 and rate >= 4000:
        assert set(found.missing) == ({"tps", "ips", "aps"} if length < 0.1 * rate else set())
    else:
        assert found.error
