"""Run trainings side by side for some minutes; the next call goes on where this one stopped.

    python tools/gpu_session.py OUTPUT --archive FILE --hash sha256:... [--seconds 540]

docs/guides/gpu.md says what it is for.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from side_by_side import work_off

ROOT = Path(__file__).resolve().parents[1]

# The largest gaps first: what has no results yet, then what costs most on a CPU.
RUNS = ["exp11:1,0,2", "exp12:0,1,2", "exp7:2,0,1"]
RUNS += [f"exp{name}:0,1,2" for name in ("9", "8b", "10", "8a", *"6543210")]

DATA = ["development.npz", "test.npz", "seed-{}/split.npz"]
DATA += ["seed-{}/identical_images.json"]


@dataclass(frozen=True)
class Run:
    """One call of ``kedro run``: a training, or the data of a seed."""

    pipeline: str
    seed: int

    @property
    def name(self) -> str:
        """Its name, which is its folder below 06_models and so on."""
        return f"{self.pipeline}/seed-{self.seed}"


class Session:
    """The folder that trainings are made in, and what has come of them.

    Attributes:
        data: Kedro's data folder: inputs, states and results.
        logs: What each run printed.
    """

    def __init__(self, output: Path, env: str, params: str) -> None:
        """Describe a session; nothing is written yet."""
        self._output, self._env, self._params = output, env, params
        self.data, self.logs = output / "data", output / "logs"

    def prepare(self, archive: Path | None, known_hash: str | None) -> None:
        """Write the configuration: the checkout's, with this folder and this archive."""
        self.logs.mkdir(parents=True, exist_ok=True)
        conf = self._output / "conf"
        shutil.rmtree(conf, ignore_errors=True)
        shutil.copytree(
            ROOT / "conf", conf, ignore=shutil.ignore_patterns("local", "session")
        )
        if self._env:
            shutil.copytree(conf / self._env, conf / "session")
        (conf / "session").mkdir(exist_ok=True)
        settings: dict[str, object] = {"data": str(self.data)}
        if archive:
            path = str(archive.resolve(strict=True))
            settings["archive"] = {"filepath": path, "hash": known_hash}
        (conf / "session/globals.yml").write_text(yaml.safe_dump(settings))

    def start(self, run: Run) -> subprocess.Popen[bytes]:
        """Start a run in a process of its own. It goes on from its state, if there is one."""
        conf = str(self._output / "conf")
        command = [sys.executable, "-m", "kedro", "run", "--pipelines", run.pipeline]
        command += ["--conf-source", conf, "--env", "session"]
        if run.pipeline != "data_engineering":  # that was run once, for all of them
            command += ["--namespaces", run.pipeline]
        params = [f"seed={run.seed}", *filter(None, [self._params])]
        environment = {
            "KERAS_BACKEND": "jax",
            "JAX_DEFAULT_MATMUL_PRECISION": "float32",
            # By default a process takes three quarters of the GPU's memory.
            "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
            "KEDRO_DISABLE_TELEMETRY": "1",
        }
        with (self.logs / f"{run.name.replace('/', '-')}.log").open("ab") as log:
            return subprocess.Popen(
                [*command, "--params", ",".join(params)],
                cwd=ROOT,
                env=environment | os.environ,
                stdout=log,
                stderr=log,
            )

    def has_ended(self, run: Run) -> bool:
        """Tell whether a run has all its outputs, and no state to go on from."""
        if run.pipeline == "data_engineering":
            folder = self.data / "05_model_input"
            return all((folder / name.format(run.seed)).exists() for name in DATA)
        states = ["checkpoint.npz"]
        if "max_epochs=" not in self._params:  # an earlier session had a bound
            states += ["ended_at_bound.npz"]
        models = self.data / "06_models" / run.name
        return self._metrics(run).exists() and not any(
            (models / state).exists() for state in states
        )

    def describe(self, run: Run, failed: bool) -> str:
        """Describe how far a training is: a row of the table."""
        state = self.data / "06_models" / run.name / "checkpoint.npz"
        epoch, accuracy = "", ""
        if self.has_ended(run):
            metrics = json.loads(self._metrics(run).read_text(encoding="utf-8"))
            status, epoch = "ended", str(metrics["epochs"])
            accuracy = f"test {metrics['weights']['end']['test_accuracy']:.2%}"
        elif state.exists():
            with np.load(state) as file:  # reads no weights
                history = json.loads(file["text"].tobytes())["history"]
            status, epoch = "to go on", str(len(history))
            accuracy = f"validation {history[-1]['val_accuracy']:.2%}"
        else:
            status = "not begun"
        status = "failed, see its log" if failed else status
        return f"| {run.pipeline} | {run.seed} | {status} | {epoch} | {accuracy} |"

    def _metrics(self, run: Run) -> Path:
        return self.data / "07_model_output" / run.name / "metrics.json"


def read_runs(texts: list[str]) -> list[Run]:
    """Read runs, such as ``exp11:1,0,2``: an experiment and its seeds.

    Raises:
        ValueError: If a text is no such thing.
    """
    pairs = [text.partition(":")[::2] for text in texts]
    return [Run(name, int(seed)) for name, seeds in pairs for seed in seeds.split(",")]


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path, help="folder of states and results")
    parser.add_argument("--runs", nargs="+", default=RUNS, help="default: all, by need")
    parser.add_argument("--seconds", type=float, default=540)
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--archive", type=Path)
    parser.add_argument("--hash", help="of the archive")
    parser.add_argument("--params", default="", help="as for kedro run")
    parser.add_argument("--env", default="", help="as for kedro run, such as sample")
    return parser.parse_args()


def main() -> None:
    """Work off the runs until the time is over; print what has come of them."""
    since, arguments = time.monotonic(), read_arguments()
    runs = read_runs(arguments.runs)
    # In a shell's background the second is ignored.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    session = Session(arguments.output.resolve(), arguments.env, arguments.params)
    session.prepare(arguments.archive, arguments.hash)
    failed: set[Run] = set()
    seeds = dict.fromkeys(run.seed for run in runs)

    def work(runs: list[Run]) -> None:
        left = [run for run in runs if not session.has_ended(run)]
        limits = arguments.at_once, since + arguments.seconds
        failed.update(work_off(left, session.start, *limits))

    try:
        work([Run("data_engineering", seed) for seed in seeds])
        if not failed:
            work(runs)
    except KeyboardInterrupt:
        print("stopped from outside")
    rows = [session.describe(run, run in failed) for run in runs]
    head = "| experiment | seed | status | epoch | accuracy |\n|---|---:|---|---:|---|"
    table = "\n".join([head, *rows])
    (arguments.output / "table.md").write_text(f"{table}\n", encoding="utf-8")
    print(table)
    for run in failed:
        print(f"failed: {run.name}, see {session.logs}")
    sys.exit(int(not all(map(session.has_ended, runs))))


if __name__ == "__main__":
    main()
