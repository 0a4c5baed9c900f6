"""Everybody reaches the rows of the studies in which they have a role, and no other: every address is walked."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse

from listening.models import Item, Session, Study, StudyRole
from listening.models.access import ACCESS
from tests.listening.people import everybody, ring, staff

pytestmark = pytest.mark.django_db

# Statuses for: anonymous, staff without rights, assistant, analyst, owner of another study, owner, superuser.
# 302 sends whoever is not signed in to the login page, and whoever looks for a row they do not see to the front page.
PEOPLE = ("anonymous", "guest", "assistant", "analyst", "stranger", "owner", "superuser")
EXPECTED = {
    "302 403 200 200 200 200 200": (
        "assessor_changelist", "audio_changelist", "item_changelist", "lyricsalignment_changelist",
        "session_changelist", "stimulus_changelist", "study_changelist",
    ),
    "302 403 200 200 302 200 200": (
        "assessor_change", "audio_change", "item_change", "lyricsalignment_change", "session_change",
        "stimulus_change",
    ),
    "302 302 200 200 302 200 200": (
        "assessor_history", "audio_history", "item_history", "lyricsalignment_history", "session_history",
        "stimulus_history",
    ),
    "302 403 403 200 200 200 200": (
        "checkpoint_changelist", "objective_changelist", "rating_changelist", "ratingset_changelist",
        "rendering_changelist", "trainingrun_changelist", "trainingrun_compare",
    ),
    "302 403 403 200 302 200 200": (
        "checkpoint_change", "objective_change", "rating_change", "ratingset_change", "rendering_change",
        "trainingrun_change",
    ),
    "302 302 302 200 302 200 200": (
        "checkpoint_history", "objective_history", "rating_history", "ratingset_history", "rendering_history",
        "trainingrun_history",
    ),
    "302 403 200 200 404 200 200": (
        "study_sounds", "study_questions", "study_design", "study_listeners", "study_preview", "study_sounds_csv",
        "study_sounds_progress", "audio_play",
        "study_watch", "study_recruit", "study_forecast", "lyricsalignment_progress",
    ),
    "302 403 403 200 404 200 200": (
        "study_analysis_progress",
        "objective_progress", "ratingset_file", "rendering_progress", "study_codebook", "study_events", "study_ratings",
        "study_replies", "study_results", "trainingrun_progress",
    ),
    "302 403 403 403 404 200 200": ("study_team", "study_publication"),
    "302 403 403 403 404 403 403": ("study_invite", "study_revoke", "study_payments"),
    "302 403 403 403 200 200 200": (
        "objective_add", "objective_cost", "objective_recipe",
        "lyricsalignment_add", "rendering_add", "trainingrun_add", "trainingrun_cost", "trainingrun_recipe",
    ),
    "302 403 403 403 403 403 200": ("objective_delete", "rendering_delete", "study_add", "trainingrun_delete"),
    "302 403 403 403 403 403 403": (
        "assessor_add", "assessor_delete", "audio_add", "audio_delete", "checkpoint_add", "checkpoint_delete",
        "item_add", "item_delete", "rating_add", "rating_delete", "ratingset_add", "ratingset_delete", "session_add",
        "session_delete", "stimulus_add", "stimulus_delete",
    ),
    "302 404 302 302 404 302 302": ("study_change",),
    "302 404 200 200 404 200 200": ("study_history",),
    "302 404 200 403 404 200 200": ("session_decide",),
    "302 405 405 405 405 405 405": (
        "study_do", "study_bundle", "objective_draft", "study_sounds_cancel", "study_sounds_check",
        "study_sounds_discard", "study_sounds_excerpt", "study_sounds_file", "study_sounds_files", "study_sounds_fix",
        "study_sounds_folder", "study_sounds_place", "study_sounds_prepare", "study_sounds_rename",
        "lyricsalignment_correct", "lyricsalignment_use",
    ),
    "302 403 404 404 404 404 404": ("study_sounds_play",),
    "302 403 403 404 404 404 404": ("study_analysis_file",),
    "302 403 403 405 404 405 405": ("study_analysis_start", "study_analysis_cancel"),
    "302 404 404 200 404 200 200": ("trainingrun_watch",),
    "302 404 404 403 404 200 200": ("objective_cancel", "rendering_cancel", "trainingrun_cancel"),
    "302 404 404 404 404 404 404": ("trainingrun_example", "lyricsalignment_export", "lyricsalignment_recording"),
    "302 404 403 403 404 200 200": ("study_delete", "lyricsalignment_cancel"),
    "302 403 403 403 302 200 200": ("lyricsalignment_delete",),
    "302 404 404 403 404 403 404": ("checkpoint_promote",),
}  # fmt: skip

SECOND_PARTS = {
    "session_decide": "exclude",
    "study_analysis_file": "index.html",
    "study_sounds_file": 1,
    "study_sounds_play": 1,
    "trainingrun_example": 1,
}
"""What stands in an address after the row's number, where that is not `close`."""


@pytest.fixture
def world(tmp_path):
    """Return the study, another one, and the people by what they are to the first."""
    study, other = ring(tmp_path), ring(tmp_path, "elsewhere")
    return study, other, everybody(study, other)


def signed_in(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def addresses(study: Study) -> dict[str, str]:
    """Return every address of the admin's pages of our tables, by its name, for a row of `study` where it takes one."""
    found = {}
    for model, pages in admin.site._registry.items():
        if model not in ACCESS:
            continue
        row = ACCESS[model].within(QuerySet(model), Study.objects.filter(pk=study.pk)).first()
        for page in pages.get_urls():
            if page.name:
                name = page.name.removeprefix("listening_")
                own = [row.pk, SECOND_PARTS.get(name, "close"), "none.flac"][: page.pattern.regex.groups]
                found[name] = reverse(f"admin:{page.name}", args=own)
    return found


def test_every_address_of_the_admin_answers_everybody_as_their_role_says(world):
    study, _other, people = world
    every = addresses(study)
    expected = {name: statuses for statuses, names in EXPECTED.items() for name in names}
    assert set(every) == set(expected), f"each page has its line in the table: {set(every) ^ set(expected)}"
    clients = [signed_in(people[who]) for who in PEOPLE]
    found = {name: " ".join(str(each.get(at).status_code) for each in clients) for name, at in every.items()}
    assert found == expected, {name: found[name] for name in found if found[name] != expected[name]}


def test_no_list_filter_or_choice_names_a_study_to_whom_it_is_closed(world):
    study, other, people = world
    for who in ("assistant", "analyst", "owner"):
        for name, address in addresses(study).items():
            answer = signed_in(people[who]).get(address)
            if answer.status_code == 200 and not answer.streaming:
                assert other.slug not in answer.content.decode(), f"{name} as {who}"


def act(user: User, model: str, action: str, *rows) -> str:
    chosen = {"action": action, "_selected_action": [row.pk for row in rows]}
    address = reverse(f"admin:listening_{model}_changelist")
    answer = signed_in(user).post(address, chosen, follow=True)
    return answer.content.decode() if not answer.streaming else b"".join(answer.streaming_content).decode()


def test_an_action_on_rows_of_several_studies_moves_those_alone_on_which_the_user_has_the_right(world):
    study, other, people = world
    StudyRole.objects.create(study=other, user=people["owner"], role="analyst")
    assert "You are not allowed to do this to 1 row" in act(people["owner"], "study", "close", study, other)
    assert [Study.objects.get(pk=each.pk).status for each in (study, other)] == ["closed", "open"]


def test_two_forms_of_actions_on_one_page_do_not_confuse_whose_right_is_asked_for(world):
    _study, other, people = world
    StudyRole.objects.create(study=other, user=people["owner"], role="analyst")
    both = {"action": ["close", "download"], "index": "0", "_selected_action": [other.pk]}
    signed_in(people["owner"]).post(reverse("admin:listening_study_changelist"), both)
    assert Study.objects.get(pk=other.pk).status == "open"


def test_an_assistant_marks_pilots_of_their_study_and_of_no_other_they_only_read(world):
    study, other, people = world
    StudyRole.objects.create(study=other, user=people["assistant"], role="analyst")
    sessions = list(Session.objects.order_by("-study__pk", "number"))
    form = {"form-TOTAL_FORMS": len(sessions), "form-INITIAL_FORMS": len(sessions), "_save": "Save"}
    for number, session in enumerate(sessions):
        form[f"form-{number}-id"] = session.pk
    own = next(number for number, session in enumerate(sessions) if session.study_id == study.pk)
    alien = next(number for number, session in enumerate(sessions) if session.study_id == other.pk)
    client, address = signed_in(people["assistant"]), reverse("admin:listening_session_changelist")
    assert client.post(address, form | {f"form-{alien}-pilot": "on"}).status_code == 403
    assert client.post(address, form | {f"form-{own}-pilot": "on"}).status_code == 302
    assert [session.study for session in Session.objects.filter(pilot=True)] == [study]


def test_an_assistant_reads_no_reply_on_the_page_of_a_sitting(world):
    study, _other, people = world
    question = study.questions.create(key="words", text="What did you hear?", kind="text")
    session = study.sessions.first()
    session.replies.create(question=question, value="mostly drums")
    address = reverse("admin:listening_session_change", args=[session.pk])
    assert "mostly drums" not in signed_in(people["assistant"]).get(address).content.decode()
    assert "mostly drums" in signed_in(people["analyst"]).get(address).content.decode()


def test_what_is_fitted_to_several_studies_is_seen_by_whoever_reads_all_of_them(world):
    study, other, people = world
    objective = study.rating_sets.get().objectives.get()
    objective.ratings.add(other.rating_sets.get())
    address = reverse("admin:listening_objective_change", args=[objective.pk])
    assert signed_in(people["owner"]).get(address).status_code == 302
    StudyRole.objects.create(study=other, user=people["owner"], role="analyst")
    assert signed_in(people["owner"]).get(address).status_code == 200


def test_djangos_permission_for_a_table_holds_for_every_row_of_it(world):
    study, other, _people = world
    user = staff("librarian")
    user.user_permissions.add(Permission.objects.get(codename="view_item"))
    for each in (study, other):
        item = Item.objects.get(study=each)
        assert signed_in(user).get(reverse("admin:listening_item_change", args=[item.pk])).status_code == 200
        assert signed_in(user).get(reverse("admin:listening_study_results", args=[each.pk])).status_code == 403


def test_who_makes_a_study_owns_it(world):
    user = staff("founder")
    user.user_permissions.add(Permission.objects.get(codename="add_study"))
    form = {"slug": "mine", "title": "Mine", "preset": "mushra", "language": "en", "rate": 44100, "loudness": -24}
    answer = signed_in(user).post(reverse("admin:listening_study_add"), form, follow=True)
    assert answer.status_code == 200
    assert StudyRole.objects.get(user=user).study.slug == "mine"
    assert StudyRole.objects.get(user=user).role == "owner"


def test_a_locked_account_has_no_role(world):
    study, _other, people = world
    User.objects.filter(username="owner").update(is_active=False)
    assert signed_in(people["owner"]).get(reverse("admin:listening_study_change", args=[study.pk])).status_code == 302
