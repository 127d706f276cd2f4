"""exp0 as a plain script: what `kedro run --pipelines exp0` is measured against.

    python benchmarks/plain_exp0.py --epochs 3 [--archive PATH]

Reads the images (the digits without an archive), trains the same network for the same
epochs by Keras as it comes, evaluates it on the test images, and writes model, history
and predictions into the current folder. TensorFlow has the settings of this package.
"""

import argparse
import os
import tarfile

import numpy as np

# Those of cifar_kedro/__init__.py. They count only before TensorFlow is imported.
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"
os.environ["TF_CPU_ALLOCATOR_USE_BFC"] = "true"
os.environ["TF_NUM_INTEROP_THREADS"] = "1"

Split = tuple[np.ndarray, np.ndarray]


def read_archive(path: str) -> tuple[Split, Split]:
    """Read training and test images and labels of the binary archive."""
    parts: dict[str, np.ndarray] = {}
    with tarfile.open(path) as archive:
        for member in archive:
            if member.name.endswith(".bin"):
                content = archive.extractfile(member).read()
                parts[member.name] = np.frombuffer(content, np.uint8).reshape(-1, 3073)
    train, test = (
        np.concatenate([parts[name] for name in sorted(parts) if key in name])
        for key in ("data_batch", "test_batch")
    )
    return split_records(train), split_records(test)


def split_records(records: np.ndarray) -> Split:
    """Split records (n, 3073) into images in [0, 1] and labels."""
    planes = records[:, 1:].reshape(-1, 3, 32, 32)
    return planes.transpose(0, 2, 3, 1).astype("float32") / 255, records[:, 0]


def read_sample() -> tuple[Split, Split]:
    """Read the images of the sample environment."""
    from cifar_kedro.datasets import DigitsDataset

    sample = DigitsDataset().load()
    train, test = (
        (sample[part]["images"].astype("float32") / 255, sample[part]["labels"])
        for part in ("train", "test")
    )
    return train, test


def main() -> None:
    """Train and evaluate."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--archive")
    arguments = parser.parse_args()
    (images, labels), test = (
        read_archive(arguments.archive) if arguments.archive else read_sample()
    )
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(32, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    trained = len(labels) - (10_000 if arguments.archive else 500)
    history = model.fit(
        images[:trained],
        labels[:trained],
        batch_size=512 if arguments.archive else 64,
        epochs=arguments.epochs,
        validation_data=(images[trained:], labels[trained:]),
        callbacks=[keras.callbacks.CSVLogger("history.csv")],
        verbose=2,
    )
    loss, accuracy = model.evaluate(*test, verbose=0)
    model.save("model.keras")
    np.save("predictions.npy", model.predict(test[0], verbose=0))
    print(
        f"{len(history.epoch)} epochs; on test: loss {loss:.4f}, accuracy {accuracy:.4f}"
    )


if __name__ == "__main__":
    main()
