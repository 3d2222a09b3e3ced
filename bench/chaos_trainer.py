#!/usr/bin/env python3
"""One island's trainer of `superfactory chaos`: the recipe's model on the run's samples, with a record of its own of what it did.

    chaos_trainer.py LOG PACE HURRY

Appends to a file in the directory LOG, one JSON object a line: `begin` (where it begins, and the hash of its parameters), `step` (the samples
that its batch holds), `give` (a contribution, before it is made), `merged` (what came of it, and the hash of its own parameters afterwards),
`end`. Nothing in it comes from the control plane, and from the bridge only what a trainer must know: round, tokens of the round, refused or
not. Times are milliseconds of the machine's monotonic clock. A step takes at least PACE milliseconds until the file HURRY is there.
"""

import hashlib
import json
import os
import sys
import time
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(HOME / "python"), str(HOME / "python" / "recipes")]

import torch
from torch.utils.data import DataLoader, Dataset

import superfactory
from checkpoint import save_model
from data import Corpus
from model import LanguageModel, ModelShape
from pretrain import validation_loss

BATCH = 8
VALIDATION_SAMPLES = 16
LEARNING_RATE = 1e-3


class Log:
    """What this process did, a line each. A line is written by one system call, so that a killed process leaves whole lines."""

    def __init__(self, directory, island):
        path = Path(directory) / f"{island}.{os.getpid()}.{time.monotonic_ns()}.jsonl"
        self._file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        self._fixed = {"island": island}

    def say(self, kind, **values):
        line = json.dumps({"at": time.monotonic() * 1000.0, "type": kind, **self._fixed, **values}) + "\n"
        os.write(self._file, line.encode("utf-8"))


class Numbered(Dataset):
    """Samples together with their own numbers, so that a batch says what it is made of."""

    def __init__(self, corpus):
        self._corpus = corpus

    def __len__(self):
        return len(self._corpus)

    def __getitem__(self, index):
        return index, self._corpus[index]


def parameters_hash(model):
    digest = hashlib.sha256()
    for tensor in model.parameters():
        digest.update(memoryview(tensor.detach().contiguous().view(-1).numpy()))
    return digest.hexdigest()


def watch(run, model, log):
    """Writes down each contribution before it is made, and each result when this trainer has taken it."""
    session, rounds = run._session, run._rounds
    ask, adopt = session.ask, rounds._adopt
    taken = {"round": -1}

    def asked(message):
        if message.get("type") == "merge":
            log.say("give", round=message["round"], steps=message["steps"], tokens=message["tokens"])
        return ask(message)

    def adopted(turn, deal):
        adopt(turn, deal)
        last = rounds.last
        if last is not None and last.round != taken["round"]:
            taken["round"] = last.round
            log.say("merged", round=last.round, next=turn.round, tokens=last.tokens, refused=last.reset, hash=parameters_hash(model))

    session.ask, rounds._adopt = asked, adopted


def main():
    directory, pace, hurry = sys.argv[1], float(sys.argv[2]) / 1000.0, Path(sys.argv[3])
    run = superfactory.join()
    corpus = Corpus(run.corpus, 64)
    torch.manual_seed(run.seed)
    model = LanguageModel(ModelShape(layers=2, hidden=64, heads=2, context=64))
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE)
    run.synchronize(model, optimizer)
    samples = run.samples(count=len(corpus), batch=BATCH, dataset=corpus.identity)
    validation = corpus.validation(VALIDATION_SAMPLES)
    log = Log(directory, run.island)
    watch(run, model, log)
    log.say("begin", round=run._rounds.turn.round, hash=parameters_hash(model), count=len(corpus), context=corpus.context, seed=run.seed,
            loss=validation_loss(model, validation))
    loader = DataLoader(Numbered(corpus), sampler=samples, batch_size=BATCH)
    while not run.finished:
        due = time.monotonic()
        for indices, batch in loader:
            optimizer.zero_grad(set_to_none=True)
            loss = model(batch[:, :-1], batch[:, 1:])
            loss.backward()
            log.say("step", round=run._rounds.turn.round, samples=indices.tolist())
            if not hurry.exists():
                time.sleep(max(0.0, due + pace - time.monotonic()))
            due = time.monotonic()
            run.step(loss=loss.detach(), tokens=batch.shape[0] * (batch.shape[1] - 1))
    save_model(model, run.output)
    loss = validation_loss(model, validation)
    log.say("end", hash=run.finish(run.output), output=str(run.output), loss=loss)
    return 0


if __name__ == "__main__":
    sys.exit(main())
