"""The Wave-U-Net is the published one, to the parameter and to the sample."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from separation.config import load, recipes
from separation.networks import convolution
from separation.networks.config import PUBLISHED_CONFIGS, WaveUNetConfig, Window
from separation.networks.waveunet import Upsample, WaveUNet, centre, halved

odd = st.integers(1, 4).map(lambda half: 2 * half + 1)
configs = st.builds(
    WaveUNetConfig,
    levels=st.integers(1, 4),
    filters=st.integers(1, 2),
    kernel_down=odd,
    kernel_up=odd,
    channels=st.integers(1, 2),
    context=st.booleans(),
    difference=st.booleans(),
    upsampling=st.sampled_from(["linear", "learned"]),
) | st.builds(
    WaveUNetConfig,
    levels=st.integers(1, 3),
    filters=st.integers(1, 2),
    kernel_down=odd,
    kernel_up=odd,
    noise=st.integers(0, 1),
    resampling=st.just("filtered"),
    normalisation=st.sampled_from(["none", "weight"]),
)


def small(**changes):
    """Return a network with random weights and its configuration."""
    config = WaveUNetConfig(**{"levels": 4, "filters": 3, **changes})
    torch.manual_seed(0)
    return WaveUNet(config), config


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("M1", 10_263_028),
        ("M2", 10_263_002),
        ("M3", 10_263_002),
        ("M4", 10_263_390),
        ("M5", 10_265_550),
        ("M6", 10_263_498),
        ("M7", 20_594_652),
    ],
)
def test_the_published_variants_have_the_published_parameter_counts(name, parameters):
    with torch.device("meta"):
        network = WaveUNet(PUBLISHED_CONFIGS[name])
    assert sum(weight.numel() for weight in network.parameters()) == parameters


def test_the_published_window_takes_147443_frames_and_gives_16389():
    assert PUBLISHED_CONFIGS["M4"].window(16_384) == Window(147_443, 16_389)
    assert PUBLISHED_CONFIGS["M4"].bottleneck(147_443) == 9
    assert PUBLISHED_CONFIGS["M7"].window(102_401) == Window(233_459, 102_405)


@settings(max_examples=40, deadline=None)
@given(config=configs, frames=st.integers(1, 300))
def test_the_calculator_knows_what_any_network_returns_and_asks_for_no_more_than_needed(config, frames):
    window = config.window(frames)
    sources = WaveUNet(config)(torch.zeros(1, config.channels + config.noise, window.input))
    assert sources.shape == (1, 2, config.channels, window.output)
    assert frames <= window.output < frames + config.stride
    assert (window.input - window.output) % 2 == 0


def test_a_length_that_fits_no_window_is_refused():
    network, config = small()
    with pytest.raises(ValueError, match="window"):
        network(torch.zeros(1, 2, config.window(10).input + 1))


@pytest.mark.parametrize("upsampling", ["linear", "learned"])
def test_the_network_agrees_with_a_plain_forward_pass_written_from_the_paper(upsampling):
    network, config = small(upsampling=upsampling)
    mixture = torch.randn(2, 2, config.window(100).input)
    for weight in network.upsample.parameters():
        torch.nn.init.normal_(weight)
    torch.testing.assert_close(network(mixture), plainly(network, mixture), rtol=1e-5, atol=1e-6)


def plainly(network, mixture):
    """Compute every map whole, decimate, interpolate, crop, as the paper's table says."""
    x, skips = mixture, []
    for conv in network.down:
        x = F.leaky_relu(F.conv1d(x, conv.weight, conv.bias), 0.2)
        skips.append(x)
        x = x[:, :, ::2]
    x = F.leaky_relu(F.conv1d(x, network.bottleneck.weight, network.bottleneck.bias), 0.2)
    for upsample, conv in zip(network.upsample, network.up):
        frames = 2 * x.shape[-1] - 1
        if upsample.v is None:
            wide = F.interpolate(x, frames, mode="linear", align_corners=True)
        else:
            wide = torch.zeros(*x.shape[:2], frames)
            weight = torch.sigmoid(upsample.v)
            wide[..., ::2] = x
            wide[..., 1::2] = weight * x[..., :-1] + (1 - weight) * x[..., 1:]
        x = torch.cat([centre(skips.pop(), frames), wide], 1)
        x = F.leaky_relu(F.conv1d(x, conv.weight, conv.bias), 0.2)
    middle = centre(mixture, x.shape[-1])
    accompaniment = torch.tanh(F.conv1d(torch.cat([x, middle], 1), network.output.weight, network.output.bias))
    return torch.stack([accompaniment, middle - accompaniment], 1)


def test_split_convolutions_change_neither_output_nor_gradient():
    split, config = small(levels=6, channels=2)
    whole = WaveUNet(config, split=False)
    whole.load_state_dict(split.state_dict())
    mixture = torch.randn(1, 2, config.window(64).input)
    outputs = [network(mixture) for network in (split, whole)]
    torch.testing.assert_close(*outputs, rtol=0, atol=1e-6)
    for output in outputs:
        output.square().sum().backward()
    for one, other in zip(split.parameters(), whole.parameters()):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-4, atol=1e-5)


def test_difference_output_makes_the_sources_sum_to_the_mixture():
    network, config = small()
    mixture = torch.randn(1, 2, config.window(50).input)
    sources = network(mixture)
    torch.testing.assert_close(sources.sum(1), centre(mixture, sources.shape[-1]))


def test_learned_upsampling_begins_as_linear_interpolation():
    linear, config = small(upsampling="linear")
    learned, _ = small(upsampling="learned")
    learned.load_state_dict(linear.state_dict(), strict=False)
    mixture = torch.randn(1, 2, config.window(50).input)
    torch.testing.assert_close(linear(mixture), learned(mixture))


def test_shifting_the_mixture_by_the_stride_shifts_the_sources_and_by_less_does_not():
    network, config = small()
    song = torch.randn(1, 2, 4000)
    window = config.window(200)
    at = [network(song[..., start : start + window.input]) for start in (0, config.stride, 3)]
    torch.testing.assert_close(at[1][..., : -config.stride], at[0][..., config.stride :], atol=1e-6, rtol=1e-5)
    assert (at[2][..., :-3] - at[0][..., 3:]).abs().max() > 1e-3


@pytest.mark.parametrize("split", [True, False])
def test_gradients_by_hand_are_those_of_automatic_differentiation(split):
    torch.manual_seed(0)
    config = WaveUNetConfig(levels=4, filters=3, kernel_down=15, channels=2)
    network = WaveUNet(config, split=split).double()
    mixture = torch.randn(2, 2, config.window(64).input, dtype=torch.float64, requires_grad=True)
    goal = torch.randn(2, 2, 2, config.window(64).output, dtype=torch.float64)
    wanted = [mixture, *network.parameters()]
    by_hand = torch.autograd.grad((network(mixture) - goal).square().sum(), wanted)
    plain = torch.autograd.grad((plainly(network, mixture) - goal).square().sum(), wanted)
    for one, other in zip(by_hand, plain):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


def gradients(network, mixture, *, precision=torch.float32):
    """Return the gradients of the mixture and the weights, the convolutions in that precision."""
    mixture = mixture.clone().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == torch.bfloat16):
        sources = network(mixture)
    return torch.autograd.grad(sources.square().sum(), [mixture, *network.parameters()])


@settings(max_examples=25, deadline=None)
@given(
    name=st.sampled_from(recipes()),
    channels=st.integers(1, 2),
    levels=st.integers(1, 3),
    frames=st.integers(1, 300),
    batch=st.integers(1, 3),
)
def test_every_recipes_network_trains_mono_and_stereo_at_any_length(name, channels, levels, frames, batch):
    changes = {"channels": channels, "levels": levels, "filters": 2}
    config = load(name).network.model_copy(update=changes)
    torch.manual_seed(0)
    network = WaveUNet(config)
    mixture = torch.randn(batch, channels + config.noise, config.window(frames).input)
    found = gradients(network, mixture)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(convolution, "_by_hand", lambda x: False)
        plain = gradients(network, mixture)
    rough = gradients(network, mixture, precision=torch.bfloat16)
    for one, other in zip(found, plain):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4 * float(other.abs().max()))
    exact, rounded = (torch.cat([each.flatten() for each in parts]) for parts in (plain, rough))
    assert (rounded - exact).norm() <= 0.3 * exact.norm()


def test_filtered_resampling_keeps_the_calculator_right_and_cubics_whole():
    network, config = small(resampling="filtered", normalisation="weight")
    window = config.window(100)
    assert network(torch.zeros(1, 2, window.input)).shape[-1] == window.output >= 100
    cubic = (torch.linspace(-1, 1, 41, dtype=torch.float64) ** 3).reshape(1, -1, 1)
    doubled = Upsample(1, config)(cubic[:, ::2])
    torch.testing.assert_close(doubled, cubic[:, 2:-2])
    torch.testing.assert_close(halved(cubic), cubic[:, 3:-3:2])


def test_filters_keep_out_what_the_lower_rate_cannot_carry():
    time = torch.arange(4001, dtype=torch.float64)
    high = torch.sin(torch.pi * 0.97 * time).reshape(1, -1, 1)
    assert halved(high).abs().max() < 1e-3 < 0.5 < high[:, ::2].abs().max()


def test_an_improved_network_is_equivariant_too():
    network, config = small(resampling="filtered", normalisation="weight")
    song = torch.randn(1, 2, 4000)
    window = config.window(200)
    at = [network(song[..., start : start + window.input]) for start in (0, config.stride)]
    torch.testing.assert_close(at[1][..., : -config.stride], at[0][..., config.stride :], atol=1e-6, rtol=1e-5)


def test_noise_beside_the_mixture_chooses_among_solutions_that_all_sum_to_it():
    network, config = small(noise=1)
    mixture = torch.randn(1, 2, config.window(50).input)
    one, other = (network(torch.cat([mixture, noise], 1)) for noise in torch.randn(2, 1, 1, mixture.shape[-1]))
    assert (one - other).abs().max() > 1e-3
    torch.testing.assert_close(one.sum(1), other.sum(1), atol=1e-5, rtol=1e-5)


def test_half_precision_leaves_what_the_network_does_not_touch_in_full():
    network = WaveUNet(WaveUNetConfig(levels=3, filters=4, channels=1)).eval()
    torch.nn.init.zeros_(network.output.weight)
    mixture = torch.randn(1, 1, network.config.window(64).input, generator=torch.Generator().manual_seed(1))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        sources = network(mixture)
    assert torch.equal(sources[:, 1], centre(mixture, sources.shape[-1]))  # bf16 would have rounded it
