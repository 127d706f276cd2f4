"""Contenders that take turns: each in a process of its own, one computing at a time.

A machine's speed wanders over minutes. Measured in turns, contenders meet the same
weather, and the ratio of their medians means something.
"""

import contextlib
import multiprocessing
import os
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

# Hands over a result, and returns when it is this contender's turn again.
Turn = Callable[[Any], None]

# Threads of the one before may still spin, waiting for work, for some 200 ms.
PAUSE_SECONDS = 0.5


class Worker:
    """A contender in its own process, warm and waiting for its turns.

    Args:
        contend: Called in the process with a `Turn` and `arguments`. It warms up, hands
            over what it has to say of itself, and then a result at each turn, for ever.
        arguments: Anything that pickles and belongs to no heavy package.
        environment: The variables of the process, set before it imports anything heavy.

    Attributes:
        introduction: What the contender said of itself when it was warm.
    """

    def __init__(
        self,
        contend: Callable[..., None],
        arguments: tuple[Any, ...],
        environment: dict[str, str],
    ) -> None:
        """Start the process, and wait until it is warm."""
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, contend, arguments, environment), daemon=True
        )
        self._process.start()
        theirs.close()
        self.introduction = self._receive()

    def take_turn(self) -> Any:
        """Let the contender compute for one round, and return its result."""
        time.sleep(PAUSE_SECONDS)
        self._connection.send("your turn")
        return self._receive()

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()

    def _receive(self) -> Any:
        try:
            result, error = self._connection.recv()
        except EOFError:
            self._process.join()
            code = self._process.exitcode
            raise RuntimeError(f"a worker ended with status {code}") from None
        if error:
            raise RuntimeError(f"a worker failed:\n{error}")
        return result


@contextlib.contextmanager
def workers(
    contenders: dict[str, tuple[Callable[..., None], tuple[Any, ...]]],
    environment: dict[str, str],
) -> Iterator[dict[str, Worker]]:
    """Start contenders one after the other, all in the same environment; end them all.

    What they leave in temporary folders is removed with them.
    """
    started: dict[str, Worker] = {}
    with tempfile.TemporaryDirectory() as folder:
        try:
            for name, (contend, arguments) in contenders.items():
                started[name] = Worker(
                    contend, arguments, environment | {"TMPDIR": folder}
                )
            yield started
        finally:
            for worker in started.values():
                worker.stop()


def play_rounds(players: dict[str, Worker], rounds: int) -> dict[str, list[float]]:
    """Let each worker take its turn, in every round; return the results by name."""
    results: dict[str, list[float]] = {name: [] for name in players}
    for _ in range(rounds):
        for name, worker in players.items():
            results[name].append(worker.take_turn())
    return results


def _serve(
    connection: Any,
    contend: Callable[..., None],
    arguments: tuple[Any, ...],
    environment: dict[str, str],
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    # Progress bars and logs are written, but not seen; errors go through the connection.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)

    def turn(result: Any) -> None:
        connection.send((result, None))
        connection.recv()

    try:
        contend(turn, *arguments)
    except Exception:
        connection.send((None, traceback.format_exc()))


def call_in_turns(
    turn: Turn, call: Callable[[], Any], calls: int, amount: float
) -> None:
    """Make a round of so many calls; its result is the amount of work per second.

    Args:
        turn: Of the contender.
        call: What is measured; it is called once before, to warm up.
        calls: Per round.
        amount: Of work in one call.
    """
    call()
    turn(None)
    while True:
        start = time.perf_counter()
        for _ in range(calls):
            call()
        turn(amount * calls / (time.perf_counter() - start))


def make_keras_callback(turn: Turn, images: int, introduction: Any = None) -> Any:
    """Make a Keras callback that makes a round of each epoch but the first.

    The result of a round is images/s, from the begin of the epoch to the end of its last
    training step: what an epoch does after it (validation, checkpoints) is not in it, if
    this is the first of the callbacks. The first epoch, which traces the network, is the
    warm-up.

    It has no method that Keras calls at every batch: Keras would then call all callbacks
    in the way of the training instead of beside it.

    Args:
        turn: Of the contender.
        images: Images trained per epoch.
        introduction: What the contender says of itself.
    """
    import keras

    class EpochsAsRounds(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if epoch == 1:
                turn(introduction)
            elif epoch > 1:
                turn(images / self._seconds)
            self._start, self._seconds = time.perf_counter(), 0.0

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self._seconds = time.perf_counter() - self._start

    return EpochsAsRounds()


def draw_images(count: int) -> tuple[Any, Any]:
    """Draw random images, float32 (n, 32, 32, 3) in [0, 1], and labels, uint8 (n,)."""
    import numpy as np

    generator = np.random.default_rng(0)
    images = generator.random((count, 32, 32, 3), dtype=np.float32)
    return images, (np.arange(count) % 10).astype(np.uint8)
