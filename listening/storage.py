"""Static files under hashed names, ES-module imports included, so that they may be cached for ever."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedModules(CompressedManifestStaticFilesStorage):
    """Rewrite ``import … from "./x.js"`` to the hashed name as well: no bundler is needed."""

    support_js_module_import_aggregation = True
    manifest_strict = False
