from functools import partial

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline
from kedro.runner import ParallelRunner, SequentialRunner, ThreadRunner

from cifar_kedro.config import Backbone
from cifar_kedro.datasets.atomic import JSONDataset
from cifar_kedro.hooks.checks import check_backbones, check_runner, check_selection
from cifar_kedro.models import network as models_network
from tests.helpers.experiments import make_experiment
from tests.helpers.project import files, run


def copy(*data):
    return data[0]


FIRST, SECOND, THIRD, LAST = (
    Node(copy, inputs=inputs, outputs=outputs, name=f"make_{outputs}_node")
    for inputs, outputs in (
        ("file", "first"),
        ("first", "second"),
        (["second", "file"], "third"),
        ("third", "end"),
    )
)
WHOLE = Pipeline([FIRST, SECOND, THIRD, LAST])


@pytest.fixture
def catalog(tmp_path):
    """Give files at both ends and before the last node, memory between."""
    paths = {n: str(tmp_path / f"{n}.json") for n in ("file", "third", "end")}
    on_disk = {n: JSONDataset(filepath=path) for n, path in paths.items()}
    return DataCatalog({**on_disk, "first": MemoryDataset(), "second": MemoryDataset()})


def test_nodes_that_lack_what_others_hand_on_are_refused_with_these(catalog):
    with pytest.raises(ValueError, match="take second, which has no file") as error:
        check_selection(Pipeline([THIRD, LAST]), WHOLE, catalog)
    assert str(error.value).endswith(": make_first_node,make_second_node")
    for complete in (WHOLE, Pipeline([LAST]), Pipeline([FIRST, SECOND])):
        check_selection(complete, WHOLE, catalog)


def test_what_is_in_memory_already_is_not_missing(catalog):
    catalog.save("second", [1])
    check_selection(Pipeline([THIRD]), WHOLE, catalog)


def test_what_no_node_makes_is_left_to_kedro(catalog):
    check_selection(Pipeline([SECOND]), Pipeline([SECOND]), catalog)


class Renamed(SequentialRunner):
    """Sequential, whatever it is called."""


class SideBySide(ThreadRunner):
    """Threads, whatever they are called."""


class NotSequential(SequentialRunner):
    """A child that is not like its parent."""

    def _get_executor(self, max_workers):
        return ThreadRunner()._get_executor(2)


class Elsewhere(SequentialRunner):
    def __str__(self):
        return "a runner of ours"


TRAINING = Pipeline([Node(copy, "file", "model", name="train")], namespace="exp0")
TRAINING = Pipeline(TRAINING.nodes, tags="modelling")


@pytest.mark.parametrize(
    "runner", [None, SequentialRunner(), SequentialRunner(is_async=True), Renamed()]
)
def test_trainings_run_one_after_the_other(catalog, runner):
    for pipeline in (TRAINING, WHOLE):
        check_runner(str(runner), pipeline, catalog)


@pytest.mark.parametrize(
    ("runner", "name"),
    [
        (ThreadRunner, "ThreadRunner"),
        (partial(ThreadRunner, max_workers=1), "ThreadRunner"),
        (ParallelRunner, "ParallelRunner"),
        (SideBySide, "SideBySide"),
        (NotSequential, "NotSequential"),
        (Elsewhere, "a runner of ours"),
    ],
)
def test_trainings_side_by_side_are_refused(catalog, runner, name):
    with pytest.raises(ValueError, match=f"received {name}, expected Seq") as error:
        check_runner(str(runner()), TRAINING, catalog)
    for part in ("trains or evaluates exp0.", "docs/guides/clusters.md", "kedro seeds"):
        assert part in str(error.value)


def test_without_a_training_threads_do_and_processes_where_files_do(catalog):
    check_runner(str(SideBySide()), WHOLE, catalog)
    check_runner(str(ParallelRunner()), Pipeline([LAST]), catalog)
    with pytest.raises(ValueError, match="passes on first, second in memory"):
        check_runner(str(ParallelRunner()), WHOLE, catalog)


@pytest.mark.parametrize("runner", [ThreadRunner, ParallelRunner])
def test_a_run_is_refused_before_anything_is_loaded(project, runner):
    with pytest.raises(ValueError, match=rf"received {runner.__name__}.* exp0, exp1"):
        run(project, "exp0", "exp1", runner=runner())
    assert not files(project)


def test_a_run_of_some_nodes_is_refused_with_those_that_it_lacks(project):
    with pytest.raises(ValueError, match=r"take results, .*: read_results_node$"):
        run(project, "reporting", node_names=["write_report_node"])


def test_weights_to_start_from_are_fetched_before_the_first_training(project):
    weights = {"exp12": {"network": {"backbone": {"weights": "no/such/file.h5"}}}}
    with pytest.raises(FileNotFoundError, match=r"received '.*no/such/file\.h5'"):
        run(project, "exp0", "exp12", params=weights)
    assert not files(project)


def test_weights_are_fetched_only_for_what_is_trained(monkeypatch, tmp_path):
    built = []
    monkeypatch.setattr(models_network, "build_network", built.append)
    ends = {"up_to": "block1_pool", "trainable_from": "block1_pool"}
    backbone = Backbone(name="vgg16", weights=None, **ends)
    network = make_experiment().network.model_copy(update={"backbone": backbone})
    experiment = make_experiment().model_copy(update={"network": network})
    model = JSONDataset(filepath=str(tmp_path / "model.json"))
    catalog = DataCatalog({"a.model": model})
    catalog["params:a"], catalog["params:b"] = experiment, make_experiment()
    train = Node(copy, "checkpoint", "model", name="train")
    both = Pipeline([train], namespace="a") + Pipeline([train], namespace="b")
    check_backbones(both, catalog, only_missing=True)
    assert built == [network]  # b has no backbone
    model.save([])
    check_backbones(both, catalog, only_missing=True)
    assert built == [network]
    check_backbones(both, catalog, only_missing=False)
    assert built == [network] * 2


def test_the_command_line_and_its_configuration_file_are_checked_too(project):
    from click.testing import CliRunner
    from kedro.framework.cli.project import run as kedro_run

    (project / "run.yml").write_text(
        "run: {pipelines: exp0, runner: ThreadRunner, env: sample}\n"
    )
    for arguments in (
        ["--env", "sample", "--pipelines", "exp0", "--runner", "ThreadRunner"],
        ["--config", str(project / "run.yml")],
    ):
        result = CliRunner().invoke(kedro_run, arguments)
        assert "received ThreadRunner" in result.output
    assert not files(project)
