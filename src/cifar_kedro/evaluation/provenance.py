"""Provenance: what someone needs to repeat a training, or to question its result."""

import hashlib
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import cifar_kedro
from cifar_kedro.config import Execution, Experiment
from cifar_kedro.config.data import LabelledImages, Split
from cifar_kedro.config.environment import NUMERICS, list_environment
from cifar_kedro.evaluation.checkout import describe_checkout
from cifar_kedro.evaluation.data_sets import describe_data_set

HASHED_AT_ONCE = 1000  # images


def describe_run(
    development: LabelledImages,
    split: Split,
    experiment: Experiment,
    seed: int,
    max_epochs: int | None,
    execution: Execution,
    identical_images: dict[str, int],
    backend: dict[str, Any],
) -> dict[str, Any]:
    """Describe a training before it starts, in values that JSON can hold.

    Args:
        development: The images to learn from.
        split: Which of these images are for training, and which for validation.
        experiment: The experiment.
        seed: The run's seed.
        max_epochs: The run's upper bound on the epochs.
        execution: How the run uses the hardware.
        identical_images: How many identical images data engineering counted.
        backend: What `cifar_kedro.training.backend.describe_backend` returns.
    """
    return {
        "parameters": experiment.model_dump(),
        "seed": seed,
        # The split in use may be older than the parameters.
        "validation_images": len(split["validation"]),
        "max_epochs": max_epochs,
        "execution": execution.model_dump(),
        **_describe_data(development, split),
        "identical_images": identical_images,
        "code": {"version": cifar_kedro.__version__, **describe_checkout()},
        "packages": _list_versions() | backend["packages"],
        "backend": backend["name"],
        "keras": backend["keras"],
        "environment": list_environment(),
        "hardware": _describe_machine() | {"accelerators": backend["accelerators"]},
        "started": now(),
    }


def _describe_data(development: LabelledImages, split: Split) -> dict[str, Any]:
    """Describe the data set, and count the training images of each class by its name."""
    names = development["class_names"].tolist()
    counts = np.bincount(development["labels"][split["train"]], minlength=len(names))
    return {
        "data": describe_data_set(development).as_json(),
        "training_images": dict(zip(names, counts.tolist(), strict=True)),
        "data_sha256": hash_images(development, split["train"], split["validation"]),
    }


def _list_versions() -> dict[str, str]:
    packages = {name: version(name) for name in ("kedro", "numpy")}
    return {"python": platform.python_version(), **packages}


def _describe_machine() -> dict[str, Any]:
    return {
        "processor": _name_processor(),
        "cores": os.cpu_count(),
        "memory_gb": _measure_memory(),
    }


def name_hardware(provenance: dict[str, Any] | None) -> str:
    """Name the hardware of a training: the accelerators, or else the processor."""
    if not provenance:
        return "unknown hardware"
    hardware = provenance["hardware"]
    accelerators = ", ".join(hardware["accelerators"])
    return accelerators or f"{hardware['cores']} cores, {hardware['processor']}"


def make_fingerprint(provenance: dict[str, Any]) -> dict[str, Any]:
    """Make the fingerprint: what must not change while a training lasts.

    It leaves out the commit. Only people can say whether new code changes results. It also
    leaves out the execution, because a training may go on with another one.
    """
    parameters, environment = provenance["parameters"], provenance["environment"]
    sections = ("network", "training", "augmentation")
    return {
        "parameters": {section: parameters[section] for section in sections},
        "environment": {k: v for k, v in environment.items() if k in NUMERICS},
        **{k: provenance[k] for k in ("seed", "data_sha256", "backend", "packages")},
    }


def now() -> str:
    """Tell the time: ISO 8601, UTC, whole seconds. Such texts sort by time."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def hash_images(data: LabelledImages, *parts: np.ndarray) -> str:
    """Compute the SHA-256 of images and labels: their types, shapes and bytes.

    Args:
        data: The images and labels.
        *parts: The indices of each part, in the order to hash. Without them, all images.
    """
    digest = hashlib.sha256()
    for indices in parts or (np.arange(len(data["labels"])),):
        for key in ("images", "labels"):
            array = data[key]
            shape = (len(indices), *array.shape[1:])
            digest.update(f"{array.dtype.str}{shape}".encode())
            for start in range(0, len(indices), HASHED_AT_ONCE):  # so no part is copied
                chunk = indices[start : start + HASHED_AT_ONCE]
                digest.update(array[chunk].tobytes())
    return digest.hexdigest()


def _name_processor() -> str:
    """Return the processor's name. Linux keeps it in a file; elsewhere Python knows it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _measure_memory() -> float | None:
    """Return the machine's memory in GB, or None if the system does not say."""
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows has no such call
        return None
    return round(size / 1e9, 1)
