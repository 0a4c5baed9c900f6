"""An analysis from the Results tab: the shell's own numbers, made by a worker, shown, and its files taken away."""

import io
import json
import zipfile
from dataclasses import asdict

import pytest
from django.urls import reverse
from matplotlib.figure import Figure

from listening import tasks
from listening.exports.ratings import freeze, rows
from listening.models import Analysis, Assessor, Checkpoint, Rating, Rendering, Session, Stimulus, Study, TrainingRun
from lossmodel.ratings import table
from lossmodel.ratings.analyse import analyse
from tests import builders
from tests.listening.panel import rate, voices

pytestmark = pytest.mark.django_db
USUAL = {"reference_below": "90", "anchor_above": "90", "share": "0.15"}


@pytest.fixture
def study(tmp_path) -> Study:
    made = voices(tmp_path, items=3)
    rate(made, assessors=5)
    return made


@pytest.fixture
def started(admin_client, monkeypatch):
    """Return a function that posts the button *Analyse* and does the worker's part."""
    sent = []
    monkeypatch.setattr(tasks, "send", sent.append)

    def press(study: Study, **fields) -> Analysis | None:
        admin_client.post(reverse("admin:listening_study_analysis_start", args=[study.pk]), fields)
        if not sent:
            return None
        run = sent.pop()
        tasks.analyse(run.pk)
        run.refresh_from_db()
        return run

    return press


@pytest.fixture
def undrawn(monkeypatch):
    """Let figures be made and then drawn empty: the ink is most of what an analysis takes, where numbers are asked."""
    monkeypatch.setattr(Figure, "draw_without_rendering", Figure.clear)


def shown(client, study: Study) -> str:
    return client.get(reverse("admin:listening_study_results", args=[study.pk])).content.decode()


def compare(study: Study, *, assessors: int) -> None:
    """Let people compare every pair: each prefers what comes first by name, but the last of them."""
    for number in range(assessors):
        session = Session.objects.begin(study, Assessor.objects.create())
        for trial in session.trials.all():
            names = sorted(trial.slots.values_list("stimulus__condition__name", flat=True))
            better = names[-1] if number == assessors - 1 else names[0]
            for slot in trial.slots.select_related("stimulus__condition"):
                Rating.objects.create(slot=slot, score=100 if slot.stimulus.condition.name == better else 0)
        session.trials.update(finished_at=session.created_at)
        Session.objects.filter(pk=session.pk).update(finished_at=session.created_at)


def file_of(client, study: Study, name: str):
    return client.get(reverse("admin:listening_study_analysis_file", args=[study.pk, name]))


@pytest.mark.usefixtures("undrawn")
def test_the_site_computes_what_the_shell_computes(study, started, tmp_path):
    run = started(study)
    assert run.status == "done", run.message
    analyse(table.read(run.ratings.path), tmp_path / "report")
    shell = json.loads((tmp_path / "report" / "results.json").read_text())
    assert run.results["screening"] == shell["screening"]
    for own, other in zip(run.results["panels"], shell["panels"], strict=True):
        assert own["everybody"]["summaries"] == other["everybody"]["summaries"]
        assert own["everybody"]["differences"] == other["everybody"]["differences"]


@pytest.mark.usefixtures("undrawn")
def test_the_page_shows_means_differences_and_sounds_and_when_ratings_have_come_since(admin_client, study, started):
    assert "Analyse: screen, test, draw" in shown(admin_client, study)
    started(study)
    page = shown(admin_client, study)
    assert "Which systems differ, and by how much" in page
    sound = study.items.first().stimuli.first().audio
    assert reverse("admin:listening_audio_play", args=[sound.pk]) in page
    assert "Ratings have been added or removed since" not in page
    rate(study, assessors=1)
    assert "Ratings have been added or removed since" in shown(admin_client, study)


def test_report_figures_and_all_in_one_zip_are_taken_away_and_nothing_else(admin_client, study, started):
    started(study)
    report = file_of(admin_client, study, "index.html")
    page = b"".join(report.streaming_content).decode()
    assert "Conformity to ITU-R BS.1534-3" in page
    assert study.attributes.first().question in page
    assert "sandbox" in report.headers["Content-Security-Policy"]
    with zipfile.ZipFile(io.BytesIO(b"".join(file_of(admin_client, study, "report.zip").streaming_content))) as archive:
        names = {name.split("/")[1] for name in archive.namelist()}
    assert {"index.html", "results.json", "differences.csv", "screening.svg", "screening.pdf"} <= names
    for name in ("..%2Fsecret.csv", "missing.svg", "..", "index.exe"):
        assert file_of(admin_client, study, name).status_code == 404


@pytest.mark.usefixtures("undrawn")
def test_thresholds_other_than_the_standards_are_stored_and_impossible_ones_refused(admin_client, study, started):
    usual = USUAL
    assert started(study, **usual).rules == {}
    run = started(study, **usual | {"min_seconds": "2"})
    assert run.rules == {"min_seconds": 2.0}
    assert run.results["screening"]["rules"]["min_seconds"] == 2
    assert started(study, **usual | {"share": "7"}) is None
    assert "less than or equal to 1" in shown(admin_client, study)


@pytest.mark.usefixtures("undrawn")
def test_a_margin_is_tested_in_report_and_page_as_in_the_shell(admin_client, study, started, tmp_path):
    for number, row in enumerate(
        Rating.objects.filter(score__lt=97)
    ):  # or all agree to the point, and nothing is tested
        Rating.objects.filter(pk=row.pk).update(score=row.score + number * number % 3)
    run = started(study, **USUAL, margin="40")
    assert run.margin == 40
    found = analyse(table.read(run.ratings.path), tmp_path / "report", margin=40).panels[0].everybody.differences
    own = run.results["panels"][0]["everybody"]["differences"]
    assert [each["p_second_worse"] for each in own] == [each.p_second_worse_by(40) for each in found]
    page = shown(admin_client, study)
    assert "p (lower is worse by 40)" in page
    assert "p (they differ by 40)" in page
    report = b"".join(file_of(admin_client, study, "index.html").streaming_content).decode()
    assert "p (lower is worse by 40)" in report
    assert "--margin 40.0" in report
    assert started(study, **USUAL, margin="0") is None


def test_systems_are_set_against_a_baseline_as_in_the_shell(admin_client, study, started, tmp_path):
    assert '<option value="fair">' in shown(admin_client, study)
    assert '<option value="hidden">' not in shown(admin_client, study)
    assert started(study, **USUAL, baseline="hidden") is None
    run = started(study, **USUAL, baseline="fair")
    analyse(table.read(run.ratings.path), tmp_path / "report", baseline="fair")
    for name in ("baseline.csv", "1-voices-quality-baseline.svg"):
        own = b"".join(file_of(admin_client, study, name).streaming_content)
        assert own == (tmp_path / "report" / name).read_bytes()
    report = b"".join(file_of(admin_client, study, "index.html").streaming_content).decode()
    assert "voices, quality: each system minus fair" in report
    assert "--baseline fair" in report
    assert "each system minus fair, in points" in shown(admin_client, study)


@pytest.mark.usefixtures("undrawn")
def test_every_point_of_the_ratings_by_condition_plays_its_stimulus(admin_client, study, started):
    run = started(study)
    page = shown(admin_client, study)
    means = {(each["item"], each["condition"]): each["mean"] for each in run.results["panels"][0]["everybody"]["items"]}
    for each in Stimulus.objects.filter(item__study=study).select_related("item", "condition"):
        mean = means[each.item.name, each.condition.name]
        words = f"{each.item.name}, {each.condition.name}: {mean:.0f}"
        assert f'href="{reverse("admin:listening_audio_play", args=[each.audio_id])}" data-plays="{words}"' in page
        assert f'cx="{round(3 * mean, 1)}"' in page


@pytest.mark.usefixtures("undrawn")
def test_grades_have_their_opinion_scores_on_the_page_as_in_the_shell(admin_client, started, tmp_path):
    made = voices(tmp_path, preset="acr", items=2)
    rate(made, assessors=3)
    run = started(made)
    (panel,) = analyse(table.read(run.ratings.path), tmp_path / "report").panels
    assert run.results["panels"][0]["everybody"]["opinion"]["scores"][0]["mos"] == panel.kept.opinion.scores[0].mos
    page = shown(admin_client, made)
    assert "Mean opinion scores" in page
    best = max(each.mos for each in panel.kept.opinion.scores if not each.item)
    assert f'<td class="hb-number">{best:.2f}</td>' in page


@pytest.mark.usefixtures("undrawn")
def test_pairs_have_worths_and_preferences_on_the_page_as_in_the_shell(admin_client, started, tmp_path):
    made = voices(tmp_path, preset="ab", items=2)
    compare(made, assessors=4)
    run = started(made)
    (panel,) = analyse(table.read(run.ratings.path), tmp_path / "report").panels
    assert run.results["panels"][0]["everybody"]["preference"] == json.loads(json.dumps(asdict(panel.kept.preference)))
    page = shown(admin_client, made)
    assert "Which are preferred" in page
    assert all(f'<td class="hb-number">{each.worth:.3f}</td>' in page for each in panel.kept.preference.worths)


def test_a_study_of_an_objectives_separator_shows_predicted_against_rated_and_plays_each_point(
    admin_client, started, study
):
    run = TrainingRun.objects.create(name="again", recipe="tiny", data="/songs")
    checkpoint = Checkpoint.objects.create(run=run, step=1, path="x", sha256="a" * 64)
    said = {name: {"mean": mean, "low": mean - 9, "high": mean + 9} for name, mean in (("good", 70), ("poor", 30))}
    forecast = {"objective": 7, "attributes": {"quality": {f"song{number}": said for number in range(3)}}}
    study.rendering = Rendering.objects.create(
        checkpoint=checkpoint, study=study, condition="good", slug="next", status="done", forecast=forecast
    )
    study.save(update_fields=["rendering"])
    found = started(study).results["panels"][0]["predicted"]
    assert {(each["condition"], each["predicted"]) for each in found["points"]} == {("good", 70), ("poor", 30)}
    assert found["standing"] == "held out: not fitted to any rating of this study; good was trained against it"
    page = shown(admin_client, study)
    sound = study.items.get(name="song1").stimuli.get(condition__name="poor").audio
    assert f'href="{reverse("admin:listening_audio_play", args=[sound.pk])}" data-plays="song1, poor: ' in page
    assert page.count("<circle") >= 6
    with zipfile.ZipFile(io.BytesIO(b"".join(file_of(admin_client, study, "report.zip").streaming_content))) as archive:
        names = {name.split("/")[1] for name in archive.namelist()}
    assert {"report.pdf", "predicted.csv", "1-voices-quality-predicted.svg"} <= names


def test_one_analysis_at_a_time_and_it_can_be_cancelled(admin_client, study, monkeypatch):
    monkeypatch.setattr(tasks, "send", lambda run: None)
    start = reverse("admin:listening_study_analysis_start", args=[study.pk])
    admin_client.post(start)
    answer = admin_client.post(start, follow=True)
    assert "An analysis is running." in answer.content.decode()
    answer = admin_client.post(reverse("admin:listening_study_analysis_cancel", args=[study.pk]), follow=True)
    assert "Cancelled." in answer.content.decode()
    assert study.analyses.get().status == "cancelled"
    assert (
        "queued"
        not in admin_client.get(reverse("admin:listening_study_analysis_progress", args=[study.pk])).content.decode()
    )


def test_where_nobody_rated_nothing_is_started(tmp_path, started):
    assert started(builders.study(tmp_path, slug="empty")) is None


def test_rows_say_by_which_method_and_which_anchor(tmp_path):
    study = voices(tmp_path, preset="mushra", items=1)
    rate(study, assessors=1)
    study.conditions.filter(name="poor").update(name="lowpass-7000", role="anchor")
    found = list(rows(study))
    assert {row["method"] for row in found} == {"mushra"}
    assert {row["against_reference"] for row in found} == {True}
    anchors = {row["condition"]: row["anchor"] for row in found}
    assert anchors == {"good": "", "fair": "", "hidden": "", "lowpass-7000": "mid"}


def test_sets_of_earlier_versions_are_screened_by_their_study(study):
    ratings = freeze(study)
    text = ratings.path.read_text().splitlines()
    names = text[0].split(",")
    kept = [at for at, name in enumerate(names) if name not in ("method", "against_reference", "anchor")]
    ratings.path.write_text("\n".join(",".join(line.split(",")[at] for at in kept) for line in text) + "\n")
    ratings.sha256 = tasks.frozen.sha256(ratings.path)
    rated = tasks.frozen.read(ratings)
    assert rated["against_reference"].all()
    assert set(rated["anchor"]) <= {"", "low", "mid"}
