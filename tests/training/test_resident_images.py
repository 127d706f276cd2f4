import keras
import numpy as np
import pytest

from cifar_kedro.training.resident_images import ResidentImages

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("offset", [0, 1, 3, 16])
def test_images_are_found_by_index_however_they_lie_in_memory(offset):
    space = np.empty(7 * 4 * 4 * 3 + 64, np.float32)
    images = space[offset : offset + 7 * 4 * 4 * 3].reshape(7, 4, 4, 3)
    images[:] = RNG.random(images.shape)
    found = ResidentImages(images)(np.array([6, 0, 6], np.int32))
    np.testing.assert_array_equal(found, images[[6, 0, 6]])


def test_they_are_no_weights_to_train_and_stay_float32_in_mixed_precision():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        layer = ResidentImages(np.ones((2, 4, 4, 3), np.float32))
        assert layer(np.array([1])).dtype == "float32"
    finally:
        keras.config.set_dtype_policy("float32")
    assert layer.trainable_variables == []
