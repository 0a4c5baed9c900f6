"""Which method a table was rated by, where its column `method` says so: pairs and grades are analysed further."""

from typing import Final

import pandas as pd

METHOD_COLUMN: Final = "method"
"""A further column of the site's exports: the test method that the study was made from."""
PAIR_METHODS: Final = frozenset({"ab", "ab-reference", "ccr"})
"""Methods that show two stimuli a page and ask which is better."""
GRADE_METHODS: Final = frozenset({"acr", "dcr"})
"""Methods that ask for one of five grades, stored as 0, 25, 50, 75, 100."""


def method(panel: pd.DataFrame) -> str:
    """Return the method by which the ratings of one panel were made; "" where the table does not name exactly one."""
    if METHOD_COLUMN not in panel:
        return ""
    names = panel[METHOD_COLUMN].astype("string").fillna("").str.strip().unique().tolist()
    return str(names[0]) if len(names) == 1 else ""
