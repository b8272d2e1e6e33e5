"""The contract that forbids circles of imports finds each of them, and nothing else."""

from __future__ import annotations

import pytest
from grimp import ImportGraph
from scripts.circles import circles


def graph(*imports: str) -> ImportGraph:
    """Return a graph from words such as ``ab``: a imports b."""
    made = ImportGraph()
    for importer, imported in imports:
        made.add_import(importer=importer, imported=imported)
    return made


@pytest.mark.parametrize("imports", [(), ("ab", "bc", "ac"), ("ab", "ac", "bd", "cd")])
def test_a_tree_and_a_diamond_are_no_circles(imports):
    assert list(circles(graph(*imports))) == []


def test_two_that_need_each_other_are_named_once():
    assert list(circles(graph("ab", "ba", "ca", "bd"))) == [("a", "b", "a")]


def test_a_circle_by_way_of_others_is_named_with_all_of_them():
    assert list(circles(graph("ab", "bc", "cd", "da", "xa", "dy"))) == [("a", "b", "c", "d", "a")]


def test_circles_that_meet_are_all_named():
    assert set(circles(graph("ab", "ba", "bc", "cb"))) == {("a", "b", "a"), ("b", "c", "b")}
