"""The section ``training`` of an experiment."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cifar_kedro.config.strict import Positive, Strict

Metric = Literal["loss", "accuracy", "val_loss", "val_accuracy"]
LearningRate = Annotated[float, Field(gt=0, le=10)]


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
