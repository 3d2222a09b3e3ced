"""The run's order of samples, and how a loop draws from it."""
from __future__ import annotations

import numpy
import pytest
import torch
from torch.utils.data import DataLoader

from superfactory import Samples, SuperfactoryError, sample_indices
from superfactory.protocol import Deal, Turn


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 63, 64, 65, 100, 255, 256, 257, 1000, 4097, 99_991])
def test_order_holds_every_sample_once_in_each_stretch(count):
    both = sample_indices(numpy.arange(2 * count), count, seed=5)
    for epoch in (both[:count], both[count:]):
        assert numpy.array_equal(numpy.sort(epoch), numpy.arange(count))


def test_order_of_every_size_up_to_300_is_a_permutation():
    for count in range(1, 301):
        assert len(set(sample_indices(numpy.arange(count), count, seed=count).tolist())) == count


def test_order_is_a_pure_function_of_seed_and_position():
    whole = sample_indices(numpy.arange(1000), 300, seed=9)
    assert sample_indices(numpy.array([999, 0, 500]), 300, seed=9).tolist() == whole[[999, 0, 500]].tolist()
    assert whole.tolist() != sample_indices(numpy.arange(1000), 300, seed=10).tolist()
    assert whole[:300].tolist() != whole[300:600].tolist()


def test_order_is_what_it_was_in_the_first_release():
    # A run that is restarted with another version of this package must deal the same samples.
    assert sample_indices(numpy.arange(8), 1000, seed=1).tolist() == FIRST_EIGHT


FIRST_EIGHT = [631, 483, 965, 145, 869, 561, 761, 434]


def test_order_looks_random():
    order = sample_indices(numpy.arange(10_000), 10_000, seed=3)
    assert abs(numpy.corrcoef(order, numpy.arange(10_000))[0, 1]) < 0.05
    assert (numpy.diff(order) == 1).sum() < 10


def dealt(ranges, stride, offset, batch, first_turn=0, count=1000, rank=0, world=1, segment=0):
    samples = Samples(count, batch, 1, rank, world)
    planned = max(end for _, end in ranges)
    samples.deal(Deal(segment, tuple(ranges), stride, offset, batch, planned), Turn(0, 1, first_turn, 0.0, False))
    return samples


def indices(positions, count=1000):
    return sample_indices(numpy.array(positions), count, 1).tolist()


def test_samples_of_two_islands_share_each_turn():
    first, second = (list(dealt([(0, 16)], 8, offset, 4)) for offset in (0, 4))
    assert first == indices([0, 1, 2, 3, 8, 9, 10, 11])
    assert second == indices([4, 5, 6, 7, 12, 13, 14, 15])


def test_samples_of_a_segment_with_several_ranges_follow_its_line():
    assert list(dealt([(10, 13), (40, 45)], 4, 0, 4)) == indices([10, 11, 12, 40, 41, 42, 43, 44])


def test_samples_end_with_a_cut_off_turn_and_an_empty_share_is_empty():
    assert list(dealt([(0, 10)], 8, 0, 4)) == indices([0, 1, 2, 3, 8, 9])
    assert list(dealt([(0, 10)], 8, 4, 4)) == indices([4, 5, 6, 7])
    assert len(dealt([(0, 3)], 8, 4, 4)) == 0


def test_samples_of_a_restarted_trainer_go_on_at_its_turn():
    assert list(dealt([(0, 16)], 4, 0, 4, first_turn=2)) == indices(list(range(8, 16)))


def test_processes_of_an_island_take_equal_shares_that_cover_the_batch():
    shares = [list(dealt([(0, 16)], 8, 0, 8, rank=rank, world=2)) for rank in range(2)]
    assert shares[0] == indices([0, 1, 2, 3, 8, 9, 10, 11]) and shares[1] == indices([4, 5, 6, 7, 12, 13, 14, 15])


def test_processes_of_an_island_draw_equally_many_where_the_last_turn_does_not_divide():
    shares = [list(dealt([(0, 5)], 8, 0, 8, rank=rank, world=4)) for rank in range(4)]
    assert [len(share) for share in shares] == [2, 2, 2, 2]
    assert set(sum(shares, [])) == set(indices([0, 1, 2, 3, 4]))


def test_a_loader_with_two_workers_that_reads_ahead_consumes_in_order():
    samples = dealt([(0, 64)], 8, 0, 8)
    seen = []
    for batch in DataLoader(list(range(1000)), sampler=samples, batch_size=4, num_workers=2, prefetch_factor=3):
        seen += batch.tolist()
        if samples.completes_step(len(batch)):
            assert samples.consume() == 8
    assert seen == indices(range(64))
    assert samples.due() == 0 and len(samples) == 0


def test_a_new_iteration_takes_up_at_the_first_batch_not_trained_on():
    samples = dealt([(0, 64)], 8, 0, 8)
    iterator = iter(samples)
    for _ in range(20):
        next(iterator)
    samples.consume()
    assert len(samples) == 56
    assert list(samples) == indices(range(8, 64))


def test_stepping_without_drawing_or_beyond_the_deal_is_refused():
    samples = dealt([(0, 8)], 8, 0, 8)
    with pytest.raises(SuperfactoryError, match="before its samples were drawn"):
        samples.consume()
    list(samples)
    samples.consume()
    with pytest.raises(SuperfactoryError, match="more often than the run dealt samples"):
        samples.consume()


def test_a_last_smaller_batch_that_is_never_stepped_is_an_error_and_not_an_endless_loop():
    samples = dealt([(0, 4)], 8, 0, 8)
    list(samples)
    with pytest.raises(SuperfactoryError, match="also for a last, smaller batch"):
        list(samples)


def test_a_batch_that_the_processes_cannot_share_is_refused():
    with pytest.raises(SuperfactoryError, match="multiple of the island's 4 processes"):
        Samples(10, 6, 1, 0, 4)
    with pytest.raises(SuperfactoryError, match="1 or more"):
        Samples(0, 6, 1, 0, 1)


def test_a_new_segment_begins_when_the_last_is_used_up():
    samples = dealt([(0, 8)], 8, 0, 8)
    list(samples)
    samples.consume()
    samples.deal(Deal(1, ((2, 4), (6, 8)), 4, 0, 4, 8), Turn(1, 1, 0, 0.5, False))
    assert list(samples) == indices([2, 3, 6, 7])
    assert isinstance(samples, torch.utils.data.Sampler)


def test_an_iteration_ends_where_the_rest_is_dealt_anew_and_the_next_one_takes_the_new_deal():
    samples = dealt([(0, 64)], 8, 0, 4)
    drawn = []
    for batch in DataLoader(list(range(1000)), sampler=samples, batch_size=4):
        drawn += batch.tolist()
        samples.consume()
        if len(drawn) == 8:
            # Another island was lost after two turns: what it had, and the rest, is this one's now.
            samples.deal(Deal(1, ((4, 8), (12, 64)), 4, 0, 4, 64), Turn(1, 1, 0, 0.1, False))
    assert drawn == indices([0, 1, 2, 3, 8, 9, 10, 11])
    assert list(samples) == indices([*range(4, 8), *range(12, 64)])
