"""What evaluation persisted of the runs, and how far it can be relied on."""

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
from cifar_kedro.evaluation.metrics import find_correct, measure
from cifar_kedro.evaluation.stopping import find_stop

logger = logging.getLogger(__name__)

Loaders = dict[str, Callable[[], Any]]

UNREADABLE = "unreadable"  # the status of a run whose files can't be relied on


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
        issues: Why it is not a result of the experiment as configured: its status in
            the summary, if not ``complete``, and what else; empty if it is.
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
        """The right classes of the test images."""
        return self.predictions["labels"]

    @property
    def macs(self) -> int | None:
        """Multiply-accumulates for one image; None of runs made before they were told."""
        layers = self.metrics.get("layers")
        return layers and sum(layer["macs"] for layer in layers)

    def predicted(self, weights: str = "end") -> np.ndarray:
        """Answers, (n,), with the weights at the ``end`` or of the ``best`` epoch."""
        answers: np.ndarray = self.predictions[weights].argmax(axis=1)
        return answers

    def correct(self, weights: str = "end") -> np.ndarray:
        """Whether each answer is right, bool (n,)."""
        return find_correct(self.predictions[weights], self.labels)

    right = correct  # the name that comparisons and claims use

    @property
    def caveats(self) -> tuple[str, ...]:
        """The issues, by the name that comparisons and claims use."""
        return self.issues

    def accuracy(self, weights: str = "end") -> float:
        """Accuracy on the test images, a fraction."""
        return measure(self.predictions[weights], self.labels)["test_accuracy"]


@dataclass(frozen=True)
class Results:
    """Everything that a report is made from, but the test images.

    Attributes:
        experiments: The configured experiments, by name, in the configuration's order.
        runs: Those that could be read, by experiment (in that order) and seed.
        failures: Why a run has nothing to show, by run (``exp9/seed-0``).
    """

    experiments: dict[str, Experiment]
    runs: list[Run]
    failures: dict[str, str] = field(default_factory=dict)

    def of(self, experiment: str) -> list[Run]:
        """Give the runs of an experiment, by seed."""
        return [run for run in self.runs if run.experiment == experiment]

    def representative(self, experiment: str) -> Run | None:
        """Give the run that stands for an experiment, if there is one.

        It is the one of the lowest seed among those without issues, or else among all:
        never chosen by its result.
        """
        runs = self.of(experiment)
        return next((run for run in runs if not run.issues), runs[0] if runs else None)

    shown = representative  # the name that comparisons and claims use

    def together(self, experiments: Iterable[str]) -> list[dict[str, Run]]:
        """Give the complete runs of several experiments that belong side by side.

        Returns:
            For each seed with which all of them have run, the runs by experiment; if
            there is no such seed, those of the lowest seeds; nothing if one has none.
        """
        complete = {
            name: {run.seed: run for run in self.of(name) if not run.issues}
            for name in experiments
        }
        if not all(complete.values()):
            return []
        shared = sorted(set.intersection(*map(set, complete.values())))
        if not shared:
            return [{name: runs[min(runs)] for name, runs in complete.items()}]
        return [
            {name: runs[seed] for name, runs in complete.items()} for seed in shared
        ]


def have_same_images(runs: Iterable[Run]) -> bool:
    """Tell whether runs were tested on images with the same right classes, in order."""
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
        histories: The same for the histories.
        predictions: The same for the predictions.
        test: The test images; only their labels are used. If it is empty, no run is held
            against them.
        parameters: All parameters; the blocks are complete.
    """
    experiments = _list_experiments(parameters)
    runs: list[Run] = []
    failures: dict[str, str] = {}
    for name, seed, status in summary[["experiment", "seed", "status"]].itertuples(
        index=False
    ):
        key = f"{name}/seed-{seed}"
        unreadable = status.startswith(UNREADABLE)
        if unreadable or key not in metrics or name not in experiments:
            failures[key] = status
            continue
        try:
            files = metrics[key](), histories[key](), predictions[key]()
            run = Run(name, int(seed), *files)
            runs.append(_annotate(run, experiments[name], test, status))
        except Exception as error:  # whatever the datasets and parsers raise
            failures[key] = f"{UNREADABLE}: {describe_error(error)}"
    _warn_of_unreadable(failures)
    order = list(experiments)
    runs.sort(key=lambda run: (order.index(run.experiment), run.seed))
    return Results(experiments, runs, failures)


def _warn_of_unreadable(failures: dict[str, str]) -> None:
    for key, reason in failures.items():
        if reason.startswith(UNREADABLE):
            logger.warning("%s is left out of the report: %s", key, reason)


def describe_error(error: Exception) -> str:
    """Say in one line what a reader raised; what Kedro's datasets raise names a file."""
    line = str(error).partition("\n")[0]
    return (
        line if isinstance(error, DatasetError) else f"{type(error).__name__}: {line}"
    )


def _list_experiments(parameters: dict[str, Any]) -> dict[str, Experiment]:
    """List the experiments that are validly configured."""
    experiments = {}
    for name, block in parameters.items():
        # Kedro has validated the blocks of experiments that are part of the same run.
        if isinstance(block, Experiment) or is_experiment(block):
            with suppress(ValidationError):  # only a run of it has to stop at this
                experiments[name] = Experiment.model_validate(block)
    return experiments


def _annotate(
    run: Run, experiment: Experiment, test: dict[str, np.ndarray], status: str
) -> Run:
    """Add to a run why it stopped, and what stands against relying on it."""
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
    """Tell whether a history is that of the training that was evaluated.

    A run that ended between training and evaluation leaves a new history beside older
    metrics.
    """
    pairs = [
        (len(history), metrics["epochs"]),
        (history["seconds"].sum(), metrics["training_seconds"]),
    ]
    return all(math.isclose(*pair, rel_tol=1e-6) for pair in pairs)
