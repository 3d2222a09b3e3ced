"""Training loops that tests run on islands, and the same training written in plain PyTorch."""
from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

import superfactory
from superfactory.fragments import StreamingTerms, assign

COUNT = 96
FEATURES = 6
CLASSES = 5


class Points(Dataset):
    """Fixed random points with classes; ``self[i]`` is the same in every process."""

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(11)
        self.inputs = torch.randint(0, CLASSES, (COUNT, FEATURES), generator=generator)
        self.targets = torch.randint(0, CLASSES, (COUNT,), generator=generator)

    def __len__(self) -> int:
        return COUNT

    def __getitem__(self, index: int) -> Tuple[Tensor, Tensor, int]:
        return self.inputs[index], self.targets[index], index


class Tied(nn.Module):
    """A small model with tied embeddings, a frozen tensor, an unused parameter, an integer buffer and a running mean."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(CLASSES, 8)
        self.mix = nn.Linear(8, 8)
        self.head = nn.Linear(8, CLASSES, bias=False)
        self.head.weight = self.embed.weight
        self.scale = nn.Parameter(torch.full((8,), 0.5), requires_grad=False)
        self.unused = nn.Parameter(torch.ones(3))
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.seen += x.shape[0]
        return self.head(torch.tanh(self.mix(self.embed(x).mean(1))) * self.scale)


class Deep(Tied):
    """The same with layers, which streaming cuts into two fragments."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(8, 8) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.embed(x).mean(1)
        for layer in self.layers:
            hidden = hidden + torch.tanh(layer(hidden))
        return self.head(torch.tanh(self.mix(hidden)) * self.scale)


def tensors(model: nn.Module) -> Dict[str, List[float]]:
    return {name: tensor.reshape(-1).tolist() for name, tensor in model.state_dict().items()}


def train_points(seed: int, batch: int, micro_batch: int = 0, workers: int = 0, clip: float = 0.05, merge: bool = True,
                 arguments: bool = False, before_step: Any = None, make: Any = Tied) -> Dict[str, Any]:
    """A loop as people write them: DataLoader with workers, accumulation, clipping, a scheduler; returns what happened."""
    torch.manual_seed(seed)
    run = superfactory.join()
    model = make()
    wrapped = nn.parallel.DistributedDataParallel(model, find_unused_parameters=True) if run.world > 1 else model
    optim = torch.optim.AdamW(model.parameters(), lr=0.05, weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optim, lambda _: 1.0 - 0.5 * run.progress)
    run.attach("schedule", schedule)
    run.attach("random", superfactory.RandomState())
    run.synchronize(wrapped, optim)
    samples = run.samples(count=COUNT, batch=batch, dataset="points")
    micro = micro_batch or batch // run.world
    loader = DataLoader(Points(), sampler=samples, batch_size=micro, num_workers=workers)
    share = batch // run.world
    losses, used, rates = [], [], []
    while not run.finished:
        loss_sum, seen = 0.0, 0
        for inputs, targets, index in loader:
            used += index.tolist()
            loss = nn.functional.cross_entropy(wrapped(inputs), targets)
            (loss * (len(inputs) / share)).backward()
            loss_sum, seen = loss_sum + float(loss) * len(inputs), seen + len(inputs)
            if samples.completes_step(len(inputs)):
                if before_step is not None:
                    before_step(run)
                if merge:
                    run.merge_gradients(**({"loss": loss_sum / seen, "tokens": seen * FEATURES} if arguments else {}))
                nn.utils.clip_grad_norm_(model.parameters(), clip)
                rates.append(optim.param_groups[0]["lr"])
                run.step(loss=loss_sum / seen, tokens=seen * FEATURES)
                schedule.step()
                optim.zero_grad(set_to_none=True)
                losses.append(run.merged_loss)
                loss_sum, seen = 0.0, 0
    digest = run.finish()
    return {"losses": losses, "used": used, "tensors": tensors(model), "digest": digest, "steps": run.steps, "rates": rates}


def train_through_modes(seed: int, batch: int) -> Dict[str, Any]:
    """The same, step by step slowly enough for somebody to change what is merged; notes that, and the parameters before the last step."""
    modes: List[str] = []
    last: Dict[str, Any] = {}

    def note(run: superfactory.Run) -> None:
        time.sleep(0.004)
        modes.append(run.mode)
        last.update({entry.name: entry.tensor.detach().reshape(-1).tolist() for entry in run._table.parameters})

    return {**train_points(seed, batch, before_step=note, make=Deep), "modes": modes, "last": last}


def train_with_counting_schedule(directory: str, hold: Any = None) -> Dict[str, Any]:
    """A loop that only its own hands can step: it clips, and its rate falls with a count of steps. ``hold(run)`` is called before each merge. Writes
    down each round's samples, and returns, by round, the parameters and the rate before the step."""
    torch.manual_seed(3)
    run = superfactory.join()
    model = Tied()
    wrapped = nn.parallel.DistributedDataParallel(model, find_unused_parameters=True) if run.world > 1 else model
    optim = torch.optim.AdamW(model.parameters(), lr=0.05, weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.StepLR(optim, 1, gamma=0.9)
    run.attach("schedule", schedule)
    run.synchronize(wrapped, optim)
    samples = run.samples(count=COUNT, batch=8, dataset="points")
    before: Dict[int, Tuple[List[float], float]] = {}
    written: List[int] = []
    while not run.finished:
        for inputs, targets, index in DataLoader(Points(), sampler=samples, batch_size=8 // run.world):
            if hold is not None:
                hold(run)
            number = run._rounds.turn.round
            optim.zero_grad(set_to_none=True)
            loss = nn.functional.cross_entropy(wrapped(inputs), targets)
            loss.backward()
            run.merge_gradients(loss=loss, tokens=len(inputs))
            Path(directory, f"{number}.{run.island}.{run.rank}.{len(written)}").write_text(json.dumps(index.tolist()))
            written.append(number)
            before[number] = sum((each.detach().reshape(-1).tolist() for each in model.parameters()), []), optim.param_groups[0]["lr"]
            nn.utils.clip_grad_norm_(model.parameters(), 0.05)
            steps = run.steps
            run.step(loss=loss, tokens=len(inputs))
            if run.steps > steps:
                # Not where the batches of an island that is away make one step with the next ones.
                schedule.step()
    return {"before": before, "digest": run.finish(), "tensors": tensors(model)}


def reference_of_rounds(directory: str) -> Dict[str, Any]:
    """The same in one process, with the samples that were written down of each round."""
    rounds: Dict[int, List[int]] = {}
    for path in Path(directory).iterdir():
        rounds.setdefault(int(path.name.split(".")[0]), []).extend(json.loads(path.read_text()))
    torch.manual_seed(3)
    model, points = Tied(), Points()
    optim = torch.optim.AdamW(model.parameters(), lr=0.05, weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.StepLR(optim, 1, gamma=0.9)
    for _, chosen in sorted(rounds.items()):
        optim.zero_grad(set_to_none=True)
        nn.functional.cross_entropy(model(points.inputs[chosen]), points.targets[chosen]).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.05)
        optim.step()
        schedule.step()
    return {"tensors": tensors(model)}


def reference_every_step(seed: int, batch: int, steps: int, order_seed: int, clip: float = 0.05) -> Dict[str, Any]:
    """The same training in one process with the whole batch."""
    torch.manual_seed(seed)
    model, points = Tied(), Points()
    optim = torch.optim.AdamW(model.parameters(), lr=0.05, weight_decay=0.1)
    order = superfactory.sample_indices(numpy.arange(batch * steps), COUNT, order_seed)
    losses = []
    for step in range(steps):
        optim.param_groups[0]["lr"] = 0.05 * (1.0 - 0.5 * step / steps)
        chosen = order[step * batch:(step + 1) * batch]
        loss = nn.functional.cross_entropy(model(points.inputs[chosen]), points.targets[chosen])
        optim.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), clip)
        optim.step()
        losses.append(float(loss))
    return {"losses": losses, "tensors": tensors(model)}


def reference_diloco(seed: int, batches: List[int], steps: int, every: int, order_seed: int,
                     outer: Tuple[float, float], clip: float = 0.05) -> Dict[str, Any]:
    """DiLoCo in plain PyTorch: one model per island, with a batch of its own, and torch's own SGD with Nesterov momentum as the outer optimizer."""
    islands, stride = len(batches), sum(batches)
    torch.manual_seed(seed)
    base, points = Tied(), Points()
    models = [Tied() for _ in range(islands)]
    for model in models:
        model.load_state_dict(base.state_dict())
    optims = [torch.optim.AdamW(model.parameters(), lr=0.05, weight_decay=0.1) for model in models]
    trained = [each for each in base.parameters() if each.requires_grad]
    outer_optim = torch.optim.SGD(trained, lr=outer[0], momentum=outer[1], nesterov=True)
    order = superfactory.sample_indices(numpy.arange(stride * steps), COUNT, order_seed)
    for step in range(steps):
        for island, (model, optim) in enumerate(zip(models, optims)):
            optim.param_groups[0]["lr"] = 0.05 * (1.0 - 0.5 * step / steps)
            first = step * stride + sum(batches[:island])
            chosen = order[first:first + batches[island]]
            loss = nn.functional.cross_entropy(model(points.inputs[chosen]), points.targets[chosen])
            optim.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), clip)
            optim.step()
        if (step + 1) % every == 0 or step + 1 == steps:
            with torch.no_grad():
                own = [[each for each in model.parameters() if each.requires_grad] for model in models]
                for place, parameter in enumerate(trained):
                    parameter.grad = parameter - sum(batch / stride * each[place] for batch, each in zip(batches, own))
                outer_optim.step()
                for each in own:
                    for parameter, merged in zip(each, trained):
                        parameter.copy_(merged)
    return {"tensors": tensors(base)}


def fragments_of(model: nn.Module, count: int, every: int) -> List[List[str]]:
    """The names of each fragment's parameters, as the client cuts the model."""
    terms = StreamingTerms(every, count, True, 1, 1, 0.5)
    trained = [(name, each) for name, each in model.named_parameters() if each.requires_grad]
    places = assign([name for name, _ in trained], [each.numel() for _, each in trained], terms)
    return [[name for place, (name, _) in zip(places, trained) if place == fragment] for fragment in range(count)]


def reference_streaming(seed: int, batches: List[int], steps: int, every: int, fragments: List[List[str]], delay: int, mixing: float,
                        order_seed: int, outer: Tuple[float, float], clip: float = 0.05) -> Dict[str, Any]:
    """Streaming DiLoCo in plain PyTorch: a round's steps, then one fragment is sent; ``delay`` steps later its outer step is mixed in.
    ``fragments`` names each one's parameters. After the last step the fragments are merged once more, one after another."""
    torch.manual_seed(seed)
    base, points = Tied(), Points()
    models = [Tied() for _ in batches]
    for model in models:
        model.load_state_dict(base.state_dict())
    optims = [torch.optim.AdamW(model.parameters(), lr=0.05, weight_decay=0.1) for model in models]
    held = dict(base.named_parameters())
    outer_optims = [torch.optim.SGD([held[name] for name in names], lr=outer[0], momentum=outer[1], nesterov=True) for names in fragments]
    stride, count, step, rounds = sum(batches), len(fragments), 0, 0
    order = superfactory.sample_indices(numpy.arange(stride * steps), COUNT, order_seed)
    ends, sent = [], -1
    while not ends or ends[-1] < steps:
        rounds += 1
        ends.append(min(steps, every * rounds // count))

    def apply(number: int) -> None:
        for model in models:
            own = dict(model.named_parameters())
            for name in fragments[number]:
                own[name].copy_(mixing * own[name] + (1 - mixing) * held[name])

    def send(number: int) -> None:
        for name in fragments[number]:
            held[name].grad = held[name] - sum(batch / stride * dict(model.named_parameters())[name] for batch, model in zip(batches, models))
        outer_optims[number].step()

    for number in range(rounds + count - 1):
        end = ends[number] if number < rounds else steps
        since = 0
        while step < end:
            for island, (model, optim) in enumerate(zip(models, optims)):
                optim.param_groups[0]["lr"] = 0.05 * (1.0 - 0.5 * step / steps)
                first = step * stride + sum(batches[:island])
                chosen = order[first:first + batches[island]]
                loss = nn.functional.cross_entropy(model(points.inputs[chosen]), points.targets[chosen])
                optim.zero_grad(set_to_none=True)
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), clip)
                optim.step()
            step, since = step + 1, since + 1
            if sent >= 0 and since == delay:
                with torch.no_grad():
                    apply(sent)
                sent = -1
        with torch.no_grad():
            if sent >= 0:
                apply(sent)
            sent = number % count
            send(sent)
            if delay == 0:
                apply(sent)
                sent = -1
    return {"tensors": tensors(base)}


def train_plainly(step_hook: Any = None, steps_before_crash: int = 0, batch: int = 8, seed: int = 3, tokens: int = 0,
                  scaler: Any = None, model: Any = None, marker: str = "") -> Dict[str, Any]:
    """The three lines and no more. ``step_hook(run, step, loss)`` may change the loss; ``steps_before_crash`` ends the
    first process that has no file at ``marker`` yet, with exit code 9."""
    torch.manual_seed(seed)
    run = superfactory.join()
    net = model() if model is not None else Tied()
    optim = torch.optim.AdamW(net.parameters(), lr=0.05, weight_decay=0.1)
    if scaler is not None:
        run.attach("scaler", scaler)
    run.synchronize(net, optim)
    samples = run.samples(count=COUNT, batch=batch, dataset="points")
    used, losses, resumed_at = [], [], run.steps
    while not run.finished:
        for inputs, targets, index in DataLoader(Points(), sampler=samples, batch_size=batch):
            for group in optim.param_groups:
                group["lr"] = 0.05 * (1.0 - 0.5 * run.progress)
            loss = nn.functional.cross_entropy(net(inputs), targets)
            if step_hook is not None:
                loss = step_hook(run, run.steps, loss)
            optim.zero_grad(set_to_none=True)
            (scaler.scale(loss) if scaler is not None else loss).backward()
            if steps_before_crash and run.steps == steps_before_crash and not Path(marker).exists():
                Path(marker).write_text("crashed")
                os._exit(9)
            run.step(loss=loss, tokens=tokens or len(inputs), scaler=scaler)
            used += index.tolist()
            losses.append(run.merged_loss)
    digest = run.finish()
    return {"tensors": tensors(net), "digest": digest, "used": used, "losses": losses, "resumed_at": resumed_at,
            "steps": run.steps, "scales": list(scaler.history) if scaler is not None else []}
