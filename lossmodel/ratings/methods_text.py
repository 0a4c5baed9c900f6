"""What a paper says of the analysis, and which of its tests answers which question."""

from collections.abc import Sequence

from lossmodel.ratings.results import Analysis
from lossmodel.ratings.thresholds import COUNTED

QUESTIONS: Sequence[dict[str, object]] = (
    {
        "question": "Would other people, with other songs, rate the two systems differently?",
        "answer": "difference with its interval and p (Holm): assessors and items are both random",
        "why": "it is shown first because readers understand every difference in this way. With few items it is wide",
    },
    {
        "question": "Would other people rate them differently on these very songs?",
        "answer": "p (sign flips), repeated-measures ANOVA, Friedman",
        "why": "they say nothing about other songs; sign flips assume no distribution",
    },
    {
        "question": "Do the systems differ at all?",
        "answer": "min F' or, where there are gaps, the mixed model's F; the ANOVA's F for these songs",
        "why": "one test instead of one for each pair; it does not say which differ",
    },
    {
        "question": "Is a system no worse than another one by more than a margin?",
        "answer": "one-sided p-values against the margin (--margin: non-inferiority; two such tests: equivalence)",
        "why": "not finding a difference does not prove that there is none",
    },
    {
        "question": "Does a difference rest on distances of the scale, or does the order of the ratings show it too?",
        "answer": "p (order alone, Holm): the proportional-odds model's score test, assessors and items random",
        "why": "a check, not a second chance: the first test stands, and where the two part, look at the distributions",
    },
    {
        "question": "Do systems rank differently from song to song?",
        "answer": "condition x item in the ANOVA, and the figure by item",
        "why": "a mean over songs hides it",
    },
)


def paragraph(found: Analysis) -> str:
    """Return the methods in a paragraph, with the numbers of this analysis."""
    rules = found.screening.rules
    applied = sorted({each.rule for each in found.screening.tallies}, key=list(COUNTED).index)
    screened = (
        "Assessors were excluded from an attribute who "
        + ", or ".join(
            f"{rules.missed_by(rule)} in more than {rules.share:.0%} of the {COUNTED[rule]}" for rule in applied
        )
        + f" (ITU-R BS.1534-3 for references and anchors); {len(found.screening.exclusions)} exclusions."
        if applied
        else "Assessors were not screened."
    )
    return (
        f"{screened} Replicates were averaged. Means of conditions and differences of systems are given with 95 % "
        "intervals for other assessors and other items (linear mixed model with crossed random effects of assessor and "
        "item, REML, Satterthwaite's degrees of freedom); p-values of all pairs were adjusted by Holm's method, "
        "and checked by the score test of the proportional-odds model with the same random effects. For "
        "the items of this test alone, sign-flip permutation tests over assessors and a repeated-measures ANOVA with "
        "Greenhouse-Geisser correction are reported. Hidden references and anchors were not part of any test. "
        f"Resampling used seed {found.seed}."
    )
