"""The real 60,000 images, and ImageNet's weights: where they lie beside the checkout."""

import gzip
import hashlib

import keras
import numpy as np
import pandas as pd
import pytest
import yaml
from kedro.framework.session import KedroSession
from PIL import Image

from cifar_kedro.config import Experiment
from cifar_kedro.datasets import CifarArchiveDataset, LabelledFolderDataset
from cifar_kedro.models.network import build_network
from tests.helpers.archives import BATCHES, encode, to_tar
from tests.helpers.experiments import load_parameters
from tests.helpers.images import make_images
from tests.helpers.paths import ARCHIVE, ARCHIVE_HASH, VGG16

pytestmark = pytest.mark.real_data


@pytest.mark.skipif(not ARCHIVE.exists(), reason=f"no archive at {ARCHIVE}")
def test_the_base_network_learns_the_real_images(project):
    archive = {"filepath": str(ARCHIVE), "hash": ARCHIVE_HASH}
    (project / "conf/local/globals.yml").write_text(
        yaml.safe_dump({"archive": archive})
    )
    with KedroSession.create(
        project_path=project, runtime_params={"max_epochs": 5}
    ) as session:
        session.run(pipeline_names=["exp0"])
    history = pd.read_csv(project / "data/07_model_output/exp0/seed-0/history.csv")
    assert len(history) == 5
    assert history["val_accuracy"].iloc[-1] > 0.5


@pytest.mark.skipif(not VGG16.exists(), reason=f"no weights at {VGG16}")
def test_exp12_starts_from_imagenets_weights_and_leaves_the_first_blocks_alone():
    block = load_parameters()["exp12"]
    block["network"]["backbone"]["weights"] = str(VGG16)
    network = build_network(Experiment.model_validate(block).network)
    kernel, bias = network.get_layer("block1_conv1").get_weights()
    assert kernel[0, 0, 0, 0] == pytest.approx(0.42947057)
    np.testing.assert_allclose(bias[:3], [0.73429835, 0.09340367, 0.06775674], 1e-6)
    network.compile("sgd", loss=keras.losses.SparseCategoricalCrossentropy())
    before = {layer.name: layer.get_weights() for layer in network.layers}
    images = make_images(8)
    network.train_on_batch(images["images"], images["labels"])
    changed = {
        layer.name
        for layer in network.layers
        if not all(map(np.array_equal, layer.get_weights(), before[layer.name]))
    }
    assert {"block3_conv1", "block3_conv2", "block3_conv3", "classes"} <= changed
    assert not [name for name in changed if name.startswith(("block1_", "block2_"))]


@pytest.fixture
def real(tmp_path):
    """Give 2,500 of the real images: as an archive's part, and as files in folders."""
    if not ARCHIVE.exists():
        pytest.skip(f"no archive at {ARCHIVE}")
    whole = CifarArchiveDataset(
        content="cifar10", filepath=str(ARCHIVE), url=None, known_hash=ARCHIVE_HASH
    ).load()
    folder = tmp_path / "CIFAR-10"
    for part, count in (("train", 2000), ("test", 500)):
        whole[part] = {key: array[:count] for key, array in whole[part].items()}
        for name in whole["class_names"]:
            (folder / part / name).mkdir(parents=True)
        pairs = zip(*(whole[part][key] for key in ("images", "labels")), strict=True)
        for number, (image, label) in enumerate(pairs):
            name = whole["class_names"][label]
            Image.fromarray(image).save(folder / part / name / f"{number:05d}.png")
    return whole, folder


def test_real_images_as_files_in_folders_are_those_of_the_archive(real, tmp_path):
    archive, folder = real
    cache = {"filepath": str(tmp_path / "kept.npz")}
    read = LabelledFolderDataset(path=str(folder), cache=cache).load()
    assert (read["name"], read["class_names"]) == ("CIFAR-10", archive["class_names"])
    for part in ("train", "test"):
        for key in ("images", "labels"):
            np.testing.assert_array_equal(
                read[part][key], archive[part][key], strict=True
            )


def write_archive(path, whole):
    """Write images as a CIFAR archive; give the catalog's entry that reads it."""
    parts = [whole["train"]] * 5 + [whole["test"]]
    rows = [*(slice(n, n + 400) for n in range(0, 2000, 400)), slice(500)]
    members = [
        (name, encode(part["images"][row], part["labels"][row]))
        for name, part, row in zip(BATCHES, parts, rows, strict=True)
    ]
    path.write_bytes(gzip.compress(to_tar(members)))
    return {
        "type": "cifar_kedro.datasets.CifarArchiveDataset",
        "content": "cifar10",
        "filepath": str(path),
        "url": None,
        "known_hash": f"md5:{hashlib.md5(path.read_bytes()).hexdigest()}",
    }


def train_exp0(project, env, entry):
    """Train exp0 for two epochs on a data set; give all that came of it."""
    (project / "conf" / env).mkdir()
    for kind, settings in (
        ("catalog", {"raw_images": entry}),
        ("globals", {"data": f"data/{env}"}),
        ("parameters", {"validation_images": 400, "max_epochs": 2}),
    ):
        (project / f"conf/{env}/{kind}.yml").write_text(yaml.safe_dump(settings))
    with KedroSession.create(project_path=project, env=env) as session:
        session.run(pipeline_names=["exp0"])
    models = project / f"data/{env}/06_models/exp0/seed-0"
    outputs = project / f"data/{env}/07_model_output/exp0/seed-0"
    return [
        *keras.models.load_model(models / "model.keras").get_weights(),
        pd.read_csv(outputs / "history.csv").drop(columns="seconds").to_numpy(),
        np.load(outputs / "predictions.npz")["end"],
    ]


def test_exp0_learns_the_same_bits_from_folders_as_from_the_archive(project, real):
    whole, folder = real
    archive_entry = write_archive(project / "small.tar.gz", whole)
    folder_entry = {
        "type": "cifar_kedro.datasets.LabelledFolderDataset",
        "path": str(folder),
        "cache": {"filepath": str(project / "kept.npz")},
    }
    of_archive = train_exp0(project, "of_archive", archive_entry)
    of_folder = train_exp0(project, "of_folder", folder_entry)
    assert len(of_archive) == len(of_folder) == 8
    for one, other in zip(of_archive, of_folder, strict=True):
        np.testing.assert_array_equal(one, other, strict=True)
