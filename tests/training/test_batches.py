from itertools import islice

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cifar_kedro.training.batches import ShuffledBatches

LABELS = np.arange(50, dtype=np.uint8)
ALL = np.arange(50, dtype=np.int32)


def epoch(batches, number=0):
    """List the labels of each batch of an epoch."""
    first = number * batches.steps_per_epoch
    indices = range(first, first + batches.steps_per_epoch)
    return [batches[index][1].tolist() for index in indices]


@settings(max_examples=30)
@given(batch_size=st.integers(1, 60), seed=st.integers(0, 5), drop=st.booleans())
def test_an_epoch_sees_every_image_once_but_the_remainder(batch_size, seed, drop):
    seen = epoch(ShuffledBatches(LABELS, ALL, batch_size, seed, drop))
    flat = [label for batch in seen for label in batch]
    assert len(set(flat)) == len(flat)
    whole = 50 // batch_size * batch_size
    assert len(flat) == (50 if not drop or not whole else whole)
    assert all(len(batch) == batch_size for batch in seen[:-1])


def test_indices_go_with_their_labels():
    chosen, labels = ShuffledBatches(LABELS[::-1], ALL, 16, 0, False)[1]
    assert (chosen.dtype, labels.dtype) == (np.int32, np.uint8)
    np.testing.assert_array_equal(49 - chosen, labels)


def test_the_order_depends_on_seed_and_epoch_alone():
    one, two, other = (
        ShuffledBatches(LABELS, ALL, 16, seed, True) for seed in (0, 0, 1)
    )
    second = epoch(one, 1)  # whatever was read before
    assert epoch(one) == epoch(two) != epoch(other)
    assert epoch(one) != second == epoch(two, 1)


def test_a_resumed_series_goes_on_where_the_first_was():
    whole = ShuffledBatches(LABELS, ALL, 16, 0, False)
    resumed = ShuffledBatches(LABELS, ALL, 16, 0, False)
    resumed.first_epoch = 2
    assert epoch(resumed) == epoch(whole, 2)


def test_iterating_begins_at_the_beginning_each_time():
    batches = ShuffledBatches(LABELS, ALL, 16, 0, False)
    for _ in range(2):
        seen = [labels.tolist() for _, labels in islice(batches, 8)]
        assert seen == epoch(batches) + epoch(batches, 1)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**31 - 1), first=st.integers(0, 50))
def test_alternating_images_are_mirrored_in_every_other_epoch(seed, first):
    plain, mirroring = (
        ShuffledBatches(LABELS, ALL, 16, seed, False, alternate=alternate)
        for alternate in (False, True)
    )
    plain.first_epoch = mirroring.first_epoch = first
    mirrored = []
    for epoch_number in range(3):
        indices = range(epoch_number * 4, epoch_number * 4 + 4)
        seen = np.concatenate([mirroring[index][0] for index in indices])
        assert seen.dtype == np.int32
        same = np.where(seen < 0, -1 - seen, seen)
        np.testing.assert_array_equal(
            same, np.concatenate([plain[index][0] for index in indices])
        )
        mirrored.append(set(same[seen < 0]))
    assert mirrored[0] == mirrored[2] == set(range(50)) - mirrored[1]
    assert 5 < len(mirrored[0]) < 45


def test_of_all_images_those_to_train_on_come_in_the_order_of_a_copy_of_them():
    chosen = np.random.default_rng(0).permutation(50)[:30].astype(np.int32)
    copy = ShuffledBatches(
        *(LABELS[chosen], np.arange(30, dtype=np.int32), 8, 3, False), alternate=True
    )
    batches = ShuffledBatches(LABELS, chosen, 8, 3, False, alternate=True)
    for (seen, labels), (place, wanted) in zip(
        islice(batches, 8), islice(copy, 8), strict=True
    ):
        np.testing.assert_array_equal(labels, wanted)
        same, row = (np.where(a < 0, -1 - a, a) for a in (seen, place))
        np.testing.assert_array_equal(same, chosen[row])
        np.testing.assert_array_equal(seen < 0, place < 0)
