"""What the columns of a bundle's tables mean: `codebook.csv`."""

from collections.abc import Iterator

from listening.models import Study

COLUMNS = ("file", "column", "meaning", "unit", "levels")

RATINGS = {
    "study": ("the study", ""),
    "session": ("the session, counted from 0 in the study", ""),
    "assessor": ("the assessor, renumbered for this bundle", ""),
    "attribute": ("what was judged", ""),
    "item": ("the excerpt", ""),
    "condition": ("what the stimulus is: a system, the hidden reference or an anchor", ""),
    "role": ("the role of the condition", ""),
    "replicate": ("0: the assessor's first rating of the stimulus, 1: the second …", ""),
    "trial": ("the page, counted from 0 as it was shown", ""),
    "position": ("the place of the stimulus on its page, counted from 0", ""),
    "score": ("the rating: 0 is the low end of the attribute's scale, 100 its high end", "0–100"),
    "seconds": ("time spent on the page", "s"),
    "simulated": ("rated by a program, not by a person", ""),
    "part": ("which of the item's pages it was, counted from 0", ""),
    "heard": ("for how long the stimulus was played; empty: unknown", "s"),
    "proved": ("the browser proved that it played the stored sound; empty: not played on this site", ""),
    "method": ("the test method that the study was made from", ""),
    "against_reference": ("the trial had an open reference, so BS.1534-3's screening applies", ""),
    "anchor": ("which of BS.1534-3's anchors the stimulus is; empty: none", ""),
}
SOUNDS = {
    "file": ("path in this bundle", ""),
    "item": ("the excerpt", ""),
    "sound": ("the condition, or the name of a reference, or mixture or accompaniment", ""),
    "seconds": ("length", "s"),
    "rate": ("sample rate", "Hz"),
    "channels": ("channels", ""),
    "loudness": ("ITU-R BS.1770-4", "LUFS"),
    "peak": ("largest sample, 1 being full scale", ""),
    "sha256": ("of the file", ""),
}
PAIRS = {
    "item": ("the excerpt", ""),
    "condition": ("the condition", ""),
    "estimate": ("the stimulus: a path in this bundle", ""),
    "reference": ("the admissible true vocals, separated by ;", ""),
    "mixture": ("the mixture", ""),
    "accompaniment": ("the true accompaniment", ""),
    "role": ("the role of the condition", ""),
}
REPLIES = {
    "study": ("the study", ""),
    "session": ("the session, counted from 0 in the study", ""),
    "assessor": ("the assessor, renumbered for this bundle", ""),
    "place": ("when it was asked or recorded", ""),
    "question": ("the question's key, or what was checked", ""),
    "kind": ("the kind of answer", ""),
    "text": ("the question", ""),
    "value": ("the reply, as it was written", ""),
    "simulated": ("replied by a program, not by a person", ""),
}
BOOKS = {"ratings.csv": RATINGS, "sounds.csv": SOUNDS, "pairs.csv": PAIRS}


def rows(study: Study, *, replies: bool) -> Iterator[dict[str, str]]:
    """Yield a row for each column of each table of the bundle."""
    known = levels(study)
    for file, book in (BOOKS | ({"replies.csv": REPLIES} if replies else {})).items():
        for column, (meaning, unit) in book.items():
            yield {"file": file, "column": column, "meaning": meaning, "unit": unit, "levels": known.get(column, "")}


def levels(study: Study) -> dict[str, str]:
    """Return the values that columns of a study's tables can have, by column."""
    attributes = (f"{each.key} ({each.low} – {each.high})" for each in study.attributes.all())
    return {
        "attribute": "; ".join(attributes),
        "item": "; ".join(study.items.values_list("name", flat=True)),
        "condition": "; ".join(study.conditions.values_list("name", flat=True)),
        "role": "system; reference; anchor",
        "simulated": "True; False",
        "proved": "True; False",
        "against_reference": "True; False",
        "anchor": "low; mid",
    }
