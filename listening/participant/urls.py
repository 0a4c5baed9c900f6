"""The assessor's addresses: a study's open door, and everything behind one personal link."""

from django.urls import path, register_converter

from listening.participant import views
from listening.participant.sitting import views as around


class Opaque:
    """A token as this site makes them; anything else in its place is an unknown address."""

    regex = r"[A-Za-z0-9_.-]{1,64}"

    def to_python(self, value: str) -> str:
        """Return the token as it stands."""
        return value

    def to_url(self, value: str) -> str:
        """Return the token as it stands."""
        return value


register_converter(Opaque, "opaque")
app_name = "participant"

urlpatterns = [
    path("", views.home, name="home"),
    path("s/<slug:slug>/", views.begin, name="begin"),
    path("s/<slug:slug>/resume", views.resume, name="resume"),
    path("t/<opaque:token>/", views.session, name="session"),
    path("t/<opaque:token>/consent", views.consent, name="consent"),
    path("t/<opaque:token>/instructions", views.instructions, name="instructions"),
    path("t/<opaque:token>/trials/<int:position>", views.trial, name="trial"),
    path("t/<opaque:token>/answers", views.answers, name="answers"),
    path("t/<opaque:token>/events", views.events, name="events"),
    path("t/<opaque:token>/audio/<opaque:opaque>", views.audio, name="audio"),
    path("t/<opaque:token>/withdraw", around.withdraw, name="withdraw"),
    path("t/<opaque:token>/comment", views.comment, name="comment"),
    path("t/<opaque:token>/steps/<slug:name>", around.done, name="step"),
    path("t/<opaque:token>/questions/<slug:place>", around.questions, name="questions"),
    path("t/<opaque:token>/headphones/<slug:kind>/<int:number>", around.headphones, name="headphones"),
    path("t/<opaque:token>/sounds/<opaque:opaque>", around.sound, name="sound"),
]
