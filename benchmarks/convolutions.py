"""Convolutions of 3x3: Winograd's algorithm against TensorFlow's own, layer by layer.

    python benchmarks/convolutions.py [--networks exp1,exp8a,exp11,exp13] [--rounds 5]

docs/how-it-works/performance.md says what is measured, and how.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

from common import describe_machine, load_experiments, publish, spread

from cifar_kedro.config import Network

IMAGES = 512
LEAST_CHANNELS = 32


def list_layers(names: list[str]) -> list[tuple[int, int, int]]:
    """List side, channels and filters of the 3x3 convolutions of networks, each once."""
    from keras.layers import Conv2D

    from cifar_kedro.models.network import build_network

    layers = {
        (*layer.input.shape[2:], layer.filters)
        for block in load_experiments(names).values()
        for layer in build_network(Network.model_validate(block["network"])).layers
        if isinstance(layer, Conv2D) and layer.kernel_size == (3, 3)
    }
    return sorted(layer for layer in layers if min(layer[1:]) >= LEAST_CHANNELS)


def measure(layer: tuple[int, int, int], rounds: int) -> dict[str, list[float]]:
    """Take the seconds of outputs and both gradients, by turns of the two contenders."""
    import tensorflow as tf

    from cifar_kedro.models.tensorflow.winograd import convolve

    def directly(images: Any, kernel: Any) -> Any:
        return tf.nn.conv2d(images, kernel, 1, "SAME")

    def both_ways(convolution: Callable[[Any, Any], Any]) -> Any:
        @tf.function
        def step(images: Any, kernel: Any, gradient: Any) -> Any:
            outputs = convolution(images, kernel)
            return outputs, tf.gradients(outputs, [images, kernel], gradient)

        return step

    side, channels, filters = layer
    arguments = [
        tf.random.normal(shape)
        for shape in (
            (IMAGES, side, side, channels),
            (3, 3, channels, filters),
            (IMAGES, side, side, filters),
        )
    ]
    contenders = {"direct": both_ways(directly), "winograd": both_ways(convolve)}
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds + 1):
        for name, step in contenders.items():
            start = time.perf_counter()
            step(*arguments)
            seconds[name].append(time.perf_counter() - start)
    return {name: times[1:] for name, times in seconds.items()}  # the first traces


def main() -> None:
    """Measure the layers of the networks that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", default="exp1,exp8a,exp11,exp13")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    machine = describe_machine()
    rows, seconds = [], {}
    for layer in list_layers(arguments.networks.split(",")):
        times = measure(layer, arguments.rounds)
        direct, winograd = times["direct"], times["winograd"]
        seconds["x".join(map(str, layer))] = times
        rows.append(
            dict(zip(("side", "channels", "filters"), map(str, layer), strict=True))
            | {
                "direct, s": spread(direct, 3),
                "winograd, s": spread(winograd, 3),
                "times as fast": f"{statistics.median(direct) / statistics.median(winograd):.2f}",
            }
        )
    publish("convolutions", machine, rows, {"images": IMAGES, "seconds": seconds})


if __name__ == "__main__":
    main()
