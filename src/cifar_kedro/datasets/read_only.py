"""What datasets of inputs share: they save nothing."""

from typing import Any, NoReturn

from cifar_kedro.config.errors import DatasetError


class ReadOnly:
    """Refuses to save. It stands before the dataset among the bases of a class."""

    def save(self, data: Any) -> NoReturn:
        """Refuse: what the dataset loads is an input.

        Raises:
            DatasetError: Always.
        """
        raise DatasetError(f"{type(self).__name__} is read-only.")
