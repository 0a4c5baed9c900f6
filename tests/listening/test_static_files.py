"""Static files have the names of their content, so that pages after an upgrade never run scripts of before."""

import pytest
from django.core.management import call_command

from listening.storage import HashedModules


@pytest.fixture
def site(tmp_path, settings, monkeypatch):
    """Return what installs a version of two modules, the first of which imports the other, and starts a process."""
    sources = tmp_path / "sources"
    sources.mkdir()
    settings.STATIC_ROOT = tmp_path / "collected"
    settings.STATICFILES_DIRS = [sources]
    settings.INSTALLED_APPS = ["django.contrib.staticfiles"]
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "listening.storage.HashedModules"}}

    def install(version: int) -> HashedModules:
        (sources / "page.js").write_text('import { version } from "./part.js";\n')
        (sources / "part.js").write_text(f"export const version = {version};\n")
        call_command("collectstatic", verbosity=0, interactive=False)
        return HashedModules()

    return install


def served(storage: HashedModules, name: str) -> str:
    with storage.open(storage.stored_name(name)) as file:
        return file.read().decode()


def test_after_an_upgrade_a_page_and_all_that_its_modules_import_are_new(site):
    before, after = site(1), site(2)
    for name in ("page.js", "part.js"):
        assert before.url(name) != after.url(name)
    assert after.stored_name("part.js") in served(after, "page.js")
    assert "version = 2" in served(after, "part.js")


def test_a_name_that_was_not_collected_is_an_error_and_no_old_file(site):
    with pytest.raises(ValueError, match="Missing staticfiles manifest entry"):
        site(1).url("forgotten.js")
