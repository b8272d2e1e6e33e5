"""Alerts that are on the screens before they are in the database, because that was held or full when they came.

Each is also a file, so that it is stored after a restart. Whoever makes an alert set takes them in.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import uuid
from pathlib import Path

from django.conf import settings
from django.core import serializers

from beffroi_server.alerts.models import Alert
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.fleet.targets import EVERYWHERE, Targets

logger = logging.getLogger(__name__)
pending_due = threading.Event()
"""Set when an alert waits for the database."""
_lock = threading.Lock()
_pending: dict[uuid.UUID, Alert] = {}


def aim_unsaved(alert: Alert, targets: Targets) -> None:
    """Give an alert without a row its targets, for whoever reads them as those of a row."""
    cache = {"groups": list(targets.groups), "screens": list(targets.screens)}
    alert._prefetched_objects_cache = cache  # type: ignore[attr-defined]


def add_pending(alert: Alert) -> Alert:
    """Keep an alert, aimed by ``aim_unsaved``, until it is stored; return it, or what its button sent before."""
    with _lock:
        for each in _pending.values():
            if alert.token is not None and each.token == alert.token:
                return each
        _pending[alert.pk] = alert
    try:
        _write_file(alert)
    except OSError:
        # It is on the screens all the same; only a crash of the server now would lose its record.
        logger.exception("the alert %s could not be written down", alert.pk)
    pending_due.set()
    return alert


def remove_pending(alert: Alert) -> None:
    """Forget an alert that is in the database now."""
    with _lock:
        _pending.pop(alert.pk, None)
    _path_of(alert.pk).unlink(missing_ok=True)


def pending_alerts() -> list[Alert]:
    """Return the alerts that wait for the database, the oldest first."""
    with _lock:
        return list(_pending.values())


def find_pending(*, pk: uuid.UUID | None = None, token: uuid.UUID | None = None) -> Alert | None:
    """Return the alert that waits with an identifier, or with the token of its form."""
    found = (each for each in pending_alerts() if each.pk == pk or (token is not None and each.token == token))
    return next(found, None)


def load_pending() -> int:
    """Take in the files of alerts that an earlier process could not store; return how many wait."""
    for path in sorted(_folder().glob("*.json")):
        try:
            alert = _read_file(path)
        except (ValueError, KeyError, OSError, serializers.base.DeserializationError):
            logger.exception("%s cannot be read as an alert that waits: look at it, then remove it", path)
            continue
        with _lock:
            _pending.setdefault(alert.pk, alert)
    return len(_pending)


def _folder() -> Path:
    return Path(settings.DATA) / "pending-alerts"


def _path_of(pk: uuid.UUID) -> Path:
    return _folder() / f"{pk}.json"


def _write_file(alert: Alert) -> None:
    path = _path_of(alert.pk)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    targets = Targets.of(alert)
    content = {
        "alert": serializers.serialize("json", [alert], fields=[each.name for each in alert._meta.concrete_fields]),
        "groups": [group.pk for group in targets.groups],
        "screens": [screen.pk for screen in targets.screens],
    }
    incoming = path.with_suffix(".incoming")
    with incoming.open("w", encoding="utf-8") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    incoming.replace(path)


def _read_file(path: Path) -> Alert:
    content = json.loads(path.read_text(encoding="utf-8"))
    alert = next(iter(serializers.deserialize("json", content["alert"]))).object
    if not isinstance(alert, Alert):
        raise ValueError(f"{path} holds no alert")  # noqa: TRY004 - the file is wrong, not a caller
    groups = tuple(ScreenGroup.objects.filter(pk__in=content["groups"]))
    screens = tuple(Screen.objects.filter(pk__in=content["screens"]))
    aim_unsaved(alert, EVERYWHERE if alert.everywhere else Targets(groups=groups, screens=screens))
    return alert
