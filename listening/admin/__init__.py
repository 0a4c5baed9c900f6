"""What a researcher sees and starts: Django's admin, with runs that start by adding a row and show how far they are."""

from listening.admin import learning, material, runs, sessions, studies, tokens
from listening.admin.lyrics import admin as alignments
from listening.admin.training import admin as training

__all__ = ["alignments", "learning", "material", "runs", "sessions", "studies", "tokens", "training"]
