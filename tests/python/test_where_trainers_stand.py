"""Trainers that go on where another stood, or where they stood themselves, against real bridges: as if nothing had happened."""
from __future__ import annotations

import os
import time

import numpy
import pytest

import loops
from pair import reason_not_to_run
from processes import start_island, train

pytestmark = pytest.mark.skipif(reason_not_to_run() is not None, reason=str(reason_not_to_run()))


def assert_whole_ledger(result, planned):
    assert result["ledger"] == {"planned": planned, "merged": planned, "in_flight": 0, "free": 0, "replayed": 0}


@pytest.mark.parametrize("terms", [
    {"fragments": 3, "delay": 2, "staleness": 2, "mixing": 0.5},
    {"fragments": 2, "overlap": False, "mixing": 0.25},
])
def test_a_held_streaming_run_goes_on_where_each_trainer_stood_and_ends_as_one_that_was_never_stopped(bridges, terms):
    named = {"mode": "streaming", "steps": 36, "every": 9, "number_format": "e3m0", "streaming": terms}
    expected = train(bridges(**named).paths, loops.train_plainly)[0][0]
    first = bridges(**named)

    def slowly():
        return loops.train_plainly(lambda run, step, loss: (time.sleep(0.02), loss)[1])

    stopped = [start_island(path, slowly)[0] for path in first.paths]
    first.wait(lambda: all(any(each["type"] == "progress" and each["progress"]["rounds"] > 3 for each in events) for events in first.events), "some rounds are merged")
    first.hold()
    for island in range(2):
        first.command(island, "stop")
    assert [each.wait().code for each in stopped] == [1, 1]
    pair = bridges(**named, held=first)
    results = [island[0] for island in train(pair.paths, loops.train_plainly)]
    # How far it had come when it was held depends on how fast this machine is.
    left = min(8, 36 - results[0]["resumed_at"])
    assert 0 < left and results[0]["resumed_at"] > 0 and results[0]["losses"][-left:] == expected["losses"][-left:]
    assert [each["digest"] for each in results] == [expected["digest"]] * 2
    for result in pair.results():
        assert result["steps"] == 36
        assert_whole_ledger(result, 36 * 16 * terms["fragments"])


def test_an_island_that_comes_back_takes_the_very_steps_of_loops_that_clip_and_count_them(bridges, tmp_path):
    pair, marker, samples = bridges(mode="every-step", steps=24), str(tmp_path / "marker"), tmp_path / "samples"
    samples.mkdir()

    def loop():
        # The second island's first trainer waits in its eighth step until its bridge is gone.
        def hold(run):
            if run.steps == 7 and run.island == "island-1" and not os.path.exists(marker):
                open(marker, "w").close()
                time.sleep(100)

        return loops.train_with_counting_schedule(str(samples), hold)

    first, second = (start_island(path, loop)[0] for path in pair.paths)
    while not os.path.exists(marker):
        assert second.process.is_alive()
        second.process.join(0.05)
    pair.restart(1)
    assert second.wait().code == 1
    pair.wait(lambda: sum(each["type"] == "ready" for each in pair.events[1]) == 2, "the new bridge is ready")
    again = start_island(pair.paths[1], loop)[0]
    ended = [first.wait(), again.wait()]
    assert [each.code for each in ended] == [0, 0], ended
    results = [each.result for each in ended]
    both = sorted(set(results[0]["before"]) & set(results[1]["before"]))
    assert both[0] == 8 and len(both) > 12
    assert [results[1]["before"][number] for number in both] == [results[0]["before"][number] for number in both]
    assert results[0]["digest"] == results[1]["digest"]
    reference = loops.reference_of_rounds(str(samples))["tensors"]
    for name in set(reference) - {"seen"}:
        assert numpy.allclose(results[1]["tensors"][name], reference[name], rtol=2e-5, atol=2e-5), name
    assert_whole_ledger(pair.results()[0], 24 * 16)
