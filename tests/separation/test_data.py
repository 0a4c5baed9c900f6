"""Stems become songs once, or the file that does not fit is named; batches are the same for the same seed and step."""

import numpy as np
import pytest
import torch

from lossmodel import audio
from lossmodel.errors import BadInput
from separation.data import example, stems
from separation.data.augment import augment
from separation.data.batch import Batches
from separation.data.draws import Purpose, draw
from separation.data.excerpts import Excerpts
from separation.data.stems import Song
from separation.data.synthetic import song, write_songs
from separation.networks.config import Window
from separation.recipe import Data
from tests.separation.builders import RATE, noise, small, tone, write


def decoded(folder, cache, rate=RATE, channels=1):
    return stems.songs(folder, rate=rate, channels=channels, cache=cache)


def test_the_accompaniment_is_taken_or_summed_or_left_over(tmp_path):
    voice, drums, bass, other = tone(300), noise(1), tone(60), noise(2)
    rest = drums.samples + bass.samples + other.samples
    write(tmp_path / "a", vocals=voice, accompaniment=audio.Audio(rest, RATE), wave_u_net_vocals=noise(9))
    write(tmp_path / "b", vocals=voice, drums=drums, bass=bass, other=other, mixture=noise(3))  # a mastered mixture
    write(tmp_path / "c", vocals=voice, mixture=audio.Audio(rest + voice.samples, RATE))
    write(tmp_path / "d", vocals=voice, sax=drums, tuba=bass, choir=other)
    for place in stems.find(tmp_path):
        references, accompaniment = stems.read(place)
        assert list(references) == ["vocals"]
        np.testing.assert_allclose(accompaniment.samples, rest, atol=1e-6)


def test_several_admissible_references_have_names_and_the_plain_one_comes_first(tmp_path):
    lead, choir = tone(300), tone(400)
    both = audio.Audio(lead.samples + choir.samples, RATE)
    write(
        tmp_path / "song",
        vocals=lead,
        vocals__all=both,
        accompaniment=audio.Audio(noise(1).samples + choir.samples, RATE),
    )
    (found,) = decoded(tmp_path, tmp_path / ".cache")
    assert found.references == ("vocals", "all")
    np.testing.assert_allclose(found.sources[2] - found.sources[1], choir.samples, atol=1e-6)


def test_a_song_is_decoded_once_at_the_wanted_rate_and_again_when_its_content_changes(tmp_path):
    folder, cache = tmp_path / "songs", tmp_path / "cache"
    write(folder / "one", vocals=tone(rate=16000, channels=2), accompaniment=noise(1, rate=16000, channels=2))
    (first,) = decoded(folder, cache)
    assert first.sources.shape == (2, 1, RATE)
    assert isinstance(first.sources, np.memmap)
    stamp = {path: path.stat().st_mtime_ns for path in cache.iterdir()}
    decoded(folder, cache)
    assert {path: path.stat().st_mtime_ns for path in cache.iterdir()} == stamp
    write(folder / "one", vocals=tone(500, rate=16000, channels=2))
    (changed,) = decoded(folder, cache)
    assert np.abs(changed.sources[1] - first.sources[1]).max() > 0.1


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "no songs"),
        ({"drums": noise(1), "bass": noise(2)}, "no vocals among bass, drums"),
        ({"vocals": tone()}, "only vocals"),
        ({"vocals": tone(), "accompaniment": noise(1, seconds=1.2)}, "accompaniment lasts 1.20 s"),
        ({"accompaniment": noise(1), "vocals": tone(rate=16000)}, "vocals has 16000 Hz"),
        ({"vocals": tone(level=0.0), "accompaniment": noise(1)}, "vocals is silent"),
        ({"vocals": tone(), "accompaniment": noise(1, level=0.0)}, "accompaniment is silent"),
        ({"vocals": tone(level=float("nan")), "accompaniment": noise(1)}, "vocals.wav: has NaN"),
    ],
)
def test_a_song_that_does_not_fit_is_named_with_the_reason(tmp_path, files, words):
    (tmp_path / "songs").mkdir()
    write(tmp_path / "songs" / "bad", **files)
    with pytest.raises(BadInput, match=words) as caught:
        decoded(tmp_path / "songs", tmp_path / "cache")
    assert str(tmp_path) in str(caught.value)


def test_stems_that_an_encoder_padded_by_some_frames_are_cut_to_the_shortest(tmp_path):
    write(tmp_path / "song", vocals=tone(seconds=1.0), accompaniment=noise(1, seconds=1.04))
    references, accompaniment = stems.read(tmp_path / "song")
    assert references["vocals"].frames == accompaniment.frames == RATE


def test_a_stem_mp4_is_a_song():
    references, accompaniment = stems.read(example.path())
    assert references["vocals"].frames == accompaniment.frames > 6 * 44100
    assert references["vocals"].peak > 0.1


def test_the_example_is_the_sum_of_its_stems_and_does_not_clip():
    parts = example.song()
    total = parts["drums"].samples + parts["bass"].samples + parts["other"].samples + parts["vocals"].samples
    np.testing.assert_allclose(parts["mixture"].samples, total, atol=1e-5)
    assert parts["mixture"].peak <= 0.951
    assert parts["mixture"].seconds == pytest.approx(6.08, abs=0.01)


def silent_then_sung(seconds=4.0):
    """Return a song whose singer comes in after half of it."""
    voice = tone(seconds=seconds).samples
    voice[:, : voice.shape[1] // 2] = 0
    return Song("late", RATE, ("vocals",), np.stack([noise(1, seconds).samples, voice]))


def test_the_same_seed_and_step_give_the_same_batch_and_others_another():
    drawn = Excerpts([silent_then_sung()], Window(400, 100), seed=1)
    assert torch.equal(drawn.batch(5, 3), Excerpts([silent_then_sung()], Window(400, 100), seed=1).batch(5, 3))
    assert not torch.equal(drawn.batch(5, 3), drawn.batch(6, 3))
    assert not torch.equal(drawn.batch(5, 3), Excerpts([silent_then_sung()], Window(400, 100), seed=2).batch(5, 3))


def test_excerpts_are_where_somebody_sings_unless_drawn_anywhere():
    def sung(anywhere):
        batch = Excerpts([silent_then_sung()], Window(400, 400), seed=0, anywhere=anywhere).batch(0, 200)
        return float((batch[:, 1].abs().amax((1, 2)) > 0).float().mean())

    assert sung(0.0) == 1.0
    assert 0.35 < sung(1.0) < 0.7


def test_beyond_its_ends_a_song_is_silent():
    song = Song("short", RATE, ("vocals",), np.ones((2, 1, 50), dtype=np.float32))
    batch = Excerpts([song], Window(2000, 10), seed=0).batch(0, 4)
    assert (batch.flatten(1).sum(1) == 100).all()


def test_songs_with_fewer_references_repeat_their_first():
    two = Song("two", RATE, ("vocals", "all"), noise(3, channels=3).samples[:, None])
    one = Song("one", RATE, ("vocals",), noise(4, channels=2).samples[:, None])
    batch = Excerpts([two, one], Window(100, 100), seed=0).batch(0, 20)
    assert batch.shape == (20, 3, 1, 100)
    same = (batch[:, 1] == batch[:, 2]).flatten(1).all(1)
    assert 0 < same.sum() < 20


def vary(sources, others=None, **config):
    """Augment a batch; what an excerpt may get the accompaniment of is the one at its place in `others`."""
    plain = {"gain": (1.0, 1.0), "swap": False, "remix": 0.0}
    draws = [draw(0, 0, number, Purpose.AUGMENTATION) for number in range(len(sources))]
    return augment(sources, Data(**{**plain, **config}), draws, lambda at: others[at])


def test_augmentation_keeps_gains_in_range_and_sides_together():
    sources = torch.rand(64, 2, 2, 50) + 0.1
    ratio = vary(sources, gain=(0.7, 1.0)) / sources
    assert ratio.min() >= 0.699
    assert ratio.max() <= 1.001
    assert torch.allclose(ratio, ratio[..., :1, :1].expand_as(ratio))
    swapped = vary(sources, swap=True)
    flipped = (swapped == sources.flip(2)).flatten(1).all(1)
    kept = (swapped == sources).flatten(1).all(1)
    assert (flipped | kept).all()
    assert 16 < flipped.sum() < 48


def test_remixing_exchanges_accompaniments_but_not_under_a_second_reference():
    sources, others = torch.rand(2, 8, 2, 1, 10)
    mixed = vary(sources, others, remix=1.0)
    assert torch.equal(mixed[:, 1], sources[:, 1])
    assert torch.equal(mixed[:, 0], others[:, 0])
    several, single = torch.rand(8, 3, 1, 10), torch.rand(8, 2, 1, 10)[:, [0, 1, 1]]
    assert torch.equal(vary(several, single, remix=1.0), several)
    assert torch.equal(vary(single, several, remix=1.0), single)


def test_remixing_takes_the_share_of_excerpts_that_it_is_told():
    sources, others = torch.rand(2, 400, 2, 1, 2)
    moved = (vary(sources, others, remix=0.25)[:, 0] == others[:, 0]).flatten(1).all(1)
    assert 0.18 < moved.float().mean() < 0.32


def test_an_excerpt_is_the_same_in_any_part_of_a_batch(tmp_path):
    varied = {"data__remix": 0.5, "data__polarity": True, "data__swap": True}
    recipe = small(**varied, network__noise=1, network__levels=2, data__seconds=0.05, batch=6)
    write_songs(tmp_path / "songs", range(3), 1.0, RATE)
    excerpts = Excerpts(decoded(tmp_path / "songs", tmp_path / "cache"), recipe.window, seed=0, speed=(0.9, 1.1))
    whole = Batches(recipe, excerpts).make(3)
    parts = [Batches(recipe, excerpts, rank=rank, processes=3).make(3) for rank in range(3)]
    assert torch.equal(torch.cat([part.mixture for part in parts]), whole.mixture)
    assert torch.equal(torch.cat([part.targets for part in parts]), whole.targets)


def test_under_several_references_the_varied_mixture_is_still_their_sum():
    lead, backing, band = torch.rand(3, 4, 1, 10)
    sources = torch.stack([band + backing, lead, lead + backing], 1)
    varied = vary(sources, gain=(0.5, 1.0))
    gain = varied[:, 1] / lead
    torch.testing.assert_close(varied[:, 0] + varied[:, 1], gain * (band + backing + lead))
    torch.testing.assert_close(varied[:, 2], gain * (lead + backing))


def test_synthetic_songs_are_the_sum_of_their_stems_and_depend_on_the_seed_alone():
    one, again, other = song(1, 3, RATE), song(1, 3, RATE), song(2, 3, RATE)
    for name in ("mixture", "vocals", "accompaniment", "drums", "bass", "other"):
        assert one[name].samples.shape == (2, 3 * RATE)
        assert np.array_equal(one[name].samples, again[name].samples)
        assert not np.array_equal(one[name].samples, other[name].samples)
    band = one["drums"].samples + one["bass"].samples + one["other"].samples
    np.testing.assert_allclose(one["mixture"].samples, band + one["vocals"].samples, atol=1e-5)
    assert 0.3 < one["mixture"].peak <= 0.901


def test_the_synthetic_voice_is_harmonic_with_formants():
    voice = song(4, 4, 16000)["vocals"].samples.mean(0)
    spectrum = np.abs(np.fft.rfft(voice * np.hanning(voice.size))) ** 2
    hertz = np.fft.rfftfreq(voice.size, 1 / 16000)
    low, middle, high = (spectrum[(hertz > a) & (hertz < b)].sum() for a, b in ((80, 1200), (1200, 4000), (4000, 7000)))
    assert low > middle > high > 0


def test_a_backing_voice_makes_a_second_admissible_reference(tmp_path):
    write_songs(tmp_path / "songs", [0], 2, RATE, backing=True)
    (found,) = decoded(tmp_path / "songs", tmp_path / "cache", channels=2)
    assert found.references == ("vocals", "lead+backing")
    backing = found.sources[2] - found.sources[1]
    assert 0.1 < backing.std() / found.sources[1].std() < 0.7
