#!/usr/bin/env python3
"""What checkpoints cost: steps a second of a run that writes and copies them against the same run without, in alternating blocks.

Starts a factory of its own in a temporary directory, with one island on one thread at each of two sites. A block is a job of
its own that is cancelled when it has been measured. Checkpoints may come more often than one a minute, so that what each
costs stands out of the noise: the share at one a minute is then that much less.
"""
from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent

JOB = """name: checkpoint-cost
sites: [wisconsin, atlanta]
trainer: {{recipe: pretrain, model: {{layers: 8, hidden: 512, heads: 8, context: 128}}, batch: {batch}}}
data: {{corpus: dotnet-docs}}
sync: {{mode: diloco, every: {merge_every}}}
checkpoint: {{every: {every}, copies: {copies}}}
island: {{threads: 1}}
budget: {{steps: 1000000}}
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=10, help="seconds between checkpoints; default 10")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of a block, after its warm-up; default 60")
    parser.add_argument("--blocks", type=int, default=3, help="blocks of each kind; default 3")
    parser.add_argument("--merge-every", type=int, default=5, help="steps between merges; default 5")
    parser.add_argument("--batch", type=int, default=4, help="samples of 128 tokens in a step of each site; default 4")
    parser.add_argument("--copies", type=int, default=2, help="sites that each checkpoint is to lie at; default 2")
    parser.add_argument("--program", default=str(HOME / "superfactory"), help="the superfactory command")
    parser.add_argument("--json", help="also write the figures to this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="superfactory-checkpoints-") as directory:
        address = f"127.0.0.1:{free_port()}"
        environment = {**os.environ, "SUPERFACTORY_HOME": str(HOME)}
        up = subprocess.Popen(
            [options.program, "up", "--sites", "2", "--listen", address, "--wan", "none", "--state", f"{directory}/state", "--data", f"{directory}/data"],
            env=environment, stdout=subprocess.PIPE, text=True)
        try:
            # The corpus is there when it says how it is stopped.
            for line in up.stdout or []:
                if "Ctrl-C" in line:
                    break
            figures = measure(f"http://{address}", options)
        finally:
            up.send_signal(signal.SIGINT)
            up.wait()
    print(json.dumps(figures, indent=2))
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    return 0


def measure(control: str, options: argparse.Namespace) -> dict:
    with_them, without, written, bytes_each = [], [], 0, 0
    for _ in range(options.blocks):
        for every, rates in ((0, without), (options.every, with_them)):
            job = post(f"{control}/v1/jobs?file=checkpoint-cost.yaml", JOB.format(every=every, merge_every=options.merge_every, batch=options.batch, copies=options.copies).encode())["id"]
            rate, checkpoints = block(control, job, options.seconds)
            rates.append(rate)
            written += sum(1 for each in checkpoints if each["number"] > 0) and max(each["number"] for each in checkpoints)
            bytes_each = max([bytes_each] + [each["bytes"] for each in checkpoints])
            sys.stderr.write(f"checkpoints every {every} s: {rate:.4f} steps/s\n")
    lost = [1 - one / other for one, other in zip(with_them, without)]
    per_checkpoint = statistics.median(lost) * options.every
    return {
        "every_seconds": options.every, "block_seconds": options.seconds, "steps_per_second_without": without, "steps_per_second_with": with_them,
        "share_lost": statistics.median(lost), "share_lost_min": min(lost), "share_lost_max": max(lost),
        "seconds_lost_per_checkpoint": per_checkpoint, "share_lost_at_one_a_minute": per_checkpoint / 60,
        "checkpoints": written, "checkpoint_bytes": bytes_each,
    }


def block(control: str, job: int, seconds: float) -> "tuple[float, list]":
    """Steps a second of both islands together, from the third merge on; then the job is cancelled."""
    wait(lambda: state(control, job) in ("failed", "completed") or min([len(series) for series in merges(control, job).values()] or [0]) >= 3, 300)
    if state(control, job) == "failed":
        raise SystemExit(get(f"{control}/v1/jobs/{job}")["reason"])
    began = {site: series[-1] for site, series in merges(control, job).items()}
    time.sleep(seconds)
    ended = {site: series[-1] for site, series in merges(control, job).items()}
    checkpoints = get(f"{control}/v1/jobs/{job}/checkpoints")["items"]
    post(f"{control}/v1/jobs/{job}/cancel", b"")
    wait(lambda: not any(site["jobs"] for site in get(f"{control}/v1/sites")), 60)
    return sum((ended[site][0] - began[site][0]) / ((ended[site][1] - began[site][1]) / 1000) for site in began), checkpoints


def state(control: str, job: int) -> str:
    return get(f"{control}/v1/jobs/{job}")["state"]


def merges(control: str, job: int) -> "dict[str, list]":
    """For each island the step and the time of each merge, by the bridge's word."""
    series: "dict[str, list]" = {}
    after = 0
    while True:
        page = get(f"{control}/v1/jobs/{job}/measurements?after={after}&limit=10000")
        for item in page["items"]:
            if "merge_seconds" in item["values"]:
                series.setdefault(item["island"], []).append((item["step"], item["unix_milliseconds"]))
        if not page["items"]:
            return series
        after = page["next"]


def wait(condition, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if condition():
                return
        except OSError:
            pass  # the control plane is not there yet
        time.sleep(0.25)
    raise SystemExit(f"waited {seconds:.0f} s in vain")


def get(url: str):
    with urllib.request.urlopen(url, timeout=30) as reply:
        return json.load(reply)


def post(url: str, body: bytes):
    request = urllib.request.Request(url, data=body, method="POST", headers={"Content-Type": "application/yaml"})
    with urllib.request.urlopen(request, timeout=30) as reply:
        text = reply.read()
        return json.loads(text) if text else {}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


if __name__ == "__main__":
    sys.exit(main())
