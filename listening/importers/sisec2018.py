"""SiSEC 2018's listening test: overall similarity to the reference vocals, 10 songs, 24 assessors.

A folder with `ratings.csv` and `sounds/<song>/` of github.com/CVSSP/listen-sisec-mus-18-subjective-evaluation. Each
published sound has its own loudness, so the accompaniment is brought back to the level it has beside the reference.
"""

from pathlib import Path

import numpy as np

from listening.importers.published import Line, Published
from listening.importers.sounds import located, sound
from listening.importers.tables import number, read_rows, whole_number
from listening.models import Role
from listening.stimuli import Excerpt, Take
from lossmodel import audio
from lossmodel.errors import BadInput

COLUMNS = ("sub", "song", "sound", "url", "rating", "order", "dur")
ROLES = {"Ref": Role.REFERENCE, "Anch1": Role.ANCHOR, "Anch2": Role.ANCHOR}


def read(path: Path) -> Published:
    """Read the folder; a sitting is one assessor's, its pages in `order`."""
    lines: list[Line] = []
    files: dict[str, dict[str, tuple[str, str]]] = {}
    for where, row in read_rows(path / "ratings.csv", COLUMNS):
        lines.append(_line(where, row))
        files.setdefault(row["song"], {}).setdefault(row["sound"], (where, row["url"]))
    names = sorted({name for sounds in files.values() for name in sounds})
    return Published(
        slug="sisec2018",
        title="Separated singing voice: overall similarity (SiSEC 2018)",
        preset="similarity",
        source="SiSEC 2018, github.com/CVSSP/listen-sisec-mus-18-subjective-evaluation",
        excerpts=[_excerpt(path, song, sounds) for song, sounds in sorted(files.items())],
        roles={name: ROLES.get(name, Role.SYSTEM) for name in names},
        lines=lines,
    )


def _line(where: str, row: dict[str, str]) -> Line:
    return Line(
        where=where,
        sitting=row["sub"],
        assessor=f"sisec2018-{row['sub']}",
        attribute="similarity",
        item=row["song"],
        condition=row["sound"],
        score=number(where, "rating", row["rating"]),
        position=whole_number(where, "order", row["order"]),
        seconds=number(where, "dur", row["dur"]),
    )


def _excerpt(folder: Path, song: str, named: dict[str, tuple[str, str]]) -> Excerpt:
    sounds = {name: located(where, url, folder) for name, (where, url) in named.items()}
    if "Ref" not in sounds:
        raise BadInput(f"song {song}: no ratings of Ref, its reference")
    beside = sounds["Ref"].parent
    mixture = sound(f"song {song}", beside / "mixture.flac")
    return Excerpt(
        name=song,
        references={"vocals": sounds["Ref"]},
        stimuli=sounds,
        mixture=mixture,
        accompaniment=_levelled(sound(f"song {song}", beside / "ref_accompaniment.flac"), sounds["Ref"], mixture),
    )


def _levelled(accompaniment: Path, reference: Path, mixture: Path) -> Take:
    """Return the accompaniment at the level at which reference + accompaniment is proportional to the mixture.

    With mixture ≈ a·reference + b·accompaniment (least squares) that is b/a times as it was published.
    """
    parts = [audio.read(path) for path in (reference, accompaniment, mixture)]
    if len({part.samples.shape for part in parts}) > 1:
        raise BadInput(
            f"{accompaniment}: differs in length from {reference} and {mixture}; use the same excerpt for all"
        )
    own, others, mixed = (part.samples.astype(np.float64).ravel() for part in parts)
    a, b = np.linalg.lstsq(np.stack([own, others], axis=1), mixed, rcond=None)[0]
    if a <= 0 or b <= 0:
        raise BadInput(f"{mixture}: does not contain {reference} and {accompaniment}; use the same excerpt for all")
    return Take(audio.Audio(parts[1].samples * np.float32(b / a), parts[1].rate), f"{accompaniment} × {b / a:.2f}")
