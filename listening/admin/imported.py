"""What an imported test brought with it and what not, as lists on the study's page."""

from django.utils.html import format_html_join

from listening.models import Study

ITEM = "- "
"""How a line of a report begins that is no heading."""


def imported(study: Study) -> str:
    """Return the report of the study's import, whose lines are headings and items, as headed lists; "" without one.

    A draft that was made from an imported study was not imported itself.
    """
    parts = _parts(study.import_report) if study.source else []
    lists = ((heading, format_html_join("", "<li>{}</li>", ((item,) for item in items))) for heading, items in parts)
    return format_html_join("", "<h3>{}</h3><ul>{}</ul>", lists)


def _parts(text: str) -> list[tuple[str, list[str]]]:
    parts: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith(ITEM) and parts:
            parts[-1][1].append(line.removeprefix(ITEM))
        else:
            parts.append((line, []))
    return parts
