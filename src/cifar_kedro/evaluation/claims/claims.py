"""Claims about experiments, and what this project's own runs say about each.

The original report's claims stand in ``conf/base/parameters_claims.yml``. Anyone may add
claims there.
"""

from dataclasses import dataclass
from itertools import chain
from typing import Annotated, Literal

import pandas as pd
from pydantic import Field, RootModel

from cifar_kedro.config.base import Strict
from cifar_kedro.evaluation.claims import accuracy_checks, training_checks
from cifar_kedro.evaluation.claims.evidence import AllSeeds, OneSeed
from cifar_kedro.evaluation.runs import Results, Run, have_same_images
from cifar_kedro.evaluation.significance import ENOUGH_SEEDS

Verdict = Literal[
    "confirmed",
    "contradicted",
    "agrees so far",
    "disagrees so far",
    "not decidable with these runs",
    "not run",
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
    | accuracy_checks.AccuracyCheck,
    Field(discriminator="check"),
]


class Claim(Strict):
    """A claim, made before its experiments run.

    Attributes:
        statement: What it says.
        reported: The original report's figures that it rests on. Your own claim has null.
        checks: All of them must hold, for "confirmed" and for "agrees so far".
    """

    statement: str = Field(min_length=1)
    reported: str | None = None
    checks: list[AnyCheck] = Field(min_length=1)


class Claims(RootModel[dict[str, Claim]]):
    """Claims by name, in the order in which the report page numbers them."""

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
        holds: Whether it holds. None if that is not decidable, or if the seeds disagree.
        figures: Our figures, or what is missing.
        seeds: The number of seeds of the experiment with the fewest.
    """

    holds: bool | Literal["missing"] | None
    figures: str
    seeds: int = 0


def judge_claims(
    results: Results, comparisons: pd.DataFrame, claims: Claims
) -> pd.DataFrame:
    """Judge the claims by the runs that there are.

    Args:
        results: All runs.
        comparisons: What `cifar_kedro.evaluation.comparisons.compare_experiments` gives.
        claims: The claims.

    Returns:
        A row per claim: its `number`, the `claim`, the `reported` figures, `ours`, the
        `test`, the `verdict`, and how many `seeds` the verdict rests on.
    """
    rows = []
    for number, claim in enumerate(_list_claims(results, claims), start=1):
        parts = [judge_check(check, results, comparisons) for check in claim.checks]
        verdict, seeds = reach_verdict(parts)
        rows.append(
            {
                "number": number,
                "claim": claim.statement,
                "reported": claim.reported,
                # Several parts may lack the same run: it is named once.
                "ours": "; ".join(dict.fromkeys(part.figures for part in parts)),
                "test": "; ".join(check.rule for check in claim.checks),
                "verdict": verdict,
                "seeds": seeds,
            }
        )
    return pd.DataFrame(rows, columns=COLUMNS)


def _list_claims(results: Results, claims: Claims) -> list[Claim]:
    """List the claims to judge. The original report's are about its data set alone."""
    every = claims.root.values()
    return [c for c in every if results.is_original or c.reported is None]


def judge_check(check: AnyCheck, results: Results, comparisons: pd.DataFrame) -> Part:
    """Judge one part of a claim, with all seeds of its experiments.

    Returns:
        What was found, with our figures or what is missing. With enough seeds, accuracies
        are judged by their means. Everything else is judged seed by seed. It holds or fails
        only if all seeds agree.
    """
    if lack := _find_lack(check, results):
        return lack
    complete = {
        name: [runs[name] for runs in results.together([name])] for name in check.needs
    }
    fewest = min(map(len, complete.values()))
    if isinstance(check, accuracy_checks.AccuracyCheck) and fewest >= ENOUGH_SEEDS:
        return _judge_means(check, complete, comparisons)
    return _judge_seed_by_seed(check, results.together(check.needs), comparisons)


def _find_lack(check: AnyCheck, results: Results) -> Part | None:
    """Say what a check lacks, or return None if it can be judged."""
    if unknown := [name for name in check.needs if name not in results.experiments]:
        return Part("missing", f"not configured: {', '.join(unknown)}")
    if missing := [name for name in check.needs if not results.of(name)]:
        return Part("missing", f"missing: {', '.join(missing)}")
    if doubtful := [name for name in check.needs if not results.together([name])]:
        return Part(None, f"not complete: {', '.join(doubtful)}")
    return None


def _judge_means(
    check: accuracy_checks.AccuracyCheck,
    complete: dict[str, list[Run]],
    comparisons: pd.DataFrame,
) -> Part:
    if not have_same_images(chain(*complete.values())):
        return _differ(check)
    finding = check.judge(AllSeeds(complete, comparisons))
    counts = [len(runs) for runs in complete.values()]
    figures = f"{finding.figures} (mean of {' and '.join(map(str, counts))} seeds)"
    return Part(finding.holds, figures, min(counts))


def _judge_seed_by_seed(
    check: AnyCheck, together: list[dict[str, Run]], comparisons: pd.DataFrame
) -> Part:
    if not all(have_same_images(runs.values()) for runs in together):
        return _differ(check)
    findings = [check.judge(OneSeed(runs, comparisons)) for runs in together]
    holds = {finding.holds for finding in findings}
    seeds = [next(iter(runs.values())).seed for runs in together]
    figures = [finding.figures for finding in findings]
    if len(seeds) > 1:
        figures = [f"{f} (seed {s})" for f, s in zip(figures, seeds, strict=True)]
    agreed = holds.pop() if len(holds) == 1 else None
    return Part(agreed, "; ".join(figures), len(seeds))


def _differ(check: AnyCheck) -> Part:
    return Part(None, f"{', '.join(check.needs)}: tested on different images")


def reach_verdict(parts: list[Part]) -> tuple[Verdict, int]:
    """Reach a verdict on a claim, and tell on how many seeds it rests.

    A part that fails decides, even if another part has not run. If several fail, the one
    with the most seeds decides. If none fails, the part with the fewest seeds counts.
    """
    found = [part.holds for part in parts]
    if False in found:
        seeds = max(part.seeds for part in parts if part.holds is False)
        return "contradicted" if seeds >= ENOUGH_SEEDS else "disagrees so far", seeds
    seeds = min((part.seeds for part in parts if part.seeds), default=0)
    if "missing" in found:
        return "not run", seeds
    if not all(found):
        return "not decidable with these runs", seeds
    return "confirmed" if seeds >= ENOUGH_SEEDS else "agrees so far", seeds
