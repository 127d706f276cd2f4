import pytest
from kedro.io import DatasetError
from PIL import Image

from cifar_kedro.datasets import ImageFolderDataset


def make_dataset(path):
    return ImageFolderDataset(path=str(path), dataset="pillow.ImageDataset")


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
    with pytest.raises(DatasetError, match="cannot identify image file"):
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
