"""Take a picture of every page that a researcher sees, from rows and sounds made for it.

python -m tests.pictures                     what the documentation shows, with docs/pages.md, a sheet a page
python -m tests.pictures --all FOLDER        every page at 1440 and 390 pixels, light and dark, to look at
python -m tests.pictures --only home,team    these pages alone, with either
python -m tests.pictures --kept FOLDER       from the demonstration in this folder, made first if there is none
"""

import argparse
import os
import tempfile
from pathlib import Path

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"


def main() -> None:
    """Make the demonstration in a folder of its own, serve it, and take the pictures."""
    wanted = _wanted()
    with tempfile.TemporaryDirectory() as passing:
        _begin(wanted.kept or Path(passing))
        from tests.pictures import demonstration, gallery, screenshots

        if not demonstration.made():
            demonstration.make((wanted.kept or Path(passing)) / "made")
        shown = screenshots.pages(demonstration.rows())
        chosen = {name: shown[name] for name in wanted.only or shown}
        with screenshots.served() as address:
            if wanted.all is None:
                screenshots.take_documented(address, chosen, IMAGES)
                gallery.take_sheets(address, chosen, IMAGES)
                (IMAGES.parent / "pages.md").write_text(gallery.index(list(shown)))
            else:
                screenshots.take_all(address, chosen, wanted.all)


def _wanted() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.pictures", description=__doc__.split("\n")[0])
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="every page on every screen, into this folder")
    parser.add_argument("--only", type=lambda text: text.split(","), metavar="NAMES", help="these pages alone")
    parser.add_argument("--kept", type=Path, metavar="FOLDER", help="where the demonstration stays for the next time")
    return parser.parse_args()


def _begin(folder: Path) -> None:
    """Set the site up on a database and media of its own, with static files from the sources."""
    os.environ |= {  # noqa: TID251 settings read the environment once, here before they do
        "DJANGO_SETTINGS_MODULE": "listening.settings", "VAR_ROOT": str(folder), "DJANGO_ALLOW_ASYNC_UNSAFE": "1",
        "TRAINING_DATA_ROOTS": str(folder / "made"),
    }  # fmt: skip
    for name in ("DATABASE_URL", "STORAGE_URL", "CELERY_BROKER_URL", "MEDIA_ROOT", "INTAKE_DIR"):
        os.environ.pop(name, None)  # noqa: TID251
    import django
    from django.conf import settings
    from django.core.management import call_command

    (folder / "made").mkdir(parents=True, exist_ok=True)
    django.setup()
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}
    settings.ALLOWED_HOSTS = ["*"]
    call_command("migrate", verbosity=0)


main()
