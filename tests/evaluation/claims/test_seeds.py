"""Verdicts from made-up runs with several seeds: which words they may use."""

import pytest

from cifar_kedro.evaluation.claims.claims import (
    Claims,
    Part,
    judge_claims,
    reach_verdict,
)
from cifar_kedro.evaluation.comparisons import compare_experiments
from cifar_kedro.evaluation.runs import Results
from tests.helpers.runs import EXPERIMENTS, make_history, make_run

RAISES = {"check": "raises_accuracy", "baseline": "exp4", "experiment": "exp5"}
CHANGES = RAISES | {"check": "changes_accuracy"}
SAME = RAISES | {"check": "same_accuracy"}
NOT_RAISED = RAISES | {"check": "accuracy_not_raised"}
ABOVE = {"check": "accuracy_above", "experiment": "exp4", "level": 0.8}
UNDECIDED = "not decidable with these runs"


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch):
    monkeypatch.setattr("cifar_kedro.evaluation.significance.RESAMPLES", 200)


def make_runs(experiment, *accuracies, **options):
    history = make_history(0.9, 0.85)
    return [
        make_run(experiment, accuracy, history, seed=seed, **options)
        for seed, accuracy in enumerate(accuracies)
    ]


def judge(check, *runs):
    claim = {"statement": "One.", "checks": [check]}
    claims = Claims.model_validate({"one": claim})
    results = Results(EXPERIMENTS, list(runs))
    (row,) = judge_claims(
        results, compare_experiments(results, claims), claims
    ).to_dict("records")
    return row


@pytest.mark.parametrize(
    ("seeds", "verdict"),
    [((3, 3), "confirmed"), ((3, 2), "agrees so far"), ((1, 3), "agrees so far")],
)
def test_only_three_seeds_on_both_sides_confirm(seeds, verdict):
    four = make_runs("exp4", *(0.82, 0.822, 0.818)[: seeds[0]])
    five = make_runs("exp5", *(0.85, 0.852, 0.848)[: seeds[1]])
    row = judge(RAISES, *four, *five)
    assert (row["verdict"], row["seeds"]) == (verdict, min(seeds))
    row = judge(RAISES | {"baseline": "exp5", "experiment": "exp4"}, *four, *five)
    opposite = {"confirmed": "contradicted", "agrees so far": "disagrees so far"}
    assert (row["verdict"], row["seeds"]) == (opposite[verdict], min(seeds))


def test_seeds_need_not_be_the_same():
    five = [
        make_run("exp5", accuracy, seed=seed)
        for seed, accuracy in zip((7, 8, 9), (0.85, 0.852, 0.848), strict=True)
    ]
    row = judge(RAISES, *make_runs("exp4", 0.82, 0.822, 0.818), *five)
    assert (row["verdict"], row["seeds"]) == ("confirmed", 3)
    assert row["ours"].startswith("+3.0 points [+2.")
    assert row["ours"].endswith(" (mean of 3 and 3 seeds)")


def test_what_each_seed_says_surely_may_be_chance_of_the_trainings():
    four = make_runs("exp4", 0.80, 0.82, 0.84)
    one = judge(RAISES, four[0], *make_runs("exp5", 0.83))
    assert one["verdict"] == "agrees so far"
    three = judge(RAISES, *four, *make_runs("exp5", 0.83, 0.85, 0.81))
    assert three["verdict"] == UNDECIDED


@pytest.mark.parametrize(
    ("check", "accuracies", "verdict"),
    [
        (CHANGES, (0.85, 0.852, 0.848), "confirmed"),  # the report has +3.7
        (CHANGES, (0.90, 0.902, 0.898), UNDECIDED),  # another size
        (CHANGES, (0.79, 0.792, 0.788), "contradicted"),
        (CHANGES, (0.821, 0.823, 0.819), "contradicted"),  # none, and not +3.7
        (CHANGES, (0.82, 0.87, 0.77), UNDECIDED),  # seeds differ by more than that
        (SAME, (0.82, 0.822, 0.818), "confirmed"),
        (SAME, (0.85, 0.852, 0.848), "contradicted"),
        (SAME, (0.82, 0.83, 0.81), UNDECIDED),
        (NOT_RAISED, (0.82, 0.822, 0.818), "confirmed"),
        (NOT_RAISED, (0.85, 0.852, 0.848), "contradicted"),
        (ABOVE, (0.82,), "confirmed"),
        (ABOVE | {"level": 0.819}, (0.82,), UNDECIDED),
        (ABOVE | {"level": 0.84}, (0.82,), "contradicted"),
    ],
)
def test_three_seeds_are_judged_by_their_means(check, accuracies, verdict):
    four = make_runs("exp4", 0.82, 0.822, 0.818)
    row = judge(check, *four, *make_runs("exp5", *accuracies))
    assert (row["verdict"], row["seeds"]) == (verdict, 3)


def test_the_lowest_of_all_others_is_judged_by_their_means():
    check = {"check": "others_below", "experiments": ["exp4", "exp5"], "level": 0.9}
    four, five = make_runs("exp4", 0.8, 0.8, 0.8), make_runs("exp5", 0.85, 0.85, 0.85)
    row = judge(check, *four, *five)
    assert (row["verdict"], row["seeds"]) == ("confirmed", 3)
    assert row["ours"].startswith("best other: exp5 85.0 %")
    assert judge(check, *four, *five[:2])["verdict"] == "agrees so far"


def test_a_check_of_trainings_must_hold_with_each_of_three_seeds():
    check = {"check": "train_accuracy_below", "experiment": "exp4", "bound": 0.95}
    runs = make_runs("exp4", 0.82, 0.82, 0.82)
    assert judge(check, *runs)["verdict"] == "confirmed"
    other = make_run("exp4", 0.82, make_history(0.97), seed=2)
    assert judge(check, *runs[:2], other)["verdict"] == UNDECIDED


def test_mixed_test_images_decide_nothing():
    five = [*make_runs("exp5", 0.85, 0.85), make_run("exp5", 0.85, seed=2, images=500)]
    row = judge(RAISES, *make_runs("exp4", 0.82, 0.82, 0.82), *five)
    assert (row["verdict"], row["seeds"]) == (UNDECIDED, 0)
    assert row["ours"] == "exp4, exp5: tested on different images"


def test_runs_with_a_caveat_do_not_count():
    cut = make_run("exp5", 0.85, seed=2, issues=("cut short",))
    five = [*make_runs("exp5", 0.85, 0.85), cut]
    row = judge(RAISES, *make_runs("exp4", 0.82, 0.82, 0.82), *five)
    assert (row["verdict"], row["seeds"]) == ("agrees so far", 2)


@pytest.mark.parametrize(
    ("parts", "verdict"),
    [
        ([(True, 3), (True, 5)], ("confirmed", 3)),
        ([(True, 3), (True, 1)], ("agrees so far", 1)),
        ([(True, 1), (False, 3)], ("contradicted", 3)),
        ([(True, 3), (False, 1)], ("disagrees so far", 1)),
        ([(False, 1), (False, 3)], ("contradicted", 3)),
        ([(False, 2), ("missing", 0)], ("disagrees so far", 2)),
        ([(True, 3), ("missing", 0)], ("not run", 3)),
        ([(True, 3), (None, 1)], (UNDECIDED, 1)),
        ([(None, 0)], (UNDECIDED, 0)),
    ],
)
def test_the_part_that_decides_gives_the_number_of_seeds(parts, verdict):
    assert reach_verdict([Part(holds, "", n) for holds, n in parts]) == verdict
