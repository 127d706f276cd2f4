"""What is chosen for a run, not in an experiment: ``parameters.yml``."""

from typing import Literal

from pydantic import Field

from cifar_kedro.config.base import Positive, Strict
from cifar_kedro.config.paths import PathOrAddress


class Execution(Strict):
    """How a run uses the hardware.

    Attributes:
        steps_per_execution: Training steps between two looks at the loss: more keep a GPU
            busy. A divisor of the steps of an epoch; or ``epoch``: all of them.
        data_parallel: Whether each batch is split between all GPUs of the machine (Keras
            on JAX).
        deterministic_operations: Whether a GPU under TensorFlow uses only operations
            that give the same bits each time (slower). A CPU always does.
    """

    steps_per_execution: Positive | Literal["epoch"] = 1
    data_parallel: bool = False
    deterministic_operations: bool = False


class Classify(Strict):
    """What the ``classify`` pipeline takes: whose model, and which images.

    Attributes:
        experiment: The experiment whose model classifies, trained with the run's seed.
        weights: Of the ``end`` of training, or of the ``best`` validation accuracy.
        images: Folder of the images; relative to the project, absolute, or an address
            that fsspec understands. ``~`` and environment variables count. Images in
            its subfolders count.
    """

    experiment: str
    weights: Literal["end", "best"]
    images: PathOrAddress


class RunSettings(Strict):
    """What is chosen for a run, not in an experiment: ``parameters.yml``.

    Attributes:
        seed: Draws the split, the initial weights, the order, dropout, augmentation.
        validation_images: Number of training images kept for validation.
        max_epochs: Upper bound on every experiment's epochs; none if null.
        resume: Whether an interrupted training goes on where it was.
        execution: How to use the hardware.
        classify: Model and images of the ``classify`` pipeline.
    """

    seed: int = Field(ge=0, lt=2**31)
    validation_images: Positive
    max_epochs: Positive | None = None
    classify: Classify
    resume: bool = True
    execution: Execution = Execution()


HISTORY_COLUMNS = [
    *("epoch", "loss", "accuracy", "val_loss", "val_accuracy"),
    *("learning_rate", "seconds"),
]
