"""Whole processes: `kedro run --pipelines exp0` against a plain script, alternating.

    python benchmarks/whole_run.py [--archive PATH] [--rounds 3]
    python benchmarks/whole_run.py [--archive PATH] --memory exp1,exp5,exp9

The second form lists what one epoch of experiments takes. Without an archive the images
are the digits of the sample environment. docs/how-it-works/performance.md says more.
"""

import argparse
import csv
import hashlib
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml
from common import (
    ROOT,
    Usage,
    bare_environment,
    describe_machine,
    load_experiments,
    make_project,
    measure_process,
    publish,
    spread,
)

from cifar_kedro.config.paths import expand_path

EPOCHS = 3


def use_archive(project: Path, archive: Path) -> None:
    """Point a project at the user's own archive."""
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "md5").hexdigest()
    settings = {"archive": {"filepath": str(archive), "hash": f"md5:{digest}"}}
    (project / "conf/local/globals.yml").write_text(yaml.safe_dump(settings))


def run_kedro(project: Path, experiment: str, epochs: int, sample: bool) -> Usage:
    """Run an experiment's pipeline in a project."""
    parameters = f"max_epochs={epochs}"
    if experiment == "exp12":
        parameters += ",exp12.network.backbone.weights=null"  # no download
    command = [sys.executable, "-m", "kedro", "run", "--pipelines", experiment]
    command += ["--params", parameters, *(["--env", "sample"] if sample else [])]
    return measure_process(command, project, bare_environment())


def read_training_seconds(project: Path, experiment: str) -> float:
    """Sum the seconds of the epochs that a run has written down, validation included."""
    (history,) = project.glob(f"data/**/{experiment}/seed-0/history.csv")
    with history.open(newline="") as file:
        return sum(float(row["seconds"]) for row in csv.DictReader(file))


def compare(project: Path, archive: Path | None, rounds: int) -> dict[str, Any]:
    """Run ours and the plain script in turns; return what each took, by round."""
    script = [sys.executable, str(ROOT / "benchmarks/plain_exp0.py")]
    script += [
        "--epochs",
        str(EPOCHS),
        *(["--archive", str(archive)] if archive else []),
    ]
    results: dict[str, list[dict[str, float]]] = {"kedro run": [], "plain script": []}
    for _ in range(rounds):
        usage = run_kedro(project, "exp0", EPOCHS, sample=archive is None)
        training = read_training_seconds(project, "exp0")
        results["kedro run"].append(asdict(usage) | {"training_seconds": training})
        usage = measure_process(script, project, bare_environment())
        results["plain script"].append(asdict(usage))
    return results


def make_rows(results: dict[str, list[dict[str, float]]]) -> list[dict[str, str]]:
    """Summarize runs: minimum / median / maximum."""
    rows = []
    for name, runs in results.items():
        column = {key: [run[key] for run in runs] for key in runs[0]}
        trainings = column.get("training_seconds", [])
        beyond = [
            wall - 1.05 * training
            for wall, training in zip(column["wall_seconds"], trainings, strict=False)
        ]
        rows.append(
            {
                "process": name,
                "wall, s": spread(column["wall_seconds"], 1),
                "CPU, s": spread(column["cpu_seconds"], 1),
                "peak memory, GB": spread(column["peak_gb"], 2),
                "training, s": spread(trainings, 1) if trainings else "",
                "wall - 1.05 training, s": spread(beyond, 1) if beyond else "",
            }
        )
    return rows


def list_memory(project: Path, experiments: list[str], sample: bool) -> dict[str, Any]:
    """Run one epoch of each experiment."""
    results = {}
    for name in load_experiments(experiments):
        usage = run_kedro(project, name, 1, sample)
        training = read_training_seconds(project, name)
        results[name] = [asdict(usage) | {"training_seconds": training}]
    return results


def main() -> None:
    """Compare, or list the memory, in a copy of the project that is removed again."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--archive", type=lambda path: Path(expand_path(path)).resolve(strict=True)
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", metavar="EXPERIMENTS")
    arguments = parser.parse_args()
    archive, machine = arguments.archive, describe_machine()
    with tempfile.TemporaryDirectory() as folder:
        project = make_project(Path(folder))
        if archive:
            use_archive(project, archive)
        if arguments.memory:
            names = arguments.memory.split(",")
            results = list_memory(project, names, sample=archive is None)
        else:
            results = compare(project, archive, arguments.rounds)
    images = "archive" if archive else "sample"
    publish(
        "memory" if arguments.memory else "whole_run",
        machine,
        make_rows(results),
        {"images": images, "runs": results},
    )


if __name__ == "__main__":
    main()
