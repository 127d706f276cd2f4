"""One table over all experiments and seeds that have run."""

import re
from collections.abc import Callable
from typing import Any

import pandas as pd

from cifar_kedro.config.data import LabelledImages
from cifar_kedro.config.errors import SettingsError
from cifar_kedro.evaluation.data_sets import DataSet, choose_data_set, find_data_set
from cifar_kedro.evaluation.runs import OTHER_DATA, UNREADABLE, describe_error
from cifar_kedro.evaluation.status import tell_status

Loader = Callable[[], dict[str, Any]]
LoadersByRun = dict[str, Loader]
LoadHistory = Callable[[], pd.DataFrame]

# The report's objectives: test accuracy, a fraction.
ARCHITECTURE_OBJECTIVE = 0.8  # from the architecture: no augmentation, no transfer
AMBITION = 0.9

# Column of the summary -> key in metrics.json, a dot for each level.
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

# Nullable types: what is not known stays empty in the CSV, whole numbers stay whole.
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
    metrics: LoadersByRun,
    failures: LoadersByRun,
    histories: dict[str, LoadHistory],
    test: LabelledImages,
    parameters: dict[str, Any],
    *evaluated: bool,
) -> pd.DataFrame:
    """Tabulate every experiment and seed that has run, or failed.

    Args:
        metrics: A function that loads the metrics, for each run found on disk; keys
            such as `exp9/seed-0`.
        failures: The same of what failed; see `cifar_kedro.hooks.failures.FailureHooks`.
        histories: The same of the histories, which tell how trainings ended.
        test: The test images, if they are there: which data set the table is about.
        parameters: Today's parameters, with which the runs' are compared.
        *evaluated: A flag of each experiment in the same pipeline. As inputs they make
            Kedro run the summary after the experiments, and draw the edges.

    Returns:
        One row per experiment and seed, in the order exp0, exp1, ..., exp8a, exp8b,
        exp9, exp10. `status` is described in `tell_status`, or ``unreadable: `` and why
        the metrics or the note of a failure can't be relied on; such a run, and one that
        failed before it had metrics, has nothing else; nor has one on ``other data``. Accuracies are fractions;
        `difference_points` is ours at the end of training less the reported one. The
        objectives are judged on the test accuracy at the end of training, and
        `meets_80_from_architecture` without augmentation and transfer only.

    Raises:
        SettingsError: If nothing has run.
    """
    if not metrics and not failures:
        raise SettingsError(_NOTHING)
    rows = [
        _read_run(
            *(run, metrics.get(run), failures.get(run), histories.get(run)), parameters
        )
        for run in metrics.keys() | failures.keys()
    ]
    seen = [(row["started"], row["data_set"]) for row in rows if "data_set" in row]
    data_set = choose_data_set(test, seen)
    return _tabulate([_leave_out_other_data(row, data_set) for row in rows])


def _leave_out_other_data(row: dict[str, Any], data_set: DataSet) -> dict[str, Any]:
    """Leave out the figures of a run on another data set: they say nothing of this one."""
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
    table = pd.DataFrame(rows, columns=["status", *_FIELDS])
    accuracies = [column for column in table if "_accuracy" in column]
    # Rounded before it is judged: a float32 accuracy of 0.9 is a little less than 0.9.
    table[accuracies] = table[accuracies].astype("Float64").round(4)
    table = table.astype({"training_seconds": "Float64"})
    return _add_judgements(table)[[*_DTYPES]].astype(_DTYPES)


def _read_run(
    run: str,
    metrics: Loader | None,
    failure: Loader | None,
    history: LoadHistory | None,
    parameters: dict[str, Any],
) -> dict[str, Any]:
    """Make the row of one run; what can't be read keeps no other run from the table."""
    experiment, _, seed = run.partition("/seed-")
    row = {"experiment": experiment, "seed": int(seed)}
    try:
        results, note = metrics and metrics(), failure and failure()
        columns = {} if results is None else _pick_columns(run, results)
        return (
            row | columns | {"status": tell_status(results, note, history, parameters)}
        )
    except Exception as error:  # whatever the datasets and parsers raise
        return row | {"status": f"{UNREADABLE}: {describe_error(error)}"}


def _pick_columns(run: str, metrics: dict[str, Any]) -> dict[str, Any]:
    """Pick the summary's columns from one run's metrics."""
    flat = pd.json_normalize(metrics).to_dict("records")[0]
    if "reported" in flat:  # null: the report has no such experiment
        flat["reported.test_accuracy"] = None
    if missing := [key for key in _FIELDS.values() if key not in flat]:
        raise ValueError(f"metrics.json lacks {', '.join(missing)}")
    if (named := f"{flat['experiment']}/seed-{flat['seed']}") != run:
        raise ValueError(
            f"metrics.json says that it is of {named}, expected {run}: files were moved "
            "or copied. Move them back, or delete them"
        )
    provenance = metrics.get("provenance") or {}
    return {column: flat[key] for column, key in _FIELDS.items()} | {
        "data_set": find_data_set(provenance),
        "started": provenance.get("started", ""),
    }


def _natural_key(name: str) -> list[str | int]:
    """Split a name so that it sorts by its numbers: exp2 before exp10."""
    return [int(p) if p.isdigit() else p for p in re.split(r"(\d+)", name)]


def _add_judgements(table: pd.DataFrame) -> pd.DataFrame:
    """Add the columns that compare with the report and with its objectives."""
    ours = table["test_accuracy_end"]
    architecture_only = table["architecture_only"].astype("boolean")
    return table.assign(
        difference_points=(100 * (ours - table["reported_test_accuracy"])).round(2),
        training_seconds=table["training_seconds"].round(2),
        seconds_per_epoch=(table["training_seconds"] / table["epochs"]).round(2),
        meets_80_from_architecture=(ours >= ARCHITECTURE_OBJECTIVE).where(
            architecture_only
        ),
        meets_90=ours >= AMBITION,
    )
