"""The section ``network`` of an experiment."""

from typing import Literal, Self

from pydantic import Field, model_validator

from cifar_kedro.config.base import Positive, Strict
from cifar_kedro.config.data import ImageShape
from cifar_kedro.config.errors import SettingsError
from cifar_kedro.config.paths import PathOrAddress

# The layers of `keras.applications.VGG16` without its top, in order.
VGG16_LAYERS = tuple(
    f"block{block}_{layer}"
    for block, convolutions in enumerate((2, 2, 3, 3, 3), start=1)
    for layer in (*(f"conv{i + 1}" for i in range(convolutions)), "pool")
)


# The smallest images that Keras lets it take.
VGG16_SIDE, VGG16_CHANNELS = 32, 3


class Whitening(Strict):
    """A first convolution that whitens small patches of the images, and is not trained.

    Its filters are the principal components of the patches of the training images, each
    divided by its standard deviation, and each once with either sign, so that an
    activation loses nothing (Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU",
    2024, section 3.2). Valid padding, stride 1: 6 size**2 filters.

    Attributes:
        size: Side of a patch, in pixels.
        epsilon: Added to each variance (of pixels in 0 to 1), so that components that
            hardly vary are not blown up.
    """

    size: int = Field(ge=1, le=5)
    epsilon: float = Field(gt=0)

    @property
    def filters(self) -> int:
        """Number of filters."""
        return 6 * self.size**2


class BatchNormalization(Strict):
    """Where and how activations are normalized; the defaults are the report's.

    Attributes:
        before_activation: Whether it comes before the activation (and after a pooling in
            between), or after it. Before it, the layer normalized has no bias.
        scale: Whether it has a trained scale.
        momentum: Of the moving averages, per step.
    """

    before_activation: bool = False
    scale: bool = True
    momentum: float = Field(default=0.99, ge=0, lt=1)


class Block(Strict):
    """Convolutions 3x3 (stride 1, same padding), one per number of filters.

    Attributes:
        filters: Numbers of filters.
        pool: Whether there is a 2x2 max pooling: at the end of the block, or after its
            ``first`` convolution, before the activation's normalization.
    """

    filters: list[Positive] = Field(min_length=1)
    pool: bool | Literal["first"] = True


class Backbone(Strict):
    """The first layers of a network trained on ImageNet (report, section 3.13).

    Attributes:
        name: The network in `keras.applications`.
        up_to: Last layer kept.
        trainable_from: First layer trained; those before it are frozen.
        weights: ``imagenet`` (Keras downloads them), the path of a local weights file
            in Keras' format, or null for random weights. A relative path starts at the
            project's folder.
    """

    name: Literal["vgg16"]
    up_to: str
    trainable_from: str
    weights: PathOrAddress | None

    @model_validator(mode="after")
    def _check_layers(self) -> Self:
        for key in ("up_to", "trainable_from"):
            if getattr(self, key) not in VGG16_LAYERS:
                raise ValueError(
                    f"{key}: received '{getattr(self, key)}', expected one of "
                    f"{', '.join(VGG16_LAYERS)}"
                )
        if VGG16_LAYERS.index(self.trainable_from) > VGG16_LAYERS.index(self.up_to):
            raise ValueError(
                f"trainable_from: received '{self.trainable_from}', which lies after "
                f"up_to '{self.up_to}'; expected that layer or one before it"
            )
        return self


class Network(Strict):
    """A convolutional classifier of square images.

    Attributes:
        backbone: Pretrained layers in front of the blocks; none if null.
        whitening: A whitening convolution in front of the blocks; none if null.
        blocks: Convolutional blocks, from the image to the classifier.
        activation: Of convolutions and hidden dense layers; gelu with the error function.
        batch_norm: Whether a BatchNormalization goes with the activation of every
            convolution and hidden dense layer; true is the report's, after it.
        identity_start: Whether a convolution begins by handing on its input, as far as it
            has filters for it (the others are drawn as ever).
        dropout: Fraction dropped after each block and each hidden dense layer.
        l2: L2 penalty on the kernels of convolutions and hidden dense layers.
        global_max: Whether the classifier sees the maximum of each channel, or all of it.
        dense: Units of each hidden dense layer.
        feature_scale: What the input of the softmax layer is multiplied by: below 1 that
            layer begins less sure, and under Adam it learns as much more slowly.
    """

    backbone: Backbone | None = None
    whitening: Whitening | None = None
    blocks: list[Block] = Field(min_length=1)
    activation: Literal["relu", "gelu"] = "relu"
    batch_norm: bool | BatchNormalization = False
    identity_start: bool = False
    dropout: float = Field(default=0.0, ge=0, lt=1)
    l2: float = Field(default=0.0, ge=0)
    global_max: bool = False
    dense: list[Positive]
    feature_scale: float = Field(default=1.0, gt=0)

    @property
    def normalization(self) -> BatchNormalization | None:
        """Give ``batch_norm`` in full."""
        if isinstance(self.batch_norm, BatchNormalization):
            return self.batch_norm
        return BatchNormalization() if self.batch_norm else None

    @model_validator(mode="after")
    def _whiten_or_transfer(self) -> Self:
        if self.backbone and self.whitening:
            raise ValueError(
                "whitening: received one beside a backbone, expected null: both are the "
                "first layers"
            )
        return self

    @property
    def poolings(self) -> int:
        """Number of poolings, the backbone's included."""
        kept = (
            VGG16_LAYERS[: VGG16_LAYERS.index(self.backbone.up_to) + 1]
            if self.backbone
            else ()
        )
        own = sum(bool(block.pool) for block in self.blocks)
        return own + sum("pool" in layer for layer in kept)

    @property
    def smallest_side(self) -> int:
        """Side, in pixels, of the smallest images that it takes."""
        lost = self.whitening.size - 1 if self.whitening else 0
        smallest: int = 2**self.poolings + lost
        return max(smallest, VGG16_SIDE) if self.backbone else smallest

    def check_image_shape(self, image_shape: ImageShape) -> None:
        """Check that images are large enough, and have the channels that it takes.

        Raises:
            SettingsError: If they are not.
        """
        side, _, channels = image_shape
        if side < self.smallest_side:
            raise SettingsError(
                f"network: received images of {side} pixels a side, expected "
                f"{self.smallest_side} or more: each of its {self.poolings} poolings halves "
                "the side. Leave poolings out (`pool: false` in a block), or use larger "
                "images"
            )
        if self.backbone and channels != VGG16_CHANNELS:
            raise SettingsError(
                f"network.backbone: received images of {channels} channel, expected "
                f"{VGG16_CHANNELS}: VGG16 takes colours"
            )
