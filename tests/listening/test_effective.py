"""The design of a study is told as it holds: each rule with its value, and whether the study changed it."""

import pytest
from django.urls import reverse

from listening.admin.workbench import effective
from listening.presets import PRESETS
from tests import builders

pytestmark = pytest.mark.django_db


def told(study) -> dict[str, effective.Effective]:
    return {each.name: each for _title, group in effective.groups(study) for each in group}


def test_a_rule_is_the_methods_until_the_study_changes_it(tmp_path):
    study = builders.study(tmp_path, replicates=1)
    assert told(study)["where sliders start"] == effective.Effective(
        "where sliders start", "random", "the position of each slider before it is moved", changed=False
    )
    study.changed_rules = {"start": 50.0}
    study.replicates = 3
    assert (told(study)["where sliders start"].value, told(study)["where sliders start"].changed) == ("50", True)
    assert told(study)["replicated trials per attribute"].changed


def test_what_is_empty_is_told_by_what_it_means(tmp_path):
    study = builders.study(tmp_path, items=3, loudness=None)
    assert told(study)["items per session"].value == "all 3"
    assert told(study)["quota of sessions"].value == "no limit"
    assert told(study)["loudness (LUFS)"].value == "as delivered"


@pytest.mark.parametrize("preset", PRESETS)
def test_every_rule_of_every_method_has_a_name_a_value_and_a_meaning(tmp_path, preset):
    study = builders.study(tmp_path, items=1, systems=1, preset=preset)
    for each in effective.rules(study):
        assert each.name
        assert each.value
        assert each.meaning


def test_no_row_of_the_design_is_a_dash(admin_client, tmp_path):
    study = builders.study(tmp_path)
    for moved in (True, study.open()):
        assert moved
        for tab in ("design", "questions"):
            html = admin_client.get(reverse(f"admin:listening_study_{tab}", args=[study.pk])).content.decode()
            assert '<div class="readonly">-</div>' not in html
