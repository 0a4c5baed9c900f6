"""The wheel in environments of its own: first the library alone, then with the extras `web` and `train`.

python -m tests.wheel   builds it, installs it, and exits with status 1 at the first thing that does not work (minutes)
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SONGS = "from separation.data.synthetic import write_songs; write_songs(Path('songs'), range(2), 3.0, 8000)"
LIBRARY = """
from importlib.util import find_spec
assert not [name for name in ("django", "celery", "lightning_fabric", "stempeg") if find_spec(name)]
from lossmodel import Objective, PerceptualLoss, load_objective, metrics
from separation import Separator, load_recipe, train
import numpy
voice = numpy.random.default_rng(1).normal(0, 0.1, (2, 44100))
assert metrics.measured(voice, voice, 44100, only=("si_sdr",))["si_sdr"] > 50
assert isinstance(load_objective(), Objective)
"""


def main() -> None:
    """Build the wheel and try it; whatever fails ends with the command's output and its status."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        python = [sys.executable, "-m"]
        # from a copy of what is committed, so that no build folder of the checkout leaks into the wheel
        run(["git", "clone", "--quiet", str(ROOT), str(place / "source")], place)
        run([*python, "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, str(place / "source")], place)
        run([*python, "venv", str(place / "own")], place)
        wheel = next(place.glob("*.whl"))
        library(place / "own" / "bin", wheel, at(place, "library"))
        site(place / "own" / "bin", wheel, at(place, "site"))
    print("the wheel works: the library without Django, a training, a site")  # noqa: T201


def library(bin_: Path, wheel: Path, place: Path) -> None:
    """Install the wheel without extras: names, commands, and a training that says what it lacks."""
    run([str(bin_ / "pip"), "install", "--quiet", str(wheel)], place)
    run([str(bin_ / "python"), "-c", LIBRARY], place)
    run([str(bin_ / "python"), "-c", f"from pathlib import Path; {SONGS}"], place)
    song = next((place / "songs").iterdir())
    vocals, mixture = (str(next(song.glob(f"{name}.*"))) for name in ("vocals", "mixture"))
    scored = ["score", "--estimate", vocals, "--reference", vocals, "--mixture", mixture]
    assert "quality" in run([str(bin_ / "python"), "-m", "lossmodel", *scored], place)
    assert "hearback[train]" in run(training(bin_), place, status=2)


def site(bin_: Path, wheel: Path, place: Path) -> None:
    """Add the extras: a training, and a site whose tables and static files are made in the folder it is started in."""
    run([str(bin_ / "pip"), "install", "--quiet", f"{wheel}[web,train]"], place)
    run([str(bin_ / "python"), "-c", f"from pathlib import Path; {SONGS}"], place)
    run(training(bin_), place)
    mixture = str(next((place / "songs").rglob("mixture.*")))
    separate = ["separate", "--checkpoint", "run/last", mixture, "--output", "stems"]
    run([str(bin_ / "python"), "-m", "separation", *separate], place)
    for command in (["migrate", "-v", "0"], ["collectstatic", "--noinput", "-v", "0"], ["healthcheck"]):
        run([str(bin_ / "python"), "-m", "listening", *command], place)
    assert (place / "var" / "hearback.sqlite3").is_file()
    assert list((place / "var" / "static" / "participant").glob("mixer*.js"))


def training(bin_: Path) -> list[str]:
    """Return the command of a training of two steps."""
    given = ["--recipe", "tiny", "--data", "songs", "--output", "run", "--steps", "2"]
    return [str(bin_ / "python"), "-m", "separation", "train", *given, "--override", "data.seconds=0.5"]


def at(place: Path, name: str) -> Path:
    """Return a new folder to work in."""
    (place / name).mkdir()
    return place / name


def run(command: list[str], place: Path, status: int = 0) -> str:
    """Return what a command prints in `place`; end here with that output if its exit status is another."""
    done = subprocess.run(command, cwd=place, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != status:
        sys.exit(f"{' '.join(command)}: exit status {done.returncode}\n{done.stdout}")
    return done.stdout


if __name__ == "__main__":
    main()
