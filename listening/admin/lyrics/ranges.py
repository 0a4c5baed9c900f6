"""A file sent in the part that a browser asks for: without parts, no player can seek (RFC 9110, section 14)."""

import re
from collections.abc import Iterator
from typing import Any

from django.core.files import File
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

BLOCK_BYTES = 64 * 1024
PART = re.compile(r"bytes=(\d*)-(\d*)")


def send_part(request: HttpRequest, file: "File[Any]", content_type: str) -> HttpResponseBase:
    """Answer with the file, or with the one part that is asked for (206); 416 for a part that it does not have.

    Several parts at once are answered with the whole file, as the standard allows.
    """
    size = int(file.size)
    asked = PART.fullmatch(request.headers.get("Range", ""))
    if asked is None or asked.group(0) == "bytes=-":
        whole = FileResponse(file.open("rb"), content_type=content_type)
        whole["Accept-Ranges"] = "bytes"
        return whole
    first, last = _bounds(asked[1], asked[2], size)
    if first > last:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    headers = {
        "Content-Range": f"bytes {first}-{last}/{size}", "Content-Length": str(last - first + 1),
        "Content-Type": content_type, "Accept-Ranges": "bytes",
    }  # fmt: skip
    return StreamingHttpResponse(_blocks(file, first, last), status=206, headers=headers)


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    """Return the first and the last byte; without a first the last so many; the first beyond the last for none."""
    if not first:
        return max(0, size - int(last)), size - 1
    return int(first), min(int(last or size - 1), size - 1)


def _blocks(file: "File[Any]", first: int, last: int) -> Iterator[bytes]:
    with file.open("rb") as opened:
        opened.seek(first)
        left = last - first + 1
        while left and (block := opened.read(min(BLOCK_BYTES, left))):
            left -= len(block)
            yield block
