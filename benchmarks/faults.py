"""Workers, messages, database and disc fail under real fits, trainings and renderings: what becomes of each run.

python benchmarks/faults.py [--broker filesystem|redis|rabbitmq]… [--database sqlite|postgres] [--only WORDS]

Prints a table (docs/reliability.md): a line for each fault, a column for each broker. Exit status 1 if a run did not
come out as it must. Each broker gets a site of its own, with a Redis database (TEST_REDIS_FAULTS, emptied), a virtual
host of RabbitMQ (TEST_RABBITMQ, made by `rabbitmqctl`) and a PostgreSQL database (hearback_faults, on TEST_POSTGRES).
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from benchmarks import chaos, fault_site, storm
from benchmarks.fault_kinds import FAULTS
from benchmarks.fault_site import Site, reaches, result

BROKERS = ("filesystem", "redis", "rabbitmq")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--broker", action="append", choices=BROKERS, help="may be given several times; default: all")
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="postgres")
    parser.add_argument("--only", default="", help="the faults whose name holds these words")
    parser.add_argument("--outcomes", action="store_true", help="of one broker, as JSON")
    chosen = parser.parse_args()
    brokers = chosen.broker or list(BROKERS)
    if chosen.outcomes:
        print(json.dumps(outcomes(brokers[0], chosen.database, chosen.only)))
        return
    found = {kind: in_its_own_process(kind, chosen.database, chosen.only) for kind in brokers}
    print("\n".join(table(found)))
    sys.exit(any("FAILED" in said for column in found.values() for said in column.values()))


def in_its_own_process(kind: str, database: str, only: str) -> dict[str, str]:
    """Return the outcomes with one broker: Django's settings are read once in a process."""
    own = ["--outcomes", "--broker", kind, "--database", database, "--only", only]
    done = subprocess.run([sys.executable, __file__, *own], stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return found


def table(found: dict[str, dict[str, str]]) -> list[str]:
    """Return the lines of a Markdown table: fault by broker."""
    lines = [f"| fault | {' | '.join(found)} |", "|---" * (len(found) + 1) + "|"]
    faults = next(iter(found.values()))
    return lines + [f"| {fault} | {' | '.join(column[fault] for column in found.values())} |" for fault in faults]


def outcomes(kind: str, database: str, only: str) -> dict[str, str]:
    """Return what came of each fault, by its name, on a new site with this broker."""
    with (
        tempfile.TemporaryDirectory() as name,
        chaos.database(database, Path(name), "hearback_faults") as rows,
        fault_site.broker(kind) as messages,
    ):
        own = storm.environment(Path(name), rows) | {"CELERY_BROKER_URL": messages, "TRAINING_DEVICE": "cpu"}
        os.environ.update(own)  # noqa: TID251
        site = Site(Path(name), kind, own)
        return tried(site, [fault for fault in FAULTS if only.lower() in (fault.__doc__ or "").lower()])


def tried(site: Site, faults: list[Callable[[Site], str]]) -> dict[str, str]:
    """Return the outcome of each fault by its name, on a furnished site."""
    import django

    django.setup()
    site.furnish()
    try:
        undisturbed(site)
        return {str(fault.__doc__): outcome(site, fault) for fault in faults}
    finally:
        site.no_worker()


def outcome(site: Site, fault: Callable[[Site], str]) -> str:
    """Make one fault; return what came of it, or after FAILED what was wrong."""
    began = time.monotonic()
    try:
        said = fault(site)
    except AssertionError as error:
        said = f"FAILED: {error}"
        site.no_worker()
    sys.stderr.write(f"{site.kind}: {fault.__doc__}: {said} ({time.monotonic() - began:.0f} s)\n")
    return said


def undisturbed(site: Site) -> None:
    """Keep the results of a fit, a training and a rendering that nothing happens to."""
    from listening import tasks

    site.one_worker()
    for kind in ("fit", "training", "rendering"):
        run = getattr(site, kind)()
        tasks.wake(run)
        reaches(run, "done")
        site.undisturbed[kind] = result(run)


if __name__ == "__main__":
    main()
