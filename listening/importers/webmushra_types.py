"""Which types of webMUSHRA's pages come in, each with its method, its file of results, and what this holds.

A study has one method, so a configuration with pages of several types is as many studies: `--pages` says which.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from listening.importers.import_report import counted
from listening.importers.webmushra_likert import scales_of
from listening.importers.webmushra_yaml import as_text
from listening.presets import AttributeText
from lossmodel.errors import BadInput

MUSHRA, BS1116, PAIRED = "mushra", "bs1116", "paired_comparison"
LIKERT_SINGLE, LIKERT_MULTI = "likert_single_stimulus", "likert_multi_stimulus"
UNREADABLE = frozenset(
    {"preference_test", "ranking", "multi_metric_mushra", "localization", "asw", "hwd", "lev", "spatial"}
)
"""Types of pages that ask for answers of which no rating can be made here."""

LIKERT_COLUMNS = {"stimuli": "rating_stimulus", "stimuli_rating": "rating_score", "stimuli_rating1": "rating_score"}


@dataclass(frozen=True)
class PageType:
    """One type of pages: the preset of its studies, the name of its file of results, and what its columns are called.

    `columns` are the names that `write.php` gives to what is called `rating_stimulus` and so on in `mushra.csv`;
    `referenced` tells that a page has a reference; `attribute` is what is asked where that is not the preset's; `draft`
    says in what a draft of the study differs from the page.
    """

    name: str
    preset: str
    results: str
    columns: Mapping[str, str] = field(default_factory=dict)
    referenced: bool = True
    attribute: AttributeText | None = None
    draft: str = ""

    @property
    def file(self) -> str:
        """Return the name of the file that holds its ratings."""
        return f"{self.results}.csv"


IMPAIRMENT = AttributeText(
    "impairment", "Impairment", "How annoying is what differs from the reference?",
    "The continuous impairment scale of ITU-R BS.1116-3, from 1 to 5.", "Very annoying", "Imperceptible",
)  # fmt: skip
GRADES_OF_A_DRAFT = "a draft of it grades one sound a page, on the five grades of ACR"

_ALL = (
    PageType(MUSHRA, "mushra", "mushra"),
    PageType(
        BS1116, "similarity", "bs1116",
        {"rating_non_reference": "rating_stimulus", "rating_non_reference_score": "rating_score",
         "choice_comment": "rating_comment"},
        attribute=IMPAIRMENT, draft="a draft of it shows all versions of an item on one page",
    ),
    PageType(
        PAIRED, "ab-reference", "paired_comparison",
        {"choice_non_reference": "rating_stimulus", "choice_answer": "rating_score", "choice_time": "rating_time",
         "choice_comment": "rating_comment"},
        draft="a draft of it lets every two systems meet, and not each the hidden reference",
    ),
    PageType(LIKERT_SINGLE, "acr", "lss", LIKERT_COLUMNS, referenced=False, draft=GRADES_OF_A_DRAFT),
    PageType(LIKERT_MULTI, "acr", "lms", LIKERT_COLUMNS, referenced=False, draft=GRADES_OF_A_DRAFT),
)  # fmt: skip

TYPES: Mapping[str, PageType] = MappingProxyType({each.name: each for each in _ALL})
"""The types of pages that come in, the first of which a configuration holds unless another is asked for."""

Typed = Sequence[tuple[Mapping[str, Any], bool]]
"""Pages, each with whether it is shown in a random place."""


def chosen(where: str, typed: Typed, asked: str) -> tuple[PageType, list[str]]:
    """Return the type of pages to be imported, and what is left out of the others, in words.

    Raises `BadInput` where there is no page of the type that is asked for, or of any type that comes in.
    """
    kinds = Counter(as_text(page.get("type")) or "no type" for page, _ in typed)
    ready = [kind for kind in TYPES if any(lacks(page) is None for page, _ in typed if page.get("type") == kind)]
    left_out = [f"page {as_text(page.get('id'))!r}: {why}" for page, _ in typed if (why := lacks(page))]
    if not (asked or ready) or (asked and asked not in ready):
        listed = (
            "; ".join([f"{counted(kinds[kind], 'page')} of type {kind}" for kind in kinds] + left_out) or "no pages"
        )
        raise BadInput(f"{where}: no page of type {asked or ', '.join(TYPES)} that can be imported: {listed}")
    own = TYPES[asked or ready[0]]
    others = [_left_out(kind, kinds[kind]) for kind in kinds if kind != own.name]
    return own, others + [
        f"page {as_text(page.get('id'))!r}: {why}"
        for page, _ in typed
        if page.get("type") == own.name and (why := lacks(page))
    ]


def lacks(page: Mapping[str, Any]) -> str | None:
    """Return what a page of a type that comes in lacks for it, in words; None if nothing, "" for other types."""
    own = TYPES.get(as_text(page.get("type")))
    if own is None:
        return ""
    if own.referenced:
        return None if page.get("reference") else "it has no reference for its sounds"
    return None if any(scale.scores for scale in scales_of(page)) else "its responses have no order that is known here"


def _left_out(kind: str, count: int) -> str:
    """Return in words that the pages of a type are left out, and why."""
    if kind in TYPES:
        them = "it as a study of its" if count == 1 else "them as a study of their"
        why = f"another method: import {them} own with --pages {kind}"
    else:
        why = "whose answers are no ratings" if kind in UNREADABLE else "which has no ratings of sounds"
    return f"{counted(count, 'page')} of type {kind}, {why}"
