"""The notebooks run from top to bottom on the sample, and are stored without outputs."""

from pathlib import Path

import nbformat
import pytest
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from kedro.framework.session import KedroSession
from nbclient import NotebookClient
from traitlets import default

from tests.helpers.project import copy_project

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
TINY = {
    "max_epochs": 1,
    "exp0": {"network": {"blocks": [{"filters": [2]}]}},
    "exp9": {"network": {"blocks": [{"filters": [2]}], "dense": [4]}},
}

each_notebook = pytest.mark.parametrize(
    "path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS]
)


class ThisPython(AsyncKernelManager):
    """Starts the python of this process, whatever kernels anyone has installed."""

    @default("kernel_spec_manager")
    def _look_in_no_folder(self):
        return KernelSpecManager(kernel_dirs=[])


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A project in which two tiny experiments have run, once for all notebooks."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        project = copy_project(tmp_path_factory.mktemp("finished"), monkeypatch)
        with KedroSession.create(
            project_path=project, env="sample", runtime_params=TINY
        ) as session:
            session.run(pipeline_names=["exp0", "exp9", "reporting"])
    return project


@each_notebook
def test_a_notebook_runs_on_what_a_run_has_written(finished, path, monkeypatch):
    folder = finished / "notebooks"
    folder.mkdir(exist_ok=True)
    for name, value in {
        "KEDRO_ENV": "sample",
        "KEDRO_DISABLE_TELEMETRY": "1",
        "PYTHONPATH": str(finished / "src"),
        "IPYTHONDIR": str(finished / ".ipython"),  # nobody's own start-up files
    }.items():
        monkeypatch.setenv(name, value)
    client = NotebookClient(
        nbformat.read(path, as_version=4),
        kernel_name="python3",
        kernel_manager_class=ThisPython,
        resources={"metadata": {"path": str(folder)}},
        timeout=300,
    )
    client.execute()  # raises what a cell raises


@each_notebook
def test_a_notebook_is_stored_without_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    done = [cell for cell in notebook.cells if cell.get("outputs")]
    counted = [cell for cell in notebook.cells if cell.get("execution_count")]
    assert not done and not counted
