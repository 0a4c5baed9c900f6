"""What the API answers: the shapes that OpenAPI shows."""

from ninja import Schema
from pydantic import AwareDatetime


class StudyOut(Schema):
    """A study as the list shows it."""

    slug: str
    title: str
    status: str
    preset: str
    source: str
    link: str
    sessions: int
    finished: int
    simulated: int
    quota: int | None
    cell_quota: int | None
    created_at: AwareDatetime
    opened_at: AwareDatetime | None
    closed_at: AwareDatetime | None


class RatingOut(Schema):
    """One tidy rating, as in the exported ratings.csv; `excluded` only where excluded sittings were asked for."""

    study: str
    session: int
    assessor: str
    attribute: str
    item: str
    condition: str
    role: str
    replicate: int
    trial: int | None
    position: int | None
    score: float
    seconds: float | None
    simulated: bool
    part: int
    heard: float | None
    proved: bool | None
    method: str
    against_reference: bool
    anchor: str
    excluded: str | None = None


class Ratings(Schema):
    """A page of ratings, and how many there are in all."""

    count: int
    items: list[RatingOut]


class RefusalOut(Schema):
    """A sound that a browser refused to play: `sound` is "stimulus", or "open 0", the first reference, and so on."""

    trial: int
    attribute: str
    item: str
    condition: str | None
    sound: str
    at: AwareDatetime
    reason: str


class SessionOut(Schema):
    """A sitting and its sound: "proved", "not proved" where a rated page is not, "" where nothing was played here."""

    session: int
    assessor: str
    simulated: bool
    created_at: AwareDatetime
    finished_at: AwareDatetime | None
    sound: str
    pages_proved: int
    pages_unproved: int
    refused: list[RefusalOut]


class RunOut(Schema):
    """A run and how far it is."""

    kind: str
    id: int
    name: str
    status: str
    lost: bool
    step: int
    total: int
    share: float
    attempts: int
    message: str
    queued_at: AwareDatetime
    started_at: AwareDatetime | None
    beat_at: AwareDatetime | None
    ended_at: AwareDatetime | None
