"""From a folder to the sounds of a study in a browser: few clicks, nothing lost on the way, at home on every screen."""

import shutil
import time

import numpy as np
import pytest
from django.urls import reverse

from listening import stimuli, tasks
from listening.models import IntakeFile, Preparation, Stimulus, Study
from lossmodel import audio
from tests.browser.axe import violations
from tests.listening.intake.builders import changed, folder, write

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TRANSITIONS_OVER = """Promise.allSettled(document.getAnimations().filter((each) => each instanceof CSSTransition)
    .map((each) => each.finished)).then(() => true)"""
SCREENS = ((1440, 900), (390, 844))


@pytest.fixture(autouse=True)
def apart(settings, tmp_path, monkeypatch):
    settings.INTAKE_DIR = tmp_path / "intake"
    monkeypatch.setattr(tasks.prepare, "delay", lambda pk: None)


@pytest.fixture
def tab(signed_in):
    """Return the Sounds tab of a new draft, as a researcher sees it."""
    study = stimuli.new_study("pilot", "Pilot", "ward-2")
    return signed_in(reverse("admin:listening_study_sounds", args=[study.pk]))


def songs(root, items: int = 12, systems: int = 4):
    """Return a folder as researchers bring it: one system late, one file mono, one inverted, one at another rate."""
    folder(root, items=items, systems=systems, seconds=1, rate=44100, channels=2)

    def change(name: str, do) -> None:
        write(root, {name: do(audio.read(root / name))})

    for number in range(items):
        change(f"song{number}/system2.wav", lambda sound: changed(sound, np.roll(sound.samples, 2048, axis=1)))
    change("song0/system0.wav", lambda sound: audio.with_channels(sound, 1))
    change("song1/system0.wav", lambda sound: changed(sound, -sound.samples))
    change("song1/system1.wav", lambda sound: audio.resample(sound, 48000))
    return root


def work(tab) -> None:
    """Do what a worker would, once the page has asked for it."""
    tab.locator(".snd-working").wait_for(timeout=60_000)
    tasks.prepare(Preparation.objects.get(status="queued").pk)


def checked(tab, root) -> None:
    """Choose a folder, and wait for the grid."""
    tab.set_input_files("input[data-folder]", str(root))
    work(tab)
    tab.locator(".snd-grid").wait_for()


class Clicks(list):
    """The clicks of a researcher, by the names of what was clicked."""

    def on(self, tab, name: str, role: str = "button") -> None:
        self.append(name)
        tab.get_by_role(role, name=name, exact=True).first.click()


def test_from_a_folder_of_twelve_items_to_an_open_study_in_eight_clicks_and_five_minutes(tab, live_server, tmp_path):
    root = songs(tmp_path / "songs")
    began, clicks = time.monotonic(), Clicks()
    tab.goto(live_server.url + reverse("admin:listening_study_changelist"))
    clicks.on(tab, "Add study", "link")
    tab.fill("[name=slug]", "separators")
    tab.fill("[name=title]", "Four separators")
    clicks.on(tab, "Save and continue editing")
    with tab.expect_file_chooser() as chooser:
        clicks.append("Choose a folder")
        tab.get_by_text("Choose a folder", exact=True).click()
    chooser.value.set_files(str(root))
    work(tab)
    tab.get_by_role("heading", name="72 sounds of 12 items").wait_for()
    assert tab.locator("td.snd-stop").count() == 2
    clicks.on(tab, "Apply all 15 safe fixes")
    tab.get_by_text("nothing to fix").wait_for()
    clicks.on(tab, "Prepare 12 items")
    work(tab)
    tab.get_by_role("heading", name="The study’s sounds").wait_for()
    study = Study.objects.get(slug="separators")
    assert Stimulus.objects.filter(item__study=study).count() == 12 * (4 + 1 + 2)
    clicks.on(tab, "Open")
    clicks.on(tab, "Open without")
    tab.get_by_text("1 study opened.").wait_for()
    study.refresh_from_db()
    assert study.status == "open"
    assert len(clicks) <= 8, clicks
    assert time.monotonic() - began < 300


def test_an_upload_that_is_cut_goes_on_by_itself_where_it_was(tab, tmp_path):
    cuts = []

    def cut(route):
        cuts.append(route.request.url)
        route.abort() if len(cuts) in {2, 3, 5} else route.fallback()

    tab.context.route("**/files/*/?offset=*", cut)
    checked(tab, folder(tmp_path / "songs", items=2))
    assert len(cuts) == 8 + 3
    assert all(file.whole for file in IntakeFile.objects.all())
    assert tab.get_by_text("nothing to fix").is_visible()


def test_an_upload_that_was_left_goes_on_where_it_was_when_the_folder_is_chosen_again(tab, tmp_path):
    root = folder(tmp_path / "songs", items=1, seconds=1)
    tab.context.route("**/files/*/?offset=*", lambda route: route.abort())
    tab.set_input_files("input[data-folder]", str(root))
    tab.get_by_text("The connection is cut").wait_for()
    tab.get_by_role("button", name="Stop").click()
    tab.get_by_text("Choose the same files again").wait_for()
    tab.context.unroute("**/files/*/?offset=*")
    tab.reload()
    tab.get_by_text("4 files are incomplete").wait_for()
    checked(tab, root)
    assert tab.get_by_role("heading", name="4 sounds of 1 item").is_visible()


def test_a_zip_and_what_is_left_out_of_it(tab, tmp_path):
    root = folder(tmp_path / "songs", items=1)
    (root / "notes.txt").write_text("x")
    archive = shutil.make_archive(str(tmp_path / "up"), "zip", root)
    tab.set_input_files("input[type=file]:not([data-folder])", [archive])
    work(tab)
    tab.locator(".snd-grid").wait_for()
    assert tab.get_by_role("heading", name="4 sounds of 1 item").is_visible()
    tab.get_by_text("Files without a cell").click()
    assert tab.get_by_text("notes.txt: is not a sound").is_visible()


def test_a_cell_is_heard_seen_and_cut_on_its_waveform(tab, tmp_path):
    checked(tab, folder(tmp_path / "songs", items=1, seconds=4))
    tab.locator("td.snd-cell a").nth(2).click()
    tab.locator(".snd-panel audio").first.wait_for()
    tab.locator("[name=seconds]").fill("1")
    box = tab.locator(".snd-wave").bounding_box()
    tab.mouse.click(box["x"] + box["width"] * 0.75, box["y"] + 10)
    assert float(tab.locator("[name=start]").input_value()) == pytest.approx(2.5, abs=0.05)
    tab.get_by_role("button", name="Cut all sounds of the item like this").click()
    tab.get_by_text("cut to 1.000 s").wait_for()


def faultless(tab, name: str) -> None:
    """Look at the page on every screen in both colour schemes: nothing wider than the screen, axe silent."""
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme)
        for width, height in SCREENS:
            tab.set_viewport_size({"width": width, "height": height})
            tab.evaluate(TRANSITIONS_OVER)
            assert tab.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
            found = violations(tab, "#sounds")
            assert not found, (name, scheme, width, [(each["id"], each["nodes"][0]["html"]) for each in found])


def test_every_state_of_the_tab_is_at_home_on_every_screen_and_axe_is_silent(tab, tmp_path):
    tab.get_by_text("How files are named").click()
    faultless(tab, "drop")
    tab.set_input_files("input[data-folder]", str(songs(tmp_path / "songs", items=2)))
    tab.locator(".snd-working").wait_for()
    faultless(tab, "working")
    work(tab)
    tab.locator(".snd-grid").wait_for()
    tab.locator("td.snd-warn a").first.click()
    tab.locator(".snd-panel").wait_for()
    closed = tab.locator("details.snd-fault:not([open]) > summary")
    while closed.count():
        closed.first.click()
    faultless(tab, "grid")
    tab.get_by_role("button", name="Apply all").click()
    tab.get_by_role("button", name="Prepare 2 items").click()
    work(tab)
    tab.get_by_role("heading", name="The study’s sounds").wait_for()
    faultless(tab, "material")
