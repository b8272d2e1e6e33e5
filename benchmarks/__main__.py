"""Run one benchmark, or all of them: ``python -m benchmarks [NAME] [--quick]``.

A benchmark is a module of this folder with ``measure(options) -> Result``; its docstring explains it.
"""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from beffroi_content.large_pages import TUNABLES, with_large_pages
from benchmarks.form import Options, Result, number, table


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for. Return 0, or 1 if a benchmark could not be run."""
    found = discovered()
    options = _parser(found).parse_args(arguments)
    chosen = [options.name] if options.name else list(found)
    missing = [name for name in chosen if not _run(name, found[name], Options(quick=options.quick))]
    if missing:
        print(f"Not measured: {', '.join(missing)}", file=sys.stderr)
    return 1 if missing else 0


def discovered() -> dict[str, ModuleType]:
    """Return every benchmark by name."""
    names = sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    modules = {name: importlib.import_module(f"benchmarks.{name}") for name in names if name != "__main__"}
    return {name: module for name, module in modules.items() if hasattr(module, "measure")}


def _parser(found: dict[str, ModuleType]) -> argparse.ArgumentParser:
    lines = [f"  {name:<24}{_title(module)}" for name, module in found.items()]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure, beside what the machine could do at best.",
        epilog="\n".join(["benchmarks:", *lines]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="?", choices=found, metavar="NAME", help="one benchmark (all)")
    parser.add_argument("--quick", action="store_true", help="few repetitions: only to see that it works")
    return parser


def _title(module: ModuleType) -> str:
    return (module.__doc__ or "").partition("\n")[0]


def _run(name: str, module: ModuleType, options: Options) -> bool:
    print(f"== {name}\n\n{(module.__doc__ or '').strip()}\n", flush=True)
    try:
        result: Result = module.measure(options)
    except OSError as error:
        print(f"{name} cannot be measured here: {error}\n", file=sys.stderr)
        return False
    print(_report(result, options))
    print(result.to_json(name), flush=True)
    return True


def _report(result: Result, options: Options) -> str:
    verdict = "reached" if result.value <= result.goal else "missed"
    unit = result.unit
    lines = [
        table(result.heading, result.rows),
        "",
        f"value  {number(result.value)} {unit}: {result.value_is}",
        f"goal   {number(result.goal)} {unit}: {verdict}",
        f"limit  {number(result.limit)} {unit}: {result.limit_is}",
        f"ratio  {number(result.ratio)} times the limit",
        f"on     {platform.machine()}, {platform.system()}, Python {platform.python_version()}",
    ]
    if options.quick:
        lines.append("       --quick: these figures prove nothing")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if TUNABLES not in os.environ:
        # As a player's processes are started; a C library reads it only when a process begins.
        os.execve(sys.executable, [sys.executable, "-m", "benchmarks", *sys.argv[1:]], with_large_pages(os.environ))  # noqa: S606
    sys.exit(main())
