"""Reading of messages that hold many entries: an odd one costs itself only, not those beside it."""

from __future__ import annotations

import json
from typing import Any

from pydantic import ValidationError

from beffroi_content.model import WireModel
from beffroi_content.wire.plays import MOST_RANGES, PlayLogBatch
from beffroi_content.wire.reports import ReceiptBatch

_ENTRY_FIELDS: dict[type[WireModel], str] = {PlayLogBatch: "plays", ReceiptBatch: "receipts"}


def read_message(model: type[WireModel], payload: bytes) -> tuple[WireModel, str]:
    """Return a message, and in a sentence which of its entries were left out; empty where all were taken.

    A play that is left out counts as lost if its number can be read: it would be asked for for ever otherwise.

    Raises:
        ValidationError: more is wrong than some of the entries, or all of them are.
    """
    try:
        return model.model_validate_json(payload), ""
    except ValidationError as error:
        field = _ENTRY_FIELDS.get(model, "")
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        if any(len(fault["loc"]) < 2 or fault["loc"][0] != field for fault in faults):
            raise
        odd = {int(fault["loc"][1]): fault for fault in reversed(faults)}
        message = model.model_validate(_without_entries(json.loads(payload), field, odd.keys()), strict=False)
        first = min(odd)
        place = ".".join(map(str, odd[first]["loc"]))
        return message, f"{len(odd)} of its {field} were left out, the first since {place}: {odd[first]['msg']}"


def _without_entries(content: dict[str, Any], field: str, odd: Any) -> dict[str, Any]:
    kept = [entry for place, entry in enumerate(content[field]) if place not in odd]
    changed = content | {field: kept}
    if field == "plays":
        numbers = [entry.get("number") for place in odd if isinstance(entry := content[field][place], dict)]
        lost = [*(content.get("lost") or ()), *((number, number) for number in numbers if _is_number(number))]
        # Those above the limit are asked for again, and named then.
        changed["lost"] = lost[:MOST_RANGES]
    return changed


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**53
