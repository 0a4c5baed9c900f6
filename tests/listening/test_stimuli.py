"""The door: what comes in is checked, levelled and stored whole under a name that tells nothing; or not at all."""

import hashlib
import re
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile
from django.core.files.storage import default_storage

from listening import stimuli
from listening.models import Audio, Condition, Item, Role, Stimulus, Study
from lossmodel import audio
from lossmodel.errors import BadInput
from tests.builders import RATE, tone

pytestmark = pytest.mark.django_db


def draft(**fields) -> Study:
    return stimuli.new_study(**{"slug": "pilot", "title": "Pilot", "preset": "ward-2", "rate": RATE, **fields})


def item(**fields) -> Item:
    return Item.objects.create(study=draft(**fields), name="song")


def condition(of: Item, name: str = "system") -> Condition:
    return Condition.objects.create(study=of.study, name=name)


def wav(folder: Path, name: str = "sound.wav", sound: audio.Audio | None = None, subtype: str = "PCM_16") -> Path:
    path = folder / name
    audio.write(path, sound or tone(), subtype=subtype)
    return path


def files() -> list[str]:
    return default_storage.listdir("audio")[1] if default_storage.exists("audio") else []


def test_a_sound_comes_to_the_studys_loudness_by_a_plain_gain_kept_on_its_row(tmp_path):
    song = item()
    row = stimuli.admit(song, condition(song), wav(tmp_path)).audio
    stored = audio.read(row.path)
    assert audio.loudness(stored) == pytest.approx(-24.0, abs=0.01)
    assert row.loudness == pytest.approx(-24.0, abs=1e-6)
    assert row.gain == pytest.approx(-24.0 - audio.loudness(tone()), abs=0.01)
    assert row.peak == pytest.approx(stored.peak, abs=1e-4)
    np.testing.assert_allclose(stored.samples, tone().samples * 10 ** (row.gain / 20), atol=2**-15)


@pytest.mark.parametrize(("subtype", "expected"), [("PCM_16", "PCM_16"), ("PCM_24", "PCM_24"), ("FLOAT", "PCM_24")])
def test_as_delivered_every_sample_is_kept_with_the_bits_it_came_with(tmp_path, subtype, expected):
    song = item(loudness=None)
    path = wav(tmp_path, subtype=subtype)
    row = stimuli.admit(song, condition(song), path).audio
    assert soundfile.info(row.path).subtype == expected
    np.testing.assert_allclose(audio.read(row.path).samples, audio.read(path).samples, rtol=0, atol=2**-24)
    if subtype == "PCM_16":
        np.testing.assert_array_equal(audio.read(row.path).samples, audio.read(path).samples)
    assert row.gain == 0.0


def test_the_stored_name_tells_nothing_and_the_hash_is_that_of_the_file(tmp_path):
    song = item()
    row = stimuli.admit(song, condition(song), wav(tmp_path, "hidden-reference.wav")).audio
    assert re.fullmatch(r"audio/[0-9a-f]{32}\.flac", row.file.name)
    assert hashlib.sha256(row.path.read_bytes()).hexdigest() == row.sha256
    assert row.delivered_as.endswith("hidden-reference.wav")
    assert "hidden" not in row.path.read_bytes().decode("latin-1")


def test_the_accompaniment_takes_the_gain_of_the_reference_so_both_still_make_the_mixture(tmp_path):
    song = item()
    vocals, band = tone(220.0), audio.Audio(tone(330.0).samples * np.float32(0.3), RATE)
    stimuli.admit_reference(song, "vocals", wav(tmp_path, "v.wav", vocals, "FLOAT"))
    stimuli.admit_accompaniment(song, wav(tmp_path, "b.wav", band, "FLOAT"))
    both = audio.Audio(vocals.samples + band.samples, RATE)
    stimuli.admit_mixture(song, wav(tmp_path, "m.wav", both, "FLOAT"))
    song = Item.objects.get(pk=song.pk)
    parts = [audio.read(row.path).samples for row in (song.references.get().audio, song.accompaniment, song.mixture)]
    total, mixed = parts[0] + parts[1], parts[2]
    scale = np.vdot(total, mixed) / np.vdot(total, total)
    assert np.abs(mixed - scale * total).max() < 1e-5


def bad_files(folder: Path) -> dict[str, tuple[Path, str]]:
    text = folder / "text.wav"
    text.write_text("not a sound")
    nan = tone()
    nan.samples[0, 5] = np.nan
    loud = audio.Audio(tone().samples * np.float32(5.0), RATE)
    return {
        "missing": (folder / "none.wav", "none.wav: no such file"),
        "text": (text, "text.wav: cannot be read as audio"),
        "empty": (wav(folder, "e.wav", tone(seconds=0)), "e.wav: empty"),
        "nan": (wav(folder, "n.wav", nan, "FLOAT"), "n.wav: has NaN"),
        "long": (wav(folder, "l.wav", tone(seconds=3.0)), "l.wav: 3.0 s long, at most 2 s.*cut"),
        "rate": (wav(folder, "r.wav", tone(rate=16000)), "r.wav: 16000 Hz, the study is 8000 Hz"),
        "length": (wav(folder, "f.wav", tone(seconds=0.6)), "f.wav: 4800 samples, the other sounds of song have 4000"),
        "channels": (wav(folder, "c.wav", tone(channels=2)), "c.wav: channels: 2, the other sounds of song have 1"),
        "loud": (wav(folder, "p.wav", loud, "FLOAT"), "p.wav: its peak is 1.9 dB over full scale"),
    }


KINDS = ["missing", "text", "empty", "nan", "long", "rate", "length", "channels", "loud"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_file_is_refused_in_one_line_that_names_it_and_nothing_is_kept(tmp_path, kind):
    song = item(loudness=None, longest=2.0)
    stimuli.admit_reference(song, "vocals", wav(tmp_path))
    path, message = bad_files(tmp_path)[kind]
    with pytest.raises(BadInput, match=message) as caught:
        stimuli.admit(song, condition(song), path)
    assert "\n" not in str(caught.value)
    assert (Audio.objects.count(), Stimulus.objects.count(), len(files())) == (1, 0, 1)


def test_a_gain_that_would_clip_is_refused_with_the_loudness_that_would_do(tmp_path):
    song = item(loudness=-3.0)
    with pytest.raises(
        BadInput, match=r"would clip at -3 LUFS; set the study's loudness to (-[\d.]+) or less"
    ) as caught:
        stimuli.admit(song, condition(song), wav(tmp_path))
    offered = float(re.search(r"to (-[\d.]+) or", str(caught.value))[1])
    Study.objects.update(loudness=offered)
    song = Item.objects.get()
    row = stimuli.admit(song, song.study.conditions.get(), wav(tmp_path)).audio
    assert 0.95 < row.peak <= 1.0


def faint(peak: float) -> audio.Audio:
    return audio.Audio(tone().samples * np.float32(peak / 0.25), RATE)


@pytest.mark.parametrize(
    ("sound", "note"),
    [
        (faint(0.0), "system: silent (every sample is 0)"),
        (faint(2.5e-5), "system: silent (peak -92 dBFS)"),
        (faint(1.5e-4), "system: too short or too quiet for its loudness to be measured; as delivered"),
        (tone(seconds=0.2), "system: too short or too quiet for its loudness to be measured; as delivered"),
    ],
)
def test_a_silent_estimate_is_let_in_as_delivered_and_the_item_says_so(tmp_path, sound, note):
    song = item()
    row = stimuli.admit(song, condition(song), wav(tmp_path, sound=sound, subtype="FLOAT")).audio
    assert (row.gain, row.loudness) == (0.0, None)
    np.testing.assert_allclose(audio.read(row.path).samples, sound.samples, atol=2**-24)
    assert Item.objects.get().note == song.note == note


def test_each_silent_sound_of_an_item_has_its_own_line_even_where_two_share_a_file(tmp_path):
    song = item()
    stimuli.admit_reference(song, "vocals", wav(tmp_path))
    mute = stimuli.admit(song, condition(song, "a"), wav(tmp_path, "mute.wav", faint(0.0))).audio
    stimuli.admit(song, condition(song, "b"), mute)
    stimuli.admit_accompaniment(song, mute)
    lines = Item.objects.get().note.splitlines()
    assert lines == [f"{name}: silent (every sample is 0)" for name in ("a", "b", "accompaniment")]


@pytest.mark.parametrize("sound", [faint(0.0), faint(1.5e-4), tone(seconds=0.2)])
def test_a_reference_a_mixture_and_a_hidden_reference_must_be_heard(tmp_path, sound):
    song = item()
    hidden = Condition.objects.create(study=song.study, name="hidden", role=Role.REFERENCE)
    path = wav(tmp_path, sound=sound, subtype="FLOAT")
    for admit in (
        lambda: stimuli.admit_reference(song, "vocals", path),
        lambda: stimuli.admit_mixture(song, path),
        lambda: stimuli.admit(song, hidden, path),
    ):
        with pytest.raises(BadInput, match=r"sound.wav: (silent|too short or too quiet)"):
            admit()
    assert not Audio.objects.exists()
    assert not Item.objects.get().note


def test_a_silent_sound_that_was_let_in_before_is_no_reference_either(tmp_path):
    song = item()
    mute = stimuli.admit(song, condition(song), wav(tmp_path, sound=faint(0.0))).audio
    with pytest.raises(BadInput, match="silent"):
        stimuli.admit_reference(song, "vocals", mute)


def test_as_delivered_a_short_sound_needs_no_loudness_and_no_note(tmp_path):
    song = item(loudness=None)
    stimuli.admit_reference(song, "vocals", wav(tmp_path, sound=tone(seconds=0.2)))
    assert song.references.get().audio.loudness is None
    assert not Item.objects.get().note


def test_nothing_is_put_in_the_place_of_another_sound(tmp_path):
    song = item()
    path, system = wav(tmp_path), condition(song)
    stimuli.admit(song, system, path)
    stimuli.admit_reference(song, "vocals", path)
    stimuli.admit_mixture(song, path)
    stimuli.admit_accompaniment(song, path)
    before = files()
    for again in (
        lambda: stimuli.admit(song, system, path),
        lambda: stimuli.admit_reference(song, "vocals", path),
        lambda: stimuli.admit_mixture(song, path),
        lambda: stimuli.admit_accompaniment(song, path),
    ):
        with pytest.raises(BadInput, match="already"):
            again()
    assert files() == before


def test_only_a_draft_takes_sounds_and_only_from_its_own_conditions(tmp_path):
    song = item()
    foreign = condition(Item.objects.create(study=draft(slug="other"), name="song"))
    with pytest.raises(BadInput, match="different studies"):
        stimuli.admit(song, foreign, wav(tmp_path))
    with pytest.raises(BadInput, match="no reference yet"):
        stimuli.admit_accompaniment(song, wav(tmp_path))
    song.study.open()
    with pytest.raises(BadInput, match="pilot is open: only a draft accepts sounds; redraft it"):
        stimuli.admit(song, condition(song), wav(tmp_path))


def test_what_fails_later_takes_its_files_with_it_but_not_those_of_before(tmp_path):
    song = item()
    stimuli.admit_reference(song, "vocals", wav(tmp_path))
    kept = files()

    def fail():
        with stimuli.together():
            stimuli.admit(song, condition(song), wav(tmp_path))
            with suppress(BadInput), stimuli.together():
                stimuli.admit(song, condition(song, "b"), wav(tmp_path))
                raise BadInput("inner")
            assert len(files()) == len(kept) + 1
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert files() == kept
    assert Audio.objects.count() == 1


def test_a_new_study_has_the_questions_and_texts_of_its_preset():
    made = draft(instructions="Listen.", quota=3)
    assert list(made.attributes.values_list("key", flat=True)) == ["quality", "interference"]
    assert (made.status, made.instructions, made.quota) == ("draft", "Listen.", 3)
    assert draft(slug="other").instructions.startswith("On each page")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"slug": "pilot"}, "'pilot' already; choose another slug"),
        ({"slug": "no slug!"}, "slug 'no slug!': "),
        ({"slug": ""}, "slug '': "),
        ({"slug": "b", "preset": "nope"}, "no preset is called 'nope'"),
        ({"slug": "b", "return_url": "nowhere"}, "return_url 'nowhere': "),
    ],
)
def test_a_study_that_cannot_be_is_refused_in_one_line(fields, message):
    draft()
    with pytest.raises(BadInput, match=message) as caught:
        draft(**fields)
    assert "\n" not in str(caught.value)
    assert Study.objects.count() == 1


def songs(folder: Path, *, item_first: bool, skip: tuple[str, str] | None = None) -> Path:
    """Return a folder of two songs: reference, mixture, accompaniment and two systems, 16 kHz, 1 s."""
    pitches = {"reference": 220, "mixture": 330, "accompaniment": 440, "unet": 230, "mask": 240}
    for number, name in enumerate(("alpha", "beta")):
        for part, pitch in pitches.items():
            if (name, part) != skip:
                outer, inner = (name, part) if item_first else (part, name)
                (folder / outer).mkdir(parents=True, exist_ok=True)
                wav(folder / outer, f"{inner}.wav", tone(pitch + 50 * number, seconds=1.0, rate=16000))
    return folder


@pytest.mark.parametrize("item_first", [True, False])
def test_a_folder_becomes_a_draft_with_hidden_reference_and_anchors_whichever_way_round_it_is(tmp_path, item_first):
    made = stimuli.from_folder(songs(tmp_path / "Pilot Songs", item_first=item_first))
    assert (made.slug, made.status, made.rate, made.preset) == ("pilot-songs", "draft", 16000, "ward-2")
    assert dict(made.conditions.values_list("name", "role")) == {
        "unet": "system", "mask": "system", "hidden-reference": "reference",
        "quality-anchor": "anchor", "interference-anchor": "anchor",
    }  # fmt: skip
    assert list(made.items.values_list("name", flat=True)) == ["alpha", "beta"]
    assert Stimulus.objects.filter(item__study=made).count() == 10
    alpha = made.items.get(name="alpha")
    assert alpha.stimuli.get(condition__role=Role.REFERENCE).audio == alpha.references.get().audio
    assert alpha.mixture.delivered_as.endswith("mixture.wav" if item_first else "mixture/alpha.wav")
    assert made.conditions.get(name="quality-anchor").description.startswith("quality-anchor v1:")
    assert made.open()


def test_a_folder_may_hold_several_references_and_anchors_of_its_own(tmp_path):
    folder = songs(tmp_path / "songs", item_first=True)
    for name in ("alpha", "beta"):
        wav(folder / name, "reference-lead+backing.wav", tone(200, seconds=1.0, rate=16000))
        wav(folder / name, "quality-anchor.wav", tone(210, seconds=1.0, rate=16000))
    made = stimuli.from_folder(folder, "own")
    assert list(made.items.first().references.values_list("name", flat=True)) == ["vocals", "lead+backing"]
    own = Stimulus.objects.get(item__name="alpha", condition__name="quality-anchor")
    assert own.condition.role == "anchor"
    assert own.audio.delivered_as == "alpha/quality-anchor.wav"


def test_the_same_folder_and_seed_give_the_same_anchors(tmp_path):
    folder = songs(tmp_path / "songs", item_first=True)
    sums = []
    for slug, seed in (("a", 1), ("b", 1), ("c", 2)):
        made = stimuli.from_folder(folder, slug, seed=seed)
        found = Stimulus.objects.filter(item__study=made, condition__name="quality-anchor")
        sums.append(list(found.order_by("item__name").values_list("audio__sha256", flat=True)))
    assert sums[0] == sums[1]
    assert not set(sums[0]) & set(sums[2])


def test_a_folder_that_cannot_be_a_test_is_refused_and_leaves_nothing(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "odd" / "a").mkdir(parents=True)
    wav(tmp_path / "odd" / "a", "b.wav")
    (tmp_path / "alone" / "song").mkdir(parents=True)
    wav(tmp_path / "alone" / "song", "reference.wav")
    cases = {
        tmp_path / "none": "no such folder",
        tmp_path / "empty": "no sound in it",
        tmp_path / "odd": "no sound is a reference; name the files",
        tmp_path / "alone": "no system to rate besides reference",
        songs(tmp_path / "gap", item_first=True, skip=("beta", "unet")): "beta has no unet, others have",
    }
    twice = songs(tmp_path / "twice", item_first=True)
    wav(twice / "alpha", "unet.flac", tone(seconds=1.0, rate=16000))
    cases[twice] = "alpha has 2 files as unet: .*unet.flac, .*unet.wav"
    no_mixture = songs(tmp_path / "no-mixture", item_first=False)
    for path in (no_mixture / "mixture").iterdir():
        path.unlink()
    cases[no_mixture] = "2 faults to fix: alpha has no mixture, .* beta has no mixture"
    for folder, message in cases.items():
        with pytest.raises(BadInput, match=message):
            stimuli.from_folder(folder, folder.name)
    assert (Study.objects.count(), Audio.objects.count(), files()) == (0, 0, [])


def test_a_redraft_of_sounds_delivered_alike_in_loudness_brings_new_ones_to_the_same(tmp_path):
    folder = songs(tmp_path / "songs", item_first=True)
    alike = stimuli.from_folder(folder, "alike", preset="mushra", loudness=None)
    new = stimuli.redraft(alike, "alike-2")
    assert alike.loudness is None
    assert new.loudness == pytest.approx(audio.loudness(tone(seconds=1.0, rate=16000)), abs=0.5)
    unlike = stimuli.from_folder(folder, "unlike", preset="mushra", loudness=None)
    Audio.objects.filter(pk=Stimulus.objects.filter(item__study=unlike).first().audio_id).update(loudness=-40.0)
    assert stimuli.redraft(unlike, "unlike-2").loudness is None


def test_a_redraft_shares_the_sounds_and_has_its_own_rows_seed_and_no_sessions(tmp_path):
    old = stimuli.from_folder(songs(tmp_path / "songs", item_first=True), "old", quota=5)
    old.open()
    Study.objects.update(told_quota=5, paused=True)
    old.refresh_from_db()
    sounds = files()
    new = stimuli.redraft(old, "new")
    assert (new.status, new.quota, new.opened_at, new.sessions.count()) == ("draft", 5, None, 0)
    assert (new.told_quota, new.paused) == (None, False)
    assert new.seed != old.seed
    assert files() == sounds

    def shape(of: Study) -> set:
        found = Stimulus.objects.filter(item__study=of, condition__study=of)
        return set(found.values_list("item__name", "condition__name", "condition__role", "audio"))

    assert shape(new) == shape(old)
    assert set(new.attributes.values_list("key")) == set(old.attributes.values_list("key"))
    assert new.items.first().references.get().audio == old.items.first().references.get().audio
    with pytest.raises(BadInput, match="already"):
        stimuli.redraft(old, "new")
