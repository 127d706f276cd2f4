import numpy as np
import pytest

from cifar_kedro.evaluation.chance import further_half_width
from cifar_kedro.evaluation.runs import Results
from cifar_kedro.evaluation.scores import describe_seeds, score_runs
from cifar_kedro.evaluation.significance import wilson_interval
from tests.helpers.runs import EXPERIMENTS, make_results, make_run


def test_a_row_per_run_and_weights():
    run = make_run("exp4", 0.8)
    run.predictions["best"] = np.roll(run.predictions["end"], 1, axis=1)
    table = score_runs(make_results(run))
    assert table[["experiment", "weights", "images"]].values.tolist() == [
        ["exp4", "end", 10_000],
        ["exp4", "best", 10_000],
    ]
    end, best = table.to_dict("records")
    assert end["accuracy"] == 0.8
    assert (end["low"], end["high"]) == wilson_interval(8000, 10_000)
    assert end["calibration_error"] == pytest.approx(0.1)  # confidence 0.7
    assert end["cross_entropy"] == 1.2345
    assert best["accuracy"] < 0.1


def test_views_have_a_row_of_their_own_and_change_no_other():
    run, plain = make_run("exp13", 0.8), make_run("exp13", 0.8)
    run.predictions["views"] = make_run("exp13", 0.9).predictions["end"]
    run.metrics["test_time_views"] = {"test_cross_entropy": 0.5}
    table = score_runs(make_results(run))
    assert table[:2].equals(score_runs(make_results(plain)))
    views = table.iloc[2]
    assert (views["weights"], views["accuracy"]) == ("views", 0.9)
    assert views["cross_entropy"] == 0.5


def test_seeds_are_described_by_mean_and_sample_deviation():
    accuracies = {0: 0.6, 1: 0.61, 2: 0.65}
    runs = [make_run("exp0", value, seed=seed) for seed, value in accuracies.items()]
    cut = make_run("exp0", 0.1, seed=3, issues=("cut short",))
    table = describe_seeds(make_results(*runs, cut, make_run("exp1", 0.7)))
    first, second = table.to_dict("records")
    assert (first["experiment"], first["seeds"]) == ("exp0", 3)
    assert first["mean"] == pytest.approx(0.62)
    assert first["sd"] == pytest.approx(np.std([0.6, 0.61, 0.65], ddof=1))
    assert (first["min"], first["max"]) == (0.6, 0.65)
    assert first["reported_test_accuracy"] == 0.6058
    assert first["difference_points"] == 1.42
    half = further_half_width(np.array([0.6, 0.61, 0.65]))
    assert first["further_low"] == pytest.approx(0.62 - half)
    assert first["further_high"] == pytest.approx(0.62 + half)
    assert second["seeds"] == 1 and np.isnan(second["sd"])
    assert np.isnan(second["further_low"]) and np.isnan(second["further_high"])
    assert second["mean"] == second["min"] == second["max"] == 0.7


def test_seeds_of_an_experiment_that_the_report_lacks_and_of_none():
    run = make_run("exp0", 0.6)
    own = EXPERIMENTS["exp0"].model_copy(update={"reported": None})
    (row,) = describe_seeds(Results({"exp0": own}, [run])).to_dict("records")
    assert np.isnan(row["reported_test_accuracy"]) and np.isnan(
        row["difference_points"]
    )
    nothing = describe_seeds(Results({"exp0": own}, []))
    assert nothing.empty and list(nothing) == list(row)
