"""Start-up: what Kedro's commands take that train nothing.

    python benchmarks/startup.py [--rounds 5]

docs/how-it-works/performance.md says what is measured, and how.
"""

import argparse
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from common import (
    Usage,
    bare_environment,
    describe_machine,
    make_project,
    measure_process,
    publish,
    spread,
)

COMMANDS = (
    "kedro registry list",
    "kedro run --env sample --pipelines data_engineering",
)


def main() -> None:
    """Measure the commands in turns, in a copy of the project that is removed again."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    machine = describe_machine()
    results: dict[str, list[Usage]] = {command: [] for command in COMMANDS}
    with tempfile.TemporaryDirectory() as folder:
        project = make_project(Path(folder))
        for _ in range(arguments.rounds + 1):
            for command, usages in results.items():
                words = [sys.executable, "-m", *command.split()]
                usages.append(measure_process(words, project, bare_environment()))
    for usages in results.values():
        # The first warms up: Python compiles the copied modules, the system reads files.
        del usages[0]
    rows = [
        {
            "command": command,
            "wall, s": spread([usage.wall_seconds for usage in usages], 2),
            "CPU, s": spread([usage.cpu_seconds for usage in usages], 2),
            "peak memory, GB": spread([usage.peak_gb for usage in usages], 2),
        }
        for command, usages in results.items()
    ]
    runs = {command: [asdict(u) for u in usages] for command, usages in results.items()}
    publish("startup", machine, rows, {"runs": runs})


if __name__ == "__main__":
    main()
