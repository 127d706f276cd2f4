from itertools import islice

import numpy as np

from cifar_kedro.config.data import ALIGNMENT
from cifar_kedro.training.batches import ShuffledBatches
from cifar_kedro.training.tensorflow_feed import as_dataset, share_memory


def aligned(count):
    """Make zeros that lie where a tensor may."""
    space = np.zeros(count + ALIGNMENT, np.float32)
    start = -space.ctypes.data % ALIGNMENT // space.itemsize
    return space[start : start + count]


def test_memory_is_shared_where_a_tensor_may_lie_and_only_there():
    good, odd = aligned(1000), aligned(1000)[1:]
    shared = share_memory(good)
    good[7] = 9.0
    assert float(shared[7]) == 9.0
    assert share_memory(odd) is odd
    assert share_memory(good[::2]) is not good  # a view with gaps
    assert isinstance(share_memory(good[::2]), np.ndarray)


def test_the_dataset_gives_the_batches_and_tunes_nothing():
    batches = ShuffledBatches(
        *(np.arange(10, dtype=np.uint8), np.arange(10, dtype=np.int32)), 4, 0, False
    )
    dataset = as_dataset(batches)
    assert dataset.options().autotune.enabled is False
    for _ in range(2):  # each iterator begins at the beginning
        for given, wanted in zip(islice(dataset, 5), islice(batches, 5), strict=True):
            np.testing.assert_array_equal(given[0], wanted[0])
            np.testing.assert_array_equal(given[1], wanted[1])
