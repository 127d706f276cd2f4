"""Training images/s of every network: ours, plain Keras and native PyTorch, in turns.

    python benchmarks/training.py [--networks exp0,exp1] [--rounds 3]

docs/how-it-works/performance.md says what is measured, and how.
"""

import argparse
import statistics
from typing import Any

import matrix_product
import native_torch
import ours
import plain_keras
from common import (
    bare_environment,
    describe_machine,
    find_version,
    load_experiments,
    publish,
    spread,
)
from comparable import check_comparable
from turns import play_rounds, workers

# Of the fourteen, those that differ in what a training step computes.
NETWORKS = "exp0,exp1,exp3,exp5,exp6,exp7,exp8a,exp9,exp11,exp12"

# Steps of a round, so that it takes a few seconds: three of the others take two and more.
STEPS = {"exp0": 40}
FEWEST_STEPS = 3


def measure(experiment: dict[str, Any], rounds: int) -> dict[str, Any]:
    """Measure one network: images/s by contender, and the matrix product's GFLOP/s."""
    steps = STEPS.get(experiment["name"], FEWEST_STEPS)
    arguments = (experiment, steps)
    contenders: dict[str, Any] = {
        "ours": (ours.train, arguments),
        "keras": (plain_keras.train, arguments),
    }
    if find_version("torch"):
        contenders["torch"] = (native_torch.train, arguments)
    contenders["peak"] = (matrix_product.multiply, ())
    with workers(contenders, bare_environment()) as players:
        flops = players["keras"].introduction
        results = play_rounds(players, rounds)
    peak = results.pop("peak")
    return {
        "steps": steps,
        "flops_per_image": flops,
        "images_per_second": results,
        "peak_gflops": peak,
    }


def make_row(network: str, measured: dict[str, Any]) -> dict[str, str]:
    """Summarize one network: minimum / median / maximum, and ratios of medians."""
    rates = measured["images_per_second"]
    median = {name: statistics.median(values) for name, values in rates.items()}
    reached = median["ours"] * measured["flops_per_image"] / 1e9
    peak = statistics.median(measured["peak_gflops"])
    row = {"network": network, "ours": spread(rates["ours"])}
    for other in ("keras", "torch"):
        there = other in rates
        row[other] = spread(rates[other]) if there else "not installed"
        row[f"ours/{other}"] = f"{median['ours'] / median[other]:.2f}" if there else ""
    return row | {
        "MFLOP/image": f"{measured['flops_per_image'] / 1e6:,.1f}",
        "GFLOP/s, ours": f"{reached:.0f}",
        "GFLOP/s, matrix product": spread(measured["peak_gflops"]),
        "% of it": f"{100 * reached / peak:.0f}",
    }


def main() -> None:
    """Measure the networks that the command line names, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", default=NETWORKS)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    experiments = load_experiments(arguments.networks.split(","))
    for experiment in experiments.values():
        check_comparable(experiment)
    machine = describe_machine()
    results, rows = {}, []
    for name, experiment in experiments.items():
        results[name] = measure(experiment, arguments.rounds)
        rows.append(make_row(name, results[name]))
        print(rows[-1], flush=True)  # the table comes much later
    publish("training", machine, rows, results)


if __name__ == "__main__":
    main()
