"""A manifest measured: values, the best of several references, and rows that cannot be."""

import csv
import math

import pytest
import torch

from lossmodel.errors import BadInput
from lossmodel.manifest import Pair
from lossmodel.metrics import families, measure
from lossmodel.metrics.excerpt import accompaniment, load
from tests.lossmodel.metrics.builders import music, noise, saved


@pytest.fixture
def song(tmp_path):
    """One song on disk: lead, backing, band, their mixture, and an estimate of lead and backing with some leak."""
    lead, backing, band = music(), music(low=330, seed=1), music(low=97, seed=2)
    files = {
        "lead": lead,
        "both": lead + backing,
        "band": band,
        "mix": lead + backing + band,
        "estimate": lead + backing + 0.1 * band,
        "lead_estimate": lead + 0.1 * band,
    }
    return {name: saved(tmp_path / f"{name}.wav", signal) for name, signal in files.items()}


def pair(song, **changes) -> Pair:
    fields = {
        "item": "song", "condition": "net", "role": "system", "estimate": song["estimate"],
        "references": (song["both"],), "mixture": song["mix"],
    }  # fmt: skip
    return Pair(**(fields | changes))


def test_every_metric_has_a_value_and_they_say_how_good_the_estimate_is(song):
    good, bad = measure.measure([pair(song), pair(song, estimate=song["mix"])])
    assert set(good.values) == set(measure.NAMES)
    for name in set(measure.NAMES) - {"sar", "museval_sar", "tps", "aps"}:  # a mixture has no artifacts
        better = good.values[name] > bad.values[name]
        assert better == (name in measure.HIGHER_IS_BETTER), name


def test_the_accompaniment_comes_from_the_mixture_at_the_level_of_the_reference():
    vocals, band = noise(1, 1, 4000), noise(1, 1, 4000, seed=1)
    band -= (band * vocals).sum() / vocals.square().sum() * vocals
    for gain in (0.3, 2.0):
        assert torch.allclose(accompaniment(gain * (vocals + band), vocals), band, atol=1e-9)


def test_a_song_and_what_is_left_of_its_mixture_are_in_memory_once(song):
    excerpt = load(pair(song))
    assert excerpt.sources.is_contiguous()
    for part in (excerpt.references, excerpt.others):
        assert part.untyped_storage().data_ptr() == excerpt.sources.untyped_storage().data_ptr()


def test_a_given_accompaniment_and_one_from_the_mixture_give_the_same_values(song):
    from_mixture, given = measure.measure([pair(song), pair(song, mixture=None, accompaniment=song["band"])])
    for name, value in from_mixture.values.items():
        assert given.values[name] == pytest.approx(value, abs=0.05), name


def test_without_mixture_and_accompaniment_only_what_needs_them_is_missing(song):
    (row,) = measure.measure([pair(song, mixture=None)])
    assert set(measure.NAMES) - set(row.values) == {
        "sir", "sar", "museval_sir", "museval_sar", "tps", "ips", "aps",
    }  # fmt: skip
    assert not row.error
    assert set(row.missing.values()) == {"neither mixture nor accompaniment is given"}


def test_the_reference_that_fits_best_counts_and_is_named(song):
    references = (song["lead"], song["both"])
    both, lead = measure.measure(
        [pair(song, references=references), pair(song, references=references, estimate=song["lead_estimate"])]
    )
    assert both.best.pop("aps") in {0, 1}  # what is there is all lead or backing: no artifacts against either
    assert set(both.best.values()) == {1}
    assert set(lead.best.values()) == {0}
    (alone,) = measure.measure([pair(song)])
    assert both.values == pytest.approx(alone.values)


def test_a_mixture_of_two_admissible_solutions_does_not_win(song, tmp_path):
    lead, both = (load(pair(song, estimate=song[name])).estimate for name in ("lead", "both"))
    half = saved(tmp_path / "half.wav", (lead + both) / 2)
    references = (song["lead"], song["both"])
    rows = [pair(song, references=references, estimate=each) for each in (half, song["lead"], song["both"])]
    between, first, second = measure.measure(rows)
    for whole in (first, second):
        for name, value in between.values.items():
            better = value > whole.values[name] if name in measure.HIGHER_IS_BETTER else value < whole.values[name]
            assert not better, name
        assert between.values["si_sdr"] < whole.values["si_sdr"] - 20
        assert between.values["mrstft"] > whole.values["mrstft"] + 0.05


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda path: saved(path, music(0.5)), r"bad\.wav: 8000 samples long, but .*both\.wav has 16000"),
        (lambda path: saved(path, music(channels=2)), r"bad\.wav: 2 channels, but .*both\.wav has 1"),
        (lambda path: saved(path, music(), rate=8000), r"bad\.wav: 8000 Hz, but .*both\.wav has 16000"),
        (lambda path: saved(path, music() * torch.nan), r"bad\.wav: has NaN"),
        (lambda path: path.write_bytes(b"RIFFnothing") and path, r"bad\.wav: cannot be read as audio"),
    ],
)
def test_a_row_that_cannot_be_measured_says_why_and_the_rest_is_done(song, tmp_path, made, words):
    bad = made(tmp_path / "bad.wav")
    first, row, last = measure.measure([pair(song), pair(song, estimate=bad), pair(song)], only=("snr",))
    with pytest.raises(BadInput, match=words):
        raise BadInput(row.error)
    assert row.values == {}
    assert first.values == last.values != {}


def test_an_identical_estimate_has_the_documented_values(song):
    (row,) = measure.measure([pair(song, estimate=song["both"])])
    for name in ("sdr", "sir", "sar", "si_sdr", "sd_sdr", "snr", "museval_sdr"):
        assert row.values[name] == 100, name
    for name in ("mrstft", "spectral_convergence", "log_spectral_distance", "log_mel"):
        assert row.values[name] == pytest.approx(0, abs=1e-6), name


def test_a_clipped_estimate_is_measured_and_named(song, tmp_path):
    loud = (40 * music()).clamp(-1, 1)
    clipped = saved(tmp_path / "clipped.wav", loud)
    row, fine = measure.measure([pair(song, estimate=clipped), pair(song)])
    assert row.remarks == (f"{clipped}: clipped; measured anyway",)
    assert set(row.values) == set(fine.values)
    assert all(math.isfinite(value) for value in row.values.values())
    assert fine.remarks == ()


def test_one_sample_files_are_refused_not_judged(tmp_path):
    one = saved(tmp_path / "one.wav", torch.ones(1, 1))
    (row,) = measure.measure([Pair("i", "c", "system", one, (one,))])
    assert "1 samples long, at least 2048 are needed" in row.error


def test_the_file_holds_the_rows_in_order_with_a_column_a_metric(song, tmp_path):
    bad = saved(tmp_path / "bad.wav", music(0.5))
    pairs = [
        pair(song, condition="z", references=(song["lead"], song["both"])),
        pair(song, condition="bad", estimate=bad),
        pair(song, condition="a"),
    ]
    measure.write(tmp_path / "metrics.csv", measure.measure(pairs, only=("sdr", "snr")))
    with (tmp_path / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["condition"] for row in rows] == ["z", "bad", "a"]
    assert [bool(row["sdr"]) for row in rows] == [True, False, True]
    assert rows[0]["sdr_reference"] == "both.wav"
    assert rows[0]["sdr"] == rows[2]["sdr"]
    assert rows[0]["missing"] == rows[2]["missing"] == ""
    assert rows[1]["missing"].startswith(f"{bad}: 8000 samples long")


def test_a_file_of_bad_rows_alone_still_has_every_column(song, tmp_path):
    measure.write(
        tmp_path / "m.csv", measure.measure([pair(song, estimate=tmp_path / "none.wav")], only=("sdr", "snr"))
    )
    header, row = (tmp_path / "m.csv").read_text().splitlines()
    assert header.endswith("role,sdr,snr,missing,remarks")
    assert row.endswith(f"system,,,{tmp_path / 'none.wav'}: no such file,")


def test_how_many_rows_lack_a_metric_is_counted(song, tmp_path):
    rows = measure.measure([pair(song), pair(song, mixture=None), pair(song, estimate=tmp_path / "none.wav")])
    counts = measure.missing_counts(rows)
    assert counts["si_sdr"] == 1
    assert counts["sir"] == counts["ips"] == 2
    assert measure.missing_counts(rows[:1]) == {}


def test_metrics_are_chosen_by_name_and_an_unknown_name_is_told_the_known_ones():
    assert families.parsed_names("") == families.NAMES
    assert families.parsed_names("si_sdr, sdr") == ("sdr", "si_sdr")
    with pytest.raises(BadInput, match="no metric 'peass'; there are sdr, sir"):
        families.parsed_names("sdr,peass")


def test_progress_is_told_after_each_row_and_who_stops_it_stops_it(song):
    told = []
    measure.measure([pair(song)] * 3, only=("snr",), report=lambda step, steps: told.append((step, steps)))
    assert told == [(1, 3), (2, 3), (3, 3)]

    def stop(step: int, steps: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure.measure([pair(song)] * 3, only=("snr",), report=stop)


@pytest.mark.parametrize("part", ["mixture", "references"])
def test_a_silent_reference_or_mixture_measures_nothing(song, tmp_path, part):
    mute = saved(tmp_path / "mute.wav", torch.zeros(1, 16_000))
    (row,) = measure.measure([pair(song, **{part: (mute,) if part == "references" else mute})], only=("snr",))
    assert "mute.wav: silent" in row.error
