import hashlib

import gpu_files
import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

from cifar_kedro.config import Network
from cifar_kedro.models.network import build_network
from tests.helpers.experiments import load_parameters

CONTENT = np.random.default_rng(0).bytes(5 * gpu_files.MIB // 2)


@pytest.fixture
def pieces(tmp_path):
    source = tmp_path / "archive.tar.gz"
    source.write_bytes(CONTENT)
    return gpu_files.split(source, tmp_path / "pieces", 1)


def test_pieces_of_the_size_make_the_file_again(pieces, tmp_path):
    assert [piece.stat().st_size for piece in pieces[:2]] == [gpu_files.MIB] * 2
    assert len(pieces) == 3
    known_hash = gpu_files.join(tmp_path / "pieces", tmp_path / "joined")
    assert (tmp_path / "joined").read_bytes() == CONTENT
    assert known_hash == f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"


def test_missing_and_damaged_pieces_are_named_and_nothing_is_written(pieces, tmp_path):
    pieces[0].unlink()
    pieces[2].write_bytes(b"x")
    with pytest.raises(ValueError, match=r"archive.tar.gz.000, archive.tar.gz.002$"):
        gpu_files.join(tmp_path / "pieces", tmp_path / "joined")
    assert not list(tmp_path.glob("joined*"))


def test_exp12_starts_from_a_cut_file_as_from_the_whole_one(tmp_path):
    vgg = keras.applications.VGG16(
        include_top=False, weights=None, input_shape=(32, 32, 3)
    )
    whole, cut = tmp_path / "whole.h5", tmp_path / "cut.h5"
    with h5py.File(whole, "w") as file:
        save_weights_to_hdf5_group(file, vgg)
    gpu_files.cut_vgg16(whole, cut)
    assert cut.stat().st_size < 7.1e6 < whole.stat().st_size
    network = load_parameters()["exp12"]["network"]
    network["backbone"]["weights"] = str(cut)
    built = build_network(Network.model_validate(network))
    used = [
        la.name
        for la in vgg.layers
        if la.name.startswith(("block1", "block2", "block3"))
    ]
    assert built.get_layer("block3_conv3") and len(used) == 10
    for name in used:
        ours = built.get_layer(name).get_weights()
        for one, other in zip(ours, vgg.get_layer(name).get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
