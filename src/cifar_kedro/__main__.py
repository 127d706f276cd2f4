"""Entry point of the packaged project: ``cifar-kedro`` or ``python -m cifar_kedro``."""

import sys
from pathlib import Path
from typing import Any

from kedro.framework.cli.utils import find_run_command
from kedro.framework.project import configure_project


def main(*args: Any, **kwargs: Any) -> Any:
    """Run the project's ``kedro run`` with the arguments of the command line."""
    package_name = Path(__file__).parent.name
    configure_project(package_name)
    # An interactive shell must survive the end of the run.
    kwargs["standalone_mode"] = not hasattr(sys, "ps1")
    return find_run_command(package_name)(*args, **kwargs)


if __name__ == "__main__":
    main()
