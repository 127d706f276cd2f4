import os
import socket
import subprocess
import sys
import tempfile
import unicodedata
from pathlib import Path

import pytest
from kedro.io import DatasetError
from PIL import Image, UnidentifiedImageError

from cifar_kedro.datasets import ImageFolderDataset


def make_dataset(path):
    return ImageFolderDataset(path=str(path))


def test_finds_files_of_any_name_in_subfolders_too_but_nothing_hidden(tmp_path):
    found = ["NA", "a b.JPG", "deep/er/c.png", "z.é.webp"]
    for name in [*found, ".DS_Store", "deep/._c.png", ".thumbs/c.png"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (3, 2), "red").save(tmp_path / name, "PNG")
    images = make_dataset(tmp_path).load()
    assert list(images) == found
    assert all(load().size == (3, 2) for load in images.values())


def test_nothing_is_read_before_it_is_asked_for(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    load = make_dataset(tmp_path).load()["notes.txt"]
    with pytest.raises(UnidentifiedImageError):
        load()


@pytest.mark.parametrize("name", ["missing", "file.png"])
def test_what_is_no_folder_is_named_with_what_to_do(tmp_path, name):
    Image.new("RGB", (3, 2)).save(tmp_path / "file.png")
    message = rf"no folder .*{name}\. .*--params classify\.images=FOLDER$"
    with pytest.raises(DatasetError, match=message):
        make_dataset(tmp_path / name).load()


@pytest.mark.parametrize("names", [[], [".DS_Store"]])
def test_an_empty_folder_is_named_with_what_to_do(tmp_path, names):
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(DatasetError, match=r"no images in .*classify\.images=FOLDER$"):
        make_dataset(tmp_path).load()


def test_what_is_no_regular_file_is_listed_and_never_opened(tmp_path, monkeypatch):
    Image.new("RGB", (3, 2)).save(tmp_path / "good.png")
    (tmp_path / "alias.png").symlink_to("good.png")
    (tmp_path / "circle").symlink_to(".", target_is_directory=True)
    (tmp_path / "broken.png").symlink_to("nowhere.png")
    (tmp_path / "zero").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe.png")
    monkeypatch.chdir(tmp_path)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
    images = make_dataset(tmp_path).load()
    reasons = {
        "broken.png": "gone, or is a link to nothing",
        "circle": "a link to a folder",
        "pipe.png": "not a file",
        "socket": "not a file",
        "zero": "not a file",
    }
    assert list(images) == sorted(["alias.png", "good.png", *reasons])
    for name, reason in reasons.items():
        with pytest.raises(ValueError, match=reason):
            images[name]()
    assert images["alias.png"]().size == images["good.png"]().size == (3, 2)


def test_a_folder_may_be_a_link(tmp_path):
    (tmp_path / "images").mkdir()
    Image.new("RGB", (3, 2)).save(tmp_path / "images/a.png")
    (tmp_path / "link").symlink_to("images")
    assert make_dataset(tmp_path / "link").load()["a.png"]().size == (3, 2)


def test_what_goes_after_it_was_listed_says_so(tmp_path):
    (tmp_path / "a.png").touch()
    load = make_dataset(tmp_path).load()["a.png"]
    (tmp_path / "a.png").unlink()
    with pytest.raises(ValueError, match="the file has gone"):
        load()


_AS_NOBODY = """
import os, sys
from cifar_kedro.datasets import ImageFolderDataset
if os.getuid() == 0:  # who may read all
    os.setuid(65534)
for name, load in ImageFolderDataset(path=sys.argv[1]).load().items():
    try:
        load()
    except Exception as error:
        print(name, error.strerror)
"""


def test_what_may_not_be_read_is_listed():
    # Not `tmp_path`, whose parents another user may not enter.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        for file in ("a.png", "closed/b.png"):
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).touch()
            (folder / file).chmod(0)
        (folder / "closed").chmod(0)
        done = subprocess.run(
            [sys.executable, "-c", _AS_NOBODY, name],
            capture_output=True,
            text=True,
            check=True,
        )
        (folder / "closed").chmod(0o755)  # to be removed
    assert done.stdout.splitlines() == [
        "a.png Permission denied",
        "closed/ Permission denied",
    ]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("=1+1.png", "./=1+1.png"),
        ("-rf.png", "./-rf.png"),
        ("@SUM(A1).png", "./@SUM(A1).png"),
        ("a=1.png", "a=1.png"),
        ("[b]{c}*?.png", "[b]{c}*?.png"),
        ("new\nline.png", "new\nline.png"),
        ("x::y#z.png", "x::y#z.png"),
        ("..a..b.png", None),  # hidden
    ],
)
def test_a_name_is_no_pattern_no_address_no_formula_and_no_option(
    tmp_path, name, shown
):
    for file in (name, "z.png"):
        Image.new("RGB", (3, 2)).save(tmp_path / file)
    images = make_dataset(tmp_path).load()
    assert list(images) == ([] if shown is None else [shown]) + ["z.png"]
    assert all(load().size == (3, 2) for load in images.values())


def test_two_normal_forms_of_a_name_are_two_files(tmp_path):
    names = [unicodedata.normalize(form, "é.png") for form in ("NFD", "NFC")]
    for name in names:
        Image.new("RGB", (3, 2)).save(tmp_path / name)
    assert list(make_dataset(tmp_path).load()) == names


def test_images_are_not_saved(tmp_path):
    with pytest.raises(DatasetError, match="read-only"):
        make_dataset(tmp_path).save({})
