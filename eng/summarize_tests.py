"""Adds up the JUnit reports of every suite and prints the closing line that ./test promises."""

from __future__ import annotations

import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def count(report: pathlib.Path) -> tuple[int, int, int]:
    """Passed, failed and skipped test cases of one report."""
    passed = failed = skipped = 0
    for case in ElementTree.parse(report).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is not None:
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def main(directory: pathlib.Path) -> int:
    """A suite that began and left no report counts as one failed test: it crashed or could not start."""
    totals = [0, 0, 0]
    for started in sorted(directory.glob("*.started")):
        report = started.with_suffix(".xml")
        try:
            counts = count(report)
        except (OSError, ElementTree.ParseError) as error:
            print(f"{started.stem}: ended without a readable report ({error})")
            counts = (0, 1, 0)
        totals = [total + value for total, value in zip(totals, counts)]
    passed, failed, skipped = totals
    if passed + failed == 0:
        print("no test ran: no suite's name contains what was asked for")
        failed = 1
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
