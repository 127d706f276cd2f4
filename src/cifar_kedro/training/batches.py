"""The order in which a training sees its images."""

from collections.abc import Iterator
from functools import cached_property, lru_cache
from itertools import count

import keras
import numpy as np

Batch = tuple[np.ndarray, np.ndarray]

_MIRRORED = 2**32 - 1  # a seed in place of the epoch, which no training reaches


class ShuffledBatches(keras.utils.PyDataset):
    """An endless series of batches. Each epoch has a new order.

    The order depends on the seed and the epoch alone, not on Keras' backend. So a
    resumed training sees the same batches as an uninterrupted one. A batch holds
    indices: the images themselves are on the device (`OnDeviceImages`). The series has
    no end, so that Keras reads all epochs from one iterator. Train with
    ``steps_per_epoch=batches.steps_per_epoch``.

    Args:
        labels: The labels of all development images, uint8 (n,).
        indices: The images to train on, int32.
        batch_size: Images per batch.
        seed: Draws the orders, at least 0.
        drop_remainder: Whether to leave out the last batch of an epoch if it is smaller.
        alternate: Whether each image is mirrored in every other epoch. Half of them are
            mirrored in the first one. A mirrored image has the index -1 - index.

    Attributes:
        labels: As they were given.
        first_epoch: The epoch to begin with, from 0. Set it to resume.
        steps_per_epoch: Number of batches in an epoch.
    """

    def __init__(
        self,
        labels: np.ndarray,
        indices: np.ndarray,
        batch_size: int,
        seed: int,
        drop_remainder: bool,
        alternate: bool = False,
    ) -> None:
        """See the class."""
        super().__init__()
        self.labels = labels
        self._indices = indices
        self._batch_size = batch_size
        self._seed = seed
        whole, rest = divmod(len(indices), batch_size)
        # Data smaller than one batch is one batch.
        self.steps_per_epoch = max(whole, 1) if drop_remainder else whole + bool(rest)
        self._alternate = alternate
        self.first_epoch = 0
        self._draw_order = lru_cache(maxsize=1)(self._draw_order_of)

    def _draw_order_of(self, epoch: int) -> np.ndarray:
        generator = np.random.default_rng([self._seed, epoch])
        return self._indices[generator.permutation(len(self._indices))]

    @property
    def num_batches(self) -> None:
        """Tell Keras that the series has no end."""
        return None

    def __getitem__(self, index: int) -> Batch:
        """Return a batch: indices, int32, and labels, uint8."""
        epoch, step = divmod(index, self.steps_per_epoch)
        epoch += self.first_epoch
        start = step * self._batch_size
        batch = self._draw_order(epoch)[start : start + self._batch_size]
        labels = self.labels[batch]
        if self._alternate:
            batch = np.where(self._mirrored[batch] ^ bool(epoch % 2), -1 - batch, batch)
        return batch, labels

    @cached_property
    def _mirrored(self) -> np.ndarray:
        """Draw which images are mirrored in the first epoch."""
        generator = np.random.default_rng([self._seed, _MIRRORED])
        mirrored = np.zeros(len(self.labels), bool)
        mirrored[self._indices] = generator.random(len(self._indices)) < 0.5
        return mirrored

    def __iter__(self) -> Iterator[Batch]:
        """Iterate over the series from its beginning."""
        return (self[index] for index in count())
