"""A piece of a page that refreshes itself: every few seconds, not while it is held, read or worked in."""

import pytest
from django.urls import reverse

from tests.listening.panel import rate, voices

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PERIOD_MILLISECONDS = 5000
BEGUN = ".hb-figures dd >> nth=0"
"""How many have begun, as the listeners' tab of a study says."""


@pytest.fixture
def study(tmp_path):
    made = voices(tmp_path, items=1)
    rate(made, assessors=1)
    return made


@pytest.fixture
def tab(signed_in, page, study):
    """Return the tab of a study's listeners, whose time goes on when it is told to; `asked` are its refreshes."""
    page.clock.install()
    signed_in(reverse("admin:listening_study_listeners", args=[study.pk]))
    page.locator(".hb-hold").wait_for()
    page.asked = []
    page.on("request", lambda request: page.asked.append(request.url) if "/watch/" in request.url else None)
    return page


def pass_time(tab, periods: int = 1) -> None:
    for _period in range(periods):
        tab.clock.run_for(PERIOD_MILLISECONDS)


def refreshed(tab, begun: int) -> None:
    """Wait until the tab shows that so many have begun."""
    tab.locator(BEGUN, has_text=str(begun)).wait_for()


def test_a_part_shows_what_has_changed_since(tab, study):
    refreshed(tab, 1)
    rate(study, assessors=1)
    with tab.expect_response("**/watch/"):
        pass_time(tab)
    refreshed(tab, 2)


def test_a_part_stays_as_it_is_while_its_button_holds_it_and_goes_on_at_once_when_let_go(tab, study):
    tab.get_by_role("button", name="Hold").click()
    rate(study, assessors=1)
    pass_time(tab, 3)
    assert not tab.asked
    refreshed(tab, 1)
    with tab.expect_response("**/watch/"):
        tab.locator(".hb-hold").click()
    refreshed(tab, 2)
    assert len(tab.asked) == 1


def test_a_part_does_not_change_under_whoever_is_in_it(tab, study):
    link = tab.locator("live-part a").first
    link.focus()
    rate(study, assessors=1)
    pass_time(tab, 3)
    assert not tab.asked
    assert link.evaluate("link => link === document.activeElement")
    link.evaluate("link => link.blur()")
    with tab.expect_response("**/watch/"):
        pass_time(tab)
    refreshed(tab, 2)


def test_a_part_does_not_change_under_whoever_marks_words_of_it(tab, study):
    tab.evaluate("getSelection().selectAllChildren(document.querySelector('live-part h2'))")
    rate(study, assessors=1)
    pass_time(tab, 3)
    assert not tab.asked
    tab.evaluate("getSelection().removeAllRanges()")
    with tab.expect_response("**/watch/"):
        pass_time(tab)
    refreshed(tab, 2)
