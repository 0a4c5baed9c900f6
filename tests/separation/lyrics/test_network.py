"""The network is the published one to the sample; tasks share what listens; windows are one endless window."""

import numpy as np
import torch

from lossmodel.audio import Audio
from separation.lyrics.emissions import emissions, window_of
from separation.lyrics.frames import frames
from separation.networks.config import WaveUNetConfig
from separation.networks.lyrics import LyricsWaveUNet
from separation.store import Checkpoint, built
from tests.separation.builders import small

PUBLISHED = WaveUNetConfig(channels=1)


def loaded(**overrides):
    """Return a small reader of lyrics with random weights."""
    recipe = small("lyrics" if overrides.get("lyrics__alone", True) else "lyrics-multitask", **LYRICS | overrides)
    torch.manual_seed(0)
    return Checkpoint(built(recipe).eval(), recipe, {}, "")


LYRICS = {"losses__l1": 0.0, "losses__mrstft": 0.0, "lyrics__weight": 1.0, "lyrics__alone": True, "lyrics__blocks": 1}


def test_the_published_window_has_221_frames_of_264_channels_and_221189_samples():
    window = PUBLISHED.window(round(10.03 * 22050))
    assert (window.input, window.output, PUBLISHED.bottleneck(window.input)) == (352_243, 221_189, 59)
    found = frames(PUBLISHED, 2, window.input)
    assert (found.count, found.spacing, found.offset) == (221, 1024, 63_481)
    network = LyricsWaveUNet(PUBLISHED, classes=29, blocks=2)
    assert network.characters.in_channels == 264
    with torch.inference_mode():
        sources, characters = network.both(torch.zeros(1, 1, window.input))
    assert sources.shape == (1, 2, 1, 221_189)
    assert characters.shape == (1, 221, 29)


def test_without_separation_the_same_characters_are_read():
    config = WaveUNetConfig(levels=5, filters=4, kernel_down=5, channels=1)
    both = LyricsWaveUNet(config, classes=29, blocks=2)
    alone = LyricsWaveUNet(config, classes=29, blocks=2, separates=False)
    alone.load_state_dict({name: both.state_dict()[name] for name in alone.state_dict()})
    heard = torch.randn(2, 1, config.window(1500).input)
    sources, characters = both.both(heard)
    torch.testing.assert_close(alone.log_probabilities(heard), characters, rtol=0, atol=1e-6)
    torch.testing.assert_close(both(heard), sources)
    assert len(alone.up) == 2


def test_gradients_of_strided_convolutions_are_those_of_whole_ones():
    config = WaveUNetConfig(levels=4, filters=3, kernel_down=5, channels=1)
    strided = LyricsWaveUNet(config, classes=5, blocks=1, separates=False).double()
    whole = LyricsWaveUNet(config, classes=5, blocks=1).double()
    whole.load_state_dict(strided.state_dict(), strict=False)
    heard = torch.randn(1, 1, config.window(200).input, dtype=torch.float64)
    strided.log_probabilities(heard)[..., 0].sum().backward()
    whole.both(heard)[1][..., 0].sum().backward()
    for name, weight in strided.named_parameters():
        torch.testing.assert_close(weight.grad, whole.get_parameter(name).grad)


def test_frames_of_windows_are_those_of_one_window():
    reader = loaded()
    window = window_of(reader)
    draw = np.random.default_rng(0).standard_normal((1, 5 * window.input)).astype(np.float32)
    sound = Audio(0.1 * draw, reader.recipe.rate)
    found = emissions(reader, sound)
    config = reader.recipe.network
    large = config.window(sound.frames + window.input)
    at = frames(config, 1, large.input)
    padded = np.zeros((1, 1, large.input), dtype=np.float32)
    padded[0, 0, at.offset : at.offset + sound.frames] = sound.samples[0]
    with torch.inference_mode():
        whole = reader.network.log_probabilities(torch.from_numpy(padded))[0].numpy()
    assert len(found) == sound.frames // window.spacing + 1
    np.testing.assert_allclose(found, whole[: len(found)], atol=2e-5)


def test_silence_before_and_after_is_blank():
    reader = loaded()
    noise = np.random.default_rng(0).standard_normal((1, 8000)).astype(np.float32)
    found = emissions(reader, Audio(np.pad(0.1 * noise, ((0, 0), (4000, 4000))), reader.recipe.rate))
    blank = found.argmax(axis=1) == found.shape[1] - 1
    spacing = window_of(reader).spacing
    assert blank[: 4000 // spacing - 1].all()
    assert blank[12000 // spacing + 2 :].all()
