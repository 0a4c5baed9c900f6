"""Lyrics in the platform: a run finds each word's time, people correct it, items of studies take the words."""

import json

import pytest
import torch
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.urls import reverse

from listening import stimuli, tasks
from listening.intake.singing import sung_excerpts
from listening.models import Checkpoint, LyricsAlignment, Study
from listening.models.lyrics import LANGUAGES, Outdated
from listening.stimuli import uploads
from listening.stimuli.drafts import redraft
from listening.stimuli.words import take_words
from lossmodel import audio
from lossmodel.errors import BadInput
from separation import store
from separation.lyrics.aligned import AlignedWord
from separation.lyrics.alphabet import ALPHABETS
from tests import builders
from tests.listening.intake.builders import write
from tests.listening.intake.test_intakes import run as check_and_prepare
from tests.listening.intake.test_intakes import send
from tests.listening.lyrics_songs import SECONDS, aligned, asked, reader, recording, sung, text
from tests.listening.people import staff
from tests.separation.builders import small

pytestmark = pytest.mark.django_db

EMPTY = object()
ALONE = {"lyrics__weight": 1.0, "lyrics__alone": True, "lyrics__blocks": 1, "losses__l1": 0.0, "losses__mrstft": 0.0}


def untrained(settings):
    """Return a checkpoint with weights by chance: it reads, but nothing that is right."""
    recipe = small("tiny-lyrics", **ALONE, data__seconds=5.0)
    torch.manual_seed(0)
    store.save(settings.MEDIA_ROOT / "untrained", store.built(recipe).state_dict(), recipe, {})
    return reader(path="untrained")


@pytest.fixture
def ada():
    return User.objects.create_superuser("ada")


@pytest.fixture
def http(client, ada):
    client.force_login(ada)
    return client


def page(run, name, *args):
    return reverse(f"admin:listening_lyricsalignment_{name}", args=[run.pk, *args])


def test_a_worker_aligns_a_song_and_the_row_has_every_word(tmp_path, settings, monkeypatch):
    monkeypatch.setattr("separation.lyrics.alignment.MIN_HEARD_SHARE", 0.0)
    run = asked(tmp_path, checkpoint=untrained(settings))
    tasks.align(run.pk)
    run.refresh_from_db()
    assert run.status == "done"
    assert [word.written for word in run.machine.words] == text().split()
    assert max(run.envelope) == 100
    assert len(run.envelope) == SECONDS * 50
    assert run.step == run.total > 0


def test_what_cannot_be_aligned_fails_with_one_line_and_leaves_nothing(tmp_path, settings):
    run = asked(tmp_path, checkpoint=untrained(settings))
    LyricsAlignment.objects.filter(pk=run.pk).update(lyrics="la la la li\n" * 4000)
    with pytest.raises(BadInput, match=r"words need at least .* s, the recording has 8.0 s"):
        tasks.align(run.pk)
    run.refresh_from_db()
    assert (run.status, run.found, run.envelope) == ("failed", {}, [])
    assert run.step == 0, "the lyrics are measured before anything is read"


def test_corrections_stand_beside_the_machines_times_and_are_taken_back_one_by_one(tmp_path, ada):
    run, before = aligned(tmp_path), sung().words
    later = {0: (before[0].start, before[0].end - 0.05)}
    run.correct(later, user=ada, revision=0)
    second = (before[1].start + 0.01, before[1].end)
    run.correct({1: second}, user=ada, revision=1)
    assert run.machine.words == before
    assert run.moved == {0: pytest.approx(later[0], abs=1e-4), 1: pytest.approx(second, abs=1e-4)}
    assert run.undo(user=ada, revision=2)
    assert set(run.moved) == {0}
    assert run.undo(user=ada, revision=3)
    assert not run.undo(user=ada, revision=4)
    assert run.corrected.words == before
    assert run.redo(revision=4)
    assert set(run.moved) == {0}
    assert [(each.by, each.undone_by) for each in run.corrections.all()] == [(ada, None), (ada, ada)]


def test_a_new_correction_ends_what_could_be_done_again(tmp_path, ada):
    run, word = aligned(tmp_path), sung().words[0]
    run.correct({0: (word.start, word.end - 0.05)}, user=ada, revision=0)
    run.undo(user=ada, revision=1)
    run.correct({0: (word.start, word.end - 0.02)}, user=ada, revision=2)
    assert not run.redo(revision=3)


def test_two_people_who_correct_at_once_never_overwrite_each_other(tmp_path, ada):
    run, word = aligned(tmp_path), sung().words[0]
    run.correct({0: (word.start, word.end - 0.05)}, user=ada, revision=0)
    with pytest.raises(Outdated, match="load the page again"):
        run.correct({0: (word.start, word.end - 0.01)}, user=ada, revision=0)
    with pytest.raises(BadInput, match="keep its start before its end"):
        run.correct({0: (word.end, word.start)}, user=ada, revision=1)
    run.refresh_from_db()
    assert run.revision == 1


def test_one_checkpoint_a_language_is_promoted():
    first, second = reader("first"), reader("second")
    first.promote()
    second.promote()
    assert list(Checkpoint.objects.exclude(promoted_for="").values_list("run__name", "promoted_for")) == [
        ("second", "english")
    ]
    with pytest.raises(BadInput, match="reads no lyrics"):
        reader("separator", card={"recipe": {"lyrics": {"weight": 0.0}}}).promote()
    with pytest.raises(IntegrityError):
        Checkpoint.objects.filter(pk=first.pk).update(promoted_for="english")


def test_an_alignment_is_started_with_the_promoted_checkpoint_and_the_text_of_a_file(http, tmp_path, monkeypatch):
    sent = []
    monkeypatch.setattr("listening.tasks.send", sent.append)
    reader().promote()
    written = SimpleUploadedFile("song.txt", text().encode())
    assert start(http, tmp_path, lyrics="", lyrics_file=written).status_code == 302
    run = LyricsAlignment.objects.get()
    assert sent == [run]
    assert (run.lyrics, run.recorded_as, run.checkpoint.promoted_for) == (text(), "song-0.wav", "english")
    assert "Song" in http.get(page(run, "change")).content.decode()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"lyrics": " \n"}, "nothing that could be sung"),
        ({"lyrics": "愛 愛 愛"}, "nothing that could be sung"),
        ({"lyrics": "愛 愛 愛 la"}, "most of its words have no letter of english"),
        ({"lyrics_file": SimpleUploadedFile("x.txt", b"\xff\xfe\x00")}, "x.txt is not UTF-8 text"),
        ({"recording": SimpleUploadedFile("x.mp3", b"no sound")}, "x.mp3 cannot be read as audio"),
        ({"language": "french"}, "No checkpoint is promoted for french"),
        ({"recording": EMPTY}, "This field is required"),
    ],
)
def test_what_is_wrong_is_told_in_one_line_and_no_row_is_made(http, tmp_path, changes, told):
    reader().promote()
    answer = start(http, tmp_path, **changes)
    assert told in answer.content.decode()
    assert not LyricsAlignment.objects.exists()


def test_a_recording_of_an_hour_is_refused_before_a_worker_has_it(http, tmp_path, monkeypatch):
    monkeypatch.setattr("listening.admin.lyrics.forms.MAX_MINUTES", SECONDS / 120)
    reader().promote()
    assert "are aligned at once" in start(http, tmp_path).content.decode()


def test_without_any_checkpoint_that_reads_lyrics_the_form_says_how_to_get_one(http, tmp_path):
    told = http.get(reverse("admin:listening_lyricsalignment_add")).content.decode()
    assert "There is no checkpoint that reads lyrics. Train one with the recipe lyrics" in told
    assert "No checkpoint is promoted for english" in start(http, tmp_path).content.decode()


def test_an_owner_aligns_for_their_study_alone_with_whichever_checkpoint_is_promoted(client, tmp_path):
    reader().promote()
    study, other = (builders.study(tmp_path, items=0, slug=slug) for slug in ("own", "alien"))
    client.force_login(staff("owner", study, "owner"))
    assert "This field is required" in start(client, tmp_path).content.decode()
    assert "Select a valid choice" in start(client, tmp_path, study=other.pk).content.decode()
    assert start(client, tmp_path, study=study.pk).status_code == 302
    assert LyricsAlignment.objects.get().study == study


def test_the_languages_of_the_form_are_those_that_have_an_alphabet():
    assert {language for language, _name in LANGUAGES} == set(ALPHABETS)


def start(http, folder, **changes):
    with recording(folder).open("rb") as sound:
        own = {"title": "Song", "language": "english", "lyrics": text(), "delay": "0", "recording": sound, **changes}
        own = {name: value for name, value in own.items() if value is not EMPTY}
        return http.post(reverse("admin:listening_lyricsalignment_add"), own)


def test_a_recording_comes_in_the_part_that_a_player_asks_for(http, tmp_path):
    run = aligned(tmp_path)
    whole = recording(tmp_path).read_bytes()

    def got(asked):
        answer = http.get(page(run, "recording"), headers={"Range": asked})
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        return answer.status_code, answer.headers.get("Content-Range"), content

    assert got("bytes=0-99") == (206, f"bytes 0-99/{len(whole)}", whole[:100])
    assert got(f"bytes={len(whole) - 9}-") == (206, f"bytes {len(whole) - 9}-{len(whole) - 1}/{len(whole)}", whole[-9:])
    assert got("bytes=-5")[2] == whole[-5:]
    assert got(f"bytes={len(whole)}-")[:2] == (416, f"bytes */{len(whole)}")
    assert got("bytes=1-2,4-5")[::2] == (200, whole)


def post(http, run, **asked):
    return http.post(page(run, "correct"), json.dumps(asked), content_type="application/json")


def test_the_page_corrects_takes_back_and_is_told_what_is_wrong(http, tmp_path):
    run, word = aligned(tmp_path), sung().words[0]
    told = post(http, run, do="move", revision=0, times={"0": [word.start, word.end - 0.1]}).json()
    assert (told["revision"], told["moved"], told["undo"], told["redo"]) == (1, [0], True, False)
    assert told["words"][0] == [pytest.approx(word.start, abs=1e-4), pytest.approx(word.end - 0.1, abs=1e-4), None]
    assert post(http, run, do="move", revision=0, times={"0": [0, 1]}).status_code == 409
    wrong = post(http, run, do="move", revision=1, times={"0": [5, 1]})
    assert (wrong.status_code, "keep its start" in wrong.json()["error"]) == (400, True)
    assert post(http, run, do="move", revision=1, times={"0": [0, float("nan")]}).status_code == 400
    assert post(http, run, do="move", revision=1, times={}).json() == {"error": "no word was moved"}
    assert post(http, run, do="undo", revision=1).json()["redo"]


def test_every_format_is_downloaded_corrected_and_as_the_machine_found_it(http, tmp_path, ada):
    run, word = aligned(tmp_path), sung().words[0]
    run.correct({0: (0.01, word.end)}, user=ada, revision=0)
    for suffix in ("json", "csv", "lrc", "elrc", "srt", "vtt", "textgrid"):
        answer = http.get(page(run, "export", suffix))
        assert word.written in answer.content.decode()
        assert f'song-0.{"TextGrid" if suffix == "textgrid" else suffix}"' in answer["Content-Disposition"]
    assert http.get(page(run, "export", "json")).json()["lines"][0]["start"] == 0.01
    machine = http.get(page(run, "export", "json") + "?machine=1").json()
    assert machine["lines"][0]["start"] == pytest.approx(word.start)
    assert http.get(page(run, "export", "doc")).status_code == 404


def test_a_deleted_alignment_leaves_no_recording(http, tmp_path, django_capture_on_commit_callbacks):
    run = aligned(tmp_path)
    path = run.path
    with django_capture_on_commit_callbacks(execute=True):
        http.post(page(run, "delete"), {"post": "yes"})
    assert not LyricsAlignment.objects.exists()
    assert not path.exists()


def test_an_item_takes_the_words_of_its_excerpt_and_keeps_them_whatever_becomes_of_the_alignment(http, tmp_path, ada):
    study = builders.study(tmp_path, items=1)
    item, run, word = study.items.get(), aligned(tmp_path), sung().words[2]
    begin = (word.start + word.end) / 2 - 0.25
    answer = http.post(page(run, "use"), {"item": item.pk, "start": begin}, follow=True)
    assert "Assessors do not see them yet" in answer.content.decode()
    item.refresh_from_db()
    (first,) = item.words[0]
    assert first["written"] == word.written
    assert first["start"] == pytest.approx(max(0, word.start - begin), abs=1e-3)
    assert first["end"] == pytest.approx(min(0.5, word.end - begin), abs=1e-3)
    assert not item.show_words
    assert redraft(study, "again").items.get().words == item.words
    with pytest.raises(BadInput, match="no word of"):
        take_words(item, run, 100.0)
    study.open()
    item.refresh_from_db()
    with pytest.raises(BadInput, match="its study is open; words can be changed in a draft only"):
        take_words(item, run, 0.0)


def test_excerpts_are_those_stretches_in_which_most_is_sung():
    words = [AlignedWord(str(at), at, at + 0.8, None) for at in (2.0, 3.0, 4.0, 20.0, 21.0, 40.0)]
    found = sung_excerpts(words, 42.0, 5.0, count=2)
    assert [(each.start, each.text) for each in found] == [(1.7, "2.0 3.0 4.0"), (19.7, "20.0 21.0")]
    assert sung_excerpts(words, 42.0, 5.0, count=9)[-1].start == 37.0
    assert sung_excerpts([], 42.0, 5.0) == []


def test_assessors_read_the_words_of_an_item_only_where_its_draft_was_told_to_show_them(http, tmp_path):
    study = builders.study(tmp_path, items=1)
    words = [[{"written": "zwischen", "start": 0.1, "end": 0.3}]]
    study.items.update(words=words)
    act = reverse("admin:listening_item_changelist")
    item = study.items.get()
    told = {}
    for action in ("hide_words", "reveal_words"):
        Study.objects.update(status="draft")
        http.post(act, {"action": action, "_selected_action": [item.pk]})
        Study.objects.update(status="open")
        told[action] = http.get(builders.sitting(study).get_absolute_url()).content.decode()
    assert "zwischen" not in told["hide_words"]
    assert '<span data-start="0.1" data-end="0.3">zwischen</span>' in told["reveal_words"]
    http.post(act, {"action": "hide_words", "_selected_action": [item.pk]})
    assert study.items.get().show_words, "what somebody may have rated stays what it was"


def test_the_panel_of_a_delivered_song_offers_the_excerpts_that_are_sung_most(http, tmp_path, settings):
    settings.INTAKE_DIR = tmp_path / "intake"
    study, run = stimuli.new_study("pilot", "Pilot", "ward-2", longest=3.0), aligned(tmp_path)
    write(tmp_path / "songs", dict.fromkeys(("a/reference.wav", "a/net.wav"), audio.read(recording(tmp_path))))
    intake = uploads.open_intake(study)
    send(intake, tmp_path / "songs")
    check_and_prepare(intake, "check")
    cell = intake.files.get(name="a/net.wav").pk
    told = http.get(reverse("admin:listening_study_sounds", args=[study.pk]) + f"?cell={cell}").content.decode()
    best = sung_excerpts(sung().words, SECONDS, 3.0)[0]
    assert f"by the words of {run.title}" in told
    assert f'name="start" value="{best.start}"' in told
