"""Static files under hashed names, ES-module imports included, so that they may be cached for ever."""

from collections.abc import Iterator, Mapping
from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage

UNHASHED_PREFIX = "django_htmx/ext/"
"""htmx's extensions: no page uses one, and they import modules by names that are no files."""


class HashedModules(CompressedManifestStaticFilesStorage):
    """Rewrite ``import … from "./x.js"`` to the hashed name as well: no bundler is needed."""

    support_js_module_import_aggregation = True

    def post_process(self, paths: Mapping[str, Any], *args: Any, **options: Any) -> Iterator[Any]:
        """Hash and compress all files but those below `UNHASHED_PREFIX`, which keep their names."""
        own = {name: found for name, found in paths.items() if not name.startswith(UNHASHED_PREFIX)}
        yield from super().post_process(own, *args, **options)
