"""Islands of every-step that come back while the others go on: they take the others' steps, without forward or backward."""
from __future__ import annotations

import os
import time

import numpy
import pytest

import loops
from pair import reason_not_to_run
from processes import start_island

pytestmark = pytest.mark.skipif(reason_not_to_run() is not None, reason=str(reason_not_to_run()))


def come_back(pair, tmp_path, processes=1, spoil=None):
    """The second island is lost in its eighth step, and comes back as the others go on; the results of the first and of the one that came back."""
    samples, ready = tmp_path / "samples", tmp_path / "ready"
    samples.mkdir()

    def loop(part):
        def hold(run):
            if part == "lost" and run.steps == 7:
                ready.write_text("")
                time.sleep(100)
            # What is left of the run is not over before the island is back.
            time.sleep(0.03)
            if spoil is not None:
                spoil(run, part)

        return loops.train_with_counting_schedule(str(samples), hold)

    first = start_island(pair.paths[0], loop, "first")[0]
    lost = start_island(pair.paths[1], loop, "lost", processes=processes)
    while not ready.exists():
        assert lost[0].process.is_alive()
        lost[0].process.join(0.05)
    pair.leave_out(1)
    for each in lost:
        each.process.kill()
        each.wait()
    pair.let_learn(1)
    pair.wait(lambda: len(pair.said(1, "ready")) == 2, "the new bridge is ready")
    again = start_island(pair.paths[1], loop, "again", processes=processes)
    pair.wait(lambda: bool(pair.said(1, "level")), "the island is level")
    # It goes on following until it is let in.
    while len(list(samples.glob("*.island-0.*"))) < 50:
        assert first.process.is_alive()
        first.process.join(0.02)
    start = pair.let_in()
    ended = [each.wait() for each in [first, *again]]
    assert [each.code for each in ended] == [0] * len(ended), ended
    return start, [each.result for each in ended], str(samples)


def assert_as_if_it_had_never_left(pair, start, results, samples):
    one, other = results[0]["before"], results[1]["before"]
    both = sorted(set(one) & set(other))
    assert both and both[0] <= start + 1 and both[-1] >= max(one) - 1
    assert [other[number] for number in both] == [one[number] for number in both]
    assert len({each["digest"] for each in results}) == 1
    reference = loops.reference_of_rounds(samples)["tensors"]
    for name in set(reference) - {"seen"}:
        assert numpy.allclose(results[1]["tensors"][name], reference[name], rtol=2e-5, atol=2e-5), name
    ledger = pair.results()[0]["ledger"]
    assert (ledger["merged"], ledger["in_flight"], ledger["free"]) == (ledger["planned"], 0, 0)


def notes(pair):
    return [each["text"] for island in (0, 1) for each in pair.said(island, "note")]


def test_an_island_that_comes_back_takes_the_steps_of_a_loop_that_clips_and_counts_and_has_the_very_parameters(bridges, tmp_path):
    pair = bridges(mode="every-step", steps=120)
    taken = tmp_path / "taken"

    def count(run, part):
        if part == "again" and not taken.exists():
            taken.write_text(str(run._session.following.taken))

    start, results, samples = come_back(pair, tmp_path, spoil=count)
    assert_as_if_it_had_never_left(pair, start, results, samples)
    # Those while the other went on, and the one of the round in which it became a member.
    assert int(taken.read_text()) > 15
    assert not any("whole state" in each for each in notes(pair))


def test_both_processes_of_an_island_that_comes_back_take_the_steps(bridges, tmp_path):
    pair = bridges(mode="every-step", steps=120)
    start, results, samples = come_back(pair, tmp_path, processes=2)
    assert_as_if_it_had_never_left(pair, start, results, samples)
    assert not any("whole state" in each for each in notes(pair))


def test_an_island_whose_loop_changes_parameters_besides_the_optimizer_takes_whole_states(bridges, tmp_path):
    pair = bridges(mode="every-step", steps=120)

    def decay(run, part):
        # As a loop may: steps alone do not lead there.
        for entry in run._table.parameters:
            entry.tensor.data.mul_(0.999)

    start, results, _ = come_back(pair, tmp_path, spoil=decay)
    assert len({each["digest"] for each in results}) == 1
    assert any("whole state" in each and "other parameters" in each for each in notes(pair))
