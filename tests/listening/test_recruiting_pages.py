"""What a researcher sets, makes and exports about who comes; every action on it leaves a line in the history."""

import csv
import io

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from listening import audit
from listening.models import Invitation, Session
from tests.listening.test_recruiting import PROLIFIC, agree, door, opened, sat

pytestmark = pytest.mark.django_db


def at(study, name: str) -> str:
    return reverse(f"admin:listening_study_{name}", args=[study.pk])


def rows(response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))


def log(study) -> list[str]:
    return [each.change_message for each in audit.of(study)]


def test_personal_links_come_in_a_file_this_once_and_work(admin_client, tmp_path):
    study = opened(tmp_path, invited_only=True)
    made = rows(admin_client.post(at(study, "invite"), {"number": 3, "label": "panel"}))
    assert [each["label"] for each in made] == ["panel 1", "panel 2", "panel 3"]
    assert Client().get(made[1]["link"]).status_code == 200
    assert made[1]["link"].split("=")[1] not in admin_client.get(at(study, "recruit")).content.decode()
    assert log(study) == ["made: 3 personal links"]


def test_chosen_links_are_revoked_and_the_others_stay(admin_client, tmp_path):
    study = opened(tmp_path)
    admin_client.post(at(study, "invite"), {"labels": "Ada\nBen\n\nCho"})
    ada = study.invitations.get(label="Ada")
    admin_client.post(at(study, "revoke"), {"invitation": [ada.pk]})
    assert sorted(study.invitations.unused().values_list("label", flat=True)) == ["Ben", "Cho"]
    admin_client.post(at(study, "revoke"), {"all": "1"})
    assert not study.invitations.unused().exists()


def test_the_payment_list_says_who_finished_and_by_what_the_recruiter_knows_them(admin_client, tmp_path):
    study = opened(tmp_path, completion_code="C-1", link_parameters="PROLIFIC_PID STUDY_ID")
    done, out, going = (sat(agree(study, PROLIFIC_PID=f"{number}" * 24)) for number in range(3))
    begun = done.consented_at
    Session.objects.filter(pk=done.pk).update(finished_at=begun.replace(year=begun.year + 1))
    Session.objects.filter(pk=out.pk).update(screened_at=begun)
    found = rows(admin_client.post(at(study, "payments")))
    assert [(each["state"], each["completion_code"]) for each in found] == [
        ("finished", "C-1"), ("screened out", ""), ("under way", ""),
    ]  # fmt: skip
    assert [each["link_PROLIFIC_PID"] for each in found] == ["0" * 24, "1" * 24, "2" * 24]
    assert float(found[0]["minutes"]) >= 365 * 24 * 60
    assert log(study) == ["exported: the payment list"]
    assert going.study == study


def test_what_a_recruiter_knows_stands_in_no_other_export(admin_client, tmp_path):
    study = opened(tmp_path)
    session = sat(agree(study, **PROLIFIC))
    for trial in session.trials.all():
        for slot in trial.slots.all():
            slot.answer(50, order=1, key="6f1c4f6e-4d3c-4f0e-9a55-2f4b2f7a2a10")
    ratings = admin_client.get(reverse("admin:listening_study_ratings", args=[study.pk]))
    assert PROLIFIC["PROLIFIC_PID"] not in b"".join(ratings.streaming_content).decode()
    for name in ("listeners", "recruit"):
        assert PROLIFIC["PROLIFIC_PID"] not in admin_client.get(at(study, name)).content.decode()


def test_recruiting_is_set_on_an_open_study_and_says_what_a_link_cannot_carry(admin_client, tmp_path):
    study = opened(tmp_path)
    own = {"link_parameters": "panel_id", "return_url": "r.example/?p={panel_id}", "quota": "8"}
    assert admin_client.post(at(study, "recruit"), own).status_code == 302
    study.refresh_from_db()
    assert (study.link_parameters, study.return_url, study.quota) == ("panel_id", "https://r.example/?p={panel_id}", 8)
    refused = admin_client.post(at(study, "recruit"), own | {"link_parameters": "new"}).content.decode()
    assert "names of letters" in refused


def test_who_may_only_look_makes_no_link_and_gets_no_list(client, tmp_path):
    study = opened(tmp_path)
    looker = User.objects.create_user("looker", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_study"))
    client.force_login(looker)
    assert [client.post(at(study, name)).status_code for name in ("recruit", "invite", "revoke", "payments")] == [
        403
    ] * 4
    assert not Invitation.objects.exists()


def test_a_study_is_paused_and_goes_on_from_its_page(admin_client, tmp_path):
    study = opened(tmp_path)
    for verb, paused in (("pause", True), ("go_on", False)):
        admin_client.post(reverse("admin:listening_study_do", args=[study.pk, verb]))
        study.refresh_from_db()
        assert study.paused is paused
        assert Client().get(door(study)).status_code == (403 if paused else 200)
    assert log(study) == ["went on", "paused"]
