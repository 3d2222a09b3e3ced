"""A training loop of one's own that joins a run: a small network learns to add two digits.

Alone:      SUPERFACTORY_STEPS=300 PYTHONPATH=python python3 examples/train_own_loop.py
In a run:   submit a job with ``command: [python3, /path/to/train_own_loop.py]``
"""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import superfactory

BATCH = 20

digits = torch.cartesian_prod(torch.arange(10), torch.arange(10))
dataset = TensorDataset(digits, digits.sum(dim=1))

run = superfactory.join()
torch.manual_seed(run.seed)
model = nn.Sequential(nn.Embedding(10, 32), nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 19))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
run.synchronize(model, optimizer)

samples = run.samples(count=len(dataset), batch=BATCH, dataset="two-digits")
loader = DataLoader(dataset, sampler=samples, batch_size=BATCH)
while not run.finished:
    for inputs, sums in loader:
        for group in optimizer.param_groups:
            group["lr"] = 1e-2 * (1.0 - 0.9 * run.progress)
        loss = nn.functional.cross_entropy(model(inputs), sums)
        optimizer.zero_grad()
        loss.backward()
        run.merge_gradients(loss=loss, tokens=len(sums))
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        run.step(loss=loss, tokens=len(sums))

with torch.no_grad():
    correct = (model(digits).argmax(dim=1) == digits.sum(dim=1)).float().mean().item()
run.result("correct", correct)
if run.rank == 0:
    print(f"{run.island}: {correct:.0%} of the sums are right after {run.steps} steps", flush=True)
    if run.output is not None:
        torch.save(model.state_dict(), run.output / "model.pt")
run.finish(run.output)
