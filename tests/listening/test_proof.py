"""A sound is known by its samples, and travels in parcels that tell nothing of it."""

import zlib

import numpy as np
import pytest
import soundfile
from django.urls import reverse

from listening import stimuli
from listening.models import Assessor, Audio, Condition, Item, Session, Study
from listening.participant import parcel
from listening.participant.sounds import _servable, hidden_sounds, open_sounds
from listening.participant.trial_page import trial_page
from listening.stimuli.proof import crc32
from lossmodel import audio
from lossmodel.errors import BadInput
from tests import builders, parcels

pytestmark = pytest.mark.django_db


def admitted(folder, samples: np.ndarray, subtype: str, **fields) -> Audio:
    """Return the row of `samples` (frame, channel), let in at the study's loudness or as delivered."""
    made = stimuli.new_study("s", "S", "ward-2", rate=8000, **{"loudness": None, **fields})
    soundfile.write(folder / "a.wav", samples, 8000, subtype=subtype)
    item = Item.objects.create(study=made, name="song")
    return stimuli.admit(item, Condition.objects.create(study=made, name="system"), folder / "a.wav").audio


def sitting(study: Study) -> Session:
    session = Session.objects.begin(study, Assessor.objects.create())
    session.consent()
    session.instruct()
    return session


@pytest.fixture
def study(tmp_path) -> Study:
    made = builders.study(tmp_path, replicates=0)
    made.open()
    return made


def fetched(client, session: Session, token: str):
    return client.get(reverse("participant:audio", args=[session.token, token]))


@pytest.mark.parametrize(("subtype", "form"), [("PCM_16", "<i2"), ("PCM_24", "<f4")])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_checksum_is_of_the_stored_samples_channel_after_channel_as_a_browser_holds_them(
    tmp_path, subtype, form, channels
):
    row = admitted(tmp_path, np.random.default_rng(channels).uniform(-0.5, 0.5, (4001, channels)), subtype)
    samples, _ = soundfile.read(row.path, dtype={"<i2": "int16", "<f4": "float32"}[form], always_2d=True)
    assert row.crc32 == zlib.crc32(b"".join(samples[:, c].astype(form).tobytes() for c in range(channels)))


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_the_peak_of_a_row_is_that_of_the_file_to_the_last_bit(tmp_path, subtype):
    row = admitted(tmp_path, np.random.default_rng(0).uniform(-0.3, 0.2, (8000, 1)), subtype, loudness=-20.0)
    assert row.gain != 0
    assert row.peak == audio.read(row.path).peak


def test_a_sound_from_before_gets_its_checksum_when_it_is_first_fetched(client, study):
    known = dict(Audio.objects.values_list("pk", "crc32"))
    Audio.objects.update(crc32=None, peak=0.1)
    trial = sitting(study).trials.first()
    sound = hidden_sounds(trial)[0]
    response = fetched(client, trial.session, sound.token)
    parcels.heard(response.content, sound.token)
    row = Audio.objects.get(pk=sound.audio.pk)
    assert row.crc32 == known[row.pk]
    assert row.peak == audio.read(row.path).peak


def test_a_sound_from_before_whose_file_has_changed_gets_an_error_and_no_checksum(study):
    row = hidden_sounds(sitting(study).trials.first())[0].audio
    Audio.objects.filter(pk=row.pk).update(crc32=None)
    row.refresh_from_db()
    soundfile.write(row.path, np.zeros(row.frames), row.rate)
    with pytest.raises(BadInput, match=rf"{row.file.name} \({row.delivered_as}\): its SHA-256 is .* restore it"):
        crc32(row)
    assert Audio.objects.get(pk=row.pk).crc32 is None


def test_every_sound_of_a_trial_comes_in_a_parcel_of_one_size_and_is_the_stored_one(client, study):
    trial = sitting(study).trials.first()
    sounds = hidden_sounds(trial) + open_sounds(trial)
    answers = [fetched(client, trial.session, sound.token) for sound in sounds]
    assert len({answer["Content-Length"] for answer in answers}) == 1
    assert len({sound.audio.path.stat().st_size for sound in sounds}) > 1
    for answer, sound in zip(answers, sounds):
        kept, _ = soundfile.read(sound.audio.path, dtype="int16", always_2d=True)
        np.testing.assert_array_equal(parcels.heard(answer.content, sound.token), kept.T)
        assert answer["Content-Type"] == "application/octet-stream"
        assert not {"Content-Disposition", "ETag", "Sound-Check"} & set(answer.headers)


def test_the_bytes_of_the_hidden_reference_are_not_those_of_the_open_one_nor_like_them(client, study):
    trial = sitting(study).trials.first()
    [reference], hidden = open_sounds(trial), hidden_sounds(trial)
    [same] = [sound for sound in hidden if trial.slots.get(token=sound.token).stimulus.condition.role == "reference"]
    Audio.objects.filter(pk=same.audio.pk).update(file=reference.audio.file.name, crc32=reference.audio.crc32)
    _servable.cache_clear()
    parts = [fetched(client, trial.session, sound.token).content for sound in (reference, same)]
    one, other = (np.frombuffer(part, np.uint8) for part in parts)
    np.testing.assert_array_equal(*(parcels.heard(p, s.token) for p, s in zip(parts, (reference, same))))
    assert np.mean(one == other) < 0.01
    for part in (one, other):
        assert np.bincount(part, minlength=256).max() < 3 * part.size / 256


def test_a_parcel_is_the_same_each_time_and_another_in_every_sitting(client, study):
    parts = []
    for session in (sitting(study), sitting(study)):
        trial = session.trials.filter(item__name="item0").first()
        tokens = [sound.token for sound in hidden_sounds(trial) + open_sounds(trial)]
        parts.append({fetched(client, session, token).content for token in tokens})
        assert parts[-1] == {fetched(client, session, token).content for token in tokens}
    assert len(parts[0] | parts[1]) == 10


def test_a_parcel_without_room_for_its_file_is_refused():
    with pytest.raises(ValueError, match="take 72"):
        parcel.sealed(bytes(61), token="t", crc32=0, size=68)
    with pytest.raises(ValueError, match="take 72"):
        parcel.sealed(bytes(61), token="t", crc32=0, size=73)


def test_a_page_knows_the_largest_sample_of_its_trial_and_of_no_single_sound(study):
    trial = sitting(study).trials.first()
    page = trial_page(trial)
    own = [sound.audio.peak for sound in hidden_sounds(trial) + open_sounds(trial)]
    Audio.objects.filter(pk=hidden_sounds(trial)[0].audio.pk).update(peak=0.7)
    assert page.settings["peak"] == max(own)
    assert trial_page(trial).settings["peak"] == 0.7
