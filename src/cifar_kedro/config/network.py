"""The section ``network`` of an experiment."""

from typing import Literal, Self

from pydantic import Field, model_validator

from cifar_kedro.config.strict import Positive, Strict

# The layers of `keras.applications.VGG16` without its top, in order.
VGG16_LAYERS = tuple(
    f"block{block}_{layer}"
    for block, convolutions in enumerate((2, 2, 3, 3, 3), start=1)
    for layer in (*(f"conv{i + 1}" for i in range(convolutions)), "pool")
)

MAX_POOLINGS = 5  # from 32x32 to 1x1


class Block(Strict):
    """Convolutions 3x3 (stride 1, same padding, ReLU), one per number of filters."""

    filters: list[Positive] = Field(min_length=1)
    pool: bool = True  # a 2x2 max pooling ends the block


class Backbone(Strict):
    """The first layers of a network trained on ImageNet (report, section 3.13).

    Attributes:
        name: The network in `keras.applications`.
        up_to: Last layer kept.
        trainable_from: First layer trained; those before it are frozen.
        weights: ``imagenet`` (Keras downloads them), the path of a local weights file
            in Keras' format, or null for random weights.
    """

    name: Literal["vgg16"]
    up_to: str
    trainable_from: str
    weights: str | None

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
    """A convolutional classifier of 32x32x3 images into ten classes.

    Attributes:
        backbone: Pretrained layers in front of the blocks; none if null.
        blocks: Convolutional blocks, from the image to the classifier.
        batch_norm: Whether a BatchNormalization follows the activation of every
            convolution and hidden dense layer.
        dropout: Fraction dropped after each block and each hidden dense layer.
        l2: L2 penalty on the kernels of convolutions and hidden dense layers.
        dense: Units of each hidden dense layer (ReLU).
    """

    backbone: Backbone | None = None
    blocks: list[Block] = Field(min_length=1)
    batch_norm: bool = False
    dropout: float = Field(default=0.0, ge=0, lt=1)
    l2: float = Field(default=0.0, ge=0)
    dense: list[Positive]

    @model_validator(mode="after")
    def _poolings_leave_a_pixel(self) -> Self:
        kept = (
            VGG16_LAYERS[: VGG16_LAYERS.index(self.backbone.up_to) + 1]
            if self.backbone
            else ()
        )
        poolings = sum("pool" in layer for layer in kept) + sum(
            b.pool for b in self.blocks
        )
        if poolings > MAX_POOLINGS:
            raise ValueError(
                f"blocks: received {poolings} poolings, the backbone's included, expected "
                f"at most {MAX_POOLINGS}: each halves the 32 pixels of a side"
            )
        return self
