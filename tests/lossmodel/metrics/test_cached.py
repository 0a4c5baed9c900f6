"""Metrics are measured once: what is kept is believed as long as files and code are the same."""

import json
from pathlib import Path

import torch

from lossmodel.manifest import Pair
from lossmodel.metrics import cached, families, measure
from lossmodel.metrics.peass.mapping import WEIGHTS_FILE
from tests.lossmodel.metrics.builders import music, noise, saved

ONLY = ("si_sdr", "snr")


def pair(folder, name="near", leak=0.1):
    voice = music(1.2, rate=16_000)
    reference = saved(folder / "reference.wav", voice, rate=16_000)
    estimate = saved(folder / f"{name}.wav", voice + leak * noise(1, voice.shape[-1], seed=1), rate=16_000)
    return Pair("song", name, "system", estimate, (reference,))


def test_a_second_time_the_kept_values_are_read(tmp_path):
    one = pair(tmp_path)
    first = cached.values([one], folder=tmp_path / "kept", only=ONLY)
    (file,) = (tmp_path / "kept").iterdir()
    file.write_text(json.dumps({"si_sdr": 77.0}))
    again = cached.values([one], folder=tmp_path / "kept", only=ONLY)
    assert list(first.columns) == ["item", "condition", *ONLY]
    assert first.loc[0, "si_sdr"] != 77
    assert again.loc[0, "si_sdr"] == 77


def test_another_sound_under_the_same_name_is_measured_again(tmp_path):
    first = cached.values([pair(tmp_path)], folder=tmp_path / "kept", only=ONLY)
    second = cached.values([pair(tmp_path, leak=0.4)], folder=tmp_path / "kept", only=ONLY)
    assert second.loc[0, "snr"] < first.loc[0, "snr"]


def test_a_damaged_value_is_measured_again(tmp_path):
    one = pair(tmp_path)
    first = cached.values([one], folder=tmp_path / "kept", only=ONLY)
    (file,) = (tmp_path / "kept").iterdir()
    file.write_text("no json")
    assert cached.values([one], folder=tmp_path / "kept", only=ONLY).equals(first)


def test_a_row_that_cannot_be_measured_has_no_values_and_is_tried_again(tmp_path):
    good, bad = pair(tmp_path), pair(tmp_path, "broken")
    bad.estimate.write_bytes(b"no sound")
    found = cached.values([bad, good], folder=tmp_path / "kept", only=ONLY)
    assert found["si_sdr"].isna().tolist() == [True, False]
    assert len(list((tmp_path / "kept").iterdir())) == 1


def test_a_file_that_has_gone_costs_its_row_alone_and_is_measured_once_it_is_there(tmp_path):
    good, gone = pair(tmp_path), pair(tmp_path, "gone", leak=0.3)
    sound = gone.estimate.read_bytes()
    gone.estimate.unlink()
    found = cached.values([gone, good], folder=tmp_path / "kept", only=ONLY)
    assert found["snr"].isna().tolist() == [True, False]
    gone.estimate.write_bytes(sound)
    assert cached.values([gone, good], folder=tmp_path / "kept", only=ONLY)["snr"].notna().all()


def test_a_row_of_which_one_metric_failed_is_measured_again(tmp_path, monkeypatch):
    one = pair(tmp_path)
    whole = cached.values([one], only=ONLY)

    def broken(*_given: object) -> dict[str, torch.Tensor]:
        raise MemoryError

    failing = [families.family("si_sdr"), families.Family(("snr",), broken, higher_is_better=True)]
    with monkeypatch.context() as patched:
        patched.setattr(measure, "FAMILIES", failing)
        part = cached.values([one], folder=tmp_path / "kept", only=ONLY)
    assert part["snr"].isna().all()
    assert part["si_sdr"].equals(whole["si_sdr"])
    assert cached.values([one], folder=tmp_path / "kept", only=ONLY).equals(whole)


def test_another_mapping_of_peass_is_other_code(monkeypatch):
    before = cached._code.__wrapped__()
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: b"other" if path == WEIGHTS_FILE else read(path))
    assert cached._code.__wrapped__() != before
