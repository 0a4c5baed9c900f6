"""Tell whether everything the site stands on answers: for containers, monitors and first looks."""

import sys
from typing import Any

from listening.admin import system, workers
from listening.checks import CHECKS, outcome
from listening.management import base


class Command(base.Command):
    help = (
        "Check database, migrations, storage, broker and disk; if one fails, print the reason and exit with status 1. "
        "A queue that no worker listens to is named, too, but is no failure: this process may be its first."
    )
    requires_system_checks = ()

    def handle(self, **_: Any) -> None:
        found = {name: outcome(check) for name, check in CHECKS.items()}
        for name, (passed, said) in found.items():
            (self.stdout if passed else self.stderr).write(f"{'ok    ' if passed else 'FAILED'}  {name}: {said}")
        if found["database"][0] and found["migrations"][0] and found["broker"][0]:
            for queue in filter(lambda each: each.deserted, system.queues(workers.machines())):
                self.stdout.write(f"nobody  no worker listens to the queue {queue.name}; start one: {queue.command}")
        if not all(passed for passed, _said in found.values()):
            sys.exit(1)
