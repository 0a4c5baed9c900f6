"""Tasks claim a row, call the learning side once and file what comes of it; what goes wrong stands on the row."""

import shutil
from pathlib import Path

import pytest

from listening import heartbeat, stimuli, tasks
from listening.admin.evidence import known
from listening.exports import ratings as export
from listening.models import (
    Checkpoint,
    Condition,
    Objective,
    Rating,
    Rendering,
    Session,
    Stimulus,
    Study,
    TrainingRun,
    ancestry,
)
from lossmodel.errors import BadInput
from lossmodel.objective.report import contents as report
from tests.builders import stored
from tests.listening.panel import mixed, rate, song, voices

pytestmark = pytest.mark.django_db

QUICK = """extends = "tiny"
checkpoint_every = 2
batch = 1

[network]
levels = 3
filters = 4

[data]
seconds = 0.2
"""


def rated(folder: Path, **fields) -> Study:
    made = voices(folder, **fields)
    rate(made)
    return made


def objective(*studies: Study, recipe: str = "compact", **fields) -> Objective:
    made = Objective.objects.create(name="first", recipe=recipe, seed=1, **fields)
    made.ratings.set([export.freeze(study) for study in studies])
    return made


def training(folder: Path, steps: int = 4, **fields) -> TrainingRun:
    from separation.data.synthetic import write_songs

    recipe, songs = folder / "quick.toml", folder / "songs"
    recipe.write_text(QUICK)
    if not songs.exists():
        write_songs(songs, [1], 2.0, 11025)
    return TrainingRun.objects.create(name="quick", recipe=str(recipe), data=str(songs), limit=steps, seed=1, **fields)


def failed(task, run) -> str:
    """Return what stands on the row of a run that cannot be carried out."""
    with pytest.raises(BadInput):
        task(run.pk)
    run.refresh_from_db()
    assert run.status == "failed"
    return run.message


def test_a_fit_files_its_objective_with_figures_from_songs_it_has_not_seen(tmp_path):
    run = objective(rated(tmp_path))
    tasks.fit(run.pk)
    run.refresh_from_db()
    measures = run.card["evaluation"]["measures"]["quality"]
    assert run.status == "done"
    assert measures["songs"] == 3
    assert measures["pearson"]["value"] > 0.85
    assert {path.name for path in run.folder.iterdir()} >= {"card.json", "weights.safetensors"}
    assert run.card["inputs"][str(run.ratings.get())]["sha256"] == run.ratings.get().sha256


def test_a_fit_leaves_a_report_and_says_how_far_it_is(tmp_path):
    run, told = objective(rated(tmp_path)), []
    tasks.fit(run.pk, report=lambda step, steps: told.append(step / steps))
    found = report.read(run.folder)
    assert [each.name for each in found.attributes] == ["quality"]
    assert {(each.item, each.condition) for each in found.attributes[0].stimuli} == {
        (f"song{number}", name) for number in range(3) for name in ("good", "fair", "poor")
    }
    assert {each.metric for each in found.attributes[0].rivals} >= {"sdr", "si_sdr", "ips"}
    assert len(found.suggestions) == 9
    assert (run.folder / report.PAGE_FILE).is_file()
    assert told == sorted(told)
    assert told[-1] == 1


def test_a_fit_ranks_the_new_systems_of_drafts_among_what_to_rate_next(tmp_path):
    study = rated(tmp_path)
    saved = Checkpoint.objects.create(run=training(tmp_path), step=1, path="x", sha256="a" * 64)
    made = Rendering.objects.create(checkpoint=saved, study=study, condition="new", slug="next")
    draft = stimuli.redraft(study, "next", rendering=made)
    new = Condition.objects.create(study=draft, name="new")
    sound = stored(mixed(*song(0), 0.5), "new0", tmp_path)
    Stimulus.objects.create(item=draft.items.get(name="song0"), condition=new, audio=sound)
    run = objective(study)
    tasks.fit(run.pk)
    suggested = {(each.item, each.condition): each.ratings for each in report.read(run.folder).suggestions}
    assert suggested.pop(("next/song0", "new")) == 0
    assert set(suggested.values()) == {4}
    assert len(suggested) == 9
    assert known(run)["next/song0", "new"].audio == sound


@pytest.mark.parametrize(
    ("keep", "reason"),
    [
        ({"slot__trial__item__name": "song0"}, "systems were rated on 1 item(s); a fit needs at least 2"),
        (
            {"slot__trial__session__number": 0},
            "1 assessor; one person's scale cannot be separated from the sounds",
        ),
    ],
)
def test_a_fit_on_too_little_fails_and_says_why_on_its_row(tmp_path, keep, reason):
    study = rated(tmp_path)
    Rating.objects.exclude(**keep).delete()
    run = objective(study)
    assert reason in failed(tasks.fit, run)
    assert "\n" not in run.message
    assert not (run.folder / "last").exists()


def test_a_fit_to_systems_that_nobody_told_apart_fails_and_says_why_on_its_row(tmp_path):
    study = rated(tmp_path)
    Rating.objects.exclude(slot__stimulus__condition__name="hidden").update(score=50)
    assert "mean ratings differ by 0.0 points only" in failed(tasks.fit, objective(study))


def test_a_fit_says_on_card_and_rating_set_who_was_dropped_and_why(tmp_path):
    study = rated(tmp_path)
    careless = study.sessions.first()
    hidden = Rating.objects.filter(slot__trial__session=careless, slot__stimulus__condition__name="hidden")
    hidden.update(score=10)
    run = objective(study)
    tasks.fit(run.pk)
    run.refresh_from_db()
    dropped = run.ratings.get().screening["exclusions"]
    assert [each["assessor"] for each in dropped] == [careless.assessor.code]
    assert "below 90" in dropped[0]["reason"]
    assert run.card["screening"][str(run.ratings.get())]["exclusions"] == dropped
    assert run.card["data"]["quality"]["assessors"] == 3


def test_items_of_several_studies_are_kept_apart(tmp_path):
    run = objective(rated(tmp_path), rated(tmp_path, slug="again"))
    tasks.fit(run.pk)
    run.refresh_from_db()
    assert run.card["data"]["quality"]["items"] == 6
    assert run.card["data"]["quality"]["studies"] == ["again", "voices"]


def test_frozen_ratings_that_were_changed_are_not_fitted(tmp_path):
    run = objective(rated(tmp_path))
    file = run.ratings.get().path
    file.write_text(file.read_text().replace("100", "0", 1))
    assert f"{file}: changed since it was frozen" in failed(tasks.fit, run)


def test_two_frozen_states_of_one_study_are_not_fitted_together(tmp_path):
    study = rated(tmp_path)
    run = objective(study)
    rate(study, assessors=1)
    run.ratings.add(export.freeze(study))
    assert "the same ratings would count twice" in failed(tasks.fit, run)


def test_a_fit_without_ratings_says_what_to_choose():
    assert "freeze a study's ratings" in failed(tasks.fit, Objective.objects.create(name="empty"))


def test_a_recipe_with_a_typo_is_named_on_the_row(tmp_path):
    assert "recipe 'rigde'" in failed(tasks.fit, objective(rated(tmp_path), recipe="rigde"))


def test_a_training_files_every_saved_state_by_its_hash(tmp_path):
    run = training(tmp_path)
    tasks.train(run.pk)
    run.refresh_from_db()
    saved = list(run.checkpoints.all())
    assert run.status == "done"
    assert [each.step for each in saved] == [4, 2]
    assert all((each.folder / "weights.safetensors").is_file() for each in saved)
    assert saved[0].sha256 == run.sha256
    assert saved[0].sha256 != saved[1].sha256


def test_a_cancelled_training_keeps_its_state_and_goes_on_from_there(tmp_path, monkeypatch):
    monkeypatch.setattr(heartbeat, "MIN_SECONDS_BETWEEN_BEATS", 0)
    whole, broken = training(tmp_path, steps=6), training(tmp_path, steps=6)
    tasks.train(whole.pk)

    def cancel(step: int, steps: int) -> None:
        if step == 3:
            TrainingRun.objects.get(pk=broken.pk).cancel()

    tasks.train(broken.pk, report=cancel)
    broken.refresh_from_db()
    reached = broken.checkpoints.first().step
    assert broken.status == "cancelled"
    assert 3 <= reached < 6
    assert broken.resume()
    seen = []
    tasks.train(broken.pk, report=lambda step, steps: seen.append(step) if step else None)
    broken.refresh_from_db()
    assert (broken.status, broken.attempts) == ("done", 2)
    assert seen[0] == reached + 1
    first, second = (run.folder / "last" / "weights.safetensors" for run in (whole, broken))
    assert first.read_bytes() == second.read_bytes()


def test_a_training_whose_checkpoints_are_on_another_machine_does_not_start_over(tmp_path):
    run = training(tmp_path)
    tasks.train(run.pk)
    shutil.rmtree(run.folder)
    TrainingRun.objects.filter(pk=run.pk).update(status="cancelled", limit=6)
    run.refresh_from_db()
    assert run.resume()
    assert "there is no state, but the list of checkpoints has a checkpoint at step 4" in failed(tasks.train, run)
    assert not (run.folder / "last").exists()


def test_a_training_without_songs_says_so_on_its_row(tmp_path):
    run = training(tmp_path)
    TrainingRun.objects.filter(pk=run.pk).update(data=str(tmp_path / "nowhere"))
    assert "nowhere" in failed(tasks.train, run)


def test_a_training_waits_for_its_objective(tmp_path):
    run = training(tmp_path, objective=Objective.objects.create(name="unfitted"))
    assert "wait until it is fitted" in failed(tasks.train, run)


def rendering(folder: Path, **fields) -> Rendering:
    trained = training(folder, steps=2)
    tasks.train(trained.pk)
    own = {"checkpoint": trained.checkpoints.get(), "study": voices(folder), "condition": "new", "slug": "next"}
    return Rendering.objects.create(**(own | fields))


def test_a_rendering_ends_in_a_draft_with_old_and_new_conditions(tmp_path):
    run = rendering(tmp_path)
    tasks.render(run.pk)
    draft = Study.objects.get(slug="next")
    new = draft.conditions.get(name="new")
    assert (draft.status, draft.rendering) == ("draft", run)
    assert set(draft.conditions.values_list("name", flat=True)) == {"good", "fair", "poor", "hidden", "new"}
    assert new.checkpoint == run.checkpoint
    assert {each.item.name for each in new.stimuli.all()} == {"song0", "song1", "song2"}
    assert {each.audio.frames for each in new.stimuli.all()} == {33075}
    assert [row for _, row in ancestry(draft)] == [run, run.checkpoint, run.checkpoint.run, run.study]


def test_a_rendering_delivered_twice_makes_one_draft(tmp_path):
    run = rendering(tmp_path)
    tasks.render(run.pk)
    tasks.render(run.pk)
    assert run.drafts.count() == 1


def test_a_rendering_that_cannot_end_leaves_neither_rows_nor_files(tmp_path, settings):
    run = rendering(tmp_path, slug="voices")
    before = sorted(Path(settings.MEDIA_ROOT, "audio").iterdir())
    assert "voices" in failed(tasks.render, run)
    assert run.drafts.count() == 0
    assert sorted(Path(settings.MEDIA_ROOT, "audio").iterdir()) == before


def test_a_rendering_cancelled_while_it_separates_makes_no_draft(tmp_path):
    run = rendering(tmp_path)
    tasks.render(run.pk, report=lambda step, steps: Rendering.objects.get(pk=run.pk).cancel())
    assert Rendering.objects.get(pk=run.pk).status == "cancelled"
    assert not Study.objects.filter(slug="next").exists()


def test_simulated_assessors_rate_everything_and_are_marked(tmp_path):
    study = voices(tmp_path, items=1)
    sessions = tasks.simulate(study, 2, 7)
    rows = list(export.rows(study))
    assert len(rows) == sum(trial.slots.count() for session in sessions for trial in session.trials.all())
    assert all(row["simulated"] for row in rows)
    assert all(session.simulated and session.finished_at for session in sessions)
    assert not Session.objects.counted().exists()


def test_the_same_seed_simulates_the_same_ratings(tmp_path):
    def heard(study):
        return [(row["assessor"], row["item"], row["condition"], row["score"]) for row in export.rows(study)]

    first, second = voices(tmp_path, seed=3, items=1), voices(tmp_path, slug="copy", seed=3, items=1)
    tasks.simulate(first, 3, 7)
    tasks.simulate(second, 1, 7)
    tasks.simulate(second, 2, 7)
    assert heard(first) == heard(second)


def test_every_kind_of_run_has_its_task():
    kinds = (Objective(), TrainingRun(), Rendering())
    assert [tasks.task_of(run).name.rpartition(".")[2] for run in kinds] == ["fit", "train", "render"]
    assert Checkpoint not in {type(run) for run in kinds}
