"""What a recipe may say: every choice of a training with its default, its range and its meaning. No torch here."""

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from separation.networks.config import DiscriminatorConfig, WaveUNetConfig, Window


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Data(_Part):
    """How excerpts are drawn and varied."""

    seconds: float = Field(default=0.743, gt=0, le=60)
    """Separated seconds of an excerpt (at least; the network's grid rounds up)."""
    anywhere: float = Field(default=0.1, ge=0, le=1)
    """Share of excerpts drawn anywhere, the others where somebody sings."""
    gain: tuple[float, float] = (0.7, 1.0)
    """Each source of each excerpt is multiplied by a factor from this range."""
    swap: bool = True
    """Swap left and right in half of the excerpts."""
    remix: float = Field(default=0.0, ge=0, le=1)
    """Share of excerpts that get another excerpt's accompaniment."""
    polarity: bool = False
    """Turn each source upside down in half of the excerpts."""
    speed: tuple[float, float] = (1.0, 1.0)
    """Each excerpt is played faster by a factor from this range: tempo and pitch together, as a tape."""
    validation: float = Field(default=0.0, ge=0, lt=1)
    """Share of songs held out to choose the best checkpoint."""


class Optimiser(_Part):
    """Adam, for the separator."""

    learning_rate: float = Field(default=1e-4, gt=0)
    betas: tuple[float, float] = (0.9, 0.999)
    clip: float = Field(default=5.0, gt=0)
    """Largest gradient norm."""
    ema: float = Field(default=0.0, ge=0, lt=1)
    """Decay of the averaged weights that are validated and saved; 0 saves the weights themselves."""


class Losses(_Part):
    """Weight of each term; 0 leaves it out. With `balance` the weights are shares of the gradient at the output."""

    l1: float = Field(default=0.0, ge=0)
    l2: float = Field(default=0.0, ge=0)
    mrstft: float = Field(default=0.0, ge=0)
    additivity: float = Field(default=0.0, ge=0)
    perceptual: float = Field(default=0.0, ge=0)
    adversarial: float = Field(default=0.0, ge=0)
    matching: float = Field(default=0.0, ge=0)
    unpaired: float = Field(default=0.0, ge=0)
    """What mixtures without known sources are made into must pass for vocals and accompaniments."""
    metric: float = Field(default=0.0, ge=0)
    """The prediction of a metric must be perfect."""
    balance: bool = False
    temperature: float = Field(default=0.1, gt=0)
    """Softness of the choice among several admissible references, relative to the smallest loss."""

    @property
    def weights(self) -> dict[str, float]:
        """Return the weights that are not zero, by the term's name."""
        return {name: value for name, value in self.model_dump(exclude={"balance", "temperature"}).items() if value}


class Perceptual(_Part):
    """How the objective's predicted ratings become one loss, and when it comes in."""

    attributes: tuple[str, ...] = ("quality", "interference")
    aggregate: Literal["softmin", "min", "mean", "even"] = "softmin"
    """The worse counts most, or alone; all by how steep they are, or each pulling as hard as the others."""
    pessimism: float = Field(default=1.0, ge=0)
    gain: bool = False
    """What counts is how much better each attribute is than what the checkpoint of `init` makes of the excerpt."""
    start: float = Field(default=0.0, ge=0, lt=1)
    """Share of the training after which the term begins."""
    ramp: float = Field(default=0.0, ge=0, le=1)
    """Share of the training over which its weight then grows to the full one."""
    patience: int = Field(default=5, ge=0)
    """Stop after this many checkpoints at which the objective improved and an auditor got worse; 0 never stops."""
    tolerance: float = Field(default=3.0, ge=0)
    """An auditor disagrees when it has lost so many points (of 100) of the best that it has said."""
    tolerance_db: float = Field(default=1.0, ge=0)
    """And SI-SDR when it has lost so many dB."""


class Adversarial(_Part):
    """A discriminator, its game and its own optimiser."""

    network: DiscriminatorConfig = DiscriminatorConfig()
    game: Literal["lsgan", "hinge", "wgan"] = "lsgan"
    penalty: Literal["none", "r1", "one-sided"] = "none"
    """Keep the discriminator's slope small at real sounds (r1), or at most 1 between real and fake (one-sided)."""
    penalty_weight: float = Field(default=10.0, ge=0)
    penalty_every: int = Field(default=1, ge=1)
    """Steps from one penalty to the next, each as many times as strong: it is the dearest part of a step by far
    (Karras et al., StyleGAN2, 2020, sec. 3.1)."""
    steps: int = Field(default=1, ge=1)
    """Its steps for each one of the separator."""
    start: float = Field(default=0.0, ge=0, lt=1)
    """Share of the training after which the separator hears the discriminator, which learns from the first step."""
    learning_rate: float = Field(default=2e-4, gt=0)
    betas: tuple[float, float] = (0.8, 0.99)
    clip: float = Field(default=10.0, gt=0)
    ahead: float = Field(default=0.2, ge=0, lt=1)
    """The discriminator waits while its loss is below this share of a coin toss's."""


class PredictedMetric(_Part):
    """A metric that cannot be differentiated, and the network that learns to predict it (MetricGAN)."""

    measure: str = "si_sdr"
    """Any of `python -m lossmodel metrics`."""
    low: float = -10.0
    """Value that counts as 0 (the worst; it may be the larger one)."""
    high: float = 20.0
    """Value that counts as 1."""
    network: DiscriminatorConfig = DiscriminatorConfig()
    learning_rate: float = Field(default=5e-4, gt=0)
    replay: int = Field(default=64, ge=1)
    """Estimates of earlier steps that are kept."""
    again: int = Field(default=4, ge=0)
    """How many of them are looked at again in each step."""


class Modes(_Part):
    """Which of the network's answers (`network.modes`) a song teaches.

    One with several references teaches each answer the reference of the same rank in loudness; one with a single
    reference teaches the answer that it is found to be (hard EM), one choice for the whole song.
    """

    start: float = Field(default=0.1, ge=0, lt=1)
    """Share of the training in which a single reference teaches all answers in turn, before the songs are divided."""
    memory: float = Field(default=0.9, ge=0, lt=1)
    """Share of what is known of a song that remains when another excerpt of it has been heard."""


class Lyrics(_Part):
    """A reader of what is sung, beside the separator or alone; `weight` 0: none."""

    weight: float = Field(default=0.0, ge=0)
    """Of the characters' loss (CTC, a symbol) beside the total of `losses`."""
    alone: bool = False
    """Only the characters: no separation, strided convolutions, faster."""
    alphabet: Literal["english", "french", "german", "spanish"] = "english"
    blocks: int = Field(default=2, ge=0)
    """Upsampling blocks below the characters: a frame lasts 2^(levels - blocks) samples."""
    batch: int = Field(default=8, ge=1)
    """Excerpts with lyrics a step, beside the excerpts with stems."""
    gain: tuple[float, float] = (0.5, 1.0)
    """Each excerpt with lyrics is multiplied by a factor from this range."""


class Recipe(_Part):
    """One training, completely."""

    name: str = "unnamed"
    rate: int = Field(default=22050, ge=4000, le=192000)
    """Hz."""
    network: WaveUNetConfig = WaveUNetConfig()
    data: Data = Data()
    losses: Losses = Losses()
    optimiser: Optimiser = Optimiser()
    perceptual: Perceptual = Perceptual()
    adversarial: Adversarial = Adversarial()
    unpaired: Adversarial = Adversarial(game="wgan", penalty="one-sided", steps=5, learning_rate=5e-5)
    """One critic a source, for `losses.unpaired` (Stoller, Ewert, Dixon, ICASSP 2018)."""
    metric: PredictedMetric = PredictedMetric()
    lyrics: Lyrics = Lyrics()
    modes: Modes = Modes()
    steps: int = Field(ge=1)
    batch: int = Field(default=16, ge=1)
    """Excerpts a step, over all processes."""
    seed: int = Field(default=0, ge=0)
    checkpoint_every: int = Field(default=500, ge=1)
    patience: int = Field(default=0, ge=0)
    """Stop after so many checkpoints without a better validation; 0 never does."""
    keep: int = Field(default=0, ge=0)
    """How many of the newest checkpoints stay beside `best` and `last`."""
    examples_every: int = Field(default=0, ge=0)
    """Write what some songs sound like every so many steps; 0 never does."""
    tensorboard: bool = False
    """Write events for TensorBoard beside metrics.jsonl."""
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    compile: bool = False
    """Let torch.compile make one program of the network: worth its minute on a GPU, and only there."""
    init: Path | None = None
    """Checkpoint whose weights the training starts from."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if not self.losses.weights and not self.lyrics.weight:
            raise ValueError("losses: every weight is 0; give at least one term a weight")
        if self.lyrics.weight:
            self._reads_lyrics()
        if self.network.sources != ("accompaniment", "vocals"):
            raise ValueError(
                f'network.sources = {self.network.sources}: the data room makes ("accompaniment", "vocals")'
            )
        if self.perceptual.gain and self.init is None:
            raise ValueError("perceptual.gain: needs a checkpoint to compare with; give init")
        if self.perceptual.gain and self.perceptual.aggregate in {"mean", "even"}:
            raise ValueError(
                f'perceptual.gain: with aggregate "{self.perceptual.aggregate}" the gain changes no gradient;'
                ' set perceptual.aggregate = "softmin" too'
            )
        if self.network.modes and {"unpaired", "additivity"} & self.losses.weights.keys():
            raise ValueError(
                "network.modes: no losses.unpaired or losses.additivity with several answers; set them to 0"
            )
        if "metric" in self.losses.weights and self.metric.low == self.metric.high:
            raise ValueError(
                f"metric.low = metric.high = {self.metric.low}: the range is empty; give two different values"
            )
        return self

    def _reads_lyrics(self) -> None:
        if self.lyrics.alone == bool(self.losses.weights):
            raise ValueError(
                "lyrics.alone: the characters alone have no losses of a separator; without it there is one"
            )
        network = self.network
        if not network.context or network.noise or network.modes or network.normalisation != "none":
            raise ValueError('lyrics: needs network.context = true, noise = 0, no modes and normalisation = "none"')
        if self.lyrics.alone and self.examples_every:
            raise ValueError("examples_every: the characters alone make nothing to listen to; set it to 0")
        if self.lyrics.blocks > self.network.levels:
            raise ValueError(f"lyrics.blocks = {self.lyrics.blocks}: the network has {self.network.levels}")

    @property
    def separates(self) -> bool:
        """Tell whether the network takes mixtures apart."""
        return not (self.lyrics.weight and self.lyrics.alone)

    @property
    def channels(self) -> int:
        """Return the channels of a source: 1 or 2."""
        return self.network.channels

    @property
    def window(self) -> Window:
        """Return the frames of a training excerpt."""
        return self.network.window(round(self.data.seconds * self.rate))
