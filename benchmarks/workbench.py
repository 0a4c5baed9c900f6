"""How long each page of a large study takes a researcher: 1,000 sittings, 100,000 ratings, on SQLite.

    python benchmarks/workbench.py [--sittings 1000] [--repeats 5]

Makes the study in a new database of its own, analyses it as a worker does, then asks for each page of the studio
through Django's test client, and prints the median time, the largest, the time of the processor (as long as the
whole on a quiet machine), and the number of queries. Exits 1 where a median is above 300 ms.

Every cell of the study is one rating short of its quota, so that it is counted for each page which says what is short.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

ITEMS, CONDITIONS = 10, 10
LIMIT_MS = 300.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sittings", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        study = large_study(asked.sittings)
        analysed(study)
        slow = [name for name, address in pages(study).items() if timed(name, address, asked.repeats) > LIMIT_MS]
    print(f"slower than {LIMIT_MS:g} ms: {', '.join(slow) or 'none'}")
    return bool(slow)


def prepare(folder: Path) -> None:
    """Point Django at a database of its own."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    os.environ |= {  # noqa: TID251  the settings read it as they are loaded
        "DJANGO_SETTINGS_MODULE": "listening.settings", "VAR_ROOT": str(folder), "ALLOWED_HOSTS": "testserver",
        "DATABASE_URL": f"sqlite:///{folder / 'large.sqlite3'}", "DEBUG": "1",
    }  # fmt: skip
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def large_study(sittings: int):  # noqa: ANN201
    """Return an open study that `sittings` people have finished."""
    from listening.models import Assessor, Attribute, Audio, Condition, Item, Stimulus, Study

    study = Study.objects.create(
        slug="large", title="A large study", preset="ward-2", status="open", cell_quota=sittings + 1
    )
    Attribute.objects.create(study=study, key="quality", name="Quality", question="?", low="0", high="100")
    audio = Audio.objects.create(
        file="none.flac", sha256="0" * 64, rate=44100, channels=2, frames=441000, loudness=-24, peak=0.5,
        delivered_as="x",
    )  # fmt: skip
    roles = ["reference", "anchor", *["system"] * (CONDITIONS - 2)]
    conditions = [Condition.objects.create(study=study, name=f"c{n}", role=role) for n, role in enumerate(roles)]
    items = [Item.objects.create(study=study, name=f"item {n}", mixture=audio) for n in range(ITEMS)]
    for item in items:
        Stimulus.objects.bulk_create(Stimulus(item=item, condition=each, audio=audio) for each in conditions)
    rate(study, Assessor.objects.bulk_create(Assessor() for _ in range(sittings)))
    print(f"{study}: {sittings} sittings, {sittings * ITEMS * CONDITIONS} ratings")
    return study


def rate(study, assessors) -> None:  # noqa: ANN001
    """Let each assessor have rated every stimulus."""
    from django.utils import timezone

    from listening.models import Rating, Session, Slot, Trial

    now, attribute, items = timezone.now(), study.attributes.get(), list(study.items.all())
    stimuli = {item: list(item.stimuli.all()) for item in items}
    told = {"consented_at": now, "instructed_at": now, "finished_at": now}
    sessions = Session.objects.bulk_create(
        Session(study=study, assessor=each, number=n, cell=n, seed=1, **told) for n, each in enumerate(assessors)
    )
    trials = Trial.objects.bulk_create(
        (
            Trial(session=session, attribute=attribute, item=item, position=n, finished_at=now, seconds=40, proved=True)
            for session in sessions
            for n, item in enumerate(items)
        ),
        batch_size=5000,
    )
    slots = Slot.objects.bulk_create(
        (Slot(trial=trial, position=n, stimulus=own) for trial in trials for n, own in enumerate(stimuli[trial.item])),
        batch_size=5000,
    )
    Rating.objects.bulk_create(
        (Rating(slot=slot, score=(37 * n) % 101) for n, slot in enumerate(slots)), batch_size=5000
    )


def analysed(study) -> None:  # noqa: ANN001
    """Let a finished analysis of the study's ratings stand on its results."""
    from listening.models import Analysis
    from listening.tasks import analyse

    begun, row = time.perf_counter(), Analysis.objects.create(study=study)
    analyse(row.pk)
    row.refresh_from_db()
    assert row.status == "done", row.error
    print(f"analysed in {time.perf_counter() - begun:.0f} s")


def pages(study) -> dict[str, str]:  # noqa: ANN001
    """Return the pages of the studio that look at a study, by name."""
    from django.urls import reverse

    from listening.admin.workbench import TABS

    own = {key: reverse(f"admin:listening_study_{key}", args=[study.pk]) for key in (*TABS, "preview")}
    session = study.sessions.last()
    names = ("study", "session", "rating", "assessor")
    lists = {f"list: {name}": reverse(f"admin:listening_{name}_changelist") for name in names}
    one = {"a session": reverse("admin:listening_session_change", args=[session.pk])}
    return {"home": "/admin/", "participant link": study.get_absolute_url(), **own, **lists, **one}


def timed(name: str, address: str, repeats: int) -> float:
    """Print and return the median time of a page in ms; the first answer, which reads templates, is not counted."""
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client()
    client.force_login(User.objects.filter(username="r").first() or User.objects.create_superuser("r"))
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200, address
    count = len(queries)
    taken, worked = [], []
    for _repeat in range(repeats):
        begun, idle = time.perf_counter(), time.process_time()
        client.get(address)
        taken.append(1000 * (time.perf_counter() - begun))
        worked.append(1000 * (time.process_time() - idle))
    median, cpu = statistics.median(taken), statistics.median(worked)
    print(f"{name:18} {median:7.1f} ms  (at most {max(taken):7.1f}, processor {cpu:7.1f})  {count:4} queries")
    return median


if __name__ == "__main__":
    sys.exit(main())
