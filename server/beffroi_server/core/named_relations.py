"""Rows that others name, such as the groups and screens of alerts or the tags of an announcement, by one query."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import F, Model, QuerySet, TextField, Value
from django.db.models.functions import Cast


def read_names(*wanted: tuple[Sequence[Model], str]) -> None:
    """Read many-to-many relations as ``prefetch_related`` does, all of them by one query.

    Of each row that is found, its key, its name, and its slug where it has one, are known; whoever asks for more asks
    the database.

    Args:
        wanted: Saved rows of one model, and the name of their relation to rows with a name; what was read before is
            left as it is.
    """
    missing = [([row for row in rows if name not in _known(row)], name) for rows, name in wanted]
    relations = [(rows, name) for rows, name in missing if rows]
    if not relations:
        return
    parts = [_part(number, rows, name) for number, (rows, name) in enumerate(relations)]
    joined = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
    found: defaultdict[tuple[int, str], list[Model]] = defaultdict(list)
    for number, owner, _by, key, text, slug in joined.order_by("sorted_by", "key"):
        related = _related(*relations[number])
        known = {"id": key, "name": text} | ({"slug": slug} if _has_slug(related) else {})
        names = [field.attname for field in related._meta.concrete_fields if field.attname in known]
        row = related.from_db(DEFAULT_DB_ALIAS, names, [known[each] for each in names])
        found[number, owner.replace("-", "")].append(row)
    for number, (rows, name) in enumerate(relations):
        for row in rows:
            keep_read(row, name, found[number, str(row.pk).replace("-", "")])


def keep_read(row: Model, name: str, found: list[Any]) -> None:
    """Have a relation of a row be what was read of it elsewhere, in its order, as ``prefetch_related`` does."""
    manager: Any = getattr(row, name)
    read = manager.get_queryset()
    read._result_cache = found
    read._prefetch_done = True
    _known(row)[name] = read


def _known(row: Any) -> dict[str, Any]:
    """Return what was read of the relations of a row, where Django looks for it."""
    if not hasattr(row, "_prefetched_objects_cache"):
        row._prefetched_objects_cache = {}
    known: dict[str, Any] = row._prefetched_objects_cache
    return known


def _related(rows: Sequence[Model], name: str) -> Any:
    return rows[0]._meta.get_field(name).related_model


def _has_slug(related: Any) -> bool:
    return any(field.name == "slug" for field in related._meta.concrete_fields)


def _part(number: int, rows: Sequence[Model], name: str) -> QuerySet[Any, Any]:
    relation: Any = rows[0]._meta.get_field(name)
    declared = relation.remote_field if relation.auto_created else relation
    owner, other = declared.m2m_field_name(), declared.m2m_reverse_field_name()
    if relation.auto_created:
        # It is declared on the other side.
        owner, other = other, owner
    related = relation.related_model
    links = declared.remote_field.through._default_manager.filter(**{f"{owner}__in": [row.pk for row in rows]})
    annotated: QuerySet[Any, Any] = links.order_by().annotate(
        relation=Value(number),
        owner=Cast(owner, TextField()),
        sorted_by=F(f"{other}__{related._meta.ordering[0]}"),
        key=F(f"{other}__pk"),
        text=F(f"{other}__name"),
        slug=F(f"{other}__slug") if _has_slug(related) else Value(""),
    )
    return annotated.values_list("relation", "owner", "sorted_by", "key", "text", "slug")
