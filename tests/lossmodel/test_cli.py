"""The commands, as the shell sees them: exit statuses, one line for bad input, whole files or none."""

import json
import subprocess
import sys

import pandas as pd
import pytest
import torch

from lossmodel import cli, manifest
from lossmodel.__main__ import main
from lossmodel.errors import BadInput
from lossmodel.manifest import Pair
from lossmodel.ratings import table
from tests.lossmodel.metrics.builders import music, noise, saved
from tests.lossmodel.ratings.builders import panel, rating, ratings


@pytest.fixture
def shell(monkeypatch, capsys):
    """Run ``python -m lossmodel`` in this process: (exit status, standard output, standard error)."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["lossmodel", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        out, err = capsys.readouterr()
        return left.value.code or 0, out, err

    return run


def test_a_full_disc_is_one_line_and_exit_status_2(monkeypatch, shell):
    def full(*_args, **_given):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(manifest, "read", full)
    status, _out, err = shell("metrics", "--manifest", "pairs.csv", "--output", "metrics.csv")
    assert (status, err) == (
        2,
        "python -m lossmodel: the disc is full: nothing was stored; make room, then do it again\n",
    )


def manifested(folder):
    """Three songs, each with a near and a far estimate, at 44.1 kHz: the manifest's path."""
    pairs = []
    for song in range(3):
        vocals = music(1.2, rate=44_100, low=220 + 40 * song)
        band = 0.1 * noise(1, vocals.shape[-1], seed=song)
        reference = saved(folder / f"ref{song}.wav", vocals, rate=44_100)
        mixture = saved(folder / f"mix{song}.wav", vocals + band, rate=44_100)
        for name, leak in (("near", 0.03), ("far", 0.4 + 0.1 * song)):
            estimate = saved(folder / f"{name}{song}.wav", vocals + leak * band, rate=44_100)
            pairs.append(Pair(f"song{song}", name, "system", estimate, (reference,), mixture))
    manifest.write(folder / "pairs.csv", pairs)
    return folder / "pairs.csv"


def rated(folder):
    """Ratings of what `manifested` wrote: near is better than far, by everyone."""
    rows = panel({"near": 85, "far": 25}, assessors=4, items=3, noise=5).to_dict("records")
    table.write(folder / "ratings.csv", ratings(*(row | {"item": row["item"].replace("item", "song")} for row in rows)))
    return folder / "ratings.csv"


def test_help_is_quick_because_nothing_heavy_is_imported_for_it():
    code = (
        "import sys, lossmodel.__main__; print(sorted({'torch', 'pandas', 'scipy', 'statsmodels'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("command", ["metrics", "fit", "score", "suggest", "analyse"])
def test_every_command_has_help_with_an_example(shell, command):
    status, out, _ = shell(command, "--help")
    assert status == 0
    assert f"python -m lossmodel {command} --" in " ".join(out.split())


def test_metrics_writes_the_manifest_with_a_column_a_metric(shell, tmp_path):
    status, out, _ = shell(
        "metrics", "--manifest", manifested(tmp_path), "--output", tmp_path / "m.csv", "--only", "snr"
    )
    assert status == 0
    assert "6 of 6 rows" in out
    header, first, *_ = (tmp_path / "m.csv").read_text().splitlines()
    assert header == "item,condition,estimate,reference,mixture,accompaniment,role,snr,missing,remarks"
    assert first.startswith("song0,near,near0.wav,ref0.wav,mix0.wav,,system,")


def test_metrics_names_a_bad_row_does_the_rest_and_fails(shell, tmp_path):
    path = manifested(tmp_path)
    saved(tmp_path / "far1.wav", torch.zeros(1, 44_100), rate=44_100)
    status, out, err = shell("metrics", "--manifest", path, "--output", tmp_path / "m.csv", "--only", "snr")
    assert status == 1
    assert "5 of 6 rows" in out
    assert "song1, far: " in err
    assert "far1.wav" in err
    assert len((tmp_path / "m.csv").read_text().splitlines()) == 7


def test_a_missing_file_costs_its_own_row_alone(shell, tmp_path):
    path = manifested(tmp_path)
    (tmp_path / "near2.wav").unlink()
    status, out, err = shell("metrics", "--manifest", path, "--output", tmp_path / "m.csv", "--only", "snr")
    assert status == 1
    assert "5 of 6 rows measured" in out
    assert "no value in 1 of 6 rows: snr" in out
    assert err == f"song2, near: {tmp_path / 'near2.wav'}: no such file\n"
    table = pd.read_csv(tmp_path / "m.csv")
    assert table["snr"].notna().tolist() == [True, True, True, True, False, True]


def test_one_estimate_too_short_for_peass_keeps_its_other_values(shell, tmp_path):
    sounds = [saved(tmp_path / f"{n}.wav", music(3000 / 44_100, rate=44_100, low=n), rate=44_100) for n in (220, 97)]
    whole = manifest.read(manifested(tmp_path))
    manifest.write(tmp_path / "pairs.csv", [Pair("short", "net", "system", sounds[0], (sounds[0],), sounds[1]), *whole])
    status, out, err = shell("metrics", "--manifest", tmp_path / "pairs.csv", "--output", tmp_path / "m.csv")
    assert status == 1
    assert "short, net: tps, ips, aps: 0.068 s long, PEASS needs 0.1 s" in err
    assert "6 of 7 rows measured" in out
    table = pd.read_csv(tmp_path / "m.csv")
    assert table["si_sdr"].notna().all()
    assert table["ips"].notna().tolist() == [False] + [True] * 6


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("metrics", "--manifest", "none.csv", "--output", "out"), "none.csv: no such file"),
        (
            ("metrics", "--manifest", "none.csv", "--output", "out", "--only", "peass"),
            "no metric 'peass'; there are sdr",
        ),
        (("analyse", "--ratings", "none.csv", "--output", "out"), "none.csv: no such file"),
        (("score",), "nothing to score"),
        (("fit", "--ratings", "r", "--manifest", "m", "--output", "out", "--recipe", "nix"), "recipe 'nix': not found"),
    ],
)
def test_bad_input_is_one_line_with_status_2_and_nothing_written(shell, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    status, out, err = shell(*arguments)
    assert (status, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_analyse_writes_a_page_and_says_who_was_excluded(shell, tmp_path):
    rows = [
        rating(assessor=name, session=name, condition="ref", role="reference", score=score)
        for name, score in (("A", 100), ("B", 20))
    ]
    table.write(tmp_path / "ratings.csv", ratings(*rows))
    status, out, _ = shell("analyse", "--ratings", tmp_path / "ratings.csv", "--output", tmp_path / "out")
    assert status == 0
    assert "excluded: s, quality, assessor B: rated the hidden reference below 90" in out
    assert (tmp_path / "out" / "index.html").is_file()


def test_an_objective_is_fitted_judged_on_left_out_songs_and_scores_a_manifest_and_one_file(shell, tmp_path):
    pairs, folder = manifested(tmp_path), tmp_path / "objective"
    status, out, _ = shell(
        "fit", "--ratings", rated(tmp_path), "--manifest", pairs, "--output", folder, "--crossval", "song"
    )
    assert status == 0
    assert "left out: song" in out
    assert "quality, si_sdr alone: r " in out
    assert "objective less si_sdr: r " in out
    card = json.loads((folder / "card.json").read_text())
    assert "rule 1 not applied" in card["screening"]["notes"][0]
    assert {"python", "torch", "numpy"} <= card["environment"].keys()
    assert any("quality: 3 songs only" in limit for limit in card["limits"])
    assert 'href="../near0.wav" target="hb-player"' in (folder / "report.html").read_text()
    assert json.loads((folder / "report.json").read_text())["left_out"] == "songs left out"
    status, out, _ = shell("score", "--manifest", pairs, "--objective", folder, "--output", tmp_path / "scores.csv")
    assert status == 0
    header, near, far = (tmp_path / "scores.csv").read_text().splitlines()[:3]
    assert header.endswith("role,quality,quality_low,quality_high,quality_in_calibration,in_calibration")
    assert float(near.split(",")[7]) > float(far.split(",")[7]) + 20
    one = (
        "--estimate",
        tmp_path / "near0.wav",
        "--reference",
        tmp_path / "ref0.wav",
        "--mixture",
        tmp_path / "mix0.wav",
    )
    status, out, _ = shell("score", *one, "--objective", folder)
    assert status == 0
    assert f"near0: quality {near.split(',')[7]}" in out
    given = ("--objective", folder, "--ratings", tmp_path / "ratings.csv", "--manifest", pairs)
    status, out, _ = shell("suggest", *given, "--output", tmp_path / "next.csv", "--most", 4)
    assert status == 0
    header, *rows = (tmp_path / "next.csv").read_text().splitlines()
    assert header == "item,condition,score,disagreement,conflict,distance,ratings,reasons"
    assert len(rows) == 4
    assert ", ".join(rows[0].split(",")[:2]) in out
    status, _, err = shell("suggest", *given, "--output", tmp_path / "none.csv", "--most", 0)
    assert (status, err.count("\n")) == (2, 1)


def test_without_a_fit_of_ones_own_the_objective_of_the_package_scores(shell, tmp_path):
    status, _, _ = shell("score", "--manifest", manifested(tmp_path), "--output", tmp_path / "scores.csv")
    assert status == 0
    found = pd.read_csv(tmp_path / "scores.csv").set_index(["item", "condition"])
    for attribute in ("quality", "interference", "similarity"):
        low, mean, high = (found[attribute + end] for end in ("_low", "", "_high"))
        assert ((low <= mean) & (mean <= high)).all()
    for attribute in ("interference", "similarity"):  # far has more of the accompaniment; quality does not mind a leak
        near, far = (found[attribute].xs(name, level="condition") for name in ("near", "far"))
        assert (near > far + 5).all()
    assert found["in_calibration"].dtype == bool


def little(frame, what):
    """Return too few ratings, each in its own way."""
    return {
        "one item": frame[frame["item"] == "song0"],
        "two items": frame[frame["item"] != "song0"],
        "one assessor": frame[frame["assessor"] == frame["assessor"].iloc[0]],
        "no spread": frame.assign(score=50.0),
        "no systems": frame.assign(role="anchor"),
    }[what]


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("one item", "attribute 'quality': systems were rated on 1 item(s); a fit needs at least 2"),
        ("two items", "attribute 'quality': 2 items; leaving one out needs at least 3"),
        (
            "one assessor",
            "attribute 'quality': 1 assessor; one person's scale cannot be separated from the sounds",
        ),
        ("no spread", "attribute 'quality': mean ratings differ by 0.0 points only; nothing can be learnt from them"),
        ("no systems", "attribute 'quality': systems were rated on 0 item(s)"),
    ],
)
def test_a_fit_on_too_little_is_refused_with_the_reason_in_one_line_and_writes_nothing(shell, tmp_path, what, reason):
    pairs, ratings_file = manifested(tmp_path), rated(tmp_path)
    table.write(ratings_file, little(table.read(ratings_file), what))
    folder = tmp_path / "objective"
    given = ("--ratings", ratings_file, "--manifest", pairs, "--output", folder, "--crossval", "song")
    status, out, err = shell("fit", *given)
    assert (status, out) == (2, "")
    assert reason in err
    assert err.count("\n") == 1
    assert not folder.exists()


def test_the_wrapper_prints_one_line_for_bad_input_and_passes_on_a_status(monkeypatch, capsys):
    def bad() -> None:
        """Fail."""
        raise BadInput("row 3:\n  no such thing")

    def interrupted() -> None:
        """Be stopped."""
        raise KeyboardInterrupt

    for name, expected in (("bad", 2), ("interrupted", 130), ("seven", 7), ("fine", 0)):
        monkeypatch.setattr(sys, "argv", ["x", name])
        with pytest.raises(SystemExit) as left:
            cli.run(
                {"bad": bad, "interrupted": interrupted, "seven": lambda: 7, "fine": lambda: None},
                prog="x",
                description="Test.",
            )
        assert (left.value.code or 0) == expected
    assert capsys.readouterr().err.splitlines() == ["x: row 3: no such thing", "x: interrupted"]
