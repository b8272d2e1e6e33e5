"""The glossary has each term once, and the words that it forbids are in no name of the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
TERMS, _, RETIRED = GLOSSARY.partition("## Words that are not used")
FORBIDDEN = {
    word.strip()
    for row in re.findall(r"^\| ([^|(]+) \|", RETIRED, re.MULTILINE)
    for word in row.split(",")
    if row not in ("not", "---")
}
"""The words of the first column; a row with a note in brackets forbids only one meaning, which no test can tell."""
SIDES = ("content", "player", "server", "provisioning")


def words_of(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name)}


def named(path: Path) -> Iterator[str]:
    yield path.stem
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


def test_each_term_has_one_row_with_meaning_and_french() -> None:
    rows = [row.split(" | ") for row in re.findall(r"^\| (.+) \|$", TERMS, re.MULTILINE) if not row.startswith("term ")]
    assert {len(row) for row in rows} == {3}
    names = [row[0].lower() for row in rows]
    assert len(names) > 150
    assert sorted(name for name in names if names.count(name) > 1) == []


@pytest.mark.parametrize("side", SIDES)
def test_no_name_uses_a_word_that_the_glossary_forbids(side: str) -> None:
    paths = [path for path in (ROOT / side).rglob("*.py") if "migrations" not in path.parts]
    assert paths
    assert len(FORBIDDEN) > 20
    found = {
        f"{path.relative_to(ROOT)}: {name}" for path in paths for name in named(path) if words_of(name) & FORBIDDEN
    }
    assert sorted(found) == []
