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

    Its filters are the principal components of patches of the training images. Each is
    divided by its standard deviation. Each stands there with both signs, so that the
    activation loses nothing. It has valid padding, stride 1 and 6 size**2 filters. See
    Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU", 2024, section 3.2.

    Attributes:
        size: Side of a patch in pixels.
        epsilon: Added to each variance (of pixels in 0 to 1). It keeps components that
            hardly vary small.
    """

    size: int = Field(ge=1, le=5)
    epsilon: float = Field(gt=0)

    @property
    def filters(self) -> int:
        """Number of filters."""
        return 6 * self.size**2


class BatchNormalization(Strict):
    """Where and how activations are normalized. The original report has the defaults.

    Attributes:
        before_activation: Whether it comes before the activation or after it. Before it, it
            follows a pooling in between, and the normalized layer has no bias.
        scale: Whether it has a trained scale.
        momentum: Momentum of the moving averages, per step.
    """

    before_activation: bool = False
    scale: bool = True
    momentum: float = Field(default=0.99, ge=0, lt=1)


class Block(Strict):
    """Convolutions of 3x3 with stride 1 and same padding.

    Attributes:
        filters: Filters of each convolution, one number for each.
        pool: Whether the block ends with a 2x2 max pooling. With ``first`` the pooling
            follows the first convolution, before its normalization.
    """

    filters: list[Positive] = Field(min_length=1)
    pool: bool | Literal["first"] = True


class Backbone(Strict):
    """The first layers of a network trained on ImageNet (original report, section 3.13).

    Attributes:
        name: The network in `keras.applications`.
        up_to: The last layer that is kept.
        trainable_from: The first layer that is trained; the layers before it are frozen.
        weights: ``imagenet`` (Keras downloads them), the path of a local weights file in
            Keras' format, or null for random weights. A relative path starts at the
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
        activation: Activation of convolutions and hidden dense layers. gelu uses the error
            function.
        batch_norm: Whether every convolution and hidden dense layer has a
            BatchNormalization. With true it follows the activation, as in the original
            report.
        identity_start: Whether a convolution starts as the identity: its first filters pass
            on its input. Further filters are drawn as usual.
        dropout: Fraction dropped after each block and each hidden dense layer.
        l2: L2 penalty on the kernels of convolutions and hidden dense layers.
        global_max: Whether the classifier sees only the maximum of each channel.
        dense: Units of each hidden dense layer.
        feature_scale: Factor on the input of the softmax layer. Below 1 that layer starts
            less sure, and under Adam it learns more slowly by the same factor.
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
        """``batch_norm`` in full; None without it."""
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
