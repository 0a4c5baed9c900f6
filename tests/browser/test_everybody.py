"""Nobody is left out: every page for every eye, hand, ear and language, in light and dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser import pages
from tests.browser.conftest import READY

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = {"phone": 320, "desktop at 200 %": 640, "4 K": 3840}
each_page = pytest.mark.parametrize("name", pages.PAGES)


@pytest.fixture
def see(live_server, page, tmp_path):
    """Return a function that opens a page by its name, a trial with all its sounds."""

    def seen(name: str, **fields):
        page.goto(live_server.url + pages.address(name, tmp_path, **fields))
        if name == "missing":
            page.locator("form.questions button.primary").click()
        if name.startswith("trial-"):
            page.wait_for_selector(READY)
        return page

    return seen


def complaints(page) -> list[str]:
    """Return what axe says against the page as it stands."""
    found = Axe().run(page, options={"runOnly": TAGS}).response["violations"]
    return [f"{each['id']}: {node['html']} {node['failureSummary']}" for each in found for node in each["nodes"]]


@each_page
def test_axe_has_no_complaint_in_light_or_in_dark(see, name):
    page = see(name)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert not complaints(page), scheme
