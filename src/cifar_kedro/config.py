"""What an experiment is: the typed form of a block in ``parameters_experiments.yml``.

The models are strict: an unknown key, a wrong type or a value out of range is refused
when Kedro loads the parameters, before anything heavy is imported.
"""

import difflib
import logging
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

logger = logging.getLogger(__name__)

Metric = Literal["loss", "accuracy", "val_loss", "val_accuracy"]
Positive = Annotated[int, Field(ge=1)]
LearningRate = Annotated[float, Field(gt=0, le=10)]

# The layers of `keras.applications.VGG16` without its top, in order.
VGG16_LAYERS = tuple(
    f"block{block}_{layer}"
    for block, convolutions in enumerate((2, 2, 3, 3, 3), start=1)
    for layer in (*(f"conv{i + 1}" for i in range(convolutions)), "pool")
)

MAX_POOLINGS = 5  # from 32x32 to 1x1


class Strict(BaseModel):
    """A section that refuses what it does not know, and says what it knows."""

    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _name_unknown_keys(cls, section: Any) -> Any:
        if isinstance(section, dict):
            for key in section:
                if key not in cls.model_fields:
                    close = difflib.get_close_matches(str(key), cls.model_fields, 1)
                    hint = f" (did you mean '{close[0]}'?)" if close else ""
                    raise ValueError(
                        f"unknown key '{key}'{hint}; "
                        f"allowed: {', '.join(cls.model_fields)}"
                    )
        return section


class Execution(Strict):
    """How a run uses the hardware.

    Attributes:
        steps_per_execution: Training steps per call of the compiled step: more keep a GPU
            busy. A divisor of the steps of an epoch.
        data_parallel: Whether each batch is split between all GPUs of the machine (Keras
            on JAX).
        deterministic_operations: Whether a GPU under TensorFlow uses only operations
            that give the same bits each time (slower). A CPU always does.
    """

    steps_per_execution: Positive = 1
    data_parallel: bool = False
    deterministic_operations: bool = False


class Classify(Strict):
    """What the ``classify`` pipeline takes: whose model, and which images.

    Attributes:
        experiment: The experiment whose model classifies, trained with the run's seed.
        weights: Of the ``end`` of training, or of the ``best`` validation accuracy.
        images: Folder of the images; relative to the project, absolute, or an address
            that fsspec understands. Those in its subfolders count.
    """

    experiment: str
    weights: Literal["end", "best"]
    images: str = Field(min_length=1)


class RunSettings(Strict):
    """What is chosen for a run, not in an experiment: ``parameters.yml``.

    Attributes:
        seed: Draws the split, the initial weights, the order, dropout, augmentation.
        validation_images: Number of training images kept for validation.
        max_epochs: Upper bound on every experiment's epochs; none if null.
        resume: Whether an interrupted training goes on where it was.
        execution: How to use the hardware.
        classify: Model and images of the ``classify`` pipeline.
    """

    seed: int = Field(ge=0, lt=2**31)
    validation_images: int = Field(ge=10)
    max_epochs: Positive | None = None
    classify: Classify
    resume: bool = True
    execution: Execution = Execution()


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


class Optimizer(Strict):
    """A Keras optimizer; what is not named has Keras' default."""

    name: Literal["adam", "sgd"]
    learning_rate: LearningRate
    momentum: float | None = Field(default=None, ge=0, lt=1)

    @model_validator(mode="after")
    def _momentum_is_of_sgd(self) -> Self:
        if self.momentum is not None and self.name != "sgd":
            raise ValueError(
                f"momentum: received {self.momentum} for '{self.name}', expected null: "
                "only sgd has it"
            )
        return self


class EarlyStopping(Strict):
    """Epochs without improvement of a metric after which training stops."""

    loss: Positive | None = None
    accuracy: Positive | None = None
    val_loss: Positive | None = None
    val_accuracy: Positive | None = None


class ReduceLROnPlateau(Strict):
    """The learning rate is multiplied by `factor` after `patience` epochs of plateau."""

    monitor: Metric
    factor: float = Field(gt=0, lt=1)
    patience: Positive
    min_lr: LearningRate


class Training(Strict):
    """How a network is trained.

    Attributes:
        drop_remainder: Whether an epoch leaves out the last, smaller batch (the report's
            ``steps_per_epoch = 40000 // 512`` in the augmented experiments).
        precision: Keras' dtype policy; the report's is float32. A mixed one computes in
            16 bits and keeps the weights in 32: for GPUs.
    """

    optimizer: Optimizer
    batch_size: Positive
    drop_remainder: bool = False
    epochs: Positive
    early_stopping: EarlyStopping = EarlyStopping()
    reduce_lr: ReduceLROnPlateau | None = None
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = "float32"

    @model_validator(mode="after")
    def _min_lr_is_below_lr(self) -> Self:
        if self.reduce_lr and self.reduce_lr.min_lr >= self.optimizer.learning_rate:
            raise ValueError(
                f"reduce_lr.min_lr: received {self.reduce_lr.min_lr}, expected less than "
                f"optimizer.learning_rate {self.optimizer.learning_rate}"
            )
        return self


class Augmentation(Strict):
    """Random affine transformation, in the terms of Keras' ``ImageDataGenerator``.

    Attributes:
        horizontal_flip: Whether half of the images are mirrored.
        rotation_range: Degrees; the angle is uniform in plus or minus this.
        width_shift_range: Fraction of the width; uniform in plus or minus this.
        height_shift_range: Fraction of the height; uniform in plus or minus this.
        shear_range: Degrees; uniform in plus or minus this.
    """

    horizontal_flip: bool = False
    rotation_range: float = Field(default=0.0, ge=0, le=180)
    width_shift_range: float = Field(default=0.0, ge=0, lt=1)
    height_shift_range: float = Field(default=0.0, ge=0, lt=1)
    shear_range: float = Field(default=0.0, ge=0, lt=90)


class Reported(Strict):
    """What the report prints of an experiment.

    Attributes:
        test_accuracy: Fraction of the test images, weights at the end of training.
        training_seconds: Wall time on the report's GPU.
        unreachable_reduction: Whether the report's own callbacks stop the training
            before a reduced learning rate is used.
    """

    test_accuracy: float = Field(ge=0, le=1)
    training_seconds: float = Field(gt=0)
    unreachable_reduction: bool = False


class Experiment(Strict):
    """One block of ``parameters_experiments.yml``, after inheritance."""

    name: str  # the block's key, added when the parameters are loaded
    title: str = Field(min_length=1)
    builds_on: str | None = None
    network: Network
    training: Training
    augmentation: Augmentation | None = None
    reported: Reported | None = None

    @property
    def architecture_only(self) -> bool:
        """Whether the result owes nothing to augmentation or transfer."""
        return self.augmentation is None and self.network.backbone is None

    @model_validator(mode="after")
    def _plateau_is_reachable(self) -> Self:
        """Refuse a stop that comes before the reduction, unless the report has it."""
        plateau = self.training.reduce_lr
        stop = plateau and getattr(self.training.early_stopping, plateau.monitor)
        if plateau and stop and stop <= plateau.patience:
            problem = (
                f"training.early_stopping.{plateau.monitor}: received {stop}, expected "
                f"more than training.reduce_lr.patience {plateau.patience}, or the "
                "training stops before a reduced learning rate is ever used"
            )
            if not (self.reported and self.reported.unreachable_reduction):
                raise ValueError(problem)
            logger.warning("%s: %s. Kept, as the report has it.", self.name, problem)
        return self
