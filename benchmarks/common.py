"""What the benchmarks share: experiments, environments, children, tables, results."""

import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks/results"
PACKAGES = ("keras", "tensorflow", "jax", "torch", "numpy", "scipy", "kedro")


def load_experiments(names: list[str] | None = None) -> dict[str, dict[str, Any]]:
    """Load experiments of ``conf/base``, all if None, as plain dictionaries with defaults.

    Plain, so that the workers of others need nothing of this package. exp12 has random
    weights here: they cost what those of ImageNet cost, and need no download.

    Raises:
        ValueError: If there is no such experiment.
    """
    from cifar_kedro.config import Experiment
    from cifar_kedro.config.inheritance import is_experiment
    from cifar_kedro.config.loader import ExperimentConfigLoader
    from cifar_kedro.settings import CONFIG_LOADER_ARGS

    loader = ExperimentConfigLoader(
        str(ROOT / "conf"),
        env="base",  # nobody's own settings from conf/local
        runtime_params={"exp12": {"network": {"backbone": {"weights": None}}}},
        **CONFIG_LOADER_ARGS,
    )
    blocks = {k: v for k, v in loader["parameters"].items() if is_experiment(v)}
    names = list(blocks) if names is None else names
    for name in names:
        if name not in blocks:
            raise ValueError(f"received '{name}', expected one of {', '.join(blocks)}")
    return {
        name: Experiment.model_validate(blocks[name]).model_dump() for name in names
    }


def bare_environment() -> dict[str, str]:
    """Return this environment without anything that steers TensorFlow or threads."""
    steering = (
        "TF_",
        "KERAS_",
        "ONEDNN_",
        "DNNL_",
        "OMP_",
        "KMP_",
        "MKL_",
        "OPENBLAS_",
    )
    return {k: v for k, v in os.environ.items() if not k.startswith(steering)}


def make_project(folder: Path) -> Path:
    """Copy the project into a folder, without data and without anyone's ``conf/local``.

    What runs there reads and writes nothing of the checkout.
    """
    shutil.copytree(
        ROOT / "conf", folder / "conf", ignore=shutil.ignore_patterns("local")
    )
    (folder / "conf/local").mkdir()
    shutil.copytree(ROOT / "src", folder / "src")
    for name in ("pyproject.toml", ".telemetry"):
        shutil.copy(ROOT / name, folder)
    return folder


@dataclass(frozen=True)
class Usage:
    """What a process took: seconds of wall and of CPU, peak resident memory in GB."""

    wall_seconds: float
    cpu_seconds: float
    peak_gb: float


def measure_process(
    command: list[str], folder: Path, environment: dict[str, str]
) -> Usage:
    """Run a command in a folder, and measure it with the children it waited for.

    Call it from a small process: the kernel's peak memory of a child is at least that of
    the process that starts it.

    Raises:
        RuntimeError: If it fails; the message holds the end of what it printed.
    """
    log = folder / "benchmark.log"
    with log.open("wb") as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=output
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        end = log.read_text(errors="replace")[-3000:]
        raise RuntimeError(f"{command} ended with {process.returncode}:\n{end}")
    # ru_maxrss is in KiB under Linux.
    return Usage(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e9)


def spread(values: list[float], digits: int = 0) -> str:
    """Write values as their minimum, median and maximum."""
    return " / ".join(
        f"{value:,.{digits}f}"
        for value in (min(values), statistics.median(values), max(values))
    )


def format_table(rows: list[dict[str, str]]) -> str:
    """Format rows of the same columns as a Markdown table."""
    lines = [list(rows[0]), *(list(row.values()) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(
        f"| {' | '.join(map(str.ljust, line, widths))} |" for line in lines
    )


def describe_machine() -> dict[str, Any]:
    """Name what the figures depend on: hardware, versions, commit, load, date."""
    cpu = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    models = re.findall(r"^model name\s*: (.*)$", cpu, re.MULTILINE)
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": models[0] if models else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "load_average": os.getloadavg(),
        "commit": _git("rev-parse", "HEAD"),
        "uncommitted_changes": bool(_git("status", "--porcelain")),
        "python": platform.python_version(),
        **{package: find_version(package) for package in PACKAGES},
    }


def find_version(package: str) -> str | None:
    """Return the version of an installed package, None if it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _git(*arguments: str) -> str | None:
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else None


def publish(
    name: str, machine: dict[str, Any], rows: list[dict[str, str]], results: Any
) -> None:
    """Print a table, and write all figures as JSON into ``benchmarks/results/``.

    Args:
        name: Of the benchmark: the file's name starts with it, and ends with the date.
        machine: What `describe_machine` said before anything ran.
        rows: The table.
        results: Every figure of every round.
    """
    RESULTS.mkdir(exist_ok=True)
    stamp = machine["date"][:19].replace(":", "")
    path = RESULTS / f"{name}-{stamp}.json"
    path.write_text(json.dumps({"machine": machine, "results": results}, indent=2))
    print(", ".join(f"{key} {value}" for key, value in machine.items()))
    print(f"\n{format_table(rows)}\n\nWritten to {path.relative_to(ROOT)}")
