"""What evaluation persisted of the runs, and how far it can be relied on."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from cifar_kedro.config import Experiment
from cifar_kedro.config_loader import is_experiment
from cifar_kedro.stopping import find_stop

Loaders = dict[str, Callable[[], Any]]

# Said of an experiment or a report, not of what is trained.
DESCRIPTIVE_KEYS = ("name", "title", "builds_on", "reported")


@dataclass(frozen=True)
class Run:
    """One experiment, trained and tested once.

    Attributes:
        experiment: Its name.
        seed: The run's seed.
        metrics: As evaluation wrote them.
        history: One row per epoch.
        predictions: Class probabilities of the test images, ``end`` and ``best``, float32
            (n, 10), and ``labels`` (n,).
        stop: What ended the training; None if nothing in the settings explains it.
        caveats: Why it is not a result of the experiment as configured; empty if it is.
    """

    experiment: str
    seed: int
    metrics: dict[str, Any]
    history: pd.DataFrame
    predictions: dict[str, np.ndarray]
    stop: str | None = None
    caveats: tuple[str, ...] = ()

    @property
    def labels(self) -> np.ndarray:
        """The right classes of the test images."""
        return self.predictions["labels"]

    def predicted(self, weights: str = "end") -> np.ndarray:
        """Answers, (n,), with the weights at the ``end`` or of the ``best`` epoch."""
        answers: np.ndarray = self.predictions[weights].argmax(axis=1)
        return answers

    def right(self, weights: str = "end") -> np.ndarray:
        """Whether each answer is right, bool (n,)."""
        right: np.ndarray = self.predicted(weights) == self.labels
        return right


@dataclass(frozen=True)
class Results:
    """Everything that a report is made from, but the test images.

    Attributes:
        experiments: The configured experiments, by name, in the configuration's order.
        runs: Those that could be read, by experiment (in that order) and seed.
        failures: Why a run could not be read, by run (``exp9/seed-0``).
    """

    experiments: dict[str, Experiment]
    runs: list[Run]
    failures: dict[str, str] = field(default_factory=dict)

    def of(self, experiment: str) -> list[Run]:
        """Give the runs of an experiment, by seed."""
        return [run for run in self.runs if run.experiment == experiment]

    def shown(self, experiment: str) -> Run | None:
        """Give the run that stands for an experiment, if there is one.

        It is the one of the lowest seed among those without caveats, or else among all:
        never chosen by its result.
        """
        runs = self.of(experiment)
        return next((run for run in runs if not run.caveats), runs[0] if runs else None)


def read_results(
    metrics: Loaders,
    histories: Loaders,
    predictions: Loaders,
    test: dict[str, np.ndarray],
    parameters: dict[str, Any],
    *evaluated: bool,
) -> Results:
    """Read whatever has run.

    Args:
        metrics: A function that loads the metrics, by run (``exp9/seed-0``).
        histories: The same for the histories.
        predictions: The same for the predictions.
        test: The test images; only their labels are used.
        parameters: All parameters; the blocks are complete.
        *evaluated: Flags that are not read: see `summarise_runs`.

    Raises:
        ValueError: If not a single run can be read.
    """
    # Kedro has validated the blocks of experiments that are part of the same run.
    experiments = {
        name: Experiment.model_validate(block)
        for name, block in parameters.items()
        if isinstance(block, Experiment) or is_experiment(block)
    }
    validation_images = parameters["validation_images"]
    runs: list[Run] = []
    failures: dict[str, str] = {}
    for key, load_metrics in metrics.items():
        try:
            run = _read_run(load_metrics(), histories[key](), predictions[key]())
            experiment = experiments[run.experiment]
            runs.append(_annotate(run, experiment, test["labels"], validation_images))
        except Exception as error:  # whatever the datasets and parsers raise
            failures[key] = f"{type(error).__name__}: {error}".splitlines()[0]
    if not runs:
        raise ValueError(f"No run can be read. Run them again: {failures}")
    order = list(experiments)
    runs.sort(key=lambda run: (order.index(run.experiment), run.seed))
    return Results(experiments, runs, failures)


def _read_run(
    metrics: dict[str, Any], history: pd.DataFrame, predictions: dict[str, np.ndarray]
) -> Run:
    return Run(
        metrics["experiment"], int(metrics["seed"]), metrics, history, predictions
    )


def _annotate(
    run: Run, experiment: Experiment, labels: np.ndarray, validation_images: int
) -> Run:
    """Add to a run why it stopped, and what stands against relying on it."""
    stop = find_stop(run.history, experiment.training)
    caveats = []
    if not stop:
        caveats.append(
            f"cut short: {len(run.history)} of up to "
            f"{experiment.training.epochs} epochs"
        )
    if changes := _changed_since(run, experiment, validation_images):
        caveats.append(f"made with other parameters: {', '.join(changes)}")
    if not np.array_equal(run.labels, labels):
        caveats.append("tested on other images")
    return replace(run, stop=stop, caveats=tuple(caveats))


def _changed_since(
    run: Run, experiment: Experiment, validation_images: int
) -> list[str]:
    """Name the parameters that a run had otherwise, as far as it recorded them."""
    provenance = run.metrics.get("provenance")
    if not provenance:
        return []
    block = {"name": experiment.name} | provenance["parameters"]
    then = Experiment.model_validate(block).model_dump()  # with defaults, as now
    changes = compare_blocks(then, experiment.model_dump())
    if provenance["validation_images"] != validation_images:
        images = (provenance["validation_images"], validation_images)
        changes["validation_images"] = images
    return [f"{key} {then}, now {now}" for key, (then, now) in changes.items()]


def compare_blocks(
    before: dict[str, Any], after: dict[str, Any]
) -> dict[str, tuple[Any, Any]]:
    """Find what differs between two blocks, apart from what only describes them.

    Args:
        before: A complete block.
        after: Another.

    Returns:
        The two values, by dotted key; None stands for a value that is not there, as it
        switches off what it is given for.
    """
    one, other = flatten(before), flatten(after)
    return {
        key: (one.get(key), other.get(key))
        for key in {**one, **other}
        if one.get(key) != other.get(key) and key.split(".")[0] not in DESCRIPTIVE_KEYS
    }


def flatten(block: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """List the leaves of nested sections by dotted key; lists are leaves."""
    leaves: dict[str, Any] = {}
    for key, value in block.items():
        if isinstance(value, dict):
            leaves |= flatten(value, f"{prefix}{key}.")
        elif value is not None:
            leaves[f"{prefix}{key}"] = value
    return leaves
