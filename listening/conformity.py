"""Is a study a MUSHRA test? Its facts held against ITU-R BS.1534-3 (10/2015), clause by clause. Pure.

`listening.exports.ratings.facts` gathers the facts. What a server cannot know (headphones, rooms, experience) is
`met=None`, with what to do about it. Page numbers are those of the Recommendation; the wording is ours.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from types import MappingProxyType

LOW_ANCHOR, MID_ANCHOR = "lowpass-3500", "lowpass-7000"
STANDARD_ANCHORS: Mapping[str, str] = MappingProxyType({"low": LOW_ANCHOR, "mid": MID_ANCHOR})
"""The names of the conditions that are BS.1534-3's anchors."""


@dataclass(frozen=True)
class Facts:
    """What there is to know about a study; lengths in s, scores 0–100."""

    attributes: int
    intervals: tuple[str, ...]
    only_sounding: bool
    all_moved: bool
    one_full: bool
    anchors: frozenset[str]
    stimuli_per_item: tuple[int, ...]
    items_with_reference: int
    """Items whose stimuli hold a hidden reference."""
    longest: float
    loudness: float | None
    replicates: int
    items_per_system: tuple[int, ...]
    unmeasured: int = 0
    """Stimuli whose loudness cannot be measured, such as silent ones: they are as delivered."""
    form: str = "scale"
    """What a trial shows: "scale" is one page an item, with a slider for each of its stimuli."""
    open_reference: bool = True
    imported: bool = False
    """The test was run elsewhere, so that what our player does says nothing about it."""
    trainings: int = 0
    comprehension: tuple[str, ...] | None = None
    """Attributes whose comprehension is checked in the training; None: it is not asked for."""
    medians: tuple[float, ...] = ()
    """Median rating of each system, once there are ratings."""
    assessors: int = 0


@dataclass(frozen=True)
class Finding:
    """One clause: met, broken, or (None) cannot be checked by software."""

    clause: str
    page: str
    text: str
    met: bool | None
    detail: str


def check(facts: Facts) -> list[Finding]:
    """Return one finding for every clause, in the order of `CLAUSES`."""
    return [Finding(clause, page, text, *judge(facts)) for clause, page, text, judge in CLAUSES]


Verdict = tuple[bool | None, str]


NOT_SLIDERS = {"category": "one stimulus at a time, with a list of grades", "pair": "two stimuli at a time, compared"}


def _method(facts: Facts) -> Verdict:
    if facts.form in NOT_SLIDERS:
        return False, f"not MUSHRA: {NOT_SLIDERS[facts.form]}"
    found = "is offered by name" if facts.open_reference else "is neither offered nor mentioned: not MUSHRA"
    return facts.open_reference, f"all stimuli of an item side by side; the reference {found}"


def _hidden_reference(facts: Facts) -> Verdict:
    items = len(facts.stimuli_per_item)
    return items > 0 and facts.items_with_reference == items, f"in {facts.items_with_reference} of {items} items"


def _anchors(facts: Facts) -> Verdict:
    missing = {LOW_ANCHOR, MID_ANCHOR} - facts.anchors
    found = f"anchors: {', '.join(sorted(facts.anchors)) or 'none'}"
    return not missing, f"{found}; missing: {', '.join(sorted(missing))}" if missing else found


def _own_anchors(facts: Facts) -> Verdict:
    own = sorted(facts.anchors - {LOW_ANCHOR, MID_ANCHOR})
    return True, f"described with their conditions: {', '.join(own)}" if own else "no other anchors"


def _signals(facts: Facts) -> Verdict:
    most = max(facts.stimuli_per_item, default=0)
    return 0 < most <= 12, f"up to {most} in a trial; more need a blocked design"


def _length(facts: Facts) -> Verdict:
    return (
        0 < facts.longest <= 12,
        f"the longest is {facts.longest:.1f} s; justify longer ones in the report",
    )


def _same_items(facts: Facts) -> Verdict:
    counts = sorted(set(facts.items_per_system))
    return len(counts) == 1, f"items of a system: {', '.join(map(str, counts)) or 'none'}"


def _items(facts: Facts) -> Verdict:
    wanted = max(5.0, 1.5 * len(facts.items_per_system))
    return len(facts.stimuli_per_item) >= wanted, f"{len(facts.stimuli_per_item)}, where {wanted:g} are advised"


def _scale(facts: Facts) -> Verdict:
    found = ", ".join(facts.intervals) or "only the ends are labelled"
    return facts.intervals == ("Bad", "Poor", "Fair", "Good", "Excellent"), found


def _loudness(facts: Facts) -> Verdict:
    if facts.loudness is None:
        return None, "levels as delivered: make sure that the excerpts were aligned beforehand"
    found = f"every sound at {facts.loudness:g} LUFS (ITU-R BS.1770)"
    return True, f"{found}; as delivered because silent or too short: {facts.unmeasured}" if facts.unmeasured else found


def _training(facts: Facts) -> Verdict:
    found = f"training trials before the test: {facts.trainings}"
    if facts.comprehension is not None:
        checked = (
            ", ".join(facts.comprehension) or "of nothing, for no attribute with a rule is practised with the mixture"
        )
        found += f"; comprehension checked: {checked}"
    return facts.trainings > 0, found


def _replicates(facts: Facts) -> Verdict:
    return facts.replicates > 0, f"replicated trials for each attribute: {facts.replicates}"


def _panel(facts: Facts) -> Verdict:
    return None, f"{facts.assessors} so far; with experienced listeners, up to 20 are often enough"


def _spread(facts: Facts) -> Verdict:
    if not facts.medians:
        return None, "no ratings yet"
    high = sum(each >= 80 for each in facts.medians)
    found = (
        f"medians from {min(facts.medians):.0f} to {max(facts.medians):.0f}, {high} of {len(facts.medians)} above 80"
    )
    return median(facts.medians) < 80, found


def _one_attribute(facts: Facts) -> Verdict:
    return True, f"each trial asks for one of the {facts.attributes}"


def _here(judge: Callable[[Facts], Verdict]) -> Callable[[Facts], Verdict]:
    """Return `judge` for tests that are run here; nothing can be told of an imported one."""
    return lambda facts: (None, "run elsewhere: see its authors' description") if facts.imported else judge(facts)


def _sliders(judge: Callable[[Facts], Verdict]) -> Callable[[Facts], Verdict]:
    """Return `judge` for pages with sliders; others have nothing of the kind."""
    return lambda facts: (
        (False, f"no sliders: {NOT_SLIDERS[facts.form]}") if facts.form in NOT_SLIDERS else judge(facts)
    )


def _asked(name: str) -> Callable[[Facts], Verdict]:
    return _here(lambda facts: (bool(getattr(facts, name)), "a rule of the method"))


def _always(detail: str) -> Callable[[Facts], Verdict]:
    return _here(lambda _facts: (True, detail))


def _unknown(detail: str) -> Callable[[Facts], Verdict]:
    return lambda _facts: (None, detail)


CLAUSES: tuple[tuple[str, str, str, Callable[[Facts], Verdict]], ...] = (
    (
        "method",
        "1, 8",
        "All stimuli of an item are compared at once with each other and an open reference",
        _here(_method),
    ),
    ("hidden reference", "1", "A hidden reference is among the stimuli of each item", _hidden_reference),
    ("anchors", "1, 7", "Low and mid anchor: the reference low-pass at 3.5 and at 7 kHz", _anchors),
    ("other anchors", "18–19", "Anchors of another kind are described in the report", _own_anchors),
    ("validity", "3", "The scores of most conditions lie between 20 and 80", _spread),
    ("order", "4", "Random order within and between sessions", _always("drawn from the study's seed and stored")),
    ("replicates", "4–6", "Each assessor rates at least one trial again", _replicates),
    ("panel", "4–6", "Experienced listeners, post-screened", _panel),
    ("length", "7", "Excerpts of about 10 s, preferably not over 12 s", _length),
    ("training", "7, 22", "A training comes before the test, and its grades do not count", _here(_training)),
    ("signals", "8", "At most 12 signals in a trial besides the open reference", _sliders(_signals)),
    ("loop", "8", "Loops of at least 500 ms with 5 ms raised-cosine fades", _always("done by the player")),
    ("scale", "9", "Five equal intervals: bad, poor, fair, good, excellent", _here(_sliders(_scale))),
    ("switching (5.3)", "9", "5 ms fade-out, then 5 ms fade-in; never a cross-fade", _always("done by the player")),
    (
        "slider (5.4)",
        "9, 24",
        "Only the score of the stimulus that is playing can be changed",
        _sliders(_asked("only_sounding")),
    ),
    ("all rated", "9, 22", "Every stimulus is rated", _asked("all_moved")),
    ("one attribute", "10", "One attribute in a trial", _one_attribute),
    ("loudness", "12", "Excerpts are aligned in loudness beforehand", _loudness),
    ("same systems", "13", "The same number of items for each system", _same_items),
    ("items", "13", "At least 5 items, and about 1.5 for each system", _items),
    ("transducers", "13", "Headphones or loudspeakers, not both", _unknown("ask for headphones in the instructions")),
    (
        "level",
        "13–14",
        "78 dBA, changed by at most 4 dB and not within an item",
        _unknown("ask assessors to set it once"),
    ),
    ("top of the scale", "23", "At least one stimulus of a trial is rated 100", _sliders(_asked("one_full"))),
)
