"""What you see while a training runs."""

import sys
import time

import keras
from tqdm import tqdm

from cifar_kedro.training.callbacks import Logs, logger


class Progress(keras.callbacks.Callback):
    """Shows a bar on a terminal while an epoch runs. Logs a line when it ends."""

    def __init__(self, name: str, images: int) -> None:
        """Show a training by its name. An epoch has so many images."""
        super().__init__()
        self._name = name
        self._images = images

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
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

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        """Move the bar."""
        done = self._images * (batch + 1) / self.params["steps"]
        self._bar.update(round(done) - self._bar.n)
        self._bar.set_postfix(
            {k: f"{logs[k]:.4f}" for k in ("loss", "accuracy")}, refresh=False
        )
        if batch + 1 == self.params["steps"]:
            self._training_seconds = time.perf_counter() - self._since

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Log the line."""
        self._bar.close()
        left = (self.params["epochs"] - epoch - 1) * logs["seconds"]
        logger.info(
            "%s: accuracy %.4f, validation %.4f; loss %.4f, validation %.4f; "
            "learning rate %.2g; %s images/s; %s%s",
            self._label,
            logs["accuracy"],
            logs["val_accuracy"],
            logs["loss"],
            logs["val_loss"],
            logs["learning_rate"],
            f"{self._images / self._training_seconds:,.0f}",
            _duration(logs["seconds"]),
            f", at most {_duration(left)} left" if left else "",
        )


def _duration(seconds: float) -> str:
    """Write seconds in a readable unit: 9 s, 12 min, 3.5 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 100 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
