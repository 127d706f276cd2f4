"""Coverage: how often do 95 % intervals over a few seeds hold the truth?

    python benchmarks/interval_coverage.py [--repetitions 2000]

It draws pairs of experiments whose true accuracies are known, tests each training on the
same 10,000 images, and counts the intervals that hold the truth. The draws are seeded, so
the table is the same each time. docs/how-it-works/statistics.md says what it shows.
"""

import argparse
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from common import format_table
from numpy.random import Generator
from scipy.stats import norm, t

from cifar_kedro.evaluation.chance import (
    estimate_difference,
    estimate_mean,
    further_half_width,
)
from cifar_kedro.evaluation.significance import Interval

IMAGES = 10_000
MIDDLES = norm.ppf((0.8245, 0.8402))  # the accuracies of exp4 and exp5
# A training gets an image right if a sum is above zero: of the training, of the image, of
# the experiment with the image, and of the training with the image (whose sd is 1). With
# these two trainings disagree about 12 % of the images, as those of exp4 and exp5 do.
IMAGE_SD = 2.2
EXPERIMENT_SD = 0.3
SPREAD = np.sqrt(1 + IMAGE_SD**2 + EXPERIMENT_SD**2)
RESAMPLES = 999
Z = norm.ppf(0.975)

Runs = np.ndarray  # who is right, bool (runs, images)
Make = Callable[[Runs, Runs, Generator], Interval]


class World(NamedTuple):
    """How many seeds both experiments have, and how their true accuracies differ.

    Attributes:
        seeds: Of each experiment.
        sds: Standard deviations over the trainings, in points.
        skewed: Whether a few trainings are much worse than the others.
    """

    seeds: int
    sds: tuple[float, float]
    skewed: bool = False


SDS = [(0.2, 0.2), (0.5, 0.5), (0.8, 0.8), (1.2, 1.2), (0.2, 1.2)]
WORLDS = [
    *(World(seeds, sds) for seeds in (3, 5) for sds in SDS),
    *(World(seeds, (0.8, 0.8), skewed=True) for seeds in (3, 5)),
]


# --- The draws -------------------------------------------------------------------------


def draw_runs(world: World, rng: Generator) -> list[Runs]:
    """Draw both experiments, with a new run of each after those that are known."""
    images = IMAGE_SD * rng.standard_normal(IMAGES, np.float32)
    runs = []
    for middle, sd in zip(MIDDLES, world.sds, strict=True):
        trainings = draw_trainings(middle, sd, world.skewed, world.seeds + 1, rng)
        own = images + EXPERIMENT_SD * rng.standard_normal(IMAGES, np.float32)
        noise = rng.standard_normal((len(trainings), IMAGES), np.float32)
        runs.append(SPREAD * trainings[:, None].astype(np.float32) + own + noise > 0)
    return runs


def draw_trainings(
    middle: float, sd: float, skewed: bool, count: int, rng: Generator
) -> np.ndarray:
    """Draw trainings around the middle: quantiles of their accuracies, sd in points."""
    if skewed:
        deviations = 1 - rng.standard_exponential(count)
    else:
        deviations = rng.standard_normal(count)
    return middle + sd / 100 / norm.pdf(middle) * deviations


def find_truth(world: World) -> list[float]:
    """Give the true mean accuracies, over many trainings and all images."""
    rng = np.random.default_rng(1)
    return [
        norm.cdf(draw_trainings(middle, sd, world.skewed, 1_000_000, rng)).mean()
        for middle, sd in zip(MIDDLES, world.sds, strict=True)
    ]


# --- The intervals of the difference ---------------------------------------------------


def one_seed(first: Runs, second: Runs, rng: Generator) -> Interval:
    """Take one seed of each, and images as the only chance."""
    return images_alone(first[:1], second[:1], rng)


def images_alone(first: Runs, second: Runs, rng: Generator) -> Interval:
    """Take all seeds, and images as the only chance."""
    gains = second.mean(axis=0) - first.mean(axis=0)
    return _around(gains.mean(), Z * gains.std(ddof=1) / np.sqrt(IMAGES))


def bootstrap(first: Runs, second: Runs, rng: Generator) -> Interval:
    """Resample seeds, then images; percentiles."""
    seeds, images = _resample(first, second, rng)
    return Interval(*np.percentile(seeds + images, [2.5, 97.5]))


def wider_bootstrap(first: Runs, second: Runs, rng: Generator) -> Interval:
    """Widen the seeds' part by sqrt(n / (n - 1)): resampled seeds differ too little."""
    seeds, images = _resample(first, second, rng)
    wider = np.sqrt(len(first) / (len(first) - 1)) * (seeds - seeds.mean())
    return Interval(*np.percentile(seeds.mean() + wider + images, [2.5, 97.5]))


def _resample(
    first: Runs, second: Runs, rng: Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Give the difference of resampled seeds, and what resampled images add to it.

    Means over 10,000 resampled images are normal, to all that a percentile shows: they
    are drawn as such.
    """
    runs = np.concatenate([first, second])
    weights = np.hstack([-_draw_seeds(len(first), rng), _draw_seeds(len(second), rng)])
    root = np.linalg.cholesky(np.cov(runs) / IMAGES)
    deviations = rng.standard_normal((RESAMPLES, len(runs))) @ root.T
    return weights @ runs.mean(axis=1), np.sum(weights * deviations, axis=1)


def _draw_seeds(count: int, rng: Generator) -> np.ndarray:
    """Draw seeds with replacement: the weight of each, (resamples, seeds)."""
    return rng.multinomial(count, np.full(count, 1 / count), size=RESAMPLES) / count


def satterthwaite(first: Runs, second: Runs, rng: Generator) -> Interval:
    """Take one t quantile for the sum of the seeds' and the images' variances."""
    return _satterthwaite(second.mean(axis=0) - first.mean(axis=0), [first, second])


def _satterthwaite(by_image: np.ndarray, groups: list[Runs]) -> Interval:
    of_seeds = [g.mean(axis=1).var(ddof=1) / len(g) for g in groups]
    counted = sum(g.var(axis=0, ddof=1).mean() / len(g) for g in groups)
    total = sum(of_seeds) + max(by_image.var(ddof=1) - counted, 0) / IMAGES
    freedom = total**2 / sum(v**2 / (len(groups[0]) - 1) for v in of_seeds)
    return _around(by_image.mean(), t.ppf(0.975, freedom) * np.sqrt(total))


def chosen(first: Runs, second: Runs, rng: Generator) -> Interval:
    """Take the interval of the report page."""
    return estimate_difference(first, second).interval


def _around(value: float, half: float) -> Interval:
    return Interval(value - half, value + half)


METHODS: dict[str, Make] = {
    "one seed, images alone": one_seed,
    "images alone": images_alone,
    "two-level bootstrap": bootstrap,
    "bootstrap, wider": wider_bootstrap,
    "Satterthwaite": satterthwaite,
    "chosen": chosen,
}


# --- The counts ------------------------------------------------------------------------


def measure_world(world: World, repetitions: int) -> list[dict[str, float]]:
    """Measure the intervals of the difference, then those of a mean and of new runs.

    Returns:
        The share of each that holds what it should; of the differences the mean width of
        the chosen one, too, in points.
    """
    truth, rng = find_truth(world), np.random.default_rng(0)
    differences, others = [], []
    for _ in range(repetitions):
        runs = draw_runs(world, rng)
        known = [group[:-1] for group in runs]
        found = {name: make(*known, rng) for name, make in METHODS.items()}
        differences.append(
            {name: i.contains(truth[1] - truth[0]) for name, i in found.items()}
            | {"width": 100 * (found["chosen"].high - found["chosen"].low)}
        )
        mean = _satterthwaite(known[0].mean(axis=0), known[:1])
        others.append(
            {
                "mean, Satterthwaite": mean.contains(truth[0]),
                "mean, chosen": estimate_mean(known[0]).interval.contains(truth[0]),
            }
            | predict(runs, truth)
        )
    return [
        {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
        for rows in (differences, others)
    ]


def predict(runs: list[Runs], truth: list[float]) -> dict[str, bool]:
    """Tell whether new runs lie where those before said that they would."""
    accuracies = [group.mean(axis=1) for group in runs]
    known = [group[:-1] for group in accuracies]
    off = [group[-1] - group[:-1].mean() for group in accuracies]
    reach = further_half_width(*known)
    images = Z * np.sqrt(sum(a * (1 - a) for a in truth) / IMAGES)
    return {
        "further run": abs(off[0]) <= further_half_width(known[0]),
        "further pair": abs(off[1] - off[0]) <= reach,
        "further pair, and images": abs(off[1] - off[0]) <= np.hypot(reach, images),
    }


def main() -> None:
    """Print two tables, in per cent: of the difference, and of a mean and new runs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=2000)
    repetitions = parser.parse_args().repetitions
    tables: list[list[dict[str, str]]] = [[], []]
    for world in WORLDS:
        sds = " and ".join(map(str, dict.fromkeys(world.sds)))
        head = {
            "seeds": str(world.seeds),
            "sd, points": f"{sds}, skewed" if world.skewed else sds,
        }
        measured = measure_world(world, repetitions)
        width = f"{measured[0].pop('width'):.1f}"
        for table, shares in zip(tables, measured, strict=True):
            table.append(head | {name: f"{100 * v:.1f}" for name, v in shares.items()})
        tables[0][-1]["width of the chosen, points"] = width
    print("\n\n".join(map(format_table, tables)))


if __name__ == "__main__":
    main()
