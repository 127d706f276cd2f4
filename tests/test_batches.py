from itertools import islice

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cifar_kedro.batches import ShuffledBatches

LABELS = np.arange(50, dtype=np.uint8)


def epoch(batches, number=0):
    """List the labels of each batch of an epoch."""
    first = number * batches.steps_per_epoch
    indices = range(first, first + batches.steps_per_epoch)
    return [batches[index][1].tolist() for index in indices]


@settings(max_examples=30)
@given(batch_size=st.integers(1, 60), seed=st.integers(0, 5), drop=st.booleans())
def test_an_epoch_sees_every_image_once_but_the_remainder(batch_size, seed, drop):
    seen = epoch(ShuffledBatches(LABELS, batch_size, seed, drop))
    flat = [label for batch in seen for label in batch]
    assert len(set(flat)) == len(flat)
    whole = 50 // batch_size * batch_size
    assert len(flat) == (50 if not drop or not whole else whole)
    assert all(len(batch) == batch_size for batch in seen[:-1])


def test_rows_go_with_their_labels():
    rows, labels = ShuffledBatches(LABELS[::-1], 16, 0, False)[1]
    assert (rows.dtype, labels.dtype) == (np.int32, np.uint8)
    np.testing.assert_array_equal(49 - rows, labels)


def test_the_order_depends_on_seed_and_epoch_alone():
    one, two, other = (ShuffledBatches(LABELS, 16, seed, True) for seed in (0, 0, 1))
    second = epoch(one, 1)  # whatever was read before
    assert epoch(one) == epoch(two) != epoch(other)
    assert epoch(one) != second == epoch(two, 1)


def test_a_resumed_series_goes_on_where_the_first_was():
    whole = ShuffledBatches(LABELS, 16, 0, False)
    resumed = ShuffledBatches(LABELS, 16, 0, False, first_epoch=2)
    assert epoch(resumed) == epoch(whole, 2)


def test_iterating_begins_at_the_beginning_each_time():
    batches = ShuffledBatches(LABELS, 16, 0, False)
    for _ in range(2):
        seen = [labels.tolist() for _, labels in islice(batches, 8)]
        assert seen == epoch(batches) + epoch(batches, 1)
