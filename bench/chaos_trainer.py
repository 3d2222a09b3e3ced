#!/usr/bin/env python3
"""One island's trainer of `superfactory chaos`: the recipe's model on the run's samples, with a record of its own of what it did.

    chaos_trainer.py LOG PACE HURRY

Appends to a file in the directory LOG, one JSON object a line: `begin` (where it begins, and the hash of its parameters), `step` (the samples
that its batch holds), `give` (a contribution, before it is made), `merged` (what came of it, and the hash of its own parameters afterwards; in
streaming of the merged ones, part by part as it took them), `end`. Nothing in it comes from the control plane, and from the bridge only what a
trainer must know: round, tokens of the round, refused or not. Times are milliseconds of the machine's monotonic clock. A step takes at least
PACE milliseconds until the file HURRY is there.
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


class Watch:
    """Writes down each contribution before it is made, and each result when this trainer has taken it."""

    def __init__(self, run, log):
        self._session, self._rounds, self._table, self._log = run._session, run._rounds, run._table, log
        self._told, self._mode = self._rounds.last, self._rounds.mode
        self._merged = torch.empty(self._table.arena_elements)
        """The run's parameters as this trainer took them from its bridge."""
        self._table.write_parameters(self._merged)
        session, rounds = self._session, self._rounds
        session.ask = self._before(session.ask, self._give)
        session.post = self._before(session.post, self._give)
        session.load_parameters = self._after(session.load_parameters, lambda table: self._merged.copy_(session._merged))
        session.mix_fragment = self._after(session.mix_fragment, self._take_fragment)
        rounds._adopt = self._after(rounds._adopt, self._take)
        rounds.restore_elsewhere = self._after(rounds.restore_elsewhere, self._take)
        if hasattr(rounds, "_apply"):
            rounds._apply = self._after(rounds._apply, self._take)

    def hash(self):
        """Of the run's parameters: while it streams the trainer's own are a mixture, else they are these."""
        digest = hashlib.sha256()
        for _, part in sorted(self._table._parts(self._merged), key=lambda pair: pair[0].name):
            digest.update(memoryview(part.numpy()))
        return digest.hexdigest()

    def _give(self, message):
        if message.get("type") == "merge":
            self._log.say("give", round=message["round"], steps=message["steps"], tokens=message["tokens"],
                          parts=self._table.fragments if self._rounds.mode == "streaming" else 1)

    def _take_fragment(self, table, fragment, own):
        part = table.fragment_range(fragment)
        self._merged[part] = self._session._merged[part]

    def _take(self, *_):
        last, mode = self._rounds.last, self._rounds.mode
        if last is None or last is self._told:
            return
        if (self._mode, mode) != ("streaming", "streaming"):
            self._table.write_parameters(self._merged)
        self._told, self._mode = last, mode
        self._log.say("merged", round=last.round, next=self._rounds.turn.round, tokens=last.tokens, refused=last.reset, restored=last.restored, hash=self.hash())

    @staticmethod
    def _before(call, first):
        def wrapped(*arguments):
            first(*arguments)
            return call(*arguments)

        return wrapped

    @staticmethod
    def _after(call, then):
        def wrapped(*arguments):
            result = call(*arguments)
            then(*arguments)
            return result

        return wrapped


def main():
    directory, pace, hurry = sys.argv[1], float(sys.argv[2]) / 1000.0, Path(sys.argv[3])
    run = superfactory.join()
    corpus = Corpus(run.corpus, 64)
    torch.manual_seed(run.seed)
    model = LanguageModel(ModelShape(layers=2, hidden=64, heads=2, context=64))
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE)
    run.synchronize(model, optimizer)
    validation = corpus.validation(VALIDATION_SAMPLES)
    log = Log(directory, run.island)
    watch = Watch(run, log)
    log.say("begin", round=run._rounds.turn.round, hash=watch.hash(), count=len(corpus), context=corpus.context, seed=run.seed,
            loss=validation_loss(model, validation))
    samples = run.samples(count=len(corpus), batch=BATCH, dataset=corpus.identity)
    loader = DataLoader(Numbered(corpus), sampler=samples, batch_size=BATCH)
    while not run.finished:
        due = time.monotonic()
        for indices, batch in loader:
            optimizer.zero_grad(set_to_none=True)
            loss = model(batch[:, :-1], batch[:, 1:])
            loss.backward()
            log.say("step", round=run._rounds.turn.round, samples=indices.tolist(), last=samples.completes_turn)
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
