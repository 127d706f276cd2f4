"""scikit-learn's handwritten digits: real images, for work without any archive.

Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine
Learning Repository, 1998; of its images, the 1,797 that scikit-learn contains.
"""

from typing import Any, NoReturn

import numpy as np
from kedro.io import AbstractDataset

from cifar_kedro.config.data import RawImages
from cifar_kedro.datasets.read_only import ReadOnly

TEST_IMAGES = 500
ENLARGED = 4  # pixels that each becomes, along either side: 8 to 32
_MOST = 16  # the value of white


class DigitsDataset(ReadOnly, AbstractDataset[NoReturn, RawImages]):
    """Loads the digits in the form of CIFAR-10: 32 pixels a side, three equal channels.

    Examples:
        >>> DigitsDataset().load()["train"]["images"].shape
        (1297, 32, 32, 3)
    """

    def __init__(self, *, metadata: dict[str, Any] | None = None) -> None:
        """Describe the digits; nothing is read yet.

        Args:
            metadata: Ignored here; for people and plugins.
        """
        self.metadata = metadata

    def load(self) -> RawImages:
        """Read the images.

        Returns:
            All that `RawImages` names. The test images are always the same 500,
            stratified by class.
        """
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split

        digits = load_digits()
        images = (digits.images * (255 / _MOST)).round().astype(np.uint8)
        images = images.repeat(ENLARGED, axis=1).repeat(ENLARGED, axis=2)
        images = images[..., None].repeat(3, axis=3)
        labels = digits.target.astype(np.uint8)
        parts = train_test_split(
            np.arange(len(labels)),
            test_size=TEST_IMAGES,
            stratify=labels,
            random_state=0,
        )
        train, test = (
            {"images": images[part], "labels": labels[part]} for part in parts
        )
        names = [str(name) for name in digits.target_names]
        return {
            "train": train,
            "test": test,
            "class_names": names,
            "name": "scikit-learn's digits",
        }

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {}
