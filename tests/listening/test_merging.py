"""Two researchers edit one study: neither loses what the other has saved."""

import pytest
from django.urls import reverse

from listening import audit
from listening.models import Study
from tests import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    """Return a draft with two attributes."""
    return builders.study(tmp_path, introduction="Welcome.", thanks="Thanks.", preset="ab")


def shown(client, study: Study, tab: str) -> dict:
    """Return the fields of a form as a browser would send them back untouched."""
    context = client.get(reverse(f"admin:listening_study_{tab}", args=[study.pk])).context
    sent = _fields(context["adminform"].form)
    for formset in context["inline_admin_formsets"]:
        sent |= _fields(formset.formset.management_form)
        for form in formset.formset.forms:
            sent |= _fields(form)
    return sent


def _fields(form) -> dict:
    sent = {}
    for bound in form:
        value = bound.value()
        if name := {"changed_rules": "changed_rules"}.get(bound.name):
            parts = bound.field.widget.decompress(value)
            sent |= dict(zip([f"{name}_{each}" for each in ("only_sounding", "all_heard", "to_end", "all_moved",
                "one_full", "start", "show_number", "open_mixture", "ties")], parts))  # fmt: skip
        elif value is not None and value is not False:
            sent[bound.html_name] = value
    return sent


def save(client, study: Study, tab: str, sent: dict):
    return client.post(reverse(f"admin:listening_study_{tab}", args=[study.pk]), sent, follow=True)


def test_changes_of_different_fields_are_both_kept_and_the_second_is_told(admin_client, study):
    first, second = shown(admin_client, study, "questions"), shown(admin_client, study, "questions")
    save(admin_client, study, "questions", first | {"introduction": "Good day."})
    answer = save(admin_client, study, "questions", second | {"thanks": "Many thanks."})
    study.refresh_from_db()
    assert (study.introduction, study.thanks) == ("Good day.", "Many thanks.")
    assert "Somebody else changed this in the meantime" in answer.content.decode()
    assert "Introduction" in answer.content.decode()


def test_where_both_changed_one_field_the_second_is_asked_and_may_insist(admin_client, admin_user, study):
    first, second = shown(admin_client, study, "questions"), shown(admin_client, study, "questions")
    save(admin_client, study, "questions", first | {"introduction": "Good day.", "thanks": "Bye."})
    asked = save(admin_client, study, "questions", second | {"introduction": "Hello."})
    study.refresh_from_db()
    assert study.introduction == "Good day."
    html = asked.content.decode()
    assert "admin changed this to “Good day.”" in html
    assert "Hello." in html
    form = asked.context["adminform"].form
    again = second | {"introduction": "Hello.", "made_with": form["made_with"].value()}
    save(admin_client, study, "questions", again)
    study.refresh_from_db()
    assert (study.introduction, study.thanks) == ("Hello.", "Bye.")


def test_the_same_change_by_both_is_no_clash(admin_client, study):
    first, second = shown(admin_client, study, "questions"), shown(admin_client, study, "questions")
    for sent in (first, second):
        answer = save(admin_client, study, "questions", sent | {"introduction": "Good day."})
        assert "while you were editing" not in answer.content.decode()


def test_what_nobody_touched_is_not_written(admin_client, study):
    answer = save(admin_client, study, "design", shown(admin_client, study, "design"))
    assert answer.status_code == 200
    assert "meanwhile" not in answer.content.decode()
    assert audit.of(study).get().get_change_message() == "No fields changed."


def test_rules_and_numbers_are_merged_too(admin_client, study):
    first, second = shown(admin_client, study, "design"), shown(admin_client, study, "design")
    save(admin_client, study, "design", first | {"changed_rules_ties": "no"})
    save(admin_client, study, "design", second | {"replicates": 2})
    study.refresh_from_db()
    assert (study.changed_rules, study.replicates) == ({"ties": False}, 2)


def test_rows_below_a_study_are_merged_field_by_field(admin_client, study):
    first, second = shown(admin_client, study, "questions"), shown(admin_client, study, "questions")
    save(admin_client, study, "questions", first | {"attributes-0-name": "Sound"})
    save(admin_client, study, "questions", second | {"attributes-0-question": "How does it sound?"})
    attribute = study.attributes.first()
    assert (attribute.name, attribute.question) == ("Sound", "How does it sound?")
    third = second | {"attributes-0-name": "Voice"}
    asked = save(admin_client, study, "questions", third)
    assert "while you were editing" in asked.content.decode()
    attribute.refresh_from_db()
    assert attribute.name == "Sound"
