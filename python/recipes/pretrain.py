"""The ``pretrain`` recipe: trains a language model on a prepared corpus, across sites or alone.

In a gang the job says everything. By hand: ``python pretrain.py --corpus DIRECTORY --steps 400 --output DIRECTORY``.
"""
from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
from pathlib import Path
from typing import Any, ContextManager, List, Optional

# The recipe also runs by its path alone, from a checkout.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader

import superfactory
from checkpoint import save_model
from data import Corpus, CorpusError
from generation import write_text
from model import LanguageModel
from settings import Settings

SAMPLE_PROMPT = "The "
SAMPLE_LENGTH = 160
"""Bytes that the trained model writes at the end."""

VALIDATION_BATCH = 16
"""Validation samples in one forward pass."""

SECONDS_BETWEEN_LINES = 5.0


def main(arguments: Optional[List[str]] = None) -> int:
    """Trains to the run's end; the exit code is 0, or 2 where the corpus or the settings are at fault."""
    options = _parse(arguments)
    run = superfactory.join(steps=options.steps)
    directory = options.corpus or run.corpus
    try:
        settings = Settings.read(run.job.get("trainer", {}))
        if directory is None:
            raise CorpusError("no corpus: name one in the job's data, or by hand with --corpus")
        corpus = Corpus(directory, settings.model.context)
        if run.rank == 0:
            corpus.verify()
    except (ValueError, TypeError, CorpusError) as error:
        sys.stderr.write(f"pretrain: {error}\n")
        return 2
    _train(run, settings, corpus, options.output or run.output)
    return 0


def _train(run: superfactory.Run, settings: Settings, corpus: Corpus, output: Optional[Path]) -> None:
    device = _device()
    torch.manual_seed(run.seed)
    model = LanguageModel(settings.model).to(device)
    wrapped: Any = model
    if run.world > 1:
        wrapped = DistributedDataParallel(model, device_ids=[device.index] if device.type == "cuda" else None)
    optimizer = _optimizer(model, settings)
    run.attach("random", superfactory.RandomState())
    run.synchronize(wrapped, optimizer)
    samples = run.samples(count=len(corpus), batch=settings.batch, dataset=corpus.identity)
    validation = corpus.validation(settings.validation_samples).to(device)
    if run.rank == 0:
        initial = validation_loss(model, validation)
        run.result("validation_loss_initial", initial)
        run.report(validation_loss=initial)
        _say(run, f"{sum(each.numel() for each in model.parameters())} parameters, validation loss {initial:.4f}")

    loader = DataLoader(corpus, sampler=samples, batch_size=settings.batch // run.world)
    said = time.monotonic()
    while not run.finished:
        for batch in loader:
            loss = _step(run, wrapped, optimizer, settings, batch.to(device, non_blocking=True))
            if run.rank == 0 and time.monotonic() - said >= SECONDS_BETWEEN_LINES:
                said = time.monotonic()
                _say(run, f"step {run.steps}, loss {float(loss):.4f}")

    if run.rank == 0:
        final = validation_loss(model, validation)
        text = write_text(model, SAMPLE_PROMPT, SAMPLE_LENGTH, run.seed)
        run.report(validation_loss=final)
        run.result("validation_loss_final", final)
        run.result("sample", text)
        _say(run, f"over after {run.steps} steps, validation loss {final:.4f}")
        _say(run, f"sample: {text!r}")
        if output is not None:
            save_model(model, output)
    run.finish(output)


def _step(run: superfactory.Run, model: torch.nn.Module, optimizer: torch.optim.Optimizer,
          settings: Settings, batch: Tensor) -> Tensor:
    rate = settings.learning_rate_at(run.progress)
    for group in optimizer.param_groups:
        group["lr"] = rate
    with _precision(batch.device):
        loss = model(batch[:, :-1], batch[:, 1:])
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    loss, tokens = loss.detach(), batch.shape[0] * (batch.shape[1] - 1)
    run.merge_gradients(loss=loss, tokens=tokens)
    torch.nn.utils.clip_grad_norm_(model.parameters(), settings.clip)
    run.step(loss=loss, tokens=tokens)
    return loss


@torch.no_grad()
def validation_loss(model: LanguageModel, samples: Tensor) -> float:
    """The mean cross-entropy in nats a token over ``samples``, each [context + 1] tokens."""
    total = 0.0
    for part in samples.split(VALIDATION_BATCH):
        with _precision(part.device):
            total += float(model(part[:, :-1], part[:, 1:])) * len(part)
    return total / len(samples)


def _optimizer(model: LanguageModel, settings: Settings) -> torch.optim.Optimizer:
    decayed = [each for each in model.parameters() if each.dim() > 1]
    plain = [each for each in model.parameters() if each.dim() <= 1]
    groups = [{"params": decayed, "weight_decay": settings.weight_decay}, {"params": plain, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=settings.learning_rate, betas=(0.9, 0.95))


def _device() -> torch.device:
    if not torch.cuda.is_available():
        return torch.device("cpu")
    rank = int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count()
    torch.cuda.set_device(rank)
    return torch.device("cuda", rank)


def _precision(device: torch.device) -> ContextManager[Any]:
    if device.type == "cuda":
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return contextlib.nullcontext()


def _say(run: superfactory.Run, text: str) -> None:
    sys.stdout.write(f"{run.island}: {text}\n")
    sys.stdout.flush()


def _parse(arguments: Optional[List[str]]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="pretrain.py", description="Train a language model on a prepared corpus.")
    parser.add_argument("--corpus", type=Path, help="directory of a prepared corpus; in a gang the job names it")
    parser.add_argument("--steps", type=int, help="optimizer steps outside a gang")
    parser.add_argument("--output", type=Path, help="where the trained model is saved; in a gang the site says")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
