"""The page of an imported study tells what came in and what did not."""

import pytest
from django.urls import reverse

from listening.importers import import_study
from listening.stimuli import redraft
from tests.builders import study
from tests.listening.published import webmushra

pytestmark = pytest.mark.django_db


def test_the_page_of_an_imported_study_lists_what_came_in_and_what_was_left_out(admin_client, tmp_path):
    made = import_study(webmushra(tmp_path), "webmushra")
    page = admin_client.get(reverse("admin:listening_study_sounds", args=[made.pk])).content.decode()
    came = "<li>2 items, 4 conditions: hidden-reference, C1, C2, lowpass-3500</li>"
    assert f"<h3>What was imported</h3><ul>{came}" in page
    assert "<li>1 page of type finish, which has no ratings of sounds</li></ul>" in page


def test_what_files_are_called_is_never_markup_on_the_page(admin_client, tmp_path):
    folder = webmushra(tmp_path)
    config = folder / "configs" / "codecs.yaml"
    config.write_text(config.read_text().replace("type: generic", "type: <b>x</b>"))
    made = import_study(folder, "webmushra")
    page = admin_client.get(reverse("admin:listening_study_sounds", args=[made.pk])).content.decode()
    assert "1 page of type &lt;b&gt;x&lt;/b&gt;, which" in page


def test_a_study_that_was_made_here_has_no_such_list(admin_client, tmp_path):
    made = study(tmp_path)
    assert (
        "What was imported"
        not in admin_client.get(reverse("admin:listening_study_sounds", args=[made.pk])).content.decode()
    )


def test_a_redraft_of_an_imported_study_was_not_imported(admin_client, tmp_path):
    draft = redraft(import_study(webmushra(tmp_path), "webmushra"), "again")
    assert (
        "What was imported"
        not in admin_client.get(reverse("admin:listening_study_sounds", args=[draft.pk])).content.decode()
    )
