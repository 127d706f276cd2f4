"""The section ``training`` of an experiment."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cifar_kedro.config.base import Positive, Strict

Metric = Literal["loss", "accuracy", "val_loss", "val_accuracy"]
LearningRate = Annotated[float, Field(gt=0, le=10)]


class Optimizer(Strict):
    """A Keras optimizer. Other settings have Keras' defaults.

    ``muon`` is `cifar_kedro.training.optimization.ConvolutionMuon`.

    Attributes:
        name: Which optimizer.
        learning_rate: Learning rate of every variable. For muon: that of the kernels of
            convolutions.
        momentum: Momentum of sgd or muon.
        other_learning_rate: For muon: the learning rate of all other variables, by Adam.
        ema_momentum: Share that the moving average of the weights keeps at each step. If
            it is set, the average is validated, and gives the weights at the end and the
            best ones. Loss and accuracy on train stay those of the trained weights.
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
        loss: Epochs without a lower loss on the training images; with null it never stops.
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
        monitor: The metric that must improve.
        factor: Factor on the learning rate.
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
        optimizer: Which optimizer, and its learning rate.
        batch_size: Images per training step.
        epochs: Upper bound; early stopping may end the training before.
        early_stopping: When the training stops before its last epoch.
        reduce_lr: When the learning rate falls; never if null.
        class_weight: With ``balanced`` each class has the same part in the loss, however many
            images it has: n / (classes * images of the class).
        label_smoothing: Share of the target that all classes have in equal parts.
        validation_images: How many of the validation images validate, from the first. The
            others are trained on. With null all of them validate.
        drop_remainder: Whether an epoch leaves out the last, smaller batch. The original
            report does so in augmented experiments: ``steps_per_epoch = 40000 // 512``.
        schedule: With ``linear`` the learning rates fall by the same amount at each step,
            to zero after the last epoch.
        precision: Keras' dtype policy. The original report has float32. A mixed policy is
            for GPUs: it computes in 16 bits and keeps the weights in 32.
    """

    optimizer: Optimizer
    schedule: Literal["linear"] | None = None
    class_weight: Literal["balanced"] | None = None
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
