"""Train exp7 with Keras' legacy generator, which the original report used, or with ours.

    python benchmarks/legacy_augmentation.py OUTPUT --archive PATH [--feed ours]

Network, optimizer, callbacks and split are the configured ones. Only what feeds the images
differs. OUTPUT gets history.csv after each epoch, and result.json at the end.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
from common import describe_machine, load_experiments
from plain_keras import make_generator

from cifar_kedro.config import Execution, Experiment
from cifar_kedro.config.data import LabelledImages, Split
from cifar_kedro.config.run import HISTORY_COLUMNS
from cifar_kedro.datasets import CifarArchiveDataset
from cifar_kedro.datasets.fetch import name_hash
from cifar_kedro.evaluation.metrics import measure
from cifar_kedro.models.inference import predict
from cifar_kedro.models.network import build_network
from cifar_kedro.pipelines.data_engineering.nodes import scale_images, split_images
from cifar_kedro.training.backend import for_training, prepare_keras
from cifar_kedro.training.callbacks import (
    EpochRecord,
    StopOnDivergence,
    Validation,
    make_schedules_and_stoppers,
)
from cifar_kedro.training.loop import fit
from cifar_kedro.training.on_device_images import OnDeviceImages
from cifar_kedro.training.optimization import make_loss, make_optimizer
from cifar_kedro.training.progress import Progress


def load(archive: Path, seed: int) -> tuple[LabelledImages, LabelledImages, Split]:
    """Read the archive: the scaled images to learn from and to test on, and the split."""
    known = name_hash(archive, "sha256:")  # any archive will do
    raw = CifarArchiveDataset(
        content="cifar10", url=None, known_hash=known, filepath=str(archive)
    ).load()
    names = {key: raw[key] for key in ("class_names", "name")}
    development, test = (scale_images(names | raw[part]) for part in ("train", "test"))
    return development, test, split_images(development, 10_000, seed)


def feed(batches: Any, steps: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield whole batches for ever, shuffled in each epoch as Keras does it."""
    while True:
        yield from (batches[step] for step in range(steps))
        batches.on_epoch_end()


def make_callbacks(
    network: keras.Model,
    development: LabelledImages,
    split: Split,
    experiment: Experiment,
    history: Path,
) -> list[keras.callbacks.Callback]:
    """Make the callbacks of our own training loop, and one that writes the history."""
    training, indices = experiment.training, split["validation"]
    images, labels = OnDeviceImages(development["images"]), development["labels"]
    record = EpochRecord(network)

    def write(epoch: int, logs: Any) -> None:
        pd.DataFrame(record.rows)[HISTORY_COLUMNS].to_csv(history, index=False)

    return [
        StopOnDivergence(),
        Validation(network, images, indices, labels[indices], make_loss(training)),
        record,
        *make_schedules_and_stoppers(training),
        Progress(experiment.name, len(split["train"])),
        keras.callbacks.LambdaCallback(on_epoch_end=write),
    ]


def train(
    development: LabelledImages,
    split: Split,
    experiment: Experiment,
    seed: int,
    epochs: int,
    history: Path,
) -> keras.Model:
    """Train by the legacy generator; return the network with its last weights."""
    training, indices = experiment.training, split["train"]
    network = build_network(experiment.network)
    assert experiment.augmentation
    batches = make_generator(experiment.augmentation.model_dump()).flow(
        *(development["images"][indices], development["labels"][indices]),
        batch_size=training.batch_size,
        seed=seed,
    )
    steps = max(len(indices) // training.batch_size, 1)
    model = for_training(network)
    loss = make_loss(training)
    model.compile(make_optimizer(training, steps), loss, metrics=["accuracy"])
    model.fit(
        feed(batches, steps),
        steps_per_epoch=steps,
        shuffle=False,  # the batches are shuffled already
        epochs=epochs,
        verbose=0,
        callbacks=make_callbacks(network, development, split, experiment, history),
    )
    return network


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--archive", type=Path, required=True)
    parser.add_argument("--feed", choices=["legacy", "ours"], default="legacy")
    parser.add_argument("--experiment", default="exp7")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, help="at most; default: the experiment's")
    parser.add_argument("--images", type=int, help="to train on; default: all 40,000")
    return parser.parse_args()


def main() -> None:
    """Train once, and write how it went."""
    arguments = read_arguments()
    block = load_experiments([arguments.experiment])[arguments.experiment]
    experiment, seed = Experiment.model_validate(block), arguments.seed
    machine = describe_machine()
    development, test, split = load(arguments.archive, seed)
    split["train"] = split["train"][: arguments.images]
    epochs = min(arguments.epochs or np.inf, experiment.training.epochs)
    arguments.output.mkdir(parents=True, exist_ok=True)
    history = arguments.output / "history.csv"
    prepare_keras(seed, experiment.training.precision, Execution())
    if arguments.feed == "legacy":
        network = train(development, split, experiment, seed, epochs, history)
    else:
        network = build_network(experiment.network)
        network, _, rows = fit(
            *(network, development, split, experiment, seed), max_epochs=epochs
        )
        rows.to_csv(history, index=False)
    result = measure(predict(network, test["images"]), test["labels"])
    settings = {name: str(value) for name, value in vars(arguments).items()}
    text = json.dumps(settings | result | {"machine": machine}, indent=2)
    (arguments.output / "result.json").write_text(text)
    print(pd.read_csv(history).tail().to_string(index=False), result, sep="\n")


if __name__ == "__main__":
    main()
