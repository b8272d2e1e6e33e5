"""Reasons of verdicts: codes with values. ``reason_texts`` puts them into words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason; values fill the places of its sentence."""

    code: str
    values: tuple[tuple[str, str], ...] = ()


def reason(code: str, **values: object) -> Reason:
    """Return a reason."""
    return Reason(code, tuple((name, str(value)) for name, value in values.items()))
