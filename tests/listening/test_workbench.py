"""A study's workbench: a tab for each part of the work, the actions that are possible now, and who did them."""

import re

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from listening import audit
from listening.admin.workbench import TABS
from listening.models import Study
from tests import builders
from tests.listening.panel import rate, voices

pytestmark = pytest.mark.django_db


def tab(study: Study, key: str) -> str:
    return reverse(f"admin:listening_study_{key}", args=[study.pk])


def do(client, study: Study, verb: str, **given):
    return client.post(reverse("admin:listening_study_do", args=[study.pk, verb]), given, follow=True)


def button(html: str, label: str) -> str:
    """Return the item of the header's list that holds the button."""
    return next(each for each in re.findall(r"<li>(.*?)</li>", html, re.DOTALL) if f">{label}<" in each)


@pytest.mark.parametrize("key", TABS)
def test_every_tab_opens_for_a_draft_and_for_a_study_with_ratings(admin_client, tmp_path, key):
    rated = voices(tmp_path)
    rate(rated, assessors=1)
    for study in (Study.objects.create(slug="empty", title="Empty", preset="ward-2"), rated):
        html = admin_client.get(tab(study, key)).content.decode()
        assert html.count('aria-current="page"') >= 1
        assert f"http://testserver/s/{study.slug}/" in html
        assert " style=" not in html


def test_the_page_of_a_study_leads_to_where_its_work_is(admin_client, tmp_path):
    study = builders.study(tmp_path)
    for move, key in [(lambda: True, "sounds"), (study.open, "listeners"), (study.close, "results")]:
        assert move()
        answer = admin_client.get(reverse("admin:listening_study_change", args=[study.pk]))
        assert answer.headers["Location"] == tab(study, key)


def test_what_cannot_be_done_now_says_why(admin_client, tmp_path):
    empty = Study.objects.create(slug="empty", title="Empty", preset="ward-2")
    html = admin_client.get(tab(empty, "sounds")).content.decode()
    assert "nothing to rate yet" in button(html, "Open")
    assert "it is not open" in button(html, "Close")
    assert "nobody has rated yet" in button(html, "Freeze")
    assert "freeze the ratings first" in button(html, "Fit")


def test_a_study_is_opened_closed_and_frozen_from_its_own_page_and_the_history_says_by_whom(admin_client, tmp_path):
    study = voices(tmp_path)
    Study.objects.update(status="draft", responsible="Dr. Ada Rose", institution="Northfield", contact="a@n.example")
    do(admin_client, study, "open", _answered="1")
    rate(study, assessors=1)
    do(admin_client, study, "freeze")
    do(admin_client, study, "close")
    study.refresh_from_db()
    assert study.status == "closed"
    assert [each.get_change_message() for each in audit.of(study)] == ["closed", "froze", "opened"]
    html = admin_client.get(tab(study, "history")).content.decode()
    assert "opened" in html
    assert "admin" in html


def test_opening_asks_first_who_answers_for_the_study(admin_client, tmp_path):
    study = builders.study(tmp_path)
    asked = do(admin_client, study, "open").content.decode()
    assert "_without" in asked
    study.refresh_from_db()
    assert study.status == "draft"
    do(admin_client, study, "open", _without="1")
    study.refresh_from_db()
    assert study.status == "open"


def test_opening_a_draft_says_first_which_clauses_it_breaks_and_what_a_sitting_takes(admin_client, tmp_path):
    study = builders.study(tmp_path, responsible="Dr. Ada Rose", institution="Northfield", contact="a@n.example")
    html = do(admin_client, study, "open").content.decode()
    assert "A training comes before the test" in html
    assert "one missed hidden reference already excludes an assessor: 1 of 2 is 50 %" in html
    assert "Open without" not in html
    study.refresh_from_db()
    assert study.status == "draft"


def test_a_closed_study_opens_again_without_being_asked(admin_client, tmp_path):
    study = builders.study(tmp_path, responsible="Dr. Ada Rose", institution="Northfield", contact="a@n.example")
    Study.objects.update(status="closed")
    do(admin_client, study, "open")
    study.refresh_from_db()
    assert study.status == "open"


def test_who_may_only_look_is_refused_a_deed(client, tmp_path):
    study = builders.study(tmp_path)
    looker = User.objects.create_user("looker", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_study"))
    client.force_login(looker)
    assert "you may see this study" in button(client.get(tab(study, "sounds")).content.decode(), "Open")
    assert do(client, study, "open").status_code == 403


def test_a_tab_that_is_saved_leaves_alone_what_other_tabs_ask(admin_client, tmp_path):
    kept = {"changed_rules": {"ties": False}, "return_url": "https://r.example/", "introduction": "Welcome."}
    study = builders.study(tmp_path, preset="ab", **kept)
    for key in ("design", "questions"):
        form = admin_client.get(tab(study, key)).context["adminform"].form
        inlines = {f"{name}-{count}_FORMS": 0 for name in ("attributes", "questions") for count in ("TOTAL", "INITIAL")}
        own = {name: value for name, value in form.initial.items() if name in form.fields and value is not None}
        own |= {"changed_rules_ties": "no", "consent_version": "2"}
        assert admin_client.post(tab(study, key), own | inlines).status_code == 302
    study.refresh_from_db()
    assert {name: getattr(study, name) for name in kept} == kept
    assert study.consent_version == "2"


def test_what_was_done_to_a_row_is_known_after_the_row_is_gone(admin_user):
    study = Study.objects.create(slug="gone", title="Gone", preset="ward-2")
    audit.record(admin_user, study, "deleted", "with 12 sounds")
    log = audit.of(study)
    study.delete()
    assert [(str(each), each.change_message) for each in log] == [("Deleted “gone.”", "deleted: with 12 sounds")]


def test_tables_stand_in_groups_and_material_is_folded_away(admin_client):
    html = admin_client.get("/admin/").content.decode()
    titles = re.findall(r"<(?:h2|summary)>(\w+)</", html)
    assert [each for each in titles if each in ("Tests", "Listeners", "Learning", "People", "Material")] == [
        "Tests", "Listeners", "Learning", "People", "Material",
    ]  # fmt: skip
    assert html.index("<details") < html.index("/admin/listening/audio/")
