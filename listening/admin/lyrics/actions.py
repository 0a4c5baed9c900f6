"""What the karaoke page sends: new times of words, or that the newest are taken back."""

from typing import Annotated, Literal

from django.http import HttpRequest, JsonResponse
from pydantic import BaseModel, Field, FiniteFloat, ValidationError

from listening.admin.lyrics.karaoke import state
from listening.models import LyricsAlignment
from listening.models.lyrics import Outdated
from lossmodel.errors import BadInput

MAX_MOVED = 2000
"""Words in one correction: a line has a dozen, the longest songs a thousand."""


class Correction(BaseModel):
    """What the page asks for; `times` are start and end in seconds by the word's place."""

    do: Literal["move", "undo", "redo"]
    revision: int
    times: Annotated[dict[int, tuple[FiniteFloat, FiniteFloat]], Field(max_length=MAX_MOVED)] = {}


def correct(request: HttpRequest, run: LyricsAlignment) -> JsonResponse:
    """Carry a correction out and answer with the times as they stand; 400 for a wrong one, 409 after somebody else's.

    Nothing changes where there is nothing to take back.
    """
    try:
        asked = Correction.model_validate_json(request.body)
        if asked.do == "move":
            run.correct(asked.times, user=request.user, revision=asked.revision)
        elif asked.do == "undo":
            run.undo(user=request.user, revision=asked.revision)
        else:
            run.redo(revision=asked.revision)
    except ValidationError as error:
        return JsonResponse({"error": str(error.errors()[0]["msg"])}, status=400)
    except BadInput as error:
        return JsonResponse({"error": str(error)}, status=400)
    except Outdated as error:
        return JsonResponse({"error": str(error)}, status=409)
    return JsonResponse(state(run))
