"""What survives while a table, JSON, a text, a figure or a chart is replaced, and what a reader sees."""

import errno
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import fsspec
import pandas as pd
import pytest
from fsspec.implementations.local import LocalFileOpener
from kedro.io import DatasetError, Version
from matplotlib.figure import Figure
from plotly import graph_objects

from cifar_kedro.datasets import atomic_plotly
from cifar_kedro.datasets.atomic import (
    CSVDataset,
    JSONDataset,
    MatplotlibDataset,
    TextDataset,
)

TEMPORARY = r"\.tmp-[0-9a-f]{32}-file\.txt"
SIZES = (3, 20_000)  # rows of the old and of the new file


def make_data(kind, size):
    if kind is MatplotlibDataset:
        return Figure(figsize=(1 + size / SIZES[1], 1))
    if kind is atomic_plotly.JSONDataset:
        return graph_objects.Figure(graph_objects.Scatter(y=[*range(size)]))
    if kind is TextDataset:
        return "a" * size
    return pd.DataFrame({"a": range(size)}) if kind is CSVDataset else [*range(size)]


def count(kind, data):
    """Give the size of what `make_data` has made."""
    return len(data.data[0].y if kind is atomic_plotly.JSONDataset else data)


@pytest.fixture(
    params=[
        *(CSVDataset, JSONDataset, MatplotlibDataset, TextDataset),
        atomic_plotly.JSONDataset,
    ]
)
def kind(request):
    return request.param


@pytest.fixture(params=["file", "memory"])
def folder(request, tmp_path):
    if request.param == "file":
        yield tmp_path / "new"
    else:
        yield "memory://atomic/new"
        fsspec.filesystem("memory").store.clear()


@pytest.fixture
def dataset(kind, folder):
    return kind(filepath=f"{folder}/file.txt")


def read(dataset):
    return dataset._fs.cat_file(str(dataset._filepath))


def list_names(dataset):
    paths = dataset._fs.find(str(dataset._filepath.parent))
    return [Path(path).name for path in paths]


def test_the_last_save_is_what_is_there_and_nothing_else(dataset, kind):
    for size in SIZES:
        dataset.save(make_data(kind, size))
    assert list_names(dataset) == ["file.txt"]
    if kind is not MatplotlibDataset:
        assert count(kind, dataset.load()) == SIZES[1]
        assert list_names(dataset) == ["file.txt"]


def test_whoever_copies_the_file_finds_it(dataset, kind, tmp_path):
    dataset.save(make_data(kind, 3))
    fs, path = dataset.storage
    fs.get_file(path, str(tmp_path / "copy"))
    assert (tmp_path / "copy").read_bytes() == read(dataset)


def test_previews_are_kedros(dataset, kind):
    dataset.save(make_data(kind, 3))
    (base,) = (c for c in kind.__mro__ if c.__module__.startswith("kedro_datasets."))
    if kind is TextDataset:  # kedro-viz shows none of texts
        assert not hasattr(base, "preview") and not hasattr(kind, "preview")
        return
    assert kind.preview is base.preview
    assert dataset.preview()


def test_versions_are_kept(kind, tmp_path):
    paths = []
    for save in ("1", "2"):
        dataset = kind(filepath=str(tmp_path / "file.txt"), version=Version(None, save))
        dataset.save(make_data(kind, 3))
        paths.append(tmp_path / "file.txt" / save / "file.txt")
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == paths


class Broken(Exception): ...


@pytest.fixture
def fail_midway(monkeypatch):
    """Make the file system write half of what it is given, and then fail."""

    def arrange(error: BaseException) -> None:
        def write(opened, content):
            opened.f.write(content[: len(content) // 2])
            raise error

        monkeypatch.setattr(LocalFileOpener, "write", write, raising=False)

    return arrange


@pytest.mark.parametrize("error", [Broken("on fire"), KeyboardInterrupt()])
def test_a_failed_save_leaves_the_old_file_alone(dataset, kind, fail_midway, error):
    dataset.save(make_data(kind, SIZES[0]))
    before = read(dataset)
    fail_midway(error)
    with pytest.raises((DatasetError, KeyboardInterrupt)):
        dataset.save(make_data(kind, SIZES[1]))
    assert read(dataset) == before
    assert list_names(dataset) == ["file.txt"]


def test_a_full_disk_is_told_with_what_and_where_and_how_large(
    dataset, kind, fail_midway
):
    dataset.save(make_data(kind, SIZES[0]))
    before = read(dataset)
    fail_midway(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    with pytest.raises(
        DatasetError,
        match=r"file\.txt was not written: No space left on device\. It had reached "
        r"\d+\.\d MB; \d+\.\d MB are free in /.* Make room, or set another folder",
    ):
        dataset.save(make_data(kind, SIZES[1]))
    assert read(dataset) == before


LIMITED = """
import resource, sys
import pandas as pd
from cifar_kedro.datasets.atomic import CSVDataset
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
CSVDataset(filepath=sys.argv[1]).save(pd.DataFrame({"a": range(100_000)}))
"""


def test_a_real_bound_on_files_is_told_and_the_old_file_kept(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, path],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (
        f"{path} was not written: File too large. It had reached 0.1 MB" in done.stderr
    )
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


STALLED = """
import sys, time
import pandas as pd
from cifar_kedro.datasets.atomic import CSVDataset
class Stall:
    def __str__(self):
        print("half of it is written", flush=True)
        time.sleep(60)
CSVDataset(filepath=sys.argv[1]).save(pd.DataFrame({"a": [*range(100_000), Stall()]}))
"""


def test_a_killed_process_leaves_the_old_file_and_one_file_that_tells_what_it_is(
    tmp_path,
):
    path = tmp_path / "file.txt"
    dataset = CSVDataset(filepath=str(path))
    dataset.save(make_data(CSVDataset, SIZES[0]))
    with subprocess.Popen(
        [sys.executable, "-c", STALLED, path], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout and process.stdout.readline() == "half of it is written\n"
        process.send_signal(signal.SIGKILL)
    assert len(dataset.load()) == SIZES[0]
    (left,) = (other for other in tmp_path.iterdir() if other != path)
    assert re.fullmatch(TEMPORARY, left.name)
    assert left.stat().st_size > 100_000
    os.utime(left, (0, 0))  # as if it had lain there for long
    dataset.save(make_data(CSVDataset, SIZES[1]))
    assert list(tmp_path.iterdir()) == [path]


def test_a_reader_never_sees_half_a_file(dataset, kind):
    whole = set()
    for size in SIZES:
        dataset.save(make_data(kind, size))
        whole.add(read(dataset))

    def write() -> None:
        for turn in range(20):
            dataset.save(make_data(kind, SIZES[turn % 2]))

    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    while writer.is_alive():
        seen.add(read(dataset))
    writer.join()
    assert seen <= whole


def test_json_is_deleted_if_it_is_there(folder):
    dataset = JSONDataset(filepath=f"{folder}/file.txt")
    dataset.delete()
    dataset.save([1])
    dataset.delete()
    assert not dataset.exists()
