"""Scores agree with the field's own program and with the published system's figures."""

import json

import mir_eval
import numpy as np
import pytest

from lossmodel.errors import BadInput
from separation.lyrics.evaluate_alignment import best_delay, evaluate_alignment, read_onsets, write_report
from separation.lyrics.scores import song_scores, summary


@pytest.mark.data
def test_the_published_system_scores_what_was_published(data):
    folder = data / "jamendolyrics" / "english20"
    songs, _ = evaluate_alignment(
        folder / "annotations" / "words", folder / "predictions" / "stoller_model", delay=0.18
    )
    found = summary(songs)
    assert len(songs) == 20
    assert found["mean"]["mean_error"] == pytest.approx(0.8185, abs=5e-5)
    assert found["median"]["mean_error"] == pytest.approx(0.3107, abs=5e-5)
    assert found["mean"]["correct_03"] == pytest.approx(0.8475, abs=5e-5)
    assert found["mean"]["karaoke"] == pytest.approx(0.7512, abs=5e-5)


def test_scores_agree_with_mir_eval():
    draw = np.random.default_rng(0)
    reference = np.cumsum(draw.uniform(0.1, 1.0, 80))
    predicted = np.sort(np.maximum(0, reference + draw.normal(0, 0.3, 80)))
    duration = float(max(reference[-1], predicted[-1])) + 3
    ours = song_scores(reference, predicted, duration)
    theirs = mir_eval.alignment
    median, mean = theirs.absolute_error(reference, predicted)
    assert (ours.median_error, ours.mean_error) == pytest.approx((median, mean))
    for share, window in ((ours.correct_01, 0.1), (ours.correct_03, 0.3), (ours.correct_10, 1.0)):
        assert share == pytest.approx(theirs.percentage_correct(reference, predicted, window))
    assert ours.segments == pytest.approx(theirs.percentage_correct_segments(reference, predicted))
    assert ours.segments_of_song == pytest.approx(theirs.percentage_correct_segments(reference, predicted, duration))
    assert ours.karaoke == pytest.approx(theirs.karaoke_perceptual_metric(reference, predicted))


def test_exact_times_are_perfect_but_listeners_would_have_them_earlier():
    onsets = np.array([1.0, 2.0, 4.0])
    exact, early, late = (song_scores(onsets, onsets + shift) for shift in (0.0, -0.1, 0.4))
    assert (exact.mean_error, exact.correct_01, exact.segments, exact.lost) == (0, 1, 1, 0)
    assert early.karaoke > exact.karaoke > late.karaoke


def write(folder, name, text):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_a_report_holds_a_row_a_song_the_summary_and_a_picture(tmp_path):
    truth = write(tmp_path / "words", "a.csv", "word_start,line_end\n1.0,nan\n2.0,2.5\n")
    predicted = write(tmp_path / "found", "a_align.csv", "1.1,1.9\n2.1,2.4\n")
    songs, errors = evaluate_alignment(truth, predicted, delay=-0.1)
    write_report(tmp_path / "report", songs, errors, delay=-0.1)
    facts = json.loads((tmp_path / "report" / "scores.json").read_text())
    assert facts["mean"]["mean_error"] == pytest.approx(0)
    assert facts["songs"][0]["segments_of_song"] is None
    assert (tmp_path / "report" / "songs.csv").read_text().splitlines()[1].startswith("a,")
    assert best_delay(errors) == pytest.approx(0)
    assert "<svg" in (tmp_path / "report" / "errors.svg").read_text()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("word_start\n2.0\n1.0\n", "word 2 starts at 1.000 s, before word 1"),
        ("word_start\n1.0\nx\n", "row 3 has no start time"),
        ("word_start\n-1\n2\n", "word 1 starts at -1.0"),
        ("word_start\nnan\n2\n", "word 1 starts at nan"),
        ("onset\n1\n2\n", "no column word_start"),
        ("word_start\n1\n", "1 words; scores need at least two"),
        ("", "0 words"),
    ],
)
def test_times_that_cannot_be_are_named(tmp_path, text, line):
    folder = write(tmp_path / "words", "a.csv", text)
    with pytest.raises(BadInput, match=line):
        read_onsets(folder / "a.csv")


def test_songs_and_words_must_match(tmp_path):
    truth = write(tmp_path / "words", "a.csv", "word_start\n1\n2\n")
    with pytest.raises(BadInput, match="nothing predicted for a"):
        evaluate_alignment(truth, write(tmp_path / "other", "b.csv", "1,2\n2,3\n"))
    with pytest.raises(BadInput, match=r"3 words, .* has 2"):
        evaluate_alignment(truth, write(tmp_path / "found", "a.csv", "1,2\n2,3\n3,4\n"))
    with pytest.raises(BadInput, match="no such folder"):
        evaluate_alignment(truth, tmp_path / "nowhere")
