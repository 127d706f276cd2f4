import pytest

from tests.helpers.project import files, run

DEEP = {"exp1": {"network": {"blocks": [{"filters": [2]}] * 6}}}


def test_images_too_small_for_an_experiment_are_refused_before_any_training(project):
    with pytest.raises(ValueError, match=r"exp1: network: .* 32 pixels .* 64 or more"):
        run(project, "exp0", "exp1", params=DEEP)
    assert not any("06_models" in str(file) for file in files(project))


def test_a_square_that_is_larger_than_the_images_is_refused(project):
    larger = {"exp0": {"augmentation": {"cutout": 33}}}
    with pytest.raises(
        ValueError, match="cutout: received 33, expected at most the 32"
    ):
        run(project, "exp0", params=larger)
