"""Rows that were deleted a moment ago, kept as JSON so that they can be stored again with the same keys."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.core import serializers
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction


class RowsNotRestorable(Exception):
    """Rows can no longer be stored as they were: their name is taken, or what they refer to is gone."""


def snapshot_rows(rows: Sequence[models.Model]) -> list[dict[str, Any]]:
    """Return rows with their many-to-many relations, in the order in which they have to be stored again."""
    return list(json.loads(serializers.serialize("json", rows)))


def restore_rows(snapshot: list[dict[str, Any]]) -> list[models.Model]:
    """Store rows of a snapshot again, all or none, with the keys that they had.

    Raises:
        RowsNotRestorable: a key or a name is taken, or what a row refers to was deleted.
    """
    restored = []
    try:
        with transaction.atomic():
            for each in serializers.deserialize("python", snapshot, ignorenonexistent=True):
                row = each.object
                if type(row)._base_manager.filter(pk=row.pk).exists():
                    raise RowsNotRestorable(str(row))
                row.validate_unique()
                each.save(force_insert=True)
                row._state.adding = False
                restored.append(row)
    except (IntegrityError, ValidationError, serializers.base.DeserializationError) as fault:
        raise RowsNotRestorable(str(fault)) from fault
    return restored
