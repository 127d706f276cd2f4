import builtins
import errno
import io

import keras
import numpy as np
import pytest
from kedro.io import DatasetError

from cifar_kedro.datasets import KerasModelDataset
from cifar_kedro.models.network import build_network
from tests.helpers.experiments import make_experiment
from tests.helpers.images import make_images


@pytest.fixture(params=["file", "memory"])
def dataset(request, tmp_path):
    folder = {"file": tmp_path / "new", "memory": "memory://models"}[request.param]
    return KerasModelDataset(filepath=f"{folder}/model.keras")


@pytest.fixture(scope="module")
def model():
    return build_network(
        make_experiment(network={"batch_norm": True, "l2": 0.1}).network
    )


def test_a_model_comes_back_as_it_was(dataset, model):
    dataset.save(model)
    assert dataset.exists()
    loaded = dataset.load()
    assert [layer.name for layer in loaded.layers] == [x.name for x in model.layers]
    assert [float(loss) for loss in loaded.losses] == [float(x) for x in model.losses]
    images = make_images(10)["images"]
    expected = model.predict(images, verbose=0)
    np.testing.assert_array_equal(loaded.predict(images, verbose=0), expected)


@pytest.mark.parametrize("content", [b"", b"garbage", b"PK\x03\x04half a zip"])
def test_a_damaged_file_is_named_with_what_to_do(tmp_path, content):
    path = tmp_path / "model.keras"
    path.write_bytes(content)
    message = (
        rf"model\.keras can't be loaded: received {len(content)} bytes.*damaged, .*another "
        rf"version of Keras \(here {keras.__version__}\).*provenance\.json .*move it away"
    )
    with pytest.raises(DatasetError, match=message):
        KerasModelDataset(filepath=str(path)).load()


class ResourceExhaustedError(Exception): ...


@pytest.mark.parametrize("method", ["build", "load_own_variables"])
@pytest.mark.parametrize(
    "error",
    [
        MemoryError("Unable to allocate 4.00 GiB for an array"),
        ResourceExhaustedError("OOM when allocating tensor with shape[512,64,32,32]"),
    ],
)
def test_of_a_model_that_the_memory_does_not_hold_the_error_is_told(
    dataset, model, monkeypatch, method, error
):
    dataset.save(model)

    def fail(*_, **__):
        raise error

    monkeypatch.setattr(keras.layers.Dense, method, fail)
    with pytest.raises(DatasetError) as raised:
        dataset.load()
    assert str(error) in str(raised.value)


def test_a_file_that_may_not_be_read_is_not_called_damaged(
    tmp_path, model, monkeypatch
):
    dataset = KerasModelDataset(filepath=str(tmp_path / "model.keras"))
    dataset.save(model)
    open_file = io.open

    def refuse(file, *arguments, **options):
        if str(file).endswith("model.keras"):
            raise PermissionError(errno.EACCES, "Permission denied", str(file))
        return open_file(file, *arguments, **options)

    # In place of its mode, which does not bind root.
    monkeypatch.setattr(io, "open", refuse)
    monkeypatch.setattr(builtins, "open", refuse)
    with pytest.raises(DatasetError, match=r"Permission denied: .*model\.keras"):
        dataset.load()


def test_a_failed_save_leaves_the_old_model(tmp_path, model, monkeypatch):
    dataset = KerasModelDataset(filepath=str(tmp_path / "model.keras"))
    dataset.save(model)
    before = (tmp_path / "model.keras").read_bytes()

    def tear(self, path, **options):
        path.write_bytes(before[:100])
        raise OSError("No space left on device")

    monkeypatch.setattr(keras.Model, "save", tear)
    with pytest.raises(DatasetError, match="No space left on device"):
        dataset.save(model)
    assert (tmp_path / "model.keras").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["model.keras"]


def test_code_in_a_model_is_not_run(tmp_path):
    unsafe = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x)])
    dataset = KerasModelDataset(filepath=str(tmp_path / "model.keras"))
    dataset.save(unsafe)
    with pytest.raises(DatasetError, match="not a Keras model") as raised:
        dataset.load()
    assert "safe_mode" in str(raised.value.__cause__)


def test_a_missing_file_is_named_and_not_called_damaged(tmp_path):
    with pytest.raises(DatasetError, match=r"model\.keras") as raised:
        KerasModelDataset(filepath=str(tmp_path / "model.keras")).load()
    assert "damaged" not in str(raised.value)


def test_a_missing_file_comes_with_the_command_that_makes_it(tmp_path):
    command = "kedro run --pipelines exp0"
    dataset = KerasModelDataset(filepath=str(tmp_path / "m.keras"), made_by=command)
    with pytest.raises(DatasetError, match=rf"no model at .*m\.keras.*: {command}$"):
        dataset.load()
