"""The report's thirteen claims, and what this project's own runs say about each."""

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from cifar_kedro.evaluation.claims.accuracy_checks import (
    accuracy_above,
    accuracy_not_raised,
    changes_accuracy,
    others_below,
    same_accuracy,
)
from cifar_kedro.evaluation.claims.training_checks import (
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
from cifar_kedro.evaluation.runs import Results, have_same_images

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


@dataclass(frozen=True)
class Part:
    """What was found about one part of a claim.

    Attributes:
        holds: Whether it holds; None if that is not decidable, or the seeds disagree.
        figures: Ours, or what is missing.
        seeds: With how many seeds it was judged.
    """

    holds: bool | Literal["missing"] | None
    figures: str
    seeds: int = 0


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
        (
            train_accuracy_from("exp2", CONVERGED_TRAIN_ACCURACY),
            # That of exp1 is near 1, too, but does not settle.
            steadier("exp1", "exp2", "accuracy"),
        ),
    ),
    Claim(
        "Batch normalization steadies the validation loss, and does not raise the test "
        "accuracy by itself.",
        "76.9 % to 76.3 %",
        (steadier("exp2", "exp3", "val_loss"), accuracy_not_raised("exp2", "exp3")),
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


def list_claimed_pairs() -> list[tuple[str, str]]:
    """List the pairs of experiments that the claims are about: (baseline, experiment)."""
    return [
        (check.experiments[0], check.experiments[1])
        for claim in CLAIMS
        for check in claim.checks
        if len(check.experiments) == 2
    ]


def judge_claims(results: Results, comparisons: pd.DataFrame) -> pd.DataFrame:
    """Judge the report's claims by what has run.

    Args:
        results: What has run.
        comparisons: What `cifar_kedro.evaluation.comparisons.compare_experiments` gives.

    Returns:
        A row per claim: its `number`, the `claim`, the `reported` figures, `ours`, the
        `test`, the `verdict`, and the `seeds` that each part of it rests on at least.
    """
    rows = []
    for number, claim in enumerate(CLAIMS, start=1):
        parts = [judge_check(check, results, comparisons) for check in claim.checks]
        rows.append(
            {
                "number": number,
                "claim": claim.statement,
                "reported": claim.reported,
                # Parts may lack the same run.
                "ours": "; ".join(dict.fromkeys(part.figures for part in parts)),
                "test": "; ".join(check.rule for check in claim.checks),
                "verdict": reach_verdict(parts),
                "seeds": min((p.seeds for p in parts if p.seeds), default=0),
            }
        )
    return pd.DataFrame(rows)


def judge_check(check: Check, results: Results, comparisons: pd.DataFrame) -> Part:
    """Judge one part of a claim, with every seed with which its experiments have run.

    Returns:
        What was found, as far as all seeds agree, with our figures or what is missing.
    """
    if missing := [name for name in check.experiments if not results.of(name)]:
        return Part("missing", f"missing: {', '.join(missing)}")
    together = results.together(check.experiments)
    if not together:
        doubtful = [name for name in check.experiments if not results.together([name])]
        return Part(None, f"not complete: {', '.join(doubtful)}")
    if any(not have_same_images(runs.values()) for runs in together):
        named = ", ".join(check.experiments)
        return Part(None, f"{named}: tested on different images")
    findings = [check.judge(Evidence(runs, comparisons)) for runs in together]
    holds = {finding.holds for finding in findings}
    seeds = [next(iter(runs.values())).seed for runs in together]
    figures = [finding.figures for finding in findings]
    if len(seeds) > 1:
        figures = [f"{f} (seed {s})" for f, s in zip(figures, seeds, strict=True)]
    agreed = holds.pop() if len(holds) == 1 else None
    return Part(agreed, "; ".join(figures), len(seeds))


def reach_verdict(parts: list[Part]) -> Verdict:
    """Reach a verdict on a claim: one part that fails decides, whatever has not run."""
    found = [part.holds for part in parts]
    if False in found:
        return "contradicted"
    if "missing" in found:
        return "not run"
    return "confirmed" if all(found) else "not decidable with these runs"
