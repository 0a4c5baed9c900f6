"""A Chromium to drive, and a study open on a live server."""

import os
import threading

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect, sync_playwright

from tests import builders
from tests.browser import axe
from tests.browser.find import WAY_OUT, chromium
from tests.waiting import until

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # noqa: TID251 Playwright's loop runs in the test's own thread

ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"]
PATIENCE_SECONDS = 30
"""How long a busy machine may take for what one that is idle does at once."""
READY = "listening-trial[data-state=ready]"


@pytest.fixture(scope="session")
def browser():
    path = chromium()
    expect.set_options(timeout=1000 * PATIENCE_SECONDS)
    assert path, WAY_OUT
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def device(browser):
    """Return a function that opens a browser that knows nothing; leave none open, and no request unanswered."""
    opened = []

    def another():
        opened.append(browser.new_context(viewport={"width": 1280, "height": 800}))
        opened[-1].set_default_timeout(1000 * PATIENCE_SECONDS)
        return opened[-1]

    yield another
    for each in opened:
        each.set_offline(True)  # or a page's farewell would meet the next test's database
        each.close()
    until(lambda: not any("process_request" in thread.name for thread in threading.enumerate()))


@pytest.fixture
def context(device):
    return device()


@pytest.fixture
def page(context):
    """Return a page that lets no error of its scripts pass."""
    opened, errors = context.new_page(), []
    opened.on("pageerror", lambda error: errors.append(error))  # noqa: PLW0108 Playwright marks the function
    yield opened
    assert not errors


@pytest.fixture
def forbidden(page):
    """Return what the content policy refused on the page so far, a line each; a test ends with none of it."""
    lines = []
    page.on("console", lambda line: lines.append(line.text) if "Content Security Policy" in line.text else None)
    yield lines
    assert not [line for line in lines if "inline style" not in line or not axe.present(page)]


@pytest.fixture
def signed_in(page, live_server, forbidden):
    """Return a function that opens an address of the site as a researcher and returns the page."""
    User.objects.create_superuser("researcher", password="let me in")
    page.goto(f"{live_server.url}/admin/")
    page.fill("#id_username", "researcher")
    page.fill("#id_password", "let me in")
    page.click("input[type=submit]")

    def see(address: str):
        page.goto(live_server.url + address)
        return page

    return see


@pytest.fixture
def study(live_server, tmp_path):
    made = builders.study(
        tmp_path, items=1, attributes=("quality", "interference"), replicates=0, completion_code="DONE-1"
    )
    made.open()
    return made


@pytest.fixture
def at_trial(live_server, page, study):
    """Return the page at its first trial, all sounds loaded."""
    page.goto(f"{live_server.url}/s/{study.slug}/")
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("button", name="I am ready").click()
    page.wait_for_selector(READY)
    return page
