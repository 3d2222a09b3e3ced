"""A run of one island, outside a gang; and how a program ends."""
from __future__ import annotations

import hashlib
import os
import re
import struct
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch
from torch import nn

import loops
import superfactory
from processes import Trainer
from scalers import Scaler
from superfactory import SuperfactoryError
from superfactory.hashing import parameters_sha256
from superfactory.observe import GradientObserver
from superfactory.stopwatch import Stopwatch
from superfactory.tensors import TensorTable
from superfactory.weights import TokenWeights

ROOT = Path(__file__).resolve().parents[2]


def small(run, learning_rate=0.1):
    model = nn.Linear(2, 2)
    run.synchronize(model, torch.optim.SGD(model.parameters(), lr=learning_rate))
    return model


def test_alone_a_loop_trains_as_without_a_run(monkeypatch):
    monkeypatch.setenv("SUPERFACTORY_STEPS", "6")
    result = loops.train_points(3, 16)
    reference = loops.reference_every_step(3, 16, 6, 1)
    assert result["tensors"] == reference["tensors"] and result["steps"] == 6


def test_alone_progress_and_steps_count_to_the_end(solo):
    run = solo(steps=4)
    model = small(run)
    seen = []
    while not run.finished:
        seen.append((run.steps, run.progress))
        model(torch.ones(1, 2)).sum().backward()
        run.step(loss=1.0)
    assert seen == [(0, 0.0), (1, 0.25), (2, 0.5), (3, 0.75)] and run.progress == 1.0
    assert (run.island, run.islands, run.mode, run.world) == ("alone", ("alone",), "every-step", 1)
    assert run.merged_loss == 1.0


def test_alone_a_scaler_skips_its_own_overflow(solo):
    run, scaler = solo(steps=3), Scaler()
    model = small(run)
    before = model.weight.clone()
    for factor in (float("inf"), 1.0):
        scaler.scale(model(torch.ones(1, 2)).sum() * factor).backward()
        run.step(loss=1.0, scaler=scaler)
        model.zero_grad()
        if factor != 1.0:
            assert torch.equal(model.weight, before)
    assert not torch.equal(model.weight, before) and scaler.history == [512.0, 512.0]


def test_alone_a_loss_that_is_not_finite_ends_the_run_with_its_step(solo):
    run = solo(steps=3)
    model = small(run)
    model(torch.ones(1, 2)).sum().backward()
    run.step(loss=1.0)
    with pytest.raises(SuperfactoryError, match="the loss is NaN at step 2"):
        run.step(loss=torch.tensor(float("nan")))


def test_misuse_is_told_in_one_sentence(solo, monkeypatch):
    with pytest.raises(SuperfactoryError, match="superfactory.join\\(steps=1000\\)"):
        superfactory.join()
    monkeypatch.setenv("SUPERFACTORY_STEPS", "many")
    with pytest.raises(SuperfactoryError, match="SUPERFACTORY_STEPS is 'many'"):
        superfactory.join()
    run = solo(steps=1)
    with pytest.raises(SuperfactoryError, match="run.step was called before run.synchronize"):
        run.step(loss=1.0)
    with pytest.raises(SuperfactoryError, match="registers no parameters"):
        run.synchronize(nn.Identity(), [])
    model = small(run)
    with pytest.raises(SuperfactoryError, match="twice"):
        run.synchronize(model, [])
    with pytest.raises(SuperfactoryError, match="a dict has no state_dict"):
        run.attach("x", {})
    with pytest.raises(SuperfactoryError, match="before the run was over"):
        run.finish()
    with pytest.raises(SuperfactoryError, match=r"tokens=-1\): expected 0 or more"):
        run.step(loss=1.0, tokens=-1)
    with pytest.raises(SuperfactoryError, match="'x' is reported as str"):
        run.report(x="text")
    model(torch.ones(1, 2)).sum().backward()
    run.step(loss=1.0)
    with pytest.raises(SuperfactoryError, match="after the run was over"):
        run.step(loss=1.0)
    with pytest.raises(SuperfactoryError, match="after the run was over"):
        run.merge_gradients()


def test_a_rank_that_makes_no_sense_is_refused(monkeypatch):
    monkeypatch.setenv("RANK", "2")
    with pytest.raises(SuperfactoryError, match="RANK is 2 with WORLD_SIZE 1"):
        superfactory.join(steps=1)


def test_alone_no_socket_is_made(solo, monkeypatch):
    monkeypatch.setattr("socket.socket", lambda *_: pytest.fail("a socket was made"))
    run = solo(steps=1)
    small(run)
    run.samples(count=4, batch=2)


def test_clipping_functions_are_put_back(solo):
    original = nn.utils.clip_grad_norm_
    run = solo(steps=1)
    small(run)
    assert nn.utils.clip_grad_norm_ is not original
    run.close()
    assert nn.utils.clip_grad_norm_ is original and nn.utils.clip_grad.clip_grad_norm_ is original


def test_alone_clipping_before_the_step_is_right_and_not_complained_of(solo):
    run = solo(steps=1)
    model = small(run)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model(torch.ones(1, 2)).sum().backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        run.step(loss=1.0)


def test_clipping_of_other_parameters_is_not_noticed():
    observed, other = nn.Linear(2, 2), nn.Linear(2, 2)
    observer = GradientObserver(observed.parameters(), [])
    try:
        nn.utils.clip_grad_value_(list(other.parameters()), 1.0)
        assert observer.clipped_by is None
        nn.utils.clip_grad_value_(observed.weight, 1.0)
        assert observer.clipped_by == "clip_grad_value_"
        observer.clear()
        nn.utils.clip_grad_norm_(observed.parameters(), 1.0)
        assert observer.clipped_by == "clip_grad_norm_"
    finally:
        observer.close()


def test_the_table_lists_tied_tensors_once_and_unwraps_the_model():
    model = loops.Tied()
    model.register_buffer("scratch", torch.zeros(2), persistent=False)
    table = TensorTable(nn.DataParallel(model), gradients=False)
    assert [each.name for each in table.parameters] == ["unused", "embed.weight", "mix.weight", "mix.bias"]
    assert [(each.name, each.role) for each in table.statics] == [("scale", "frozen"), ("seen", "buffer")]


def test_parameters_that_share_memory_are_one_in_diloco_and_two_gradients_in_every_step():
    model = nn.ModuleList([nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False)])
    model[1].weight.data = model[0].weight.data
    assert len(TensorTable(model, gradients=False).parameters) == 1
    assert len(TensorTable(model, gradients=True).parameters) == 2


def test_complex_parameters_are_refused_by_name():
    model = nn.Module()
    model.phase = nn.Parameter(torch.zeros(2, dtype=torch.complex64))
    with pytest.raises(SuperfactoryError, match="parameter 'phase' has type torch.complex64"):
        TensorTable(model, gradients=False)


def test_the_hash_is_what_the_protocol_says():
    tensors = {"b": torch.tensor([1.5, -2.0]), "a": torch.tensor(7, dtype=torch.int64)}
    expected = hashlib.sha256(b"a\0int64\0\0" + struct.pack("<q", 7) + b"b\0float32\0" + b"2\0" + struct.pack("<ff", 1.5, -2.0))
    assert parameters_sha256(tensors) == expected.hexdigest()


def test_token_weights_are_exact_for_samples_of_one_length_and_owe_the_first_step_to_the_second():
    weights, sent = TokenWeights(), []
    for units in (4, 4, 2):
        sent.append(weights.estimate(units) + weights.owed)
        weights.settle(units, units * 10)
    assert sent == [4, 40 + 36, 20] and sum(sent) == 100


def test_token_weights_that_were_wrong_are_told_once():
    weights = TokenWeights()
    with pytest.warns(UserWarning, match="weighed a step by 10 tokens") as caught:
        for tokens in (10, 7, 3):
            weights.estimate(1)
            weights.settle(1, tokens)
    assert len(caught) == 1


def test_the_stopwatch_leaves_out_merges_and_what_came_before_the_first_step():
    now = [100.0]
    watch = Stopwatch(lambda: now[0])
    for training, merging in ((50.0, 7.0), (2.0, 1.0), (3.0, 0.0)):
        now[0] += training
        watch.pause()
        now[0] += merging
        watch.resume()
        watch.step()
    assert (watch.training_seconds, watch.wall_seconds) == (5.0, 6.0)


SETUP = """
import torch, superfactory
run = superfactory.join(steps=2)
model = torch.nn.Linear(2, 2)
run.synchronize(model, torch.optim.SGD(model.parameters(), lr=0.1))
close = type(run).close
type(run).close = lambda self: (print("closed", self.finished), close(self))
def steps(count):
    for _ in range(count):
        model(torch.ones(1, 2)).sum().backward()
        run.step(loss=1.0)
"""


@pytest.mark.parametrize("body, code, closed", [
    ("steps(2)", 0, True),                                  # finished at the program's end
    ("steps(2)\nraise KeyError('x')", 1, False),            # not after an exception
    ("steps(1)", 0, False),                                 # nor before the run is over
    ("with run:\n    steps(2)", 0, True),
    ("with run:\n    steps(1)", 1, False),                  # finish() says that the run is not over
])
def test_how_a_program_ends_decides_whether_its_run_is_finished(body, code, closed):
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python")}
    ended = subprocess.run([sys.executable, "-c", SETUP + body], env=environment, capture_output=True, text=True, timeout=120)
    assert ended.returncode == code and ("closed True" in ended.stdout) == closed, ended.stderr


def snippets():
    text = (ROOT / "docs" / "python.md").read_text("utf-8")
    for section in re.split(r"^#+ ", text, flags=re.M)[1:]:
        for number, code in enumerate(re.findall(r"```python\n(.*?)```", section, re.S)):
            yield pytest.param(code, id=f"{section.splitlines()[0]} {number}")


@pytest.mark.parametrize("code", snippets())
@pytest.mark.filterwarnings("ignore")
def test_snippets_of_the_guide_run(code):
    def run_snippet():
        points = torch.utils.data.TensorDataset(torch.randn(64, 6), torch.randint(0, 3, (64,)))
        exec(code, {"make_model": lambda: nn.Linear(6, 3), "dataset": points})
        return True

    ended = Trainer({"SUPERFACTORY_STEPS": "3"}, run_snippet).wait()
    assert ended.result is True, ended.error


def test_the_guide_has_snippets_and_the_example_trains_alone(tmp_path):
    assert len(list(snippets())) >= 5
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python"), "SUPERFACTORY_STEPS": "150", "SUPERFACTORY_OUTPUT": str(tmp_path)}
    ended = subprocess.run([sys.executable, str(ROOT / "examples" / "train_own_loop.py")], env=environment,
                           capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    assert int(re.search(r"(\d+)% of the sums", ended.stdout).group(1)) > 80 and (tmp_path / "model.pt").exists()


def test_time_aside_is_neither_training_nor_merging():
    now = [0.0]
    watch = Stopwatch(lambda: now[0])

    def pass_time(seconds):
        now[0] += seconds

    pass_time(1)
    watch.step()
    pass_time(2)
    watch.leave()
    pass_time(10)
    watch.back()
    watch.pause()
    pass_time(1)
    watch.hold()
    pass_time(4)
    watch.go_on()
    pass_time(1)
    watch.resume()
    watch.step()
    assert (watch.wall_seconds, watch.training_seconds) == (8, 2)
    assert watch.take() == (3, 2) and watch.take() == (0, 0)
