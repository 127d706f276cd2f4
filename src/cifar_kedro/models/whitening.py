"""The weights of the whitening convolution, from the training images."""

import keras
import numpy as np

from cifar_kedro.config import Whitening
from cifar_kedro.models.network import WHITENING


def whitening_weights(
    images: np.ndarray, settings: Whitening
) -> tuple[np.ndarray, np.ndarray]:
    """Compute kernel and bias of a convolution that whitens patches.

    The first half of the filters gives uncorrelated outputs with mean 0 and variance 1
    (less where epsilon counts). They are in falling order of the components' variance.
    The second half gives the negatives.

    Args:
        images: Some training images, float32 (n, height, width, 3).
        settings: The size of the patches, and epsilon, which is added to the variances.

    Returns:
        The kernel, float32 (size, size, 3, filters), and the bias, float32 (filters,).
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


def whiten(network: keras.Model, images: np.ndarray, settings: Whitening) -> None:
    """Set the weights of a network's whitening layer."""
    network.get_layer(WHITENING).set_weights(whitening_weights(images, settings))
