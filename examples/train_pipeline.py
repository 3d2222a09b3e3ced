"""One model merged in lanes: at some sites one process trains it whole, at others two processes are the stages of a pipeline.

The model learns to continue sequences that go up by one to four, modulo 64. In a pipeline each stage has its own tensors under the
names that they have in the whole model; the first sends activations on and gets gradients back, micro-batch by micro-batch.
"""
import os
import time

import torch
from torch import distributed, nn
from torch.utils.data import DataLoader

import superfactory

COUNT, BATCH, MICRO, LENGTH, SYMBOLS, WIDTH = 4096, 32, 4, 6, 64, 48
PAUSE = float(os.environ.get("STEP_SECONDS", "0"))  # how much slower a step is than it must be, to watch a run


def make_stages(wanted):
    stages = {}
    for number, name in enumerate(("front", "back")):
        torch.manual_seed(number)  # the same tensors whether a process has one stage or both
        stage = (nn.Sequential(nn.Embedding(SYMBOLS, 16), nn.Flatten(), nn.Linear(16 * LENGTH, WIDTH), nn.GELU()) if name == "front"
                 else nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.GELU(), nn.Linear(WIDTH, SYMBOLS)))
        if name in wanted:
            stages[name] = stage
    return nn.ModuleDict(stages)


def sample(index):
    start, step = index % SYMBOLS, 1 + index // SYMBOLS % 4
    sequence = [(start + place * step) % SYMBOLS for place in range(LENGTH + 1)]
    if index * 7 % 11 < 3:
        sequence[LENGTH] = index * 13 % SYMBOLS  # some sequences end otherwise, so that there is always something to learn
    return torch.tensor(sequence)


class Whole:
    """Both stages in one process."""

    names = ("front", "back")

    def __init__(self, model):
        self.model = model

    def loss(self, batch, train):
        loss = nn.functional.cross_entropy(self.model["back"](self.model["front"](batch[:, :LENGTH])), batch[:, LENGTH])
        if train:
            loss.backward()
        return float(loss)


class First:
    """The first stage: all micro-batches forward, then all backward."""

    names = ("front",)

    def __init__(self, model):
        self.model = model

    def loss(self, batch, train):
        sent = [self.model["front"](part[:, :LENGTH]) for part in batch.chunk(MICRO)]
        for each in sent:
            distributed.send(each.detach(), 1)
        for each in sent if train else ():
            gradient = torch.empty_like(each)
            distributed.recv(gradient, 1)
            each.backward(gradient)
        return None


class Last:
    """The last stage, which has the loss."""

    names = ("back",)

    def __init__(self, model):
        self.model = model

    def loss(self, batch, train):
        parts = batch.chunk(MICRO)
        received = [torch.empty(len(part), WIDTH) for part in parts]
        for each in received:
            distributed.recv(each, 0)
            each.requires_grad_(train)
        total = 0.0
        for part, each in zip(parts, received):
            loss = nn.functional.cross_entropy(self.model["back"](each), part[:, LENGTH], reduction="sum") / len(batch)
            total += float(loss)
            if train:
                loss.backward()
                distributed.send(each.grad, 0)
        return total


torch.set_num_threads(1)
run = superfactory.join()
stage = Whole if run.world == 1 else (First, Last)[run.rank]
model = make_stages(stage.names)
trained = stage(model)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
run.synchronize(model, optimizer)
dataset = [sample(index) for index in range(COUNT)]
validation = torch.stack(dataset[:256])
run.result("validation_loss_initial", trained.loss(validation, train=False) or 0.0)
loader = DataLoader(dataset, sampler=run.samples(count=COUNT, batch=BATCH, dataset="sequences"), batch_size=BATCH)
while not run.finished:
    for batch in loader:
        optimizer.zero_grad()
        loss = trained.loss(batch, train=True)
        time.sleep(PAUSE)
        run.step(loss=loss, tokens=len(batch))
run.result("validation_loss_final", trained.loss(validation, train=False) or 0.0)
run.finish()
