"""From the description of a training to its optimizer."""

from typing import Any

import keras
from keras import ops

from cifar_kedro.config import Training


def make_optimizer(training: Training, steps_per_epoch: int) -> keras.Optimizer:
    """Make the Keras optimizer that a training names.

    Args:
        training: The training.
        steps_per_epoch: Over how many steps of each epoch a schedule goes.
    """
    settings = training.optimizer
    rate: Any = settings.learning_rate
    if training.schedule == "linear":
        rate = keras.optimizers.schedules.PolynomialDecay(
            rate, training.epochs * steps_per_epoch, end_learning_rate=0.0
        )
    ema: dict[str, Any] = {}
    if settings.ema_momentum:
        ema = {"use_ema": True, "ema_momentum": settings.ema_momentum}
    if settings.name == "sgd":
        return keras.optimizers.SGD(rate, settings.momentum or 0.0, **ema)
    if settings.name == "adam":
        return keras.optimizers.Adam(rate, **ema)
    assert settings.other_learning_rate
    return ConvolutionMuon(
        rate,
        momentum=settings.momentum or 0.0,
        adam_lr_ratio=settings.other_learning_rate / settings.learning_rate,
        **ema,
    )


class ConvolutionMuon(keras.optimizers.Muon):
    """Muon on the kernels of convolutions, Adam on everything else.

    Keras' Muon moves matrices only, and leaves kernels to Adam. Here a kernel of shape
    (height, width, channels, filters) is the matrix of its filters, one per column: its
    gradient, with Nesterov momentum, is made orthogonal, and the kernel brought back to
    the norm sqrt(filters) before it is moved, so that the learning rate is about the angle
    by which it turns (K. Jordan et al., "Muon: An optimizer for hidden layers in neural
    networks", 2024; the norm as in airbench94_muon). Made for networks in which
    the scale of a kernel does not count, because a normalization follows.

    Args:
        learning_rate: Of the kernels: a number or a Keras schedule.
        momentum: Of the kernels.
        adam_lr_ratio: Learning rate of the other variables, as a multiple of the first.
        ema: Keras' settings of a moving average of the weights.
    """

    def __init__(
        self,
        learning_rate: Any,
        momentum: float,
        adam_lr_ratio: float,
        name: str = "convolution_muon",
        **ema: Any,
    ) -> None:
        """See the class."""
        super().__init__(
            learning_rate,
            momentum=momentum,
            adam_lr_ratio=adam_lr_ratio,
            adam_beta_2=0.95,
            weight_decay=None,
            adam_weight_decay=None,
            rms_rate=None,  # no factor for the shape of the matrix
            name=name,
            **ema,
        )

    def _should_use_adamw(self, variable: Any) -> bool:
        return len(variable.shape) != 4

    def _muon_update_step(self, gradient: Any, variable: Any, lr: Any, m: Any) -> None:
        norm = ops.sqrt(ops.sum(ops.square(variable)))
        self.assign(variable, variable * (variable.shape[-1] ** 0.5 / norm))
        super()._muon_update_step(gradient, variable, lr, m)

    def zeropower_via_newtonschulz5(self, x: Any, steps: int) -> Any:
        """Make a kernel's gradient orthogonal, as the matrix of its filters."""
        matrix = ops.reshape(x, (-1, x.shape[-1]))
        return ops.reshape(super().zeropower_via_newtonschulz5(matrix, steps), x.shape)


def make_loss(training: Training) -> Any:
    """Make the loss: cross-entropy with integer labels, smoothed if the training says so.

    A smoothed target is (1 - s) for the label plus s / 10 for every class.
    """
    if not training.label_smoothing:
        return "sparse_categorical_crossentropy"

    def smoothed_crossentropy(labels: Any, probabilities: Any) -> Any:
        targets = ops.one_hot(ops.reshape(labels, (-1,)), probabilities.shape[-1])
        return keras.losses.categorical_crossentropy(
            targets, probabilities, label_smoothing=training.label_smoothing
        )

    return smoothed_crossentropy
