"""Removal of files of the media store that nothing refers to any more."""

from __future__ import annotations

import datetime as dt
import re
import time
from pathlib import Path

from django.conf import settings
from django.db.models import Exists, ForeignKey, ForeignObjectRel, OuterRef, Q, QuerySet

from beffroi_server.core.transactions import serialised
from beffroi_server.library.media.uploads import media_path
from beffroi_server.library.models import Asset

UNUSED_FOR = dt.timedelta(days=7)
"""For so long an unused file is kept: a player that was off may still ask for it, and somebody may add it again."""
STRAY_AGE_S = 86_400
"""Age of a file that the database does not know before it is removed: it may have just arrived."""
BATCH = 500
"""Files that are removed in one run at most."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


def remove_unused_files(now: dt.datetime) -> int:
    """Remove what has been unused for a week, and files that the database does not know; return how many."""
    with serialised():
        unused = _unused_assets()
        Asset.objects.filter(unused_since__isnull=False).exclude(pk__in=unused.values("pk")).update(unused_since=None)
        unused.filter(unused_since=None).update(unused_since=now)
        ended = list(unused.filter(unused_since__lte=now - UNUSED_FOR).values_list("pk", flat=True)[:BATCH])
        Asset.objects.filter(pk__in=ended).delete()
        # Within the transaction: nobody can take the same content in between row and file.
        for sha256 in ended:
            media_path(sha256).unlink(missing_ok=True)
        return len(ended) + _remove_strays()


def _unused_assets() -> QuerySet[Asset]:
    used = Q()
    # Hidden ones, too: most relations have no name on this side.
    for relation in Asset._meta.get_fields(include_hidden=True):
        if not isinstance(relation, ForeignObjectRel) or not isinstance(relation.field, ForeignKey):
            continue
        used |= Q(Exists(relation.related_model._base_manager.filter(**{relation.field.name: OuterRef("pk")})))
    return Asset.objects.exclude(used)


def _remove_strays() -> int:
    found = [path for path in Path(settings.MEDIA_STORE).glob("[0-9a-f][0-9a-f]/*") if _is_old(path)]
    known = set(Asset.objects.filter(pk__in=[path.name for path in found[:BATCH]]).values_list("pk", flat=True))
    strays = [path for path in found[:BATCH] if path.name not in known]
    for path in strays:
        path.unlink(missing_ok=True)
    return len(strays)


def _is_old(path: Path) -> bool:
    try:
        return bool(_SHA256.fullmatch(path.name)) and time.time() - path.stat().st_mtime > STRAY_AGE_S
    except OSError:
        return False
