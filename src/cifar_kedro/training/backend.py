"""How Keras uses the hardware: precision, devices, and what its backend needs.

TensorFlow is imported inside functions: on another backend it is not needed.
"""

import importlib
from typing import Any

import keras

from cifar_kedro.config import Execution
from cifar_kedro.config.errors import SettingsError
from cifar_kedro.config.keras_settings import settle_keras
from cifar_kedro.training.batches import ShuffledBatches


def prepare_keras(seed: int, precision: str, execution: Execution) -> None:
    """Set what Keras keeps globally. Call it before you build a network.

    Args:
        seed: Seeds Python, numpy and the backend.
        precision: Keras' dtype policy for the layers to come.
        execution: Devices and determinism.

    Raises:
        SettingsError: If the backend can't do what `execution` asks for, or if a setting
            of Keras is refused (`cifar_kedro.config.keras_settings`).
    """
    settle_keras()
    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy(precision)
    backend = keras.backend.backend()
    if execution.data_parallel:
        if backend != "jax":
            raise SettingsError(
                f"execution.data_parallel: received true on Keras' {backend} backend, "
                "expected false: Keras distributes on JAX only (KERAS_BACKEND=jax)"
            )
        keras.distribution.set_distribution(keras.distribution.DataParallel())
    else:  # an earlier run in this process may have set one
        keras.distribution.set_distribution(None)
    if execution.deterministic_operations:
        if backend != "tensorflow":
            raise SettingsError(
                f"execution.deterministic_operations: received true on Keras' {backend} "
                "backend, expected false: only TensorFlow has such a switch. For JAX, "
                "set XLA_FLAGS=--xla_gpu_deterministic_ops=true"
            )
        import tensorflow

        tensorflow.config.experimental.enable_op_determinism()


def for_fit(batches: ShuffledBatches) -> Any:
    """Wrap endless batches for `keras.Model.fit`.

    TensorFlow gets a tf.data.Dataset without tf.data's tuner (TensorFlow 2.21). The
    tuner's thread sleeps for longer and longer. Whoever drops an iterator waits until
    that thread wakes up, for up to a minute. There is nothing to tune here.
    """
    if keras.backend.backend() != "tensorflow":
        return batches
    import tensorflow as tf

    types = (tf.int32, batches.labels.dtype)
    signature = tuple(tf.TensorSpec((None,), dtype) for dtype in types)
    dataset = tf.data.Dataset.from_generator(
        lambda: iter(batches), output_signature=signature
    )
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options).prefetch(2)


def for_training(network: keras.Model) -> keras.Model:
    """Return the network in the form that trains fastest. It shares the variables."""
    if keras.backend.backend() != "tensorflow":
        return network
    from cifar_kedro.models.tensorflow.layers import tune_layers

    return tune_layers(network)


def name_accelerators(backend: str) -> list[str]:
    """Return the names of the GPUs (or TPUs) that a backend of Keras sees.

    Args:
        backend: ``tensorflow``, ``jax`` or ``torch``.
    """
    if backend == "tensorflow":
        import tensorflow

        config = tensorflow.config
        details = config.experimental.get_device_details
        gpus = config.list_physical_devices("GPU")
        return [str(details(gpu).get("device_name", gpu.name)) for gpu in gpus]
    if backend == "jax":
        import jax

        return [d.device_kind for d in jax.devices() if d.platform != "cpu"]
    import torch

    count = torch.cuda.device_count()
    return [torch.cuda.get_device_name(index) for index in range(count)]


def describe_backend() -> dict[str, Any]:
    """Describe the software and hardware that compute, for a training's provenance.

    Returns:
        What JSON can hold. ``name`` is Keras' backend, and ``packages`` has both
        versions. ``keras`` has the global settings that layers use by default.
        ``accelerators`` has the names of the GPUs or TPUs.
    """
    name = keras.backend.backend()
    return {
        "name": name,
        "packages": {
            "keras": keras.__version__,
            name: importlib.import_module(name).__version__,
        },
        "keras": {
            "image_data_format": keras.config.image_data_format(),
            "floatx": keras.config.floatx(),
            "epsilon": keras.config.epsilon(),
        },
        "accelerators": name_accelerators(name),
    }


def count_steps(execution: Execution, per_epoch: int) -> int:
    """Count the training steps of one execution.

    Raises:
        SettingsError: If they don't divide the steps of an epoch. Keras would go on
            into the next epoch.
    """
    if execution.steps_per_execution == "epoch":
        return per_epoch
    if per_epoch % execution.steps_per_execution:
        divisors = [n for n in range(1, per_epoch + 1) if per_epoch % n == 0]
        raise SettingsError(
            f"execution.steps_per_execution: received {execution.steps_per_execution}, "
            f"expected a divisor of the {per_epoch} steps of an epoch: "
            f"{', '.join(map(str, divisors))}; or 'epoch' for all of them"
        )
    return execution.steps_per_execution
