"""The real 60,000 images, and ImageNet's weights: where they lie beside the checkout."""

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


@pytest.mark.skipif(not ARCHIVE.exists(), reason=f"no archive at {ARCHIVE}")
def test_real_images_as_png_files_in_folders_are_those_of_the_archive(tmp_path):
    archive = CifarArchiveDataset(
        content="cifar10", filepath=str(ARCHIVE), url=None, known_hash=ARCHIVE_HASH
    ).load()
    folder = tmp_path / "CIFAR-10"
    for part, count in (("train", 2000), ("test", 500)):
        for number in range(count):
            label = archive[part]["labels"][number]
            place = folder / part / archive["class_names"][label]
            place.mkdir(parents=True, exist_ok=True)
            image = Image.fromarray(archive[part]["images"][number])
            image.save(place / f"{number:05d}.png")
    read = LabelledFolderDataset(
        path=str(folder), cache={"filepath": str(tmp_path / "kept.npz")}
    ).load()
    assert (read["name"], read["class_names"]) == ("CIFAR-10", archive["class_names"])
    for part, count in (("train", 2000), ("test", 500)):
        for key in ("images", "labels"):
            expected = archive[part][key][:count]
            np.testing.assert_array_equal(read[part][key], expected, strict=True)
