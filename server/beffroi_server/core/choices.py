"""Choices of Django fields, derived from the enumerations that server and player share."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

Value = TypeVar("Value", bound=StrEnum)


def labelled_choices(labels: Mapping[Value, Any]) -> list[tuple[str, Any]]:
    """Return the ``choices`` of a field that holds a value of an enumeration, in the order of the labels.

    Args:
        labels: The translated label of every member of one enumeration.

    Raises:
        ValueError: a member has no label; found when the module of the model is imported.
    """
    unlabelled = set(type(next(iter(labels)))) - labels.keys()
    if unlabelled:
        raise ValueError(f"without a label: {', '.join(sorted(unlabelled))}")
    return [(member.value, label) for member, label in labels.items()]
