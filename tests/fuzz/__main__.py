"""python -m tests.fuzz: see the package."""

import argparse
import os
import sys
import tempfile
import traceback
from pathlib import Path

import tests.fuzz


def main() -> int:
    parser = argparse.ArgumentParser(
        description=tests.fuzz.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--examples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--only", default="", help="names of targets of files, or requests, or api; separated by commas"
    )
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        prepare(Path(name))
        from tests.fuzz.trial import everything

        wrong, total, only = 0, 0, frozenset(filter(None, asked.only.split(",")))
        (Path(name) / "inputs").mkdir()
        for each in everything(Path(name) / "inputs", examples=asked.examples, first_seed=asked.seed, only=only):
            total += each.count
            sys.stdout.write(f"{each.count:7}  {each.name}\n")
            if each.error:
                wrong += 1
                sys.stdout.write("".join(traceback.format_exception(each.error)))
            sys.stdout.flush()
    sys.stdout.write(f"{total:7}  inputs; {wrong or 'no'} targets with one that was neither answered nor refused\n")
    return wrong > 0


def prepare(folder: Path) -> None:
    """Point Django at a database of its own."""
    os.environ |= {  # noqa: TID251  the settings read it as they are loaded
        "DJANGO_SETTINGS_MODULE": "listening.settings", "VAR_ROOT": str(folder), "ALLOWED_HOSTS": "*", "DEBUG": "1",
        "DATABASE_URL": f"sqlite:///{folder / 'fuzz.sqlite3'}", "MEDIA_ROOT": str(folder / "media"),
    }  # fmt: skip
    import django

    django.setup()
    from django.core.management import call_command
    from django.test.utils import setup_test_environment

    setup_test_environment(debug=False)
    call_command("migrate", verbosity=0)


if __name__ == "__main__":
    sys.exit(main())
