"""Run exp0 of a project, and end this process by a signal at a chosen point.

python killed_run.py PROJECT POINT SIGNAL: a program of its own, because a process that
is killed runs no code to clear up.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import matplotlib.figure
import numpy as np
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from cifar_kedro.models import inference as prediction
from cifar_kedro.training.callbacks import StopOnDivergence

# Dropout, batch normalization, augmentation, a falling rate: all that has a state.
PARAMETERS = {
    "max_epochs": 5,
    "exp0": {
        "network": {"blocks": [{"filters": [2]}], "batch_norm": True, "dropout": 0.3},
        "augmentation": {"rotation_range": 20.0},
        "training": {
            "batch_size": 400,
            "reduce_lr": {
                "monitor": "loss",
                "factor": 0.5,
                "patience": 1,
                "min_lr": 1e-6,
            },
            "early_stopping": {"val_loss": 9, "val_accuracy": 9},
        },
    },
}


def run(project: Path) -> None:
    bootstrap_project(project)
    with KedroSession.create(
        project_path=project, env="sample", runtime_params=PARAMETERS
    ) as session:
        session.run(pipeline_names=["exp0"])


def arrange(point: str, number: int) -> None:
    """Have this process get a signal when it comes to a point."""

    def end(*_: Any, **__: Any) -> None:
        os.kill(os.getpid(), number)

    def end_in_batch(callback: Any, batch: int, logs: Any = None) -> None:
        if callback._epoch == 1 and batch == 2:
            end()

    def end_in_checkpoint(file: Any, **arrays: Any) -> None:
        save(file, **arrays)
        if len(arrays["text"]) and b'"epoch": 3' in arrays["text"].tobytes():
            file.truncate(file.tell() // 2)
            end()

    def end_in_figure(figure: Any, *arguments: Any, **options: Any) -> None:
        if list(Path().rglob("metrics.json")):  # the curves: all else is done
            end()
        savefig(figure, *arguments, **options)

    save, savefig = np.savez, matplotlib.figure.Figure.savefig
    if point == "batch":
        StopOnDivergence.on_train_batch_end = end_in_batch  # type: ignore[method-assign]
    elif point == "checkpoint":
        np.savez = lambda file, **kw: (
            end_in_checkpoint(file, **kw) if "text" in kw else save(file, **kw)
        )  # type: ignore[assignment]
    elif point == "evaluation":
        prediction.predict = end  # type: ignore[assignment]
    elif point == "figure":
        matplotlib.figure.Figure.savefig = end_in_figure  # type: ignore[method-assign]


if __name__ == "__main__":
    arrange(sys.argv[2], getattr(signal, sys.argv[3]))
    run(Path(sys.argv[1]))
