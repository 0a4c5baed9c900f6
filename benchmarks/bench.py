"""The short forms of the benchmarks, one after the other: writes docs/benchmarks.md with machine, versions and date.

    python benchmarks/bench.py                                  what `make bench` runs, within ten minutes on a quiet machine
    python benchmarks/bench.py --only bss_eval,waveunet         these alone; the page keeps what it says of the others
    python benchmarks/bench.py --json var/bench.json            everything that was printed, as data

Each benchmark asserts in itself that its numbers are right and, where it has a bar, that they reach it: it exits with
another status than 0 where they do not, and so does this command.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
FIGURES = HERE / "bench.json"
PACKAGES = ("torch", "numpy", "scipy", "django", "museval")


@dataclass(frozen=True)
class Short:
    """The short form of a benchmark."""

    name: str
    title: str
    beside: str
    """What it is compared with in the same run, or the bar that it must reach."""
    options: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        """Return what to type."""
        return " ".join(["python", f"benchmarks/{self.name}.py", *self.options])


SHORT = (
    Short("bss_eval", "BSS Eval v4", "museval: the same values, at least ten times as fast", ("--seconds", "10", "--repeats", "1")),
    Short("memory", "Every metric, PEASS among them", "each other; at most 2 GB", ("--seconds", "10")),
    Short("waveunet", "A training step and a separation", "a plain Wave-U-Net M4: equal outputs and gradients",
          ("--batch", "1", "--seconds", "6", "--repeats", "1")),
    Short("objective", "The objective as a score and as a loss", "a training step of the Wave-U-Net M4", ("--repeats", "1")),
    Short("alignment", "Lyrics to four minutes of singing", "two ways through the lines"),
    Short("analysis", "The analysis of a usual test", "20 s", ("usual",)),
    Short("preparation", "Sounds checked and made ready", "", ("--items", "4", "--conditions", "4")),
    Short("exports", "50,000 ratings leave the site", "flat memory", ("--sittings", "500")),
    Short("first_trial", "An assessor's pages", "bars for the first trial, the next one, bytes and memory", ("--trials", "3")),
    Short("chaos", "Answers while the server is killed", "none lost, none twice", ("--clients", "10", "--answers", "500", "--kills", "2")),
    Short("load", "Many assessors at once", "every answer stored", ("--quick",)),
)  # fmt: skip
LONG = """\
## Long forms

| question | command | figures |
|---|---|---|
| The objective beside every metric, on real ratings | `python benchmarks/objective_page.py --data DATA --work WORK --output docs/objective.md` | [objective](objective.md) |
| Metrics beside two published listening tests | `python benchmarks/published_tests.py --data DATA --work WORK --output docs/metrics.md` | [metrics](metrics.md) |
| Does training on predicted ratings help? | `python benchmarks/perceptual_training.py --data DATA --work runs/` | [perceptual training](perceptual-training.md) |
| Several right answers | `python benchmarks/several_answers.py --work runs/` | [several answers](several-answers.md) |
| Attempts to exploit the objective | `python benchmarks/guards.py --data DATA --work WORK --page docs/guards.md` | [guards](guards.md) |
| Fourteen faults on three brokers | `python benchmarks/faults.py` | [reliability](reliability.md) |
| 10,000 answers, eight kills | `python benchmarks/chaos.py` | [architecture](architecture.md#what-an-assessor-cannot-lose) |
| A million ratings exported, half a million analysed | `python benchmarks/exports.py`, `python benchmarks/analysis.py` | [analyse](analyse.md#how-long-it-takes) |
| A GPU | `python benchmarks/gpu.py` | printed |
"""


@dataclass(frozen=True)
class Figures:
    """What one benchmark printed, and what it took."""

    title: str
    beside: str
    command: str
    status: int
    seconds: float
    cpu_seconds: float
    date: str
    printed: str


def main() -> int:
    """Run what was asked for, write the page, and return 1 if a benchmark failed."""
    asked = arguments()
    chosen = [short for short in SHORT if short.name in (asked.only or {each.name for each in SHORT})]
    known = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.is_file() else {"machine": {}, "benchmarks": {}}
    done = known["benchmarks"]
    for short in chosen:
        print(f"{short.title} …", end=" ", flush=True)
        done[short.name] = asdict(measured(short))
        print(f"{done[short.name]['seconds']:.0f} s, exit status {done[short.name]['status']}", flush=True)
        found = {"machine": machine(), "benchmarks": {each.name: done[each.name] for each in SHORT if each.name in done}}
        FIGURES.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        PAGE.write_text(page(found), encoding="utf-8")
    if asked.json:
        asked.json.write_text(FIGURES.read_text(encoding="utf-8"), encoding="utf-8")
    return int(any(done[short.name]["status"] for short in chosen))


def measured(short: Short) -> Figures:
    """Run a benchmark and return what it printed; its processor time is that of all its processes."""
    command = [sys.executable, f"benchmarks/{short.name}.py", *short.options]
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent), "PYTHONWARNINGS": "ignore"}  # noqa: TID251
    ran = subprocess.run(command, cwd=HERE.parent, env=environment, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    printed = ran.stdout.rstrip() + (f"\n{ran.stderr.rstrip().splitlines()[-1]}" if ran.returncode and ran.stderr else "")
    return Figures(short.title, short.beside, short.command, ran.returncode, time.perf_counter() - began, cpu, today(), printed)


def machine() -> dict[str, str]:
    """Return what the figures depend on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "machine": f"{processor()}, {os.cpu_count()} cores, {memory:.0f} GiB of memory, {platform.system()}",
        "busy": f"load {os.getloadavg()[0]:.1f} at the end",
        "versions": ", ".join([f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in PACKAGES)]),
    }


def processor() -> str:
    """Return the name of the processor, where the system tells it."""
    table = Path("/proc/cpuinfo")
    lines = table.read_text(encoding="utf-8").splitlines() if table.is_file() else []
    return next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), platform.machine())


def page(found: dict) -> str:
    """Return the page in Markdown."""
    rows = list(found["benchmarks"].values())
    table = "\n".join(
        f"| {row['title']} | {row['beside'] or '–'} | {'yes' if row['status'] == 0 else '**no**'} | {row['seconds']:.0f} s"
        f" | {row['cpu_seconds']:.0f} s | {row['date']} |"
        for row in rows
    )
    sections = "\n".join(f"## {row['title']}\n\n`{row['command']}`\n\n```text\n{row['printed']}\n```\n" for row in rows)
    where = found["machine"]
    return f"""# Benchmarks

`make bench` runs the short forms and writes this page. Each stands beside its peer in the same run and asserts that its numbers are right.
Times are of this machine while it was as busy as it was: trust the ratios.

{where["machine"]}; {where["busy"]}. {where["versions"]}.

| what | beside, or bar | held | time | of it processor | date |
|---|---|---|---|---|---|
{table}

{sections}
{LONG}"""


def today() -> str:
    """Return the date, UTC."""
    return datetime.now(UTC).date().isoformat()


def arguments() -> argparse.Namespace:
    """Return what the shell asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=lambda text: set(text.split(",")), metavar="NAMES")
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
