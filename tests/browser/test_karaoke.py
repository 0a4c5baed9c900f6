"""The karaoke page in a browser: words are lit as they are sung, dragged, typed and nudged, saved, and taken back."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import expect

from tests.listening.lyrics_songs import aligned, sung
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SCREENS = ((1440, 900, "light"), (390, 844, "dark"))


@pytest.fixture
def run(live_server, tmp_path):
    return aligned(tmp_path)


@pytest.fixture
def karaoke(signed_in, run):
    seen = signed_in(reverse("admin:listening_lyricsalignment_change", args=[run.pk]))
    seen.locator("lyrics-karaoke[data-ready]").wait_for()
    return seen


def box(karaoke, number: int):
    return karaoke.locator(f'.kar-word-box[data-first="{number}"]')


def drag(karaoke, at, by: float) -> None:
    """Drag what lies at a point of the page so many pixels to the side."""
    karaoke.mouse.move(*at)
    karaoke.mouse.down()
    karaoke.mouse.move(at[0] + by / 2, at[1], steps=3)
    karaoke.mouse.move(at[0] + by, at[1], steps=3)
    karaoke.mouse.up()


def test_words_are_lit_as_they_are_sung_and_the_page_is_at_home_on_every_screen(karaoke):
    word = sung().words[3]
    karaoke.locator('[data-word="3"]').click()
    expect(karaoke.locator("output[name=chosen]")).to_have_text(word.written)
    assert karaoke.locator("audio").evaluate("audio => audio.currentTime") == pytest.approx(word.start, abs=0.01)
    expect(karaoke.locator('[data-word="3"]')).to_have_attribute("data-lit", "")
    assert karaoke.locator("[data-lit]").count() == 1
    karaoke.keyboard.press("Space")
    expect(karaoke.locator('[data-word="3"]')).to_have_attribute("data-past", "")
    karaoke.keyboard.press("Space")
    assert karaoke.locator("audio").evaluate("audio => audio.paused")
    for heading in ("Unsure lines", "Sung, but without words", "Words where no voice is heard"):
        assert karaoke.get_by_role("heading", name=heading).is_visible()
    for width, height, scheme in SCREENS:
        karaoke.set_viewport_size({"width": width, "height": height})
        karaoke.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert karaoke.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(karaoke, context="lyrics-karaoke").response["violations"]
        assert not found, (scheme, width, [(each["id"], each["nodes"][0]["html"]) for each in found])


def test_words_and_lines_are_dragged_never_over_their_neighbours_and_taken_back(karaoke, run):
    before, lines = sung().words[0], sung().lines
    place = box(karaoke, 0).bounding_box()
    second = karaoke.locator(".kar-strip canvas").bounding_box()["width"] / 8
    drag(karaoke, (place["x"] + place["width"] - 2, place["y"] + 20), -0.1 * second)
    expect(karaoke.locator("[role=status]")).to_have_text("Saved")
    assert run.moved[0] == pytest.approx((before.start, before.end - 0.1), abs=0.02)
    assert run.machine.words[0] == before
    assert run.corrections.get().by.username == "researcher"
    expect(karaoke.locator('[data-word="0"]')).to_have_attribute("data-moved", "")
    karaoke.get_by_role("button", name="Undo").click()
    expect(karaoke.locator('[data-word="0"]')).not_to_have_attribute("data-moved", "")
    assert run.moved == {}
    place = karaoke.locator(".kar-line-box").first.bounding_box()
    drag(karaoke, (place["x"] + place["width"] / 2, place["y"] + 5), 600)
    expect(karaoke.locator('[data-word="1"]')).to_have_attribute("data-moved", "")
    until(lambda: len(run.moved) == len(lines[0].words))
    assert run.moved[len(lines[0].words) - 1][1] == pytest.approx(lines[1].start, abs=1e-3)
    by = run.moved[0][0] - lines[0].start
    assert all(run.moved[n][0] - word.start == pytest.approx(by, abs=1e-3) for n, word in enumerate(lines[0].words))


def test_the_keyboard_alone_chooses_moves_and_takes_back_and_what_is_not_saved_goes_back(karaoke, run):
    words = sung().words
    karaoke.locator('[data-word="0"]').focus()
    karaoke.keyboard.press("ArrowRight")
    karaoke.keyboard.press("ArrowRight")
    expect(karaoke.locator('[data-word="1"]')).to_be_focused()
    karaoke.get_by_label("end (s)").fill(f"{words[1].end - 0.2:.2f}")
    karaoke.keyboard.press("Tab")
    expect(karaoke.locator("[role=status]")).to_have_text("Saved")
    assert run.moved[1] == pytest.approx((words[1].start, words[1].end - 0.2), abs=0.006)
    karaoke.locator('[data-word="1"]').focus()
    for _ in range(3):
        karaoke.keyboard.press(".")
    expect(karaoke.get_by_label("start (s)")).to_have_value(f"{words[1].start + 0.06:.2f}")
    karaoke.keyboard.press("l")
    expect(karaoke.locator("output[name=chosen]")).to_have_text(sung().lines[0].written)
    until(lambda: run.corrections.count() > 1 and karaoke.locator("[role=status]").inner_text() == "Saved")
    counted = run.corrections.filter(undone_at=None).count()
    karaoke.keyboard.press("Control+z")
    until(lambda: run.corrections.filter(undone_at=None).count() == counted - 1)
    karaoke.keyboard.press("ArrowRight")
    kept = karaoke.get_by_label("end (s)").input_value()
    karaoke.context.set_offline(True)
    karaoke.get_by_label("end (s)").fill(f"{float(kept) - 0.05:.2f}")
    karaoke.keyboard.press("Tab")
    expect(karaoke.locator("[role=status][data-wrong]")).to_contain_text("Not saved")
    expect(karaoke.get_by_label("end (s)")).to_have_value(kept)
    karaoke.context.set_offline(False)


@pytest.fixture
def sung_study(study):
    words = [[{"written": "hallo", "start": 0.0, "end": 0.25}, {"written": "du", "start": 0.25, "end": 0.5}]]
    study.items.update(words=words, show_words=True)
    return study


def test_an_assessor_sees_the_words_lit_whichever_stimulus_plays(sung_study, at_trial):
    seen, lit = at_trial.locator("item-words"), at_trial.locator("item-words [data-lit]")
    expect(seen).to_have_text("hallo du")
    for number in ("1", "2"):
        at_trial.keyboard.press(number)
        expect(lit).to_have_text("hallo")
        expect(lit).to_have_text("du")
    at_trial.keyboard.press("Space")
