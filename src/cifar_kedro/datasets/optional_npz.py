"""An ``.npz`` file that may be missing."""

from cifar_kedro.datasets.npz import Arrays, NpzDataset


class OptionalNpzDataset(NpzDataset):
    """An `NpzDataset` for those who can do without: what is missing has no arrays.

    Example:
        >>> OptionalNpzDataset(filepath="memory://doc/nowhere.npz").load()
        {}
    """

    def load(self) -> Arrays:
        """Read all arrays.

        Returns:
            The arrays as they were saved, or none if there is no file.

        Raises:
            DatasetError: The file is damaged, or not an ``.npz``.
        """
        return super().load() if self._exists() else {}
