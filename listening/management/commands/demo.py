"""Close the ring on this machine, then serve the site and a worker."""

import secrets
import time
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command

from listening.management import base
from listening.management.ring import music, serve, steps, table
from listening.management.ring.plan import STAGE_SHARES, Plan, seconds_left
from listening.models import Objective, Study
from lossmodel.progress import bar

Row = TypeVar("Row")


class Command(base.Command):
    help = (
        "Run the whole ring on a real excerpt and synthetic songs with simulated assessors, then serve the site.\n"
        "Run it again to continue where it stopped. Example: manage.py demo --no-serve"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-serve", action="store_true", help="stop after the whole ring has run")
        parser.add_argument("--port", type=int, default=8000)
        for name in ("items", "songs", "steps", "assessors", "seed"):
            parser.add_argument(
                f"--{name}", type=int, default=getattr(Plan, name), help=f"default {getattr(Plan, name)}"
            )
        parser.add_argument(
            "--seconds",
            type=float,
            default=Plan.seconds,
            help=f"length of an excerpt in seconds; default {Plan.seconds:g}",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        plan = Plan(**{name: options[name] for name in ("items", "songs", "steps", "assessors", "seed", "seconds")})
        self.done, self.started = 0, time.monotonic()
        call_command("migrate", verbosity=0)
        self.close(plan)
        if not options["no_serve"]:
            serve.stay(options["port"], self.links(options["port"], plan))

    def close(self, plan: Plan) -> None:
        """Go round once."""
        self.step("Songs: a real multitrack, and synthetic ones to train on", music.write_training_songs, plan)
        first = self.step("Separator: a Wave-U-Net trained on L1", steps.regression, plan)
        start = steps.newest(first)
        study = self.step("Study: excerpts under masks, networks, anchors", steps.study, plan, start)
        self.step(f"Listeners: {plan.assessors} simulated assessors rate it", steps.panel, plan, study)
        objective = self.step("Objective: fitted to the ratings", steps.objective, plan, steps.freeze(study))
        second = self.step("Separator: trained on against the objective", steps.retrained, plan, objective, start)
        draft = self.step(
            "Next study: the retrained separator's stimuli", steps.next_study, plan, study, steps.newest(second)
        )
        self.tell(study, draft, objective)

    def step(self, title: str, work: Callable[..., Row], *args: Any) -> Row:
        """Carry out one step under a heading and a progress bar."""
        self.done += 1
        self.stdout.write(f"{self.done}/{len(STAGE_SHARES)}  {title}")
        began = time.monotonic()
        with bar(title) as report:
            made = work(*args, report)
        now = time.monotonic()
        left = seconds_left(self.done, now - self.started)
        self.stdout.write(f"     {now - began:.0f} s" + (f", about {left:.0f} s left" if left else ""))
        return made

    def tell(self, study: Study, draft: Study, objective: Objective) -> None:
        """Print the table, how far to believe it, and where to look next."""
        found = self.step("Results", table.lines, study, draft, objective)
        self.stdout.write("\n" + "\n".join(table.draw(found)))
        self.stdout.write(
            f"\nRatings are from {study.sessions.count()} simulated assessors. Predictions for rated conditions come "
            "from\nfits that did not use the song; nobody has rated the new condition yet.\n"
        )
        for name, found_measures in objective.card.get("evaluation", {}).get("measures", {}).items():
            self.stdout.write(f"objective, {name}: r {found_measures['pearson']['value']:.2f} on songs left out")
        self.stdout.write(
            f"\nThe ring is closed: {study} → {objective} → {draft} (a draft).\n"
            f"See also: /admin/listening/study/{draft.pk}/change/ is the next test; "
            f"/admin/listening/objective/{objective.pk}/change/ shows how it was fitted.\n"
            f"Files: {settings.MEDIA_ROOT}"
        )

    def links(self, port: int, plan: Plan) -> list[str]:
        """Return the lines with the links, and an admin with a fresh one-time password."""
        site, password = f"http://localhost:{port}", secrets.token_urlsafe(9)
        admin, _ = get_user_model().objects.get_or_create(
            username="admin", defaults={"is_staff": True, "is_superuser": True}
        )
        admin.set_password(password)
        admin.save(update_fields=["password"])
        return [
            f"Rate it yourself   {site}/s/{plan.slug}/",
            f"Admin              {site}/admin/   user admin, password {password} (new at each start)",
            "Ctrl-C stops both.",
        ]
