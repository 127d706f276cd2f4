"""Experiment tracking with MLflow, where its address is given: docs/guides/tracking.md."""

import logging
import os
from datetime import datetime
from importlib.util import find_spec
from typing import Any

import pandas as pd
from kedro.framework.hooks import hook_impl

from cifar_kedro.config import Experiment
from cifar_kedro.config.errors import MissingPackageError, ServerError
from cifar_kedro.datasets.base import hide_secrets, hide_secrets_in

logger = logging.getLogger(__name__)

# By itself mlflow reports its use to its makers, prints the addresses of runs with their
# passwords, and asks a server that is down for four minutes: here for half of one.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "4")

FILES = ("metrics", "model", "best_model", "learning_curves", "augmented_images")


class TrackingHooks:
    """Logs each experiment that a ``kedro run`` evaluates as a run of MLflow.

    kedro-mlflow connects. Its own hooks are switched off in settings.py: they make one run
    of all experiments together, and end the trainings when a server goes down.
    """

    @hook_impl
    def after_context_created(self, context: Any) -> None:
        """Connect before anything is trained, if an address is given."""
        server = context.config_loader["mlflow"].get("server", {})
        address = server.get("mlflow_tracking_uri") or os.getenv("MLFLOW_TRACKING_URI")
        self._group = _connect(context, hide_secrets(address)) if address else None
        self._nodes: dict[str, Any] = {}

    @hook_impl
    def before_dataset_loaded(self, node: Any) -> None:
        """Remember what is run. The last may fail to load, to run or to save."""
        self._nodes[node.name] = node

    @hook_impl
    def after_pipeline_run(self, catalog: Any) -> None:
        """Log what was evaluated: only now its figures are there."""
        self._log(catalog)

    @hook_impl
    def on_pipeline_error(self, error: Exception, catalog: Any) -> None:
        """Log what was evaluated, and the experiment that failed, as such."""
        self._log(catalog, error)

    def _log(self, catalog: Any, error: Exception | None = None) -> None:
        nodes = list(self._nodes.values())
        failed = nodes.pop() if error and nodes else None
        left = [n.namespace for n in nodes if f"{n.namespace}.metrics" in n.outputs]
        try:
            while self._group and left:
                _log_evaluation(self._group, catalog, left[0])
                left.pop(0)
            if self._group and failed and "modelling" in failed.tags:
                _log_failure(self._group, catalog, failed, type(error).__name__)
        except Exception as reason:  # whatever mlflow, its stores and ours raise
            logger.warning(
                "MLflow has not got %s: %s. To log results later, with this run's --env "
                "and --params: kedro run --pipelines NAME --nodes NAME.evaluate_model_node",
                f"the results of {', '.join(left)}" if left else "this failure",
                hide_secrets_in(str(reason)),
            )


def _connect(context: Any, address: str) -> Any:
    """Connect; give the id of MLflow's experiment, which groups runs."""
    refusal = (
        f"Runs are to be tracked at {address}. Nothing was run: %s. To run without, take "
        "the address away (`mlflow_tracking_uri` in mlflow.yml, MLFLOW_TRACKING_URI)"
    )
    if not find_spec("kedro_mlflow"):
        install = "pip install -c requirements.lock -e '.[mlflow]'"
        raise MissingPackageError(refusal % f"kedro-mlflow is not installed: {install}")
    from kedro_mlflow.framework.hooks.mlflow_hook import MlflowHook
    from mlflow import MlflowException, get_experiment_by_name

    try:
        MlflowHook().after_context_created(context)
        name = context.mlflow.tracking.experiment.name
        return get_experiment_by_name(name).experiment_id
    except MlflowException as error:
        raise ServerError(refusal % hide_secrets_in(str(error))) from None


def _log_evaluation(group: str, catalog: Any, name: str) -> None:
    import mlflow

    metrics, history = catalog.load(f"{name}.metrics"), catalog.load(f"{name}.history")
    origin = metrics["provenance"]  # today's parameters may be others
    start = round(1000 * datetime.fromisoformat(origin["started"]).timestamp())
    end = start + round(1000 * origin["seconds"])
    tags = {"mlflow.source.git.commit": origin["code"]["commit"] or "unknown"}
    tags["architecture_only"] = str(metrics["architecture_only"]).lower()
    client, run_id = _create_run(group, origin, tags, start)
    mlflow.log_metrics(list_scores(metrics), run_id=run_id, timestamp=end)
    times = start + (1000 * history["seconds"].cumsum()).round().astype("int64")
    curves = history.assign(time=times).melt(["epoch", "time"])
    points = curves[["variable", "value", "time", "epoch"]].itertuples(index=False)
    client.log_batch(run_id, [mlflow.entities.Metric(*point) for point in points])
    for dataset in (catalog.get(f"{name}.{file}") for file in FILES):
        if dataset.exists():
            fs, path = dataset.storage
            with fs.open(path, "rb") as file:
                client.log_stream(run_id, file, path.rpartition("/")[2])
    client.set_terminated(run_id, "FINISHED", end)


def _log_failure(group: str, catalog: Any, node: Any, error: str) -> None:
    """Log no message: those of other packages may show a password."""
    block = Experiment.model_validate(catalog.load(f"params:{node.namespace}"))
    origin = catalog.load("parameters") | {"parameters": block.model_dump()}
    failure = {"failed_node": node.name, "error": error}
    client, run_id = _create_run(group, origin, failure)
    client.set_terminated(run_id, "FAILED")


def _create_run(group: str, origin: Any, tags: Any, start: int | None = None) -> Any:
    import mlflow
    from mlflow.tracking.context.registry import resolve_tags

    experiment, client = origin["parameters"], mlflow.MlflowClient()
    tags["experiment"] = experiment["name"]
    tags["mlflow.note.content"] = experiment["title"]  # shown as the description
    tags["mlflow.source.name"] = "cifar_kedro"
    name = f"{experiment['name']}, seed {origin['seed']}"
    run_id = client.create_run(group, start, resolve_tags(tags), name).info.run_id
    client.set_terminated(run_id, "KILLED")  # so it stays if not all of it arrives
    settings = {key: origin[key] for key in ("seed", "validation_images", "max_epochs")}
    leaves = pd.json_normalize(experiment | settings).to_dict("records")[0]
    mlflow.log_params(leaves, run_id=run_id)
    return client, run_id


def list_scores(metrics: dict[str, Any]) -> dict[str, float]:
    """List what a run is compared by, named as in the summary: ``test_accuracy_end``."""
    scores = metrics["weights"] | {"views": metrics["test_time_views"] or {}}
    counts = {key: metrics[key] for key in ("epochs", "best_epoch", "training_seconds")}
    counts["parameters"] = metrics["parameters"]["total"]
    return counts | {f"{s}_{w}": scores[w][s] for w in scores for s in scores[w]}
