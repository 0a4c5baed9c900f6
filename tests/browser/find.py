"""Where a Chromium is: the system's, else Playwright's own, else one installed by apt-get when root.

python -m tests.browser.find [--install]   prints its path; exit status 1 and the way out when there is none
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

SHELL = "chromium-headless-shell"
"""Chromium without what draws windows: the same pages for a quarter less of the processor."""
NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WAY_OUT = "No Chromium: install chromium or google-chrome, or run «playwright install chromium»."


def chromium() -> str | None:
    """Return the path of a Chromium on this machine, None if there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None) or _playwrights_own()


def install() -> None:
    """Try Playwright's download, then Debian's package when root; either may be out of reach."""
    tries = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        packages = [["apt-get", "install", "-qq", "--yes", name] for name in (SHELL, "chromium")]
        tries = [["apt-get", "update", "-qq"], *packages, *tries]
    for command in tries:
        if chromium() is None:
            subprocess.run(command, check=False, stdout=sys.stderr)


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


if __name__ == "__main__":
    if chromium() is None and "--install" in sys.argv:
        install()
    found = chromium()
    sys.stdout.write(f"{found}\n" if found else "")
    sys.exit(None if found else WAY_OUT)
