"""The site's application, and the admin with pages of its own."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class ListeningConfig(AppConfig):
    """Listening tests and what is learned from them."""

    name = "listening"


class StudioConfig(admin_apps.AdminConfig):
    """Django's admin, with the studio's home and lists."""

    default = False
    default_site = "listening.studio.Studio"
