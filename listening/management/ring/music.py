"""The sound of the demonstration: songs to train on, and excerpts under conditions that real separation made."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from listening.management.ring.plan import Plan
from lossmodel import audio
from lossmodel.audio import Audio
from lossmodel.progress import Report

EXCERPT_START_SECONDS = 0.5
"""Where an excerpt begins in its song, in seconds."""

Stems = Mapping[str, Audio]


def write_training_songs(plan: Plan, report: Report) -> None:
    """Make the synthetic songs to train on, unless they are there."""
    from separation.data.synthetic import write_songs

    for number in range(plan.songs):
        seed = 1000 * plan.seed + 500 + number
        if not (plan.stems / f"synthetic-{seed:03d}").exists():
            write_songs(plan.stems, [seed], 2 * plan.seconds, plan.rate)
        report(number + 1, plan.songs)


def excerpts(plan: Plan) -> Iterator[tuple[str, Stems]]:
    """Yield (name, stems) of each item: first the real song, then synthetic ones that no training hears."""
    from separation.data import example, synthetic

    yield "falcon-69", cut(example.song(), plan.seconds)
    for number in range(plan.items - 1):
        seed = 1000 * plan.seed + number
        yield (
            f"synthetic-{seed:03d}",
            cut(synthetic.song(seed, EXCERPT_START_SECONDS + plan.seconds, plan.rate), plan.seconds),
        )


def cut(stems: Stems, seconds: float) -> Stems:
    """Return `seconds` of every stem, from `EXCERPT_START_SECONDS` on."""
    rate = stems["mixture"].rate
    span = slice(round(EXCERPT_START_SECONDS * rate), round(EXCERPT_START_SECONDS * rate) + round(seconds * rate))
    return {name: Audio(stem.samples[:, span], stem.rate) for name, stem in stems.items()}


def baselines() -> dict[str, tuple[str, Callable[[Stems], Audio]]]:
    """Return the conditions that need no training: name → (how it is made, the vocals of an excerpt)."""
    from separation.inference.baselines import centre, ideal_binary_mask, ideal_ratio_mask

    return {
        "ratio mask": ("oracle: ideal ratio mask", lambda stems: ideal_ratio_mask(*_sources(stems))),
        "binary mask": ("oracle: ideal binary mask", lambda stems: ideal_binary_mask(*_sources(stems))),
        "centre": ("centre extraction", lambda stems: centre(stems["mixture"])),
    }


def write(folder: Path, stems: Stems) -> dict[str, Path]:
    """Write mixture, vocals and accompaniment of an excerpt as WAV; return the paths by name."""
    paths = {name: folder / f"{name}.wav" for name in ("mixture", "vocals", "accompaniment")}
    for name, path in paths.items():
        audio.write(path, stems[name])
    return paths


def _sources(stems: Stems) -> tuple[Audio, Audio, Audio]:
    return stems["mixture"], stems["vocals"], stems["accompaniment"]
