"""Checks before a run begins: can it end well, and are its results correct?"""

from collections.abc import Iterator
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import MemoryDataset
from kedro.pipeline import Pipeline
from kedro.runner import AbstractRunner, SequentialRunner, ThreadRunner

from cifar_kedro.config import Experiment
from cifar_kedro.config.errors import SettingsError


def check_selection(pipeline: Pipeline, whole: Pipeline, catalog: Any) -> None:
    """Refuse a selection of nodes that lacks data which other nodes pass on in memory.

    Args:
        pipeline: The nodes to run.
        whole: All nodes of the pipelines from which they were selected.
        catalog: The run's catalog.

    Raises:
        SettingsError: If the input of a node has no file, and no node makes it.
    """
    completed, lacking = pipeline, _list_lacking(pipeline, catalog)
    while missing := _list_lacking(completed, catalog):
        makers = whole.only_nodes_with_outputs(*missing)
        if not makers.nodes:  # then Kedro reports it
            return
        completed += makers
    added = [node.name for node in completed.nodes if node not in pipeline.nodes]
    if added:
        raise SettingsError(
            f"These nodes take {', '.join(lacking)}, which has no file: other nodes pass "
            "it on in memory. Select those nodes, too, with --nodes or --from-nodes: "
            f"{','.join(added)}"
        )


def _list_lacking(pipeline: Pipeline, catalog: Any) -> list[str]:
    """List the inputs that should come from memory, but are not there."""
    names = sorted(pipeline.inputs())
    return [n for n in names if _in_memory(catalog, n) and not catalog.exists(n)]


def _in_memory(catalog: Any, name: str) -> bool:
    return isinstance(catalog.get(name), MemoryDataset)


def check_runner(runner: str, pipeline: Pipeline, catalog: Any) -> None:
    """Refuse a runner with which a run would fail, or give other results.

    Seeds and dtype policy belong to the process. So trainings in one process must run one
    after the other. Data that is passed on in memory stays in its process, too.

    Args:
        runner: The runner as text, as Kedro shows it to hooks.
        pipeline: The nodes to run.
        catalog: The run's catalog.

    Raises:
        SettingsError: If the run needs a `SequentialRunner`, and has another runner.
    """
    classes = _find_runner_classes(runner)
    if runner == "None" or (classes and all(map(_is_sequential, classes))):
        return
    threads = bool(classes) and all(issubclass(c, ThreadRunner) for c in classes)
    if reason := _explain_need(pipeline, catalog, threads):
        name = classes[0].__name__ if classes else runner
        raise SettingsError(
            f"--runner: received {name}, expected SequentialRunner, Kedro's default. "
            f"{reason} Leave --runner out. For several trainings at once, start a process "
            "for each experiment, or use Airflow: docs/guides/clusters.md. For several seeds: "
            "kedro seeds."
        )


def _explain_need(pipeline: Pipeline, catalog: Any, threads: bool) -> str | None:
    """Say why a run needs a sequential runner, if it does."""
    nodes = pipeline.only_nodes_with_tags("modelling").nodes
    if trained := sorted({str(node.namespace) for node in nodes}):
        return (
            f"This run trains or evaluates {', '.join(trained)}. Seeds and dtype policy "
            "belong to the process. Trainings that share them at the same time would give "
            "other results."
        )
    between = pipeline.datasets() - pipeline.inputs() - pipeline.outputs()
    handed_on = sorted(name for name in between if _in_memory(catalog, name))
    if handed_on and not threads:
        return (
            f"This run passes on {', '.join(handed_on)} in memory, which other processes "
            "do not see."
        )
    return None


def _find_runner_classes(runner: str) -> list[type[AbstractRunner]]:
    """Find the class of a runner from its text, ``<package.Class object at 0x...>``.

    Several classes may have the name, for example after a module was loaded again.
    """
    return [
        found
        for found in _walk_subclasses(AbstractRunner)
        if runner.startswith(f"<{found.__module__}.{found.__qualname__} object")
    ]


def _walk_subclasses(base: Any) -> Iterator[Any]:
    for subclass in base.__subclasses__():
        yield subclass
        yield from _walk_subclasses(subclass)


def _is_sequential(runner: type[AbstractRunner]) -> bool:
    return (
        issubclass(runner, SequentialRunner)
        and runner._get_executor is SequentialRunner._get_executor
    )


def check_backbones(pipeline: Pipeline, catalog: Any, only_missing: bool) -> None:
    """Fetch the weights that trainings start from, before the first training.

    Args:
        pipeline: The nodes to run.
        catalog: The run's catalog.
        only_missing: Whether Kedro leaves out nodes whose outputs exist.

    Raises:
        MissingFileError: If they are not available.
    """
    for dataset in sorted(pipeline.inputs()):
        name, _, kind = dataset.rpartition(".")
        if kind != "checkpoint" or (only_missing and catalog.exists(f"{name}.model")):
            continue
        experiment = Experiment.model_validate(catalog.load(f"params:{name}"))
        if experiment.network.backbone:
            from cifar_kedro.models.network import build_network

            build_network(experiment.network)


class CheckHooks:
    """Refuses a run that could not end well, or whose results would be wrong."""

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Any, catalog: Any
    ) -> None:
        """Check the run before anything is loaded.

        Raises:
            SettingsError: If it needs another runner, or more nodes.
            MissingFileError: If weights that a training starts from are not available.
        """
        names = run_params["pipeline_names"] or ["__default__"]
        whole = sum((pipelines[name] for name in names), Pipeline([]))
        check_runner(run_params["runner"], pipeline, catalog)
        check_selection(pipeline, whole, catalog)
        check_backbones(pipeline, catalog, run_params["only_missing_outputs"])
