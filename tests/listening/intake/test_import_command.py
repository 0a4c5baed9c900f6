"""manage.py import_study FOLDER: all faults at once, the safe ones mended if asked, a draft made or filled."""

import numpy as np
import pytest
from django.core.management import call_command

from listening import stimuli
from listening.models import Audio, Stimulus, Study
from lossmodel import audio
from tests.listening.intake.builders import RATE, changed, folder, voice, write

pytestmark = pytest.mark.django_db


def faulty(root):
    own = voice(0)
    folder(root, items=1)
    extra = {
        "song0/late.wav": changed(own, np.pad(own.samples, ((0, 0), (500, 0)))[:, : own.frames]),
        "song0/fast.wav": audio.resample(own, 22050),
        "song0/wide.wav": audio.with_channels(own, 2),
    }
    return write(root, extra)


def test_every_fault_of_a_folder_is_told_in_one_run_and_nothing_is_kept(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        call_command("import_study", faulty(tmp_path / "pilot"))
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert "22050 Hz, the study is 16000 Hz" in said
    assert said.count("mono, but other sounds of song0 are stereo") == 6
    assert (Study.objects.count(), Audio.objects.count()) == (0, 0)


def test_what_is_mended_stands_with_the_sound_and_in_the_report(tmp_path, capsys):
    call_command("import_study", faulty(tmp_path / "pilot"), fix=True)
    said = capsys.readouterr().out
    sounds = {each.condition.name: each.audio for each in Stimulus.objects.select_related("audio", "condition")}
    assert "advanced by 500 samples" in sounds["late"].treatment
    assert "resampled from 22050 to 16000 Hz" in sounds["fast"].treatment
    assert sounds["wide"].treatment == ""
    assert "late.wav: mono put on both channels; advanced by 500 samples (31.2 ms)" in said
    assert {each.channels for each in sounds.values()} == {2}


def test_a_draft_that_exists_is_filled_and_a_second_folder_joins_the_first(tmp_path):
    draft = stimuli.new_study("own", "Own", "ward-2")
    call_command("import_study", folder(tmp_path / "a", items=1), into="own")
    draft.refresh_from_db()
    assert draft.rate == RATE
    more = folder(tmp_path / "b", items=2)
    (more / "song0").rename(more / "other")
    call_command("import_study", more, into="own")
    assert sorted(draft.items.values_list("name", flat=True)) == ["other", "song0", "song1"]
    assert draft.conditions.filter(role="reference").count() == 1
    assert {item.stimuli.count() for item in draft.items.all()} == {5}


def test_an_item_that_the_draft_has_already_is_refused_whole(tmp_path, capsys):
    stimuli.new_study("own", "Own", "ward-2")
    call_command("import_study", folder(tmp_path / "a", items=1), into="own")
    with pytest.raises(SystemExit):
        call_command("import_study", folder(tmp_path / "b", items=2), into="own")
    assert "song0: the study has an item of this name already" in capsys.readouterr().err
    assert Study.objects.get().items.count() == 1


def test_sounds_of_an_item_that_would_clip_are_turned_down_together(tmp_path):
    own = voice(0)
    burst = own.samples * 0.02
    burst[:, 8000] = 0.9
    sounds = {"a/reference.wav": own, "a/mixture.wav": own, "a/x.wav": changed(own, burst)}
    call_command("import_study", write(tmp_path, sounds), into=stimuli.new_study("own", "Own", "ward-2").slug)
    item = Study.objects.get().items.get()
    rows = [item.references.get().audio, item.mixture, *(each.audio for each in item.stimuli.all())]
    loudness = {round(row.loudness, 1) for row in rows}
    assert len(loudness) == 1
    assert loudness.pop() < -24.0
    assert max(row.peak for row in rows) <= 1.0
    assert "turned down by" in item.note
