"""The settings of a run, not of an experiment: ``parameters.yml``."""

from typing import Literal

from pydantic import Field

from cifar_kedro.config.base import Positive, Strict
from cifar_kedro.config.paths import PathOrAddress


class Execution(Strict):
    """How a run uses the hardware.

    Attributes:
        steps_per_execution: Training steps between two checks of the loss. More steps keep
            a GPU busy. The number divides the steps of an epoch, or is ``epoch`` for all.
        data_parallel: Whether all GPUs of the machine share each batch (Keras on JAX).
        deterministic_operations: Whether a GPU under TensorFlow uses only operations
            that give the same bits each time (slower). A CPU always does.
    """

    steps_per_execution: Positive | Literal["epoch"] = 1
    data_parallel: bool = False
    deterministic_operations: bool = False


class Classify(Strict):
    """The settings of the ``classify`` pipeline: which model, and which images.

    Attributes:
        experiment: The experiment whose model classifies. It was trained with the run's
            seed.
        weights: The weights at the ``end`` of training, or those with the ``best``
            validation accuracy.
        images: Folder of the images, subfolders included. It may be relative to the
            project, absolute, or an address that fsspec understands. ``~`` and
            environment variables are replaced.
    """

    experiment: str
    weights: Literal["end", "best"]
    images: PathOrAddress


class RunSettings(Strict):
    """The settings of a run, not of an experiment: ``parameters.yml``.

    Attributes:
        seed: Draws the split, the initial weights, the order, dropout and augmentation.
        validation_images: Number of training images kept for validation.
        max_epochs: Upper bound on every experiment's epochs; none if null.
        resume: Whether an interrupted training goes on where it stopped.
        execution: How to use the hardware.
        classify: Model and images of the ``classify`` pipeline.
    """

    seed: int = Field(ge=0, lt=2**31)
    validation_images: Positive
    max_epochs: Positive | None = None
    classify: Classify
    resume: bool = True
    execution: Execution = Execution()


HISTORY_COLUMNS = ["epoch", "loss", "accuracy", "val_loss", "val_accuracy"]
HISTORY_COLUMNS += ["learning_rate", "seconds"]
