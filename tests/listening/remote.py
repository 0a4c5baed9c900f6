"""A storage without local paths, as an S3 bucket has none."""

from typing import IO

from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage


class Remote(Storage):
    """Files in memory, reachable by name alone."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def _save(self, name: str, content: File) -> str:
        self.kept[name] = content.read()
        return name

    def _open(self, name: str, mode: str = "rb") -> IO:
        return ContentFile(self.kept[name])

    def exists(self, name: str) -> bool:
        return name in self.kept

    def delete(self, name: str) -> None:
        self.kept.pop(name, None)
