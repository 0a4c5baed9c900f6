"""The catalogues of other languages, kept with the sources by Babel alone; nothing else needs to be installed.

python -m tests.messages         bring every catalogue to what the sources say, and write the .mo files
python -m tests.messages it      the same, and begin Italian
"""

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOM = Path(__file__).resolve().parent.parent / "listening"
LOCALE = ROOM / "locale"
SOURCES = ("models/*.py", "participant/**/*.py", "templates/*.html", "templates/participant/**/*.html")
"""Where words to assessors stand (in models those with a context), besides the presets, which are asked themselves."""

KEYWORDS = {"_": None, "gettext": None, "gettext_lazy": None, "gettext_noop": None, "ngettext": (1, 2)}
KEYWORDS |= {"pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3)}


def sources() -> Catalog:
    """Return every message that the sources have, untranslated."""
    found = Catalog(project="Hearback", charset="utf-8", fuzzy=False)
    for path in sorted({path for pattern in SOURCES for path in ROOM.glob(pattern)}):
        for message, context in _said_in(path):
            if context is None and path.parent.name == "models":
                continue  # a researcher's words
            found.add(message, locations=[(str(path.relative_to(ROOM)), 0)], context=context)
    for text in _said_in_presets():
        found.add(text, locations=[("presets", 0)])
    return found


def read(po: Path) -> Catalog:
    """Return the catalogue in a .po file."""
    with po.open("rb") as file:
        return read_po(file, locale=po.parent.parent.name, abort_invalid=True)


def compiled(catalogue: Catalog) -> bytes:
    """Return the .mo file of a catalogue, which gettext reads."""
    made = BytesIO()
    write_mo(made, catalogue)
    return made.getvalue()


def begun(code: str) -> Catalog:
    """Return an empty catalogue for a language; Babel knows how it forms plurals."""
    new = Catalog(locale=code, project="Hearback", version="1", charset="utf-8", fuzzy=False)
    new.header_comment = f"# What Hearback says to assessors, in {new.locale.english_name}."
    new.msgid_bugs_address, new.last_translator, new.language_team = "none", "Hearback", code
    return new


def update(po: Path) -> None:
    """Bring a catalogue to what the sources say, new messages still empty, and write its .mo file beside it."""
    po.parent.mkdir(parents=True, exist_ok=True)
    own = read(po) if po.exists() else begun(po.parent.parent.name)
    own.update(sources(), no_fuzzy_matching=True, update_creation_date=False)
    with po.open("wb") as file:
        write_po(file, own, width=110, ignore_obsolete=True, sort_by_file=True, include_lineno=False)
    po.with_suffix(".mo").write_bytes(compiled(read(po)))


def _said_in(path: Path) -> Iterator[tuple[str | tuple[str, ...], str | None]]:
    """Yield (message, context). A template is turned into code by Django; the JavaScript lexer does not mind gaps."""
    from django.utils.translation.template import templatize

    text, kind = path.read_text(encoding="utf-8"), "python"
    if path.suffix == ".html":
        text, kind = templatize(text), "javascript"
    for _line, message, _comments, context in extract(kind, BytesIO(text.encode()), keywords=KEYWORDS):
        yield (tuple(message) if isinstance(message, list) else message), context


def _said_in_presets() -> Iterator[str]:
    from listening.presets import PRESETS

    for method in PRESETS.values():
        yield from filter(None, method.texts)


if __name__ == "__main__":
    known = {path.parent.parent.name for path in LOCALE.glob("*/LC_MESSAGES/django.po")}
    for code in sorted(known | set(sys.argv[1:])):
        update(LOCALE / code / "LC_MESSAGES" / "django.po")
