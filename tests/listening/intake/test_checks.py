"""Checks: all faults of a folder are told in one run, each with its fix, and what is sound passes in silence."""

import struct
from dataclasses import replace

import numpy as np
import pytest

from listening.intake import measure as measured
from listening.intake.alignment import align
from listening.intake.faults import Level, check, stops
from listening.intake.grid import Plan
from listening.intake.measure import load, measure, true_peak
from listening.intake.mending import mend, mend_safely
from listening.intake.treatment import Treatment
from lossmodel import audio
from lossmodel.errors import BadInput
from tests.listening.intake.builders import RATE, changed, folder, grid, voice, write


def kinds(made) -> dict[str, Level]:
    return {fault.kind: fault.level for fault in check(made)}


def moved(sound, by):
    return changed(sound, np.pad(sound.samples, ((0, 0), (by, 0)))[:, : sound.frames])


def test_a_clean_folder_has_no_fault(tmp_path):
    assert check(grid(folder(tmp_path))) == []


def test_all_faults_of_a_folder_are_told_in_one_run_and_the_safe_ones_are_mended_at_once(tmp_path):
    stereo = voice(9, channels=2)
    one = voice(0)
    bad = {
        "a/reference.wav": stereo,
        "a/late.wav": moved(stereo, 800),
        "a/flipped.wav": changed(stereo, -stereo.samples),
        "a/mono.wav": audio.with_channels(stereo, 1),
        "a/rate.wav": audio.resample(stereo, 22050),
        "a/dc.wav": changed(stereo, stereo.samples + 0.05),
        "a/clipped.wav": changed(stereo, np.clip(stereo.samples, -0.1, 0.1)),
        "a/silent.wav": changed(stereo, 0 * stereo.samples),
        "a/long.wav": changed(stereo, np.pad(stereo.samples, ((0, 0), (0, 99)))),
        "b/reference.wav": one,
        "b/late.wav": one,
    }
    made = grid(write(tmp_path, bad))
    assert kinds(made) == {
        "missing": Level.STOP, "rate": Level.STOP, "channels": Level.STOP, "length": Level.STOP,
        "offset": Level.WARN, "polarity": Level.WARN, "dc": Level.WARN, "clipping": Level.WARN, "silent": Level.NOTE,
    }  # fmt: skip
    assert {fault.column for fault in check(made) if fault.kind == "missing"} >= {"flipped", "rate", "silent"}
    assert set(kinds(mend_safely(made))) == {"missing", "clipping", "silent"}


@pytest.mark.parametrize("by", [2048, -700, 3])
def test_an_offset_is_found_to_the_sample_and_the_shift_takes_it_away(tmp_path, by):
    true = voice(1, seconds=1.5)
    late = changed(true, np.roll(true.samples, by) + 0.3 * voice(2, seconds=1.5).samples)
    made = grid(write(tmp_path, {"a/reference.wav": true, "a/x.wav": late}))
    fault = next(fault for fault in check(made) if fault.kind == "offset")
    assert str(abs(by)) in fault.text
    mended = mend(made, fault, "shift")
    assert "offset" not in kinds(mended)
    treated = next(file for file in mended.files if file.column == "x").treatment.applied(late)
    assert align(treated.samples, true.samples, RATE).late == 0


def test_a_periodic_sound_that_is_hardly_alike_stays_where_it_is():
    time = np.arange(RATE) / RATE
    tone = np.sin(2 * np.pi * 200 * time)[None].astype(np.float32)
    other = np.sin(2 * np.pi * 200 * time + 2.0)[None].astype(np.float32)
    assert not align(other, tone, RATE).sure


def test_real_systems_that_lag_by_2048_samples_are_found_and_no_other(data):
    root = data / "sisec2018" / "sounds"
    songs = sorted(root.iterdir())[:4]
    late = set()
    for song in songs:
        true, _ = load(song / "ref_vocals.flac", "")
        for path in song.glob("*_vocals.flac"):
            found = align(load(path, "")[0].samples, true.samples, true.rate)
            if found.late and found.sure:
                late.add((path.stem, found.late))
    assert late == {("MELO_vocals", 2048), ("REP2_vocals", 2048)}


def test_a_wav_whose_header_promises_more_is_cut_off_until_that_is_accepted(tmp_path):
    root = folder(tmp_path, items=1)
    path = root / "song0" / "system0.wav"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - 4000])
    found = measure(path)
    assert (found.promised, found.frames) == (RATE, RATE - 1000)
    made = grid(root)
    fault = next(fault for fault in check(made) if fault.kind == "cut-off")
    assert fault.level == Level.STOP
    assert kinds(mend(made, fault, "accept"))["cut-off"] == Level.NOTE


def test_nan_is_counted_and_stops(tmp_path):
    own = voice(0)
    bad = own.samples.copy()
    bad[0, 5:8] = np.nan
    made = grid(write(tmp_path, {"a/reference.wav": own, "a/x.wav": changed(own, bad)}))
    assert [fault.text for fault in stops(check(made))] == [
        "a/x.wav: holds 3 samples that are NaN or infinite; render it again"
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "0 bytes"), (b"\0" * 4000, "cannot be read"), (b"RIFF" + struct.pack("<I", 4) + b"WAVE", "x.wav")],
)
def test_what_is_no_sound_is_named_as_it_came(tmp_path, content, reason):
    path = tmp_path / "7.bin"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=reason) as error:
        measure(path, "Müller's “mix”/x.wav")
    assert str(error.value).startswith("Müller's “mix”/x.wav: ")


def test_a_long_song_gets_its_loudest_ten_seconds_and_all_its_sounds_the_same(tmp_path):
    song = voice(3, seconds=30)
    louder = song.samples.copy()
    louder[:, 12 * RATE : 22 * RATE] *= 3
    made = mend_safely(grid(write(tmp_path, {"a/reference.wav": changed(song, louder), "a/x.wav": song})))
    excerpt = made.plan.excerpts["a"]
    assert excerpt.start == pytest.approx(12, abs=0.2)
    assert {made.treatment(file).applied(song).frames for file in made.files} == {10 * RATE}


def test_two_files_in_a_cell_are_told_and_one_is_kept(tmp_path):
    made = grid(folder(tmp_path, items=1))
    twin = replace(made.files[0], key=99, name="elsewhere.wav")
    made = replace(made, files=(*made.files, twin))
    fault = next(fault for fault in check(made) if fault.kind == "double")
    assert len(mend(made, fault, "keep-99").cells[fault.item, fault.column]) == 1


def test_a_missing_mixture_stops_only_where_something_is_made_of_it(tmp_path):
    own = voice(0)
    made = grid(write(tmp_path, {"a/reference.wav": own, "a/x.wav": own}))
    assert check(made) == []
    needed = replace(made, plan=Plan(rate=RATE, mixture_needed=True))
    assert [fault.column for fault in stops(check(needed))] == ["mixture"]


def test_a_treatment_tells_in_words_what_it_does_and_nothing_where_it_does_nothing():
    sound = voice(0)
    assert Treatment().told(sound) == ""
    np.testing.assert_array_equal(Treatment().applied(sound).samples, sound.samples)
    told = Treatment(rate=8000, channels=2, invert=True, advance=80, start=0.1, frames=4000, fade=5).told(sound)
    for words in (
        "16000 to 8000 Hz",
        "mono put on both channels",
        "inverted",
        "advanced by 80",
        "excerpt from 0.100 s",
        "cut to",
        "faded",
    ):
        assert words in told


def test_a_treatment_survives_being_stored():
    made = Treatment(rate=8000, advance=-3)
    assert Treatment.of(made.to_json()) == made
    with pytest.raises(BadInput, match="louder"):
        Treatment.of({"louder": 3})


def test_the_true_peak_lies_between_the_samples():
    tone = np.sin(np.pi / 2 * np.arange(48000) + np.pi / 4)[None].astype(np.float32)
    assert true_peak(audio.Audio(tone, 48000)) == pytest.approx(1.0, abs=0.02)


def test_the_true_peak_of_a_long_sound_is_that_of_the_whole(monkeypatch):
    sound = voice(7, seconds=3)
    whole = true_peak(sound)
    monkeypatch.setattr(measured, "PEAK_BLOCK_SECONDS", 0.5)
    assert true_peak(sound) == pytest.approx(whole, rel=1e-3)


def test_a_film_without_sound_and_an_album_are_told_by_the_name_they_came_under(tmp_path, monkeypatch):
    film = tmp_path / "3.mp4"
    film.write_bytes(b"no film" * 100)
    with pytest.raises(BadInput, match=r"^holiday\.mp4: cannot be decoded"):
        measure(film, "holiday.mp4")
    monkeypatch.setattr(measured, "MAX_DELIVERED_SECONDS", 2)
    with pytest.raises(BadInput, match=r"^night.wav: longer than 0\.0333\S* min"):
        measure(write(tmp_path, {"x.wav": voice(0, seconds=3)}) / "x.wav", "night.wav")
