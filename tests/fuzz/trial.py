"""One target under many inputs, from a seed: how many were tried, and the smallest that went wrong."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz import files, requests
from tests.fuzz.limits import answered
from tests.fuzz.mutation import spoilt

OPTIONS = {
    "deadline": None, "database": None, "phases": (Phase.generate, Phase.shrink),
    "suppress_health_check": list(HealthCheck),
}  # fmt: skip


@dataclass(frozen=True)
class Tried:
    """How many inputs a target had, and the error of the smallest that went wrong, which names it; None if none did."""

    name: str
    count: int
    error: Exception | None


def everything(
    folder: Path, *, examples: int, first_seed: int = 0, only: frozenset[str] = frozenset()
) -> Iterator[Tried]:
    """Yield each target as soon as its inputs are tried; `only` names some, or all `requests`, or the whole `api`."""
    asked = {"examples": examples, "first_seed": first_seed}
    for target in files.TARGETS:
        if not only or target.name in only:
            yield file(target, folder / target.name, **asked)
    if not only or "requests" in only:
        (folder / "requests").mkdir()
        for address in requests.addresses(folder / "requests"):
            yield tried(address.name, spoilt(address.good), address.send, **asked)
    if not only or "api" in only:
        for operation in requests.operations():
            yield tried(operation.name, operation.cases(), operation.send, **asked)


def file(target: files.Target, folder: Path, **asked: int) -> Tried:
    """Try spoilt files."""
    folder.mkdir()
    path = target.prepare(folder)
    target.read(path)

    def read(content: bytes) -> None:
        path.write_bytes(content)
        target.read(path)

    return tried(target.name, spoilt(path.read_bytes()), read, **asked)


def tried(
    name: str, inputs: st.SearchStrategy[Any], take: Callable[[Any], None], *, examples: int, first_seed: int = 0
) -> Tried:
    """Give `take` so many inputs."""
    count = 0

    @seed(first_seed)
    @settings(max_examples=examples, **OPTIONS)
    @given(inputs)
    def each(found: Any) -> None:
        nonlocal count
        count += 1
        with answered():
            take(found)

    try:
        each()
    except Exception as error:  # noqa: BLE001 whatever it is, it is what was looked for
        return Tried(name, count, error)
    return Tried(name, count, None)
