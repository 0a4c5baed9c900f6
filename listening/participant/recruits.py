"""Who comes by which link: a recruiter's parameters, personal links, and the sitting that a person has begun."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.translation import gettext as _

from listening.models import Invitation, Recruitment, Session, Study, Unavailable
from listening.models.recruiting import filled

MIN_SECRET_CHARACTERS = 16
"""A recruiter's id this long is not guessed, so it may lead to its sitting; a shorter one needs the personal code."""


class AlreadyBegun(Exception):
    """This person has begun the study elsewhere, under an id that is too short to prove who they are."""


@dataclass(frozen=True)
class Arrival:
    """By what somebody came: the parameters of the link, the person that they name, and the personal link."""

    parameters: dict[str, str]
    person: str = ""
    invitation: Invitation | None = None
    names_unknown_link: bool = False


def arrival(request: HttpRequest, study: Study) -> Arrival:
    """Return by what a request to the study's address came."""
    parameters = study.given(request.GET)
    invitation = study.invitations.by_token(request.GET.get("invitation", ""))
    unknown = invitation is None and "invitation" in request.GET
    return Arrival(parameters, study.person(parameters), invitation, names_unknown_link=unknown)


def check_invitation(came: Arrival, study: Study) -> None:
    """Raise `Unavailable` where nobody may begin by this link: revoked, not known, or none where one is asked for."""
    if came.invitation is not None and came.invitation.revoked_at:
        raise Unavailable(_("This personal link is no longer valid."))
    if came.names_unknown_link:
        raise Unavailable(_("This personal link is not known."))
    if came.invitation is None and study.invited_only:
        raise Unavailable(_("This study is begun by a personal link only."))


def begun_before(came: Arrival, study: Study) -> Session | None:
    """Return the sitting that this person has begun, None if there is none; raise `AlreadyBegun` for a guessable id."""
    if came.invitation and came.invitation.session:
        return came.invitation.session
    known = Recruitment.objects.filter(study=study, person=came.person).select_related("session").first()
    if known is None or not came.person:
        return None
    if len(came.person.partition("=")[2]) < MIN_SECRET_CHARACTERS:
        raise AlreadyBegun
    return known.session


def is_somebody_else(came: Arrival, sitting: Session) -> bool:
    """Tell whether the link names another person, or is another personal link, than those of `sitting`."""
    before = Recruitment.objects.filter(session=sitting).exclude(person="").first()
    invited = Invitation.objects.filter(session=sitting).first()
    other_person = bool(came.person and before and before.person != came.person)
    return other_person or bool(came.invitation and invited != came.invitation)


def note(came: Arrival, sitting: Session) -> None:
    """Keep by what the person of a new sitting came."""
    if came.parameters:
        Recruitment.objects.create(study=sitting.study, session=sitting, parameters=came.parameters, person=came.person)
    if came.invitation:
        Invitation.objects.filter(pk=came.invitation.pk, session=None).update(session=sitting)


def ways_back(sitting: Session) -> dict[str, str]:
    """Return where a recruiter expects whoever has finished and whoever is screened out, with the gaps filled."""
    known = Recruitment.objects.filter(session=sitting).first()
    parameters = known.parameters if known else {}
    study = sitting.study
    return {
        "return_url": filled(study.return_url, parameters),
        "screen_out_url": filled(study.screen_out_url, parameters),
    }
