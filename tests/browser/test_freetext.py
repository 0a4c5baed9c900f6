"""What is written freely is counted below its field as the server counts it, and is never cut."""

import uuid

import pytest
from playwright.sync_api import expect

from listening.models import Assessor, Session, Study

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def at_comment(page, live_server, study, **fields) -> Session:
    Study.objects.filter(pk=study.pk).update(**fields)
    session = Session.objects.begin(study, Assessor.objects.create())
    session.consent()
    session.instruct()
    for trial in session.trials.all():
        for slot in trial.slots.all():
            slot.answer(50, order=1, key=uuid.uuid4())
        trial.finish()
    page.goto(f"{live_server.url}{session.get_absolute_url()}")
    return session


def test_a_comment_is_counted_as_it_is_stored_and_one_that_is_too_long_waits_to_be_shortened(live_server, page, study):
    session = at_comment(page, live_server, study)
    field, count = page.get_by_label("Is there anything"), page.locator("character-count")
    expect(count.locator(".seen")).to_have_text("0 of 4,000 characters")
    field.fill(" one\ntwo 😀 ")
    expect(count.locator(".seen")).to_have_text("9 of 4,000 characters")
    expect(count.get_by_role("status")).to_have_text("9 of 4,000 characters")
    typed = 40 * (99 * "a" + "\n") + "b!"
    field.fill(typed)
    expect(count.locator(".seen")).to_have_text("4,002 of 4,000 characters")
    expect(count).to_have_attribute("data-over", "")
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_role("alert")).to_contain_text("please shorten it by 2.")
    assert field.input_value() == typed
    assert field.evaluate("field => field.getAttribute('aria-describedby')") == "comment_error comment_count"
    field.fill(typed[:-2])
    expect(count.locator(".seen")).to_have_text("3,999 of 4,000 characters")
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    session.refresh_from_db()
    assert session.comment == typed[:-3]


def test_the_numbers_are_those_of_the_pages_language(live_server, page, study):
    at_comment(page, live_server, study, language="de")
    expect(page.locator("character-count .seen")).to_contain_text("4.000")
