"""Tell whether everything the site stands on answers: for containers, monitors and first looks."""

import sys
from typing import Any

from listening.checks import CHECKS, outcome
from listening.management import base


class Command(base.Command):
    help = (
        "Check database, migrations, storage, broker and disk; if one fails, print the reason and exit with status 1."
    )
    requires_system_checks = ()

    def handle(self, **_: Any) -> None:
        found = {name: outcome(check) for name, check in CHECKS.items()}
        for name, (passed, said) in found.items():
            (self.stdout if passed else self.stderr).write(f"{'ok    ' if passed else 'FAILED'}  {name}: {said}")
        if not all(passed for passed, _said in found.values()):
            sys.exit(1)
