"""Plans: balanced, reproducible, replicates apart."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listening.design import Design, against, choose, pairs, plan, singles, williams

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


def paired(items: int, stimuli: int, *, seed: int = 1, **fields) -> Design:
    shown = {n: [100 * n + place for place in range(stimuli)] for n in range(items)}
    return Design([7], shown, seed, parts={n: pairs(own) for n, own in shown.items()}, **fields)


@given(st.integers(2, 12))
def test_every_pair_is_met_once_and_each_stimulus_is_as_often_first_as_second(size):
    met = pairs(range(size))
    assert len(met) == size * (size - 1) // 2 == len({frozenset(pair) for pair in met})
    first, second = (Counter(pair[side] for pair in met) for side in (0, 1))
    assert all(abs(first[each] - second[each]) <= (size + 1) % 2 for each in range(size))


@given(SEEDS, st.integers(1, 6), st.integers(2, 6), st.integers(0, 40))
@settings(max_examples=60, deadline=None)
def test_two_successive_sessions_meet_every_pair_of_every_item_both_ways(seed, items, stimuli, half):
    made = paired(items, stimuli, seed=seed)
    met = Counter(page.stimuli for number in (2 * half, 2 * half + 1) for page in plan(made, number))
    everything = {pair for own in made.parts.values() for pair in own}
    assert set(met) == everything | {pair[::-1] for pair in everything}
    assert set(met.values()) == {1}


@given(SEEDS, st.integers(2, 12), st.integers(0, 20))
@settings(max_examples=40, deadline=None)
def test_of_two_systems_neither_stands_on_one_side_all_along(seed, items, number):
    pages = plan(paired(items, 2, seed=seed), number)
    first = sum(page.stimuli[0] % 100 == 0 for page in pages)
    assert abs(2 * first - items) <= 1


@given(SEEDS, st.integers(1, 6), st.integers(1, 6), st.integers(0, 2), st.integers(0, 20))
@settings(max_examples=60, deadline=None)
def test_pages_of_single_stimuli_show_each_once_and_the_replicated_items_twice(seed, items, stimuli, again, number):
    shown = {n: [100 * n + place for place in range(stimuli)] for n in range(items)}
    made = Design([7], shown, seed, replicates=again, parts={n: singles(own) for n, own in shown.items()})
    pages = plan(made, number)
    first = [page.stimuli[0] for page in pages if page.replicate == 0]
    assert sorted(first) == sorted(stimulus for own in shown.values() for stimulus in own)
    repeated = {page.item for page in pages if page.replicate == 1}
    assert len(repeated) == min(again, (items + 1) // 2)
    assert len({(page.item, page.part, page.replicate) for page in pages}) == len(pages)
    for item in repeated:
        parts = [[p.stimuli for p in pages if (p.item, p.replicate, p.part) == (item, r, 0)] for r in (0, 1)]
        assert parts[0] == parts[1]


@given(SEEDS, st.integers(1, 20))
def test_a_replicated_pair_changes_sides(seed, number):
    pages = plan(paired(4, 3, seed=seed, replicates=1), number)
    once = {(page.item, page.part): page.stimuli for page in pages if page.replicate == 0}
    again = [page for page in pages if page.replicate == 1]
    assert len(again) == 3
    assert all(page.stimuli == once[page.item, page.part][::-1] for page in again)


def test_a_reference_stands_first_and_second_by_turns_against_each_other_stimulus():
    assert against(9, [1, 2, 3]) == [(9, 1), (2, 9), (9, 3)]


@given(SEEDS, st.integers(1, 8), st.integers(0, 4), st.integers(0, 20))
@settings(max_examples=60, deadline=None)
def test_attention_pages_come_once_an_item_never_first_and_leave_the_others_as_they_are(seed, items, attention, number):
    controls = {n: [10 * n, 10 * n + 1] for n in range(items)}
    pages = plan(design(items, seed=seed, controls=controls, attention=attention), number)
    for attribute in (100, 101):
        block = [page for page in pages if page.attribute == attribute]
        watching = [page for page in block if page.attention]
        assert len(watching) == len({page.item for page in watching}) == min(attention, items)
        assert not block[0].attention
        assert all(sorted(page.stimuli) == controls[page.item] for page in watching)
        assert sorted(page.item for page in block if not page.attention) == list(range(items))


def test_an_item_that_nothing_is_known_of_has_no_attention_page():
    assert not any(page.attention for page in plan(design(3, attention=2), 0))
