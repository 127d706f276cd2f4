"""Many images at once, each made what a network takes."""

import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image
from tqdm import tqdm

from cifar_kedro.config.data import ImageShape
from cifar_kedro.datasets.image_file import reading_images
from cifar_kedro.datasets.prepared_image import explain_problem, prepare_image

# Each may hold a photograph of a gigabyte.
MOST_THREADS = 8
_SILENT_SECONDS = 2


def decode_images(
    loads: Sequence[Callable[[], Image.Image]], image_shape: ImageShape, label: str
) -> tuple[np.ndarray, dict[int, str]]:
    """Read images and prepare them, on all cores; with a bar if that takes a while.

    Threads, not processes: Pillow decodes and scales without Python's lock.

    Args:
        loads: Each reads one image.
        image_shape: Side, side and channels of what is made of each.
        label: Of the bar.

    Returns:
        Uint8 (n, side, side, channels) in that order; and the images that can't be used:
        why, by index. What stands at their places is undefined.
    """
    images = np.empty((len(loads), *image_shape), np.uint8)
    problems: dict[int, str] = {}

    def decode(index: int) -> None:
        try:
            images[index] = prepare_image(loads[index](), image_shape)
        except Exception as error:  # of a damaged file Pillow raises nearly anything
            problems[index] = explain_problem(error)

    bar = tqdm(
        desc=label,
        total=len(loads),
        unit=" images",
        leave=False,
        delay=_SILENT_SECONDS,
        disable=not sys.stderr.isatty(),
    )
    with bar, reading_images(), ThreadPoolExecutor(count_threads()) as pool:
        for _ in pool.map(decode, range(len(loads))):
            bar.update()
    return images, dict(sorted(problems.items()))


def count_threads() -> int:
    """Count the cores that this process may use, up to `MOST_THREADS`."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return min(cores, MOST_THREADS)
