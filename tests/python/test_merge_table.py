"""The table of merges: what counts as reached, and what a failed cell leaves of the others."""

import importlib.util
import json
import pathlib
import stat

ROOT = pathlib.Path(__file__).resolve().parents[2]
_spec = importlib.util.spec_from_file_location("merge_table", ROOT / "bench" / "merge_table.py")
merge_table = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(merge_table)

REPORT = {"seconds_median": 2.0, "seconds_min": 1.9, "seconds_max": 2.25, "link_utilization": 0.91, "ratio": 1.25,
          "peer": {"seconds_median": 2.5, "link_utilization": 0.73}}


def cell(name, **goals):
    return {"name": name, "arguments": [], **goals}


def test_cell_over_its_goals_is_reached():
    row = merge_table.row(cell("a", link=0.9, ratio=1.0), {"a": REPORT})

    assert row == ["a", "2.000", "1.900–2.250", "0.910", "", "2.500", "0.730", "1.25", "0.90 of the link, 1.0 × Gloo", "yes, yes"]


def test_cell_under_a_goal_says_by_which_figure():
    assert merge_table.row(cell("a", link=0.92, ratio=1.5), {"a": REPORT})[-1] == "no: 0.910, no: 1.250"


def test_slowest_island_counts_for_the_busier_direction():
    report = {**REPORT, "busier_direction": {"island-1": 0.95, "island-2": 0.89}}

    assert merge_table.row(cell("a", busier=0.9), {"a": report})[-1] == "no: 0.890"


def test_cell_is_compared_with_another_of_the_same_run():
    reports = {"a": {**REPORT, "seconds_median": 13.0}, "b": REPORT}

    assert merge_table.row(cell("b", faster=("a", 6.5)), reports)[-1] == "yes"
    assert merge_table.row(cell("b", faster=("a", 6.6)), reports)[-1] == "no: 6.500"
    assert merge_table.row(cell("b", faster=("c", 6.5)), reports)[-1] == "not measured"


def test_failed_cell_keeps_its_message_and_the_others_their_figures(tmp_path):
    program = tmp_path / "superfactory"
    program.write_text(
        "#!/bin/sh\n"
        'case "$*" in *" --mib 4 "*) echo "superfactory: it broke." >&2; exit 3;; esac\n'
        'while [ $# -gt 1 ]; do [ "$1" = --json ] && file=$2; shift; done\n'
        f"echo '{json.dumps(REPORT)}' > \"$file\"\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)

    code = merge_table.main(["--json", str(tmp_path / "all.json"), "--markdown", str(tmp_path / "table.md"), "--only", "MiB-1gbit", "--superfactory", str(program)])

    assert code == 1
    reports = json.loads((tmp_path / "all.json").read_text())
    assert reports["4MiB-1gbit"] == {"failed": "superfactory: it broke.", "exit_code": 3}
    assert reports["64MiB-1gbit"] == REPORT
    lines = (tmp_path / "table.md").read_text().splitlines()
    assert lines[2].endswith("| failed: superfactory: it broke. |")
    assert len(lines) == 2 + 4


def test_word_that_fits_no_cell_is_refused(tmp_path, capsys):
    assert merge_table.main(["--json", str(tmp_path / "all.json"), "--only", "terabit"]) == 2
    assert "no cell's name contains terabit" in capsys.readouterr().err
