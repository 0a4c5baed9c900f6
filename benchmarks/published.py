"""The published listening tests of separated voices, as tidy ratings and pairs of files."""

from pathlib import Path

import pandas as pd

from lossmodel.manifest import Pair
from lossmodel.ratings import table

WARD_ROLES = {"ref": "reference", "Quality": "anchor", "Interferer": "anchor"}
SISEC_ROLES = {"Ref": "reference", "Anch1": "anchor", "Anch2": "anchor"}
SISEC_FILES = {"Ref": "ref_vocals", "Anch1": "anchor1_interference", "Anch2": "anchor2_quality"}


def published(data: Path) -> tuple[pd.DataFrame, list[Pair]]:
    """Return the ratings of both tests and a pair for every rated stimulus."""
    ward, sisec = _ward(data / "ward2018"), _sisec(data / "sisec2018")
    return pd.concat([ward[0], sisec[0]], ignore_index=True), [*ward[1], *sisec[1]]


def _ward(folder: Path) -> tuple[pd.DataFrame, list[Pair]]:
    names = {"subject": "assessor", "experiment": "attribute", "page": "item", "sound": "condition", "rating": "score"}
    raw = pd.read_csv(folder / "ratings.csv").rename(columns=names)
    raw["attribute"] = raw["attribute"].replace("interferer", "interference")
    rated = _tidy(raw, "ward2018", raw["page_order"], WARD_ROLES)
    files = [(row.item, row.condition, folder / "sounds" / row.item) for row in _stimuli(rated)]
    return rated, [
        Pair(
            item, name, WARD_ROLES.get(name, "system"), at / f"{name}.flac", (at / "ref.flac",), at / "Interferer.flac"
        )
        for item, name, at in files
    ]


def _sisec(folder: Path) -> tuple[pd.DataFrame, list[Pair]]:
    names = {"sub": "assessor", "song": "item", "sound": "condition", "rating": "score"}
    raw = pd.read_csv(folder / "ratings.csv").rename(columns=names).assign(attribute="similarity")
    rated = _tidy(raw, "sisec2018", raw["order"], SISEC_ROLES)
    files = [(row.item, row.condition, folder / "sounds" / row.item) for row in _stimuli(rated)]
    return rated, [
        Pair(
            item, name, SISEC_ROLES.get(name, "system"), at / f"{SISEC_FILES.get(name, f'{name}_vocals')}.flac",
            (at / "ref_vocals.flac",), at / "mixture.flac",
        )
        for item, name, at in files
    ]  # fmt: skip


def _tidy(raw: pd.DataFrame, study: str, order: pd.Series, roles: dict[str, str]) -> pd.DataFrame:
    """Return the ratings in our columns; a page rated twice comes as replicates 0 and 1, in its order."""
    raw = raw.assign(
        study=study, session=raw["assessor"], trial=order, position=0, seconds=float("nan"), simulated=False
    )
    raw["assessor"] = study + "-" + raw["assessor"].astype(str)
    raw = raw.sort_values("trial", kind="stable")
    raw["replicate"] = raw.groupby(["assessor", "attribute", "item", "condition"]).cumcount()
    raw["role"] = raw["condition"].map(roles).fillna("system")
    return table.check(raw[list(table.COLUMNS)])


def _stimuli(rated: pd.DataFrame) -> list[pd.Series]:
    return list(rated[["item", "condition"]].drop_duplicates().sort_values(["item", "condition"]).itertuples())


def degraded(data: Path) -> tuple[pd.DataFrame, list[Pair]]:
    """Return the ratings of degradation of modern and generative separators, and of neural codecs of speech.

    `gensvs2025` asked for one of P.808's five categories, here 0, 25 … 100; `codec2024` for the quality beside a
    reference, and has no mixture. The sound of its anchor is not published: its ratings are left out.
    """
    separators, codecs = _gensvs(data / "gensvs2025"), _codec(data / "codec2024")
    return pd.concat([separators[0], codecs[0]], ignore_index=True), [*separators[1], *codecs[1]]


def _gensvs(folder: Path) -> tuple[pd.DataFrame, list[Pair]]:
    raw = pd.read_csv(folder / "ratings.csv").assign(attribute="degradation", score=lambda rows: 25 * (rows.rating - 1))
    rated = _tidy(raw, "gensvs2025", pd.Series(0, raw.index), {})
    return rated, [
        Pair(
            row.item, row.condition, "system", at / f"{row.condition}.flac", (at / "target.flac",), at / "mixture.flac"
        )
        for row in _stimuli(rated)
        for at in [folder / "sounds" / row.item]
    ]


def _codec(folder: Path) -> tuple[pd.DataFrame, list[Pair]]:
    raw = pd.read_csv(folder / "ratings.csv").rename(columns={"rating": "score"}).assign(attribute="degradation")
    raw = raw[raw["condition"] != "anchor"]
    rated = _tidy(raw, "codec2024", pd.Series(0, raw.index), {"ref": "reference"})
    return rated, [
        Pair(row.item, row.condition, role, at / f"{row.condition}.flac", (at / "ref.flac",))
        for row in _stimuli(rated)
        for at, role in [(folder / "sounds" / row.item, "reference" if row.condition == "ref" else "system")]
    ]
