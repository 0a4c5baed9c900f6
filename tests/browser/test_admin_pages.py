"""The researcher's pages work in a browser under the site's own content policy."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from listening.models import TrainingRun
from tests import builders
from tests.listening.panel import rate, voices
from tests.listening.test_evidence import fitted

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def researcher(page, live_server):
    """Return a function that opens an address as a researcher; what the policy forbids fails the test."""
    User.objects.create_superuser("researcher", password="let me in")
    forbidden = []
    page.on("console", lambda line: forbidden.append(line.text) if "Content Security Policy" in line.text else None)
    page.goto(f"{live_server.url}/admin/")
    page.fill("#id_username", "researcher")
    page.fill("#id_password", "let me in")
    page.click("input[type=submit]")

    def see(address: str):
        page.goto(live_server.url + address)
        return page

    yield see
    assert not forbidden


def test_the_page_of_a_run_follows_it_to_its_end(researcher):
    run = TrainingRun.objects.create(name="long", recipe="tiny", data="/songs")
    run.claim()
    run.beat(1, 4)
    page = researcher(reverse("admin:listening_trainingrun_change", args=[run.pk]))
    page.get_by_text("1 / 4").wait_for()
    run.beat(3, 4)
    page.get_by_text("3 / 4").wait_for()
    assert page.locator("run-progress progress").get_attribute("value") == "0.7500"
    run.fail("the disc is full")
    page.get_by_text("the disc is full").wait_for()
    page.get_by_role("button", name="Resume").wait_for()


def test_the_list_of_runs_follows_them_and_keeps_what_is_ticked(researcher):
    run = TrainingRun.objects.create(name="long", recipe="tiny", data="/songs")
    page = researcher(reverse("admin:listening_trainingrun_changelist"))
    page.locator("input.action-select").check()
    run.claim()
    run.beat(2, 4)
    page.get_by_text("2 / 4").wait_for()
    assert page.locator("input.action-select").is_checked()
    run.finish()
    page.locator("run-progress:not([live])").wait_for()


def test_staff_hear_a_sound_where_it_is_listed(researcher, tmp_path):
    study = builders.study(tmp_path, items=1, systems=1)
    page = researcher(reverse("admin:listening_item_change", args=[study.items.get().pk]))
    player = page.locator("audio").first
    player.evaluate("audio => audio.play()")
    page.wait_for_function("() => document.querySelector('audio').duration > 0.4")


def test_a_point_of_a_report_plays_its_stimulus_and_ticked_ones_become_a_draft(researcher, tmp_path):
    study = voices(tmp_path)
    rate(study)
    made = fitted(study)
    page = researcher(reverse("admin:listening_objective_change", args=[made.pk]))
    page.get_by_role("link", name="song1 · fair: rated").locator("circle").click()
    page.wait_for_function("() => document.querySelector('stimulus-player audio').currentTime > 0.1")
    assert page.locator(".hb-player-bar p").inner_text().startswith("song1 · fair: rated 50")
    page.locator("a.hb-playing").wait_for()
    page.keyboard.press("Escape")
    page.locator(".hb-player-bar").wait_for(state="hidden")
    page.get_by_role("checkbox", name="song0 · good").check()
    page.get_by_role("button", name="Draft a study").click()
    page.get_by_role("button", name="Make the draft").click()
    page.get_by_text("is drafted with 1 stimuli").wait_for()


def test_the_api_explains_itself_without_asking_another_server(researcher, live_server):
    asked = []
    page = researcher("/admin/")
    page.on("request", lambda request: asked.append(request.url))
    researcher("/api/v1/docs")
    page.get_by_text("/api/v1/studies/{slug}/ratings.csv").wait_for()
    assert all(url.startswith((live_server.url, "data:")) for url in asked)
