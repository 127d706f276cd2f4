"""Claims about experiments, and what this project's own runs say about each.

The original report's stand in ``conf/base/parameters_claims.yml``; anyone may add theirs.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

import pandas as pd
from pydantic import Field, RootModel

from cifar_kedro.config.base import Strict
from cifar_kedro.evaluation.claims import accuracy_checks, training_checks
from cifar_kedro.evaluation.claims.check import Check, Evidence
from cifar_kedro.evaluation.runs import Results, have_same_images

Verdict = Literal[
    "confirmed", "contradicted", "not decidable with these runs", "not run"
]

COLUMNS = ["number", "claim", "reported", "ours", "test", "verdict", "seeds"]

AnyCheck = Annotated[
    training_checks.TrainAccuracyBelow
    | training_checks.TrainAccuracyFrom
    | training_checks.HeavyOverfitting
    | training_checks.ValidationLossRises
    | training_checks.ValidationBeatsTrain
    | training_checks.Steadier
    | training_checks.SmallerGap
    | training_checks.GapNotSmaller
    | accuracy_checks.ChangesAccuracy
    | accuracy_checks.RaisesAccuracy
    | accuracy_checks.SameAccuracy
    | accuracy_checks.AccuracyNotRaised
    | accuracy_checks.AccuracyAbove
    | accuracy_checks.OthersBelow,
    Field(discriminator="check"),
]


class Claim(Strict):
    """A claim, made before its experiments run.

    Attributes:
        statement: What it says.
        reported: The original report's figures that it rests on; null for one's own.
        checks: All must hold for it to be confirmed.
    """

    statement: str = Field(min_length=1)
    reported: str | None = None
    checks: list[AnyCheck] = Field(min_length=1)


class Claims(RootModel[dict[str, Claim]]):
    """Claims by name, in the order in which the page numbers them."""

    def list_pairs(self) -> list[tuple[str, str]]:
        """List the pairs that the claims are about: (baseline, experiment)."""
        return [
            (check.needs[0], check.needs[1])
            for claim in self.root.values()
            for check in claim.checks
            if len(check.needs) == 2
        ]


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


def judge_claims(
    results: Results, comparisons: pd.DataFrame, claims: Claims
) -> pd.DataFrame:
    """Judge the claims by what has run.

    Args:
        results: What has run.
        comparisons: What `cifar_kedro.evaluation.comparisons.compare_experiments` gives.
        claims: The claims.

    Returns:
        A row per claim: its `number`, the `claim`, the `reported` figures, `ours`, the
        `test`, the `verdict`, and the `seeds` that each part of it rests on at least.
    """
    rows = []
    for number, claim in enumerate(_list_claims(results, claims), start=1):
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
    return pd.DataFrame(rows, columns=COLUMNS)


def _list_claims(results: Results, claims: Claims) -> list[Claim]:
    """List the claims to judge: the original report's are about its data set alone."""
    every = claims.root.values()
    return [c for c in every if results.is_original or c.reported is None]


def judge_check(check: Check, results: Results, comparisons: pd.DataFrame) -> Part:
    """Judge one part of a claim, with every seed with which its experiments have run.

    Returns:
        What was found, as far as all seeds agree, with our figures or what is missing.
    """
    if unknown := [name for name in check.needs if name not in results.experiments]:
        return Part("missing", f"not configured: {', '.join(unknown)}")
    if missing := [name for name in check.needs if not results.of(name)]:
        return Part("missing", f"missing: {', '.join(missing)}")
    together = results.together(check.needs)
    if not together:
        doubtful = [name for name in check.needs if not results.together([name])]
        return Part(None, f"not complete: {', '.join(doubtful)}")
    if any(not have_same_images(runs.values()) for runs in together):
        named = ", ".join(check.needs)
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
