"""One table of all experiments and seeds that have run."""

import re
from typing import Any

import pandas as pd

from cifar_kedro.config.data import LabelledImages
from cifar_kedro.config.errors import SettingsError
from cifar_kedro.evaluation.data_sets import DataSet, choose_data_set, find_data_set
from cifar_kedro.evaluation.runs import (
    OTHER_DATA,
    UNREADABLE,
    Loaders,
    describe_error,
)
from cifar_kedro.evaluation.status import tell_status

# The original report's two objectives, test accuracies.
ARCHITECTURE_OBJECTIVE = 0.8  # without augmentation or transfer
AMBITION = 0.9
# Column of the summary -> the objective that it judges.
OBJECTIVES = {
    "meets_80_from_architecture": f"{100 * ARCHITECTURE_OBJECTIVE:.0f} % from the architecture alone",
    "meets_90": f"{100 * AMBITION:.0f} %",
}

# Column of the summary -> key in metrics.json, with a dot between levels.
_FIELDS = {
    "experiment": "experiment",
    "title": "title",
    "seed": "seed",
    "parameters": "parameters.total",
    "epochs": "epochs",
    "best_epoch": "best_epoch",
    "train_accuracy_end": "weights.end.train_accuracy",
    "train_accuracy_best": "weights.best.train_accuracy",
    "validation_accuracy_end": "weights.end.validation_accuracy",
    "validation_accuracy_best": "weights.best.validation_accuracy",
    "test_accuracy_end": "weights.end.test_accuracy",
    "test_accuracy_best": "weights.best.test_accuracy",
    "reported_test_accuracy": "reported.test_accuracy",
    "training_seconds": "training_seconds",
    "architecture_only": "architecture_only",
}

# Nullable types: the CSV leaves empty what is not known, and whole numbers stay whole.
_DTYPES = {
    "experiment": "string",
    "title": "string",
    "seed": "Int64",
    "status": "string",
    "parameters": "Int64",
    "epochs": "Int64",
    "best_epoch": "Int64",
    "train_accuracy_end": "Float64",
    "train_accuracy_best": "Float64",
    "validation_accuracy_end": "Float64",
    "validation_accuracy_best": "Float64",
    "test_accuracy_end": "Float64",
    "test_accuracy_best": "Float64",
    "reported_test_accuracy": "Float64",
    "difference_points": "Float64",
    "training_seconds": "Float64",
    "seconds_per_epoch": "Float64",
    "meets_80_from_architecture": "boolean",
    "meets_90": "boolean",
}


_NOTHING = (
    "Nothing has run yet: neither metrics nor failures were found. Run an experiment "
    "first, in the same environment: kedro run --pipelines exp0"
)


def summarise_runs(
    metrics: Loaders,
    failures: Loaders,
    histories: Loaders,
    test: LabelledImages,
    parameters: dict[str, Any],
    *evaluated: bool,
) -> pd.DataFrame:
    """Tabulate every experiment and seed that has run, or failed.

    Args:
        metrics: A function that loads the metrics, by run (``exp9/seed-0``).
        failures: A function that loads what `cifar_kedro.hooks.failures.FailureHooks`
            left, by run.
        histories: A function that loads the history, by run.
        test: The test images: which data set the table is about. Empty without them.
        parameters: Today's parameters, with which each run's are compared.
        *evaluated: A flag of each experiment in the same pipeline. Because of these
            inputs Kedro runs the summary after the experiments.

    Returns:
        One row per experiment and seed, in the order exp0, exp1, ..., exp8a, exp8b,
        exp9, exp10.

        - `status`: see `tell_status`; or ``unreadable:`` and why. Or ``other data:`` and
            which. Such runs have nothing else, nor has one that failed without metrics.
        - Accuracies are fractions.
        - `difference_points`: ours at the end of training less the reported one.
        - `meets_80_from_architecture` and `meets_90`: see `judge_objectives`.

    Raises:
        SettingsError: If nothing has run.
    """
    if not metrics and not failures:
        raise SettingsError(_NOTHING)
    runs = metrics.keys() | failures.keys()
    rows = [_read_run(run, metrics, failures, histories, parameters) for run in runs]
    seen = [(row["started"], row["data_set"]) for row in rows if "data_set" in row]
    data_set = choose_data_set(test, seen)
    return _tabulate([_leave_out_other_data(row, data_set) for row in rows])


def _leave_out_other_data(row: dict[str, Any], data_set: DataSet) -> dict[str, Any]:
    """Leave out the figures of a run on another data set."""
    seen = row.get("data_set", data_set)
    if seen == data_set:
        return row
    return {
        "experiment": row["experiment"],
        "seed": row["seed"],
        "status": f"{OTHER_DATA}: {seen.name}, {len(seen.class_names)} classes",
    }


def _tabulate(rows: list[dict[str, Any]]) -> pd.DataFrame:
    rows.sort(key=lambda row: (_natural_key(row["experiment"]), row["seed"]))
    table = pd.DataFrame(rows, columns=["status", *_FIELDS, *OBJECTIVES])
    accuracies = [column for column in table if "_accuracy" in column]
    table[accuracies] = table[accuracies].astype("Float64").round(4)
    table = table.astype({"training_seconds": "Float64"})
    return _add_comparisons(table)[[*_DTYPES]].astype(_DTYPES)


def _read_run(
    run: str,
    metrics: Loaders,
    failures: Loaders,
    histories: Loaders,
    parameters: dict[str, Any],
) -> dict[str, Any]:
    """Make the row of one run. If it cannot be read, its status says why."""
    experiment, _, seed = run.partition("/seed-")
    row = {"experiment": experiment, "seed": int(seed)}
    try:
        results = metrics[run]() if run in metrics else None
        failure = failures[run]() if run in failures else None
        columns = {} if results is None else _pick_columns(run, results)
        status = tell_status(results, failure, histories.get(run), parameters)
        return row | columns | {"status": status}
    except Exception as error:  # whatever the datasets and parsers raise
        return row | {"status": f"{UNREADABLE}: {describe_error(error)}"}


def _pick_columns(run: str, metrics: dict[str, Any]) -> dict[str, Any]:
    """Pick the summary's columns from one run's metrics."""
    flat = pd.json_normalize(metrics).to_dict("records")[0]
    if "reported" in flat:  # null: the original report has no such experiment
        flat["reported.test_accuracy"] = None
    if missing := [key for key in _FIELDS.values() if key not in flat]:
        raise ValueError(f"metrics.json lacks {', '.join(missing)}")
    if (named := f"{flat['experiment']}/seed-{flat['seed']}") != run:
        raise ValueError(
            f"metrics.json says that it is of {named}, expected {run}: files were moved "
            "or copied. Move them back, or delete them"
        )
    columns = {column: flat[key] for column, key in _FIELDS.items()}
    provenance = metrics.get("provenance") or {}
    about = {
        "data_set": find_data_set(provenance),
        "started": provenance.get("started", ""),
    }
    return (
        columns
        | about
        | judge_objectives(columns["test_accuracy_end"], columns["architecture_only"])
    )


def judge_objectives(accuracy: float, architecture_only: bool) -> dict[str, bool]:
    """Tell which of the original report's objectives a test accuracy meets.

    Args:
        accuracy: With the weights at the end of training, a fraction.
        architecture_only: Whether it comes from the architecture alone, without
            augmentation or transfer. Only then the first objective is judged.
    """
    accuracy = round(accuracy, 4)  # 0.9 in float32 is a little less than 0.9
    first = {"meets_80_from_architecture": accuracy >= ARCHITECTURE_OBJECTIVE}
    return (first if architecture_only else {}) | {"meets_90": accuracy >= AMBITION}


def _natural_key(name: str) -> list[str | int]:
    """Split a name, so that it sorts by its numbers: exp2 before exp10."""
    return [int(p) if p.isdigit() else p for p in re.split(r"(\d+)", name)]


def _add_comparisons(table: pd.DataFrame) -> pd.DataFrame:
    """Add the difference from the original report, and the time of an epoch."""
    difference = table["test_accuracy_end"] - table["reported_test_accuracy"]
    return table.assign(
        difference_points=(100 * difference).round(2),
        training_seconds=table["training_seconds"].round(2),
        seconds_per_epoch=(table["training_seconds"] / table["epochs"]).round(2),
    )
