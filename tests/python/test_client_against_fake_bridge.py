"""The client against bridges that are threads of the test: every message, no .NET."""
from __future__ import annotations

import socket
import warnings

import numpy
import pytest
import torch

import loops
import superfactory
from fake_bridge import FakeRun
from processes import start_island, train
from scalers import Scaler


@pytest.fixture
def fake(tmp_path):
    runs = []

    def make(**named):
        runs.append(FakeRun(tmp_path, **named))
        return runs[-1]

    yield make
    for run in runs:
        run.close()


def close(a, b, tolerance=2e-5):
    return numpy.allclose(a, b, rtol=tolerance, atol=tolerance)


def test_two_islands_in_every_step_mode_equal_one_process_with_the_doubled_batch_step_for_step(fake):
    run = fake(mode="every-step", steps=12)
    results = [island[0] for island in train(run.paths, loops.train_points, 3, 8)]
    reference = loops.reference_every_step(3, 16, 12, run.seed)
    # Without arguments merge_gradients reports each loss a step late, and none for the first.
    assert close(results[0]["losses"][1:], reference["losses"][:-1])
    assert results[0]["digest"] == results[1]["digest"]
    for name, values in reference["tensors"].items():
        if name != "seen":
            assert close(results[0]["tensors"][name], values), name


@pytest.mark.parametrize("arguments", [(), (2, 2, 0.05, True, True)])
def test_islands_that_take_the_batches_of_others_too_equal_one_process_with_the_whole_batch(fake, arguments):
    run = fake(mode="every-step", islands=2, steps=8, times=2)
    results = [island[0] for island in train(run.paths, loops.train_points, 3, 4, *arguments)]
    reference = loops.reference_every_step(3, 16, 8, run.seed)
    assert results[0]["digest"] == results[1]["digest"]
    assert [island["steps"] for island in results] == [8, 8]
    assert sorted(sum((island["used"] for island in results), [])) == sorted(
        superfactory.sample_indices(numpy.arange(128), loops.COUNT, run.seed).tolist())
    for name, values in reference["tensors"].items():
        if name != "seen":
            assert close(results[0]["tensors"][name], values), name


def test_two_islands_in_diloco_mode_equal_diloco_in_plain_pytorch(fake):
    run = fake(mode="diloco", steps=14, every=4)
    results = [island[0] for island in train(run.paths, loops.train_points, 3, 8)]
    reference = loops.reference_diloco(3, [8, 8], 14, 4, run.seed, run.outer)
    assert results[0]["digest"] == results[1]["digest"]
    for name, values in reference["tensors"].items():
        if name != "seen":
            assert close(results[0]["tensors"][name], values), name


@pytest.mark.parametrize("mode", ["every-step", "diloco"])
def test_accumulation_and_workers_train_on_the_same_samples_to_the_same_model(fake, mode):
    run = fake(mode=mode, steps=6, every=4)
    results = [island[0] for island in train(run.paths, loops.train_points, 3, 8, 2, 2, 0.05, True, True)]
    reference = (loops.reference_every_step(3, 16, 6, run.seed) if mode == "every-step"
                 else loops.reference_diloco(3, [8, 8], 6, 4, run.seed, run.outer))
    assert sorted(results[0]["used"] + results[1]["used"]) == list(range(96))
    for name, values in reference["tensors"].items():
        if name != "seen":
            assert close(results[0]["tensors"][name], values), name


@pytest.mark.parametrize("mode", ["every-step", "diloco"])
def test_two_islands_of_two_processes_under_distributed_data_parallel_equal_two_of_one(fake, mode):
    run = fake(mode=mode, steps=6, every=4)
    results = train(run.paths, loops.train_points, 3, 8, 0, 0, 0.05, True, True, processes=2)
    reference = (loops.reference_every_step(3, 16, 6, run.seed) if mode == "every-step"
                 else loops.reference_diloco(3, [8, 8], 6, 4, run.seed, run.outer))
    assert sorted(sum((process["used"] for island in results for process in island), [])) == list(range(96))
    assert len({process["digest"] for island in results for process in island}) == 1
    for island in results:
        for process in island:
            for name, values in reference["tensors"].items():
                if name != "seen":
                    assert close(process["tensors"][name], values), name
    assert [message["tokens"] for message in run.contributions[0]] == [8 * 6 * (1 if mode == "every-step" else 4)] * 2


def test_the_mean_is_weighted_by_tokens(fake):
    run = fake(mode="every-step", steps=1)

    def loop(island):
        import superfactory
        session = superfactory.join()
        number = session.islands.index(session.island)
        model = torch.nn.Linear(1, 1, bias=False)
        optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
        session.synchronize(model, optimizer)
        before = float(model.weight)
        model.weight.grad = torch.full((1, 1), 4.0 if number == 0 else 8.0)
        session.step(loss=1.0, tokens=30 if number == 0 else 10)
        session.finish()
        return before - float(model.weight), session.merged_loss

    results = [island[0] for island in train(run.paths, loop, 0)]
    assert results[0] == results[1] and results[0][0] == pytest.approx(5.0) and results[0][1] == pytest.approx(1.0)


def test_a_parameter_without_a_gradient_on_one_island_counts_as_zero_and_on_all_stays_without(fake):
    run = fake(mode="every-step", steps=1)

    def loop():
        import superfactory
        session = superfactory.join()
        number = session.islands.index(session.island)
        model = torch.nn.ParameterDict({name: torch.nn.Parameter(torch.ones(2)) for name in ("one", "none", "zero")})
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.1, weight_decay=0.5)
        session.synchronize(model, optimizer)
        model["zero"].grad = torch.zeros(2)
        if number == 1:
            model["one"].grad = torch.full((2,), 3.0)
        session.merge_gradients()
        gradients = {name: None if each.grad is None else each.grad.tolist() for name, each in model.items()}
        session.step(loss=1.0, tokens=1)
        session.finish()
        return gradients

    for result in train(run.paths, loop):
        assert result[0] == {"one": [1.5, 1.5], "none": None, "zero": [0.0, 0.0]}


def test_an_overflow_on_one_island_skips_the_step_on_all_and_every_scaler_backs_off(fake):
    run = fake(mode="every-step", steps=6)

    def overflow(session, step, loss):
        return loss * (float("inf") if step == 2 and session.island == "island-1" else 1.0)

    results = [island[0] for island in train(run.paths, lambda: loops.train_plainly(overflow, scaler=Scaler()))]
    assert results[0]["digest"] == results[1]["digest"]
    assert results[0]["scales"] == results[1]["scales"] == [1024.0, 1024.0, 512.0, 512.0, 512.0, 512.0]
    assert [message["overflow"] for message in run.contributions[2]] == [False, True]


def test_an_overflow_in_one_of_a_step_s_batches_skips_the_step_everywhere(fake):
    run = fake(mode="every-step", steps=6, times=2)
    seen = []

    def overflow(session, step, loss):
        seen.append(step)
        return loss * (float("inf") if session.island == "island-1" and step == 2 and seen.count(2) == 1 else 1.0)

    results = [island[0] for island in train(run.paths, lambda: loops.train_plainly(overflow, scaler=Scaler(), batch=4))]
    assert results[0]["digest"] == results[1]["digest"]
    assert [each["steps"] for each in results] == [6, 6]
    assert [message["overflow"] for message in run.contributions[2]] == [False, True]
    assert [any(message["overflow"] for message in each) for each in run.contributions] == [False, False, True, False, False, False]
    assert [each["scales"][-1] for each in results] == [512.0, 512.0]


def test_an_overflow_in_diloco_counts_as_a_step(fake):
    run = fake(mode="diloco", steps=6, every=3)

    def loop():
        scaler = Scaler()
        scaler.scale = lambda loss: loss * (1e38 * 1e38 if len(scaler.history) == 1 else scaler.get_scale())
        return loops.train_plainly(scaler=scaler)

    results = [island[0] for island in train(run.paths, loop)]
    assert [each["steps"] for each in results] == [6, 6] and results[0]["digest"] == results[1]["digest"]
    assert results[0]["scales"] == [1024.0, 512.0, 512.0, 512.0, 512.0, 512.0]


@pytest.mark.parametrize("mode", ["every-step", "diloco"])
def test_a_loss_that_is_nan_once_resets_the_island_and_its_samples_are_dealt_again(fake, mode):
    run = fake(mode=mode, steps=8, every=2)

    def poison(session, step, loss):
        return loss * (float("nan") if step == 2 and session.island == "island-1" else 1.0)

    results = [island[0] for island in train(run.paths, lambda: loops.train_plainly(poison))]
    assert results[0]["digest"] == results[1]["digest"]
    assert all(numpy.isfinite(values).all() for values in results[0]["tensors"].values())
    refused = 8 * (1 if mode == "every-step" else 2)
    assert run._merged == run._planned == 8 * 16 and len(results[0]["used"] + results[1]["used"]) == 8 * 16 + refused
    assert run._segment == 1


def test_a_loss_that_is_nan_again_after_the_reset_fails_the_run_on_every_island(fake):
    run = fake(mode="diloco", steps=8, every=2)

    def poison(session, step, loss):
        return loss * (float("nan") if step >= 2 and session.island == "island-1" else 1.0)

    ended = [start_island(path, lambda: loops.train_plainly(poison))[0] for path in run.paths]
    for each in [each.wait() for each in ended]:
        assert each.code == 1 and "island-1 contributed numbers that are not finite a second time" in each.error


@pytest.mark.parametrize("mode", ["every-step", "diloco"])
def test_a_trainer_that_crashes_and_is_started_again_goes_on_as_if_nothing_had_happened(fake, tmp_path, mode):
    marker = str(tmp_path / "marker")
    run = fake(mode=mode, steps=12, every=3)
    undisturbed = FakeRun(make_directory(tmp_path / "undisturbed"), mode=mode, steps=12, every=3)
    expected = train(undisturbed.paths, loops.train_plainly)[0][0]
    undisturbed.close()
    first = start_island(run.paths[0], loops.train_plainly)[0]
    second = start_island(run.paths[1], lambda: loops.train_plainly(None, 7, marker=marker))[0]
    assert second.wait().code == 9
    again = start_island(run.paths[1], lambda: loops.train_plainly(None, 7, marker=marker))[0]
    results = [first.wait(), again.wait()]
    assert [each.code for each in results] == [0, 0], results
    # In every-step mode it takes a peer's state at the same step, in diloco its own at the round's beginning.
    assert results[1].result["resumed_at"] == (7 if mode == "every-step" else 6)
    assert results[0].result["digest"] == results[1].result["digest"]
    for name, values in expected["tensors"].items():
        if name != "seen":
            assert close(results[1].result["tensors"][name], values), name


def test_a_model_of_another_shape_than_the_peers_is_refused_by_the_tensors_name(fake):
    run = fake(mode="diloco", steps=4)
    widths = iter([8, 9])
    ended = [start_island(path, lambda wide: loops.train_plainly(model=lambda: torch.nn.Sequential(torch.nn.Linear(6, wide))), width)[0]
             for path, width in zip(run.paths, widths)]
    for each in [each.wait() for each in ended]:
        assert each.code == 1 and "island-1 registers '0.weight' [9, 6] where island-0 registers '0.weight' [8, 6]" in each.error


def test_a_loop_that_clips_before_merging_is_told_once_by_name(fake):
    run = fake(mode="every-step", steps=5)

    def loop(merge):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            loops.train_points(3, 8, merge=merge)
        return [str(each.message) for each in caught if "superfactory" in str(each.message)]

    told = train(run.paths, loop, False)[0][0]
    assert len(told) == 1 and "call run.merge_gradients() between backward() and clip_grad_norm_" in told[0]


def test_frozen_tensors_and_buffers_are_the_first_islands_at_start_and_end(fake):
    run = fake(mode="diloco", steps=4, every=2)

    def loop():
        torch.manual_seed(torch.initial_seed())
        import superfactory
        session = superfactory.join()
        number = session.islands.index(session.island)
        model = loops.Tied()
        with torch.no_grad():
            model.scale.fill_(1.0 + number)
            model.seen.fill_(100 * number)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        session.synchronize(model, optimizer)
        start = float(model.scale[0]), int(model.seen)
        while not session.finished:
            model(torch.zeros(2 + number, loops.FEATURES, dtype=torch.int64)).sum().backward()
            session.step(loss=1.0, tokens=1)
        session.finish()
        return start, (float(model.scale[0]), int(model.seen))

    results = train(run.paths, loop)
    assert [result[0] for result in results] == [((1.0, 0), (1.0, 8))] * 2
    roles = {entry["name"]: (entry["role"], entry["data_type"], entry["bytes"]) for entry in run.tables[0]}
    assert roles["scale"] == ("frozen", "float32", 32) and roles["seen"] == ("buffer", "int64", 8)
    assert roles["embed.weight"] == ("parameter", "float32", 160) and "head.weight" not in roles


def test_parameters_in_half_precision_cross_as_single_precision(fake):
    run = fake(mode="diloco", steps=2, every=1)
    results = train(run.paths, lambda: loops.train_plainly(model=lambda: Half()))
    assert results[0][0]["digest"] == results[1][0]["digest"]
    assert {(entry["data_type"], entry["bytes"]) for entry in run.tables[0]} == {("bfloat16", 4 * 5 * 8)}


class Half(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Embedding(5, 8).to(torch.bfloat16)

    def forward(self, x):
        return self.embed(x).float().mean(1)


def test_a_loop_that_draws_no_samples_is_untracked_and_its_progress_rises_every_step(fake):
    run = fake(mode="diloco", steps=6, every=3)

    def loop():
        import superfactory
        session = superfactory.join()
        model = torch.nn.Linear(2, 2)
        session.synchronize(model, torch.optim.SGD(model.parameters(), lr=0.1))
        seen = []
        while not session.finished:
            seen.append(session.progress)
            model(torch.ones(1, 2)).sum().backward()
            session.step(loss=1.0, tokens=1)
        session.finish()
        return seen

    seen = train(run.paths, loop)[0][0]
    assert len(seen) == 6 and seen[3:] == pytest.approx([3 / 6, 4 / 6, 5 / 6])


def test_reports_and_results_reach_the_bridge(fake):
    run = fake(mode="diloco", islands=1, steps=2, every=1)

    def loop():
        import time
        import superfactory
        with superfactory.join() as session:
            model = torch.nn.Linear(2, 2)
            session.synchronize(model, torch.optim.SGD(model.parameters(), lr=0.1))
            while not session.finished:
                session.report(rate=0.5)
                time.sleep(0.3)
                model(torch.ones(1, 2)).sum().backward()
                session.step(loss=1.25, tokens=10)
            session.result("validation_loss_final", torch.tensor(2.0))
            session.result("sample", "text")

    train(run.paths, loop)
    assert run.reports[0]["step"] == 1 and run.reports[0]["values"]["loss"] == 1.25 and run.reports[0]["values"]["rate"] == 0.5
    finish = run.finished[0]
    assert finish["values"] == {"validation_loss_final": 2.0} and finish["texts"] == {"sample": "text"}
    assert finish["steps"] == 2 and finish["wall_seconds"] >= finish["training_seconds"] > 0.2


@pytest.mark.parametrize("processes", [1, 2])
def test_a_bridge_that_goes_away_ends_every_process_of_its_island(fake, processes, capfd):
    run = fake(mode="diloco", islands=1, steps=1000, every=500)

    def loop():
        import time
        import superfactory
        session = superfactory.join()
        model = torch.nn.Linear(2, 2)
        wrapped = torch.nn.parallel.DistributedDataParallel(model) if session.world > 1 else model
        session.synchronize(wrapped, torch.optim.SGD(model.parameters(), lr=0.1))
        if session.rank == 0:
            run.reports.append({})
            session.report(ready=1.0)
            time.sleep(0.3)
            session.report(ready=1.0)
        time.sleep(100)

    trainers = start_island(run.paths[0], loop, processes=processes)
    while not run.reports:
        assert trainers[0].process.is_alive()
        trainers[0].process.join(0.05)
    run.connections[0].shutdown(socket.SHUT_RDWR)
    ended = [each.wait() for each in trainers]
    assert [each.code for each in ended] == [1] * processes
    assert "superfactory: the bridge closed its connection" in capfd.readouterr().err


def test_a_bridge_that_goes_away_during_a_merge_is_an_error_in_the_loop(fake):
    run = fake(mode="diloco", islands=2, steps=10, every=1)
    first = start_island(run.paths[0], loops.train_plainly)[0]
    second = start_island(run.paths[1], lambda: loops.train_plainly(None, 2, marker=run.paths[1] + ".marker"))[0]
    assert second.wait().code == 9
    run.connections[0].shutdown(socket.SHUT_RDWR)
    ended = first.wait()
    assert ended.code == 1 and "SuperfactoryError: the bridge closed its connection" in ended.error


def make_directory(path):
    path.mkdir()
    return path


@pytest.mark.parametrize("damaged", ["embed.weight", "scale"])
def test_a_trainer_whose_parameters_or_frozen_tensors_are_not_the_run_s_goes_on_from_another_s_state(fake, monkeypatch, damaged):
    monkeypatch.setattr("superfactory.rounds.ROUNDS_BETWEEN_HASHES", 1)
    run = fake(mode="every-step", steps=6)
    run.compares_parameters = True

    def damage(session, step, loss):
        if session.island == "island-1" and step == 3 and not seen:
            seen.append(step)
            dict(models[0].named_parameters())[damaged].data.add_(1.0)
        return loss

    seen, models = [], []
    results = [each[0] for each in train(run.paths, lambda: loops.train_plainly(damage, model=lambda: models.append(loops.Tied()) or models[-1]))]
    assert results[0]["digest"] == results[1]["digest"]
    assert run.repaired == ["island-1"]
    assert [each["steps"] for each in results] == [6, 6]
