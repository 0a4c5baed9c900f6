"""Nobody's name: pseudonyms are numbered anew, and e-mail addresses and whoever answers for a study are taken out."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from listening.models import Study
from listening.models.procedure import E_MAIL

_MAIL = re.compile(E_MAIL)
REMOVED = "[removed]"
"""What stands in the place of what was taken out."""


class Anonymous:
    """What takes personal data of one study out of texts and tables."""

    def __init__(self, study: Study) -> None:
        codes = study.sessions.order_by("number").values_list("assessor__code", flat=True)
        known = list(dict.fromkeys(codes))
        self._numbers = {code: f"assessor-{place:04d}" for place, code in enumerate(known, start=1)}
        self._said = [each for each in (study.contact.strip(), study.responsible.strip()) if each]

    def assessor(self, code: str) -> str:
        """Return the number by which an assessor goes in the bundle."""
        return self._numbers[code]

    def text(self, value: str) -> str:
        """Return a text without e-mail addresses and without who answers for the study."""
        for each in self._said:
            value = value.replace(each, REMOVED)
        return _MAIL.sub(REMOVED, value)

    def plain(self, value: Any) -> Any:
        """Return a value of lists, mappings and texts, each text without personal data."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(name)): self.plain(each) for name, each in value.items()}
        return [self.plain(each) for each in value] if isinstance(value, list | tuple) else value

    def rows(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yield the rows of a table with new pseudonyms, and texts without personal data."""
        for row in rows:
            own = {"assessor": self.assessor(row["assessor"])}
            yield {name: self.plain(value) for name, value in row.items()} | own
