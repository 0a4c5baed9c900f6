"""Web Audio Evaluation Tool: a folder of its result files (`save-….xml`, one a sitting) beside the sounds they name.

Values from 0 to 1 become ratings from 0 to 100; every axis of a page (`interface-name`) is an attribute, rated in a
sitting of its own; pages that were not completed are left out. An element of type `outside-reference`, else one of
type `reference`, is the open reference of its page.
"""

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

from django.utils.text import slugify

from listening.importers.published import Line, Published
from listening.importers.tables import number, sound
from listening.models import Role
from listening.presets import AttributeText
from listening.stimuli import Excerpt
from lossmodel.errors import BadInput

ROLES = {"reference": Role.REFERENCE, "anchor": Role.ANCHOR}
ONE_AXIS = "basic-audio-quality"


def read(path: Path) -> Published:
    """Read every result file in the folder; sounds are found at their `url` below it."""
    saves = {file: root for file in sorted(path.glob("*.xml")) if (root := _parse(file)).tag == "waetresult"}
    pages = {page.get("ref", ""): (file, page) for file, root in saves.items() for page in _pages(root)}
    if not pages:
        raise BadInput(f"{path}: no result file (<waetresult>) with a completed page; give the folder of the saves")
    lines = [line for file, root in saves.items() for line in _sitting(file, root)]
    excerpts = [_excerpt(path, file, page) for _name, (file, page) in sorted(pages.items())]
    keys = sorted({line.attribute for line in lines})
    return Published(
        slug=slugify(path.name),
        title=path.name,
        preset="mushra",
        source=f"Web Audio Evaluation Tool, {path.name}",
        excerpts=excerpts,
        roles={_name(each): _role(each) for _file, page in pages.values() for each in _rated(page)},
        lines=lines,
        attributes=() if keys == [ONE_AXIS] else [AttributeText(key, key, f"{key}?", "", "0", "100") for key in keys],
    )


def _parse(path: Path) -> ET.Element:
    text = path.read_text(encoding="utf-8", errors="replace")
    if "<!ENTITY" in text:
        raise BadInput(f"{path}: declares XML entities, which no result file needs; remove them")
    try:
        return ET.fromstring(text)  # noqa: S314
    except ET.ParseError as error:
        raise BadInput(f"{path}: not an XML file ({error})") from None


def _pages(root: ET.Element) -> Iterator[ET.Element]:
    return (page for page in root.iterfind("page") if page.get("state") == "complete")


def _rated(page: ET.Element) -> Iterator[ET.Element]:
    return (each for each in page.iterfind("audioelement") if each.get("type") != "outside-reference")


def _sitting(file: Path, root: ET.Element) -> Iterator[Line]:
    for position, page in enumerate(_pages(root)):
        where = f"{file}: page {page.get('ref')!r}"
        time = page.findtext("metric/metricresult[@id='testTime']")
        for element in _rated(page):
            for value in element.iterfind("value"):
                yield Line(
                    where=f"{where}, {_name(element)}",
                    sitting=f"{file.stem} {_axis(value)}",
                    assessor=f"{slugify(file.parent.name)}-{root.get('key') or file.stem}"[:80],
                    attribute=_axis(value),
                    item=page.get("ref", ""),
                    condition=_name(element),
                    score=100 * number(where, "value", value.text),
                    position=position,
                    seconds=number(where, "testTime", time) if time else None,
                )


def _axis(value: ET.Element) -> str:
    name = value.get("interface-name") or "null"
    return ONE_AXIS if name == "null" else slugify(name)


def _name(element: ET.Element) -> str:
    return element.get("name", "") or element.get("ref", "")


def _role(element: ET.Element) -> Role:
    return ROLES.get(element.get("type", ""), Role.SYSTEM)


def _excerpt(folder: Path, file: Path, page: ET.Element) -> Excerpt:
    where, elements = f"{file}: page {page.get('ref')!r}", page.findall("audioelement")
    sounds = {each: sound(where, folder / each.get("url", "")) for each in elements}
    for kind in ("outside-reference", "reference"):
        for each in elements:
            if each.get("type") == kind:
                stimuli = {_name(rated): sounds[rated] for rated in _rated(page)}
                return Excerpt(page.get("ref", ""), {"reference": sounds[each]}, stimuli)
    raise BadInput(f"{where}: no element of type outside-reference or reference; a test here needs one")
