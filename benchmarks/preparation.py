"""How long it takes to check and prepare a folder: items × conditions of stereo sounds, on this machine.

    python benchmarks/preparation.py [--items 12] [--conditions 8] [--seconds 10]

Writes noise-like voices to a temporary folder, then reads, measures, aligns and checks them, renders the anchors, and
writes every sound as FLAC with its loudness, hash and checksum: all that `manage.py import_study` and a preparation
do, without the rows.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
from workbench import prepare

from lossmodel import audio

RATE = 44100
LATE_SAMPLES = 2048


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--items", type=int, default=12)
    asked.add_argument("--conditions", type=int, default=8)
    asked.add_argument("--seconds", type=float, default=10.0)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        write(Path(folder) / "in", given.items, given.conditions, given.seconds)
        measure(Path(folder))


def write(folder: Path, items: int, conditions: int, seconds: float) -> None:
    """Write reference, mixture and `conditions` systems for each item; one system late, one at another rate."""
    rng = np.random.default_rng(0)
    envelope = 0.6 + 0.4 * np.sin(2 * np.pi * 2 * np.arange(round(seconds * RATE)) / RATE)
    for number in range(items):
        voice, band = (0.1 * rng.standard_normal((2, envelope.size)) * envelope for _ in range(2))
        sounds = {"reference": voice, "mixture": voice + band}
        sounds |= {f"system{n}": voice + 0.1 * (n + 1) * band for n in range(conditions)}
        sounds["system0"] = np.roll(sounds["system0"], LATE_SAMPLES, axis=1)
        for name, samples in sounds.items():
            sound = audio.Audio(samples.astype(np.float32), RATE)
            made = audio.resample(sound, 48000) if name == "system1" else sound
            audio.write(folder / f"song{number:02}" / f"{name}.wav", made, subtype="PCM_24")


def measure(folder: Path) -> None:
    from listening.intake.grid import Plan
    from listening.intake.mending import mend_safely
    from listening.models import Study
    from listening.stimuli.folder import read_folder
    from listening.stimuli.preparing import default_anchors, make_all

    study = Study.objects.create(slug="benchmark", preset="ward-2", seed=1)
    began = time.perf_counter()
    grid, paths = read_folder(folder / "in", Plan(rate=RATE, mixture_needed=True))
    grid = mend_safely(grid)
    moved = {file.treatment.advance for file in grid.files if file.column == "system0"}
    assert moved == {LATE_SAMPLES}, f"system0 is {LATE_SAMPLES} samples late; shifted by {moved}"
    read = time.perf_counter()
    made = make_all(study, grid, paths, anchors=default_anchors(study, grid), folder=folder / "out")
    done = time.perf_counter()
    sounds = sum(len(each.sounds) for each in made)
    print(f"checked {len(grid.files)} files in {read - began:.1f} s")
    print(f"prepared {len(made)} items, {sounds} sounds (anchors included) in {done - read:.1f} s")
    print(f"together {done - began:.1f} s on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
