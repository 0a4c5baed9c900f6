"""The researcher's pages work in a browser under the site's own content policy."""

import pytest
from django.urls import reverse

from listening.models import TrainingRun
from tests import builders
from tests.listening.panel import rate, voices
from tests.listening.test_evidence import fitted
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MARKS = """(link) => {
  const seen = [];
  new MutationObserver(() => seen.push(link.getAttribute("class"))).observe(link, {attributes: true});
  return seen;
}"""
"""Each class that a link has from here on: it is marked as long as its sound plays."""


def test_the_page_of_a_run_follows_it_to_its_end(signed_in):
    run = TrainingRun.objects.create(name="long", recipe="tiny", data="/songs")
    run.claim()
    run.beat(1, 4)
    page = signed_in(reverse("admin:listening_trainingrun_change", args=[run.pk]))
    shown = page.locator("run-progress")
    shown.get_by_text("1 / 4").wait_for()
    run.beat(3, 4)
    shown.get_by_text("3 / 4").wait_for()
    assert page.locator("run-progress progress").get_attribute("value") == "0.7500"
    run.fail("the disc is full")
    page.get_by_text("the disc is full").wait_for()
    page.get_by_role("button", name="Resume").wait_for()


def test_the_list_of_runs_follows_them_and_keeps_what_is_ticked(signed_in):
    run = TrainingRun.objects.create(name="long", recipe="tiny", data="/songs")
    page = signed_in(reverse("admin:listening_trainingrun_changelist"))
    page.locator("input.action-select").check()
    run.claim()
    run.beat(2, 4)
    page.get_by_text("2 / 4").wait_for()
    assert page.locator("input.action-select").is_checked()
    run.finish()
    page.locator("run-progress:not([live])").wait_for()


def test_staff_hear_a_sound_where_it_is_listed(signed_in, tmp_path):
    study = builders.study(tmp_path, items=1, systems=1)
    page = signed_in(reverse("admin:listening_item_change", args=[study.items.get().pk]))
    player = page.locator("audio").first
    player.evaluate("audio => audio.play()")
    page.wait_for_function("() => document.querySelector('audio').duration > 0.4")


def test_a_point_of_a_report_plays_its_stimulus_and_ticked_ones_become_a_draft(signed_in, tmp_path):
    study = voices(tmp_path)
    rate(study)
    made = fitted(study)
    page = signed_in(reverse("admin:listening_objective_change", args=[made.pk]))
    point = page.get_by_role("link", name="song1 · fair: rated")
    marks = point.evaluate_handle(MARKS)
    point.locator("circle").click()
    page.wait_for_function("() => document.querySelector('stimulus-player audio').currentTime > 0.1")
    assert page.locator(".hb-player-bar p").inner_text().startswith("song1 · fair: rated 50")
    until(lambda: "hb-playing" in "\n".join(marks.json_value()))
    page.keyboard.press("Escape")
    page.locator(".hb-player-bar").wait_for(state="hidden")
    page.get_by_role("checkbox", name="song0 · good").check()
    page.get_by_role("button", name="Draft a study").click()
    page.get_by_role("button", name="Make the draft").click()
    page.get_by_text("is drafted with 1 stimuli").wait_for()


def test_the_api_explains_itself_without_asking_another_server(signed_in, live_server):
    asked = []
    page = signed_in("/admin/")
    page.on("request", lambda request: asked.append(request.url))
    signed_in("/api/v1/docs")
    page.get_by_text("/api/v1/studies/{slug}/ratings.csv").wait_for()
    assert all(url.startswith((live_server.url, "data:")) for url in asked)
