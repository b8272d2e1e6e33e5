"""A contract for import-linter: no module imports one that imports it, directly or by way of others.

An import in a function counts, too: it hides a circle from Python, and not from whoever reads the code.
"""

from __future__ import annotations

from collections.abc import Iterator

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, output


def circles(graph: ImportGraph) -> Iterator[tuple[str, ...]]:
    """Yield each circle once, as a chain of modules that begins and ends with the same."""
    found = set()
    for importer, imported in sorted(_entangled(graph)):
        back = graph.find_shortest_chain(importer=imported, imported=importer)
        if back is not None and frozenset(back) not in found:
            found.add(frozenset(back))
            yield importer, *back


def _entangled(graph: ImportGraph) -> set[tuple[str, str]]:
    """Return the imports that are left once all modules are taken away that import nothing, or nobody imports."""
    left = {(one, other) for one in graph.modules for other in graph.find_modules_directly_imported_by(one)}
    while True:
        importers, imported = {one for one, _ in left}, {other for _, other in left}
        fewer = {(one, other) for one, other in left if one in imported and other in importers}
        if fewer == left:
            return left
        left = fewer


class NoCircles(Contract):
    """Forbids every circle of the graph; it takes no options."""

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Look for circles."""
        found = list(circles(graph))
        return ContractCheck(kept=not found, metadata={"circles": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Say who imports whom."""
        for circle in check.metadata["circles"]:
            output.print_error(" → ".join(circle))
        output.print_error("Put what both need into a module of its own.")
