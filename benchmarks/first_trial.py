"""How long an assessor waits for the first trial, and what the page costs: a whole sitting in Chromium.

    python benchmarks/first_trial.py
    python benchmarks/first_trial.py --trials 3 --rate 48000
    python benchmarks/first_trial.py --stimuli 8        nine sounds a trial, a ninth more to fetch

12 trials of a reference and 7 stimuli, 10 s of stereo music-like sound each, served by gunicorn over loopback to a
browser that knows nothing but the front page. A trial is playable when every one of its sounds is decoded and its
buttons are free; the page says so itself, and nothing of Playwright's runs in it before. Every stimulus of every trial
is then heard for as long as the method asks, and rated. A later trial is counted from the click on «Next». Beside the
sitting stand the samples: every sound that came to the browser is decoded there once more, by the page's own modules,
and held against the stored file as libsndfile decodes it. Exits with status 1 where a figure misses its bar.
"""

import argparse
import hashlib
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

BYTES_PER_MB = 1e6
READY_SELECTOR = "listening-trial[data-state=ready]"
BROWSER_ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"]
MAX_FIGURES = {"seconds": 0.8, "later": 0.25, "flac": 9.0, "memory": 180.0, "different": 0}
WEBMUSHRA = {
    "time to the first playable trial": "7.0 s (43.4 s with its own anchors)",
    "time to a later trial (median)": "0.14 to 0.39 s",
    "sound fetched before it": "169 MB (the whole test)",
    "requests before it": "171",
    "with what it shares (resident)": "about 800 MB",
}
"""Measured elsewhere, not here: webMUSHRA, Chromium 156, loopback, 12 trials × 8 files of 10 s stereo, 2 cores."""
READY_SCRIPT = """
new MutationObserver((_, observer) => {
  if (!document.querySelector("listening-trial[data-state=ready]")) return;
  observer.disconnect();
  window.playable = performance.now() / 1000;
  console.debug("playable");
}).observe(document, {subtree: true, childList: true, attributes: true, attributeFilter: ["data-state"]});
"""
UNFOCUSED_SCRIPT = "place => document.activeElement === document.querySelectorAll('stimulus-column input')[place]"
NEXT_TRIAL_SCRIPT = """() => new Promise((resolve) => {
  const [next, former] = [document.querySelector("form.next .primary"), document.querySelector("listening-trial")];
  next.addEventListener("click", ({timeStamp}) => new MutationObserver((_, observer) => {
    const trial = document.querySelector("listening-trial[data-state=ready]");
    if (!trial || trial === former) return;
    observer.disconnect();
    resolve((performance.now() - timeStamp) / 1000);
  }).observe(document, {subtree: true, childList: true, attributes: true, attributeFilter: ["data-state"]}));
  next.click();
})"""
"""Presses «Next»; the seconds until the next trial's buttons are free."""
DECODE_SCRIPT = """async (url) => {
  const {sound} = await import(document.querySelector("link[rel=modulepreload][href*='/sound.']").href);
  const {channels} = await sound(url);
  const frames = channels[0].length, all = new Int16Array(channels.length * frames);
  channels.forEach((channel, c) => { for (let n = 0; n < frames; n += 1) all[n * channels.length + c] = channel[n]; });
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", all));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}"""
"""The SHA-256 of a sound's samples, frame by frame, as the page's own modules decode them."""


def main() -> int:
    """Build the study, sit it, print the table; 1 if a figure misses its bar."""
    arguments = parsed()
    with TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        os.environ |= {"VAR_ROOT": str(folder), "DJANGO_SETTINGS_MODULE": "listening.settings"}  # noqa: TID251
        os.environ.pop("DATABASE_URL", None)  # noqa: TID251
        token = study(folder, arguments)
        with served() as address:
            figures, decoded = sitting(f"{address}/t/{token}/", arguments.trials, arguments.stimuli)
        stored = digests(token)
        different = sum(digest != stored[name] for name, digest in decoded.items())
    return table(figures | {"different": different, "compared": len(decoded)})


def parsed() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--stimuli", type=int, default=7, help="of a trial, beside the reference (7)")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rate", type=int, default=44100)
    parser.add_argument("--folder", type=Path, help="keep the study here, and use it again the next time")
    return parser.parse_args()


def music(seed: int, seconds: float, rate: int) -> np.ndarray:
    """Return stereo samples (frame, channel) like music: chords, a bass, drums, a little air. Peak 0.5."""
    rng, time_ = np.random.default_rng(seed), np.arange(round(seconds * rate)) / rate
    mix = 1e-3 * rng.normal(size=(time_.size, 2))
    for beat in np.arange(0, seconds, 0.5):
        after = np.clip(time_ - beat, 0, None)
        struck = (time_ >= beat) * np.exp(-4 * after)
        for note in rng.choice([1, 5 / 4, 3 / 2, 2, 5 / 2, 1 / 2], 4):
            pan = rng.uniform(0.2, 0.8)
            tone = sum(np.sin(2 * np.pi * 220 * note * k * after + rng.uniform(0, 6)) / k for k in range(1, 9))
            mix += (struck * tone)[:, None] * [pan, 1 - pan]
        mix += 0.6 * (struck**6 * rng.normal(size=time_.size))[:, None]
    return (0.5 * mix / np.abs(mix).max()).astype(np.float32)


def study(folder: Path, arguments: argparse.Namespace) -> str:
    """Return the token of a sitting that stands before its first trial, in a new database under `folder`."""
    import django

    django.setup()
    from django.core.management import call_command

    from listening.models import Assessor, Session, Study

    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    made = Study.objects.first() or filled(folder, arguments)
    made.open()
    session = Session.objects.begin(made, Assessor.objects.create())
    session.consent()
    session.instruct()
    return session.token


def filled(folder: Path, arguments: argparse.Namespace):  # noqa: ANN201 Django is not set up when this file is read
    """Return a draft with all its sounds: each item's stimuli are its reference under more and more noise."""
    from listening import stimuli
    from listening.models import Condition, Item, Role

    made = stimuli.new_study("first-trial", "First trial", "mushra", rate=arguments.rate, replicates=0)
    names = ["hidden", *(f"system{n}" for n in range(1, arguments.stimuli))]
    roles = [Role.REFERENCE, *[Role.SYSTEM] * (arguments.stimuli - 1)]
    conditions = [Condition.objects.create(study=made, name=n, role=r) for n, r in zip(names, roles, strict=True)]
    path = folder / "sound.wav"
    for number in range(arguments.trials):
        item = Item.objects.create(study=made, name=f"item{number}")
        clean = music(number, arguments.seconds, arguments.rate)
        noise = np.random.default_rng(number).normal(size=clean.shape)
        for place, condition in enumerate(conditions):
            soundfile.write(path, clean + 4e-4 * place * noise, arguments.rate, subtype="PCM_16")
            if place == 0:
                stimuli.admit_reference(item, "lead", path)
            stimuli.admit(item, condition, path)
    return made


@contextmanager
def served() -> Iterator[str]:
    """Yield the address of the site, served as the manual says."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "listening.wsgi", "--threads", "8", "--log-level", "warning"]
    server = subprocess.Popen([*command, "--bind", f"127.0.0.1:{port}"], cwd=Path(__file__).resolve().parent.parent)
    try:
        wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def wait_for(port: int) -> None:
    """Return when the site answers, its application loaded."""
    from urllib.request import urlopen

    for _attempt in range(200):
        try:
            urlopen(f"http://127.0.0.1:{port}/", timeout=10).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the site did not come up")


def digests(token: str) -> dict[str, str]:
    """Return the SHA-256 of the samples of every stored sound of a sitting, by the name under which it is served."""
    from listening.models import Session
    from listening.participant.sounds import hidden_sounds, open_sounds

    trials = Session.objects.get(token=token).trials.all()
    sounds = [sound for trial in trials for sound in [*open_sounds(trial), *hidden_sounds(trial)]]
    read = {each.token: soundfile.read(each.audio.path, dtype="int16", always_2d=True)[0] for each in sounds}
    return {name: hashlib.sha256(samples.tobytes()).hexdigest() for name, samples in read.items()}


def sitting(address: str, trials: int, stimuli: int) -> tuple[dict[str, float], dict[str, str]]:
    """Return the figures of a whole sitting in a fresh browser, and the digest of every sound as the browser has it."""
    from playwright.sync_api import sync_playwright

    from tests.browser.find import chromium

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=BROWSER_ARGUMENTS)
        page = browser.new_page()
        blank = memory(browser)["resident"]
        page.add_init_script(READY_SCRIPT)
        page.goto(address.partition("/t/")[0])  # nobody comes to a trial with a browser that has just been started
        page.wait_for_load_state("networkidle")
        answers = []
        page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 Playwright writes on its listeners
        figures = {"seconds": playable(page, lambda: page.goto(address, wait_until="commit"))}
        figures, waits, urls = figures | fetched(answers, stimuli + 1), [], []
        for number in range(trials):
            if number:
                waits.append(page.evaluate(NEXT_TRIAL_SCRIPT))
                page.locator(".progress", has_text=f"Trial {number + 1} of").wait_for()
            urls.extend(page.evaluate("JSON.parse(document.getElementById('page-data').textContent).sounds"))
            rate(page, stimuli)
        figures |= {"later": float(np.median(waits)), "worst": max(waits)} if waits else {}
        figures |= memory(browser) | {"blank": blank}
        decoded = {url.rpartition("/")[2]: page.evaluate(DECODE_SCRIPT, url) for url in urls}
        browser.close()
    return figures, decoded


def playable(page, come: Callable[[], object]) -> float:  # noqa: ANN001
    """Return the seconds from the navigation, begun by `come`, until every sound of the trial could be played."""
    with page.expect_console_message(lambda message: message.text == "playable"):
        come()
    page.wait_for_selector(READY_SELECTOR)
    return page.evaluate("window.playable")


def fetched(answers, sounds: int) -> dict[str, float]:  # noqa: ANN001
    """Return the requests up to the `sounds`th sound, the last of the trial, and the MB of FLAC among them."""
    sizes = [int(answer.headers["content-length"]) if "/audio/" in answer.url else 0 for answer in answers]
    last = int(np.flatnonzero(sizes)[sounds - 1]) + 1
    return {"flac": sum(sizes[:last]) / BYTES_PER_MB, "requests": last}


def rate(page, stimuli: int) -> None:  # noqa: ANN001
    """Hear every stimulus of the trial until its slider is free, and rate it, the first with 100."""
    for number in range(1, stimuli + 1):
        page.keyboard.press(str(number))
        page.wait_for_function(UNFOCUSED_SCRIPT, arg=number - 1)
        page.keyboard.press("End" if number == 1 else "PageUp")
    page.wait_for_selector("listening-trial[data-complete]")
    page.wait_for_selector("saved-note[data-state=saved]")


def memory(browser) -> dict[str, float]:  # noqa: ANN001
    """Return the memory of the largest renderer in MB: its own (USS), and that with the pages it shares (RSS)."""
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    largest = max((smaps(each["id"]) for each in processes if each["type"] == "renderer"), key=lambda kb: kb["Rss"])
    own = largest["Private_Clean"] + largest["Private_Dirty"]
    return {"memory": own * 1024 / BYTES_PER_MB, "resident": largest["Rss"] * 1024 / BYTES_PER_MB}


def smaps(process: int) -> dict[str, int]:
    """Return the kilobytes of each kind of memory of a process."""
    text = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="utf-8")
    return {name: int(kb) for name, kb in re.findall(r"^(\w+): +(\d+) kB", text, re.MULTILINE)}


def table(figures: dict[str, float]) -> int:
    """Print the figures beside webMUSHRA's; return 1 if one misses its bar."""
    ours = {
        "time to the first playable trial": (f"{figures['seconds']:.2f} s", "≤ 0.8 s"),
        "sound fetched before it": (f"{figures['flac']:.1f} MB", "≤ 9 MB"),
        "requests before it": (f"{figures['requests']:.0f}", ""),
        "time to a later trial (median)": (f"{figures.get('later', 0):.2f} s", "≤ 0.25 s"),
        "time to a later trial (worst)": (f"{figures.get('worst', 0):.2f} s", ""),
        "renderer's own memory after the last trial": (f"{figures['memory']:.0f} MB", "≤ 180 MB"),
        "with what it shares (resident)": (f"{figures['resident']:.0f} MB", ""),
        "of which a blank page": (f"{figures['blank']:.0f} MB", ""),
        "sounds whose samples differ from the store": (f"{figures['different']} of {figures['compared']}", "0"),
    }
    print(f"{'':46}{'here':12}{'bar':12}webMUSHRA (measured elsewhere)")
    for name, (value, bar) in ours.items():
        print(f"{name:46}{value:12}{bar:12}{WEBMUSHRA.get(name, '')}")
    return int(any(figures.get(name, 0) > bar for name, bar in MAX_FIGURES.items()))


if __name__ == "__main__":
    sys.exit(main())
