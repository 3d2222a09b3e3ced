#!/usr/bin/env python3
"""Trains the demo's model at one site and across two with the same settings, over several seeds, and prints a table.

    bench/one_site_against_two.py [--seeds 1,2,3] [--steps 400] [--json FILE]

Each cell is a run of its own: real processes, the emulated link of the demo between the two sites. The one site takes as many
steps as each of the two; it has all of the machine's cores, so that its losses compare and its times do not.
"""

from __future__ import annotations

import argparse
import json
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


def two_sites(seed: int, steps: int, folder: pathlib.Path) -> dict:
    """The demo's own report."""
    report = folder / f"two-{seed}.json"
    subprocess.run(
        [SUPERFACTORY, "demo", "--seed", str(seed), "--steps", str(steps), "--json", str(report)],
        check=True, stdout=subprocess.DEVNULL,
    )
    return json.loads(report.read_text())


def one_site_job(seed: int, steps: int, folder: pathlib.Path) -> pathlib.Path:
    """The example with one site, this seed and these steps, and nothing else changed."""
    text = EXAMPLE.read_text()
    text, sites = re.subn(r"^sites:.*$", "sites: [wisconsin]", text, flags=re.MULTILINE)
    text, budget = re.subn(r"^budget:.*$", f"budget: {{steps: {steps}}}", text, flags=re.MULTILINE)
    if sites != 1 or budget != 1:
        sys.exit(f"{EXAMPLE} has no line 'sites:' or 'budget:' of its own to change")
    job = folder / f"one-{seed}.yaml"
    job.write_text(f"{text}\nseed: {seed}\n")
    return job


def one_site(seeds: list[int], steps: int, folder: pathlib.Path) -> list[dict]:
    """The job's island as the control plane shows it in the end, for each seed."""
    factory = subprocess.Popen(
        [SUPERFACTORY, "up", "--sites", "1", "--listen", "127.0.0.1:7493", "--state", str(folder / "state")],
        stdout=subprocess.PIPE, text=True,
    )
    try:
        for line in factory.stdout or []:
            if "Ctrl-C" in line:
                break
        islands = []
        for seed in seeds:
            job = one_site_job(seed, steps, folder)
            ended = subprocess.run(
                [SUPERFACTORY, "--control", "http://127.0.0.1:7493", "submit", str(job), "--follow", "--json"],
                check=True, stdout=subprocess.PIPE, text=True,
            )
            islands.append(json.loads(ended.stdout)["islands"][0]["result"])
        return islands
    finally:
        factory.send_signal(signal.SIGTERM)
        factory.wait(timeout=60)


def spread(values: list[float]) -> str:
    """Median, least and greatest."""
    return f"{statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def main() -> None:
    """Runs every cell and prints what came of it."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seeds", default="1,2,3", help="seeds, joined by commas")
    arguments.add_argument("--steps", type=int, default=400, help="steps of each site")
    arguments.add_argument("--json", type=pathlib.Path, help="also write every figure here")
    options = arguments.parse_args()
    seeds = [int(seed) for seed in options.seeds.split(",")]
    with tempfile.TemporaryDirectory(prefix="superfactory-bench-") as name:
        folder = pathlib.Path(name)
        two = [two_sites(seed, options.steps, folder) for seed in seeds]
        one = one_site(seeds, options.steps, folder)

    print("| seed | one site | two sites | two ÷ one | WAN bytes, every-step ÷ sent | time in steps | seconds |")
    print("|---|---|---|---|---|---|---|")
    ratios = []
    for seed, alone, together in zip(seeds, one, two):
        loss_one, loss_two = alone["values"]["validation_loss_final"], together["loss"]["final"]
        ratios.append(loss_two / loss_one)
        print(
            f"| {seed} | {loss_one:.3f} | {loss_two:.3f} | {ratios[-1]:.3f} "
            f"| {together['wan']['bytes_every_step'] / together['wan']['bytes']:.1f} "
            f"| {together['step_time_share']['mean']:.3f} | {together['seconds']:.0f} |"
        )
    print(f"\ntwo ÷ one: {spread(ratios)}")
    if options.json:
        options.json.write_text(json.dumps({"steps": options.steps, "seeds": seeds, "one_site": one, "two_sites": two}, indent=2) + "\n")


if __name__ == "__main__":
    main()
