"""Versions of announcements: what each save stored, by whom and when, and what differs between two of them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Field, ForeignKey
from django.utils.dateparse import parse_datetime

from beffroi_server.accounts.models import User
from beffroi_server.core.formatting import format_moment
from beffroi_server.library.models import Announcement, AnnouncementVersion, MediaItem
from beffroi_server.library.translations import summary_of

VERSIONS_KEPT = 50
"""Versions of an announcement that are kept: the newest."""
_OWN_FIELDS = {
    "id", "version", "updated_by", "created_by", "created_at", "updated_at", "archived_at", "folded_title",
    "folded_label", "search_text", "municipality",
}  # fmt: skip
_MORE_IMAGES = "more_pictures"


@dataclass(frozen=True)
class ValueChange:
    """A field that a version changed: its label, and its texts before and after."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class VersionChanges:
    """A version with what it changed in the one before it; without any where it is the oldest that is kept."""

    version: AnnouncementVersion
    changes: tuple[ValueChange, ...]


def version_fields() -> list[Field[Any, Any]]:
    """Return the fields whose values a version holds: all that an editor can change, but for further images."""
    return [field for field in Announcement._meta.concrete_fields if field.name not in _OWN_FIELDS]


def ensure_version(announcement: Announcement) -> None:
    """Record the state of before a change, where the announcement was not created by ``save_announcement``."""
    if not announcement._state.adding and not announcement.versions.exists():
        _store(announcement, announcement.updated_by, announcement.updated_at, None)


def record_version(announcement: Announcement, user: User | None, restored_from: int | None = None) -> None:
    """Record an announcement as it was just saved, and delete its oldest versions beyond ``VERSIONS_KEPT``."""
    _store(announcement, user, announcement.updated_at, restored_from)
    old = list(announcement.versions.values_list("pk", flat=True)[VERSIONS_KEPT : VERSIONS_KEPT + 10])
    if old:
        announcement.versions.filter(pk__in=old).delete()


def values_of(announcement: Announcement) -> dict[str, Any]:
    """Return the values of an announcement as JSON holds them; related rows by their primary keys."""
    values = {field.name: getattr(announcement, field.attname) for field in version_fields()}
    values[_MORE_IMAGES] = [item.pk for item in announcement.more_pictures.all()]
    return dict(json.loads(json.dumps(values, cls=DjangoJSONEncoder)))


def values_to_restore(version: AnnouncementVersion) -> dict[str, Any]:
    """Return the values of a version for ``save_announcement``; rows that were deleted since are left out."""
    values: dict[str, Any] = {}
    for field in version_fields():
        if field.name in version.values:
            values[field.name] = _stored_value(field, version.values[field.name])
    values[_MORE_IMAGES] = list(MediaItem.objects.filter(pk__in=version.values.get(_MORE_IMAGES, [])))
    return values


def version_changes(versions: Sequence[AnnouncementVersion]) -> list[VersionChanges]:
    """Return the versions of an announcement, the newest first as they are given, each with what it changed."""
    names = _names_of_related(versions)
    found = []
    for place, version in enumerate(versions):
        earlier = versions[place + 1] if place + 1 < len(versions) else None
        changes = _changes(earlier.values, version.values, names) if earlier is not None else ()
        found.append(VersionChanges(version, tuple(changes)))
    return found


def _store(announcement: Announcement, user: User | None, at: dt.datetime, restored_from: int | None) -> None:
    AnnouncementVersion.objects.update_or_create(
        announcement=announcement,
        number=announcement.version,
        defaults={
            "saved_by": user, "saved_at": at, "restored_from": restored_from, "values": values_of(announcement),
        },
    )  # fmt: skip


def _stored_value(field: Field[Any, Any], value: Any) -> Any:
    if isinstance(field, ForeignKey):
        related: Any = field.related_model
        return related.objects.filter(pk=value).first() if value is not None else None
    if field.get_internal_type() == "DateTimeField":
        return parse_datetime(value) if value else None
    return value


def _changes(before: dict[str, Any], after: dict[str, Any], names: dict[str, dict[Any, str]]) -> Iterable[ValueChange]:
    fields = [*version_fields(), Announcement._meta.get_field(_MORE_IMAGES)]
    for field in fields:
        old, new = before.get(field.name), after.get(field.name)
        if (old or "") != (new or ""):
            label = str(getattr(field, "verbose_name", field.name))
            known = names.get(field.name)
            yield ValueChange(label, _text_of(field, old, known), _text_of(field, new, known))


def _text_of(field: Any, value: Any, names: dict[Any, str] | None) -> str:
    if value in (None, "", []):
        return ""
    if names is not None:
        keys = value if isinstance(value, list) else [value]
        return ", ".join(names.get(key, f"#{key}") for key in keys)
    if field.name == "translations":
        return summary_of(value)
    if getattr(field, "choices", None):
        return str(dict(field.flatchoices).get(value, value))
    if field.get_internal_type() == "DateTimeField":
        moment = parse_datetime(value)
        return format_moment(moment) if moment else ""
    return str(value)


def _names_of_related(versions: Sequence[AnnouncementVersion]) -> dict[str, dict[Any, str]]:
    """Return the names of the rows that versions refer to, by field and primary key: one query for each field."""
    found: dict[str, dict[Any, str]] = {}
    fields = [field for field in version_fields() if isinstance(field, ForeignKey)]
    for field in [*fields, Announcement._meta.get_field(_MORE_IMAGES)]:
        stored = [version.values.get(field.name) for version in versions]
        keys = {key for value in stored for key in (value if isinstance(value, list) else [value]) if key is not None}
        related: Any = field.related_model
        found[field.name] = {row.pk: str(row) for row in related.objects.filter(pk__in=keys)} if keys else {}
    return found
