"""The contender "plain Keras": the same networks as users write them, nothing set.

Nothing of this package is imported here, as importing it changes TensorFlow's settings.
"""

import math
from typing import Any

from turns import Turn, call_in_turns, draw_images, make_keras_callback


def make_augmentation(augmentation: dict[str, Any]) -> list[Any]:
    """Make Keras' stock layers for an augmentation. They have no shear of 0.2 degrees."""
    from keras import layers

    height, width = (
        augmentation[f"{side}_shift_range"] for side in ("height", "width")
    )
    return [
        layers.RandomFlip("horizontal"),
        layers.RandomRotation(
            augmentation["rotation_range"] / 360, fill_mode="nearest"
        ),
        layers.RandomTranslation(height, width, fill_mode="nearest"),
    ]


def build_network(
    network: dict[str, Any], augmentation: dict[str, Any] | None = None
) -> Any:
    """Build an experiment's network from Keras' own layers, behind its augmentation."""
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((32, 32, 3))])
    learned = {
        "activation": "relu",
        "kernel_regularizer": keras.regularizers.L2(network["l2"])
        if network["l2"]
        else None,
    }

    def learn(layer: Any) -> None:
        model.add(layer)
        if network["batch_norm"]:
            model.add(layers.BatchNormalization())

    def drop() -> None:
        if network["dropout"]:
            model.add(layers.Dropout(network["dropout"]))

    for layer in make_augmentation(augmentation) if augmentation else []:
        model.add(layer)
    if network["backbone"]:
        for layer in _backbone(network["backbone"]):
            model.add(layer)
    for block in network["blocks"]:
        for filters in block["filters"]:
            learn(layers.Conv2D(filters, 3, padding="same", **learned))
        if block["pool"]:
            model.add(layers.MaxPooling2D())
        drop()
    model.add(layers.Flatten())
    for units in network["dense"]:
        learn(layers.Dense(units, **learned))
        drop()
    model.add(layers.Dense(10, activation="softmax"))
    return model


def _backbone(backbone: dict[str, Any]) -> list[Any]:
    from keras.applications import VGG16

    vgg = VGG16(include_top=False, weights=None, input_shape=(32, 32, 3))
    names = [layer.name for layer in vgg.layers]
    for layer in vgg.layers[: names.index(backbone["trainable_from"])]:
        layer.trainable = False
    return vgg.layers[1 : names.index(backbone["up_to"]) + 1]


def count_flops(model: Any) -> int:
    """Count the floating-point operations that training on one image takes.

    Two per multiply-add of convolutions and dense layers; everything else is left out.
    A trained layer computes its output, the gradient of its kernel and that of its
    input, each at the same price; the first trained layer needs no gradient of its
    input, and frozen layers compute their output only.
    """
    total, gradient_flows = 0, False
    for layer in model.layers:
        if not hasattr(layer, "kernel"):
            continue
        # A kernel of (3, 3, in, out) is applied at each pixel, one of (in, out) once.
        forward = (
            2 * math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:-1])
        )
        total += forward * (1 + layer.trainable + (layer.trainable and gradient_flows))
        gradient_flows = gradient_flows or layer.trainable
    return total


def train(turn: Turn, experiment: dict[str, Any], steps: int) -> None:
    """Train by ``model.fit`` on arrays; results in images/s.

    Introduces itself with the floating-point operations per trained image.
    """
    import keras

    training = experiment["training"]
    images, labels = draw_images(steps * training["batch_size"])
    model = build_network(experiment["network"], experiment["augmentation"])
    optimizer = training["optimizer"]
    rate = optimizer["learning_rate"]
    model.compile(
        optimizer=keras.optimizers.SGD(rate, momentum=optimizer["momentum"])
        if optimizer["name"] == "sgd"
        else keras.optimizers.Adam(rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    rounds = make_keras_callback(turn, len(labels), introduction=count_flops(model))
    model.fit(
        images,
        labels,
        batch_size=training["batch_size"],
        epochs=1_000_000,
        callbacks=[rounds],
    )


def augment(turn: Turn, augmentation: dict[str, Any], batch: int, calls: int) -> None:
    """Call Keras' stock layers on a batch, in a compiled function; results in images/s."""
    import keras
    import tensorflow as tf

    layers = keras.Sequential(make_augmentation(augmentation))
    compiled = tf.function(lambda images: layers(images, training=True))
    images = tf.constant(draw_images(batch)[0])
    call_in_turns(turn, lambda: compiled(images).numpy(), calls, amount=batch)


def make_generator(augmentation: dict[str, Any]) -> Any:
    """Make Keras' legacy generator, the report's, without the settings that it lacks."""
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    unknown = {"whole_pixels", "cutout"}
    known = {k: v for k, v in augmentation.items() if k not in unknown}
    return ImageDataGenerator(**known, fill_mode="nearest")


def generate(turn: Turn, augmentation: dict[str, Any], batch: int, calls: int) -> None:
    """Draw batches from Keras' legacy generator; results in images/s."""
    generator = make_generator(augmentation)
    batches = generator.flow(draw_images(batch)[0], batch_size=batch)
    call_in_turns(turn, lambda: next(batches), calls, amount=batch)
