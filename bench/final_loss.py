#!/usr/bin/env python3
"""Trains the demo's model to its end in each mode with one schedule, over several seeds, and compares the validation losses.

    bench/final_loss.py [--seeds 1,2,3] [--steps 1500] [--modes every-step,streaming] [--wan 100mbit,20ms] [--json FILE]

Per seed: `doubled`, one site with twice the batch, which is what every-step computes with gradients in full precision; each mode on two
sites; and `alone`, one site with its own batch for as long as the last mode took, counted in its own steps. Learning rates follow the
share of the run that is done, the same in all. Each cell is a job of a real factory with its emulated link. Three figures are compared with what
is to be held: every-step ÷ doubled within 1 %, streaming ÷ every-step within 2 %, streaming ÷ alone under 1.
"""

from __future__ import annotations

import argparse
import json
import math
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SUPERFACTORY = str(ROOT / "superfactory")
EXAMPLE = ROOT / "examples" / "pretrain-two-sites.yaml"
LISTEN = "127.0.0.1:7494"
SITES = ("wisconsin", "atlanta")
DOUBLED, ALONE = "doubled", "alone"


def job(folder: pathlib.Path, seed: int, cell: str, steps: int) -> pathlib.Path:
    """The example as a cell wants it, and nothing else changed. A mode has its own defaults."""
    mode = "every-step" if cell in (DOUBLED, ALONE) else cell
    changes = {
        "sites": f"[{SITES[0]}]" if cell in (DOUBLED, ALONE) else f"[{', '.join(SITES)}]",
        "sync": f"{{mode: {mode}}}",
        "budget": f"{{steps: {steps}}}",
    }
    text = EXAMPLE.read_text()
    for field, value in changes.items():
        text, found = re.subn(rf"^{field}:.*$", f"{field}: {value}", text, flags=re.MULTILINE)
        if found != 1:
            sys.exit(f"{EXAMPLE} has no line '{field}:' of its own to change")
    if cell == DOUBLED:
        text = re.sub(r"batch: (\d+)", lambda match: f"batch: {2 * int(match.group(1))}", text)
    path = folder / f"{cell}-{seed}.yaml"
    path.write_text(f"{text}\nseed: {seed}\n")
    return path


def run(path: pathlib.Path) -> dict:
    """The job's first island as the control plane shows it in the end."""
    ended = subprocess.run([SUPERFACTORY, "--control", f"http://{LISTEN}", "submit", str(path), "--follow", "--json"],
                           stdout=subprocess.PIPE, text=True)
    view = json.loads(ended.stdout)
    if ended.returncode != 0 or view["state"] != "completed":
        sys.exit(f"{path.name}: {view['state']}: {view['reason']}")
    return view["islands"][0]["result"]


def cells(options: argparse.Namespace, folder: pathlib.Path, seed: int) -> dict[str, dict]:
    """Every cell of a seed."""
    found = {}
    for cell in (DOUBLED, *options.modes.split(",")):
        found[cell] = run(job(folder, seed, cell, options.steps))
        said(seed, cell, found[cell])
    last = found[options.modes.split(",")[-1]]
    # As many of its own steps as fit the time in which the last mode trained and waited.
    steps = math.ceil(last["steps"] * last["wall_seconds"] / max(last["training_seconds"], 1e-9))
    found[ALONE] = run(job(folder, seed, ALONE, steps))
    said(seed, ALONE, found[ALONE])
    return found


def said(seed: int, cell: str, result: dict) -> None:
    """Says how far it is."""
    print(f"seed {seed}, {cell}: loss {loss(result):.4f} after {result['steps']} steps, {result['wall_seconds']:.0f} s", file=sys.stderr, flush=True)


def loss(result: dict) -> float:
    """The validation loss at the end, nats per token."""
    return result["values"]["validation_loss_final"]


def written(options: argparse.Namespace, seeds: dict[int, dict[str, dict]]) -> None:
    """Writes what there is after every seed, so that a run that is cut short keeps it."""
    if options.json:
        options.json.write_text(json.dumps({"steps": options.steps, "wan": options.wan, "seeds": seeds}, indent=2) + "\n")


def spread(values: list[float]) -> str:
    """Median, least and greatest."""
    return f"{statistics.median(values):.4f} ({min(values):.4f} to {max(values):.4f})"


def table(seeds: dict[int, dict[str, dict]]) -> list[str]:
    """The losses, and what is compared."""
    names = list(next(iter(seeds.values())))
    lines = [f"| seed | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    lines += [f"| {seed} | {' | '.join(f'{loss(found[name]):.4f}' for name in names)} |" for seed, found in seeds.items()]
    for above, below, held in (("every-step", DOUBLED, "within 1 %"), ("streaming", "every-step", "within 2 %"), ("streaming", ALONE, "under 1")):
        if above in names and below in names:
            ratios = [loss(found[above]) / loss(found[below]) for found in seeds.values()]
            lines.append(f"\n{above} ÷ {below}: {spread(ratios)}; to hold: {held}")
    return lines


def main() -> None:
    """Runs every cell and prints what came of it."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seeds", default="1,2,3", help="seeds, joined by commas")
    arguments.add_argument("--steps", type=int, default=1500, help="steps of each island")
    arguments.add_argument("--modes", default="every-step,streaming", help="modes on two sites, joined by commas")
    arguments.add_argument("--wan", default="100mbit,20ms", help="the emulated link between the sites")
    arguments.add_argument("--json", type=pathlib.Path, help="also write every figure here")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="superfactory-bench-") as name:
        folder = pathlib.Path(name)
        subprocess.run([SUPERFACTORY, "data", "prepare", "--data", str(folder / "corpora")], check=True, stdout=subprocess.DEVNULL)
        factory = subprocess.Popen(
            [SUPERFACTORY, "up", "--sites", "2", "--wan", options.wan, "--listen", LISTEN, "--state", str(folder / "state"),
             "--data", str(folder / "corpora")], stdout=subprocess.PIPE, text=True)
        try:
            for line in factory.stdout or []:
                if "Ctrl-C" in line:
                    break
            seeds: dict[int, dict[str, dict]] = {}
            for seed in map(int, options.seeds.split(",")):
                seeds[seed] = cells(options, folder, seed)
                written(options, seeds)
        finally:
            factory.send_signal(signal.SIGTERM)
            factory.wait(timeout=60)
    print("\n".join(table(seeds)))


if __name__ == "__main__":
    main()
