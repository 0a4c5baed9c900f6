"""Which pages are shown, on which screens, and how a browser takes their pictures."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.db import connections
from django.test.testcases import LiveServerThread
from django.urls import reverse
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import ARGUMENTS
from tests.browser.find import WAY_OUT, chromium
from tests.pictures.demonstration import PASSWORD, Demonstration

HOST = "listening.northfield.example"
"""What the pictures call the site, wherever it is served."""
SITE = f"http://{HOST}"
SCREENS = {"desktop": (1440, 900), "phone": (390, 844)}
SCHEMES = ("light", "dark")
MAX_HEIGHT = 1700
"""Pixels of a long page that a picture shows."""
COLOURS = 256
"""Colours of a picture: pages have few, and files of few colours are small."""


@dataclass(frozen=True)
class Shown:
    """A page: its address, where the documentation shows it (pairs of screen and scheme), and what is clicked first."""

    address: str
    documented: tuple[tuple[str, str], ...] = ()
    clicks: tuple[str, ...] = ()


DESKTOP = (("desktop", "light"),)
DARK = (("desktop", "dark"),)
PHONE = (("phone", "light"),)


def pages(made: Demonstration) -> dict[str, Shown]:
    """Return every page that a researcher sees, by the name of its picture."""
    return _of_studies(made) | _of_sittings(made) | _of_learning(made)


def _of_studies(made: Demonstration) -> dict[str, Shown]:
    def tab(study, name: str) -> str:
        return reverse(f"admin:listening_study_{name}", args=[study.pk])

    return {
        "home": Shown("/admin/", DESKTOP + PHONE),
        "system": Shown(reverse("admin:system"), DESKTOP),
        "studies": Shown(reverse("admin:listening_study_changelist")),
        "new-study": Shown(reverse("admin:listening_study_add")),
        "sounds-drop": Shown(tab(made.empty, "sounds"), DESKTOP),
        "sounds-grid": Shown(tab(made.draft, "sounds"), DESKTOP, clicks=("td.snd-warn a, td.snd-stop a",)),
        "sounds": Shown(tab(made.rated, "sounds"), (*DESKTOP, ("phone", "dark"))),
        "questions": Shown(tab(made.draft, "questions"), DESKTOP),
        "questions-rated": Shown(tab(made.rated, "questions")),
        "design": Shown(tab(made.draft, "design"), DESKTOP),
        "design-rated": Shown(tab(made.rated, "design")),
        "forecast": Shown(tab(made.rated, "forecast"), DESKTOP),
        "watch": Shown(tab(made.rated, "listeners"), DESKTOP + PHONE),
        "recruit": Shown(tab(made.rated, "recruit"), DESKTOP),
        "results": Shown(tab(made.rated, "results"), DESKTOP),
        "follow-up": Shown(tab(made.follow_up, "results"), DESKTOP),
        "history": Shown(tab(made.rated, "history"), DESKTOP),
        "preview": Shown(tab(made.rated, "preview")),
        "delete": Shown(tab(made.draft, "delete")),
        "team": Shown(tab(made.rated, "team"), DESKTOP),
        "publication": Shown(tab(made.rated, "publication") + "?ask=1", DESKTOP),
    }


def _of_sittings(made: Demonstration) -> dict[str, Shown]:
    def decide(session, verb: str) -> str:
        return reverse("admin:listening_session_decide", args=[session.pk, verb])

    return {
        "sessions": Shown(reverse("admin:listening_session_changelist")),
        "session": Shown(reverse("admin:listening_session_change", args=[made.sitting.pk]), DESKTOP),
        "session-excluded": Shown(reverse("admin:listening_session_change", args=[made.excluded.pk])),
        "exclude": Shown(decide(made.sitting, "exclude")),
        "restore": Shown(decide(made.excluded, "restore")),
        "withdraw-session": Shown(decide(made.sitting, "withdraw")),
        "withdraw": Shown(reverse("participant:withdraw", args=[made.sitting.token]), PHONE),
        "ratings": Shown(reverse("admin:listening_rating_changelist")),
        "tokens": Shown(reverse("admin:listening_apitoken_changelist")),
        "token": Shown(reverse("admin:listening_apitoken_add"), DESKTOP),
    }


def _of_learning(made: Demonstration) -> dict[str, Shown]:
    def row(model: str, page: str = "change", pk: int | None = None) -> str:
        return reverse(f"admin:listening_{model}_{page}", args=[] if pk is None else [pk])

    both = f"?run={made.training.pk}&run={made.running.pk}"
    return {
        "objectives": Shown(row("objective", "changelist")),
        "objective": Shown(row("objective", pk=made.objective.pk), DESKTOP),
        "new-objective": Shown(row("objective", "add")),
        "trainings": Shown(row("trainingrun", "changelist")),
        "new-training": Shown(row("trainingrun", "add"), DESKTOP),
        "training-running": Shown(row("trainingrun", pk=made.running.pk), DESKTOP),
        "training": Shown(row("trainingrun", pk=made.training.pk), DARK),
        "compare": Shown(row("trainingrun", "compare") + both, DESKTOP),
        "checkpoints": Shown(row("checkpoint", "changelist")),
        "rendering": Shown(row("rendering", pk=made.rendering.pk), DESKTOP),
        "new-rendering": Shown(row("rendering", "add")),
        "lyrics": Shown(
            row("lyricsalignment", pk=made.lyrics.pk), (*DESKTOP, ("phone", "dark")), clicks=('[data-word="2"]',)
        ),
        "lyrics-list": Shown(row("lyricsalignment", "changelist")),
        "new-lyrics": Shown(row("lyricsalignment", "add"), DESKTOP),
        "promote": Shown(row("checkpoint", "promote", pk=made.reader.pk)),
    }


@contextmanager
def served() -> Iterator[str]:
    """Serve the site and its static files beside this thread; yield its host and port."""
    thread = LiveServerThread("127.0.0.1", StaticFilesHandler)
    thread.daemon = True
    thread.start()
    thread.is_ready.wait()
    if thread.error:
        raise thread.error
    yield f"127.0.0.1:{thread.port}"
    thread.terminate()
    connections.close_all()


def take_all(address: str, shown: Mapping[str, Shown], folder: Path) -> None:
    """Take each page on every screen in both schemes, as <name>-<screen>-<scheme>.png."""
    with _signed_in(address) as page:
        for name, each in shown.items():
            for screen in SCREENS:
                for scheme in SCHEMES:
                    _take(page, each, folder / f"{name}-{screen}-{scheme}.png", screen, scheme)


def take_documented(address: str, shown: Mapping[str, Shown], folder: Path) -> None:
    """Take the pictures that the documentation shows."""
    with _signed_in(address) as page:
        for name, each in shown.items():
            for file, screen, scheme in files(name, each):
                _take(page, each, folder / file, screen, scheme)
                Image.open(folder / file).convert("RGB").quantize(COLOURS).save(folder / file, optimize=True)


def files(name: str, shown: Shown) -> Iterator[tuple[str, str, str]]:
    """Yield (file, screen, scheme) of each picture of a page in the documentation: studio-<name>[-phone][-dark].png."""
    for screen, scheme in shown.documented:
        suffix = ("-phone" if screen == "phone" else "") + ("-dark" if scheme == "dark" else "")
        yield f"studio-{name}{suffix}.png", screen, scheme


@contextmanager
def _signed_in(address: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        path = chromium()
        if path is None:
            raise SystemExit(WAY_OUT)
        named = [f"--host-resolver-rules=MAP {HOST} {address}", f"--unsafely-treat-insecure-origin-as-secure={SITE}"]
        browser: Browser = playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, *named])
        page = browser.new_page()
        page.goto(f"{SITE}/admin/")
        page.fill("#id_username", "ada")
        page.fill("#id_password", PASSWORD)
        page.click("input[type=submit]")
        yield page
        browser.close()


def _take(page: Page, shown: Shown, path: Path, screen: str, scheme: str) -> None:
    width, height = SCREENS[screen]
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto(SITE + shown.address)
    for place in shown.clicks:
        page.locator(place).first.click()
    page.wait_for_load_state("networkidle")
    tall = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": width, "height": max(height, min(tall, MAX_HEIGHT))})
    page.evaluate("scrollTo(0, 0)")
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path)
