"""The client against the real bridges, joined by memory: the merge machine, the arena and the sockets are those of a gang."""
from __future__ import annotations

import hashlib
import math
import os
import time
from pathlib import Path

import numpy
import pytest
import torch

import checkpoint
import loops
import pretrain
from corpora import PROSE, make_corpus
from pair import reason_not_to_run
from processes import start_island, train
from scalers import Scaler
from superfactory.hashing import parameters_sha256

pytestmark = pytest.mark.skipif(reason_not_to_run() is not None, reason=str(reason_not_to_run()))


def close(a, b, tolerance=2e-5):
    return numpy.allclose(a, b, rtol=tolerance, atol=tolerance)


def assert_tensors(found, expected):
    for name, values in expected.items():
        if name != "seen":
            assert close(found[name], values), name


def assert_whole_ledger(result, planned):
    assert result["ledger"] == {"planned": planned, "merged": planned, "in_flight": 0, "free": 0, "replayed": 0}


def test_two_islands_in_every_step_mode_equal_one_process_with_the_doubled_batch_step_for_step(bridges):
    pair = bridges(mode="every-step", steps=12)
    results = [island[0] for island in train(pair.paths, loops.train_points, 3, 8, 0, 0, 0.05, True, True)]
    reference = loops.reference_every_step(3, 16, 12, pair.seed)
    assert close(results[0]["losses"], reference["losses"], 1e-5) and results[0]["losses"] == results[1]["losses"]
    assert_tensors(results[0]["tensors"], reference["tensors"])
    for result, own in zip(pair.results(), results):
        assert result["parameters_sha256"] == own["digest"] == results[0]["digest"]
        assert (result["steps"], result["rounds"], result["tokens"]) == (12, 12, 12 * 8 * loops.FEATURES)
        assert_whole_ledger(result, 12 * 16)


def test_merging_without_arguments_gives_the_same_model_and_counts_the_same_tokens(bridges):
    pair = bridges(mode="every-step", steps=12)
    results = [island[0] for island in train(pair.paths, loops.train_points, 3, 8)]
    reference = loops.reference_every_step(3, 16, 12, pair.seed)
    assert close(results[0]["losses"][1:], reference["losses"][:-1], 1e-5)
    assert_tensors(results[1]["tensors"], reference["tensors"])
    assert [result["tokens"] for result in pair.results()] == [12 * 8 * loops.FEATURES] * 2


def test_two_islands_in_diloco_mode_equal_diloco_in_plain_pytorch(bridges):
    pair = bridges(mode="diloco", steps=14, every=4)
    results = [island[0] for island in train(pair.paths, loops.train_points, 3, 8)]
    reference = loops.reference_diloco(3, [8, 8], 14, 4, pair.seed, pair.outer)
    assert results[0]["digest"] == results[1]["digest"]
    assert_tensors(results[0]["tensors"], reference["tensors"])
    for result in pair.results():
        assert (result["steps"], result["rounds"]) == (14, 4) and 0 < result["training_seconds"] <= result["wall_seconds"]
        assert_whole_ledger(result, 14 * 16)


@pytest.mark.parametrize("steps, every, terms", [
    (24, 8, {"fragments": 2, "delay": 2, "staleness": 2, "mixing": 0.5}),
    (23, 7, {"fragments": 3, "delay": 1, "staleness": 1, "mixing": 0.25}),
    (9, 4, {"fragments": 4, "delay": 1, "staleness": 1, "mixing": 0.0}),
    (20, 6, {"fragments": 2, "overlap": False, "mixing": 0.5}),
])
def test_two_islands_in_streaming_mode_equal_streaming_diloco_in_plain_pytorch(bridges, steps, every, terms):
    pair = bridges(mode="streaming", steps=steps, every=every, streaming=terms)
    results = [island[0] for island in train(pair.paths, loops.train_points, 3, 8)]
    fragments = loops.fragments_of(loops.Tied(), terms["fragments"], every)
    reference = loops.reference_streaming(3, [8, 8], steps, every, fragments, terms.get("delay", 0), terms["mixing"], pair.seed, pair.outer)
    assert results[0]["digest"] == results[1]["digest"]
    assert_tensors(results[0]["tensors"], reference["tensors"])
    for result in pair.results():
        assert result["steps"] == steps and 0 < result["training_seconds"] <= result["wall_seconds"]
        assert_whole_ledger(result, steps * 16 * terms["fragments"])


@pytest.mark.parametrize("mode", ["every-step", "diloco", "streaming"])
def test_islands_of_different_batches_weigh_by_their_tokens_as_in_plain_pytorch(bridges, mode):
    streaming = {"fragments": 2, "delay": 1, "staleness": 1, "mixing": 0.5} if mode == "streaming" else None
    pair = bridges(mode=mode, steps=8, every=4, streaming=streaming)

    def loop():
        return loops.train_points(3, 8 if os.environ["SUPERFACTORY_BRIDGE"] == pair.paths[0] else 4, 0, 0, 0.05, True, True)

    results = [island[0] for island in train(pair.paths, loop)]
    reference = (loops.reference_every_step(3, 12, 8, pair.seed) if mode == "every-step"
                 else loops.reference_diloco(3, [8, 4], 8, 4, pair.seed, pair.outer) if mode == "diloco"
                 else loops.reference_streaming(3, [8, 4], 8, 4, loops.fragments_of(loops.Tied(), 2, 4), 1, 0.5, pair.seed, pair.outer))
    assert results[0]["digest"] == results[1]["digest"]
    assert_tensors(results[0]["tensors"], reference["tensors"])


def test_a_streaming_trainer_that_crashes_goes_on_with_the_run_and_replays_no_more_than_it_had_merged(bridges, tmp_path):
    pair = bridges(mode="streaming", steps=24, every=8, number_format="e3m0",
                   streaming={"fragments": 2, "delay": 2, "staleness": 2, "mixing": 0.5})
    marker = str(tmp_path / "crashed")
    first = start_island(pair.paths[0], loops.train_plainly)[0]
    assert start_island(pair.paths[1], lambda: loops.train_plainly(None, 13, marker=marker))[0].wait().code == 9
    again = start_island(pair.paths[1], lambda: loops.train_plainly(None, 13, marker=marker))[0]
    ended = [first.wait(), again.wait()]
    assert [each.code for each in ended] == [0, 0] and ended[0].result["digest"] == ended[1].result["digest"]
    assert len(pair.said(1, "running")) == 2
    for result in pair.results():
        ledger = result["ledger"]
        assert (ledger["merged"], ledger["in_flight"], ledger["free"]) == (ledger["planned"], 0, 0)
        assert ledger["planned"] == 24 * 16 * 2 and 0 < ledger["replayed"] <= 8 * 8 * 2


@pytest.mark.parametrize("mode", ["every-step", "diloco"])
def test_a_hand_written_loop_with_clipping_accumulation_tied_weights_schedule_and_workers(bridges, mode):
    pair = bridges(mode=mode, steps=6, every=4)
    results = [island[0] for island in train(pair.paths, loops.train_points, 3, 8, 2, 2)]
    reference = (loops.reference_every_step(3, 16, 6, pair.seed) if mode == "every-step"
                 else loops.reference_diloco(3, [8, 8], 6, 4, pair.seed, pair.outer))
    assert_tensors(results[0]["tensors"], reference["tensors"])
    assert sorted(results[0]["used"] + results[1]["used"]) == list(range(96))
    assert results[0]["rates"] == pytest.approx([0.05 * (1 - 0.5 * step / 6) for step in range(6)])
    assert results[0]["digest"] == results[1]["digest"]


@pytest.mark.parametrize("mode", ["every-step", "diloco"])
def test_two_islands_of_two_processes_under_distributed_data_parallel(bridges, mode):
    pair = bridges(mode=mode, steps=6, every=4)
    results = train(pair.paths, loops.train_points, 3, 8, 2, 0, processes=2)
    reference = (loops.reference_every_step(3, 16, 6, pair.seed) if mode == "every-step"
                 else loops.reference_diloco(3, [8, 8], 6, 4, pair.seed, pair.outer))
    processes = [process for island in results for process in island]
    for process in processes:
        assert_tensors(process["tensors"], reference["tensors"])
    assert len({process["digest"] for process in processes}) == 1
    assert sorted(sum((process["used"] for process in processes), [])) == list(range(96))
    assert_whole_ledger(pair.results()[0], 96)


@pytest.mark.parametrize("mode", ["every-step", "diloco"])
def test_three_islands_agree(bridges, mode):
    pair = bridges(mode=mode, steps=6, every=3, islands=3, number_format="bf16" if mode == "diloco" else "fp32")
    results = [island[0] for island in train(pair.paths, loops.train_points, 3, 8)]
    assert len({each["digest"] for each in results}) == 1
    if mode == "every-step":
        assert_tensors(results[2]["tensors"], loops.reference_every_step(3, 24, 6, pair.seed)["tensors"])
    assert_whole_ledger(pair.results()[2], 6 * 24)


def test_one_island_alone_in_a_gang_trains(bridges):
    pair = bridges(mode="every-step", steps=6, islands=1)
    result = train(pair.paths, loops.train_points, 3, 16)[0][0]
    assert_tensors(result["tensors"], loops.reference_every_step(3, 16, 6, pair.seed)["tensors"])


@pytest.mark.parametrize("mode", ["every-step", "diloco"])
def test_a_trainer_that_crashes_and_is_started_again_goes_on_as_if_nothing_had_happened(bridges, tmp_path, mode):
    undisturbed = bridges(mode=mode, steps=12, every=3)
    expected = train(undisturbed.paths, loops.train_plainly)[0][0]
    pair, marker = bridges(mode=mode, steps=12, every=3), str(tmp_path / "marker")
    first = start_island(pair.paths[0], loops.train_plainly)[0]
    assert start_island(pair.paths[1], lambda: loops.train_plainly(None, 7, marker=marker))[0].wait().code == 9
    again = start_island(pair.paths[1], lambda: loops.train_plainly(None, 7, marker=marker))[0]
    results = [first.wait(), again.wait()]
    assert [each.code for each in results] == [0, 0], results
    assert results[1].result["resumed_at"] == (7 if mode == "every-step" else 6)
    assert results[0].result["digest"] == results[1].result["digest"]
    assert_tensors(results[1].result["tensors"], expected["tensors"])
    assert_whole_ledger(pair.results()[1], 12 * 16)


@pytest.mark.parametrize("mode", ["every-step", "diloco"])
def test_a_loss_that_is_nan_once_resets_the_island_and_its_samples_are_dealt_again(bridges, mode):
    pair = bridges(mode=mode, steps=8, every=2)

    def poison(run, step, loss):
        return loss * (float("nan") if step == 2 and run.island == "island-1" else 1.0)

    results = [island[0] for island in train(pair.paths, lambda: loops.train_plainly(poison))]
    assert results[0]["digest"] == results[1]["digest"]
    assert all(numpy.isfinite(values).all() for values in results[0]["tensors"].values())
    refused = 8 * (1 if mode == "every-step" else 2)
    used = results[0]["used"] + results[1]["used"]
    assert len(used) == 8 * 16 + refused
    for result in pair.results():
        assert_whole_ledger(result, 8 * 16)


def test_a_gradient_refused_by_its_norm_has_exactly_its_own_samples_handed_out_again(bridges):
    pair = bridges(mode="every-step", steps=24)

    def far_off(run, step, loss):
        return loss * (1000.0 if step == 18 and run.island == "island-1" else 1.0)

    results = [island[0] for island in train(pair.paths, lambda: loops.train_plainly(far_off))]
    assert results[0]["digest"] == results[1]["digest"]
    refusals = [each["progress"] for each in pair.said(0, "progress")][-1]["refusals"]
    assert [(each["island"], each["round"], each["cause"]) for each in refusals] == [("island-1", 18, "norm")]
    used = results[0]["used"] + results[1]["used"]
    assert sorted(used) == sorted(4 * list(range(96)) + results[1]["used"][18 * 8:19 * 8])
    for result in pair.results():
        assert_whole_ledger(result, 24 * 16)


def test_a_loss_that_is_nan_again_and_again_never_enters_the_model_and_the_other_island_does_the_samples(bridges):
    pair = bridges(mode="diloco", steps=8, every=2)

    def poison(run, step, loss):
        return loss * (float("nan") if step >= 2 and run.island == "island-1" else 1.0)

    results = [island[0] for island in train(pair.paths, lambda: loops.train_plainly(poison))]
    assert results[0]["digest"] == results[1]["digest"]
    assert all(numpy.isfinite(numbers).all() for numbers in results[0]["tensors"].values())
    assert_whole_ledger(pair.results()[0], 8 * 16)


def test_an_overflow_on_one_island_skips_the_step_on_all_and_every_scaler_backs_off(bridges):
    pair = bridges(mode="every-step", steps=6)

    def overflow(run, step, loss):
        return loss * (float("inf") if step == 2 and run.island == "island-1" else 1.0)

    results = [island[0] for island in train(pair.paths, lambda: loops.train_plainly(overflow, scaler=Scaler()))]
    assert results[0]["digest"] == results[1]["digest"]
    # The skipped step's samples are dealt again: one step more.
    assert results[0]["scales"] == results[1]["scales"] == [1024.0, 1024.0] + [512.0] * 5
    assert_whole_ledger(pair.results()[0], 6 * 16)


def test_a_model_of_another_shape_than_the_peers_is_refused_by_the_tensors_name(bridges):
    pair = bridges(mode="diloco", steps=4)

    def loop(width):
        return loops.train_plainly(model=lambda: torch.nn.Sequential(torch.nn.Linear(6, width)))

    trainers = [start_island(path, loop, width)[0] for path, width in zip(pair.paths, (8, 9))]
    for each in [each.wait() for each in trainers]:
        assert each.code == 1 and "0.weight" in each.error and "island-" in each.error, each.error


def test_a_loop_that_draws_no_samples_runs_and_its_ledger_is_untracked(bridges):
    pair = bridges(mode="diloco", steps=7, every=3)

    def loop():
        import superfactory
        run = superfactory.join()
        model = torch.nn.Linear(2, 2)
        run.synchronize(model, torch.optim.SGD(model.parameters(), lr=0.1))
        progress = []
        while not run.finished:
            progress.append(run.progress)
            model(torch.ones(1, 2)).sum().backward()
            run.step(loss=1.0, tokens=5)
        return progress, run.finish()

    results = [island[0] for island in train(pair.paths, loop)]
    assert results[0][1] == results[1][1] and results[0][0] == pytest.approx([step / 7 for step in range(7)])
    assert all("ledger" not in result and result["steps"] == 7 for result in pair.results())


def test_a_bridge_that_is_stopped_ends_its_trainer(bridges):
    pair = bridges(mode="diloco", steps=1000, every=500)

    def loop():
        import superfactory
        run = superfactory.join()
        model = torch.nn.Linear(2, 2)
        run.synchronize(model, torch.optim.SGD(model.parameters(), lr=0.1))
        time.sleep(0.3)
        run.report(ready=1.0)
        time.sleep(100)

    trainers = [start_island(path, loop)[0] for path in pair.paths]
    pair.wait(lambda: all(any(each["type"] == "measurement" for each in events) for events in pair.events), "both trainers began")
    for island in range(2):
        pair.command(island, "stop")
    assert [each.wait().code for each in trainers] == [1, 1]


def test_frozen_tensors_and_buffers_are_the_first_islands_and_half_precision_agrees(bridges):
    pair = bridges(mode="diloco", steps=4, every=2)

    def loop():
        import superfactory
        run = superfactory.join()
        number = run.islands.index(run.island)
        torch.manual_seed(number)
        model = loops.Tied()
        model.mix.to(torch.bfloat16)
        with torch.no_grad():
            model.scale.fill_(1.0 + number)
            model.seen.fill_(100 * number)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        run.synchronize(model, optimizer)
        start = hashlib.sha256(str(loops.tensors(model)).encode()).hexdigest()
        while not run.finished:
            model.seen += 1
            for parameter in (model.embed.weight, model.mix.weight, model.mix.bias):
                parameter.grad = torch.randn_like(parameter)
            run.step(loss=1.0, tokens=1)
        return start, run.finish(), int(model.seen), model.scale.tolist()[0]

    results = [island[0] for island in train(pair.paths, loop)]
    assert results[0] == results[1] and results[0][2:] == (4, 1.0) and math.isfinite(results[0][3])


def test_processes_of_an_island_whose_first_one_dies_end_with_it_and_go_on_together(bridges, tmp_path):
    pair, marker = bridges(mode="every-step", steps=8), str(tmp_path / "marker")

    def loop():
        def crash(run):
            if run.rank == 0 and run.island == "island-1" and run.steps == 4 and not os.path.exists(marker):
                open(marker, "w").close()
                os._exit(9)

        return loops.train_points(3, 8, workers=2, before_step=crash)

    first = start_island(pair.paths[0], loop, processes=2)
    assert [each.wait().code for each in start_island(pair.paths[1], loop, processes=2)] == [9, 1]
    ended = [each.wait() for each in [*first, *start_island(pair.paths[1], loop, processes=2)]]
    assert [each.code for each in ended] == [0] * 4, ended
    assert len({each.result["digest"] for each in ended}) == 1
    assert_tensors(ended[3].result["tensors"], loops.reference_every_step(3, 16, 8, pair.seed)["tensors"])


@pytest.mark.parametrize("mode", ["every-step", "diloco"])
def test_an_island_that_lost_its_bridge_takes_the_others_state_and_the_run_goes_on(bridges, tmp_path, mode):
    pair, marker = bridges(mode=mode, steps=12, every=3), str(tmp_path / "marker")

    def loop():
        # The second island's first trainer waits in its eighth step until its bridge is gone.
        def hold(run, step, loss):
            if step == 7 and run.island == "island-1" and not os.path.exists(marker):
                open(marker, "w").close()
                time.sleep(100)
            return loss

        return loops.train_plainly(hold)

    first, second = (start_island(path, loop)[0] for path in pair.paths)
    while not os.path.exists(marker):
        assert second.process.is_alive()
        second.process.join(0.05)
    pair.restart(1)
    assert second.wait().code == 1
    pair.wait(lambda: sum(each["type"] == "ready" for each in pair.events[1]) == 2, "the new bridge is ready")
    again = start_island(pair.paths[1], loop)[0]
    results = [first.wait(), again.wait()]
    assert [each.code for each in results] == [0, 0], results
    assert results[0].result["digest"] == results[1].result["digest"]
    assert_whole_ledger(pair.results()[0], 12 * 16)


@pytest.mark.parametrize("processes", [1, 2])
def test_the_recipe_trains_one_model_on_two_islands(bridges, tmp_path, processes):
    trainer = {"recipe": "pretrain", "model": {"layers": 1, "hidden": 32, "heads": 2, "context": 32}, "batch": 8,
               "learning_rate": 1e-2, "validation_samples": 8}
    pair = bridges(mode="diloco", steps=30, every=10, number_format="bf16", trainer=trainer)
    corpus = make_corpus(tmp_path / "c", PROSE, PROSE)

    def loop():
        import superfactory
        os.environ["SUPERFACTORY_CORPUS"] = str(corpus)
        os.environ["SUPERFACTORY_OUTPUT"] = str(tmp_path / os.path.basename(os.environ["SUPERFACTORY_BRIDGE"]) / "out")
        assert superfactory.__version__
        return pretrain.main([])

    assert train(pair.paths, loop, processes=processes) == [[0] * processes] * 2
    results = pair.results()
    assert results[0]["parameters_sha256"] == results[1]["parameters_sha256"]
    assert results[0]["values"]["validation_loss_initial"] == pytest.approx(math.log(256), abs=0.1)
    assert results[0]["values"]["validation_loss_final"] < 3.0 and results[0]["texts"]["sample"].startswith("The ")
    models = [checkpoint.load_model(Path(result["output_directory"])) for result in results]
    for one, other in zip(models[0].state_dict().items(), models[1].state_dict().items()):
        assert one[0] == other[0] and torch.equal(one[1], other[1])
    assert parameters_sha256(models[0].state_dict()) == results[0]["parameters_sha256"]
