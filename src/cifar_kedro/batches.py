"""The order in which a training sees its images."""

from functools import lru_cache
from typing import Any

import keras
import numpy as np


class ShuffledBatches(keras.utils.PyDataset):
    """An endless series of batches, in an order drawn anew each epoch.

    The order depends on the seed and the epoch alone, not on Keras' backend. The series
    has no end because Keras then reads all epochs from one iterator: with one per epoch,
    tf.data (TensorFlow 2.21) often waits, idle, for up to a minute before it lets go of
    the last one. So it still may once, when the training ends. Train with
    ``steps_per_epoch=batches.steps_per_epoch``.

    Args:
        data: ``images`` and ``labels``, n of each.
        batch_size: Images per batch.
        seed: Draws the orders, at least 0.
        drop_remainder: Whether to leave out the last batch of an epoch if it is smaller.

    Attributes:
        steps_per_epoch: Number of batches in an epoch.
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
        whole, rest = divmod(len(data["labels"]), batch_size)
        # Data smaller than one batch is one batch.
        self.steps_per_epoch = max(whole, 1) if drop_remainder else whole + bool(rest)
        self._draw_order = lru_cache(maxsize=1)(self._draw_order_of)

    def _draw_order_of(self, epoch: int) -> np.ndarray:
        generator = np.random.default_rng([self._seed, epoch])
        return generator.permutation(len(self._data["labels"]))

    @property
    def num_batches(self) -> None:
        """Tell Keras that the series has no end."""
        return None

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        """Return the images and labels of a batch, counted from the first epoch on."""
        epoch, step = divmod(index, self.steps_per_epoch)
        start = step * self._batch_size
        rows = self._draw_order(epoch)[start : start + self._batch_size]
        return self._data["images"][rows], self._data["labels"][rows]
