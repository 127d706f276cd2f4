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


LabelledImages = dict[str, np.ndarray]
