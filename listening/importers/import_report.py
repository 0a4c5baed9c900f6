"""What an import ends with: a list of what came in, and of what was left out and why."""

from collections.abc import Iterable, Sequence

from listening.models import Rating, Reply, Study

CAME_IN, LEFT_OUT = "What was imported", "What was left out"


def import_report(study: Study, notes: Sequence[str], left_out: Sequence[str]) -> str:
    """Return the report of an import as text: two headings, each with a line for each thing, which begins with «- »."""
    came = [_sounds(study), _ratings(study), *_replies(study), *notes]
    return "\n".join([CAME_IN, *_lines(came), LEFT_OUT, *_lines(left_out or ["nothing"])])


def _lines(sentences: Iterable[str]) -> list[str]:
    return [f"- {' '.join(sentence.split())}" for sentence in dict.fromkeys(sentences)]


def _sounds(study: Study) -> str:
    conditions = list(study.conditions.order_by("pk").values_list("name", flat=True))
    return f"{counted(study.items.count(), 'item')}, {counted(len(conditions), 'condition')}: {', '.join(conditions)}"


def _ratings(study: Study) -> str:
    sessions = study.sessions.count()
    if not sessions:
        return "no ratings; the study is a draft"
    ratings = counted(Rating.objects.filter(slot__trial__session__study=study).count(), "rating")
    people = counted(study.sessions.values("assessor").distinct().count(), "assessor")
    return f"{ratings} of {people} in {counted(sessions, 'session')}"


def _replies(study: Study) -> list[str]:
    keys = list(study.questions.values_list("key", flat=True))
    replies = Reply.objects.filter(session__study=study).count()
    said = f"{counted(replies, 'reply', 'replies')} (may name people) to {counted(len(keys), 'question')}"
    commented = study.sessions.exclude(comment="").count()
    comments = f"comments on sounds or pages of {counted(commented, 'session')}, kept with their sessions"
    return [f"{said}: {', '.join(keys)}"] * bool(keys) + [comments] * bool(commented)


def counted(count: int, one: str, many: str = "") -> str:
    """Return the count with its noun.

    >>> counted(1, "reply", "replies"), counted(2, "item")
    ('1 reply', '2 items')
    """
    return f"{count} {one if count == 1 else many or one + 's'}"
