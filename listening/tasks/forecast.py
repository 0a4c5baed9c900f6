"""What the objective that a separator was trained against predicts for a study, before anybody listens."""

import logging
from collections import defaultdict
from typing import Any

from listening.exports import ratings as export
from listening.models import Objective, Study
from listening.tasks.runs import finite
from lossmodel.errors import BadInput

logger = logging.getLogger(__name__)


def forecast(objective: Objective | None, study: Study) -> dict[str, Any]:
    """Return the predicted ratings of the systems of `study`: {"attributes": {attribute: {item: {condition: …}}}}.

    {} without an objective; {"note": why} where it cannot judge the study: stimuli are rendered all the same.
    """
    from lossmodel.objective import store
    from lossmodel.objective.score import score

    if objective is None:
        return {}
    pairs = [pair for pair in export.pairs(study) if pair.role == "system"]
    try:
        scores = score(store.load(objective.folder), pairs)
    except BadInput as error:
        logger.warning("%s cannot foresee %s: %s", objective, study, error)
        return {"note": str(error)}
    found: dict[str, Any] = defaultdict(lambda: defaultdict(dict))
    for each in scores:
        for attribute, said in each.opinions.items():
            found[attribute][each.item][each.condition] = {"mean": said.mean, "low": said.low, "high": said.high}
    own: dict[str, Any] = finite({"objective": objective.pk, "attributes": found})
    return own
