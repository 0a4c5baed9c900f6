"""The Sounds tab of a study's workbench: sounds are dropped, put into a grid, mended, prepared, and heard."""

from listening.admin.sounds.urls import SoundsPages

__all__ = ["SoundsPages"]
