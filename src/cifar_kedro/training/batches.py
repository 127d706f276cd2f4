"""The order in which a training sees its images."""

from collections.abc import Iterator
from functools import cached_property, lru_cache
from itertools import count

import keras
import numpy as np

Batch = tuple[np.ndarray, np.ndarray]

_MIRRORED = 2**32 - 1  # in an epoch's place among the seeds: no training gets there


class ShuffledBatches(keras.utils.PyDataset):
    """An endless series of batches, in an order drawn anew each epoch.

    The order depends on the seed and the epoch alone, not on Keras' backend, so a
    resumed training goes on with the very batches that it would have seen. A batch
    names its images by their row: the images themselves are where the network computes
    (see `cifar_kedro.training.resident_images`). The series has no end, so that Keras reads all
    epochs from one iterator. Train with ``steps_per_epoch=batches.steps_per_epoch``.

    Args:
        labels: One per image, uint8 (n,).
        batch_size: Images per batch.
        seed: Draws the orders, at least 0.
        drop_remainder: Whether to leave out the last batch of an epoch if it is smaller.
        alternate: Whether an image is to be mirrored in every other epoch, half of them
            in the first. A row that is to be mirrored is given as -1 - row.

    Attributes:
        first_epoch: Epoch to begin with, from 0; set it to go on with another.
        steps_per_epoch: Number of batches in an epoch.
    """

    def __init__(
        self,
        labels: np.ndarray,
        batch_size: int,
        seed: int,
        drop_remainder: bool,
        alternate: bool = False,
    ) -> None:
        """See the class."""
        super().__init__()
        self._labels = labels
        self._batch_size = batch_size
        self._seed = seed
        whole, rest = divmod(len(labels), batch_size)
        # Data smaller than one batch is one batch.
        self.steps_per_epoch = max(whole, 1) if drop_remainder else whole + bool(rest)
        self._alternate = alternate
        self.first_epoch = 0
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
        epoch, step = divmod(index, self.steps_per_epoch)
        epoch += self.first_epoch
        start = step * self._batch_size
        rows = self._draw_order(epoch)[start : start + self._batch_size]
        labels = self._labels[rows]
        if self._alternate:
            rows = np.where(self._mirrored[rows] ^ bool(epoch % 2), -1 - rows, rows)
        return rows, labels

    @cached_property
    def _mirrored(self) -> np.ndarray:
        """Draw which images are mirrored in the first epoch."""
        generator = np.random.default_rng([self._seed, _MIRRORED])
        return generator.random(len(self._labels)) < 0.5

    def __iter__(self) -> Iterator[Batch]:
        """Go through the series, from its beginning."""
        return (self[index] for index in count())
