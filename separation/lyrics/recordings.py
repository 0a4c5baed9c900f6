"""The whole way for one recording: audio and a checkpoint to words in time, or to text."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lossmodel import audio
from lossmodel.audio import Audio
from lossmodel.errors import BadInput
from lossmodel.progress import Report, silent
from separation import store
from separation.lyrics import decoding, text
from separation.lyrics.aligned import Alignment
from separation.lyrics.alignment import UNFIT_GAP, Timing, align, check_size, encoded
from separation.lyrics.alphabet import ALPHABETS, Alphabet
from separation.lyrics.emissions import emissions, frame_levels, window_of
from separation.lyrics.text import Lyrics
from separation.lyrics.viterbi import Emissions, Prices

VOICE_ABOVE_DB = -40.0
"""The separated voice is heard above this level, relative to its loudest frame."""


class Reader:
    """A checkpoint that reads lyrics, loaded once."""

    def __init__(self, checkpoint: Path, *, device: str = "cpu") -> None:
        """Load it; `BadInput` for one that reads no lyrics."""
        self._loaded = store.load(checkpoint, device=device)
        self._spacing = window_of(self._loaded).spacing
        self.alphabet: Alphabet = ALPHABETS[self._loaded.recipe.lyrics.alphabet]

    def align(
        self,
        recording: Path,
        lyrics: Lyrics,
        *,
        delay: float = 0.0,
        prices: Prices | None = None,
        report: Report = silent,
    ) -> Alignment:
        """Return when each word is sung. A checkpoint that separates too lets no word stand where its voice is silent.

        `delay` in seconds is added to every time. `BadInput` as for `separation.lyrics.alignment.align`.
        """
        sound = self._read(recording)
        timing = Timing(self._spacing / sound.rate, delay, sound.seconds)
        check_size(sound.frames // self._spacing + 1, encoded(lyrics, self.alphabet), self.alphabet, timing)
        found = emissions(self._loaded, sound, report=report)
        return align(found, lyrics, self.alphabet, timing, prices=prices, voice=self._voice(sound, len(found)))

    def emissions(self, recording: Path, *, report: Report = silent) -> Emissions:
        """Return the log probability of each symbol at each frame: (frames, classes)."""
        return emissions(self._loaded, self._read(recording), report=report)

    def _read(self, recording: Path) -> Audio:
        recipe = self._loaded.recipe
        sound = audio.read(recording, rate=recipe.rate, channels=recipe.channels)
        audio.check_heard(sound.peak, str(recording))
        return sound

    def _voice(self, sound: Audio, frames: int) -> NDArray[np.bool_] | None:
        """Return where the separated voice is heard; None where nothing is separated."""
        if not self._loaded.recipe.separates:
            return None
        from separation.inference.separator import Separator

        vocals = Separator(self._loaded)(sound)["vocals"]
        return np.asarray(frame_levels(vocals.samples, self._spacing, frames) > VOICE_ABOVE_DB)


def read_lyrics(path: Path, alphabet: Alphabet) -> Lyrics:
    """Return the lyrics in a UTF-8 text file; `BadInput` for another file, an empty one, another script."""
    try:
        written = path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, IsADirectoryError):
        raise BadInput(f"{path}: no such file; give a text file with the lyrics") from None
    except UnicodeDecodeError:
        raise BadInput(f"{path}: not UTF-8 text; save it as UTF-8") from None
    return text.parse_known(written, alphabet, name=str(path))


def transcribe(
    found: Emissions, alphabet: Alphabet, *, beam: int = 0, model: decoding.CharacterModel | None = None
) -> str:
    """Return what is sung: the best symbols frame by frame, or with a `beam` the best of so many texts at a time."""
    if not beam and model is None:
        return decoding.greedy(found, alphabet)
    return decoding.beam_search(found, alphabet, width=beam or 32, model=model)


def language_model(path: Path, alphabet: Alphabet) -> decoding.CharacterModel:
    """Return the character model of a text file: lyrics of the same kind, not those to be transcribed."""
    return decoding.character_model([line.sung for line in read_lyrics(path, alphabet).lines], alphabet)


def error_rates(truth: Lyrics, found: str) -> list[str]:
    """Return character and word error rate as lines of text; lower is better."""
    sung = " ".join(line.sung for line in truth.lines if line.sung)
    characters, words = decoding.error_rate(sung, found), decoding.error_rate(sung.split(), found.split())
    return [f"CER {characters:.3f}", f"WER {words:.3f}"]


def remarks(found: Alignment) -> list[str]:
    """Return what a person should look at, as lines of text."""
    lines = []
    if not found.fits:
        lines.append(
            f"these lyrics hardly belong to this recording, or stand in another order ({found.gap:.2f} a symbol; below"
            f" {UNFIT_GAP:g} they fit)"
        )
    if found.unsure:
        lines.append(f"look at lines {', '.join(map(str, found.unsure))}: their times are unsure")
    if left_out := [line for line in found.lines if line.kind == "missing" and line.number]:
        lines.append(f"not sung: lines {', '.join(str(line.number) for line in left_out)}")
    if found.wordless:
        lines.append(
            "sung, but not in the lyrics: " + ", ".join(f"{start:.1f}–{end:.1f} s" for start, end in found.wordless)
        )
    if found.voiceless:
        lines.append(
            "no voice is heard where these words stand: "
            + ", ".join(f"{word} ({start:.1f} s)" for start, _end, word in found.voiceless)
        )
    return lines
