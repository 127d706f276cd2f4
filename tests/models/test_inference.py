import keras
import numpy as np
import pytest

from cifar_kedro.config import TestTimeViews as Views
from cifar_kedro.models import inference as prediction
from cifar_kedro.models.inference import list_views, predict, predict_views
from cifar_kedro.models.network import build_network
from tests.helpers.experiments import make_experiment
from tests.helpers.images import make_images

IMAGES = make_images(10)["images"]


@pytest.mark.parametrize(
    ("views", "count"),
    [
        (Views(flip=False), 1),
        (Views(flip=True), 2),
        (Views(flip=False, shift=1), 3),
        (Views(flip=True, shift=2), 6),
    ],
)
def test_the_weights_of_the_views_sum_up_to_one(views, count):
    listed = list(list_views(IMAGES, views))
    assert len(listed) == count
    assert sum(weight for _, weight in listed) == pytest.approx(1)
    assert {view.shape for view, _ in listed} == {IMAGES.shape}
    np.testing.assert_array_equal(listed[0][0], IMAGES)


def test_views_are_mirrored_and_shifted_and_repeat_the_edge():
    in_place, mirrored, down, _, up, _ = (
        view for view, _ in list_views(IMAGES, Views(flip=True, shift=1))
    )
    np.testing.assert_array_equal(mirrored, in_place[:, :, ::-1])
    np.testing.assert_array_equal(down[:, 1:, 1:], IMAGES[:, :-1, :-1])
    np.testing.assert_array_equal(down[:, 0, 1:], IMAGES[:, 0, :-1])
    np.testing.assert_array_equal(up[:, :-1, :-1], IMAGES[:, 1:, 1:])
    np.testing.assert_array_equal(up[:, -1, :-1], IMAGES[:, -1, 1:])


def test_a_prediction_is_the_weighted_mean_over_the_views(monkeypatch):
    monkeypatch.setattr(prediction, "EVALUATION_BATCH", 4)  # two batches and a rest
    keras.utils.set_random_seed(0)
    network = build_network(make_experiment().network)
    views = Views(flip=True, shift=1)
    plain = predict(network, IMAGES)
    expected = sum(w * predict(network, view) for view, w in list_views(IMAGES, views))
    probabilities = predict_views(network, IMAGES, plain, views)
    assert probabilities.dtype == np.float32 and probabilities.shape == (10, 10)
    np.testing.assert_allclose(probabilities, expected, atol=1e-6)
    assert not np.allclose(probabilities, plain, atol=1e-4)
    np.testing.assert_array_equal(plain, predict(network, IMAGES))  # left as it was
