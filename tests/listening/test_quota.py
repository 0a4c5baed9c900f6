"""A study that asks for so many ratings of each cell is full once every cell has them, and not before."""

import datetime as dt
import random
from collections import Counter
from itertools import count

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from listening.design import Design, plan, top_up
from listening.exports import watch
from listening.models import Assessor, Full, Notice, Session, Study
from listening.models.notices import fill_up
from listening.models.quota import rated, sittings_needed
from tests import builders

pytestmark = pytest.mark.django_db


@st.composite
def designs(draw) -> Design:
    n, attributes = draw(st.integers(1, 9)), draw(st.integers(1, 3))
    items = {item: (10 * item, 10 * item + 1) for item in range(n)}
    return Design(range(attributes), items, draw(st.integers(0, 99)), draw(st.integers(1, n)), replicates=1)


def sat_until_full(design: Design, ratings: int, chance: random.Random, drop_out: float) -> list[list[int]]:
    """Return the items of each finished sitting: up to five sit at a time, and some give their place up again."""
    finished: dict[int, list[int]] = {}
    running: dict[int, list[int]] = {}
    while True:
        held = Counter(item for own in (*finished.values(), *running.values()) for item in own)
        needed = {item: ratings - held[item] for item in design.items}
        if max(needed.values()) > 0 and len(running) < 5 and (not running or chance.random() < 0.6):
            cell = next(cell for cell in count() if cell not in finished and cell not in running)
            running[cell] = list(dict.fromkeys(page.item for page in top_up(design, cell, needed)))
        elif running:
            cell = chance.choice(list(running))
            items = running.pop(cell)
            finished |= {} if chance.random() < drop_out else {cell: items}
        else:
            return list(finished.values())


@given(designs(), st.integers(1, 7), st.randoms(use_true_random=False), st.sampled_from([0.0, 0.4]))
@settings(max_examples=60, deadline=None)
def test_whoever_drops_out_every_cell_gets_its_ratings_in_as_few_sittings_as_can_be(design, ratings, chance, drop_out):
    sittings = sat_until_full(design, ratings, chance, drop_out)
    assert {len(items) for items in sittings} == {design.size}
    sat = Counter(item for items in sittings for item in items)
    assert len(sittings) == design.sittings_for(ratings)
    assert set(sat) == set(design.items)
    assert set(sat.values()) <= {ratings, ratings + 1}


def test_while_everything_is_short_the_plan_is_sat_as_it_is():
    design = Design([1, 2], {item: (item, 90 + item) for item in range(5)}, 7, 3, replicates=1)
    assert top_up(design, 4, dict.fromkeys(range(5), 2)) == plan(design, 4)
    topped = top_up(design, 4, {0: 1, 1: 0, 2: 2, 3: -1, 4: 1})
    assert {page.item for page in topped} == {0, 2, 4}
    assert [page.attribute for page in topped] == [page.attribute for page in plan(design, 4)]


@pytest.fixture
def study(tmp_path) -> Study:
    """Return an open study of three items, two to a sitting, in which each cell is to have three ratings."""
    made = builders.study(tmp_path, items=3, systems=1, items_per_session=2, cell_quota=3)
    made.open()
    return made


def come(study: Study, **fields) -> Session:
    session = Session.objects.begin(study, Assessor.objects.create())
    Session.objects.filter(pk=session.pk).update(**fields)
    return session


def finish(study: Study, sittings: int) -> list[Session]:
    return [come(study, finished_at=timezone.now()) for _ in range(sittings)]


def given_ratings(study: Study) -> list[int]:
    return sorted(rated(study, study.sessions.finished().counted()).values())


def test_a_study_is_full_once_every_cell_has_its_ratings(client, study):
    assert sittings_needed(study) == 5
    finish(study, 4)
    assert client.get(study.get_absolute_url()).status_code == 200
    finish(study, 1)
    with pytest.raises(Full):
        come(study)
    assert client.get(study.get_absolute_url()).status_code == 403
    assert given_ratings(study) == [3, 3, 3, 3, 4, 4]


def test_sittings_under_way_hold_their_cells_and_whoever_drops_out_does_not(study):
    Study.objects.update(cell_quota=4)
    sittings = [come(study) for _ in range(6)]
    with pytest.raises(Full):
        come(study)
    silent = timezone.now() - dt.timedelta(minutes=study.hold_minutes + 1)
    Session.objects.filter(pk=sittings[2].pk).update(seen_at=silent)
    items = set(sittings[2].trials.values_list("item", flat=True))
    assert set(come(study).trials.values_list("item", flat=True)) == items


@pytest.mark.parametrize("left", ["excluded_at", "declined_at", "screened_at"])
def test_who_does_not_count_fills_no_cell(study, left):
    come(study, **{left: timezone.now()})
    Session.objects.begin(study, Assessor.objects.create(simulated=True))
    assert sum(rated(study, Session.objects.holding(study)).values()) == 0


def test_whichever_quota_is_reached_first_fills_the_study(study):
    Study.objects.update(quota=2)
    study.refresh_from_db()
    assert sittings_needed(study) == 2
    finish(study, 2)
    with pytest.raises(Full):
        come(study)


def test_an_item_of_several_pages_has_the_ratings_of_its_least_rated_page(tmp_path):
    made = builders.study(tmp_path, items=1, systems=3, attributes=("preference",), preset="ab", cell_quota=2)
    made.open()
    finish(made, 1)
    assert given_ratings(made) == [1]
    assert made.sessions.get().trials.filter(attention=False, replicate=0).count() == 3


def test_the_last_missing_rating_closes_the_study_and_is_told_of_once(study):
    Study.objects.update(close_at_quota=True, notify_email="ada@n.example")
    finish(study, 4)
    assert not fill_up(study)
    finish(study, 1)
    assert fill_up(study)
    assert not fill_up(study)
    study.refresh_from_db()
    assert study.status == "closed"
    assert Notice.objects.get().payload == {
        "event": "study.full", "study": "tones", "finished": 5, "quota": None, "cell_quota": 3, "closed": True,
    }  # fmt: skip


def test_the_listeners_tab_names_the_cells_below_their_quota(admin_client, study):
    finish(study, 4)
    come(study)
    short = watch.short_cells(study)
    assert {(each.count, each.promised) for each in short} == {(2, 1)}
    html = admin_client.get(reverse("admin:listening_study_listeners", args=[study.pk])).content.decode()
    assert "cells have fewer than 3 ratings" in html
    Session.objects.update(finished_at=timezone.now())
    assert watch.short_cells(study) == []


def test_the_forecast_says_how_many_sittings_a_quota_takes(admin_client, study):
    address = reverse("admin:listening_study_forecast", args=[study.pk])
    html = admin_client.get(address, {"cell_quota": 20}).content.decode()
    assert "sessions needed</dt><dd>30 " in html
    assert "for 20 ratings of each cell" in html


def test_recruiting_asks_for_it_and_refuses_none(admin_client, study):
    address = reverse("admin:listening_study_recruit", args=[study.pk])
    sent = admin_client.post(address, {"link_parameters": "", "cell_quota": "0"})
    assert "greater than or equal to 1" in sent.content.decode()
    admin_client.post(address, {"link_parameters": "", "cell_quota": "12"})
    study.refresh_from_db()
    assert study.cell_quota == 12


def test_no_study_asks_for_no_rating(study):
    study.cell_quota = 0
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        study.full_clean()
    with pytest.raises(IntegrityError):
        Study.objects.update(cell_quota=0)
