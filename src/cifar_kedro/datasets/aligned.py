"""Arrays that a backend of Keras can take over without a copy."""

import math

import numpy as np
import numpy.typing as npt

ALIGNMENT = 64  # bytes; TensorFlow stops the process at tensors aligned to less


def aligned_empty(shape: tuple[int, ...], dtype: npt.DTypeLike) -> np.ndarray:
    """Make an array, its content undefined, that begins where a tensor may.

    numpy's own begin at multiples of 16 bytes.
    """
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    space = np.empty(size + ALIGNMENT, np.uint8)
    start = -space.ctypes.data % ALIGNMENT
    return np.ndarray(shape, dtype, space[start : start + size].data)
