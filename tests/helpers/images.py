"""Made-up images."""

import numpy as np


def make_images(count: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Make random images in [0, 1] with the ten labels in turn."""
    generator = np.random.default_rng(seed)
    return {
        "images": generator.random((count, 32, 32, 3), dtype=np.float32),
        "labels": (np.arange(count) % 10).astype(np.uint8),
    }
