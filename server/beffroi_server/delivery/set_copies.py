"""Copies of the newest signed alert sets in the data folder, beside the database.

They tell what was signed after the backup from which a database was restored: see ``alerts.restoration``. They are not
synced to the disk: an alert does not wait for them, and a power cut restores no database.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from beffroi_content.wire.messages import ALERTS
from beffroi_content.wire.scopes import TopicScope
from beffroi_content.wire.topics import Topic

logger = logging.getLogger(__name__)
FOLDER = "alert-sets"


def write_copy(topic_name: str, payload: bytes) -> None:
    """Replace the copy of a topic's set. Other topics have none."""
    topic = Topic.parse(topic_name)
    if topic.leaf != ALERTS.leaf:
        return
    folder = Path(settings.DATA) / FOLDER
    try:
        folder.mkdir(mode=0o750, exist_ok=True)
        fresh = folder / f".{topic.scope}-{os.getpid()}-{threading.get_ident()}"
        fresh.write_bytes(payload)
        fresh.replace(folder / str(topic.scope))
    except OSError as error:
        logger.warning("%s has no copy beside the database: %s", topic_name, error)


def read_copies(site: str) -> Iterator[tuple[str, bytes]]:
    """Yield the copies, each with its topic. What cannot be read is passed over."""
    for path in sorted((Path(settings.DATA) / FOLDER).glob("[!.]*")):
        try:
            topic = ALERTS.topic_for(site, TopicScope.parse(path.name))
            if path.stat().st_size <= ALERTS.size_limit:
                yield str(topic), path.read_bytes()
        except (OSError, ValueError) as error:
            logger.warning("%s is passed over: %s", path, error)
