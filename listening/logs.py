"""What the log says: one line an event, with the request, run or session it is about, and no secret of a link.

A personal link, a token of the API and a recruiter's parameters are rights or personal data; a log is read by more
people than may have them. So every line passes through `redacted`, tracebacks included.
"""

import json
import logging
import re
import uuid
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType

from django.http import HttpRequest, HttpResponseBase

SECRETS = (
    (re.compile(r"(/t/)[\w.-]+(?:(/audio/|/sounds/)[\w.-]+)?"), r"\1…\2"),
    (re.compile(r"(/[\w./-]*)\?[^\s\"'<>]+"), r"\1?…"),
    (re.compile(r"(\binvitation=)[^\s&\"'<>]+"), r"\1…"),
    (re.compile(r"(\bhearback_)[\w-]+"), r"\1…"),
    (re.compile(r"(://[^\s:/@]+:)[^\s@/]+(@)"), r"\1…\2"),
)
"""What no line holds, and what stands there instead: links, parameters, API tokens, passwords of databases."""

_about: ContextVar[MappingProxyType[str, str]] = ContextVar("about", default=MappingProxyType({}))


def note(**about: str) -> None:
    """Add to what the lines of this thread are about from now on: `request`, `run`, `session`, each by its id."""
    _about.set(MappingProxyType({**_about.get(), **about}))


def forget() -> None:
    """Begin something new in this thread, such as the next request or task."""
    _about.set(MappingProxyType({}))


def redacted(text: str) -> str:
    """Return `text` without the secrets of links.

    >>> redacted("POST /t/kJ3xQ/answers, /s/voices/?PROLIFIC_PID=5f2b")
    'POST /t/…/answers, /s/voices/?…'
    """
    for secret, instead in SECRETS:
        text = secret.sub(instead, text)
    return text


class Lines(logging.Formatter):
    """A line for people: time, level, logger, what it is about, message; a traceback follows it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        about = "".join(f" {name}={value}" for name, value in _about.get().items())
        head = f"{_time(record)} {record.levelname} {record.name}{about}: {record.getMessage()}"
        return redacted("\n".join([head, *_traceback(self, record)]))


class JsonLines(logging.Formatter):
    """The same as one JSON object a line: `time`, `level`, `logger`, `message`, `traceback`, and what it is about."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {"time": _time(record), "level": record.levelname, "logger": record.name, **_about.get()}
        line["message"] = redacted(record.getMessage())
        if traceback := _traceback(self, record):
            line["traceback"] = redacted("\n".join(traceback))
        return json.dumps(line, ensure_ascii=False)


FORMATTERS: Mapping[str, type[logging.Formatter]] = MappingProxyType({"plain": Lines, "json": JsonLines})
"""How a line looks, by `settings.LOG_FORMAT`."""


class RequestIds:
    """Middleware: every request has an id, that of the proxy's `X-Request-ID` if it sends one; the answer tells it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on under its id."""
        given = request.headers.get("X-Request-ID", "")
        own = given if re.fullmatch(r"[\w-]{8,64}", given, re.ASCII) else uuid.uuid4().hex[:16]
        forget()
        note(request=own)
        answer = self.get_response(request)
        answer.headers["X-Request-ID"] = own
        return answer


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> list[str]:
    return [formatter.formatException(record.exc_info)] if record.exc_info and record.exc_info[0] else []
