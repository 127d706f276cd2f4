"""What a person sees while a training runs."""

import sys
import time
from typing import Any

import keras
from tqdm import tqdm

from cifar_kedro.training.callbacks import logger


class Progress(keras.callbacks.Callback):
    """A bar while an epoch runs, on a terminal; a line in the log when it has ended."""

    def __init__(self, name: str, images: int) -> None:
        """Call the training `name`; an epoch has `images` images."""
        super().__init__()
        self._name = name
        self._images = images

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Start the bar."""
        self._since = time.perf_counter()
        self._label = f"{self._name}, epoch {epoch + 1}/{self.params['epochs']}"
        self._bar = tqdm(
            desc=self._label,
            total=self._images,
            unit=" images",
            leave=False,
            disable=not sys.stderr.isatty(),
        )

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Move the bar."""
        done = self._images * (batch + 1) / self.params["steps"]
        self._bar.update(round(done) - self._bar.n)
        self._bar.set_postfix(
            {k: f"{logs[k]:.4f}" for k in ("loss", "accuracy")}, refresh=False
        )
        if batch + 1 == self.params["steps"]:
            self._training_seconds = time.perf_counter() - self._since

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Log the line."""
        self._bar.close()
        epochs_left = self.params["epochs"] - epoch - 1
        logger.info(
            "%s: accuracy %.4f, validation %.4f; loss %.4f, validation %.4f; "
            "learning rate %.2g; %s images/s; %s%s",
            self._label,
            *(logs[k] for k in ("accuracy", "val_accuracy", "loss", "val_loss")),
            logs["learning_rate"],
            f"{self._images / self._training_seconds:,.0f}",
            _duration(logs["seconds"]),
            f", at most {_duration(epochs_left * logs['seconds'])} left"
            if epochs_left
            else "",
        )


def _duration(seconds: float) -> str:
    """Write seconds as people read them: 9 s, 12 min, 3.5 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 100 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
