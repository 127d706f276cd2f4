"""What to tell when the memory of the machine or of its GPU is not enough."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

# The classes of TensorFlow and PyTorch, by name: neither is imported for this.
_CLASSES = ("ResourceExhaustedError", "OutOfMemoryError")

# JAX has no class of its own, but a status at the head of the message; and Keras, loading
# weights, tells of any error in the message of a ValueError: TensorFlow's, numpy's.
_MESSAGES = ("RESOURCE_EXHAUSTED", "OOM when allocating", "Unable to allocate")

# What TensorFlow, numpy, PyTorch and JAX say of the amount, out of pages of text.
_AMOUNT = re.compile(r"OOM when allocating [^\n]*|.*allocate [^\n]*", re.IGNORECASE)


@contextmanager
def explaining_lack_of_memory() -> Iterator[None]:
    """Say what was needed, and what to do, where an allocation fails.

    Raises:
        MemoryError: Instead of the error of numpy or of Keras' backend, and from it.
    """
    try:
        yield
    except Exception as error:
        message = str(error)
        if not (
            isinstance(error, MemoryError)
            or type(error).__name__ in _CLASSES
            or any(part in message for part in _MESSAGES)
        ):
            raise
        amount = _AMOUNT.search(message)
        raise MemoryError(
            "The memory is not enough: "
            f"{amount[0] if amount else message or type(error).__name__}. Train with "
            "smaller batches (--params NAME.training.batch_size=N; the report's is in the "
            "experiment's block), end other programs, or use a machine with more memory."
        ) from error
