"""What a researcher sees and starts: Django's admin, with runs that start by adding a row and show how far they are."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from listening.admin import learning, material, runs, sessions, studies

__all__ = ["learning", "material", "runs", "sessions", "studies"]

admin.site.site_header = admin.site.site_title = "Hearback"
admin.site.index_title = _("Listening tests and what is learned from them")
