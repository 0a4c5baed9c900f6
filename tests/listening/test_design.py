"""Plans: balanced, reproducible, replicates apart."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listening.design import Design, choose, plan, williams

SEEDS = st.integers(0, 2**31 - 1)


def design(items: int, *, seed: int = 1, attributes: int = 2, **fields) -> Design:
    return Design(
        list(range(100, 100 + attributes)), {n: [10 * n, 10 * n + 1, 10 * n + 2] for n in range(items)}, seed, **fields
    )


@given(SEEDS, st.integers(1, 12), st.data())
@settings(max_examples=60, deadline=None)
def test_with_k_of_n_items_every_n_sessions_rate_each_item_exactly_k_times(seed, n, data):
    k = data.draw(st.integers(1, n))
    made = design(n, seed=seed, items_per_session=k)
    cycle = data.draw(st.integers(0, 3))
    chosen = [choose(made, number) for number in range(cycle * n, (cycle + 1) * n)]
    assert all(len(set(items)) == k for items in chosen)
    assert Counter(item for items in chosen for item in items) == dict.fromkeys(range(n), k)


@given(st.integers(1, 9))
def test_a_williams_square_is_latin_and_each_follows_each_other_equally_often(size):
    rows = williams(size)
    for place in range(size):
        assert set(Counter(row[place] for row in rows).values()) == {len(rows) // size}
    follows = Counter(pair for row in rows for pair in pairwise(row))
    assert len(follows) == size * (size - 1)
    assert len(set(follows.values())) <= 1


@given(SEEDS, st.integers(0, 200))
@settings(max_examples=30, deadline=None)
def test_the_same_seed_and_number_give_the_same_plan(seed, number):
    assert plan(design(5, seed=seed, replicates=1), number) == plan(design(5, seed=seed, replicates=1), number)


def test_other_sessions_and_other_seeds_have_other_plans():
    plans = [tuple(plan(design(6, seed=seed), number)) for seed in range(3) for number in range(20)]
    assert len(set(plans)) == len(plans)


@given(SEEDS, st.integers(2, 12), st.integers(1, 12), st.integers(0, 30))
@settings(max_examples=100, deadline=None)
def test_a_replicate_comes_later_and_never_directly_after_the_first_when_there_are_two_items(seed, n, again, number):
    pages = plan(design(n, seed=seed, attributes=1, replicates=again), number)
    places = {(page.item, page.replicate): place for place, page in enumerate(pages)}
    repeated = [item for item, replicate in places if replicate == 1]
    assert len(repeated) == min(again, (n + 1) // 2)
    assert all(places[item, 1] - places[item, 0] > 1 for item in repeated)


@given(SEEDS, st.integers(1, 8), st.integers(1, 4), st.integers(0, 20))
@settings(max_examples=50, deadline=None)
def test_every_item_is_rated_on_every_attribute_with_all_its_stimuli(seed, n, attributes, number):
    made = design(n, seed=seed, attributes=attributes)
    pages = plan(made, number)
    assert sorted((page.attribute, page.item) for page in pages) == [(a, i) for a in made.attributes for i in range(n)]
    assert all(sorted(page.stimuli) == made.items[page.item] for page in pages)


def test_attributes_come_in_blocks_whose_order_is_balanced_over_sessions():
    firsts = []
    for number in range(6):
        blocks = [page.attribute for page in plan(design(4, attributes=3), number)]
        order = list(dict.fromkeys(blocks))
        assert blocks == [attribute for attribute in order for _ in range(4)]
        firsts.append(order[0])
    assert Counter(firsts) == {100: 2, 101: 2, 102: 2}


def test_every_stimulus_stands_at_every_place_about_equally_often():
    places = Counter(page.stimuli.index(0) for number in range(600) for page in plan(design(1, attributes=1), number))
    assert all(places[place] == pytest.approx(200, abs=50) for place in range(3))
