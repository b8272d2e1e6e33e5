"""Every number of every model is bounded where it is declared, so that columns and dates can hold it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

import beffroi_content
from beffroi_content.model.base_models import MAX_WHOLE_NUMBER, StrictModel, WireModel
from beffroi_content.wire.plays import PlayLogBatch
from beffroi_content.wire.reports import PlayerReport, PlayerStatus, ReceiptBatch

LOWER, UPPER = {"minimum", "exclusiveMinimum"}, {"maximum", "exclusiveMaximum"}
FIXED = {"enum", "const"}


def content_models() -> list[type[BaseModel]]:
    """Return every model of the language that server and player share."""
    for module in pkgutil.walk_packages(beffroi_content.__path__, f"{beffroi_content.__name__}."):
        importlib.import_module(module.name)
    found: list[type[BaseModel]] = []
    waiting: list[type[BaseModel]] = [WireModel, StrictModel]
    while waiting:
        each = waiting.pop()
        waiting += each.__subclasses__()
        if each.__module__.startswith("beffroi_content."):
            found.append(each)
    return sorted(set(found), key=lambda model: f"{model.__module__}.{model.__name__}")


def unbounded(schema: Any, path: str = "") -> Iterator[str]:
    """Yield where a schema allows a number of any size."""
    if isinstance(schema, list):
        for each in schema:
            yield from unbounded(each, path)
    if not isinstance(schema, dict):
        return
    if schema.get("type") in {"integer", "number"} and not FIXED & schema.keys():
        if not (LOWER & schema.keys() and UPPER & schema.keys()):
            yield path
        elif schema["type"] == "integer":
            limits = [schema[name] for name in LOWER | UPPER if name in schema]
            if max(map(abs, limits)) > MAX_WHOLE_NUMBER:
                yield path
    for name, each in schema.items():
        yield from unbounded(each, f"{path}.{name}")


@pytest.mark.parametrize("model", content_models(), ids=lambda model: model.__name__)
def test_every_number_has_its_limits(model):
    assert list(unbounded(model.model_json_schema())) == []


def test_a_number_without_limits_would_be_found():
    class Careless(BaseModel):
        number: int
        numbers: dict[str, tuple[int, ...]]
        share: float | None = None

    assert len(list(unbounded(Careless.model_json_schema()))) == 3


REPORT = {"boot": "b", "number": 1, "at_ms": 1, "clock": "trusted", "link": "live"}
PLAY = {"number": 1, "started_at_ms": 1, "lasted_ms": 1, "clock": "trusted"}
RECEIPT = {
    "stream": "all/alerts", "sequence": 1, "received_at_ms": 1, "presented_at_ms": 1, "latency_ms": 1.0,
    "frame": "a" * 64, "clock": "trusted",
}  # fmt: skip


@pytest.mark.parametrize("number", [2**53, 2**63, 10**30, -1, 1e300])
@pytest.mark.parametrize(
    ("model", "body"),
    [
        pytest.param(PlayerStatus, lambda n: {"online": True, "boot": "b", "connection": n}, id="connection"),
        pytest.param(PlayerReport, lambda n: REPORT | {"number": n}, id="report"),
        pytest.param(PlayerReport, lambda n: REPORT | {"alerts": {"all/alerts": n}}, id="alerts"),
        pytest.param(PlayerReport, lambda n: REPORT | {"health": {"disk_free_mb": n}}, id="health"),
        pytest.param(PlayLogBatch, lambda n: {"plays": [PLAY | {"number": n}]}, id="play"),
        pytest.param(PlayLogBatch, lambda n: {"plays": [PLAY | {"lasted_ms": n}]}, id="length"),
        pytest.param(PlayLogBatch, lambda n: {"lost": [[1, n]]}, id="lost"),
        pytest.param(ReceiptBatch, lambda n: {"boot": "b", "receipts": [RECEIPT | {"sequence": n}]}, id="receipt"),
    ],
)
def test_what_no_column_holds_is_refused(model, body, number):
    with pytest.raises(ValidationError):
        model.model_validate(body(number))
