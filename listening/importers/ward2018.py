"""Ward et al. (ICASSP 2018): sound quality and interference of separated singing voice, 11 songs, 24 assessors.

A folder with `ratings.csv` and `sounds/<page>/<sound>` of github.com/CVSSP/perceptual-study-source-separation. The
published stimuli are loudness-matched, and the accompaniment is not among them: with g = ⟨ref, mix⟩/⟨ref, ref⟩ it is
(mix − g·ref)/g, at the level it has in the mixture beside the reference.
"""

from pathlib import Path

import numpy as np

from listening.importers.published import Line, Published
from listening.importers.sounds import located
from listening.importers.tables import number, read_rows, whole_number
from listening.models import Role
from listening.stimuli import Excerpt, Take
from lossmodel import audio
from lossmodel.errors import BadInput

COLUMNS = ("page", "page_order", "page_duration", "rating", "sound", "url", "experiment", "subject")
ATTRIBUTES = {"quality": "quality", "interferer": "interference"}
ROLES = {"ref": Role.REFERENCE, "Quality": Role.ANCHOR, "Interferer": Role.ANCHOR}


def read(path: Path) -> Published:
    """Read the folder; a sitting is one assessor's task on one attribute, its pages in `page_order`."""
    lines: list[Line] = []
    files: dict[str, dict[str, tuple[str, str]]] = {}
    for where, row in read_rows(path / "ratings.csv", COLUMNS):
        lines.append(_line(where, row))
        files.setdefault(row["page"], {}).setdefault(row["sound"], (where, row["url"]))
    names = sorted({name for sounds in files.values() for name in sounds})
    return Published(
        slug="ward2018",
        title="Separated singing voice: sound quality and interference (Ward et al., 2018)",
        preset="ward-2",
        source="Ward et al., ICASSP 2018, github.com/CVSSP/perceptual-study-source-separation",
        excerpts=[_excerpt(path, page, sounds) for page, sounds in sorted(files.items())],
        roles={name: ROLES.get(name, Role.SYSTEM) for name in names},
        lines=lines,
    )


def _line(where: str, row: dict[str, str]) -> Line:
    if row["experiment"] not in ATTRIBUTES:
        raise BadInput(f"{where}: experiment {row['experiment']!r}; known are: {', '.join(ATTRIBUTES)}")
    return Line(
        where=where,
        sitting=f"{row['subject']} {row['experiment']}",
        assessor=f"ward2018-{row['subject']}",
        attribute=ATTRIBUTES[row["experiment"]],
        item=row["page"],
        condition=row["sound"],
        score=number(where, "rating", row["rating"]),
        position=whole_number(where, "page_order", row["page_order"]),
        seconds=number(where, "page_duration", row["page_duration"]),
    )


def _excerpt(folder: Path, page: str, named: dict[str, tuple[str, str]]) -> Excerpt:
    sounds = {name: located(where, url, folder) for name, (where, url) in named.items()}
    if missing := [name for name in ("ref", "Interferer") if name not in sounds]:
        raise BadInput(f"page {page}: no ratings of {missing[0]}, which is its reference or mixture")
    return Excerpt(
        name=page,
        references={"vocals": sounds["ref"]},
        stimuli=sounds,
        mixture=sounds["Interferer"],
        accompaniment=rest(sounds["Interferer"], sounds["ref"]),
    )


def rest(mixture: Path, reference: Path) -> Take:
    """Return what is in the mixture beside the reference, at its level beside the reference."""
    whole, part = audio.read(mixture), audio.read(reference)
    if whole.samples.shape != part.samples.shape:
        raise BadInput(f"{mixture}: differs in length or channels from {reference}; use the same excerpt for both")
    mixed, own = whole.samples.astype(np.float64), part.samples.astype(np.float64)
    gain = float(np.vdot(own, mixed)) / max(float(np.vdot(own, own)), 1e-12)
    if gain <= 0:
        raise BadInput(f"{mixture}: does not contain {reference}; use the same excerpt for both")
    return Take(audio.Audio((mixed / gain - own).astype(np.float32), whole.rate), f"{mixture} without {reference.name}")
