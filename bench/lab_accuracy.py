#!/usr/bin/env python3
"""Measures how true the laboratory's links are to what is asked of them, with ping and iperf3, and prints a table.

    sudo bench/lab_accuracy.py [--seconds 10] [--pings 500] [--busy N] [--congestion-control NAME] [--json FILE]

Two links, both directions at once: 100 Mbit/s with packets of 1,500 bytes and 1 Gbit/s with packets of 9,000, each over 20 ms round trip.
What a link carries is counted by the laboratory while more UDP than it carries is sent both ways. What TCP makes of it stands beside that.
Rates are of IP packets: iperf3's bytes with the 52 bytes of headers that each of its segments has (IPv4 20, TCP 20, time stamps 12), and the
laboratory's own count, which has the acknowledgements of the other direction too. The first two seconds, in which TCP finds the rate, are left
out of iperf3's. Four connections each way, by the machine's own congestion control unless another is named. --busy N keeps N processes at a nice value of 10 computing beside it. Needs root, ping (iputils-ping) and iperf3.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SUPERFACTORY = os.environ.get("SUPERFACTORY", str(ROOT / "superfactory"))
LINKS = [("100mbit", 100e6, 1500), ("1gbit", 1e9, 9000)]
ROUND_TRIP_MS = 20.0
HEADERS = 52
STREAMS = 4
WARM_UP_SECONDS = 2
UDP_HEADERS = 28
OVERLOAD = 1.1


def superfactory(*arguments: str) -> str:
    """Runs the program; what it wrote."""
    return subprocess.run([SUPERFACTORY, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


def status(lab: str) -> dict:
    """How the laboratory is."""
    return json.loads(superfactory("lab", "status", "--lab", lab, "--json"))


def round_trips(lab: str, count: int) -> list[float]:
    """Round trips on an idle link in milliseconds, sorted; what was lost is missing."""
    said = subprocess.run(
        [SUPERFACTORY, "lab", "run", "--lab", lab, "wisconsin", "--", "ping", "-i", "0.01", "-c", str(count), "atlanta"],
        check=True, stdout=subprocess.PIPE, text=True,
    ).stdout
    return sorted(float(value) for value in re.findall(r"time=([0-9.]+)", said))


def throughput(lab: str, seconds: int, traffic: list[str]) -> tuple[dict, list[float], float]:
    """iperf3's report of such traffic, the rate of each direction by the laboratory's count in bit/s, and the fibre's share of a core."""
    server = subprocess.Popen(
        [SUPERFACTORY, "lab", "run", "--lab", lab, "atlanta", "--", "iperf3", "--server", "--one-off"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    time.sleep(1.5)
    client = subprocess.Popen(
        [SUPERFACTORY, "lab", "run", "--lab", lab, "wisconsin", "--", "iperf3", "--client", "atlanta", "--bidir", "--json",
         "--omit", str(WARM_UP_SECONDS), "--time", str(seconds), *traffic],
        stdout=subprocess.PIPE, text=True,
    )
    time.sleep(WARM_UP_SECONDS + 1.5)
    before = status(lab)
    time.sleep(seconds - 3)
    after = status(lab)
    took = after["clock_seconds"] - before["clock_seconds"]
    report = json.loads(client.communicate(timeout=120)[0])
    server.wait(timeout=30)
    ways = [(link_before[way], link_after[way])
            for link_before, link_after in zip(before["links"], after["links"]) for way in ("there", "back")]
    rates = [(now["bytes"] - then["bytes"]) * 8 / took for then, now in ways]
    return report, rates, (after["fibre_processor_seconds"] - before["fibre_processor_seconds"]) / took


def measure(bandwidth: str, rate: float, mtu: int, arguments: argparse.Namespace, folder: pathlib.Path) -> dict:
    """One link from its coming up to its going."""
    lab = f"accuracy-{bandwidth}"
    file = folder / f"{lab}.yaml"
    file.write_text(
        f"sites: [wisconsin, atlanta]\nlinks: [{{between: [wisconsin, atlanta], bandwidth: {bandwidth}, rtt: {ROUND_TRIP_MS}ms, mtu: {mtu}}}]\n")
    superfactory("lab", "up", str(file))
    try:
        times = round_trips(lab, arguments.pings)
        control = arguments.congestion_control
        _, full, _ = throughput(lab, arguments.seconds, ["--udp", "--length", str(mtu - UDP_HEADERS), "--bandwidth", str(int(OVERLOAD * rate))])
        report, counted, share = throughput(lab, arguments.seconds, ["--parallel", str(STREAMS), *(["--congestion", control] if control else [])])
    finally:
        superfactory("lab", "down", "--lab", lab)
    payload = [report["end"][way]["bits_per_second"] for way in ("sum_received", "sum_received_bidir_reverse")]
    return {
        "bandwidth": bandwidth, "mtu": mtu, "rtt_asked_ms": ROUND_TRIP_MS, "pings": len(times),
        "rtt_median_ms": statistics.median(times), "rtt_p99_ms": times[int(len(times) * 0.99)],
        "rate": [round(bits / rate, 4) for bits in full],
        "rate_by_iperf3": [round(bits * mtu / (mtu - HEADERS) / rate, 4) for bits in payload],
        "rate_by_lab": [round(bits / rate, 4) for bits in counted],
        "fibre_cores": round(share, 3), "load_average": os.getloadavg()[0],
    }


def main() -> int:
    """Measures both links."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=10, help="of traffic after the warm-up, at least 5")
    parser.add_argument("--pings", type=int, default=500)
    parser.add_argument("--busy", type=int, default=0, metavar="N", help="processes that compute beside it, nice 10")
    parser.add_argument("--congestion-control", metavar="NAME")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        print("lab_accuracy.py: the laboratory needs root. Run it as root, such as with sudo.", file=sys.stderr)
        return 3

    # An end by force still takes the laboratory down.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    busy = [subprocess.Popen(["nice", "-n", "10", sys.executable, "-c", "while True: pass"]) for _ in range(arguments.busy)]
    try:
        with tempfile.TemporaryDirectory() as folder:
            rows = [measure(*link, arguments, pathlib.Path(folder)) for link in LINKS]
    finally:
        for process in busy:
            process.kill()
            process.wait()

    print("| link | MTU | RTT asked | median | p99 | carries, there / back | TCP by iperf3 | TCP by the lab | fibre, cores | load |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for row in rows:
        print(f"| {row['bandwidth']} | {row['mtu']} | {row['rtt_asked_ms']:.0f} ms | {row['rtt_median_ms']:.2f} | {row['rtt_p99_ms']:.2f} "
              f"| {' / '.join(f'{share:.3f}' for share in row['rate'])} "
              f"| {' / '.join(f'{share:.3f}' for share in row['rate_by_iperf3'])} | {' / '.join(f'{share:.3f}' for share in row['rate_by_lab'])} "
              f"| {row['fibre_cores']:.2f} | {row['load_average']:.1f} |")
    if arguments.json:
        arguments.json.write_text(json.dumps({"links": rows}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
