"""Listening tests in the browser: designed, served, watched, screened, exported here."""

from listening.celery import app as celery_app

__all__ = ["celery_app"]
