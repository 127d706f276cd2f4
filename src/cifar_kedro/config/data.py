"""What a data set is: images, labels, class names, a name."""

from typing import TypedDict

import numpy as np

# What only the original report's data set is called.
CIFAR10_NAME = "CIFAR-10"

#: CIFAR-10's class names in its official order: label 0 is an airplane, 9 a truck.
CIFAR10_CLASSES = (
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

ImageShape = tuple[int, int, int]  # side, side, channels; pixels

CIFAR10_SHAPE: ImageShape = (32, 32, 3)

ALIGNMENT = 64  # bytes; TensorFlow stops the process at tensors aligned to less

# ``images`` (n, side, side, channels), ``labels`` unsigned (n,); and, of what data
# engineering makes, ``class_names`` (classes,) and the data set's ``name`` as text.
LabelledImages = dict[str, np.ndarray]


class RawImages(TypedDict):
    """What every raw data set gives.

    Attributes:
        train: To learn from: ``images``, uint8 (n, side, side, channels) in 0 to 255 with
            one channel or three; ``labels``, unsigned (n,), 0 to classes - 1.
        test: The same, to measure on.
        class_names: By label.
        name: Of the data set, as the report page says it.
    """

    train: LabelledImages
    test: LabelledImages
    class_names: list[str]
    name: str


# ``train`` and ``validation``: int32 indices of development images, in shuffled order;
# and the split's ``name``.
Split = dict[str, np.ndarray]
