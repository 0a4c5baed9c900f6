"""Ratings out: the only producer of rating rows, and of the manifest of the sounds that were rated."""

import csv
import hashlib
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from io import TextIOWrapper
from pathlib import Path
from tempfile import TemporaryFile
from types import MappingProxyType
from typing import IO, Any

from django.core.files import File
from django.db import IntegrityError, transaction
from django.db.models import BooleanField, Case, CharField, Value, When

from listening.conformity import STANDARD_ANCHORS
from listening.exports import tables
from listening.models import Rating, RatingSet, Reference, Role, Stimulus, Study, Trial, heard_seconds
from listening.presets import Form
from lossmodel.cells import restored
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
        "heard": "heard",
        "proved": "slot__trial__proved",
        "method": "slot__trial__session__study__preset",
        "against_reference": "against_reference",
        "anchor": "anchor",
    }
)
"""The tidy columns in their order, and where each is found."""

COLUMN_KINDS: tables.Columns = (
    dict.fromkeys(FIELDS, str)
    | dict.fromkeys(("session", "replicate", "trial", "position", "part"), int)
    | {"score": float, "seconds": float, "simulated": bool, "heard": float, "proved": bool, "against_reference": bool}
)
"""What the values of the columns are."""

EXCLUDED: Mapping[str, str] = MappingProxyType({"excluded": "slot__trial__session__excluded_reason"})
"""The column that tells of excluded sessions, where they are asked for."""

CHUNK_ROWS = 2000
"""Rows fetched from the database at a time."""

WEBMUSHRA_COLUMNS = (
    "session_test_id", "participant", "session_uuid", "trial_id",
    "rating_stimulus", "rating_score", "rating_time", "rating_comment",
    "simulated",
)  # fmt: skip
WEBMUSHRA_NAMES: Mapping[str, str] = MappingProxyType({"lowpass-3500": "anchor35", "lowpass-7000": "anchor70"})


def rows(
    study: Study, report: Report = silent, *, proved_only: bool = False, with_excluded: bool = False
) -> Iterator[dict[str, Any]]:
    """Yield one dict a rating with the keys of `FIELDS`, by session, trial and slot; never the whole table at once.

    `session` counts sessions from 0, `trial` and `position` count pages and slots as they were shown, `seconds` is
    the time spent on the page (None where unknown), `part` which of an item's pages it was, where it takes several (a
    stimulus or a pair each). `heard` is for how many seconds the stimulus was played, None where its page did not tell,
    and `proved` whether the browser proved that what it played is what is stored, None for what was not played here.
    By `method` a study is rated; what BS.1534-3's screening needs stands in each row: `against_reference`, whether a
    reference stood beside the scale, and `anchor`, which of the standard's anchors a stimulus is (`low`, `mid`, "").
    Sessions that were declined, withdrawn or excluded are left out, with `proved_only` also what is not proved.
    `with_excluded` keeps the excluded ones, in a further column `excluded` the reason, "" for those that count.
    """
    counted = Rating.objects.counted(study, with_excluded=with_excluded)
    fields = {**FIELDS, **EXCLUDED} if with_excluded else FIELDS
    ratings = (
        (counted.proved() if proved_only else counted)
        .annotate(
            heard=heard_seconds("slot", "slot__trial"),
            against_reference=Value(study.rules.against_reference, output_field=BooleanField()),
            anchor=_anchor(),
        )
        .order_by("slot__trial__session__number", "slot__trial__position", "slot__position")
        .values_list(*fields.values())
    )
    total = ratings.count()
    for number, values in enumerate(ratings.iterator(chunk_size=CHUNK_ROWS)):
        if number % CHUNK_ROWS == 0:
            report(number, total)
        row = dict(zip(fields, values, strict=True))
        row["heard"] = row["heard"] and round(row["heard"], 3)
        yield row


def _anchor() -> Case:
    """Return which of BS.1534-3's anchors a rated stimulus is."""
    condition = "slot__stimulus__condition__"
    kinds = [
        When(**{f"{condition}name": name, f"{condition}role": Role.ANCHOR}, then=Value(kind))
        for kind, name in STANDARD_ANCHORS.items()
    ]
    return Case(*kinds, default=Value(""), output_field=CharField())


def columns(*, with_excluded: bool = False, **_kept: bool) -> tables.Columns:
    """Return the columns of `rows` with what their values are."""
    return {**COLUMN_KINDS, **dict.fromkeys(EXCLUDED, str)} if with_excluded else COLUMN_KINDS


def write_csv(study: Study, file: IO[str], report: Report = silent, **kept: bool) -> int:
    """Write the tidy table as CSV, `kept` as for `rows`; returns the number of rows."""
    return tables.write_csv(file, columns(**kept), rows(study, report, **kept))


def write_json(study: Study, file: IO[str], report: Report = silent, **kept: bool) -> int:
    """Write the tidy table as a JSON list of objects; returns the number of rows."""
    return tables.write_json(file, columns(**kept), rows(study, report, **kept))


def write_parquet(study: Study, file: IO[bytes], report: Report = silent, **kept: bool) -> int:
    """Write the tidy table as Parquet, typed; returns the number of rows."""
    return tables.write_parquet(file, columns(**kept), rows(study, report, **kept))


def write_webmushra(study: Study, file: IO[str], report: Report = silent, **kept: bool) -> int:
    """Write the ratings in the shape of webMUSHRA's `mushra.csv`; returns the number of rows.

    The hidden reference and the 3.5 and 7 kHz anchors have webMUSHRA's names; `rating_time` is in milliseconds. A
    trial is called `item`, with `--attribute` where the study has several, `--part-N` where an item takes several
    trials, and `--repeat` for a replicate. The further column `simulated` is read back by our importer.
    """
    several = study.attributes.count() > 1
    parted = study.rules.form != Form.SCALE or Trial.objects.filter(session__study=study, part__gt=0).exists()
    table = (_webmushra(row, several=several, parted=parted) for row in rows(study, report, **kept))
    return tables.write_csv(file, WEBMUSHRA_COLUMNS, table)


WRITERS: Mapping[str, Callable[..., int]] = MappingProxyType(
    {"csv": write_csv, "parquet": write_parquet, "json": write_json, "webmushra": write_webmushra}
)
"""Formats by name; only `parquet` writes bytes."""


def freeze(study: Study, *, proved_only: bool = False) -> RatingSet:
    """Return the study's ratings as a file that never changes again; the same ratings give the same set.

    With `proved_only` without those whose sound is not proved. Raises `BadInput` where no ratings are left.
    """
    return _frozen(study, rows(study, proved_only=proved_only), tuple(FIELDS))


def proved(frozen: RatingSet) -> RatingSet:
    """Return frozen ratings without those whose sound is not proved: a set of its own, or the same where all are fine.

    Raises `BadInput` where no ratings are left.
    """
    if not frozen.unproved:
        return frozen
    with frozen.path.open(encoding="utf-8", newline="") as file:
        table = csv.DictReader(file)
        kept = (_restored(row) for row in table if not _is_unproved(row, frozen.study))
        return _frozen(frozen.study, kept, table.fieldnames or ())


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


def _pair(stimulus: Stimulus, references: tuple[Path, ...]) -> Pair:
    item = stimulus.item
    if not references:
        raise BadInput(f"{item} has no reference for its stimuli; add one")
    return Pair(
        item=item.name,
        condition=stimulus.condition.name,
        role=stimulus.condition.role,
        estimate=stimulus.audio.path,
        references=references,
        mixture=item.mixture.path if item.mixture else None,
        accompaniment=item.accompaniment.path if item.accompaniment else None,
    )


def _frozen(study: Study, found: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> RatingSet:
    kinds: Counter[str] = Counter()

    def seen() -> Iterator[Mapping[str, Any]]:
        for row in found:
            kinds["simulated"] += str(row["simulated"]) == "True"
            kinds["unproved"] += _is_unproved(row, study)
            yield row

    with TemporaryFile() as file:
        text = TextIOWrapper(file, encoding="utf-8", newline="")
        count = tables.write_csv(text, columns, seen())
        text.detach()
        if not count:
            raise BadInput(
                f"{study} has no ratings to freeze; run the study first, or include ratings whose sound is not proved"
            )
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        new = RatingSet(study=study, sha256=digest, rows=count, **kinds)
        return RatingSet.objects.filter(study=study, sha256=digest).first() or _store(new, file)


def _restored(row: Mapping[str, str]) -> Mapping[str, str]:
    return {name: restored(value) for name, value in row.items()}


def _is_unproved(row: Mapping[str, Any], study: Study) -> bool:
    """Tell whether the sound of a rating is not proved; a row of before that was told is not, if a person sat here."""
    if "proved" in row:
        return str(row["proved"]) == "False"
    return not study.source and str(row["simulated"]) == "False"


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


@lru_cache(maxsize=1)
def _session_uuid(study: str, session: int) -> str:
    """Return the same identifier for a session in every export; rows come session by session."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"hearback:{study}/{session}"))


def _webmushra(row: Mapping[str, Any], *, several: bool, parted: bool) -> dict[str, Any]:
    parts = [row["attribute"]] * several + [f"part-{row['part'] + 1}"] * parted + ["repeat"] * (row["replicate"] > 0)
    name = WEBMUSHRA_NAMES.get(row["condition"], row["condition"])
    return {
        "session_test_id": row["study"],
        "participant": row["assessor"],
        "session_uuid": _session_uuid(row["study"], row["session"]),
        "trial_id": "--".join([row["item"], *parts]),
        "rating_stimulus": "reference" if row["role"] == Role.REFERENCE else name,
        "rating_score": row["score"],
        "rating_time": "" if row["seconds"] is None else round(1000 * row["seconds"]),
        "rating_comment": "",
        "simulated": row["simulated"],
    }
