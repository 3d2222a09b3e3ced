#!/usr/bin/env python3
"""One site's trainer of `superfactory bench training`: the recipe's model, data and step, told by lines what to train.

    training_site.py --kind superfactory|ddp|alone --job FILE --corpus DIRECTORY --steps N [--store FILE --rank R --size N --address A]

Says `ready` when it can train. Then takes lines: `off N` trains N steps of a copy of the model that nobody merges, `on N` N steps of
the run, each answered by seconds and tokens in JSON; `finish` trains what is left and answers with the validation loss. `superfactory` is the
production client and its bridge, `ddp` PyTorch's DistributedDataParallel over Gloo, `alone` one process with nobody to merge with.
"""

import argparse
import contextlib
import copy
import json
import sys
import time
from datetime import timedelta
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(HOME / "python"), str(HOME / "python" / "recipes")]

import numpy
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader

import pretrain
import superfactory
from data import Corpus
from model import LanguageModel
from settings import Settings

TIMEOUT = timedelta(minutes=30)


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kind", required=True, choices=("superfactory", "ddp", "alone"))
    parser.add_argument("--job", required=True, type=Path, help="the job's specification in JSON")
    parser.add_argument("--corpus", required=True, type=Path)
    parser.add_argument("--steps", required=True, type=int)
    parser.add_argument("--store", help="ddp: a file that all processes share, not there yet")
    parser.add_argument("--rank", type=int, default=0)
    parser.add_argument("--size", type=int, default=1)
    parser.add_argument("--address", help="ddp: where the other processes reach this one")
    return parser.parse_args(arguments)


class Plain:
    """Steps without the client: of the copy that stands for merging turned off, and of DistributedDataParallel."""

    def __init__(self, model, settings, corpus, seed, options):
        self.model, self.settings, self.corpus, self.seed, self.options = model, settings, corpus, seed, options
        self.optimizer = pretrain._optimizer(model, settings)
        self.steps = 0

    def step(self):
        batch = self.settings.batch
        first = (self.steps * self.options.size + self.options.rank) * batch
        places = numpy.arange(first, first + batch, dtype=numpy.int64)
        samples = self.corpus.batch(superfactory.sample_indices(places, len(self.corpus), self.seed).tolist())
        rate = self.settings.learning_rate_at(min(1.0, self.steps / self.options.steps))
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss = self.model(samples[:, :-1], samples[:, 1:])
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.clip)
        self.optimizer.step()
        self.steps += 1
        return samples.shape[0] * (samples.shape[1] - 1)

    @property
    def finished(self):
        return self.steps >= self.options.steps

    def aside(self):
        return contextlib.nullcontext()

    def end(self):
        return None


class Merged:
    """Steps of a run, by the recipe's own step."""

    def __init__(self, model, settings, corpus):
        self.model, self.settings = model, settings
        self.run = superfactory.join()
        self.optimizer = pretrain._optimizer(model, settings)
        self.run.synchronize(model, self.optimizer)
        samples = self.run.samples(count=len(corpus), batch=settings.batch, dataset=corpus.identity)
        self.batches = self._batches(DataLoader(corpus, sampler=samples, batch_size=settings.batch))

    def _batches(self, loader):
        while not self.run.finished:
            yield from loader

    def step(self):
        batch = next(self.batches)
        pretrain._step(self.run, self.model, self.optimizer, self.settings, batch)
        return batch.shape[0] * (batch.shape[1] - 1)

    @property
    def finished(self):
        return self.run.finished

    def aside(self):
        return self.run.aside()

    def end(self):
        seconds = self.run.merge_seconds
        self.run.finish()
        return seconds


def join(options):
    """DistributedDataParallel's process group, connected over the given address alone."""
    def make(store, rank, size, timeout):
        settings = dist.ProcessGroupGloo._Options()
        settings._devices = [dist.ProcessGroupGloo.create_device(hostname=options.address)]
        settings._timeout = timeout
        return dist.ProcessGroupGloo(store, rank, size, settings)

    dist.Backend.register_backend("gloo_site", make)
    dist.init_process_group("gloo_site", store=dist.FileStore(options.store, options.size),
                            rank=options.rank, world_size=options.size, timeout=TIMEOUT)


def train(trainer, wanted):
    """At most ``wanted`` steps; with None all that are left."""
    began, tokens, taken = time.perf_counter(), 0, 0
    while not trainer.finished and (wanted is None or taken < wanted):
        tokens, taken = tokens + trainer.step(), taken + 1
    return {"seconds": time.perf_counter() - began, "tokens": tokens, "steps": taken}


def main(arguments):
    options = parse(arguments)
    torch.set_num_threads(1)
    job = json.loads(options.job.read_text("utf-8"))
    settings = Settings.read(job["trainer"])
    corpus = Corpus(options.corpus, settings.model.context)
    torch.manual_seed(job["seed"])
    model = LanguageModel(settings.model)
    off = Plain(copy.deepcopy(model), settings, corpus, job["seed"], argparse.Namespace(**{**vars(options), "steps": sys.maxsize}))
    if options.kind == "superfactory":
        on = Merged(model, settings, corpus)
    else:
        if options.kind == "ddp":
            join(options)
        wrapped = DistributedDataParallel(model) if options.kind == "ddp" else model
        on = Plain(wrapped, settings, corpus, job["seed"], options)
    off.step()
    print("ready", flush=True)
    for line in sys.stdin:
        command, *words = line.split()
        if command == "off":
            with on.aside():
                answer = train(off, int(words[0]))
        elif command == "on":
            answer = train(on, int(words[0]))
        else:
            answer = train(on, None)
            answer["final_loss"] = pretrain.validation_loss(model, corpus.validation(settings.validation_samples))
            answer["wait_seconds"] = on.end()
        print(json.dumps(answer), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
