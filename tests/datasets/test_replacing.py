import os

import fsspec
import pytest

from cifar_kedro.datasets.replacing import replacing

LOCAL, MEMORY = fsspec.filesystem("file"), fsspec.filesystem("memory")


@pytest.fixture(params=["file", "memory"])
def target(request, tmp_path):
    folder = {"file": tmp_path / "new", "memory": "/replacing"}[request.param]
    return fsspec.filesystem(request.param), f"{folder}/file.txt"


def test_writes_a_file_and_leaves_nothing_else(target):
    fs, path = target
    with replacing(fs, path) as temporary:
        assert temporary.suffix == ".txt"
        temporary.write_text("new")
    assert fs.cat_file(path) == b"new"
    assert fs.ls(fs._parent(path), detail=False) == [path]
    assert not temporary.exists()


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_file(target, error):
    fs, path = target
    with replacing(fs, path) as temporary:
        temporary.write_text("old")
    with pytest.raises(error):
        with replacing(fs, path) as temporary:
            temporary.write_text("half")
            raise error
    assert fs.cat_file(path) == b"old"
    assert not temporary.exists()


def test_the_file_has_the_permissions_of_any_other(tmp_path):
    (tmp_path / "other").touch()
    mask = os.umask(0o027)
    try:
        (tmp_path / "usual").touch()
        with replacing(LOCAL, str(tmp_path / "new")):
            pass
    finally:
        os.umask(mask)
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode
