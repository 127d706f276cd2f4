import pandas as pd
import pytest

from cifar_kedro.config import Experiment
from cifar_kedro.evaluation.comparisons import (
    compare_experiments,
    difference_error,
    list_pairs,
    reported_difference,
)
from cifar_kedro.evaluation.runs import Results
from tests.helpers.runs import BLOCKS, CLAIMS, EXPERIMENTS, make_results, make_run


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch):
    monkeypatch.setattr("cifar_kedro.evaluation.significance.RESAMPLES", 200)


def row(table, experiment, baseline):
    same = (table["experiment"] == experiment) & (table["baseline"] == baseline)
    (found,) = table[same].to_dict("records")
    return found


def test_every_experiment_is_compared_with_its_parent_and_the_reports_others():
    pairs = list_pairs(EXPERIMENTS, CLAIMS.list_pairs())
    assert len([pair for pair in pairs if EXPERIMENTS[pair[1]].reported]) == 15
    assert ("exp5", "exp8a") in pairs and ("exp6", "exp8a") in pairs
    assert ("exp9", "exp10") in pairs and ("exp8a", "exp10") in pairs
    few_claimed = {"exp8b": EXPERIMENTS["exp8b"], "exp9": EXPERIMENTS["exp9"]}
    few_claimed["exp9"] = EXPERIMENTS["exp9"].model_copy(update={"builds_on": "exp10"})
    assert list_pairs(few_claimed, CLAIMS.list_pairs()) == [
        ("exp8b", "exp9")
    ]  # whatever it is built on
    few = {name: EXPERIMENTS[name] for name in ("exp5", "exp8a", "exp10")}
    assert list_pairs(few, CLAIMS.list_pairs()) == [
        ("exp5", "exp8a"),
        ("exp8a", "exp10"),
    ]


def test_a_pair_is_compared_image_by_image():
    table = compare_experiments(
        make_results(make_run("exp0", 0.6), make_run("exp1", 0.62, seed=1)), CLAIMS
    )
    pair = row(table, "exp1", "exp0")
    assert pair["usable"] is True
    assert (pair["baseline_seed"], pair["seed"]) == (0, 1)
    assert pair["difference_points"] == pytest.approx(2)
    assert 1.5 < pair["low_points"] < 2 < pair["high_points"] < 2.5
    assert pair["only_experiment_right"] == 200
    assert pair["only_baseline_right"] == 0
    assert pair["p_value"] == pytest.approx(2 * 0.5**200)
    assert pair["reported_points"] == pytest.approx(14.18)


def test_a_pair_is_compared_with_every_seed_that_both_have():
    runs = [
        *(make_run("exp0", 0.60, seed=seed) for seed in (0, 1, 3)),
        *(make_run("exp1", 0.62, seed=seed) for seed in (1, 2, 3)),
        make_run("exp1", 0.62, seed=0, issues=("cut short",)),
    ]
    table = compare_experiments(make_results(*runs), CLAIMS)
    pair = table[(table["baseline"] == "exp0") & (table["experiment"] == "exp1")]
    assert pair[["baseline_seed", "seed"]].to_numpy().tolist() == [[1, 1], [3, 3]]
    assert pair["usable"].all()
    assert len(table) == len(list_pairs(EXPERIMENTS, CLAIMS.list_pairs())) + 1
    assert (pair["p_value_holm"] == 2 * pair["p_value"]).all()


def test_a_pair_that_has_not_run_has_the_reports_difference_alone():
    runs = [make_run("exp0", 0.6, seed=seed) for seed in (0, 1)]
    pair = row(compare_experiments(make_results(*runs), CLAIMS), "exp1", "exp0")
    assert pair["usable"] is False
    assert pd.isna(pair["difference_points"]) and pd.isna(pair["p_value_holm"])
    assert pair["reported_points"] == pytest.approx(14.18)


def test_three_seeds_of_each_are_compared_by_their_means():
    runs = [
        *(make_run("exp0", 0.60 + 0.01 * seed, seed=seed) for seed in (0, 1, 2)),
        *(make_run("exp1", 0.64 + 0.01 * seed, seed=seed) for seed in (1, 2, 3, 4)),
        make_run("exp2", 0.7),
        make_run("exp1", 0.1, seed=5, issues=("cut short",)),
    ]
    table = compare_experiments(make_results(*runs), CLAIMS)
    pair = table[(table["baseline"] == "exp0") & (table["experiment"] == "exp1")]
    assert len(pair) == 2  # seeds 1 and 2; what follows is the same in both rows
    assert (pair["baseline_seeds"] == 3).all() and (pair["seeds"] == 4).all()
    first = pair.iloc[0]
    assert first["mean_points"] == pytest.approx(5.5)
    assert first["mean_low_points"] < 4 and first["mean_high_points"] > 7
    assert first["mean_low_points"] + first["mean_high_points"] == pytest.approx(11)
    assert 0.5 < first["seeds_share"] < 1
    assert first["further_points"] > first["mean_high_points"] - 5.5
    few = row(table, "exp2", "exp1")
    assert (few["baseline_seeds"], few["seeds"]) == (4, 1)
    assert pd.isna(few["mean_points"]) and pd.isna(few["further_points"])


def test_means_of_runs_on_other_images_are_not_compared():
    runs = [make_run("exp0", 0.6, seed=seed) for seed in range(3)]
    runs += [make_run("exp1", 0.6, seed=seed) for seed in range(2)]
    runs += [make_run("exp1", 0.6, seed=2, images=500)]
    pair = row(
        compare_experiments(make_results(*runs), CLAIMS).drop_duplicates("experiment"),
        "exp1",
        "exp0",
    )
    assert pair["usable"] is True  # seed 0
    assert pair["seeds"] == 3 and pd.isna(pair["mean_points"])


def test_holm_counts_the_tests_of_usable_pairs_alone():
    runs = [
        make_run("exp0", 0.6000),
        make_run("exp1", 0.6010),
        make_run("exp2", 0.6020),
        make_run("exp3", 0.7, issues=("cut short",)),
    ]
    table = compare_experiments(make_results(*runs), CLAIMS)
    pair = row(table, "exp2", "exp1")
    assert pair["p_value_holm"] == pytest.approx(2 * pair["p_value"])
    unusable = row(table, "exp3", "exp2")
    assert unusable["p_value"] < 0.001 and pd.isna(unusable["p_value_holm"])


def test_an_experiment_that_the_report_has_not_is_outside_of_the_family():
    block = BLOCKS["exp1"] | {"name": "mine", "builds_on": "exp0", "reported": None}
    experiments = EXPERIMENTS | {"mine": Experiment.model_validate(block)}
    runs = [make_run(name, 0.6) for name in ("exp0", "exp1", "mine")]
    table = compare_experiments(Results(experiments, runs), CLAIMS)
    assert row(table, "mine", "exp0")["usable"] is True
    assert pd.isna(row(table, "mine", "exp0")["p_value_holm"])
    assert row(table, "exp1", "exp0")["p_value_holm"] == 1


def test_runs_on_other_images_are_not_compared():
    table = compare_experiments(
        make_results(make_run("exp0", 0.6), make_run("exp1", 0.6, images=500)), CLAIMS
    )
    assert row(table, "exp1", "exp0")["usable"] is False


def test_the_reports_error_is_that_of_two_independent_accuracies():
    points, error = reported_difference(EXPERIMENTS["exp4"], EXPERIMENTS["exp5"])
    assert points == 3.69
    variance = (0.8125 * 0.1875 + 0.8494 * 0.1506) / 10_000
    assert error == difference_error(0.8125, 0.8494)
    assert error == pytest.approx(196 * variance**0.5, rel=1e-3)
