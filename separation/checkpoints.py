"""What a training leaves on disk: how the held-out songs fare, the separator, examples to listen to, its state."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from lossmodel import audio
from lossmodel.audio import Audio
from lossmodel.files import whole_folder
from lossmodel.metrics.ratios import si_sdr
from separation import render, store, watch
from separation.data.batch import Batch
from separation.data.excerpts import loudness
from separation.data.stems import Song
from separation.losses import balance
from separation.losses.references import nearest
from separation.losses.terms import MOVING
from separation.networks.waveunet import WaveUNet
from separation.training import Training, keep
from separation.watch import Look

VALIDATION_BATCHES = 4
EXAMPLES, SONGS, SECONDS = "examples", 2, 8.0
"""So many songs are to be heard, so many seconds of each."""


def checkpoint(training: Training) -> None:
    """Keep the separator as `last` (and `best`, if it is) and the state to resume from; each is whole or as before."""
    if training.kept == training.step:
        return
    if look := validate(training):
        training.looks.append(look)
        training.stopped = watch.verdict(training.looks, training.recipe)
    better = look is not None and look.validation < training.best
    training.best = look.validation if look and better else training.best
    if training.fabric.is_global_zero:
        _write(training, look, better=better)
        keep(training)
    training.kept = training.step


def validate(training: Training) -> Look | None:
    """Return what excerpts of the held-out songs say of the weights that are saved; None without such songs.

    The loss is the weighted total without what moves, such as a discriminator's opinion.
    """
    if training.held_out is None:
        return None
    weights = {name: value for name, value in training.recipe.losses.weights.items() if name not in MOVING}
    found = []
    with torch.no_grad(), _averaged(training):
        for number in range(VALIDATION_BATCHES):
            batch = training.held_out.make(number).to(training.fabric.device)
            found.append(_heard(training, batch, weights))
    means = {name: float(np.mean([each[name] for each in found])) for name in found[0]}
    auditors = {name: means[name] for name in (watch.SI_SDR, *training.auditors)}
    return Look(training.step, means["total"], means.get("perceptual"), auditors)


def examples(training: Training) -> None:
    """Write what the separator makes of some songs, held-out ones if there are any: mixture, vocals and reference."""
    if not training.fabric.is_global_zero:
        return
    songs = (training.held_out or training.batches).excerpts.songs[:SONGS]
    with _averaged(training) as network:
        loaded = store.Checkpoint(network, training.recipe, {}, "")
        with whole_folder(training.output / EXAMPLES / f"{training.step:09d}") as folder:
            for song in songs:
                mixture, vocals = _excerpt(song)
                heard = {"mixture": mixture, "vocals": render.separator(loaded)(mixture)["vocals"], "reference": vocals}
                title = re.sub(r"[^-\w. ]", "-", song.name)
                for name, sound in heard.items():
                    audio.write(folder / f"{title}.{name}.wav", sound, subtype="FLOAT")


def _heard(training: Training, batch: Batch, weights: dict[str, float]) -> dict[str, float]:
    estimates = training.bare(batch.mixture)
    terms = training.terms(estimates, batch, weights)
    vocals, references = estimates[:, -1], batch.targets[:, :, -1]
    real = nearest(vocals, references)
    ratios = si_sdr(vocals.double(), real.double())
    found = {"total": float(balance.total(terms, weights)), watch.SI_SDR: float(ratios.nanmean())}
    if "perceptual" in terms:
        found["perceptual"] = float(terms["perceptual"])
    for name, auditor in training.auditors.items():
        found[name] = 100 * (1 - float(auditor(vocals, references, batch.heard)))
    return found


def _write(training: Training, look: Look | None, *, better: bool) -> None:
    facts = {
        "step": training.step,
        "validation": look and look.validation,
        "looks": [each.facts() for each in training.looks[-1:]],
        "stopped": training.stopped,
        "inputs": training.inputs,
    }
    names = ["last", *(["best"] if better else [])]
    names += [f"step-{training.step:09d}"] if training.recipe.keep else []
    for name in names:
        store.save(training.output / name, training.weights, training.recipe, facts)
    for old in sorted(training.output.glob("step-*"))[: -training.recipe.keep or None] if training.recipe.keep else []:
        shutil.rmtree(old)


def _excerpt(song: Song) -> tuple[Audio, Audio]:
    """Return the song's loudest sung seconds, mixture and reference."""
    block = round(SECONDS * song.rate)
    start = int(np.argmax(loudness(song.sources[1], block))) * block
    accompaniment, vocals = (np.asarray(song.sources[at, :, start : start + block]) for at in (0, 1))
    return Audio(accompaniment + vocals, song.rate), Audio(vocals, song.rate)


@contextmanager
def _averaged(training: Training) -> Iterator[WaveUNet]:
    """Yield the network with the weights that are saved, in eval mode; put its own back afterwards."""
    network = training.bare
    own: dict[str, Tensor] = {name: weight.clone() for name, weight in network.state_dict().items()}
    network.load_state_dict(training.weights)
    network.eval()
    try:
        with torch.compiler.set_stance("force_eager"):  # a song's length is worth no compilation
            yield network
    finally:
        network.load_state_dict(own)
