"""The figure of `several_answers`: where the backing voice's gain lies in each half second, way by way."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from several_answers_measure import HALF_WAY_GAIN

from lossmodel.ratings.figures import drawing, title

EDGES = np.linspace(-0.3, 1.3, 65)
"""Bins of the histograms: gains of the backing voice."""

ROW_INCHES, WIDTH_INCHES = 0.38, 7.5


def draw(path: Path, gains: Mapping[str, Sequence[float]]) -> None:
    """Draw a histogram a way, as .svg; the region of neither out nor in is shaded."""
    with drawing(path, width=WIDTH_INCHES, height=1.2 + ROW_INCHES * len(gains)) as figure:
        axes = figure.subplots()
        axes.axvspan(*HALF_WAY_GAIN, color="#D55E00", alpha=0.12, linewidth=0)
        for row, values in enumerate(gains.values()):
            counts, _ = np.histogram(np.clip(values, EDGES[0], EDGES[-1]), EDGES)
            axes.bar(EDGES[:-1], 0.8 * counts / counts.max(), np.diff(EDGES), -row, align="edge", color="#0072B2")
        axes.set_yticks([-row + 0.3 for row in range(len(gains))], list(gains), fontsize=8)
        axes.set_xlim(EDGES[0], EDGES[-1])
        axes.set_xlabel("gain of the backing voice (0: left out, 1: all of it)", fontsize=8)
        axes.set_ylim(0.2 - len(gains), 1.1)
        title(axes, "half seconds of unseen songs in which both voices sing; shaded: neither answer", "")
    path.with_suffix(".pdf").unlink()
