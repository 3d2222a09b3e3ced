#!/usr/bin/env python3
"""Trains a tiny language model by DiLoCo in one process, over outer learning rates and momenta, and compares the validation losses.

    bench/outer_sweep.py --corpus DIRECTORY [--modes diloco,streaming] [--islands 2,4] [--steps 300] [--every 10,30] [--rates 0.4,…]
                         [--momenta 0,…] [--seeds 1] [--seconds S] [--json FILE]

Islands take their steps one after another, each on samples of its own; after every so many steps the outer step is that of the merge
protocol: m ← μ·m + Δ, θ ← θ − η·(Δ + μ·m), Δ the mean of what the islands have moved. In `streaming` two fragments of every other layer take
turns, each once in so many steps, and what a step sends is applied a step later: local parameters become the mean of themselves and the result
(α = 0.5). Numbers are not rounded. A run has steps ÷ every rounds, and the learning rate of the
inner optimizer follows the share of the run that is done, as in the recipe. Every cell that is done is written to FILE at once, and one that
stands there is not done again: with --seconds the sweep stops after a while and goes on the next time. A corpus is made by `superfactory data prepare`.
"""

from __future__ import annotations

import argparse
import copy
import itertools
import json
import os
import pathlib
import re
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "python" / "recipes")]

# Before PyTorch loads it: OpenBLAS has threads of its own, which wait for each other by spinning.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch

import pretrain
import superfactory
from data import Corpus
from model import LanguageModel
from settings import Settings

TRAINER = {
    "model": {"layers": 2, "hidden": 64, "heads": 4, "context": 64, "vocabulary": 256}, "batch": 8, "validation_samples": 64,
}
"""A model that takes a step in some milliseconds on one core; the rest is as the recipe has it."""


STREAMED, MIXING = 2, 0.5
"""Fragments and α of `streaming`, as a job has them by default."""


class Island:
    """One site's model and inner optimizer, and where it is in its own samples."""

    def __init__(self, model: LanguageModel, settings: Settings, place: int, islands: int) -> None:
        self.model = copy.deepcopy(model)
        self.optimizer = pretrain._optimizer(self.model, settings)
        self.place, self.islands, self.settings, self.steps = place, islands, settings, 0

    def step(self, corpus: Corpus, seed: int, progress: float) -> None:
        """A step of the recipe."""
        batch = self.settings.batch
        first = (self.steps * self.islands + self.place) * batch
        samples = corpus.batch(superfactory.sample_indices(torch.arange(first, first + batch).numpy(), len(corpus), seed).tolist())
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.learning_rate_at(progress)
        self.optimizer.zero_grad(set_to_none=True)
        self.model(samples[:, :-1], samples[:, 1:]).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.clip)
        self.optimizer.step()
        self.steps += 1


class Outer:
    """The global parameters of the run and the outer optimizer's momentum."""

    def __init__(self, model: LanguageModel, rate: float, factor: float) -> None:
        self.theta = [each.detach().clone() for each in model.parameters()]
        self.momentum = [torch.zeros_like(each) for each in self.theta]
        self.rate, self.factor = rate, factor

    @torch.no_grad()
    def moved(self, islands: list[Island], fragment: list[int]) -> list[torch.Tensor]:
        """The mean of what the islands have moved in a fragment, given by the places of its parameters."""
        local = [list(island.model.parameters()) for island in islands]
        return [torch.stack([self.theta[index] - each[index] for each in local]).mean(0) for index in fragment]

    @torch.no_grad()
    def apply(self, islands: list[Island], fragment: list[int], moved: list[torch.Tensor], mixing: float) -> None:
        """The outer step of a fragment; islands go on from it, or from its mean with their own parameters."""
        for index, delta in zip(fragment, moved, strict=True):
            self.momentum[index].mul_(self.factor).add_(delta)
            self.theta[index].sub_(self.rate * (delta + self.factor * self.momentum[index]))
            for island in islands:
                list(island.model.parameters())[index].lerp_(self.theta[index], 1 - mixing)


def fragments_of(model: LanguageModel, mode: str) -> list[list[int]]:
    """Places of parameters: all in one fragment, or in `streaming` in two, of every other layer."""
    places = list(range(len(list(model.parameters()))))
    if mode == "diloco":
        return [places]
    numbers = [int(found.group()) if (found := re.search(r"(?<=\.)\d+(?=\.)", name)) else 0 for name, _ in model.named_parameters()]
    return [[place for place in places if numbers[place] % STREAMED == fragment] for fragment in range(STREAMED)]


def cell(corpus: Corpus, mode: str, islands: int, steps: int, every: int, rate: float, factor: float, seed: int) -> float:
    """The validation loss of a run, in nats per token."""
    settings = Settings.read(TRAINER)
    torch.manual_seed(seed)
    model = LanguageModel(settings.model)
    sites = [Island(model, settings, place, islands) for place in range(islands)]
    outer, fragments, sent = Outer(model, rate, factor), fragments_of(model, mode), []
    for step in range(steps):
        for site in sites:
            site.step(corpus, seed, step / steps)
        for fragment, moved in sent:
            outer.apply(sites, fragment, moved, MIXING)
        sent = []
        last = step + 1 == steps
        for number, fragment in enumerate(fragments):
            if last or (step + 1 - number * every // len(fragments)) % every == 0:
                moved = outer.moved(sites, fragment)
                if last or mode == "diloco":
                    outer.apply(sites, fragment, moved, 0)
                else:
                    sent.append((fragment, moved))
    return float(pretrain.validation_loss(sites[0].model, corpus.validation(settings.validation_samples)))


def table(found: dict[str, float]) -> list[str]:
    """For each mode and number of islands and of rounds the three best, by the mean over seeds, and the worst."""
    groups: dict[tuple[str, int, int, int], dict[tuple[float, float], list[float]]] = {}
    for name, loss in found.items():
        mode, islands, steps, every, rate, factor, _ = name.split("/")
        groups.setdefault((mode, int(islands), int(steps), int(every)), {}).setdefault((float(rate), float(factor)), []).append(loss)
    lines = ["| mode | islands | rounds | best: rate, momentum, loss (least–most) | second | third | worst |", "|---|---|---|---|---|---|---|"]
    for (mode, islands, steps, every), cells in sorted(groups.items()):
        order = sorted((sum(losses) / len(losses), min(losses), max(losses), key) for key, losses in cells.items())
        said = [f"{rate:g}, {factor:g}: {loss:.4f} ({least:.3f}–{most:.3f})" for loss, least, most, (rate, factor) in order]
        lines.append(f"| {mode} | {islands} | {steps // every} of {every} steps | {' | '.join((said + ['', '', ''])[:3])} | {said[-1]} |")
    return lines


def numbers(text: str) -> list[float]:
    """What is joined by commas."""
    return [float(each) for each in text.split(",")]


def main() -> None:
    """Does what is not done yet, and prints what came of all."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--corpus", type=pathlib.Path, required=True, help="a corpus directory")
    arguments.add_argument("--modes", default="diloco", help="diloco, streaming, or both joined by a comma")
    arguments.add_argument("--islands", type=numbers, default=[2, 4], help="numbers of islands")
    arguments.add_argument("--steps", type=int, default=300, help="steps of each island")
    arguments.add_argument("--every", type=numbers, default=[10, 30], help="steps between two merges")
    arguments.add_argument("--rates", type=numbers, default=[0.5, 0.7, 0.9, 1.1], help="outer learning rates")
    arguments.add_argument("--momenta", type=numbers, default=[0.0, 0.3, 0.6, 0.9], help="outer momenta")
    arguments.add_argument("--seeds", type=numbers, default=[1], help="seeds")
    arguments.add_argument("--seconds", type=float, default=float("inf"), help="begin no further cell after so long")
    arguments.add_argument("--json", type=pathlib.Path, help="every cell's loss; read first, where it is there")
    options = arguments.parse_args()
    torch.set_num_threads(1)
    corpus = Corpus(options.corpus, TRAINER["model"]["context"])
    found: dict[str, float] = json.loads(options.json.read_text()) if options.json and options.json.exists() else {}
    began = time.monotonic()
    cells = itertools.product(options.seeds, options.modes.split(","), options.islands, options.every, options.rates, options.momenta)
    for seed, mode, islands, every, rate, factor in cells:
        name = f"{mode}/{islands:g}/{options.steps}/{every:g}/{rate:g}/{factor:g}/{seed:g}"
        if name in found or time.monotonic() - began > options.seconds:
            continue
        found[name] = cell(corpus, mode, int(islands), options.steps, int(every), rate, factor, int(seed))
        print(f"{name}: {found[name]:.4f}", file=sys.stderr, flush=True)
        if options.json:
            options.json.write_text(json.dumps(found, indent=1) + "\n")
    print("\n".join(table(found)))


if __name__ == "__main__":
    main()
