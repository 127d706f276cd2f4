"""Experiment tracking with MLflow, where its address is given: docs/guides/tracking.md."""

import logging
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any

from kedro.config import MissingConfigException
from kedro.framework.hooks import hook_impl

from cifar_kedro.config.errors import MissingPackageError, ServerError
from cifar_kedro.datasets.base import copy_out, hide_secrets

logger = logging.getLogger(__name__)

# From its import on, mlflow reports its use to its makers unless told not to.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
# It prints the address of each run, and with it a password that the server's holds.
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")

# mlflow asks a server that is down for four minutes: patience for results, not for a start.
IMPATIENT = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",  # seconds
}

METRICS_AT_ONCE = 1000  # mlflow takes no more in one request


class TrackingHooks:
    """Logs each experiment that a ``kedro run`` evaluates as a run of MLflow.

    kedro-mlflow reads mlflow.yml and connects. Its own hooks are switched off in
    settings.py: they make one run of all experiments together, and ask the server before
    every node, so that a server that goes down would end the trainings.
    """

    _context: Any = None  # the session's; None where nothing is tracked
    _node: Any = None
    _evaluated: tuple[str, ...] = ()

    @hook_impl
    def after_context_created(self, context: Any) -> None:
        """Connect, if an address is given: before anything is trained.

        Raises:
            ModuleNotFoundError: If kedro-mlflow is not installed.
            ConnectionError: If the server does not answer, or refuses.
        """
        self._context = None
        if address := find_address(context.config_loader):
            _connect(context, address)
            self._context = context

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Forget an earlier run of the same process."""
        self._node, self._evaluated = None, ()

    @hook_impl
    def before_dataset_loaded(self, node: Any) -> None:
        """Remember the node at work: loading, running and saving may fail."""
        self._node = node

    @hook_impl
    def after_dataset_saved(self, dataset_name: str) -> None:
        """Note which experiments have been evaluated."""
        if dataset_name.endswith(".metrics"):
            self._evaluated += (dataset_name.removesuffix(".metrics"),)

    @hook_impl
    def after_pipeline_run(self, catalog: Any) -> None:
        """Log what was evaluated.

        Only now, with its figures; Kedro trains all experiments of a run before it
        evaluates the first.
        """
        self._log(catalog)

    @hook_impl
    def on_pipeline_error(self, error: Exception, pipeline: Any, catalog: Any) -> None:
        """Log what was evaluated, and the experiment that failed, as such."""
        name = self._node and self._node.namespace
        # Without metrics to come, the run was about figures or someone's own images.
        trained = name and f"{name}.metrics" in pipeline.all_outputs()
        self._log(catalog, name if trained else None, error)

    def _log(
        self, catalog: Any, failed: str | None = None, error: Exception | None = None
    ) -> None:
        if self._context is None:
            return
        from cifar_kedro.tracked_run import describe_evaluation, describe_failure

        left = [name for name in self._evaluated if name != failed]
        try:
            while left:
                metrics = catalog.load(f"{left[0]}.metrics")
                history = catalog.load(f"{left[0]}.history")
                files = _list_files(catalog, left[0], metrics)
                _send(self._context, describe_evaluation(metrics, history), files)
                left.pop(0)
            if failed and error:
                parameters = self._context.config_loader["parameters"]
                run = describe_failure(parameters, failed, self._node.name, error)
                _send(self._context, run, [])
        except Exception as reason:  # whatever mlflow, its stores and ours raise
            logger.warning("%s", explain_loss(left, reason))


def find_address(config_loader: Any) -> str | None:
    """Find MLflow's address where kedro-mlflow does; without one, nothing is tracked.

    Returns:
        ``server.mlflow_tracking_uri`` in mlflow.yml, or ``MLFLOW_TRACKING_URI``.
    """
    try:
        config = config_loader["mlflow"]
    except MissingConfigException:
        config = {}
    given = (config.get("server") or {}).get("mlflow_tracking_uri")
    return given or os.environ.get("MLFLOW_TRACKING_URI") or None


def explain_loss(names: list[str], reason: Exception) -> str:
    """Say what was not logged, and how to make up for it.

    Args:
        names: The experiments whose results are not in MLflow; if there are none, it was
            the failure of one.
        reason: Why.
    """
    if not names:
        return f"MLflow was not told of this failure: {_hide_secrets_in(reason)}"
    nodes = ",".join(f"{name}.evaluate_model_node" for name in names)
    return (
        f"MLflow has not got the results of {', '.join(names)}: {_hide_secrets_in(reason)}."
        " They are in their files all the same. To log them, with the --env and --params "
        f"of this run: kedro run --pipelines {','.join(names)} --nodes {nodes}"
    )


def _connect(context: Any, address: str) -> None:
    address = hide_secrets(address)
    remedy = (
        "or take the address away (`mlflow_tracking_uri` in mlflow.yml, "
        "MLFLOW_TRACKING_URI) to run without tracking"
    )
    if not find_spec("kedro_mlflow"):
        raise MissingPackageError(
            f"Runs are to be tracked at {address}, but kedro-mlflow is not installed: "
            f"pip install -c requirements.lock -e '.[mlflow]', {remedy}."
        )
    from kedro_mlflow.framework.hooks.mlflow_hook import MlflowHook
    from mlflow import MlflowException

    try:
        with _impatient():
            MlflowHook().after_context_created(context)
    except MlflowException as error:
        raise ServerError(
            f"Runs are to be tracked at {address}, but: {_hide_secrets_in(error)}. "
            f"Nothing was run. Start the server, {remedy}."
        ) from None  # its message may show a password


@contextmanager
def _impatient() -> Iterator[None]:
    ours = IMPATIENT.keys() - os.environ.keys()
    os.environ.update({name: IMPATIENT[name] for name in ours})
    try:
        yield
    finally:
        for name in ours:
            del os.environ[name]


def _list_files(catalog: Any, name: str, metrics: dict[str, Any]) -> list[Any]:
    """List the datasets of an experiment's models and figures that are there."""
    files = ["model", "best_model", "learning_curves"]
    if metrics["provenance"]["parameters"]["augmentation"]:
        files.append("augmented_images")
    datasets = [catalog.get(f"{name}.{file}") for file in files]
    return [dataset for dataset in datasets if dataset.exists()]


def _send(context: Any, run: Any, files: list[Any]) -> None:
    """Make a run of MLflow, of a `TrackedRun` and of datasets with a ``storage``."""
    from mlflow import MlflowClient
    from mlflow.tracking.context.registry import resolve_tags

    client = MlflowClient()
    group = client.get_experiment_by_name(context.mlflow.tracking.experiment.name)
    made = client.create_run(
        group.experiment_id, run.start, resolve_tags(run.tags), run.name
    )
    run_id = made.info.run_id
    try:
        _fill(client, run_id, run, files)
        client.set_terminated(run_id, run.status, run.end)
    except BaseException:
        # Not as a run that goes on; if the server is gone it can't be told.
        with suppress(Exception), _impatient():
            client.set_terminated(run_id, "KILLED")
        raise
    logger.info("%s: run %s of MLflow", run.name, run_id)


def _fill(client: Any, run_id: str, run: Any, files: list[Any]) -> None:
    from mlflow.entities import Metric, Param

    client.log_batch(run_id, params=[Param(*item) for item in run.parameters.items()])
    metrics = [Metric(*metric) for metric in run.metrics]
    for first in range(0, len(metrics), METRICS_AT_ONCE):
        client.log_batch(run_id, metrics[first : first + METRICS_AT_ONCE])
    for name, content in run.documents.items():
        client.log_dict(run_id, content, name)
    for dataset in files:
        fs, path = dataset.storage
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / PurePosixPath(path).name
            copy_out(fs, path, copy)
            client.log_artifact(run_id, str(copy))


def _hide_secrets_in(error: Exception) -> str:
    return re.sub(r"\S+://\S+", lambda address: hide_secrets(address[0]), str(error))
