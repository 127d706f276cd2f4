"""A folder of images for each class, as a raw data set."""

import csv
import logging
import os
import unicodedata

import numpy as np
import pytest
from PIL import Image

from cifar_kedro.config.errors import DatasetError, SettingsError
from cifar_kedro.datasets import LabelledFolderDataset, labelled_folder
from cifar_kedro.datasets.images import check_raw_images
from tests.helpers.photographs import write_images


def make_dataset(folder, **settings):
    cache = {"filepath": str(folder.parent / "kept/images.npz")}
    return LabelledFolderDataset(path=str(folder), cache=cache, **settings)


def outputs(folder):
    return sorted(p.name for p in (folder.parent / "kept").glob("*"))


@pytest.fixture
def folder(tmp_path):
    """Give ten images of each of two classes, without a test set."""
    write_images(tmp_path / "pets/train", {"cat": 10, "dog": 10})
    return tmp_path / "pets"


@pytest.fixture
def divided(tmp_path):
    write_images(tmp_path / "pets/train", {"cat": 4, "dog": 3})
    write_images(tmp_path / "pets/test", {"cat": 1, "dog": 2}, first=100)
    return tmp_path / "pets"


def test_it_has_the_form_of_a_raw_data_set(divided):
    raw = make_dataset(divided).load()
    check_raw_images(raw)
    assert raw["name"] == "pets"
    assert raw["class_names"] == ["cat", "dog"]
    assert raw["train"]["images"].shape == (7, 32, 32, 3)
    assert raw["test"]["labels"].tolist() == [0, 1, 1]
    assert outputs(divided) == ["images.npz"]


def test_images_are_sorted_by_file_name_then_by_class(tmp_path):
    root = tmp_path / "set"
    for number, label in enumerate("babbaab"):
        write_images(root / "train", {label: 1}, first=number)
    write_images(root / "train", {"b": 1}, first=0)
    write_images(root / "test", {"a": 1, "b": 1}, first=50)
    assert make_dataset(root).load()["train"]["labels"].tolist() == [
        *(1, 0, 1, 1, 0, 0, 1)
    ]


@pytest.mark.parametrize(("side", "channels"), [(8, 1), (64, 3)])
def test_images_have_the_side_and_the_channels_that_are_set(divided, side, channels):
    raw = make_dataset(divided, side=side, channels=channels).load()
    check_raw_images(raw)
    assert raw["train"]["images"].shape == (7, side, side, channels)


def test_another_size_is_decoded_anew(divided):
    make_dataset(divided).load()
    assert make_dataset(divided, side=8).load()["test"]["images"].shape[1] == 8


@pytest.mark.parametrize("name", ["猫", "गाय", "q?*[1]", "a b", "Ñandú", "क्\u200dष"])
def test_class_names_are_in_any_script(tmp_path, name):
    root = tmp_path / "my [pets] {1}"
    write_images(root / "train", {name: 4, "dog": 4})
    raw = make_dataset(root).load()
    assert raw["class_names"] == sorted([name, "dog"])
    assert raw["name"] == "my [pets] {1}"


def test_an_accent_may_be_stored_apart_from_its_letter(tmp_path):
    name = unicodedata.normalize("NFD", "é")
    write_images(tmp_path / "a/train", {name: 4, "dog": 4})
    write_images(tmp_path / "a/test", {"é": 1, "dog": 1}, first=9)
    assert make_dataset(tmp_path / "a").load()["class_names"] == ["dog", "é"]


# --- The test set that is drawn --------------------------------------------------------


def listed(folder):
    with (folder.parent / "kept/images_test_files.csv").open() as file:
        return [row["file"] for row in csv.DictReader(file)]


def test_without_a_test_folder_a_share_of_each_class_is_drawn_and_written_down(folder):
    raw = make_dataset(folder, test_share=0.3).load()
    assert np.bincount(raw["test"]["labels"]).tolist() == [3, 3]
    assert np.bincount(raw["train"]["labels"]).tolist() == [7, 7]
    assert len(listed(folder)) == 6
    assert all((folder / name).exists() for name in listed(folder))


def test_the_draw_owes_nothing_to_what_is_there_besides(folder, tmp_path):
    write_images(tmp_path / "other/pets/train", {"ape": 9, "cat": 10, "dog": 10})
    make_dataset(folder).load()
    make_dataset(tmp_path / "other/pets").load()
    names = [n for n in listed(tmp_path / "other/pets") if "ape" not in n]
    assert names == listed(folder)


def test_what_comes_later_is_learnt_from_and_no_test_image_ever_is(folder):
    first = make_dataset(folder).load()
    names = listed(folder)
    write_images(folder / "train", {"cat": 40}, first=100)
    later = make_dataset(folder).load()
    assert listed(folder) == names
    np.testing.assert_array_equal(later["test"]["images"], first["test"]["images"])
    assert len(later["train"]["labels"]) == len(first["train"]["labels"]) + 40


def test_of_a_class_that_comes_later_test_images_are_drawn(folder):
    make_dataset(folder).load()
    names = listed(folder)
    write_images(folder / "train", {"ape": 5})
    assert make_dataset(folder).load()["class_names"] == ["ape", "cat", "dog"]
    assert listed(folder)[: len(names)] == names
    assert len(listed(folder)) == len(names) + 1


def test_a_test_file_that_is_gone_is_named(folder, caplog):
    make_dataset(folder).load()
    gone = listed(folder)[0]
    (folder / gone).unlink()
    assert len(make_dataset(folder).load()["test"]["labels"]) == 3
    assert f"1 of 4 test files of {folder.parent}" in caplog.text
    assert f"are gone, or can't be read: {gone!r}" in caplog.text


def test_a_class_whose_test_images_are_all_gone_is_refused(folder):
    make_dataset(folder).load()
    for name in listed(folder)[:2]:
        (folder / name).unlink()
    with pytest.raises(
        DatasetError, match="class 'cat': received 0 for the test and 8"
    ):
        make_dataset(folder).load()


def test_another_share_does_not_change_what_was_drawn(folder):
    make_dataset(folder).load()
    with pytest.raises(DatasetError, match=r"received 0\.5, but .* drawn with 0\.2\."):
        make_dataset(folder, test_share=0.5).load()


def test_a_list_that_someone_spoilt_is_refused(folder):
    make_dataset(folder).load()
    (folder.parent / "kept/images_test_files.csv").write_text("a,b,c\n1,2,3\n")
    with pytest.raises(DatasetError, match="is no list of test files"):
        make_dataset(folder).load()


def test_copies_of_test_images_are_not_learnt_from(folder, caplog):
    make_dataset(folder).load()
    copied = listed(folder)[0]
    (folder / "train/dog/again.png").write_bytes((folder / copied).read_bytes())
    raw = make_dataset(folder).load()
    assert len(raw["train"]["labels"]) == 16
    assert (
        "1 images are copies of test images and are left out: 'train/dog/again.png'"
        in caplog.text
    )


def test_file_names_that_are_no_text_can_be_drawn(tmp_path):
    root = tmp_path / "a"
    write_images(root / "train", {"cat": 3, "dog": 3})
    for path in sorted((root / "train/cat").iterdir()):
        path.rename(path.with_name(os.fsdecode(b"caf\xe9\n,") + path.name))
    first, again = make_dataset(root).load(), make_dataset(root).load()
    np.testing.assert_array_equal(first["test"]["images"], again["test"]["images"])


def test_of_a_test_folder_too_no_copies_are_learnt_from(divided):
    copy = divided / "train/cat/copy.png"
    copy.write_bytes((divided / "test/dog/100.png").read_bytes())
    assert len(make_dataset(divided).load()["train"]["labels"]) == 7


# --- What is kept ----------------------------------------------------------------------


def count_decoded(folder, monkeypatch):
    read = []
    real = labelled_folder.decode_changed

    def spy(before, files, *args):
        def watch(file):
            return lambda: (read.append(file.name), file.load())[1]

        files = [type(f)(f.name, f.class_name, f.version, watch(f)) for f in files]
        return real(before, files, *args)

    with monkeypatch.context() as patch:
        patch.setattr(labelled_folder, "decode_changed", spy)
        raw = make_dataset(folder).load()
    return read, raw


def test_only_what_is_new_or_has_changed_is_decoded(folder, monkeypatch):
    read, first = count_decoded(folder, monkeypatch)
    assert len(read) == 20
    read, again = count_decoded(folder, monkeypatch)
    assert read == []
    np.testing.assert_array_equal(again["train"]["images"], first["train"]["images"])

    Image.new("RGB", (50, 50), "red").save(folder / "train/cat/003.png")
    write_images(folder / "train", {"dog": 1}, first=50)
    (folder / "train/dog/001.png").unlink()
    read, changed = count_decoded(folder, monkeypatch)
    assert sorted(read) == ["train/cat/003.png", "train/dog/050.png"]

    (folder.parent / "kept/images.npz").unlink()
    read, anew = count_decoded(folder, monkeypatch)
    assert len(read) == 20
    for part in ("train", "test"):
        np.testing.assert_array_equal(anew[part]["images"], changed[part]["images"])
        np.testing.assert_array_equal(anew[part]["labels"], changed[part]["labels"])


def test_a_damaged_cache_is_made_from_scratch(folder, caplog):
    first = make_dataset(folder).load()
    (folder.parent / "kept/images.npz").write_bytes(b"PK")
    again = make_dataset(folder).load()
    np.testing.assert_array_equal(again["train"]["images"], first["train"]["images"])
    assert "is damaged: all images are decoded anew" in caplog.text


# --- Bad input -------------------------------------------------------------------------


def test_few_bad_files_are_named_and_left_out_and_tried_again(folder, caplog):
    (folder / "train/cat/000.png").write_bytes(b"hello")
    (folder / "train/notes.txt").write_text("hello")
    for _ in range(2):
        caplog.clear()
        raw = make_dataset(folder, most_bad_share=0.1).load()
        assert len(raw["train"]["labels"]) + len(raw["test"]["labels"]) == 19
        assert "2 of 21 files in" in caplog.text
        assert "'train/notes.txt': in no class's folder; links to" in caplog.text
        assert "'train/cat/000.png': not an image in a format that" in caplog.text


def test_many_bad_files_are_refused_and_named(folder):
    for number in range(3):
        (folder / f"train/cat/{number:03d}.png").write_bytes(b"hello")
    for number in range(12):
        (folder / f"train/dog/note{number}").write_bytes(b"hello")
    with pytest.raises(DatasetError) as refusal:
        make_dataset(folder).load()
    text = str(refusal.value)
    assert "15 of 32 files in" in text and "expected at most 1.0%" in text
    assert text.count("\n") == 11 and text.endswith("  and 5 more")
    assert outputs(folder) == ["images.npz"]  # the good ones, whole; no test set


def test_a_folder_that_changes_while_it_is_read_is_refused(folder, monkeypatch):
    real = labelled_folder.decode_changed

    def change(*args):
        decoded = real(*args)
        Image.new("RGB", (5, 5)).save(folder / "train/cat/new.png")
        (folder / "train/dog/000.png").unlink()
        return decoded

    monkeypatch.setattr(labelled_folder, "decode_changed", change)
    with pytest.raises(
        DatasetError,
        match=r"changed while it was read: .*cat/new.png.*dog/000.png'\. Wait",
    ):
        make_dataset(folder).load()
    assert outputs(folder) == []


def remove(folder):
    for path in folder.iterdir():
        path.unlink()


BAD = {
    "no folder": (
        lambda f: f.rename(f.parent / "b"),
        "There is no folder .*/train: exp",
    ),
    "one class": (
        lambda f: (f / "train/dog").rename(f.parent / "dog"),
        r"received 1 folder of a class \('cat'\), expected two or more",
    ),
    "an image": (
        lambda f: [(f / f"train/dog/{n:03d}.png").unlink() for n in range(9)],
        "Images of class 'dog': received 1, expected 3 or more",
    ),
    "an empty folder": (
        lambda f: remove(f / "train/dog"),
        r"no files in 1 of 2 folders of .*/train: 'dog'\.",
    ),
    "case": (
        lambda f: write_images(f / "train", {"Dog": 3}),
        "has the folders 'Dog' and 'dog', whose names differ only in case",
    ),
    "no text": (
        lambda f: (f / "train" / os.fsdecode(b"caf\xe9")).mkdir(),
        r"has the folder 'caf\\udce9', expected the name of a class",
    ),
    "normalization": (
        lambda f: write_images(f / "train", {"e\u0301": 3, "\u00e9": 3}),
        r"folders 'e\\u0301' and '\\xe9', whose names differ only in case or in how",
    ),
    "of test only": (
        lambda f: write_images(f / "test", {"cat": 1, "dog": 1, "ape": 1}),
        r"received 1 of 3 classes that train lacks \('ape'\)",
    ),
    "of train only": (
        lambda f: write_images(f / "test", {"cat": 1}),
        r"received no folder of 1 of 2 classes of train \('dog'\)",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_folders_are_refused_with_what_to_do_and_nothing_is_written(folder, case):
    spoil, message = BAD[case]
    spoil(folder)
    with pytest.raises(DatasetError, match=message):
        make_dataset(folder).load()
    assert "images_test_files.csv" not in outputs(folder)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"side": 0}, "received `side` 0"),
        ({"channels": 4}, "`channels` 4, expected"),
        ({"test_share": 1}, "`test_share`: received 1"),
        ({"most_bad_share": -1}, "`most_bad_share`: received -1"),
    ],
)
def test_settings_out_of_bounds_are_refused(tmp_path, settings, message):
    with pytest.raises(SettingsError, match=message):
        make_dataset(tmp_path, **settings)


def test_saving_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="read-only"):
        make_dataset(tmp_path / "a").save({})


def test_a_folder_in_a_store_is_read(folder):
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.put(str(folder), "/labelled/pets", recursive=True)
    settings = {"cache": {"filepath": "memory://labelled/kept/images.npz"}}
    stored = LabelledFolderDataset(path="memory://labelled/pets", **settings).load()
    local = make_dataset(folder).load()
    for part in ("train", "test"):
        for key in ("images", "labels"):
            np.testing.assert_array_equal(stored[part][key], local[part][key])
    assert memory.exists("/labelled/kept/images_test_files.csv")
    memory.rm("/labelled", recursive=True)


def test_how_many_were_decoded_is_said(folder, caplog):
    caplog.set_level(logging.INFO, "cifar_kedro")
    make_dataset(folder).load()
    assert "Decoded 20 of 20 images" in caplog.text
