"""Epochs of the training loop alone, on the device at hand.

    KERAS_BACKEND=jax python benchmarks/gpu.py [--networks exp9,exp11] [--precision float32]

docs/how-it-works/performance.md says what is measured, and how.
"""

import argparse
from typing import Any

from common import describe_machine, load_experiments, publish, spread
from turns import draw_images

from cifar_kedro.config import Execution, Experiment

EPOCHS = 5  # the first compiles


def measure(block: dict[str, Any], precision: str, images: int) -> list[float]:
    """Train a network on random images; the seconds of each epoch, validation included."""
    import numpy as np

    from cifar_kedro.models.network import build_network
    from cifar_kedro.training.backend import prepare_keras
    from cifar_kedro.training.loop import fit

    training = block["training"] | {"precision": precision, "validation_images": None}
    experiment = Experiment.model_validate(block | {"training": training})
    execution = Execution(steps_per_execution="epoch")
    prepare_keras(0, precision, execution)
    network = build_network(experiment.network)
    count = images + images // 4
    development = dict(zip(("images", "labels"), draw_images(count), strict=True))
    indices = np.arange(count, dtype=np.int32)
    split = {"train": indices[:images], "validation": indices[images:]}
    *_, history = fit(
        *(network, development, split, experiment, 0),
        max_epochs=EPOCHS,
        execution=execution,
    )
    return [float(seconds) for seconds in history["seconds"]]


def describe_device() -> dict[str, Any]:
    """Name what computes: Keras' backend, and the GPUs that it sees."""
    import keras

    from cifar_kedro.training.backend import name_accelerators

    backend = keras.backend.backend()
    return {"backend": backend, "accelerators": name_accelerators(backend)}


def main() -> None:
    """Measure the networks that the command line names, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", default="exp9,exp11")
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--images", type=int, default=40_000)
    arguments = parser.parse_args()
    machine = describe_machine() | describe_device()
    experiments = load_experiments(arguments.networks.split(","))
    seconds = {
        name: measure(block, arguments.precision, arguments.images)
        for name, block in experiments.items()
    }
    rows = [
        {
            "network": name,
            "precision": arguments.precision,
            "first epoch, s": f"{first:.2f}",
            "other epochs, s": spread(others, 2),
        }
        for name, (first, *others) in seconds.items()
    ]
    settings = {"precision": arguments.precision, "images": arguments.images}
    publish("gpu", machine, rows, settings | {"seconds": seconds})


if __name__ == "__main__":
    main()
