"""BS.1534-3, clause by clause."""

from dataclasses import replace

import pytest

from listening.conformity import Facts, check

MUSHRA = Facts(
    attributes=1,
    intervals=("Bad", "Poor", "Fair", "Good", "Excellent"),
    only_sounding=True,
    all_moved=True,
    one_full=True,
    anchors=frozenset({"lowpass-3500", "lowpass-7000"}),
    stimuli_per_item=(8,) * 8,
    items_with_reference=8,
    longest=10.0,
    loudness=-24.0,
    replicates=1,
    items_per_system=(8,) * 5,
    trainings=2,
    medians=(20.0, 45.0, 60.0, 70.0, 85.0),
    assessors=20,
)


def verdicts(facts: Facts) -> dict[str, bool | None]:
    return {finding.clause: finding.met for finding in check(facts)}


def test_a_proper_mushra_test_breaks_nothing_and_leaves_only_what_a_server_cannot_know():
    found = verdicts(MUSHRA)
    assert False not in found.values()
    assert {clause for clause, met in found.items() if met is None} == {"panel", "transducers", "level"}


@pytest.mark.parametrize(
    ("clause", "change"),
    [
        ("method", {"open_reference": False}),
        ("hidden reference", {"items_with_reference": 7}),
        ("anchors", {"anchors": frozenset({"lowpass-3500", "quality-anchor"})}),
        ("validity", {"medians": (81.0, 85.0, 90.0)}),
        ("replicates", {"replicates": 0}),
        ("length", {"longest": 12.5}),
        ("training", {"trainings": 0}),
        ("signals", {"stimuli_per_item": (13,) * 8}),
        ("scale", {"intervals": ()}),
        ("slider (5.4)", {"only_sounding": False}),
        ("all rated", {"all_moved": False}),
        ("same systems", {"items_per_system": (8, 8, 8, 8, 7)}),
        ("items", {"stimuli_per_item": (8,) * 7, "items_with_reference": 7}),
        ("top of the scale", {"one_full": False}),
    ],
)
def test_each_clause_is_broken_by_its_own_fault_alone(clause, change):
    found = verdicts(replace(MUSHRA, **change))
    assert [each for each, met in found.items() if met is False] == [clause]


def test_twelve_signals_twelve_seconds_and_five_items_are_still_within():
    facts = replace(
        MUSHRA, stimuli_per_item=(12,) * 5, items_with_reference=5, longest=12.0, items_per_system=(5, 5, 5)
    )
    assert False not in verdicts(facts).values()


def test_of_an_imported_test_nothing_is_said_that_only_its_own_player_knows():
    found = verdicts(replace(MUSHRA, imported=True, loudness=None))
    for clause in (
        "switching (5.3)",
        "loop",
        "order",
        "scale",
        "slider (5.4)",
        "all rated",
        "top of the scale",
        "method",
        "loudness",
    ):
        assert found[clause] is None
    assert found["hidden reference"] is True


@pytest.mark.parametrize(("form", "word"), [("category", "list of grades"), ("pair", "compared")])
def test_grades_and_pairs_are_not_mushra_and_the_findings_say_why(form, word):
    found = {finding.clause: finding for finding in check(replace(MUSHRA, form=form, intervals=()))}
    broken = [clause for clause, finding in found.items() if finding.met is False]
    assert broken == ["method", "signals", "scale", "slider (5.4)", "top of the scale"]
    assert all(word in found[clause].detail for clause in broken)
    assert found["method"].detail.startswith("not MUSHRA")


def test_sounds_that_are_not_at_the_common_loudness_are_counted():
    (found,) = (each for each in check(replace(MUSHRA, unmeasured=3)) if each.clause == "loudness")
    assert found.met is True
    assert "as delivered because silent or too short: 3" in found.detail


def test_an_empty_study_breaks_what_it_lacks_and_says_so():
    empty = replace(
        MUSHRA,
        stimuli_per_item=(),
        items_per_system=(),
        items_with_reference=0,
        longest=0.0,
        anchors=frozenset(),
        medians=(),
    )
    found = {finding.clause: finding for finding in check(empty)}
    assert found["hidden reference"].met is False
    assert "0 of 0 items" in found["hidden reference"].detail
    assert found["validity"].met is None


def test_every_finding_names_its_page_and_what_was_found():
    findings = check(MUSHRA)
    assert len({finding.clause for finding in findings}) == len(findings)
    assert all(finding.page and finding.text and finding.detail for finding in findings)
