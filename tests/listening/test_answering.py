"""Who answers for a study: read before anybody agrees, at hand for whoever is stuck, asked for before it opens."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from listening import stimuli
from listening.models import Assessor, Session, Study
from tests import builders

pytestmark = pytest.mark.django_db

WHO = {
    "responsible": "Dr. Ada Rose", "institution": "University of Northfield", "contact": "ada@northfield.example",
    "ethics": "24-017, Committee A",
}  # fmt: skip
LINK = '<a href="mailto:ada@northfield.example">ada@northfield.example</a>'


def opened(folder, **fields) -> Study:
    made = builders.study(folder, **fields)
    made.open()
    return made


def html(client, address: str) -> str:
    return client.get(address).content.decode()


def sitting(study: Study, **reached) -> str:
    session = Session.objects.begin(study, Assessor.objects.create())
    session.consent()
    Session.objects.filter(pk=session.pk).update(**{name: timezone.now() for name in reached})
    return session.get_absolute_url()


def test_the_first_page_says_who_is_responsible_where_and_how_to_reach_them(client, tmp_path):
    study = opened(tmp_path, **WHO)
    personal = Session.objects.begin(study, Assessor.objects.create())
    for address in (study.get_absolute_url(), personal.get_absolute_url()):
        welcome = html(client, address)
        assert "Dr. Ada Rose<br>University of Northfield" in welcome
        assert LINK in welcome
        assert "24-017, Committee A" in welcome
        assert welcome.index("Dr. Ada Rose") < welcome.index("I agree")


def test_of_what_is_not_set_no_label_is_left(client, tmp_path):
    study = opened(tmp_path)
    assert "answerable" not in html(client, study.get_absolute_url())
    Study.objects.update(institution="University of Northfield")
    welcome = html(client, study.get_absolute_url())
    assert "<dd>University of Northfield</dd>" in welcome
    for label in ("Contact", "Ethics approval"):
        assert label not in welcome


@pytest.mark.parametrize(
    ("contact", "pieces"),
    [
        ("ada@northfield.example", [("ada@northfield.example", "mailto:ada@northfield.example")]),
        ("+44 (0)1483 300-800", [("+44 (0)1483 300-800", "tel:+4401483300800")]),
        ("Room 12", [("Room 12", "")]),
        (
            "Ada: ada@n.example, or 01483 300800.",
            [
                ("Ada: ", ""), ("ada@n.example", "mailto:ada@n.example"), (", or ", ""),
                ("01483 300800", "tel:01483300800"), (".", ""),
            ],
        ),
        ("test2024123@n.example", [("test2024123@n.example", "mailto:test2024123@n.example")]),
        ("", []),
    ],
)  # fmt: skip
def test_e_mail_addresses_and_telephone_numbers_become_links_and_other_words_stay(contact, pieces):
    assert Study(contact=contact).contact_pieces == pieces


def test_what_a_researcher_wrote_is_no_markup(client, tmp_path):
    study = opened(tmp_path, contact="<b>@x.example", responsible="<i>A</i>")
    welcome = html(client, study.get_absolute_url())
    assert "<i>" not in welcome
    assert "<b>" not in welcome


def test_whoever_is_stuck_finds_the_contact(client, tmp_path):
    study = opened(tmp_path, **WHO)
    ends = [sitting(study, finished_at=True), sitting(study, screened_at=True)]
    for address in ends:
        assert LINK in html(client, address)
    declined = client.post(study.get_absolute_url() + "?new", {"answer": "decline"}).content.decode()
    assert LINK in declined
    study.close()
    assert LINK in html(client, study.get_absolute_url() + "?new")


def test_where_no_contact_is_set_nothing_is_asked(client, tmp_path):
    study = opened(tmp_path)
    assert "Questions about this study" not in html(client, sitting(study, finished_at=True))


def test_a_redraft_and_a_new_study_carry_who_answers_for_them(tmp_path):
    made = stimuli.new_study("pilot", "Pilot", "ward-2", **WHO)
    again = stimuli.redraft(made, "again")
    assert {name: getattr(again, name) for name in WHO} == WHO


@pytest.fixture
def open_up(client):
    """Return a function that asks to open studies as a researcher; gives the page that answers."""
    client.force_login(User.objects.create_superuser("researcher"))

    def asked(*studies: Study, **sent) -> str:
        chosen = {"action": "open", "_selected_action": [study.pk for study in studies]}
        return client.post(reverse("admin:listening_study_changelist"), chosen | sent, follow=True).content.decode()

    return asked


def status(study: Study) -> str:
    return Study.objects.get(pk=study.pk).status


def typed(study: Study, **values) -> dict[str, str]:
    return {f"study-{study.pk}-{name}": value for name, value in values.items()}


def test_a_study_that_nobody_answers_for_asks_before_it_opens_and_saves_what_is_told(open_up, tmp_path):
    study = builders.study(tmp_path, responsible="Dr. Ada Rose")
    page = open_up(study)
    assert "Who answers for it?" in page
    assert 'value="Dr. Ada Rose"' in page
    assert status(study) == "draft"
    page = open_up(study, _answered="Save and open", **typed(study, **WHO))
    assert "1 study opened." in page
    assert status(study) == "open"
    assert Study.objects.filter(pk=study.pk, **WHO).exists()


def test_save_and_open_needs_all_but_the_ethics_approval(open_up, tmp_path):
    study = builders.study(tmp_path)
    for missing in ("responsible", "institution", "contact"):
        page = open_up(study, _answered="Save and open", **typed(study, **{**WHO, missing: ""}))
        assert page.count("This field is required.") == 1
        assert status(study) == "draft"
        assert not Study.objects.exclude(responsible="").exists()
    open_up(study, _answered="Save and open", **typed(study, **{**WHO, "ethics": ""}))
    assert status(study) == "open"


def test_a_study_may_be_opened_without_and_nothing_typed_is_kept(open_up, tmp_path):
    study = builders.study(tmp_path)
    open_up(study, _without="Open without", **typed(study, **WHO))
    assert status(study) == "open"
    assert not Study.objects.get().responsible


def test_only_studies_that_lack_it_are_asked_about_and_all_are_opened_together(open_up, tmp_path):
    known, lacking = builders.study(tmp_path, **WHO), builders.study(tmp_path, slug="other", title="Other")
    page = open_up(known, lacking)
    assert f"study-{lacking.pk}-contact" in page
    assert f"study-{known.pk}-contact" not in page
    assert (status(known), status(lacking)) == ("draft", "draft")
    open_up(known, lacking, _answered="Save and open", **typed(lacking, **WHO))
    assert (status(known), status(lacking)) == ("open", "open")


def test_of_a_study_that_cannot_be_opened_nothing_is_asked(open_up, tmp_path):
    study = opened(tmp_path)
    assert "in its current state" in open_up(study)
    empty = stimuli.new_study("empty", "Empty", "ward-2")
    assert "has nothing to rate yet" in open_up(empty)


def test_the_shell_opens_a_study_without_being_asked(tmp_path):
    assert builders.study(tmp_path).open()


def test_who_answers_is_edited_on_the_studys_page_even_while_it_is_open(admin_client, tmp_path):
    study = opened(tmp_path)
    page = html(admin_client, reverse("admin:listening_study_questions", args=[study.pk]))
    for name in WHO:
        assert f'name="{name}"' in page


@pytest.mark.parametrize(
    ("fields", "said", "unsaid"),
    [
        ({"completion_code": "C-1", "return_url": "https://r.example/?a=1"}, ["C-1", "copy the code above"], []),
        ({"completion_code": "C-1"}, ["C-1", "Copy this code"], ["does not open"]),
        ({"return_url": "https://r.example/?a=1&b=2"}, ["https://r.example/?a=1&amp;b=2</code>"], ["code above"]),
        ({}, ["You may close this page"], ["does not open", "copy-text"]),
    ],
)
def test_the_last_page_has_a_way_back_where_the_link_fails(client, tmp_path, fields, said, unsaid):
    page = html(client, sitting(opened(tmp_path, **fields), finished_at=True)).split("<main")[1]
    assert all(words in page for words in said)
    assert not any(words in page for words in unsaid)


def test_whoever_is_screened_out_has_the_recruiters_address_as_text_too(client, tmp_path):
    study = opened(tmp_path, screen_out_url="https://r.example/out", completion_code="C-1")
    page = html(client, sitting(study, screened_at=True))
    assert "https://r.example/out</code>" in page
    assert "C-1" not in page
