import keras
import numpy as np
import pytest

from cifar_kedro.config.data import ALIGNMENT
from cifar_kedro.training.on_device_images import OnDeviceImages, share_memory

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("offset", [0, 1, 3, 16])
def test_images_are_found_by_index_however_they_lie_in_memory(offset):
    space = np.empty(7 * 4 * 4 * 3 + 64, np.float32)
    images = space[offset : offset + 7 * 4 * 4 * 3].reshape(7, 4, 4, 3)
    images[:] = RNG.random(images.shape)
    found = OnDeviceImages(images)(np.array([6, 0, 6, -7], np.int32))
    np.testing.assert_array_equal(found, images[[6, 0, 6, 6]])


def test_they_are_no_weights_to_train_and_stay_float32_in_mixed_precision():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        layer = OnDeviceImages(np.ones((2, 4, 4, 3), np.float32))
        assert layer(np.array([1])).dtype == "float32"
    finally:
        keras.config.set_dtype_policy("float32")
    assert layer.trainable_variables == []


def test_memory_is_shared_only_if_it_suits_a_tensor():
    space = np.zeros(1000 + ALIGNMENT, np.float32)
    start = -space.ctypes.data % ALIGNMENT // space.itemsize
    aligned = space[start : start + 1000]
    shared = share_memory(aligned)
    aligned[7] = 9.0
    assert float(shared[7]) == 9.0
    for unfit in (aligned[1:], aligned[::2]):
        assert share_memory(unfit) is unfit
