"""The contender "ours": what users of this package get, through its own entry points."""

import os
from typing import Any

from turns import Turn, call_in_turns, draw_images, make_keras_callback


def _import_package() -> None:
    """Import the package before TensorFlow, as TensorFlow then reads its settings."""
    import cifar_kedro

    if not os.environ.get("TF_CPU_ALLOCATOR_USE_BFC"):
        raise RuntimeError(f"{cifar_kedro.__file__} was imported too early")


def train(turn: Turn, experiment: dict[str, Any], steps: int) -> None:
    """Train an experiment's network by `cifar_kedro.training.loop.fit`; results in images/s.

    One call of `fit` with epochs without end. So that it can be timed in turns, one
    callback is added to Keras' own `fit`, below the package: nothing of it is replaced.
    The experiment's callbacks that would end the training or change its rate are off,
    and validation, outside the timing, is of ten images.
    """
    _import_package()
    import keras
    import numpy as np

    from cifar_kedro.config import Experiment
    from cifar_kedro.models.network import build_network
    from cifar_kedro.training.loop import fit

    training = experiment["training"] | {
        "early_stopping": {},
        "reduce_lr": None,
        "epochs": 1_000_000,
    }
    settings = Experiment.model_validate(experiment | {"training": training})
    images, labels = draw_images(steps * training["batch_size"])
    keras_fit = keras.Model.fit

    def fit_in_turns(model: Any, *args: Any, callbacks: Any, **kwargs: Any) -> Any:
        rounds = make_keras_callback(turn, len(labels))
        # First: the clock stops before the package's own validate and record.
        return keras_fit(model, *args, callbacks=[rounds, *callbacks], **kwargs)

    keras.Model.fit = fit_in_turns
    indices = np.arange(len(labels), dtype=np.int32)
    fit(
        build_network(settings.network),
        {"images": images, "labels": labels},
        {"train": indices, "validation": indices[:10]},
        settings,
        seed=0,
    )


def augment(turn: Turn, augmentation: dict[str, Any], batch: int, calls: int) -> None:
    """Call the package's layer on a batch, in a compiled function; results in images/s."""
    _import_package()
    import tensorflow as tf

    from cifar_kedro.config import Augmentation
    from cifar_kedro.models.augmentation import AffineAugmentation

    layer = AffineAugmentation(Augmentation.model_validate(augmentation), seed=0)
    compiled = tf.function(lambda images: layer(images, training=True))
    images = tf.constant(draw_images(batch)[0])
    call_in_turns(turn, lambda: compiled(images).numpy(), calls, amount=batch)
