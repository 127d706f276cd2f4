"""Read published runs, and restore them to where reporting finds them."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from fsspec.implementations.local import LocalFileSystem

from cifar_kedro.datasets import NpzDataset
from cifar_kedro.datasets.atomic_write import replacing
from cifar_kedro.evaluation.provenance import hash_images

TEXTS = ("metrics.json", "history.csv")
PREDICTIONS = "predictions.npz"
# The official images and layout, but not in the official order.
ARCHIVE = "the archive of md5 9267da7bf9154f6c74efc644efc70447 (docs/results/README.md)"


def restore(data: Path, runs: Path) -> None:
    """Restore published runs to where reporting finds them.

    Nothing that is there is replaced. Published probabilities are rounded; those of a run
    that is there may not be. Another run of the same experiment and seed stays, and the
    output names it.

    Args:
        data: The folder that gets the runs. It has the test images.
        runs: The folder of the published runs.

    Raises:
        ValueError: If the test images are missing, or are not those of a run.
        DatasetError: If they cannot be read.
    """
    file = data / "05_model_input/test.npz"
    if not file.exists():
        raise ValueError(
            f"{file} is missing, expected the test images: restored runs get their labels "
            f"from it. Make it first, from {ARCHIVE}: kedro run --pipelines data_engineering. "
            f"Without that archive, read the results in {runs.parent / 'report.md'}"
        )
    digest = hash_images(test := NpzDataset(filepath=str(file)).load())
    for source in sorted(path.parent for path in runs.glob("*/*/metrics.json")):
        tested_on = read_metrics(source)["provenance"]["test_sha256"]
        if tested_on != digest:
            raise ValueError(
                f"{source} was tested on images of SHA-256 {tested_on}, but those in "
                f"{file} have {digest}. Use {ARCHIVE} and make them from scratch: kedro run "
                "--pipelines data_engineering"
            )
        target = data / "07_model_output" / source.relative_to(runs)
        if is_another_run(target, source):
            print(
                f"{target} has another run than the published one. It is left as it is."
            )
        elif not all((target / name).exists() for name in (*TEXTS, PREDICTIONS)):
            restore_run(source, target, test["labels"])


def is_another_run(folder: Path, published: Path) -> bool:
    """Tell whether a folder holds metrics or a history other than the published ones."""
    return any(
        (folder / name).exists()
        and (folder / name).read_text() != (published / name).read_text()
        for name in TEXTS
    )


def restore_run(source: Path, target: Path, labels: np.ndarray) -> None:
    """Write the files of a published run as evaluation does. Write each in one step."""
    for name in TEXTS:
        with replacing(LocalFileSystem(), str(target / name)) as temporary:
            shutil.copyfile(source / name, temporary)
    with np.load(source / PREDICTIONS) as predictions:
        probabilities = {k: v.astype(np.float32) for k, v in predictions.items()}
    file = NpzDataset(filepath=str(target / PREDICTIONS))
    file.save(probabilities | {"labels": labels})


def read_metrics(folder: Path) -> dict[str, Any]:
    """Read a run's metrics."""
    metrics: dict[str, Any] = json.loads((folder / "metrics.json").read_text())
    return metrics
