"""The short forms of the benchmarks, one after the other: writes docs/benchmarks.md with machine, versions and date.

    python benchmarks/bench.py                             what `make bench` runs: ten minutes on a quiet machine
    python benchmarks/bench.py --only bss_eval,waveunet    these alone; the page keeps what it says of the others

What they printed is in benchmarks/bench.json too; benchmarks/bench.md is the frame of the page.

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
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
FRAME = HERE / "bench.md"
FIGURES = HERE / "bench.json"
PACKAGES = ("torch", "numpy", "scipy", "django", "museval")


@dataclass(frozen=True)
class Short:
    """The short form of a benchmark."""

    name: str
    title: str
    beside: str
    """What it is compared with in the same run, or the bar that it must reach."""
    options: str = ""

    @property
    def command(self) -> str:
        """Return what to type."""
        return f"python benchmarks/{self.name}.py {self.options}".rstrip()


SHORT = (
    Short("bss_eval", "BSS Eval v4", "museval: equal values, ten times as fast", "--seconds 30 --repeats 1"),
    Short("memory", "Every metric, PEASS among them", "each other; 2 GB", "--seconds 10"),
    Short("waveunet", "Training and separating", "a plain Wave-U-Net M4: equal outputs and gradients",
          "--seconds 6 --repeats 2"),
    Short("objective", "The objective as a score and as a loss", "a step of the Wave-U-Net M4", "--repeats 1"),
    Short("alignment", "Lyrics on four minutes of singing", "two ways through the lines; known onsets are found"),
    Short("analysis", "The analysis of a usual test", "20 s; systems come out in their true order", "usual"),
    Short("preparation", "Sounds checked and made ready", "the late sound is found", "--items 4 --conditions 4"),
    Short("exports", "50,000 ratings leave the site", "one format beside the others", "--sittings 500"),
    Short("first_trial", "An assessor's pages", "bars for trials, bytes and memory", "--trials 3"),
    Short("chaos", "Answers while the server is killed", "none lost, none twice",
          "--clients 10 --answers 500 --kills 2"),
    Short("load", "Many assessors at once", "every answer stored", "--quick"),
)  # fmt: skip


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
    failed = False
    for short in chosen:
        print(f"{short.title} …", end=" ", flush=True)
        figures = measured(short)
        print(f"{figures.seconds:.0f} s, exit status {figures.status}", flush=True)
        failed |= figures.status != 0
        file(short.name, figures)
    return int(failed)


def file(name: str, figures: Figures) -> None:
    """Keep what a benchmark printed beside what is known of the others, and write the page."""
    known = json.loads(FIGURES.read_text(encoding="utf-8"))["benchmarks"] if FIGURES.is_file() else {}
    known[name] = asdict(figures)
    found = {"machine": machine(), "benchmarks": {each.name: known[each.name] for each in SHORT if each.name in known}}
    FIGURES.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(page(found), encoding="utf-8")


def measured(short: Short) -> Figures:
    """Run a benchmark and return what it printed; its processor time is that of all its processes."""
    command = [sys.executable, f"benchmarks/{short.name}.py", *short.options.split()]
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent), "PYTHONWARNINGS": "ignore"}  # noqa: TID251
    ran = subprocess.run(command, cwd=HERE.parent, env=environment, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    complaint = ran.stderr.splitlines()[-1:] if ran.returncode else []
    return Figures(
        title=short.title,
        beside=short.beside,
        command=short.command,
        status=ran.returncode,
        seconds=round(time.perf_counter() - began, 1),
        cpu_seconds=round(cpu, 1),
        date=time.strftime("%Y-%m-%d", time.gmtime()),
        printed="\n".join([ran.stdout.rstrip(), *complaint]),
    )


def machine() -> dict[str, str]:
    """Return what the figures depend on."""
    versions = {"Python": platform.python_version()} | {name: version(name) for name in PACKAGES}
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "machine": f"{processor()}, {os.cpu_count()} cores, {memory:.0f} GiB of memory, {platform.system()}",
        "busy": f"load {os.getloadavg()[0]:.1f} at the end",
        "versions": ", ".join(f"{name} {of}" for name, of in versions.items()),
    }


def processor() -> str:
    """Return the name of the processor, where the system tells it."""
    table = Path("/proc/cpuinfo")
    lines = table.read_text(encoding="utf-8").splitlines() if table.is_file() else []
    return next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), platform.machine())


def page(found: dict[str, Any]) -> str:
    """Return the page in Markdown."""
    rows = found["benchmarks"].values()
    held = {True: "yes", False: "**no**"}
    took = {name: f"{row['seconds']:.0f} s | {row['cpu_seconds']:.0f} s" for name, row in found["benchmarks"].items()}
    cells = (
        (row["title"], row["beside"], held[row["status"] == 0], took[name], row["date"])
        for name, row in found["benchmarks"].items()
    )
    sections = (f"## {row['title']}\n\n`{row['command']}`\n\n```text\n{row['printed']}\n```\n" for row in rows)
    return FRAME.read_text(encoding="utf-8").format(
        **found["machine"],
        table="\n".join(f"| {' | '.join(each)} |" for each in cells),
        sections="\n".join(sections),
    )


def arguments() -> argparse.Namespace:
    """Return what the shell asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=lambda text: set(text.split(",")), metavar="NAMES")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
