"""The convnet hears no difference where there is none, and its first lessons put rungs in order."""

from functools import partial

import pytest
import torch

from lossmodel.errors import BadInput
from lossmodel.objective.convnet import curriculum, pretrain
from lossmodel.objective.convnet import network as convnet
from lossmodel.objective.convnet.network import (
    ATTRIBUTES,
    Config,
    Convnet,
    _around,
    _throughout,
    closest_remix,
    maps,
    unrated,
)
from lossmodel.objective.ladders import BY_NAME, LADDERS
from lossmodel.objective.synthetic import song

SMALL = Config(bands=24, channels=(4, 6, 8, 8), leaks=3, damages=3)


def excerpt(seed=1, seconds=1.0, rate=44_100):
    """Return (vocals, mixture), each (1, 1, time)."""
    vocals, accompaniment = song(seed, seconds=seconds, rate=rate)
    return vocals[None], (vocals + accompaniment)[None]


def network(seed=1, config=SMALL):
    torch.manual_seed(seed)
    return Convnet(config).eval()


def taught(count=2, seconds=0.6):
    found = []
    for seed in range(count):
        made = song(seed, seconds=seconds, rate=16_000)
        found.append(curriculum.lesson_of((*made, 16_000), seed=seed, config=SMALL))
    return found


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_the_reference_is_at_no_distance_at_any_level_and_polarity(rate):
    vocals, mixture = excerpt(rate=rate)
    for estimate in (vocals, -vocals, 0.3 * vocals):
        heard = network()(estimate, vocals, mixture, rate)
        assert float(heard.distances.detach().max()) < 1e-4
        assert float(heard.percepts.detach().max()) < 1e-4
        assert float(heard.severity.detach().max()) < 1e-4


def test_percepts_are_never_negative_and_grow_with_the_leak():
    vocals, mixture = excerpt()
    leaks = [vocals + gain * (mixture - vocals) for gain in (0.1, 0.3, 1.0)]
    heard = [network()(each, vocals, mixture, 44_100) for each in leaks]
    assert all((each.distances >= 0).all() and each.distances.shape == (1, SMALL.distances) for each in heard)
    assert (torch.cat([each.percepts for each in heard]).diff(dim=0) > -1e-4).all()


def test_the_same_sound_is_heard_alike_at_every_rate():
    heard = {}
    for rate in (22_050, 44_100):
        t = torch.arange(rate) / rate
        vocals = (torch.sin(2 * torch.pi * 440 * t) + torch.sin(2 * torch.pi * 1320 * t))[None, None]
        estimate = vocals + 0.2 * torch.sin(2 * torch.pi * 2500 * t)
        heard[rate] = network()(estimate, vocals, vocals + estimate, rate).severity
    assert torch.allclose(heard[22_050], heard[44_100], rtol=0.03)


def test_a_batch_is_heard_as_its_excerpts_one_by_one():
    first, second = excerpt(1), excerpt(2)
    hear = network()
    vocals, mixtures = (torch.cat(each) for each in zip(first, second))
    together = hear(mixtures, vocals, mixtures, 44_100)
    alone = [hear(mixture, vocals, mixture, 44_100).severity for vocals, mixture in (first, second)]
    assert torch.allclose(together.severity, torch.cat(alone), atol=1e-5)


@pytest.mark.parametrize("gain", [0.0, 1.0])
def test_gradients_are_finite_on_silence_and_at_the_reference(gain):
    vocals, mixture = excerpt()
    for reference in (vocals, 0 * vocals):
        estimate = (gain * vocals).requires_grad_()
        heard = network()(estimate, reference, mixture, 44_100)
        (heard.severity.sum() + heard.percepts.sum()).backward()
        assert estimate.grad.isfinite().all()


def test_following_the_gradient_is_heard_as_better():
    vocals, mixture = excerpt()
    hear = network()
    estimate = mixture.clone().requires_grad_()
    before = hear(estimate, vocals, mixture, 44_100).severity.sum()
    before.backward()
    step = 0.01 * mixture.std() * estimate.grad / estimate.grad.std()
    after = hear((mixture - step).detach(), vocals, mixture, 44_100).severity.sum()
    assert float(after.detach()) < float(before.detach())


def test_the_closest_remix_of_a_remix_is_itself_and_of_the_reference_the_reference():
    generator = torch.Generator().manual_seed(1)
    reference, accompaniment = (torch.rand(1, 8, 400, generator=generator) for _ in range(2))
    mixed = reference + 0.5 * accompaniment
    for around in (_around, _throughout):
        remix = partial(closest_remix, reference=reference, accompaniment=accompaniment, around=around)
        assert torch.allclose(remix(mixed), mixed, atol=0.02)
        assert torch.equal(remix(reference), reference)
        assert torch.allclose(remix(0.2 * reference), reference, atol=0.02)


def test_where_the_reference_pauses_whatever_is_heard_is_accompaniment():
    accompaniment = torch.rand(1, 8, 400, generator=torch.Generator().manual_seed(1))
    remix = closest_remix(0.3 * accompaniment, 0 * accompaniment, accompaniment, around=_around)
    assert torch.allclose(remix, 0.3 * accompaniment, atol=0.01)


def test_bands_show_where_a_tone_is_and_equal_noise_is_equal():
    t = torch.arange(44_100) / 44_100
    power = maps(*[torch.sin(2 * torch.pi * 1000 * t)[None, None]] * 3, 44_100, Config())[1].mean(-1)[0]
    mels = torch.linspace(*(2595 * torch.log10(torch.tensor(1 + f / 700)) for f in (60.0, 16_000.0)), 50)[1:-1]
    nearest = int((mels - 2595 * torch.log10(torch.tensor(1 + 1000 / 700))).abs().argmin())
    assert int(power.argmax()) == nearest
    noise = torch.randn(1, 1, 88_200, generator=torch.Generator().manual_seed(2))
    level = 10 * torch.log10(maps(noise, noise, noise, 44_100, Config())[1].mean(-1)[0])
    assert float(level.max() - level.min()) < 2.5


def test_it_is_small_and_comes_back_as_it_was_saved(tmp_path):
    hear = network(config=Config())
    assert sum(each.numel() for each in hear.parameters()) <= 150_000
    convnet.save(hear, tmp_path / "net", card={"seed": 1})
    assert sum(path.stat().st_size for path in (tmp_path / "net").iterdir()) <= 400_000
    vocals, mixture = excerpt()
    again = convnet.load(tmp_path / "net")(mixture, vocals, mixture, 44_100).severity
    assert torch.allclose(again, hear(mixture, vocals, mixture, 44_100).severity, rtol=0.02)
    with pytest.raises(BadInput, match="no such file"):
        convnet.load(tmp_path / "none")


def test_its_own_opinion_takes_the_reference_that_an_estimate_is_most_like():
    vocals, mixture = excerpt()
    score = unrated(network(), 44_100)
    backing = 0.7 * vocals.roll(9000, -1)
    both = torch.stack([vocals + backing, vocals], dim=1)
    for estimate in (vocals, vocals + backing):
        assert min(float(each.detach()) for each in score(estimate, both, mixture).values()) > 99.99
    half = score(vocals + 0.5 * backing, both, mixture)
    assert float(half["similarity"].detach()) < 99.95


def test_order_costs_nothing_where_rungs_are_apart_and_much_where_they_are_swapped():
    falls = torch.tensor([[True, False, True]])
    steps = torch.tensor([0.8, 1.6, 2.4, 3.2])[None, :, None] * torch.tensor([1.0, 0.0, 1.0])
    assert float(pretrain.ranking_loss(steps, falls)) == 0
    assert float(pretrain.ranking_loss(steps.flip(1), falls)) > 0.5
    assert float(pretrain.ranking_loss(torch.zeros(1, 4, 3), falls)) > 0


def test_a_little_training_tells_leaks_from_damage():
    found = taught()
    network = pretrain.train(found, steps=60, seed=1, config=SMALL)
    assert pretrain.share_in_order(network, found) > 0.9
    vocals, accompaniment = (each[None] for each in song(0, seconds=1.0, rate=16_000))
    leak = BY_NAME["leak"].degrade(vocals, accompaniment, 16_000, 1.0, 0)
    holes = BY_NAME["musical noise"].degrade(vocals, accompaniment, 16_000, 1.0, 0)
    quality, interference = (ATTRIBUTES.index(name) for name in ("quality", "interference"))
    by_leak, by_holes = (network(each, vocals, vocals + accompaniment, 16_000).severity[0] for each in (leak, holes))
    assert by_leak[interference] / by_leak[quality] > by_holes[interference] / by_holes[quality]


def test_an_interrupted_training_ends_where_an_uninterrupted_one_does(tmp_path):
    found = taught(1)
    with pytest.raises(KeyboardInterrupt):
        pretrain.train(found, steps=54, seed=3, config=SMALL, cache=tmp_path, report=stop_after(52))
    resumed = pretrain.train(found, steps=54, seed=3, config=SMALL, cache=tmp_path)
    whole = pretrain.train(found, steps=54, seed=3, config=SMALL)
    for one, other in zip(resumed.parameters(), whole.parameters()):
        assert torch.allclose(one, other, atol=1e-5)


def stop_after(steps):
    def report(step, _):
        if step == steps:
            raise KeyboardInterrupt

    return report


def test_a_lesson_holds_every_rung_of_its_ladders():
    lesson = taught(1)[0]
    assert lesson.rungs.shape[:2] == (curriculum.LADDERS_A_LESSON, 4)
    assert len(set(lesson.ladders.tolist())) == curriculum.LADDERS_A_LESSON <= len(LADDERS)
    assert lesson.rungs.isfinite().all()


def test_a_folder_without_stems_is_named(tmp_path):
    with pytest.raises(BadInput, match="no folder with vocals and accompaniment"):
        curriculum.songs_below(tmp_path)


@pytest.mark.data
def test_recorded_stems_are_cut_where_there_is_a_voice(data):
    found = curriculum.songs_below(data / "stems")
    assert len(found) == 3
    cut = curriculum.voiced_excerpts(*found[-1])
    assert {rate for _, _, rate in cut} <= set(curriculum.EXCERPT_RATES_HZ)
    assert all(voice.shape == band.shape == (1, int(curriculum.EXCERPT_SECONDS * rate)) for voice, band, rate in cut)


def test_the_network_that_comes_with_the_package_orders_rungs_of_a_song_it_has_not_met():
    network = convnet.load()
    made = song(987_654, seconds=1.5, rate=22_050)
    lesson = curriculum.lesson_of((*made, 22_050), seed=4, config=network.config)
    assert pretrain.share_in_order(network, [lesson]) > 0.9


def test_the_network_that_comes_with_the_package_tells_leaks_from_damage():
    hear = unrated(convnet.load(), 44_100)
    vocals, accompaniment = (each[None] for each in song(987_655, seconds=1.5, rate=44_100))
    lost = {}
    for name in ("leak", "musical noise", "low-pass", "drop-outs"):
        estimate = BY_NAME[name].degrade(vocals, accompaniment, 44_100, 0.75, 1)
        points = hear(estimate, vocals[:, None], vocals + accompaniment)
        lost[name] = {attribute: 100 - float(score) for attribute, score in points.items()}
    leak = lost.pop("leak")
    for name, damage in lost.items():
        assert damage["quality"] > damage["interference"], name
        assert leak["interference"] > damage["interference"], name
        assert leak["interference"] / leak["quality"] > 1.5 * damage["interference"] / damage["quality"], name
