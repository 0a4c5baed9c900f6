"""The site's addresses."""

from django.contrib import admin
from django.urls import include, path

from listening.api import api, healthz

urlpatterns = [
    path("", include("listening.participant.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", api.urls),
    path("healthz", healthz),
]
