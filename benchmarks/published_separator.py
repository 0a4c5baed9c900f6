"""Is the yardstick right? The published Wave-U-Net's own vocals under our metrics, beside a checkpoint of ours.

python benchmarks/published_separator.py --stems DATA/stems
python benchmarks/published_separator.py --stems DATA/stems --checkpoint runs/regression

The published vocals are of two 30 s songs. Where our SDR of them is not within 6 to 10 dB, as published, the metrics
are wrong, and the exit status is 1.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch

from lossmodel import audio
from lossmodel.audio import Audio
from lossmodel.metrics.aggregate import track_median
from lossmodel.metrics.bss_eval import bss_eval
from lossmodel.metrics.bss_eval_images import bss_eval_images
from lossmodel.metrics.ratios import si_sdr, snr
from separation.data import stems
from separation.inference.separator import Separator

PUBLISHED_SDR_RANGE_DB = (6.0, 10.0)
ESTIMATE_FILE = "wave_u_net_vocals.mp3"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stems", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path)
    options = parser.parse_args()
    right = True
    for place in (place for place in stems.find(options.stems) if (place / ESTIMATE_FILE).is_file()):
        references, accompaniment = stems.read(place)
        vocals = references["vocals"]
        mixture = Audio(vocals.samples + accompaniment.samples, vocals.rate)
        heard = {"mixture": mixture, "published": audio.read(place / ESTIMATE_FILE)}
        if options.checkpoint:
            heard["ours"] = Separator(options.checkpoint)(mixture)["vocals"]
        for name, estimate in heard.items():
            found = _measured(estimate, vocals, accompaniment)
            print(f"{place.name}, {name}: " + ", ".join(f"{key} {value:.2f} dB" for key, value in found.items()))
            right &= name != "published" or PUBLISHED_SDR_RANGE_DB[0] <= found["SDR"] <= PUBLISHED_SDR_RANGE_DB[1]
    return int(not right)


def _measured(estimate: Audio, vocals: Audio, accompaniment: Audio) -> dict[str, float]:
    """Return four SDRs: plain, with filters allowed, as museval has it (median over seconds), scale-invariant."""
    frames = min(estimate.frames, vocals.frames)
    e, v, a = (
        torch.from_numpy(np.ascontiguousarray(each.samples[:, :frames])).double()[None]
        for each in (audio.with_channels(estimate, vocals.channels), vocals, accompaniment)
    )
    windows = bss_eval_images(e[:, None], torch.stack([v, a], dim=1), window=vocals.rate).sdr[:, 0]
    return {
        "SDR": float(snr(e, v)),
        "BSS Eval v3 SDR": float(bss_eval(e, torch.stack([v, a], dim=1)).sdr),
        "museval SDR": float(track_median(windows)),
        "SI-SDR": float(si_sdr(e, v)),
    }


if __name__ == "__main__":
    sys.exit(main())
