"""A state of a training, with every kind of content."""

import numpy as np

from cifar_kedro.datasets.checkpoint import TrainingState

STATE = TrainingState(
    variables=[np.arange(6, dtype=np.float32).reshape(2, 3), np.uint32([1, 2])],
    best_weights=[np.float32([0.1])],
    history=[{"epoch": 1, "loss": 0.1 + 0.2}],
    counters=[{"best": float("inf"), "wait": 2, "best_epoch": None}, {}],
    stopped=False,
)
SHAPES = [(2, 3), (2,)]


def same(one, two):
    for a, b in (
        (one.variables, two.variables),
        (one.best_weights, two.best_weights),
    ):
        assert [(x.dtype, x.tobytes()) for x in a] == [
            (x.dtype, x.tobytes()) for x in b
        ]
    return (one.history, one.counters, one.stopped) == (
        *(two.history, two.counters),
        two.stopped,
    )
