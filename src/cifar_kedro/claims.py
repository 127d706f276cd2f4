"""The report's thirteen claims, and what this project's own runs say about each."""

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from cifar_kedro.accuracy_checks import (
    accuracy_above,
    accuracy_not_raised,
    changes_accuracy,
    others_below,
    same_accuracy,
)
from cifar_kedro.checks import (
    CONVERGED_TRAIN_ACCURACY,
    LOW_TRAIN_ACCURACY,
    Check,
    Evidence,
    gap_not_smaller,
    heavy_overfitting,
    smaller_gap,
    steadier,
    train_accuracy_below,
    train_accuracy_from,
    validation_beats_train,
    validation_loss_rises,
)
from cifar_kedro.runs import Results

Verdict = Literal[
    "confirmed", "contradicted", "not decidable with these runs", "not run"
]


@dataclass(frozen=True)
class Claim:
    """One of the report's claims.

    Attributes:
        statement: What it says.
        reported: The figures that it rests on.
        checks: All must hold for it to be confirmed.
    """

    statement: str
    reported: str
    checks: tuple[Check, ...]


_OTHERS = tuple(f"exp{name}" for name in "0 1 2 3 4 5 6 7 8a 8b 9 10 12".split())

CLAIMS: tuple[Claim, ...] = (
    Claim(
        "The base network under-fits: its accuracy is low on train, too.",
        "train accuracy 0.657",
        (train_accuracy_below("exp0", LOW_TRAIN_ACCURACY),),
    ),
    Claim(
        "Depth cures under-fitting and brings heavy over-fitting; the validation loss "
        "falls, then rises.",
        "train accuracy 0.993, validation 0.762",
        (
            train_accuracy_from("exp1", LOW_TRAIN_ACCURACY),
            heavy_overfitting("exp1"),
            validation_loss_rises("exp1"),
        ),
    ),
    Claim(
        "Reducing the learning rate makes the train accuracy converge to near 1.",
        "close to 100 %",
        (train_accuracy_from("exp2", CONVERGED_TRAIN_ACCURACY),),
    ),
    Claim(
        "Batch normalization steadies the validation loss, and does not raise the test "
        "accuracy by itself.",
        "76.9 % to 76.3 %",
        (steadier("exp2", "exp3"), accuracy_not_raised("exp2", "exp3")),
    ),
    Claim(
        "Dropout 0.3 shrinks the gap and brings the test accuracy above 80 %; dropout "
        "0.5 shrinks it more and adds 3.7 points.",
        "76.3 % to 81.3 % to 84.9 %",
        (
            smaller_gap("exp3", "exp4"),
            accuracy_above("exp4", 0.8),
            smaller_gap("exp4", "exp5"),
            changes_accuracy("exp4", "exp5"),
        ),
    ),
    Claim(
        "L2 with SGD and momentum adds 2.0 points, without reducing over-fitting.",
        "84.9 % to 87.0 %",
        (changes_accuracy("exp5", "exp6"), gap_not_smaller("exp5", "exp6")),
    ),
    Claim(
        "Augmenting the simple network costs 4.7 points; validation accuracy exceeds "
        "train accuracy.",
        "87.0 % to 82.3 %",
        (changes_accuracy("exp6", "exp7"), validation_beats_train("exp7")),
    ),
    Claim(
        "The larger network without augmentation does about as well as the small one "
        "with L2.",
        "87.0 % and 86.2 %",
        (same_accuracy("exp6", "exp8a"),),
    ),
    Claim(
        "Augmentation at learning rate 0.001 cuts over-fitting, not the error.",
        "86.2 % to 86.0 %",
        (smaller_gap("exp8a", "exp8b"), same_accuracy("exp8a", "exp8b")),
    ),
    Claim(
        "Learning rate 0.01 with more patience adds 1.5 points without augmentation, "
        "and 3.5 with it.",
        "86.2 % to 87.7 %; 86.0 % to 89.5 %",
        (changes_accuracy("exp8a", "exp10"), changes_accuracy("exp8b", "exp9")),
    ),
    Claim(
        "At learning rate 0.01, augmentation adds 1.8 points.",
        "87.7 % to 89.5 %",
        (changes_accuracy("exp10", "exp9"),),
    ),
    Claim(
        "More convolutions reach 90.7 %, and nothing else exceeds 90.",
        "90.7 %; next 89.5 %",
        (accuracy_above("exp11", 0.9), others_below(_OTHERS, 0.9)),
    ),
    Claim(
        "VGG16 transfer, done this way, does not pay.",
        "90.7 % to 85.9 %",
        (changes_accuracy("exp11", "exp12"),),
    ),
)


def judge_claims(results: Results, comparisons: pd.DataFrame) -> pd.DataFrame:
    """Judge the report's claims by what has run.

    Args:
        results: What has run.
        comparisons: What `cifar_kedro.comparisons.compare_experiments` gives.

    Returns:
        A row per claim: its `number`, the `claim`, the `reported` figures, `ours`, the
        `test`, the `verdict`.
    """
    evidence = Evidence(results, comparisons)
    rows = []
    for number, claim in enumerate(CLAIMS, start=1):
        verdict, ours = judge(claim, evidence)
        test = "; ".join(check.rule for check in claim.checks)
        rows.append((number, claim.statement, claim.reported, ours, test, verdict))
    columns = ["number", "claim", "reported", "ours", "test", "verdict"]
    return pd.DataFrame(rows, columns=columns)


def judge(claim: Claim, evidence: Evidence) -> tuple[Verdict, str]:
    """Judge one claim; see `judge_claims`.

    Returns:
        The verdict, and our figures or what is missing.
    """
    names = dict.fromkeys(name for check in claim.checks for name in check.experiments)
    shown = {name: evidence.results.shown(name) for name in names}
    if missing := [name for name, run in shown.items() if run is None]:
        return "not run", f"missing: {', '.join(missing)}"
    if doubtful := [name for name, run in shown.items() if run and run.caveats]:
        return (
            "not decidable with these runs",
            f"not complete: {', '.join(doubtful)}",
        )
    findings = [check.judge(evidence) for check in claim.checks]
    ours = "; ".join(finding.figures for finding in findings)
    if any(finding.holds is False for finding in findings):
        return "contradicted", ours
    if all(finding.holds for finding in findings):
        return "confirmed", ours
    return "not decidable with these runs", ours
