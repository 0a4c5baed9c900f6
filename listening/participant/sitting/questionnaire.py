"""A study's questions as a form, and an assessor's replies to them."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from listening.models import Question, Reply, Session
from listening.participant.sitting.freetext import FreeText

Kind = Question.Kind


def form(session: Session, data: Any = None) -> forms.Form:
    """Return the questions that are put to the assessor now, as a form; bound to `data` if there is any."""
    made = forms.Form(data, prefix="q", label_suffix="")
    for question in session.open_questions(session.place or ""):
        made.fields[question.key] = _field(question)
    return made


def store(session: Session, filled: forms.Form) -> None:
    """Keep the replies of a valid form; a question keeps its first reply, however often the form is sent."""
    questions = {question.key: question for question in session.study.questions.filter(key__in=filled.cleaned_data)}
    Reply.objects.bulk_create(
        (
            Reply(session=session, question=questions[key], value=_as_text(value))
            for key, value in filled.cleaned_data.items()
        ),
        ignore_conflicts=True,
    )


def _field(question: Question) -> forms.Field:
    own: dict[str, Any] = {"label": question.text, "required": question.required}
    missing = {"required": _("Please answer this question."), "invalid": _("Please enter a number.")}
    own["error_messages"] = missing
    if question.kind == Kind.NUMBER:
        return forms.FloatField(min_value=question.minimum, max_value=question.maximum, step_size=None, **own)
    if question.kind == Kind.CHOICE:
        return _Choice(choices=[(each, each) for each in question.options], widget=forms.RadioSelect, **own)
    if question.kind == Kind.SCALE:
        return _Scale(question, **own)
    return FreeText(widget=forms.Textarea(attrs={"rows": 3}), **own)


class _Choice(forms.ChoiceField):
    """One of several lines."""

    look = "choice"


class _Scale(_Choice):
    """One of several steps between two named ends."""

    look = "scale"

    def __init__(self, question: Question, **own: Any) -> None:
        steps = [(str(step), str(step)) for step in question.steps]
        super().__init__(choices=steps, widget=forms.RadioSelect, **own)
        self.low, self.high = ([*question.options, "", ""])[:2]


def _as_text(value: Any) -> str:
    """Return a cleaned value as it is stored: numbers without a needless “.0”, nothing as ""."""
    if value is None:
        return ""
    return f"{value:.15g}" if isinstance(value, float) else str(value)
