"""What every management command shares: bad input is one clear line and exit status 2; a study is known by its slug."""

import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError

from listening.models import Study
from lossmodel.cli import EXIT_BAD_INPUT, EXIT_INTERRUPTED
from lossmodel.errors import FULL_DISC, BadInput, is_disc_full


class Command(BaseCommand):
    """A command for people: `BadInput` ends it with one line on standard error, also under `call_command`.

    Exit status: 0, 2 for bad input and for a full disc, 130 after Ctrl-C.
    """

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Carry the command out; `SystemExit` where the input is bad."""
        try:
            return super().execute(*args, **options)
        except BadInput as error:
            self.stderr.write(" ".join(str(error).split()))
            sys.exit(EXIT_BAD_INPUT)
        except (OSError, DatabaseError) as error:
            if not is_disc_full(error):
                raise
            self.stderr.write(FULL_DISC)
            sys.exit(EXIT_BAD_INPUT)
        except KeyboardInterrupt:
            self.stderr.write("interrupted")
            sys.exit(EXIT_INTERRUPTED)


def study(slug: str) -> Study:
    """Return the study called `slug`; `BadInput` names the known ones."""
    found = Study.objects.filter(slug=slug).first()
    if found is None:
        known = ", ".join(Study.objects.order_by("slug").values_list("slug", flat=True)[:20])
        raise BadInput(f"no study is called {slug!r}; known are: {known or 'none yet (import_study makes one)'}")
    return found
