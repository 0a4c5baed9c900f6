"""The page of a training: curves from what it wrote, sounds of its checkpoints, its log."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from listening import audit, tasks
from listening.admin import recipe_keys, workers
from listening.admin.training import examples, metrics
from listening.admin.training.drawing import MAX_POINTS, drawings, thinned
from listening.admin.training.forms import recipe_of
from listening.models import TrainingRun
from tests.listening.test_tasks import training

pytestmark = pytest.mark.django_db


def page(client, run: TrainingRun, name: str = "change", *more: object) -> str:
    answer = client.get(reverse(f"admin:listening_trainingrun_{name}", args=[run.pk, *more]))
    assert answer.status_code == 200
    return answer.content.decode()


def write_metrics(folder: Path, steps: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({"step": n, "total": 1 / n, "l1": None, "seconds": 0.25}) for n in range(1, steps + 1)]
    (folder / metrics.METRICS_FILE).write_text("\n".join(lines) + "\n")


def test_a_training_shows_its_curves_its_log_and_what_each_checkpoint_sounds_like(admin_client, tmp_path):
    run = training(tmp_path)
    tasks.train(run.pk)
    html = page(admin_client, run)
    assert "l1 over the steps" in html
    assert "attempt 1" in html
    assert "cpu · " in html
    for step in (2, 4):
        address = reverse("admin:listening_trainingrun_example", args=[run.pk, step, "synthetic-001.vocals.flac"])
        assert address in html
        assert b"".join(admin_client.get(address)).startswith(b"fLaC")


def test_no_other_file_is_sent_as_an_example(admin_client, tmp_path):
    run = training(tmp_path)
    folder = run.folder / "examples" / "000000002"
    folder.mkdir(parents=True)
    for name in ("card.json", "one.vocals.wav", "one.vocals.png"):
        (folder / name).write_text("{}")
    (run.folder / "up.vocals.png").write_text("{}")
    png = admin_client.get(f"/admin/listening/trainingrun/{run.pk}/examples/2/one.vocals.png")
    assert b"".join(png) == b"{}"
    for name in ("card.json", "one.vocals.wav", "two.vocals.png"):
        assert admin_client.get(f"/admin/listening/trainingrun/{run.pk}/examples/2/{name}").status_code == 404
    with pytest.raises(Http404):
        examples.send(run, 2, "../../up.vocals.png")


def test_a_training_that_has_taken_no_step_says_so(admin_client, tmp_path):
    assert "No step has been taken yet" in page(admin_client, training(tmp_path), "watch")


def test_the_pieces_of_a_training_are_for_those_who_may_see_it(client, tmp_path):
    run = training(tmp_path)
    client.force_login(User.objects.create_user("guest", is_staff=True))
    assert client.get(reverse("admin:listening_trainingrun_watch", args=[run.pk])).status_code == 404


def test_a_large_metrics_file_is_sampled_and_its_curve_is_the_same(tmp_path):
    write_metrics(tmp_path, 20_000)
    assert (tmp_path / metrics.METRICS_FILE).stat().st_size > metrics.MAX_BYTES_READ_WHOLE
    points = metrics.curves(tmp_path)["total"]
    assert len(points) == metrics.BLOCKS
    assert points[-1][0] == 20_000
    assert all(value == pytest.approx(1 / step, rel=0.05) for step, value in points if step > 1000)


def test_the_pace_is_that_of_the_newest_steps_and_a_line_cut_in_the_middle_is_left_out(tmp_path):
    write_metrics(tmp_path, 300)
    with (tmp_path / metrics.METRICS_FILE).open("a") as file:
        file.write('{"step": 301, "to')
    assert metrics.pace(tmp_path) == metrics.Pace(300, 0.25)


def test_a_loss_without_a_number_has_no_curve(tmp_path):
    write_metrics(tmp_path, 3)
    assert [each.name for each in drawings({"a": metrics.curves(tmp_path)})] == ["total"]


def test_two_trainings_lie_over_each_other_in_one_drawing():
    (both,) = drawings({"a": {"l1": [(1, 1.0), (9, 0.5)]}, "b": {"l1": [(1, 2.0)]}})
    assert [(line.name, line.place, line.last) for line in both.lines] == [("a", 0, 0.5), ("b", 1, 2.0)]


def test_a_long_curve_has_as_many_points_as_a_screen_shows():
    points = [(step, float(step % 2)) for step in range(10_000)]
    thin = thinned(points)
    assert len(thin) <= MAX_POINTS
    assert thin[-1][0] == 9_999


def test_trainings_are_compared_by_figures_recipes_and_curves(admin_client, tmp_path):
    first, second = training(tmp_path), training(tmp_path, overrides={"optimiser.clip": 1.0})
    for run in (first, second):
        write_metrics(run.folder, 3)
    address = reverse("admin:listening_trainingrun_compare", query={"run": [first.pk, second.pk]})
    html = admin_client.get(address).content.decode()
    assert "optimiser.clip" in html
    assert "optimiser.ema" not in html
    assert html.count('class="hb-loss-line hb-loss-1"') == 1


def test_the_keys_of_a_recipe_say_what_they_mean(tmp_path):
    found = {key.name: key for key in recipe_keys.keys(recipe_of(training(tmp_path)), {"optimiser.clip": 5.0})}
    assert found["optimiser.clip"].meaning == "Largest gradient norm."
    assert found["optimiser.clip"].changed
    assert not found["optimiser.ema"].changed


def test_cancelling_asks_first_and_the_history_says_who_did(admin_client, tmp_path):
    run = training(tmp_path)
    address = reverse("admin:listening_trainingrun_cancel", args=[run.pk])
    assert address in page(admin_client, run)
    assert "it can be resumed" in admin_client.get(address).content.decode()
    admin_client.post(reverse("admin:listening_trainingrun_change", args=[run.pk]), {"_cancel": "1"})
    run.refresh_from_db()
    assert run.status == "cancelled"
    assert [each.change_message for each in audit.of(run)] == ["cancelled"]


def test_a_run_that_nobody_takes_says_that_no_worker_listens(admin_client, tmp_path, monkeypatch):
    run = training(tmp_path, queued_at=timezone.now() - timedelta(minutes=1))
    cache.clear()
    monkeypatch.setattr(workers, "alive", lambda: [("one", "celery")])
    assert "No worker listens to the queue gpu" in page(admin_client, run, "progress")
    cache.clear()
    monkeypatch.setattr(workers, "alive", lambda: [("one", "celery, gpu")])
    assert "No worker" not in page(admin_client, run, "progress")


def test_a_run_behind_another_says_so_without_asking_the_busy_worker(admin_client, tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "alive", list)
    busy, run = training(tmp_path), training(tmp_path, queued_at=timezone.now() - timedelta(minutes=1))
    assert busy.claim()
    assert "a worker of the queue gpu has finished another run" in page(admin_client, run, "progress")


@pytest.mark.parametrize(
    ("seconds", "silent", "told"),
    [
        (31, "silent for 3", "after 40 seconds without a heartbeat"),
        (541, "silent for 9 minutes", "its worker has stopped"),
    ],
)
def test_a_silent_run_says_for_how_long_and_who_will_take_it_up(admin_client, tmp_path, seconds, silent, told):
    run = training(tmp_path)
    assert run.claim()
    TrainingRun.objects.filter(pk=run.pk).update(beat_at=timezone.now() - timedelta(seconds=seconds))
    html = page(admin_client, run, "progress")
    assert silent in html
    assert told in html


def test_the_time_left_is_that_of_the_newest_steps(admin_client, tmp_path):
    run = training(tmp_path)
    assert run.claim()
    write_metrics(run.folder, 10)
    run.beat(10, 410)
    assert "2 minutes left" in page(admin_client, run, "progress")


def test_a_card_is_a_page_of_tables_and_not_only_json(admin_client, tmp_path):
    card = {"step": 4, "validation": 0.123456789, "inputs": {"data": "abc"}, "recipe": {"losses": {"l1": 1.0}}}
    saved = training(tmp_path).checkpoints.create(step=4, path="x", sha256="a" * 64, card=card)
    html = admin_client.get(reverse("admin:listening_checkpoint_change", args=[saved.pk])).content.decode()
    assert "<td>losses.l1</td><td>1</td>" in html
    assert "<td>validation</td><td>0.123457</td>" in html
    assert "<h3>inputs</h3>" in html
