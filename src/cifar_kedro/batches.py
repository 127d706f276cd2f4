"""The order in which a training sees its images."""

from typing import Any

import keras
import numpy as np


class ShuffledBatches(keras.utils.PyDataset):
    """Batches in an order that is drawn anew each epoch, from the seed and the epoch.

    Keras' own shuffling of arrays depends on its backend, and with ``steps_per_epoch``
    (Keras 3.15) it ends the second epoch early instead of leaving out the remainder.

    Args:
        data: ``images`` and ``labels``, n of each.
        batch_size: Images per batch.
        seed: Draws the orders, at least 0.
        drop_remainder: Whether to leave out the last batch of an epoch if it is smaller.
    """

    def __init__(
        self,
        data: dict[str, np.ndarray],
        batch_size: int,
        seed: int,
        drop_remainder: bool,
    ) -> None:
        """See the class."""
        super().__init__()
        self._data = data
        self._batch_size = batch_size
        self._seed = seed
        count = len(data["labels"])
        whole, rest = divmod(count, batch_size)
        # Data smaller than one batch is one batch.
        self._length = max(whole, 1) if drop_remainder else whole + bool(rest)
        self._draw_order(epoch=0)

    def _draw_order(self, epoch: int) -> None:
        self._epoch = epoch
        generator = np.random.default_rng([self._seed, epoch])
        self._order = generator.permutation(len(self._data["labels"]))

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return self._length

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        """Return the images and labels of a batch."""
        rows = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        return self._data["images"][rows], self._data["labels"][rows]

    def on_epoch_end(self) -> None:
        """Draw the order of the next epoch."""
        self._draw_order(self._epoch + 1)
