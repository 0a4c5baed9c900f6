"""Real ratings, read as published, for the tests that need them."""

import pandas as pd
import pytest

from lossmodel.ratings import table

ROLES = {"ref": "reference", "Quality": "anchor", "Interferer": "anchor"}


@pytest.fixture(scope="session")
def ward2018(data) -> pd.DataFrame:
    raw = pd.read_csv(data / "ward2018" / "ratings.csv")
    frame = pd.DataFrame(
        {
            "study": "ward2018",
            "session": raw["subject"],
            "assessor": raw["subject"],
            "attribute": raw["experiment"].replace("interferer", "interference"),
            "item": raw["page"],
            "condition": raw["sound"],
            "role": raw["sound"].map(ROLES).fillna("system"),
            "replicate": raw.groupby(["subject", "experiment", "page", "sound"]).cumcount(),
            "trial": raw["page_order"],
            "position": None,
            "score": raw["rating"],
            "seconds": raw["page_duration"],
            "simulated": False,
        }
    )
    return table.check(frame)
