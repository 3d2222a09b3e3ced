"""A run that changes what it merges, against the real bridges."""
from __future__ import annotations

import pytest

import loops
from pair import reason_not_to_run
from processes import start_island

pytestmark = pytest.mark.skipif(reason_not_to_run() is not None, reason=str(reason_not_to_run()))


def test_changes_of_mode_leave_islands_with_the_same_parameters_and_optimizers_and_the_ledger_exact(bridges):
    # Where the modes change depends on how fast this machine is, and with it what is trained: a gradient far off those before, as a model that has
    # learnt its few points by heart may have, would be refused by its norm and its batch be handed out again.
    pair = bridges(mode="auto", steps=480, norm_limit=0)
    islands = [start_island(path, loops.train_through_modes, 3, 8)[0] for path in pair.paths]
    # An epoch that begins before anything is merged deals anew; a run that chooses by itself chooses after two merges.
    pair.wait(lambda: all(any(each["type"] == "progress" and each["progress"]["rounds"] > 0 for each in events) for events in pair.events), "a round is merged")
    for mode, every, delay in (("every-step", 1, 0), ("diloco", 10, 0), ("streaming", 8, 1), ("diloco", 20, 0), ("every-step", 1, 0), ("streaming", 8, 2),
                               ("every-step", 1, 0)):
        last = pair.change(mode, every, delay)
        pair.wait(lambda: all(any(each["type"] == "progress" and each["progress"]["rounds"] > last + 2 and each["progress"]["schedule"]["mode"] == mode
                                  for each in events) for events in pair.events), f"a round of {mode} is merged")
    ended = [each.wait() for each in islands]
    assert [each.code for each in ended] == [0, 0], ended
    results = [each.result for each in ended]
    assert results[0]["digest"] == results[1]["digest"]
    assert not any(pair.said(island, "note") for island in (0, 1)), [pair.said(island, "note") for island in (0, 1)]
    used = results[0]["used"] + results[1]["used"]
    assert {index: used.count(index) for index in range(96)} == {index: 80 for index in range(96)}
    assert results[0]["modes"] == results[1]["modes"] and set(results[0]["modes"]) == {"diloco", "every-step", "streaming"}
    # In every-step the trainers hold the parameters: had their optimizers differed, they would have ended with other ones.
    assert results[0]["modes"][-1] == "every-step" and results[0]["last"] == results[1]["last"]
    for result in pair.results():
        assert result["ledger"] == {"planned": 480 * 16, "merged": 480 * 16, "in_flight": 0, "free": 0, "replayed": 0}
