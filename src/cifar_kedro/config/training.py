"""The section ``training`` of an experiment."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cifar_kedro.config.base import Positive, Strict

Metric = Literal["loss", "accuracy", "val_loss", "val_accuracy"]
LearningRate = Annotated[float, Field(gt=0, le=10)]


class Optimizer(Strict):
    """A Keras optimizer; what is not named has Keras' default.

    ``muon`` is `cifar_kedro.training.optimization.ConvolutionMuon`.

    Attributes:
        name: Which optimizer.
        learning_rate: Of every variable; of muon, that of the convolutions' kernels.
        momentum: Of sgd and muon.
        other_learning_rate: Of muon: that of Adam, for all other variables.
        ema_momentum: Share that the moving average of the weights keeps at each step.
            With it validation, the best weights and those at the end are the average's
            (loss and accuracy on train remain those of the weights that are trained);
            without it, all are those that are trained.
    """

    name: Literal["adam", "sgd", "muon"]
    learning_rate: LearningRate
    momentum: float | None = Field(default=None, ge=0, lt=1)
    other_learning_rate: LearningRate | None = None
    ema_momentum: float | None = Field(default=None, gt=0, lt=1)

    @model_validator(mode="after")
    def _settings_are_the_optimizers(self) -> Self:
        if self.momentum is not None and self.name == "adam":
            raise ValueError(
                f"momentum: received {self.momentum} for 'adam', expected null: only sgd "
                "and muon have it"
            )
        if (self.other_learning_rate is not None) != (self.name == "muon"):
            raise ValueError(
                f"other_learning_rate: received {self.other_learning_rate} for "
                f"'{self.name}', expected a rate for muon, null for the others"
            )
        return self


class EarlyStopping(Strict):
    """Epochs without improvement of a metric after which training stops.

    Attributes:
        loss: Epochs without a lower loss on the training images; null does not stop.
        accuracy: Epochs without a higher accuracy on the training images.
        val_loss: Epochs without a lower loss on the validation images.
        val_accuracy: Epochs without a higher accuracy on the validation images.
    """

    loss: Positive | None = None
    accuracy: Positive | None = None
    val_loss: Positive | None = None
    val_accuracy: Positive | None = None


class ReduceLROnPlateau(Strict):
    """The learning rate is multiplied by `factor` after `patience` epochs of plateau.

    Attributes:
        monitor: The metric that has to improve.
        factor: What the learning rate is multiplied by.
        patience: Epochs without improvement before the rate falls.
        min_lr: The rate never falls below this.
    """

    monitor: Metric
    factor: float = Field(gt=0, lt=1)
    patience: Positive
    min_lr: LearningRate


class Training(Strict):
    """How a network is trained.

    Attributes:
        optimizer: Which optimizer, at which learning rate.
        batch_size: Images per training step.
        epochs: Upper bound; early stopping may end the training before.
        early_stopping: When the training stops before its last epoch.
        reduce_lr: When the learning rate falls; never if null.
        label_smoothing: Share of the target that all classes have in equal parts.
        validation_images: The first so many validation images validate, and the others
            are trained on; null leaves all to validation.
        drop_remainder: Whether an epoch leaves out the last, smaller batch (the report's
            ``steps_per_epoch = 40000 // 512`` in the augmented experiments).
        schedule: ``linear``: the learning rates fall by the same step by step, to zero
            after the last epoch.
        precision: Keras' dtype policy; the report's is float32. A mixed one computes in
            16 bits and keeps the weights in 32: for GPUs.
    """

    optimizer: Optimizer
    schedule: Literal["linear"] | None = None
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    batch_size: Positive
    validation_images: Positive | None = None
    drop_remainder: bool = False
    epochs: Positive
    early_stopping: EarlyStopping = EarlyStopping()
    reduce_lr: ReduceLROnPlateau | None = None
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = "float32"

    @model_validator(mode="after")
    def _one_hand_on_the_rate(self) -> Self:
        if self.schedule and self.reduce_lr:
            raise ValueError(
                f"schedule: received '{self.schedule}' beside reduce_lr, expected one of "
                "them to be null: both set the learning rate"
            )
        return self

    @model_validator(mode="after")
    def _min_lr_is_below_lr(self) -> Self:
        if self.reduce_lr and self.reduce_lr.min_lr >= self.optimizer.learning_rate:
            raise ValueError(
                f"reduce_lr.min_lr: received {self.reduce_lr.min_lr}, expected less than "
                f"optimizer.learning_rate {self.optimizer.learning_rate}"
            )
        return self
