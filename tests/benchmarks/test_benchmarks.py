"""Every benchmark has the one form. What they measure is nobody's business here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
KEYS = ["name", "value", "unit", "goal", "limit", "ratio"]
NAMES = sorted(
    path.stem for path in (CHECKOUT / "benchmarks").glob("*.py") if "\ndef measure(" in path.read_text(encoding="utf-8")
)


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments], cwd=CHECKOUT, capture_output=True, text=True, timeout=300,
        check=False,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["timeline", "raster"])
def test_the_last_line_is_one_object_for_programs(name):
    done = run(name, "--quick")
    assert (done.returncode, done.stderr) == (0, "")
    figure = json.loads(done.stdout.splitlines()[-1])
    assert list(figure) == KEYS
    assert figure["name"] == name
    assert figure["ratio"] == pytest.approx(figure["value"] / figure["limit"], rel=0.01)
    assert "prove nothing" in done.stdout


def test_help_lists_every_benchmark_with_a_line_that_explains_it():
    said = run("--help").stdout
    assert NAMES
    for name in NAMES:
        line = next(line for line in said.splitlines() if line.strip().startswith(f"{name} "))
        assert len(line.split()) > 5


def test_an_unknown_name_is_answered_with_those_that_exist():
    done = run("alert_to_moon")
    assert done.returncode == 2
    assert "timeline" in done.stderr


def test_the_documentation_explains_every_benchmark():
    text = (CHECKOUT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert [name for name in NAMES if f"`{name}`" not in text] == []
