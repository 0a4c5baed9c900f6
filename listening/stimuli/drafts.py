"""Where studies come from: made new from a preset, filled with excerpts, or copied as a new draft."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import translation

from listening import anchors, presets
from listening.models import Attribute, Audio, Condition, Item, Reference, Rendering, Role, Stimulus, Study, StudyRole
from listening.models.study import new_seed
from listening.stimuli.admission import (
    Row,
    Source,
    Take,
    admit,
    admit_accompaniment,
    admit_mixture,
    admit_reference,
    checked,
    together,
)
from lossmodel import audio
from lossmodel.errors import BadInput
from lossmodel.progress import Report, silent

HIDDEN_REFERENCE = "hidden-reference"
"""What the hidden reference is called where the material does not name it."""

ALIKE = 2.0
"""LU within which the sounds of a test count as aligned in loudness."""


@dataclass(frozen=True)
class Excerpt:
    """What an item is made of: stimuli by the name of their condition, references by their own."""

    name: str
    references: Mapping[str, Source]
    stimuli: Mapping[str, Source]
    mixture: Source | None = None
    accompaniment: Source | None = None

    @property
    def rate(self) -> int:
        """Return the sample rate of its first reference."""
        source = next(iter(self.references.values()))
        if isinstance(source, Path):
            return audio.read(source).rate
        return source.audio.rate if isinstance(source, Take) else source.rate


def new_study(
    slug: str, title: str, preset: str, *, attributes: Sequence[presets.AttributeText] = (), **fields: Any
) -> Study:
    """Return a new draft with the texts of `preset` and its attributes, unless others are given.

    They are in the study's `language`; in English where it has none. `fields` are the study's own. Raises `BadInput`
    for an unknown preset, a slug that is taken or is none, and impossible fields.
    """
    study = unsaved_study(slug, title, preset, **fields)
    save_new(study, attributes)
    return study


def unsaved_study(slug: str, title: str, preset: str, **fields: Any) -> Study:
    """Return the row that `new_study` saves, not saved yet; errors as there."""
    method = _spoken(preset, fields.get("language", ""))
    own = {"instructions": method.instructions, "replicates": method.replicates, "attention": method.attention}
    study = Study(slug=slug, title=title, preset=method.key, **{**own, **fields})
    _check_new(study)
    return study


def save_new(study: Study, attributes: Sequence[presets.AttributeText] = ()) -> None:
    """Save a study that `unsaved_study` made, with the attributes of its method unless others are given."""
    texts = attributes or _spoken(study.preset, study.language).attributes
    with transaction.atomic():
        study.save()
        Attribute.objects.bulk_create(
            Attribute(
                study=study, key=text.key, name=text.name, question=text.question, definition=text.definition,
                low=text.low, high=text.high, position=position,
            )
            for position, text in enumerate(texts)
        )  # fmt: skip


def _spoken(preset: str, language: str) -> presets.Preset:
    with translation.override(language or settings.LANGUAGE_CODE):
        return presets.preset(preset).spoken()


def redraft(study: Study, slug: str, *, rendering: Rendering | None = None) -> Study:
    """Return a draft copy of `study` with the same material (its sounds are shared), a new seed and no sessions.

    Everybody has the role in it that they have in `study`.
    Where sounds were taken as delivered but alike in loudness, sounds admitted from now on get that loudness too.
    """
    draft = _copy(
        study, slug=slug, seed=new_seed(), rendering_id=rendering and rendering.pk, source="",
        status=Study.Status.DRAFT, opened_at=None, closed_at=None, told_quota=None,
        told_cell_quota=None, paused=False, loudness=_common_loudness(study),
    )  # fmt: skip
    _check_new(draft)
    with transaction.atomic():
        draft.save()
        StudyRole.objects.hand_on(study, draft)
        _copy_all(study.attributes.all(), study_id=draft.pk)
        _copy_all(study.questions.all(), study_id=draft.pk)
        conditions = _copy_all(study.conditions.all(), study_id=draft.pk)
        items = _copy_all(study.items.all(), study_id=draft.pk)
        for old, new in items.items():
            _copy_all(Reference.objects.filter(item=old), item_id=new.pk)
        Stimulus.objects.bulk_create(
            _copy(one, item_id=items[one.item_id].pk, condition_id=conditions[one.condition_id].pk)
            for one in Stimulus.objects.filter(item__study=study)
        )
    return draft


def fill(study: Study, conditions: Iterable[Condition], excerpts: Iterable[Excerpt], report: Report = silent) -> None:
    """Admit whole excerpts under (unsaved) `conditions`. A file that an excerpt names twice is let in once."""
    excerpts = list(excerpts)
    with together():
        saved = {row.name: row for row in conditions}
        for row in saved.values():
            row.study = study
            checked(row).save()
        for number, excerpt in enumerate(excerpts):
            report(number, len(excerpts))
            item = checked(Item(study=study, name=excerpt.name))
            item.save()
            _fill_item(item, excerpt, saved)


def add_hidden_reference(study: Study) -> Condition:
    """Put every item's first reference among its stimuli, as one condition."""
    with together():
        hidden = Condition.objects.create(
            study=study, name=HIDDEN_REFERENCE, role=Role.REFERENCE, description="the first open reference"
        )
        for reference in Reference.objects.filter(item__study=study, position=0).select_related("item", "audio"):
            admit(reference.item, hidden, reference.audio)
    return hidden


def add_anchors(study: Study, names: Iterable[str], report: Report = silent) -> None:
    """Render the anchors `names` (recipes of `listening.anchors`) of every item; errors as `admit`, naming the item."""
    names, items = list(names), list(study.items.select_related("mixture"))
    with together():
        for step, name in enumerate(names):
            report(step, len(names))
            text = anchors.recipe(name).description
            anchor = Condition.objects.create(study=study, name=name, role=Role.ANCHOR, description=text)
            for item in items:
                admit(item, anchor, _anchor(item, name, study.seed))


def _anchor(item: Item, name: str, seed: int) -> Take:
    reference = item.references.select_related("audio").first()
    if reference is None:
        raise BadInput(f"{item} has no reference to make the anchor {name} from; add it first")
    mixture = audio.read(item.mixture.path) if item.mixture else None
    own_seed = zlib.crc32(f"{seed}/{item.name}".encode())
    try:
        made = anchors.render(name, audio.read(reference.audio.path), mixture, own_seed)
    except BadInput as error:
        raise BadInput(f"{item}: anchor {name}: {error}") from None
    return Take(made, f"{name} of {item.name}", bits=16)


def _fill_item(item: Item, excerpt: Excerpt, conditions: Mapping[str, Condition]) -> None:
    known: dict[Source, Audio] = {}
    for name, source in excerpt.references.items():
        known[source] = admit_reference(item, name, known.get(source, source)).audio
    for name, source in excerpt.stimuli.items():
        known[source] = admit(item, conditions[name], known.get(source, source)).audio
    if excerpt.mixture is not None:
        admit_mixture(item, known.get(excerpt.mixture, excerpt.mixture))
    if excerpt.accompaniment is not None:
        admit_accompaniment(item, excerpt.accompaniment)


def _common_loudness(study: Study) -> float | None:
    """Return the loudness that sounds of `study` have by its settings, or in fact (within 2 LU); None: they differ."""
    found = Stimulus.objects.filter(item__study=study).values_list("audio__loudness", flat=True)
    measured = [each for each in found if each is not None]
    if study.loudness is not None or not measured or max(measured) - min(measured) > ALIKE:
        return study.loudness
    return round(median(measured), 1)


def _check_new(study: Study) -> None:
    """Raise `BadInput` where the row could not be saved, in one line."""
    if Study.objects.filter(slug=study.slug).exists():
        raise BadInput(f"a study is called {study.slug!r} already; choose another slug")
    checked(study)


def _copy(row: Row, **changes: Any) -> Row:
    """Return an unsaved copy of `row` with `changes`."""
    fields = {each.attname: getattr(row, each.attname) for each in row._meta.concrete_fields if not each.primary_key}
    return type(row)(**{**fields, **changes})


def _copy_all(rows: Iterable[Row], **changes: Any) -> dict[Any, Row]:
    """Save a copy of each row with `changes`; returns them by the key of the row they copy."""
    copies = {row.pk: _copy(row, **changes) for row in rows}
    for copy in copies.values():
        copy.save()
    return copies
