import json

import numpy as np
import pytest

from cifar_kedro.config.errors import SettingsError
from cifar_kedro.evaluation.data_sets import (
    CIFAR10,
    DataSet,
    check_same_data_set,
    choose_data_set,
    describe_data_set,
    find_data_set,
)
from tests.helpers.images import make_images

DIGITS = DataSet("digits", ("0", "1"), (8, 8, 1))


def test_what_is_found_in_a_provenance_is_what_was_described():
    data = make_images(10)
    assert describe_data_set(data) == CIFAR10
    grey = {"images": np.zeros((2, 8, 8, 1)), "class_names": np.array(["0", "1"])}
    digits = describe_data_set(data | grey | {"name": np.array("digits")})
    assert digits == DIGITS
    assert find_data_set(json.loads(json.dumps({"data": digits.as_json()}))) == DIGITS


def test_a_run_that_does_not_say_is_of_cifar10():
    assert find_data_set(None) == find_data_set({}) == CIFAR10


def test_the_test_images_decide_and_else_the_latest_training():
    seen = [("2026-01-02", DIGITS), ("2026-01-01", CIFAR10)]
    assert choose_data_set(make_images(10), seen) == CIFAR10
    assert choose_data_set({}, seen) == DIGITS
    assert choose_data_set({}, []) == CIFAR10
    older = {key: make_images(10)[key] for key in ("images", "labels")}
    assert choose_data_set(older, seen) == CIFAR10


def test_a_network_is_measured_on_the_data_set_that_it_has_learned_from():
    check_same_data_set({}, make_images(10))
    with pytest.raises(SettingsError, match=r"received CIFAR-10 .10 .* digits .2 cla"):
        check_same_data_set({"data": DIGITS.as_json()}, make_images(10))
