"""The weights of the whitening convolution, from the training images."""

from typing import Any

import numpy as np

from cifar_kedro.config import Whitening
from cifar_kedro.models.network import WHITENING


def whitening_weights(
    images: np.ndarray, settings: Whitening
) -> tuple[np.ndarray, np.ndarray]:
    """Compute kernel and bias of a convolution that whitens patches.

    Args:
        images: Some training images, float32 (n, height, width, 3).
        settings: Size of the patches, and what to add to the variances.

    Returns:
        The kernel, float32 (size, size, 3, filters): the first half of the filters
        give uncorrelated outputs of mean 0 and of variance 1, less where epsilon counts,
        in falling order of the components' variance; the other half gives their
        negatives. And the bias, float32 (filters,).
    """
    size = settings.size
    windows = np.lib.stride_tricks.sliding_window_view(
        images, (size, size), axis=(1, 2)
    )  # (n, y, x, 3, size, size)
    patches = np.moveaxis(windows, 3, -1).reshape(-1, 3 * size**2)
    mean = patches.mean(axis=0, dtype=np.float64)
    variances, components = np.linalg.eigh(np.cov(patches, rowvar=False))
    filters = (components / np.sqrt(variances + settings.epsilon))[:, ::-1]
    filters = np.concatenate([filters, -filters], axis=1)
    kernel = filters.reshape(size, size, 3, settings.filters)
    return kernel.astype(np.float32), (-mean @ filters).astype(np.float32)


def whiten(network: Any, images: np.ndarray, settings: Whitening) -> None:
    """Give the whitening layer of a Keras model its weights."""
    network.get_layer(WHITENING).set_weights(whitening_weights(images, settings))
