"""What is on the programmes, and what had to be left out."""

from __future__ import annotations

from beffroi_server.programme import compile as compiling
from beffroi_server.programme.compile import Problem
from beffroi_server.screens.models import Screen


def problems(screen: Screen) -> tuple[Problem, ...]:
    """Return what the screen does not show although a rule says so; or why its programme cannot be sent at all."""
    try:
        return compiling.compile_manifest(compiling.load_inputs(screen)).problems
    except compiling.CompileProblem as problem:
        return (Problem("", screen.name, problem.code, problem.message),)
