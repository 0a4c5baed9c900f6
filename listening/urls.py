"""The site's addresses; `listening.health` answers /healthz and /readyz before them."""

from django.contrib import admin
from django.urls import include, path

from listening.api import api

urlpatterns = [
    path("", include("listening.participant.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", api.urls),
]
