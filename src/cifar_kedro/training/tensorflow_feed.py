"""How TensorFlow is fed: a tf.data.Dataset that does not wait, arrays that are not copied."""

from typing import Any

import numpy as np
import tensorflow as tf

from cifar_kedro.config.data import ALIGNMENT
from cifar_kedro.training.batches import ShuffledBatches


def as_dataset(batches: ShuffledBatches) -> tf.data.Dataset:
    """Make a tf.data.Dataset of endless (indices, labels), without tf.data's tuner.

    Left to itself, tf.data (TensorFlow 2.21) tunes its buffers in a thread that sleeps
    for longer and longer, and whoever lets go of an iterator waits, idle, until it
    wakes: up to a minute. There is nothing to tune here.
    """
    dataset = tf.data.Dataset.from_generator(
        lambda: iter(batches),
        output_signature=(
            tf.TensorSpec((None,), tf.int32),
            tf.TensorSpec((None,), tf.uint8),
        ),
    )
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options).prefetch(2)


def share_memory(array: np.ndarray) -> Any:
    """Give an array to TensorFlow without a copy, if it lies where a tensor may."""
    if array.ctypes.data % ALIGNMENT or not array.flags.c_contiguous:
        return array
    return tf.experimental.dlpack.from_dlpack(array.__dlpack__())
