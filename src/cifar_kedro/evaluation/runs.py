"""What evaluation saved of each run, and how far it can be relied on."""

import logging
import math
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from kedro.io import DatasetError
from pydantic import ValidationError

from cifar_kedro.config import Experiment
from cifar_kedro.config.inheritance import is_experiment
from cifar_kedro.evaluation.data_sets import CIFAR10, DataSet, find_data_set
from cifar_kedro.evaluation.metrics import find_correct, measure
from cifar_kedro.evaluation.stopping import find_stop

logger = logging.getLogger(__name__)

Loaders = dict[str, Callable[[], Any]]

# The status of a run whose files can't be relied on, and of one on another data set.
UNREADABLE = "unreadable"
OTHER_DATA = "other data"


@dataclass(frozen=True)
class Run:
    """One experiment, trained and tested once.

    Attributes:
        experiment: Its name.
        seed: The run's seed.
        metrics: What evaluation measured.
        history: One row per epoch.
        predictions: Of the test images. ``end`` and ``best`` are class probabilities,
            float32 (n, classes), and ``labels`` is (n,).
        stop: What ended the training; None if nothing in the settings explains it.
        issues: Why it is no result of the experiment as configured. Empty if it is one.
    """

    experiment: str
    seed: int
    metrics: dict[str, Any]
    history: pd.DataFrame
    predictions: dict[str, np.ndarray]
    stop: str | None = None
    issues: tuple[str, ...] = ()

    @property
    def labels(self) -> np.ndarray:
        """The labels of the test images, (n,)."""
        return self.predictions["labels"]

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes, by label."""
        return find_data_set(self.metrics.get("provenance")).class_names

    @property
    def macs(self) -> int | None:
        """MACs for one image; None if the run was made before they were counted."""
        layers = self.metrics.get("layers")
        return layers and sum(layer["macs"] for layer in layers)

    def predicted(self, weights: str = "end") -> np.ndarray:
        """The predicted classes, (n,), with the weights at the ``end`` or the ``best``."""
        predicted: np.ndarray = self.predictions[weights].argmax(axis=1)
        return predicted

    def correct(self, weights: str = "end") -> np.ndarray:
        """Whether each prediction is correct, bool (n,)."""
        return find_correct(self.predictions[weights], self.labels)

    def accuracy(self, weights: str = "end") -> float:
        """The test accuracy, a fraction."""
        return measure(self.predictions[weights], self.labels)["test_accuracy"]


@dataclass(frozen=True)
class Results:
    """Everything that the report page is made from, except the test images.

    Attributes:
        experiments: The experiments by name, in the order of the configuration.
        runs: The runs that could be read, in the order of experiments and seeds.
        failures: Why a run is left out, by run (``exp9/seed-0``).
        data_set: Of all runs.
    """

    experiments: dict[str, Experiment]
    runs: list[Run]
    failures: dict[str, str] = field(default_factory=dict)
    data_set: DataSet = CIFAR10

    @property
    def is_original(self) -> bool:
        """Whether the runs are on the original report's data set."""
        return self.data_set.name == CIFAR10.name

    def of(self, experiment: str) -> list[Run]:
        """Give the runs of an experiment, by seed."""
        return [run for run in self.runs if run.experiment == experiment]

    def representative(self, experiment: str) -> Run | None:
        """Choose the run that represents an experiment; None if it has no run.

        It has the lowest seed of the runs without issues, or else of all runs. Its
        result has no say.
        """
        runs = self.of(experiment)
        return next((run for run in runs if not run.issues), runs[0] if runs else None)

    def together(self, experiments: Iterable[str]) -> list[dict[str, Run]]:
        """Put the complete runs of several experiments side by side.

        Returns:
            The runs by experiment, for each seed that all experiments have. Without a
            common seed: the run of the lowest seed of each. Nothing if one has no run.
        """
        complete = {
            name: {run.seed: run for run in self.of(name) if not run.issues}
            for name in experiments
        }
        if not all(complete.values()):
            return []
        shared = sorted(set.intersection(*map(set, complete.values())))
        return [
            {name: runs[seed] for name, runs in complete.items()} for seed in shared
        ] or [{name: runs[min(runs)] for name, runs in complete.items()}]


def have_same_images(runs: Iterable[Run]) -> bool:
    """Tell whether runs were tested on images with the same labels, in the same order."""
    first, *others = runs
    return all(np.array_equal(first.labels, other.labels) for other in others)


def read_results(
    summary: pd.DataFrame,
    metrics: Loaders,
    histories: Loaders,
    predictions: Loaders,
    test: dict[str, np.ndarray],
    parameters: dict[str, Any],
) -> Results:
    """Read whatever has run.

    Args:
        summary: What `summarise_runs` gives: a row for each run, with its status.
        metrics: A function that loads the metrics, by run (``exp9/seed-0``).
        histories: A function that loads the history, by run.
        predictions: A function that loads the predictions, by run.
        test: The test images, whose labels every run must have. Empty: not compared.
        parameters: All parameters, experiments complete with what they inherit.
    """
    experiments = _list_experiments(parameters)
    runs: list[Run] = []
    failures: dict[str, str] = {}
    for row in summary.itertuples():
        name, key = row.experiment, f"{row.experiment}/seed-{row.seed}"
        left_out = row.status.startswith((UNREADABLE, OTHER_DATA))
        if left_out or key not in metrics or name not in experiments:
            failures[key] = row.status
            continue
        try:
            files = metrics[key](), histories[key](), predictions[key]()
            run = Run(name, int(row.seed), *files)
            runs.append(_annotate(run, experiments[name], test, row.status))
        except Exception as error:  # whatever the datasets and parsers raise
            failures[key] = f"{UNREADABLE}: {describe_error(error)}"
    _warn_of_what_is_left_out(failures)
    data_set = find_data_set(runs[0].metrics.get("provenance")) if runs else CIFAR10
    order = list(experiments)
    runs.sort(key=lambda run: (order.index(run.experiment), run.seed))
    results = Results(experiments, runs, failures, data_set)
    return results if results.is_original else _without_original(results)


def _warn_of_what_is_left_out(failures: dict[str, str]) -> None:
    for key, reason in failures.items():
        if reason.startswith((UNREADABLE, OTHER_DATA)):
            logger.warning("%s is left out of the report page: %s", key, reason)


def describe_error(error: Exception) -> str:
    """Describe in one line what a reader raised."""
    line = str(error).partition("\n")[0]
    if isinstance(error, DatasetError):  # its message names the file
        return line
    return f"{type(error).__name__}: {line}"


def _list_experiments(parameters: dict[str, Any]) -> dict[str, Experiment]:
    """List the experiments that are validly configured."""
    experiments = {}
    for name, block in parameters.items():
        # Kedro has already validated the experiments of the same run.
        if isinstance(block, Experiment) or is_experiment(block):
            with suppress(ValidationError):  # it must stop its own runs alone
                experiments[name] = Experiment.model_validate(block)
    return experiments


def _without_original(results: Results) -> Results:
    """Leave out the original report's figures, which are of CIFAR-10."""
    experiments = {
        name: experiment.model_copy(update={"reported": None})
        for name, experiment in results.experiments.items()
    }
    return replace(results, experiments=experiments)


def _annotate(
    run: Run, experiment: Experiment, test: dict[str, np.ndarray], status: str
) -> Run:
    """Add to a run why its training stopped, and its issues."""
    issues = [] if status == "complete" else [status]
    if test and not np.array_equal(run.labels, test["labels"]):
        issues.append("tested on other images")
    if not _belong_together(run):
        issues.append("history, metrics and predictions of different trainings")
    stop = find_stop(run.history, experiment.training)
    return replace(run, stop=stop, issues=tuple(issues))


def _belong_together(run: Run) -> bool:
    """Tell whether the files of a run are those of one training."""
    measured = run.metrics["weights"]["end"]["test_accuracy"]
    return is_history_of(run.history, run.metrics) and math.isclose(
        run.accuracy(), measured, rel_tol=1e-6
    )


def is_history_of(history: pd.DataFrame, metrics: dict[str, Any]) -> bool:
    """Tell whether a history is of the training that was evaluated.

    A run that stops between training and evaluation leaves a new history beside the
    metrics of the run before.
    """
    pairs = [
        (len(history), metrics["epochs"]),
        (history["seconds"].sum(), metrics["training_seconds"]),
    ]
    return all(math.isclose(*pair, rel_tol=1e-6) for pair in pairs)
