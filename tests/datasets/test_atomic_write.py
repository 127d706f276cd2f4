import os

import fsspec
import pytest

from cifar_kedro.datasets.atomic_write import replacing

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


@pytest.mark.parametrize("step", ["put_file", "mv"])
def test_a_failed_upload_leaves_the_old_file_and_nothing_else(monkeypatch, step):
    path = "/replacing/upload/file.txt"
    with replacing(MEMORY, path) as temporary:
        temporary.write_text("old")
    put_file = MEMORY.put_file

    def break_off(source, target):
        if step == "put_file":
            put_file(source, target)
        raise ConnectionError("reset by peer")

    monkeypatch.setattr(MEMORY, step, break_off)
    with pytest.raises(ConnectionError):
        with replacing(MEMORY, path) as temporary:
            temporary.write_text("new")
    assert MEMORY.cat_file(path) == b"old"
    assert MEMORY.ls("/replacing/upload", detail=False) == [path]
    assert not temporary.exists()


def test_what_killed_processes_left_is_removed_once_it_is_old(tmp_path):
    names = {
        "old": f".tmp-{'0' * 32}-file[1].txt",
        "fresh": f".tmp-{'1' * 32}-file[1].txt",  # somebody may be writing it
        "other": f".tmp-{'2' * 32}-file1.txt",
        "foreign": ".tmp-file[1].txt",
    }
    for age, name in names.items():
        (tmp_path / name).touch()
        if age != "fresh":
            os.utime(tmp_path / name, (0, 0))
    with replacing(LOCAL, str(tmp_path / "file[1].txt")):
        pass
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"file[1].txt", *names.values()} - {names["old"]}
