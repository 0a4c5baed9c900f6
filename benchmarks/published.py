"""The published listening tests of separated voices, as tidy ratings and pairs of files."""

from pathlib import Path

import pandas as pd
import soundfile

from lossmodel.manifest import Pair
from lossmodel.ratings import table

WARD_ROLES = {"ref": "reference", "Quality": "anchor", "Interferer": "anchor"}
SISEC_ROLES = {"Ref": "reference", "Anch1": "anchor", "Anch2": "anchor"}
SISEC_FILES = {"Ref": "ref_vocals", "Anch1": "anchor1_interference", "Anch2": "anchor2_quality"}

SILENT_PEAK = 1e-4
"""Peak of a file under which there is nothing in it."""


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


def generative(data: Path) -> tuple[pd.DataFrame, list[Pair]]:
    """Return the ratings of degradation (P.808's five categories as 0, 25 … 100) of modern and generative separators.

    Six of the thirty files hold silence, whatever was rated; they are left out.
    """
    folder = data / "gensvs2025"
    raw = pd.read_csv(folder / "ratings.csv").assign(
        study="gensvs2025", attribute="degradation", role="system", replicate=0, trial=0, position=0,
        seconds=float("nan"), simulated=False, score=lambda rows: 25 * (rows["rating"] - 1),
        session=lambda rows: rows["assessor"],
    )  # fmt: skip
    files = {(row.item, row.condition): folder / "sounds" / row.item for row in _stimuli(raw)}
    heard = {key for key, at in files.items() if abs(soundfile.read(at / f"{key[1]}.flac")[0]).max() > SILENT_PEAK}
    kept = [key in heard for key in zip(raw["item"], raw["condition"])]
    return table.check(raw.loc[kept, list(table.COLUMNS)]), [
        Pair(item, name, "system", at / f"{name}.flac", (at / "target.flac",), at / "mixture.flac")
        for (item, name), at in files.items()
        if (item, name) in heard
    ]
