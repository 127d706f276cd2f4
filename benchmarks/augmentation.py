"""Augmented images/s: our layer, Keras' stock layers and its legacy generator, in turns.

    python benchmarks/augmentation.py [--rounds 3]

docs/how-it-works/performance.md says what is measured, and how.
"""

import argparse
import statistics
from typing import Any

import ours
import plain_keras
from common import (
    bare_environment,
    describe_machine,
    load_experiments,
    publish,
    spread,
)
from training import FEWEST_STEPS
from turns import play_rounds, workers

# The two augmentations of the report; exp8b, exp11 and exp12 have exp9's.
EXPERIMENTS = ["exp7", "exp9"]


def measure(experiment: dict[str, Any], rounds: int) -> dict[str, list[float]]:
    """Measure one augmentation, and the training that it is part of, in images/s."""
    settings, batch = experiment["augmentation"], experiment["training"]["batch_size"]
    # As many calls as take a second or two.
    contenders: dict[str, Any] = {
        "ours": (ours.augment, (settings, batch, 50)),
        "stock layers": (plain_keras.augment, (settings, batch, 15)),
        "legacy generator": (plain_keras.generate, (settings, batch, 5)),
        "training": (ours.train, (experiment, FEWEST_STEPS)),
    }
    with workers(contenders, bare_environment()) as players:
        return play_rounds(players, rounds)


def make_row(name: str, rates: dict[str, list[float]]) -> dict[str, str]:
    """Summarize one augmentation: minimum / median / maximum, and ratios of medians."""
    median = {
        contender: statistics.median(values) for contender, values in rates.items()
    }
    row = {"augmentation of": name, "ours": spread(rates["ours"])}
    for other in ("stock layers", "legacy generator"):
        row[other] = spread(rates[other])
        row[f"ours/{other.split()[0]}"] = f"{median['ours'] / median[other]:.1f}"
    # A step trains as many images as are augmented for it.
    share = 100 * median["training"] / median["ours"]
    return row | {"training": spread(rates["training"]), "% of a step": f"{share:.1f}"}


def main() -> None:
    """Measure both augmentations, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    machine = describe_machine()
    results = {
        name: measure(experiment, arguments.rounds)
        for name, experiment in load_experiments(EXPERIMENTS).items()
    }
    rows = [make_row(name, rates) for name, rates in results.items()]
    publish("augmentation", machine, rows, {"images_per_second": results})


if __name__ == "__main__":
    main()
