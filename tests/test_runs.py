import copy

import numpy as np
import pytest

from cifar_kedro.runs import compare_blocks, read_results
from tests.runs import (
    BLOCKS,
    EXPERIMENTS,
    PARAMETERS,
    make_history,
    make_predictions,
    make_results,
    make_run,
)

LABELS = {"labels": make_predictions(0.5, 50)["labels"]}


def read(*runs, test=LABELS, parameters=None, **failing):
    """Read runs as Kedro hands them over: a function for each file."""
    keys = [f"{run.experiment}/seed-{run.seed}" for run in runs]

    def loaders(attribute):
        return {
            key: failing.get(attribute, lambda run=run: getattr(run, attribute))
            for key, run in zip(keys, runs, strict=True)
        }

    return read_results(
        loaders("metrics"),
        loaders("history"),
        loaders("predictions"),
        test,
        parameters or PARAMETERS,
    )


def finished(name="exp0", **changes):
    """Make a run that its early stopping ended."""
    history = make_history()
    history["val_loss"] = [2.0, *[3.0] * 19]
    return make_run(name, 0.6, history, images=50, **changes)


def with_provenance(run, **changes):
    parameters = copy.deepcopy(BLOCKS[run.experiment])
    run.metrics["provenance"] = {
        "parameters": parameters,
        "validation_images": 10_000,
    } | changes
    return run


def test_runs_are_read_in_the_order_of_the_configuration_and_seeds():
    results = read(finished("exp10"), finished(seed=2), finished(seed=0))
    assert [(r.experiment, r.seed) for r in results.runs] == [
        ("exp0", 0),
        ("exp0", 2),
        ("exp10", 0),
    ]
    run = results.runs[0]
    assert run.stop == "val_loss no better for 5 epochs"
    assert run.caveats == ()
    assert run.right().mean() == 0.6


def test_a_run_cut_short_says_so():
    (run,) = read(make_run("exp0", 0.6, images=50)).runs
    assert run.caveats == ("cut short: 20 of up to 500 epochs",)


def test_a_run_of_present_parameters_has_no_caveat():
    (run,) = read(with_provenance(finished())).runs
    assert run.caveats == ()


def test_a_run_of_other_parameters_names_them():
    run = with_provenance(finished(), validation_images=5000)
    run.metrics["provenance"]["parameters"]["network"]["dense"] = [64]
    run.metrics["provenance"]["parameters"]["title"] = "Another title"
    (read_run,) = read(run).runs
    assert read_run.caveats == (
        "made with other parameters: network.dense [64], now [32], "
        "validation_images 5000, now 10000",
    )


def test_parameters_that_kedro_has_validated_are_read_too():
    parameters = PARAMETERS | {"exp0": EXPERIMENTS["exp0"]}
    (run,) = read(with_provenance(finished()), parameters=parameters).runs
    assert run.caveats == ()


def test_a_run_tested_on_other_images_says_so():
    (run,) = read(finished(), test={"labels": np.zeros(50, np.uint8)}).runs
    assert run.caveats == ("tested on other images",)


def test_a_run_that_cannot_be_read_is_listed_with_the_reason():
    broken = finished("exp1")
    del broken.history["loss"]
    results = read(finished(), finished("exp99"), broken)
    assert [run.experiment for run in results.runs] == ["exp0"]
    assert results.failures == {
        "exp99/seed-0": "KeyError: 'exp99'",
        "exp1/seed-0": "KeyError: 'loss'",
    }


def test_where_no_run_can_be_read_all_reasons_are_given():
    def broken():
        raise OSError("no such file\nand a long story")

    message = "No run can be read.*exp0/seed-0': 'OSError: no such file'"
    with pytest.raises(ValueError, match=message):
        read(finished(), predictions=broken)


def test_the_shown_run_is_chosen_by_seed_and_caveats_alone():
    bad = {"caveats": ("cut short",)}
    runs = [
        make_run("exp0", 0.9, seed=0, images=50, **bad),
        make_run("exp0", 0.5, seed=1, images=50),
        make_run("exp0", 0.8, seed=2, images=50),
        make_run("exp1", 0.5, seed=3, images=50, **bad),
        make_run("exp1", 0.8, seed=4, images=50, **bad),
    ]
    results = make_results(*runs)
    assert results.shown("exp0").seed == 1
    assert results.shown("exp1").seed == 3
    assert results.shown("exp2") is None


@pytest.mark.parametrize("key", ["title", "builds_on", "name", "reported"])
def test_blocks_that_only_describe_otherwise_do_not_differ(key):
    block = BLOCKS["exp9"]
    assert compare_blocks(block, block | {key: "other"}) == {}


def test_blocks_differ_by_leaf():
    before = {"network": {"dense": [1], "l2": 0.1}, "augmentation": {"shear": 1.0}}
    after = {"network": {"dense": [2], "l2": 0.1}, "augmentation": None}
    assert compare_blocks(before, after) == {
        "network.dense": ([1], [2]),
        "augmentation.shear": (1.0, None),
    }
