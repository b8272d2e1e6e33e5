"""Values that are read from the database at most once while a page that changes nothing is answered."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Value = TypeVar("Value")

_known: ContextVar[dict[Hashable, Any] | None] = ContextVar("known", default=None)


@contextmanager
def one_reading(known: Mapping[Callable[[], Any], Any] | None = None) -> Iterator[None]:
    """Have functions with :func:`read_once` remember what they return until the block is left.

    Args:
        known: What some of them return that take no arguments, where it was read before.
    """
    answers: dict[Hashable, Any] = {
        (inspect.unwrap(function), (), ()): value for function, value in (known or {}).items()
    }
    reset = _known.set(answers)
    try:
        yield
    finally:
        _known.reset(reset)


def read_once(function: Callable[Arguments, Value]) -> Callable[Arguments, Value]:
    """Have a function answer the same question once within :func:`one_reading`; elsewhere it asks each time.

    Its arguments are hashable. All callers are given the same value, which they leave as it is.
    """

    @wraps(function)
    def remembered(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Value:
        known = _known.get()
        if known is None:
            return function(*args, **kwargs)
        key = (function, args, tuple(sorted(kwargs.items())))
        if key not in known:
            known[key] = function(*args, **kwargs)
        found: Value = known[key]
        return found

    return remembered
