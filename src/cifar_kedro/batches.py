"""The order in which a training sees its images."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import count

import keras
import numpy as np

Batch = tuple[np.ndarray, np.ndarray]


class ShuffledBatches(keras.utils.PyDataset):
    """An endless series of batches, in an order drawn anew each epoch.

    The order depends on the seed and the epoch alone, not on Keras' backend, so a
    resumed training goes on with the very batches that it would have seen. A batch
    names its images by their row: the images themselves are where the network computes
    (see `cifar_kedro.resident_images`). The series has no end, so that Keras reads all
    epochs from one iterator. Train with ``steps_per_epoch=batches.steps_per_epoch``.

    Args:
        labels: One per image, uint8 (n,).
        batch_size: Images per batch.
        seed: Draws the orders, at least 0.
        drop_remainder: Whether to leave out the last batch of an epoch if it is smaller.
        first_epoch: Epoch to begin with, from 0.

    Attributes:
        steps_per_epoch: Number of batches in an epoch.
    """

    def __init__(
        self,
        labels: np.ndarray,
        batch_size: int,
        seed: int,
        drop_remainder: bool,
        first_epoch: int = 0,
    ) -> None:
        """See the class."""
        super().__init__()
        self._labels = labels
        self._batch_size = batch_size
        self._seed = seed
        whole, rest = divmod(len(labels), batch_size)
        # Data smaller than one batch is one batch.
        self.steps_per_epoch = max(whole, 1) if drop_remainder else whole + bool(rest)
        self._first = first_epoch * self.steps_per_epoch
        self._draw_order = lru_cache(maxsize=1)(self._draw_order_of)

    def _draw_order_of(self, epoch: int) -> np.ndarray:
        generator = np.random.default_rng([self._seed, epoch])
        return generator.permutation(len(self._labels)).astype(np.int32)

    @property
    def num_batches(self) -> None:
        """Tell Keras that the series has no end."""
        return None

    def __getitem__(self, index: int) -> Batch:
        """Return rows, int32, and labels, uint8, of a batch."""
        epoch, step = divmod(self._first + index, self.steps_per_epoch)
        start = step * self._batch_size
        rows = self._draw_order(epoch)[start : start + self._batch_size]
        return rows, self._labels[rows]

    def __iter__(self) -> Iterator[Batch]:
        """Go through the series, from its beginning."""
        return (self[index] for index in count())
