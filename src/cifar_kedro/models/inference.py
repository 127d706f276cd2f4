"""Predicted classes of images, from one view of each or from several."""

from collections.abc import Iterator

import keras
import numpy as np

from cifar_kedro.config import TestTimeViews

# Images per step without training. Only the memory for activations limits it.
EVALUATION_BATCH = 1000


def predict(network: keras.Model, images: np.ndarray) -> np.ndarray:
    """Compute the class probabilities of images, in large batches.

    ``network.predict`` is not used. Its tf.data iterator (TensorFlow 2.21) often waits
    for up to a minute before it ends.

    Args:
        network: Maps images to probabilities.
        images: Float32 (n, height, width, channels).

    Returns:
        Probabilities, float32 (n, 10).
    """
    starts = range(0, len(images), EVALUATION_BATCH)
    batches = (images[start : start + EVALUATION_BATCH] for start in starts)
    return np.concatenate([network.predict_on_batch(batch) for batch in batches])


def predict_views(
    network: keras.Model, images: np.ndarray, plain: np.ndarray, views: TestTimeViews
) -> np.ndarray:
    """Average the class probabilities over several views of each image.

    Args:
        network: Maps images to probabilities.
        images: Float32 (n, height, width, channels).
        plain: What `predict` returns for them: the first view. It is not computed again.
        views: The views.

    Returns:
        The weighted means, float32 (n, 10).
    """
    (_, weight), *others = list_views(images, views)
    mean = np.float32(weight) * plain
    for view, weight in others:
        mean += np.float32(weight) * predict(network, view)
    return mean


def list_views(
    images: np.ndarray, views: TestTimeViews
) -> Iterator[tuple[np.ndarray, float]]:
    """List the views of images with their weights; the images themselves come first.

    The weights add up to 1. A shift uncovers pixels, which repeat the edge.
    """
    edge = views.shift
    places = [(edge, 1.0)] if not edge else [(edge, 0.5), (0, 0.25), (2 * edge, 0.25)]
    padding = [(0, 0), (edge, edge), (edge, edge), (0, 0)]
    padded = np.pad(images, padding, mode="edge")
    height, width = images.shape[1:3]
    for place, weight in places:
        view = padded[:, place : place + height, place : place + width]
        if views.flip:
            yield view, weight / 2
            yield view[:, :, ::-1], weight / 2
        else:
            yield view, weight
