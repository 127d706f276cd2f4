import re

import numpy as np
import pytest

from cifar_kedro.config import Experiment
from cifar_kedro.models.network import build_network
from cifar_kedro.models.summary import count_parameters
from tests.helpers.experiments import load_parameters, make_experiment
from tests.helpers.paths import ROOT

BLOCKS = load_parameters()

# total, trainable, non-trainable, as the report prints them; exp12's is the whole network,
# whose printed part is tested below
COUNTS = {
    "exp0": (263_402, 263_402, 0),
    "exp1": (961_706, 961_706, 0),
    "exp2": (961_706, 961_706, 0),
    **dict.fromkeys(
        ("exp3", "exp4", "exp5", "exp6", "exp7"), (965_034, 963_370, 1_664)
    ),
    **dict.fromkeys(("exp8a", "exp8b", "exp9", "exp10"), (7_525_194, 7_517_770, 7_424)),
    "exp11": (15_448_842, 15_438_986, 9_856),
    "exp12": (12_897_098, 12_630_794, 266_304),
}


def build(name):
    block = dict(BLOCKS[name])
    if name == "exp12":
        backbone = block["network"]["backbone"] | {"weights": None}
        block["network"] = block["network"] | {"backbone": backbone}
    return build_network(Experiment.model_validate(block).network)


@pytest.mark.parametrize("name", COUNTS)
def test_parameter_counts_are_the_reports(name):
    assert tuple(count_parameters(build(name)).values()) == COUNTS[name]
    assert BLOCKS[name]["reported"]["parameters"] == COUNTS[name][0]


# layer kinds of one block: C convolution, B batch normalization, P pooling, D dropout,
# F flatten, U dense
SEQUENCES = {
    "exp0": "CPFUU",
    "exp1": "CCP CCP CCCP FUU",
    "exp3": "CBCBP CBCBP CBCBCBP FUBU",
    "exp5": "CBCBPD CBCBPD CBCBCBPD FUBDU",
    "exp9": "CBCBPD CBCBPD CBCBCBPD FUBDUBDUBDU",
    "exp11": "CBCBCBPD CBCBCBPD CBCBCBPD CBCBD FUBDUBDUBDU",
    "exp12": "CCP CCP CCCP CBD FUBDUBDUBDU",
}
KINDS = {
    "Conv2D": "C",
    "BatchNormalization": "B",
    "MaxPooling2D": "P",
    "Dropout": "D",
    "Flatten": "F",
    "Dense": "U",
}


@pytest.mark.parametrize("name", SEQUENCES)
def test_layers_stand_in_the_reports_order(name):
    kinds = "".join(KINDS[type(layer).__name__] for layer in build(name).layers[1:])
    assert kinds == SEQUENCES[name].replace(" ", "")


@pytest.mark.parametrize("name", ["exp0", "exp5", "exp11"])
def test_convolutions_and_poolings_are_the_reports(name):
    for layer in build(name).layers:
        config = layer.get_config()
        if "conv" in layer.name and "bn" not in layer.name:
            assert config["kernel_size"] == (3, 3)
            assert config["strides"] == (1, 1)
            assert (config["padding"], config["activation"]) == ("same", "relu")
        if layer.name.startswith("pool"):
            assert config["pool_size"] == (2, 2)


def test_l2_is_on_every_kernel_but_the_last():
    network = build("exp6")
    learned = [
        layer for layer in network.layers if hasattr(layer, "kernel_regularizer")
    ]
    assert [float(layer.kernel_regularizer.l2) for layer in learned[:-1]] == [0.01] * 8
    assert learned[-1].kernel_regularizer is None
    assert len(network.losses) == 8
    assert not build("exp5").losses


@pytest.mark.parametrize(
    ("name", "rate"), [("exp4", 0.3), ("exp5", 0.5), ("exp11", 0.5)]
)
def test_dropout_rates(name, rate):
    rates = {layer.rate for layer in build(name).layers if "dropout" in layer.name}
    assert rates == {rate}


def test_transfer_freezes_what_the_report_freezes():
    import keras

    network = build("exp12")
    part = keras.Model(network.inputs, network.get_layer("conv1_1").output)
    assert tuple(count_parameters(part).values()) == (2_915_648, 2_655_488, 260_160)
    frozen = [layer.name for layer in network.layers if not layer.trainable]
    assert frozen[1:] == [
        *("block1_conv1", "block1_conv2", "block1_pool"),
        *("block2_conv1", "block2_conv2", "block2_pool"),
    ]


def vgg_experiment(weights):
    backbone = {
        "name": "vgg16",
        "up_to": "block2_pool",
        "trainable_from": "block2_conv1",
        "weights": weights,
    }
    return make_experiment(network={"backbone": backbone}).network


def test_transfer_reads_a_local_weights_file(tmp_path):
    import keras

    vgg = keras.applications.VGG16(
        include_top=False, weights=None, input_shape=(32, 32, 3)
    )
    vgg.save_weights(tmp_path / "vgg.weights.h5")
    network = build_network(vgg_experiment(str(tmp_path / "vgg.weights.h5")))
    for name in ("block1_conv1", "block2_conv2"):
        for ours, theirs in zip(
            network.get_layer(name).get_weights(),
            vgg.get_layer(name).get_weights(),
            strict=True,
        ):
            np.testing.assert_array_equal(ours, theirs)


def test_missing_weights_file_is_an_error_that_says_what_to_do(monkeypatch):
    monkeypatch.chdir(ROOT / "docs")  # relative paths start at the project's folder
    path = re.escape(str(ROOT / "no/such.h5"))
    with pytest.raises(FileNotFoundError, match=f"received '{path}', but there is no"):
        build_network(vgg_experiment("no/such.h5"))


@pytest.mark.parametrize("content", [b"", b"garbage"])
def test_unreadable_weights_file_is_an_error_that_says_what_to_do(tmp_path, content):
    path = tmp_path / "vgg.h5"
    path.write_bytes(content)
    with pytest.raises(
        FileNotFoundError, match=r"vgg.h5'.* Expected 'imagenet', a path or null"
    ):
        build_network(vgg_experiment(str(path)))


def test_failed_download_is_an_error_that_says_what_to_do(monkeypatch):
    def refuse(*args, **kwargs):
        raise Exception("URL fetch failure on https://example.org/vgg16: offline")

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", refuse)
    monkeypatch.setattr("keras.src.applications.vgg16.file_utils.get_file", refuse)
    with pytest.raises(
        FileNotFoundError, match=r"but URL fetch failure.*null gives rand"
    ):
        build_network(vgg_experiment("imagenet"))


BEYOND = build_network(Experiment.model_validate(BLOCKS["exp13"]).network)


def test_normalization_before_the_activation():
    kinds = [type(layer).__name__ for layer in BEYOND.layers[1:9]]
    assert kinds == [
        *("Conv2D", "Conv2D", "MaxPooling2D", "BatchNormalization", "Activation"),
        *("Conv2D", "BatchNormalization", "Activation"),
    ]
    convolution, normalization = BEYOND.layers[2], BEYOND.layers[4]
    assert not convolution.use_bias and convolution.activation.__name__ == "linear"
    assert not normalization.scale and normalization.momentum == 0.6
    assert BEYOND.get_layer("conv1_1_gelu").activation.__name__ == "gelu"
    assert [layer.output.shape[1] for layer in BEYOND.layers[:4]] == [32, 31, 31, 15]


def test_convolutions_that_start_as_identity_hand_on_their_input():
    layer = BEYOND.get_layer("conv2_1")  # from 128 channels to 512
    kernel = layer.get_weights()[0]
    images = np.random.default_rng(0).random((2, 5, 5, 128), dtype=np.float32)
    outputs = np.array(layer(images))
    np.testing.assert_allclose(outputs[..., :128], images, atol=1e-6)
    assert np.std(kernel[..., 128:]) > 0  # the others are drawn


def test_the_classifier_sees_the_maxima():
    assert BEYOND.get_layer("global_max").output.shape == (None, 512)
    assert "flatten" not in {layer.name for layer in BEYOND.layers}


def test_the_features_are_scaled_for_the_classifier():
    scale = BEYOND.get_layer("feature_scale")
    assert np.array(scale(np.ones((1, 512), np.float32))) == pytest.approx(0.111)
    assert scale.output is BEYOND.get_layer("classes").input


def test_a_saved_network_is_the_same(tmp_path):
    import keras

    BEYOND.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert count_parameters(loaded) == count_parameters(BEYOND)
    images = np.random.default_rng(0).random((3, 32, 32, 3), dtype=np.float32)
    np.testing.assert_array_equal(
        loaded.predict_on_batch(images), BEYOND.predict_on_batch(images)
    )
