"""How a bundle's study was designed: `design.json`, everything that somebody needs to run it again."""

import dataclasses
import json
from typing import Any

from listening.exports.bundle.anonymous import Anonymous
from listening.models import Study

FIELDS = (
    "slug", "title", "preset", "language", "source", "introduction", "consent", "consent_version", "instructions",
    "thanks", "seed", "rate", "loudness", "longest", "items_per_session", "replicates", "attention", "changed_rules",
    "quota", "cell_quota", "volume_step", "headphones", "headphone_rule", "antiphase_threshold", "huggins_threshold",
    "familiarisation", "break_every", "comprehension", "institution", "ethics",
)  # fmt: skip
"""What is told of a study; not who answers for it, nor how its assessors are paid."""


def design(study: Study, anonymous: Anonymous) -> bytes:
    """Return the design as JSON: texts, attributes, conditions, items, rules in force, seeds and plan."""
    told: dict[str, Any] = {
        "study": {name: getattr(study, name) for name in FIELDS},
        "rules": dataclasses.asdict(study.rules),
        "attributes": list(study.attributes.values("key", "name", "question", "definition", "low", "high")),
        "conditions": list(study.conditions.values("name", "role", "description")),
        "items": list(study.items.values("name", "training")),
        "questions": list(study.questions.values("key", "place", "kind", "text", "choices", "minimum", "maximum")),
        "sittings": list(study.sessions.filter(declined_at=None).order_by("number").values("number", "cell", "seed")),
    }
    text = json.dumps(anonymous.plain(told), indent=1, ensure_ascii=False, default=str)
    return f"{text}\n".encode()
