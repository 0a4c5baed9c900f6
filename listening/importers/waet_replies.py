"""What the saves of the Web Audio Evaluation Tool hold besides ratings: surveys, questions of pages, comments."""

from collections.abc import Iterator, Mapping, Sequence
from xml.etree import ElementTree as ET

from listening.importers.published import COMMENT, Asked, Line, Said
from listening.importers.waet_saves import Save
from listening.models import Question

PLACES = {"before": Question.Place.BEFORE, "pre": Question.Place.BEFORE}


def replies(saves: Sequence[Save], first: Mapping[str, Line]) -> tuple[dict[str, Asked], list[Said]]:
    """Return the questions of the whole test by their key, and what each sitting replied to them or said of its pages.

    `first` is a rating of each file by its name: where a sitting has several axes, its replies go with the first.
    """
    questions: dict[str, Asked] = {}
    said: list[Said] = []
    for save in saves:
        line = first.get(save.file.stem)
        if line is None:
            continue
        for key, asked, value in _surveys(save):
            questions.setdefault(key, asked)
            said.append(Said(line.sitting, line.assessor, key, value))
        said += [Said(line.sitting, line.assessor, COMMENT, text) for text in _comments(save)]
    return questions, said


def _surveys(save: Save) -> Iterator[tuple[str, Asked, str]]:
    """Yield what was replied to the test's surveys; what was asked stands in the test, of which a save holds a copy."""
    asked = {each.get("id", ""): each.findtext("statement") or "" for each in save.xml.iter() if each.get("id")}
    for survey in save.xml.iterfind("survey"):
        place = PLACES.get(survey.get("location", ""), Question.Place.AFTER)
        for ref, value in _results(survey):
            yield ref, Asked(" ".join(asked.get(ref, "").split()) or ref, place), value


def _comments(save: Save) -> Iterator[str]:
    """Yield what was said of the pages and sounds, each behind its name: "drums, mood: calm"."""
    for page in save.pages:
        asked = [pair for survey in page.xml.iterfind("survey") for pair in _results(survey)]
        asked += [(_ref(each), _responses(each)) for each in page.xml.iterfind("commentquestion")]
        asked += [(one.id, one.comment) for one in page.elements]
        yield from (f"{page.ref}, {name}: {text}" for name, text in asked if text)


def _results(survey: ET.Element) -> Iterator[tuple[str, str]]:
    return ((_ref(each), _responses(each)) for each in survey.iterfind("surveyresult"))


def _ref(element: ET.Element) -> str:
    return element.get("ref") or element.get("id") or "question"


def _responses(result: ET.Element) -> str:
    """Return what was replied: of boxes those that were ticked, one a line; of a choice its name."""
    found = []
    for each in result.iterfind("response"):
        ticked = each.get("checked")
        value = (each.text or "").strip() or each.get("name") or ""
        if ticked is None or ticked == "true":
            found.append(each.get("name") or value if ticked else value)
    return "\n".join(filter(None, found))
