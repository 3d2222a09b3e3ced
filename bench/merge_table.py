#!/usr/bin/env python3
"""Runs `superfactory bench merge` over every cell of docs/benchmarks.md: figures to one JSON file, and a table in Markdown.

    bench/merge_table.py --json FILE [--markdown FILE] [--only WORD ...] [--repeat 7] [--superfactory PROGRAM]

Needs root for the cells with a link. A cell that fails is kept with its message, and the exit code is 1.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent

# What is to be reached: of the link, times as fast as Gloo, or times as fast as another cell of the same run.
CELLS = [
    {"name": "4MiB-100mbit", "arguments": ["--mib", "4", "--wan", "100mbit,20ms", "--peer", "gloo"], "link": 0.80, "ratio": 1.0},
    {"name": "64MiB-100mbit", "arguments": ["--mib", "64", "--wan", "100mbit,20ms", "--peer", "gloo"], "link": 0.92, "ratio": 1.0},
    {"name": "4MiB-1gbit", "arguments": ["--mib", "4", "--wan", "1gbit,20ms", "--peer", "gloo"], "link": 0.48, "ratio": 1.0},
    {"name": "64MiB-1gbit", "arguments": ["--mib", "64", "--wan", "1gbit,20ms", "--peer", "gloo"], "link": 0.87, "ratio": 1.0},
    {"name": "256MiB-1gbit", "arguments": ["--mib", "256", "--wan", "1gbit,20ms", "--peer", "gloo"], "link": 0.92, "ratio": 1.0},
    {"name": "64MiB-1gbit-loss", "arguments": ["--mib", "64", "--wan", "1gbit,20ms", "--loss", "0.1%", "--peer", "gloo"], "link": 0.80, "ratio": 1.0},
    {"name": "256MiB-loopback", "arguments": ["--mib", "256", "--wan", "none", "--peer", "gloo"], "ratio": 1.5},
    {"name": "64MiB-100mbit-e3m0", "arguments": ["--mib", "64", "--wan", "100mbit,20ms", "--format", "e3m0"], "faster": ("64MiB-100mbit", 6.5)},
    {"name": "64MiB-100mbit-4", "arguments": ["--mib", "64", "--wan", "100mbit,20ms", "--islands", "4"], "busier": 0.90},
]

HEADING = ["cell", "median s", "min–max s", "of the link", "busier direction", "Gloo s", "Gloo of the link", "× Gloo", "to reach", "reached"]


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", required=True, help="all figures")
    parser.add_argument("--markdown", help="the table; standard output unless given")
    parser.add_argument("--only", nargs="*", default=[], help="cells whose name contains one of the words")
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--superfactory", default=str(ROOT / "superfactory"))
    return parser.parse_args(arguments)


def measure(cell, options):
    """The report of one cell, or why there is none."""
    with tempfile.TemporaryDirectory() as directory:
        file = pathlib.Path(directory) / "figures.json"
        command = [options.superfactory, "bench", "merge", *cell["arguments"], "--repeat", str(options.repeat), "--seed", str(options.seed), "--json", str(file)]
        print(" ".join(command[1:]), file=sys.stderr, flush=True)
        ran = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
        if ran.returncode != 0:
            return {"failed": (ran.stderr.strip().splitlines() or ["no message"])[-1], "exit_code": ran.returncode}
        return json.loads(file.read_text())


def goals(cell, reports):
    """What is to be reached, each as (words, figure, goal); a figure is None where it was not measured."""
    report = reports[cell["name"]]
    if "link" in cell:
        yield f"{cell['link']:.2f} of the link", report.get("link_utilization"), cell["link"]
    if "ratio" in cell:
        yield f"{cell['ratio']:.1f} × Gloo", report.get("ratio"), cell["ratio"]
    if "busier" in cell:
        directions = report.get("busier_direction")
        yield f"{cell['busier']:.2f} in the busier direction", min(directions.values()) if directions else None, cell["busier"]
    if "faster" in cell:
        other, times = cell["faster"]
        mine, theirs = report.get("seconds_median"), reports.get(other, {}).get("seconds_median")
        yield f"{times:.1f} × as fast as {other}", theirs / mine if mine and theirs else None, times


def verdict(figure, goal):
    return "not measured" if figure is None else "yes" if figure >= goal else f"no: {figure:.3f}"


def row(cell, reports):
    report = reports[cell["name"]]
    wanted = list(goals(cell, reports))
    to_reach = ", ".join(words for words, _, _ in wanted)
    if "failed" in report:
        return [cell["name"], *[""] * 7, to_reach, f"failed: {report['failed']}"]
    peer, directions = report.get("peer", {}), report.get("busier_direction")
    return [
        cell["name"],
        number(report["seconds_median"]),
        f"{report['seconds_min']:.3f}–{report['seconds_max']:.3f}",
        number(report.get("link_utilization")),
        number(min(directions.values()) if directions else None),
        number(peer.get("seconds_median")),
        number(peer.get("link_utilization")),
        number(report.get("ratio"), 2),
        to_reach,
        ", ".join(verdict(figure, goal) for _, figure, goal in wanted),
    ]


def number(value, digits=3):
    return "" if value is None else f"{value:.{digits}f}"


def table(cells, reports):
    lines = [HEADING, ["---"] * len(HEADING), *(row(cell, reports) for cell in cells)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main(arguments):
    options = parse(arguments)
    cells = [cell for cell in CELLS if not options.only or any(word in cell["name"] for word in options.only)]
    if not cells:
        print(f"merge_table.py: no cell's name contains {' or '.join(options.only)}: there are {', '.join(cell['name'] for cell in CELLS)}", file=sys.stderr)
        return 2
    reports = {}
    for cell in cells:
        reports[cell["name"]] = measure(cell, options)
        pathlib.Path(options.json).write_text(json.dumps(reports, indent=2) + "\n")
    text = table(cells, reports)
    if options.markdown:
        pathlib.Path(options.markdown).write_text(text)
    else:
        print(text, end="")
    return 1 if any("failed" in report for report in reports.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
