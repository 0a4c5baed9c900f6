"""What the browser's uploader talks to: files are announced, sent in pieces, and played."""

import io
import json
import mimetypes
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404
from pydantic import BaseModel, ValidationError

from listening.intake.measure import load
from listening.models import IntakeFile, Study
from listening.stimuli import intakes, uploads
from listening.stimuli.uploads import Announced
from lossmodel import audio
from lossmodel.errors import BadInput

FULL = 507
"""The status of a full disc."""


class FileIn(BaseModel):
    """A file that a browser is about to send."""

    name: str
    size: int
    modified: int = 0


class FilesIn(BaseModel):
    """What `announce` is told."""

    files: list[FileIn]


def announce(request: HttpRequest, study: Study) -> HttpResponse:
    """Answer with the row of each announced file: its number, how much of it has come, and what is wrong with it."""
    try:
        told = FilesIn.model_validate_json(request.read(16 * 1024 * 1024))
        intake = uploads.open_intake(study, user=request.user)
        rows = uploads.announce(intake, [Announced(file.name, file.size, file.modified) for file in told.files])
    except ValidationError as error:
        return _wrong(400, f"the list of files cannot be read: {error.errors()[0]['msg']}")
    except uploads.NoRoom as error:
        return _wrong(FULL, str(error))
    except BadInput as error:
        return _wrong(400, str(error))
    return JsonResponse({"files": [_out(row) for row in rows]})


def take(request: HttpRequest, study: Study, file: int) -> HttpResponse:
    """Append the request's body to a file at `?offset=`; 409 says where to go on, 507 that the disc is full."""
    row = _file(study, file)
    try:
        offset = int(request.GET.get("offset", ""))
        return JsonResponse(_out(uploads.take(row, offset, request)))  # type: ignore[arg-type]
    except uploads.OtherOffset as error:
        return _wrong(409, str(error), received=error.received)
    except uploads.NoRoom as error:
        return _wrong(FULL, str(error))
    except ValueError as error:
        return _wrong(400, str(error))


def play(request: HttpRequest, study: Study, file: int) -> HttpResponseBase:
    """Answer with a file as it was delivered, or, with `?prepared=1`, as it will be: treated, at its own loudness."""
    row = _file(study, file)
    if "prepared" in request.GET:
        return _prepared(row)
    kind = mimetypes.guess_type(row.name)[0] or ""
    kind = kind if kind.startswith("audio/") else "audio/mp4" if kind == "video/mp4" else "application/octet-stream"
    return FileResponse(row.path.open("rb"), content_type=kind)


def _prepared(row: IntakeFile) -> HttpResponse:
    grid = intakes.grid_of(row.intake)
    found = next(file for file in grid.files if file.key == row.pk)
    sound = grid.treatment(found).applied(load(row.path, row.name)[0])
    return HttpResponse(_wav(sound), content_type="audio/wav")


def _wav(sound: audio.Audio) -> bytes:
    import soundfile

    written = io.BytesIO()
    soundfile.write(written, sound.samples.T, sound.rate, format="WAV", subtype="PCM_24")
    return written.getvalue()


def _file(study: Study, pk: int) -> IntakeFile:
    return get_object_or_404(IntakeFile.objects.select_related("intake__study"), pk=pk, intake__study=study)


def _out(row: IntakeFile) -> dict[str, Any]:
    return {"id": row.pk, "name": row.name, "size": row.size, "received": row.received, "problem": row.problem}


def _wrong(status: int, text: str, **more: Any) -> HttpResponse:
    return HttpResponse(json.dumps({"error": text, **more}), status=status, content_type="application/json")
