"""From the description of a training to its optimizer and loss."""

from typing import Any

import keras
from keras import ops
from keras.optimizers.schedules import LearningRateSchedule, PolynomialDecay

from cifar_kedro.config import Training
from cifar_kedro.training.callbacks import Loss


def make_optimizer(training: Training, steps_per_epoch: int) -> keras.Optimizer:
    """Make the Keras optimizer that a training names.

    Args:
        training: The training.
        steps_per_epoch: Steps of an epoch, which a schedule counts.
    """
    settings = training.optimizer
    rate: float | LearningRateSchedule = settings.learning_rate
    if training.schedule == "linear":
        steps = training.epochs * steps_per_epoch
        rate = PolynomialDecay(settings.learning_rate, steps, end_learning_rate=0.0)
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
    """Muon for the kernels of convolutions, Adam for everything else.

    Keras' Muon moves matrices only, and leaves kernels to Adam. Here a kernel of shape
    (height, width, channels, filters) counts as a matrix with a filter in each column.
    Its gradient, with Nesterov momentum, is made orthogonal. Before each move the kernel
    gets the norm sqrt(filters). So the learning rate is about the angle by which the
    kernel turns. Use it where a normalization follows: there the scale of a kernel does
    not count.

    See K. Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024.
    The norm is that of airbench94_muon.

    Args:
        learning_rate: Learning rate of the kernels: a number or a Keras schedule.
        momentum: Momentum of the kernels.
        adam_lr_ratio: Learning rate of the other variables, divided by that of the kernels.
        ema: Keras' settings for a moving average of the weights.
    """

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule,
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
            rms_rate=None,  # the shape of the matrix adds no factor
            name=name,
            **ema,
        )

    def _should_use_adamw(self, variable: keras.Variable) -> bool:
        return len(variable.shape) != 4

    def _muon_update_step(
        self,
        gradient: keras.KerasTensor,
        variable: keras.Variable,
        lr: keras.KerasTensor,
        m: keras.Variable,
    ) -> None:
        norm = ops.sqrt(ops.sum(ops.square(variable)))
        self.assign(variable, variable * (variable.shape[-1] ** 0.5 / norm))
        super()._muon_update_step(gradient, variable, lr, m)

    def zeropower_via_newtonschulz5(
        self, x: keras.KerasTensor, steps: int
    ) -> keras.KerasTensor:
        """Make a kernel's gradient orthogonal, as a matrix with a filter in each column."""
        matrix = ops.reshape(x, (-1, x.shape[-1]))
        return ops.reshape(super().zeropower_via_newtonschulz5(matrix, steps), x.shape)


def make_loss(training: Training) -> Loss:
    """Make the loss: cross-entropy with integer labels, smoothed if the training says so.

    With smoothing s, every class has the target s / 10, and the label 1 - s more.
    """
    if not training.label_smoothing:
        return "sparse_categorical_crossentropy"

    def smoothed_crossentropy(
        labels: keras.KerasTensor, probabilities: keras.KerasTensor
    ) -> keras.KerasTensor:
        targets = ops.one_hot(ops.reshape(labels, (-1,)), probabilities.shape[-1])
        return keras.losses.categorical_crossentropy(
            targets, probabilities, label_smoothing=training.label_smoothing
        )

    return smoothed_crossentropy
