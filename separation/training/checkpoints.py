"""What a training leaves on disk: how the held-out songs fare, the separator, examples to listen to, its state."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor

from lossmodel import audio
from lossmodel.audio import Audio
from lossmodel.files import atomic_folder
from lossmodel.metrics.ratios import si_sdr
from separation import store
from separation.data.batch import Batch, Batches
from separation.data.excerpts import loudness
from separation.data.stems import Song
from separation.inference.separator import Separator
from separation.losses import balance
from separation.losses.references import nearest
from separation.losses.terms import TERMS_WITH_A_LEARNING_JUDGE
from separation.networks.waveunet import WaveUNet
from separation.training import early_stopping, spectrogram
from separation.training.characters import held_out_loss
from separation.training.early_stopping import Validation
from separation.training.modes import nearest_answer
from separation.training.state import Training, save_state

VALIDATION_BATCHES = 4
EXAMPLES_FOLDER, EXAMPLE_SONGS, EXAMPLE_SECONDS = "examples", 2, 8.0
"""So many songs are to be heard, so many seconds of each."""


def checkpoint(training: Training) -> None:
    """Keep the separator as `last` (and `best`, if it is) and the state to resume from; each is whole or as before."""
    if training.kept == training.step:
        return
    if validation := validate(training):
        training.validations.append(validation)
        training.stopped = early_stopping.stop_reason(training.validations, training.recipe)
    better = validation is not None and validation.loss < training.best
    training.best = validation.loss if validation and better else training.best
    if training.fabric.is_global_zero:
        _write(training, validation, better=better)
        save_state(training)
    training.kept = training.step


def validate(training: Training) -> Validation | None:
    """Return what excerpts of the held-out songs say of the weights that are saved; None without such songs.

    The loss is the weighted total without what moves, such as a discriminator's opinion.
    """
    if training.held_out is None:
        return _characters_alone(training)
    weights = {
        name: value for name, value in training.recipe.losses.weights.items() if name not in TERMS_WITH_A_LEARNING_JUDGE
    }
    found = []
    with torch.no_grad(), _averaged(training):
        for number in range(VALIDATION_BATCHES):
            batch = training.held_out.make(number).to(training.fabric.device)
            found.append(_heard(training, batch, weights))
        characters = training.recipe.lyrics.weight * held_out_loss(training)
    means = {name: float(np.mean([each[name] for each in found])) for name in found[0]}
    auditors = {name: means[name] for name in (early_stopping.SI_SDR, *training.auditors)}
    return Validation(training.step, means["total"] + characters, means.get("perceptual"), auditors)


def _characters_alone(training: Training) -> Validation | None:
    """Return the characters' loss on held-out songs where nothing is separated; None without such songs."""
    if training.held_out_sung is None or training.batches is not None:
        return None
    with _averaged(training):
        return Validation(training.step, held_out_loss(training), None, {})


def examples(training: Training) -> None:
    """Write what the separator makes of some songs, held-out ones if there are any: mixture, vocals and reference."""
    if not training.fabric.is_global_zero:
        return
    batches = training.held_out or cast("Batches", training.batches)
    songs = batches.excerpts.songs[:EXAMPLE_SONGS]
    with _averaged(training) as network:
        card = {"modes": training.modes.names()} if training.modes else {}
        loaded = store.Checkpoint(network, training.recipe, card, "")
        with atomic_folder(training.output / EXAMPLES_FOLDER / f"{training.step:09d}") as folder:
            for song in songs:
                mixture, vocals = _excerpt(song)
                heard = {
                    "mixture": mixture,
                    "vocals": Separator(loaded)(mixture)["vocals"],
                    "reference": vocals,
                }
                title = re.sub(r"[^-\w. ]", "-", song.name)
                for name, sound in heard.items():
                    _write_example(folder / f"{title}.{name}.flac", sound)


def _write_example(path: Path, sound: Audio) -> None:
    """Write a sound as FLAC, quieter where it would clip, and beside it how it looks."""
    within = Audio(sound.samples / max(1.0, sound.peak), sound.rate)
    audio.write(path, within, subtype="PCM_16")
    path.with_suffix(".png").write_bytes(spectrogram.png(within))


def _heard(training: Training, batch: Batch, weights: dict[str, float]) -> dict[str, float]:
    estimates = training.bare(batch.mixture)
    if training.modes:
        estimates = nearest_answer(estimates, batch.targets)
    terms = training.terms(estimates, batch, weights)
    vocals, references = estimates[:, -1], batch.targets[:, :, -1]
    real = nearest(vocals, references)
    ratios = si_sdr(vocals.double(), real.double())
    found = {"total": float(balance.total(terms, weights)), early_stopping.SI_SDR: float(ratios.nanmean())}
    if "perceptual" in terms:
        found["perceptual"] = float(terms["perceptual"])
    for name, auditor in training.auditors.items():
        found[name] = 100 * (1 - float(auditor(vocals, references, batch.cropped_mixture)))
    return found


def _write(training: Training, validation: Validation | None, *, better: bool) -> None:
    facts = {
        "step": training.step,
        "validation": validation and validation.loss,
        "validations": [each.facts() for each in training.validations[-1:]],
        "stopped": training.stopped,
        "inputs": training.inputs,
        "changes": [change.facts() for change in training.changes],
    } | ({"modes": training.modes.names()} if training.modes else {})
    names = ["last", *(["best"] if better else [])]
    names += [f"step-{training.step:09d}"] if training.recipe.keep else []
    for name in names:
        store.save(training.output / name, training.weights, training.recipe, facts)
    for old in sorted(training.output.glob("step-*"))[: -training.recipe.keep or None] if training.recipe.keep else []:
        shutil.rmtree(old)


def _excerpt(song: Song) -> tuple[Audio, Audio]:
    """Return the song's loudest sung seconds, mixture and reference."""
    block = round(EXAMPLE_SECONDS * song.rate)
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
