"""Files that come from outside: one good one of each kind, and what reads it."""

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import torch

from listening.backup import manifest as backup_manifest
from listening.importers import READERS
from listening.importers.options import Options, scale
from listening.intake import archive, measure
from listening.intake import manifest as delivered_manifest
from lossmodel import audio, manifest, overrides, store
from lossmodel.objective import config as fit_recipe
from lossmodel.objective import store as objectives
from lossmodel.ratings import predicted, table
from separation import config as recipe
from separation import store as checkpoints
from separation.config import RECIPES_FOLDER
from separation.lyrics import evaluate_alignment
from separation.lyrics.alphabet import ALPHABETS
from separation.lyrics.songs import read_lines
from separation.lyrics.text import parse
from tests.listening.published import sound, waet, webmushra
from tests.listening.test_importers import ward
from tests.listening.test_importers_hostile import sisec

RATE = 8000
RATINGS = (
    "study,session,assessor,attribute,item,condition,role,replicate,trial,position,score,seconds,simulated\n"
    "s,1,a1,quality,i1,sys,system,0,1,0,55.5,30,false\ns,1,a1,quality,i1,hidden,reference,0,1,1,100,30,false\n"
)
PAIRS = "item,condition,estimate,reference,mixture,accompaniment,role\ni,c,a.wav,a.wav;b.wav,m.wav,,system\n"
DELIVERED = "item,condition,file,reference,mixture\ni,c,a.wav,b.wav,m.wav\n"
LYRICS = "# verse\nI'd call 24 times, 'cause (oh) she's na-na-naïve\n\nand 1,000.5 % – «straße» 12:30\n"
DALI = {"annotations": {"annot": {"lines": [{"time": [0.5, 2.5], "text": "hello you"}]}}}
ALIGNED = {"lines": [{"words": [{"word": "hello", "start": 0.5, "end": 0.9}, {"word": "you", "start": 1.5, "end": 2}]}]}
BACKUP = {
    "format": 1, "made_at": "2026-11-01T00:00:00Z", "database": "sqlite", "migrations": ["listening.0001_initial"],
    "files": {name: {"sha256": "0" * 64, "bytes": 1} for name in ("database", "secret_key", "media/a/b.flac")},
}  # fmt: skip
FIT_RECIPE = Path(fit_recipe.__file__).parents[1] / "recipes" / "compact.toml"


@dataclass(frozen=True)
class Target:
    """What reads a file: `prepare(folder)` makes a good one and returns its path, `read(path)` reads it."""

    name: str
    prepare: Callable[[Path], Path]
    read: Callable[[Path], object]


def written(name: str, content: str | bytes) -> Callable[[Path], Path]:
    """Return what writes a file of that name."""

    def prepare(folder: Path) -> Path:
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return folder / name

    return prepare


def inside(make: Callable[[Path], Path], name: str) -> Callable[[Path], Path]:
    """Return what makes a whole folder, of which one file is spoilt."""
    return lambda folder: make(folder) / name


def tone(suffix: str) -> Callable[[Path], Path]:
    """Return what writes a short tone in a format."""

    def prepare(folder: Path) -> Path:
        path = folder / f"tone{suffix}"
        soundfile.write(path, 0.25 * np.sin(np.arange(2 * RATE).reshape(-1, 2) / 9), 44100)
        return path

    return prepare


def stem_mp4(folder: Path) -> Path:
    """Write an MP4 with one short audio stream."""
    import av

    path = folder / "stems.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100, layout="mono")
        quiet = np.zeros((1, 4096), dtype=np.float32)
        frame = av.AudioFrame.from_ndarray(quiet, format="fltp", layout="mono")
        frame.rate = 44100
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    return path


def zipped(folder: Path) -> Path:
    """Write a zip of two sounds."""
    with zipfile.ZipFile(folder / "sounds.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(sound(folder / "a.wav"), "song/reference.wav")
        packed.writestr("song/ünï.csv", DELIVERED)
    return folder / "sounds.zip"


def unpacked(path: Path) -> None:
    """Unpack a zip as an upload is."""
    folder = path.parent / "unpacked"
    limits = archive.Limits(files=100, bytes=1 << 24, spared=1 << 22)
    for each in archive.unpack(path, folder, path.name, limits=limits):
        assert each.path is None or each.path.resolve().is_relative_to(folder.resolve())


def objective_folder(folder: Path) -> Path:
    """Copy the objective of the package, of which the card is spoilt."""
    default = objectives.default()
    for name in (store.CARD_FILE, store.WEIGHTS_FILE):
        (folder / name).write_bytes((default / name).read_bytes())
    return folder / store.CARD_FILE


def checkpoint_folder(folder: Path) -> Path:
    """Write a checkpoint of a small separator, of which the card is spoilt."""
    small = recipe.load("tiny", {"network.levels": 2, "network.filters": 2})
    torch.manual_seed(0)
    checkpoints.save(folder / "best", checkpoints.built(small).state_dict(), small, {"step": 1})
    return folder / "best" / store.CARD_FILE


def weights_only(folder: Path) -> Path:
    """Write tensors whose file is spoilt, and named by its card all the same."""
    store.save(folder / "kept", {"a": torch.zeros(2, 3), "b": torch.ones(1)}, {"kind": "test", "version": 1})
    return folder / "kept" / store.WEIGHTS_FILE


def read_weights(path: Path) -> None:
    """Read tensors whose card names their file as it is now."""
    card = json.loads((path.parent / store.CARD_FILE).read_text())
    (path.parent / store.CARD_FILE).write_text(json.dumps(card | {"weights_sha256": store.sha256(path)}))
    store.load(path.parent)


def delivered(path: Path) -> None:
    """Read a manifest among delivered sounds."""
    delivered_manifest.read(path.name, path, ["a.wav", "b.wav", "m.wav"])


def lyrics(path: Path) -> None:
    """Read lyrics for each alphabet, as text that a command has decoded."""
    for alphabet in ALPHABETS.values():
        parse(path.read_bytes().decode("utf-8", "replace"), alphabet)


IMPORTED = {
    "ward2018": inside(ward, "ratings.csv"), "sisec2018": inside(sisec, "ratings.csv"),
    "waet": inside(waet, "save-0.xml"), "webmushra": inside(webmushra, "configs/codecs.yaml"),
}  # fmt: skip
TARGETS = (
    *(Target(kind, prepare, lambda path, kind=kind: READERS[kind](_root(path, kind), Options()))
      for kind, prepare in IMPORTED.items()),
    Target("webmushra-results", inside(webmushra, "results/codecs_1/mushra.csv"),
           lambda path: READERS["webmushra"](path.parents[2], Options())),
    Target("webmushra-scale", written("scale.txt", "1-5"), lambda path: scale(path.read_text("latin-1"))),
    Target("pairs.csv", written("pairs.csv", PAIRS), lambda path: manifest.read(path, check_files=False)),
    Target("delivered-manifest", written("list.csv", DELIVERED), delivered),
    Target("ratings.csv", written("ratings.csv", RATINGS), table.read),
    Target("scores.csv", written("scores.csv", PAIRS.replace("role\n", "role,quality\n").replace("system", "system,5")),
           predicted.read),
    Target("recipe", written("own.toml", (RECIPES_FOLDER / "perceptual.toml").read_bytes()), recipe.load),
    Target("fit-recipe", written("own.toml", FIT_RECIPE.read_bytes()), fit_recipe.load),
    Target("override", written("o.txt", "data.gain=[0.5, 1]"), lambda path: overrides.pair(path.read_text("latin-1"))),
    Target("objective-card", objective_folder, lambda path: objectives.load(path.parent)),
    Target("checkpoint-card", checkpoint_folder, lambda path: checkpoints.load(path.parent)),
    Target("weights", weights_only, read_weights),
    Target("lyrics", written("l.txt", LYRICS), lyrics),
    Target("lines.csv", written("l.csv", "start_time,end_time,lyrics_line\n0.5,2.5,hello\n3,4,«and»\n"), read_lines),
    Target("lines-musdb", written("l.txt", "00:12 00:15.5 a the words\n00:16 00:17 n\n"), read_lines),
    Target("lines-dali", written("l.json", json.dumps(DALI)), read_lines),
    Target("onsets.csv", written("o.csv", "word_start,word_end\n0.5,1\n1.5,2\n"), evaluate_alignment.read_onsets),
    Target("onsets.json", written("o.json", json.dumps(ALIGNED)), evaluate_alignment.read_onsets),
    Target("backup-manifest", written("m.json", json.dumps(BACKUP)),
           lambda path: backup_manifest.parse(path.read_bytes(), path)),
    Target("zip", zipped, unpacked),
    *(Target(f"sound{suffix}", tone(suffix), measure.measure) for suffix in (".wav", ".flac", ".ogg", ".mp3")),
    *(Target(f"read{suffix}", tone(suffix), audio.read) for suffix in (".wav", ".flac", ".ogg", ".mp3")),
    Target("sound.mp4", stem_mp4, measure.measure),
)  # fmt: skip


def _root(path: Path, kind: str) -> Path:
    return path.parents[1] if kind == "webmushra" else path.parent
