"""The studio's pages in a browser: silent to axe in light and dark, at home on every screen, a preview that plays."""

import json

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from listening import stimuli
from listening.admin.training.metrics import METRICS_FILE
from listening.admin.workbench import TABS
from listening.models import Checkpoint, Rendering, Session, Study, StudyRole, TrainingRun
from tests import builders
from tests.browser.axe import violations
from tests.listening.panel import rate, voices
from tests.listening.test_evidence import fitted

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RULES = {"rules": {"empty-table-header": {"enabled": False}}}
"""Django's tables of rows below a row have an empty header over the column of hidden fields."""
OURS = {"exclude": [[".help-tooltip"]]}
"""Django names an icon that is no image; the field beside it has the name as well."""
LOOKS = (("light", 1440), ("dark", 390))
"""Colour schemes and widths in pixels: what axe asks of colours is the same at every width."""
LISTS = ("study", "session", "rating", "objective", "trainingrun", "checkpoint", "rendering", "apitoken")
WIDER = """(width) => document.documentElement.scrollWidth <= width ? [] : [...document.querySelectorAll("body *")]
  .filter((each) => each.getBoundingClientRect().right > width).map((each) => `${each.tagName}.${each.className}`)"""
"""What reaches beyond the screen, where the page does."""
MISSHAPEN = """() => {
  const shape = (each) => getComputedStyle(each), right = (each) => each.getBoundingClientRect().right;
  const cut = (each) => {
    let around = each.parentElement;
    while (around && !["hidden", "clip"].includes(shape(around).overflowX)) around = around.parentElement;
    return around && each.checkVisibility() && right(each) > right(around) + 1;
  };
  const wrong = {
    "a line that is filled": (each) => each.matches("polyline") && shape(each).fill !== "none",
    "a table that is none": (each) => each.matches("table:not(.hb-stack)") && shape(each).display !== "table",
    "a field that is cut": (each) => each.matches("input, select, textarea") && cut(each),
  };
  return Object.entries(wrong).flatMap(([what, is]) =>
    [...document.querySelectorAll("#content *")].filter(is).map((each) => `${what}: ${each.outerHTML.slice(0, 90)}`));
}"""
"""What axe does not see: a drawing without its style, a table whose head leaves its columns, a field cut off."""


@pytest.fixture
def rated(tmp_path):
    """Return a study with a team and two sittings, one of them with a comment and a check, the other excluded."""
    study = voices(tmp_path)
    first, other = rate(study, assessors=2)
    first.checks.create(kind="antiphase", answered=6, correct=6, passed=True)
    Session.objects.filter(pk=first.pk).update(comment="the drums were loud", client={"rate": 48000})
    other.exclude(User.objects.create_user("grace", is_staff=True), "a telephone rang")
    for name, role in (("ada", "owner"), ("linus", "assistant")):
        StudyRole.objects.create(study=study, user=User.objects.create_user(name, is_staff=True), role=role)
    return study


def of_study(study: Study, *names: str) -> dict[str, str]:
    return {f"{name} of {study}": reverse(f"admin:listening_study_{name}", args=[study.pk]) for name in names}


def of_sittings(study: Study) -> dict[str, str]:
    first, excluded = study.sessions.order_by("number")
    decide = "admin:listening_session_decide"
    return {
        "session": reverse("admin:listening_session_change", args=[first.pk]),
        "excluded": reverse("admin:listening_session_change", args=[excluded.pk]),
        "exclude": reverse(decide, args=[first.pk, "exclude"]),
        "restore": reverse(decide, args=[excluded.pk, "restore"]),
        "withdraw": reverse(decide, args=[first.pk, "withdraw"]),
        "withdraw by link": reverse("participant:withdraw", args=[first.token]),
    }


def of_learning(study: Study) -> dict[str, str]:
    """Return the pages of a fit with its report, a training with curves, a rendering and a follow-up that was rated."""
    objective = fitted(study)
    run = TrainingRun.objects.create(name="again", recipe="tiny", data="/songs", objective=objective)
    run.folder.mkdir(parents=True)
    lines = (json.dumps({"step": step, "total": 1 / step, "seconds": 0.5}) for step in range(1, 9))
    (run.folder / METRICS_FILE).write_text("\n".join(lines) + "\n")
    saved = Checkpoint.objects.create(run=run, step=8, path="x", sha256="a" * 64)
    rendering = Rendering.objects.create(checkpoint=saved, study=study, condition="good", slug="follow")
    follow_up = stimuli.redraft(study, "follow", rendering=rendering)
    follow_up.conditions.filter(name="good").update(checkpoint=saved)
    follow_up.open()
    rate(follow_up, assessors=2)
    rows = {"objective": objective, "trainingrun": run, "checkpoint": saved, "rendering": rendering}
    pages = {name: reverse(f"admin:listening_{name}_change", args=[row.pk]) for name, row in rows.items()}
    begun = ("objective", "trainingrun", "apitoken")
    pages |= {f"new {name}": reverse(f"admin:listening_{name}_add") for name in begun}
    pages["compare"] = reverse("admin:listening_trainingrun_compare", query={"run": run.pk})
    return pages | of_study(follow_up, "results")


def complaints(page, name: str) -> list[str]:
    """Return what axe says against the page in both looks, and what of it is wider than its screen."""
    found = []
    for scheme, width in LOOKS:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": 900})
        found += [f"{name}, {width} px: {each} is too wide" for each in page.evaluate(WIDER, width)]
        found += [f"{name}, {width} px: {each}" for each in page.evaluate(MISSHAPEN)]
        for each in violations(page, OURS, RULES):
            found.append(f"{name}, {scheme}: {each['id']}: {[node['html'][:160] for node in each['nodes']][:3]}")
    return found


def test_axe_finds_nothing_on_any_page_in_light_or_dark_and_each_fits_its_screen(signed_in, rated, tmp_path):
    draft = builders.study(tmp_path, slug="draft")
    parts = ("recruit", "forecast", "preview")
    pages = (
        {"home": "/admin/", "system": reverse("admin:system")}
        | of_study(rated, *TABS, *parts)
        | of_study(draft, "sounds", "questions", "design")
    )
    pages |= of_study(draft, "forecast", "delete") | of_sittings(rated) | of_learning(rated)
    pages["publication"] = reverse("admin:listening_study_publication", args=[rated.pk]) + "?ask=1"
    pages |= {f"list of {name}": reverse(f"admin:listening_{name}_changelist") for name in LISTS}
    found = [line for name, address in pages.items() for line in complaints(signed_in(address), name)]
    assert not found, "\n".join(found)


@pytest.fixture
def studio(signed_in):
    """Return a function that opens a page of a study as a researcher."""

    def see(name: str, study: Study):
        return signed_in(reverse(f"admin:listening_study_{name}", args=[study.pk]))

    return see


def test_a_researcher_previews_a_trial_in_a_window_of_its_own(studio, tmp_path):
    page = studio("preview", builders.study(tmp_path))
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Trial 2", exact=True).click()
    trial = opened.value
    trial.locator("listening-trial[data-state=ready]").wait_for()
    trial.get_by_text("Preview: nothing counts").wait_for()


def test_the_participant_link_is_copied_and_its_qr_code_shown(studio, tmp_path):
    study = builders.study(tmp_path)
    page = studio("sounds", study)
    assert page.locator(".hb-address").inner_text().endswith(study.get_absolute_url())
    page.get_by_text("QR code").click()
    assert page.get_by_role("img", name="QR code of the participant link").evaluate("image => image.naturalWidth") > 100
