"""The result files of the Web Audio Evaluation Tool as they stand: sittings, their pages, the elements of a page."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from listening.importers.sounds import is_file, located
from listening.importers.tables import number
from listening.models import Role
from lossmodel.errors import BadInput

RESULT, TEST = "waetresult", "waet"
SAVES = "saves"
REFERENCE, OUTSIDE = "reference", "outside-reference"
ROLES = {REFERENCE: Role.REFERENCE, "anchor": Role.ANCHOR}
REPEATED = re.compile(r"-repeat-\d+$")
"""What the tool adds to the id of a page that it shows again (`repeatCount`)."""
UPDATE = "update-"
"""How the file of a sitting begins that was saved page by page and may not have been finished."""


@dataclass(frozen=True)
class Element:
    """One sound of a page: its file, its gain in dB, and the (axis, value) pairs it was given."""

    id: str
    type: str
    file: Path
    gain: float
    presented: str
    values: Sequence[tuple[str, str]]
    comment: str


@dataclass(frozen=True)
class Page:
    """One page as it was sat. `item` is its `ref` without what marks a repeat; `asked` are its own questions."""

    ref: str
    elements: Sequence[Element]
    seconds: float | None
    xml: ET.Element

    @property
    def item(self) -> str:
        """Return what the page is about: the same for its repeats."""
        return REPEATED.sub("", self.ref)

    @property
    def rated(self) -> list[Element]:
        """Return the elements that can be rated."""
        return [one for one in self.elements if one.type != OUTSIDE]

    @property
    def reference(self) -> Element | None:
        """Return the open reference: the outside one, else the hidden one; None without either."""
        typed = {one.type: one for one in reversed(self.elements)}
        return typed.get(OUTSIDE) or typed.get(REFERENCE)


@dataclass(frozen=True)
class Save:
    """One sitting: its file, its key, the interface of its test ("" where untold), its rated pages."""

    file: Path
    key: str
    interface: str
    pages: Sequence[Page]
    xml: ET.Element


def read_saves(folder: Path) -> tuple[list[Save], list[str]]:
    """Return the sittings in the folder that have a rated page, and a sentence for each file or page that is left out.

    Raises `BadInput` for a file that is no XML, and where no file is a result.
    """
    if not folder.is_dir():
        raise BadInput(f"{folder}: no such folder; give the folder with the saves and the sounds")
    roots: dict[Path, ET.Element] = {}
    left_out: list[str] = []
    for file in sorted(filter(is_file, {*folder.glob("*.xml"), *folder.glob(f"{SAVES}/*.xml")})):
        if file.stat().st_size == 0:
            left_out.append(f"{file.name}: empty: a session that was begun and never saved")
        else:
            roots[file] = _parse(file)
    tests = [root for root in roots.values() if root.tag == TEST]
    results = _final({file: root for file, root in roots.items() if root.tag == RESULT}, left_out)
    left_out += [
        f"{file.name}: <{root.tag}>, not a result" for file, root in roots.items() if root.tag not in {RESULT, TEST}
    ]
    if not results:
        found = "; ".join(left_out) or "no XML file"
        raise BadInput(f"{folder}: no result file (<{RESULT}>): {found}; give the folder of the saves")
    saves = [_save(folder, file, root, tests, left_out) for file, root in results.items()]
    left_out += [f"{save.file.name}: no page was rated" for save in saves if not save.pages]
    return [save for save in saves if save.pages], left_out


def _parse(path: Path) -> ET.Element:
    data = path.read_bytes()
    if b"<!ENTITY" in data or "<!ENTITY".encode("utf-16-le") in data or "<!ENTITY".encode("utf-16-be") in data:
        raise BadInput(f"{path}: declares XML entities, which result files do not need; remove them")
    try:
        return ET.fromstring(data)  # noqa: S314
    except (ET.ParseError, ValueError, LookupError) as error:
        raise BadInput(f"{path}: not an XML file ({error})") from None


def _final(results: Mapping[Path, ET.Element], left_out: list[str]) -> dict[Path, ET.Element]:
    """Return one file a sitting: that saved at its end where there are both."""
    final = {file.name for file in results if not file.name.startswith(UPDATE)}
    twice = [file for file in results if file.name.startswith(UPDATE) and file.name.removeprefix(UPDATE) in final]
    left_out += [f"{file.name}: an earlier state of {file.name.removeprefix(UPDATE)}" for file in twice]
    return {file: root for file, root in results.items() if file not in twice}


def _save(folder: Path, file: Path, root: ET.Element, tests: Sequence[ET.Element], left_out: list[str]) -> Save:
    own = root.find(TEST)
    test = own if own is not None else (tests[0] if len(tests) == 1 else None)
    setup = None if test is None else test.find("setup")
    hosts = _hosts(test)
    pages = [_page(folder, file, page, hosts) for page in _complete(file, root, left_out)]
    interface = "" if setup is None else setup.get("interface", "")
    return Save(file, root.get("key") or file.stem, interface, pages, root)


def _hosts(test: ET.Element | None) -> dict[str, str]:
    """Return the `hostURL` of each page of the test: where the paths of its sounds start."""
    return {} if test is None else {page.get("id", ""): page.get("hostURL", "") for page in test.iter("page")}


def _complete(file: Path, root: ET.Element, left_out: list[str]) -> Iterator[ET.Element]:
    """Yield the pages that were finished; old files do not tell, and then a page with a value was."""
    for page in root.iterfind("page"):
        rated = page.find("audioelement/value") is not None
        if rated and page.get("state", "complete") == "complete":
            yield page
        else:
            left_out.append(f"{file.name}: page {page.get('ref', '')!r} was not finished")


def _page(folder: Path, file: Path, page: ET.Element, hosts: Mapping[str, str]) -> Page:
    ref = page.get("ref") or page.get("id") or ""
    where = f"{file}: page {ref!r}"
    host = page.get("hostURL") or hosts.get(REPEATED.sub("", ref), "")
    time = page.findtext("metric/metricresult[@id='testTime']")
    elements = [_element(folder, where, host, each) for each in page.findall("audioelement")]
    return Page(ref, elements, number(where, "testTime", time) if time else None, page)


def _element(folder: Path, where: str, host: str, xml: ET.Element) -> Element:
    id_ = xml.get("name") or xml.get("ref") or xml.get("id") or ""
    gain = xml.get("gain")
    return Element(
        id=id_,
        type=xml.get("type", ""),
        file=_file(folder, where, host, xml.get("url", "")),
        gain=number(f"{where}, {id_}", "gain", gain) if gain and gain not in {"undefined", "null"} else 0.0,
        presented=xml.get("presentedId", ""),
        values=[(value.get("interface-name") or "", value.text or "") for value in xml.iterfind("value")],
        comment=(xml.findtext("comment/response") or "").strip(),
    )


def _file(folder: Path, where: str, host: str, url: str) -> Path:
    """Return the sound at `url` behind the page's host, or, where there is none, at `url` itself.

    Saves in a folder called `saves` may have their sounds beside that folder, as the tool itself has them.
    """
    roots = (folder, folder.parent) if folder.name == SAVES else (folder,)
    path = re.sub(r"^[a-z]+://[^/]*/", "", host)
    if path:
        try:
            return located(where, path + url, *roots)
        except BadInput:
            if not any(is_file(root / url) for root in roots):
                raise
    return located(where, url, *roots)
