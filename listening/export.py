"""Ratings out: the only producer of rating rows, and of the manifest of the sounds that were rated."""

import hashlib
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from io import TextIOWrapper
from pathlib import Path
from statistics import median
from tempfile import TemporaryFile
from types import MappingProxyType
from typing import IO, Any

from django.core.files import File
from django.db import IntegrityError, transaction

from listening import tables
from listening.conformity import Facts
from listening.models import Rating, RatingSet, Reference, Role, Stimulus, Study
from listening.presets import Form
from lossmodel.errors import BadInput
from lossmodel.manifest import Pair
from lossmodel.progress import Report, silent

FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "study": "slot__trial__session__study__slug",
        "session": "slot__trial__session__number",
        "assessor": "slot__trial__session__assessor__code",
        "attribute": "slot__trial__attribute__key",
        "item": "slot__trial__item__name",
        "condition": "slot__stimulus__condition__name",
        "role": "slot__stimulus__condition__role",
        "replicate": "slot__trial__replicate",
        "trial": "slot__trial__position",
        "position": "slot__position",
        "score": "score",
        "seconds": "slot__trial__seconds",
        "simulated": "slot__trial__session__assessor__simulated",
        "part": "slot__trial__part",
    }
)
"""The tidy columns in their order, and where each is found."""

KINDS: tables.Columns = (
    dict.fromkeys(FIELDS, str)
    | dict.fromkeys(("session", "replicate", "trial", "position", "part"), int)
    | {"score": float, "seconds": float, "simulated": bool}
)
"""What the values of the columns are."""

CHUNK = 2000
"""Rows fetched from the database at a time."""

WEBMUSHRA = (
    "session_test_id", "participant", "session_uuid", "trial_id",
    "rating_stimulus", "rating_score", "rating_time", "rating_comment",
)  # fmt: skip
WEBMUSHRA_NAMES: Mapping[str, str] = MappingProxyType({"lowpass-3500": "anchor35", "lowpass-7000": "anchor70"})


def rows(study: Study, report: Report = silent) -> Iterator[dict[str, Any]]:
    """Yield one dict a rating with the keys of `FIELDS`, by session, trial and slot; never the whole table at once.

    `session` counts sessions from 0, `trial` and `position` count pages and slots as they were shown, `seconds` is
    the time spent on the page (None where unknown), `part` which of an item's pages it was, where it takes several (a
    stimulus or a pair each). Sessions whose consent was declined afterwards are left out.
    """
    ratings = (
        Rating.objects.counted(study)
        .order_by("slot__trial__session__number", "slot__trial__position", "slot__position")
        .values_list(*FIELDS.values())
    )
    total = ratings.count()
    for number, values in enumerate(ratings.iterator(chunk_size=CHUNK)):
        if number % CHUNK == 0:
            report(number, total)
        yield dict(zip(FIELDS, values, strict=True))


def write_csv(study: Study, file: IO[str], report: Report = silent) -> int:
    """Write the tidy table as CSV; returns the number of rows."""
    return tables.write_csv(file, KINDS, rows(study, report))


def write_json(study: Study, file: IO[str], report: Report = silent) -> int:
    """Write the tidy table as a JSON list of objects; returns the number of rows."""
    return tables.write_json(file, KINDS, rows(study, report))


def write_parquet(study: Study, file: IO[bytes], report: Report = silent) -> int:
    """Write the tidy table as Parquet, typed; returns the number of rows."""
    return tables.write_parquet(file, KINDS, rows(study, report))


def write_webmushra(study: Study, file: IO[str], report: Report = silent) -> int:
    """Write the ratings in the shape of webMUSHRA's `mushra.csv`; returns the number of rows.

    The hidden reference and the 3.5 and 7 kHz anchors have webMUSHRA's names; `rating_time` is in milliseconds. A
    trial is called `item`, with `--attribute` where the study has several, `--part-N` where an item takes several
    trials, and `--repeat` for a replicate.
    """
    several, parted = study.attributes.count() > 1, study.rules.form != Form.SCALE
    table = (_webmushra(row, several=several, parted=parted) for row in rows(study, report))
    return tables.write_csv(file, WEBMUSHRA, table)


WRITERS: Mapping[str, Callable[[Study, Any, Report], int]] = MappingProxyType(
    {"csv": write_csv, "parquet": write_parquet, "json": write_json, "webmushra": write_webmushra}
)
"""Formats by name; only `parquet` writes bytes."""


def freeze(study: Study) -> RatingSet:
    """Return the study's ratings as a file that never changes again; the same ratings give the same set.

    Raises `BadInput` for a study without ratings.
    """
    kinds: Counter[bool] = Counter()

    def seen() -> Iterator[dict[str, Any]]:
        for row in rows(study):
            kinds[row["simulated"]] += 1
            yield row

    with TemporaryFile() as file:
        text = TextIOWrapper(file, encoding="utf-8", newline="")
        count = tables.write_csv(text, FIELDS, seen())
        text.detach()
        if not count:
            raise BadInput(f"{study} has no ratings to freeze; run it first, or simulate assessors")
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        new = RatingSet(study=study, sha256=digest, rows=count, simulated=kinds[True])
        return RatingSet.objects.filter(study=study, sha256=digest).first() or _store(new, file)


def pairs(study: Study) -> list[Pair]:
    """Return the manifest of the study's stimuli, trainings left out: what `lossmodel` measures, fits, predicts on.

    The paths are those of the stored sounds, on this machine. Raises `BadInput` for an item without a reference.
    """
    references: dict[int, list[Path]] = defaultdict(list)
    for reference in Reference.objects.filter(item__study=study).select_related("audio"):
        references[reference.item_id].append(reference.audio.path)
    stimuli = Stimulus.objects.filter(item__study=study, item__training=False)
    stimuli = stimuli.order_by("item__name", "condition__name")
    related = stimuli.select_related("audio", "condition", "item__mixture", "item__accompaniment", "item__study")
    return [_pair(stimulus, tuple(references[stimulus.item_id])) for stimulus in related]


def facts(study: Study) -> Facts:
    """Return what `listening.conformity.check` judges a study by."""
    rules = study.rules
    stimuli = list(
        Stimulus.objects.filter(item__study=study, item__training=False).values_list(
            "item", "condition__name", "condition__role", "audio__frames", "audio__rate"
        )
    )
    scores: dict[str, list[float]] = defaultdict(list)
    for row in rows(study):
        if row["role"] == Role.SYSTEM:
            scores[row["condition"]].append(row["score"])
    return Facts(
        form=rules.form,
        open_reference=rules.open_reference,
        attributes=study.attributes.count(),
        intervals=rules.intervals,
        only_sounding=rules.only_sounding,
        all_moved=rules.all_moved,
        one_full=rules.one_full,
        anchors=frozenset(name for _, name, role, *_ in stimuli if role == Role.ANCHOR),
        stimuli_per_item=tuple(Counter(item for item, *_ in stimuli).values()),
        items_with_reference=len({item for item, _, role, *_ in stimuli if role == Role.REFERENCE}),
        items_per_system=tuple(Counter(name for _, name, role, *_ in stimuli if role == Role.SYSTEM).values()),
        longest=max((frames / rate for *_, frames, rate in stimuli), default=0.0),
        loudness=study.loudness,
        replicates=study.replicates,
        imported=bool(study.source),
        trainings=study.attributes.count() * study.items.filter(training=True).count(),
        medians=tuple(median(each) for each in scores.values()),
        assessors=study.sessions.counted().values("assessor").distinct().count(),
    )


def _pair(stimulus: Stimulus, references: tuple[Path, ...]) -> Pair:
    item = stimulus.item
    if not references:
        raise BadInput(f"{item} has no reference to judge its stimuli against; admit one")
    return Pair(
        item=item.name,
        condition=stimulus.condition.name,
        role=stimulus.condition.role,
        estimate=stimulus.audio.path,
        references=references,
        mixture=item.mixture.path if item.mixture else None,
        accompaniment=item.accompaniment.path if item.accompaniment else None,
    )


def _store(new: RatingSet, file: IO[bytes]) -> RatingSet:
    """Save the set with its file; where another process was first, return its set and keep no file."""
    new.file.save(f"{new.study.slug}-{new.sha256[:12]}.csv", File(file), save=False)
    try:
        with transaction.atomic():
            new.save()
    except IntegrityError:
        new.file.delete(save=False)
        return RatingSet.objects.get(study=new.study, sha256=new.sha256)
    return new


def _webmushra(row: Mapping[str, Any], *, several: bool, parted: bool) -> dict[str, Any]:
    session = uuid.uuid5(uuid.NAMESPACE_URL, f"hearback:{row['study']}/{row['session']}")
    parts = [row["attribute"]] * several + [f"part-{row['part'] + 1}"] * parted + ["repeat"] * (row["replicate"] > 0)
    name = WEBMUSHRA_NAMES.get(row["condition"], row["condition"])
    return {
        "session_test_id": row["study"],
        "participant": row["assessor"],
        "session_uuid": session,
        "trial_id": "--".join([row["item"], *parts]),
        "rating_stimulus": "reference" if row["role"] == Role.REFERENCE else name,
        "rating_score": row["score"],
        "rating_time": "" if row["seconds"] is None else round(1000 * row["seconds"]),
        "rating_comment": "",
    }
