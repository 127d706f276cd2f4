"""The ten classes of CIFAR-10."""

import numpy as np

#: Class names in the data set's official order: label 0 is an airplane, 9 a truck.
CLASS_NAMES: tuple[str, ...] = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)


SIDE = 32  # pixels


ALIGNMENT = 64  # bytes; TensorFlow stops the process at tensors aligned to less


# ``images`` (n, 32, 32, 3), ``labels`` uint8 (n,).
LabelledImages = dict[str, np.ndarray]

# ``train`` and ``validation``: int32 indices of development images, in shuffled order;
# and the split's ``name``.
Split = dict[str, np.ndarray]
