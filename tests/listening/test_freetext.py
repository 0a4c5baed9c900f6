"""Nothing that an assessor writes is cut without a word: a longer text comes again, whole, with what is over."""

import re
import uuid

import pytest
from django.core.cache import cache
from django.urls import reverse

from listening.models import Assessor, Question, Reply, Session, Stage
from listening.participant import codes
from listening.participant.sitting.freetext import as_stored, too_long
from tests import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    made = builders.study(tmp_path, items=1, attributes=("quality",), replicates=0)
    made.open()
    return made


def sitting(study) -> Session:
    session = Session.objects.begin(study, Assessor.objects.create())
    session.consent()
    session.instruct()
    return session


@pytest.fixture
def at_the_end(study) -> Session:
    session = sitting(study)
    for trial in session.trials.all():
        for slot in trial.slots.all():
            slot.answer(50, order=1, key=uuid.uuid4())
        trial.finish()
    return session


def at(session: Session, name: str, *more) -> str:
    return reverse(f"participant:{name}", args=[session.token, *more])


def test_a_comment_that_is_too_long_comes_again_whole_and_says_by_how_much(client, at_the_end):
    typed = "ä" * 4000 + " the end"
    page = client.post(at(at_the_end, "comment"), {"comment": typed})
    assert page.status_code == 422
    text = page.content.decode()
    assert f"{typed}</textarea>" in text
    assert "This text has 4,008 characters; at most 4,000 are stored: please shorten it by 8." in text
    assert 'aria-describedby="comment_error comment_count" aria-invalid="true"' in text
    at_the_end.refresh_from_db()
    assert (at_the_end.stage, at_the_end.comment) == (Stage.COMMENT, "")
    client.post(at(at_the_end, "comment"), {"comment": typed[8:]})
    at_the_end.refresh_from_db()
    assert (at_the_end.stage, at_the_end.comment) == (Stage.DONE, typed[8:])


def test_the_end_of_a_line_is_one_character_however_a_browser_posts_it(client, at_the_end):
    typed = "\r\n".join("a" * 1000 for _ in range(4))[:-3]
    assert len(typed) == 4003
    assert len(as_stored(typed)) == 4000
    assert client.post(at(at_the_end, "comment"), {"comment": f"\r\n{typed}\r\n"}).status_code == 302
    at_the_end.refresh_from_db()
    assert at_the_end.comment == typed.replace("\r\n", "\n")


def test_numbers_are_written_as_the_page_is(client, at_the_end):
    header = {"Accept-Language": "de"}
    page = client.post(at(at_the_end, "comment"), {"comment": "a" * 5000}, headers=header).content.decode()
    assert "5.000" in page
    assert "1.000" in page


def test_a_long_comment_sent_again_after_the_end_leads_to_the_end(client, at_the_end):
    client.post(at(at_the_end, "comment"), {"comment": "short"})
    assert client.post(at(at_the_end, "comment"), {"comment": "a" * 5000}).url == at_the_end.get_absolute_url()
    at_the_end.refresh_from_db()
    assert at_the_end.comment == "short"


def test_a_reply_that_is_too_long_comes_again_whole_and_the_others_stay(client, tmp_path):
    study = builders.study(tmp_path, items=1, attributes=("quality",), replicates=0)
    for key, kind in {"ears": "text", "age": "number"}.items():
        Question.objects.create(study=study, key=key, text=key, kind=kind)
    study.open()
    session = Session.objects.begin(study, Assessor.objects.create())
    session.consent()
    lines = "\r\n".join(["a" * 1999, "b" * 2000, "c"])
    page = client.post(at(session, "questions", "before"), {"q-ears": lines, "q-age": "30"})
    assert page.status_code == 422
    text = page.content.decode()
    assert "This text has 4,002 characters; at most 4,000 are stored: please shorten it by 2." in text
    assert "c</textarea>" in text
    assert 'value="30"' in text
    assert not Reply.objects.exists()
    assert client.post(at(session, "questions", "before"), {"q-ears": lines[:-3], "q-age": "30"}).status_code == 302
    assert Reply.objects.get(question__key="ears").value == f"{'a' * 1999}\n{'b' * 2000}"


def test_no_field_lets_a_browser_cut_what_is_pasted(client, at_the_end, tmp_path):
    addresses = [at_the_end.get_absolute_url(), reverse("participant:resume", args=[at_the_end.study.slug])]
    (tmp_path / "asked").mkdir()
    study = builders.study(tmp_path / "asked", slug="asked")
    Question.objects.create(study=study, key="ears", text="ears", kind="text")
    study.open()
    session = Session.objects.begin(study, Assessor.objects.create())
    session.consent()
    for address in [*addresses, session.get_absolute_url()]:
        page = client.get(address).content.decode()
        fields = re.findall(r"<(?:textarea|input)[^>]*>", page)
        assert fields
        assert not any("maxlength" in field for field in fields)


def test_a_field_says_how_much_is_stored_before_any_script_runs(client, at_the_end):
    page = client.get(at_the_end.get_absolute_url()).content.decode()
    assert 'data-most="4000"' in page
    assert '<span class="seen" id="comment_count">At most 4,000 characters are stored.</span>' in page


def test_a_personal_code_is_found_in_whatever_blanks_were_pasted_with_it(client, study):
    cache.clear()
    session = sitting(study)
    typed = " " * 60 + codes.grouped(session.code) + "\r\n"
    address = reverse("participant:resume", args=[study.slug])
    assert client.post(address, {"code": typed}).url == session.get_absolute_url()


@pytest.mark.parametrize(("length", "over"), [(0, False), (4000, False), (4001, True)])
def test_a_text_is_too_long_from_one_character_more_than_is_stored(length, over):
    assert bool(too_long("😀" * length)) is over
