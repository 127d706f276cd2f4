"""Folders of images."""

from pathlib import Path

import numpy as np
from PIL import Image


def write_images(folder: Path, counts: dict[str, int], first: int = 0) -> None:
    """Write so many images of each class, all different: ``CLASS/000.png`` and so on."""
    for label, count in counts.items():
        (folder / label).mkdir(parents=True, exist_ok=True)
        for number in range(first, first + count):
            seed = [*label.encode(), number]
            pixels = np.random.default_rng(seed).integers(0, 256, (40, 50, 3), np.uint8)
            Image.fromarray(pixels).save(folder / label / f"{number:03d}.png")
