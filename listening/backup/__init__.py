"""An installation in one file, and back: the database at one moment, every file, and a manifest of their hashes."""

from listening.backup.archive import back_up
from listening.backup.restoring import restore

__all__ = ["back_up", "restore"]
