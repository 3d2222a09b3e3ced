"""State files: what goes in comes out, and nothing else is read."""
from __future__ import annotations

import copy
import json
import struct
from collections import Counter, OrderedDict

import numpy
import pytest
import torch

from superfactory import RandomState, SuperfactoryError
from superfactory.attachments import Attachments
from superfactory.state import load_state, save_state
from superfactory.tensors import TensorTable


def same(a, b):
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and a.dtype == b.dtype and a.shape == b.shape and (
            torch.equal(a.reshape(-1).view(torch.uint8), b.reshape(-1).view(torch.uint8)) if a.numel() else True)
    if isinstance(a, (numpy.ndarray, numpy.generic)):
        return type(a) is type(b) and a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        return type(a) is type(b) and list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and (a == b or a != a)


TREE = {
    "plain": [None, True, False, 0, -1, 2 ** 80, 1.5, float("inf"), float("nan"), "text ü \ud800", ()],
    3: {"nested": (1, [2, (3,)])},
    (1, "a"): OrderedDict([("b", 1), ("a", 2)]),
    None: Counter({5: 2, 9: 1}),
    1.5: {},
    "tensors": [torch.arange(6).reshape(2, 3).t(), torch.tensor(3.5), torch.zeros(0, 4), torch.tensor([True, False]),
                torch.randn(5).to(torch.bfloat16), torch.randn(3, dtype=torch.float16), torch.randn(2, dtype=torch.complex64),
                torch.tensor([1, 2], dtype=torch.uint8)],
    "arrays": [numpy.arange(5, dtype=">i4"), numpy.float32(2.5), numpy.int64(7), numpy.array("é"), numpy.zeros((0, 2)),
               numpy.array([True])],
}


def test_every_kind_of_value_comes_back_as_it_was(tmp_path):
    size = save_state(tmp_path / "state", TREE)
    assert size == (tmp_path / "state").stat().st_size
    loaded = load_state(tmp_path / "state")
    for key in TREE:
        if key != "arrays":
            assert same(TREE[key], loaded[key]), key
    for before, after in zip(TREE["arrays"], loaded["arrays"]):
        assert type(before) is type(after) and before.shape == after.shape and numpy.array_equal(before, after)


def test_optimizer_scheduler_and_random_state_come_back(tmp_path):
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [2, 2, 5])
    for _ in range(3):
        model(torch.randn(4, 3)).sum().backward()
        optimizer.step()
        schedule.step()
    random = RandomState()
    save_state(tmp_path / "state", {"o": optimizer.state_dict(), "s": schedule.state_dict(), "r": random.state_dict()})
    expected = torch.randn(4), numpy.random.rand(3)
    loaded = load_state(tmp_path / "state")
    random.load_state_dict(loaded["r"])
    assert torch.equal(torch.randn(4), expected[0]) and numpy.array_equal(numpy.random.rand(3), expected[1])
    other = torch.optim.AdamW(model.parameters(), lr=0.9)
    other.load_state_dict(loaded["o"])
    assert same(optimizer.state_dict(), other.state_dict())
    again = torch.optim.lr_scheduler.MultiStepLR(other, [9])
    again.load_state_dict(loaded["s"])
    assert again.milestones == Counter({2: 2, 5: 1}) and again.last_epoch == 3


def test_other_processes_of_an_island_derive_random_states_of_their_own():
    state = RandomState(rank=0).state_dict()
    drawn = []
    for rank in (0, 1, 2, 1):
        RandomState(rank=rank).load_state_dict(state)
        drawn.append(float(torch.rand(())))
    assert drawn[1] == drawn[3] and len(set(drawn)) == 3


@pytest.mark.parametrize("value, path", [
    ({"a": [1, object()]}, r"state\['a'\]\[1\] is a builtins.object"),
    ({"a": {1, 2}}, r"state\['a'\] is a builtins.set"),
    ({"f": {"g": lambda: 1}}, r"state\['f'\]\['g'\] is a builtins.function"),
    ({"n": numpy.array([None])}, r"state\['n'\] is a NumPy array of object"),
    ({"k": {b"x": 1}}, r"state\['k'\] has a key of type bytes"),
    ({"s": torch.eye(2).to_sparse()}, r"state\['s'\] is a torch.sparse_coo tensor"),
])
def test_a_value_that_no_file_can_hold_is_refused_by_its_place(tmp_path, value, path):
    with pytest.raises(SuperfactoryError, match=path):
        save_state(tmp_path / "state", value)


def test_a_file_cut_short_anywhere_is_refused(tmp_path):
    save_state(tmp_path / "state", {"a": torch.arange(40), "b": [1, 2]})
    whole = (tmp_path / "state").read_bytes()
    for length in [0, 4, 8, 12, 16, 20, 60, len(whole) // 2, len(whole) - 1]:
        (tmp_path / "cut").write_bytes(whole[:length])
        with pytest.raises(SuperfactoryError, match="cut short|no state file"):
            load_state(tmp_path / "cut")


@pytest.mark.parametrize("header", [
    [], {}, {"tree": {"dict": [[1]]}, "bytes": 0}, {"tree": {"tensor": {"dtype": "float32", "shape": [9], "offset": 0}}, "bytes": 0},
    {"tree": {"tensor": {"dtype": "load", "shape": [1], "offset": 0}}, "bytes": 0}, {"tree": {"set": []}, "bytes": 0},
    {"tree": {"array": {"dtype": "O", "shape": [0], "offset": 0}}, "bytes": 0},
    {"tree": {"tensor": {"dtype": "float32", "shape": [-1], "offset": 0}}, "bytes": 0},
    {"tree": {"tensor": {"dtype": "uint8", "shape": [1], "offset": -1}}, "bytes": 0}])
def test_a_damaged_file_is_refused(tmp_path, header):
    encoded = json.dumps(header).encode()
    (tmp_path / "bad").write_bytes(b"SFSTATE1" + struct.pack("<Q", len(encoded)) + encoded)
    with pytest.raises(SuperfactoryError, match="damaged"):
        load_state(tmp_path / "bad")


def test_a_missing_or_foreign_file_is_refused_by_name(tmp_path):
    with pytest.raises(SuperfactoryError, match="nothing.*cannot be read"):
        load_state(tmp_path / "nothing")
    (tmp_path / "pickle").write_bytes(b"\x80\x04K\x01." * 10)
    with pytest.raises(SuperfactoryError, match="SFSTATE1"):
        load_state(tmp_path / "pickle")


def test_what_a_loop_did_since_another_s_state_came_is_undone_before_gradients_are_merged():
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
    attachments = Attachments(TensorTable(model, True), [optimizer])
    attachments.attach("schedule", schedule)
    for _ in range(3):
        optimizer.step()
        schedule.step()
    tree = attachments.collect({})
    tree = {**tree, "optimizers": copy.deepcopy(tree["optimizers"]), "attached": copy.deepcopy(tree["attached"])}
    schedule.step()
    attachments.restore(tree)

    # The state came inside run.step, and the loop goes on after it as after any step.
    schedule.step()
    assert optimizer.param_groups[0]["lr"] == 0.0625
    attachments.settle()
    assert optimizer.param_groups[0]["lr"] == 0.125 and schedule.last_epoch == 3
    schedule.step()
    attachments.settle()
    assert optimizer.param_groups[0]["lr"] == 0.0625


class Refused:
    """A trainer near an optimum: rounds of noisy steps that end where they began, as refused ones do."""

    def __init__(self):
        self.noise = torch.Generator().manual_seed(5)
        self.model = torch.nn.Linear(64, 8, bias=False)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=0.01, weight_decay=0.0)
        self.attachments = Attachments(TensorTable(self.model, False), [self.optimizer])
        self.start = self.model.weight.detach().clone()

    def round(self, scale=1.0):
        """Five steps; how far they go. Then the parameters are the run's again."""
        for _ in range(5):
            self.model.weight.grad = torch.randn(8, 64, generator=self.noise) * scale
            self.optimizer.step()
        distance = float((self.model.weight.detach() - self.start).norm())
        with torch.no_grad():
            self.model.weight.copy_(self.start)
        return distance

    def boundary(self):
        return copy.deepcopy(self.attachments.collect({}))


@pytest.mark.parametrize("saved", [False, True])
def test_a_fresh_optimizer_keeps_the_moments_of_a_refused_round_so_that_its_next_one_is_smaller(saved):
    refused, kept = Refused(), Refused()
    first = refused.round()
    kept.round()
    refused.optimizer.state.clear()
    kept.attachments.restore_moments(Refused().boundary() if saved else None)
    assert refused.round() > 0.9 * first
    assert kept.round() < 0.7 * first

    # Refused again it goes back to them: the boundary at which they were kept.
    boundary = kept.boundary()
    kept.round(scale=1e6)
    kept.attachments.restore_moments(boundary)
    assert same(kept.optimizer.state_dict()["state"], boundary["optimizers"][0]["state"])


def test_moments_that_are_not_finite_are_dropped_and_those_of_the_last_merge_come_back_where_there_are_some():
    trainer = Refused()
    trainer.round(scale=float("nan"))
    trainer.attachments.restore_moments(None)
    assert not trainer.optimizer.state

    trainer.round()
    boundary = trainer.boundary()
    for scale in (3.0, float("inf")):
        trainer.round(scale)
        trainer.attachments.restore_moments(boundary)
        assert same(trainer.optimizer.state_dict()["state"], boundary["optimizers"][0]["state"])
