"""Sources that publish their messages at an MQTT broker of theirs: which are read, and what is noted of each.

One thread of the leading process looks every few seconds which of them are in use, and has a thread read each.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from beffroi_server.core import database
from beffroi_server.core.outside_http import private_address_message
from beffroi_server.delivery.topic_reader import ForeignBroker, TopicReader
from beffroi_server.outside_warnings import following, intake, silence
from beffroi_server.outside_warnings.document_reading import DocumentRefused, read_confined
from beffroi_server.outside_warnings.models import SourceKind, WarningSource

logger = logging.getLogger(__name__)
LOOK_EVERY_S = 5.0
STOP_S = 15.0
_PORTS = {"mqtt": 1883, "mqtts": 8883}
_PROBLEMS: dict[str, str | Promise] = {
    "certificate": gettext_lazy("The certificate of the broker is not valid: it may belong to someone else."),
    "unreachable": gettext_lazy("No connection to the broker: are address and port correct?"),
    "login": gettext_lazy("The broker refuses user name and password."),
    "topic": gettext_lazy("The broker does not let this user read the topic."),
    "silent": gettext_lazy("The broker accepts the connection and does not answer."),
    "too-large": gettext_lazy("A message of more than 2 MB came, and was not read."),
    "failed": gettext_lazy("A message could not be stored; the broker sends it again."),
    "lost": gettext_lazy("The connection to the broker was lost."),
}


@dataclass(frozen=True, slots=True)
class _Running:
    broker: ForeignBroker
    thread: threading.Thread
    stopping: threading.Event


def problems_of(source: WarningSource) -> dict[str, str]:
    """Return what is wrong with the address or topic of a source, by field."""
    found = {}
    try:
        parts = urlsplit(source.address)
        is_right = parts.scheme in _PORTS and bool(parts.hostname) and parts.path in ("", "/") and parts.port != 0
        if parts.username or parts.password:
            is_right = False
    except ValueError:
        is_right = False
    if not is_right:
        found["address"] = _("Enter the broker as mqtts://name or mqtts://name:port, without user name and password.")
    if not is_topic_filter(source.topic):
        found["topic"] = _("Enter a topic filter, such as cap/alerts/#.")
    return found


def is_topic_filter(text: str) -> bool:
    """Return whether a text is a topic filter (MQTT 3.1.1, section 4.7)."""
    levels = text.split("/")
    if not text or "\0" in text or len(text.encode()) > 65_535:
        return False
    plus = all("+" not in each or each == "+" for each in levels)
    return plus and all("#" not in each for each in levels[:-1]) and ("#" not in levels[-1] or levels[-1] == "#")


def broker_of(source: WarningSource) -> ForeignBroker:
    """Return the broker of a source."""
    parts = urlsplit(source.address)
    return ForeignBroker(
        parts.hostname or "", parts.port or _PORTS[parts.scheme], parts.scheme == "mqtts", source.topic,
        f"beffroi-{source.token[:12]}", source.username, source.password, source.broker_certificates,
    )  # fmt: skip


def take_message(source_id: int, payload: bytes) -> None:
    """Take in one message, and do what it asks for; what cannot be read is noted at its source."""
    source = WarningSource.objects.filter(pk=source_id, is_on=True).first()
    if source is None:
        return
    now = timezone.now()
    try:
        found = read_confined(payload, source.certificates)
    except DocumentRefused as refused:
        silence.note_received(source, now, problem=str(refused))
        return
    intake.take_in(source, found.document.alerts, now, signatures=found.signatures)
    silence.note_received(source, now)
    following.follow_source(source, now)


def note_state(source_id: int, code: str, now: dt.datetime) -> None:
    """Note that a broker is read (an empty code), or why not. A connection is no message: it ends no silence."""
    row = WarningSource.objects.filter(pk=source_id)
    if not code:
        row.update(failures=0, failing_since=None, problem="")
        silence.note_silent(now)
        return
    words = private_address_message("BEFFROI_FEED_NETWORKS") if code == "private" else str(_PROBLEMS[code])
    if code == "too-large":
        # It is read all the same.
        row.update(problem=words)
        return
    # A fault of the connection is another one than silence.
    row.filter(Q(failing_since=None) | Q(failing_since=F("due_at"))).update(failing_since=now)
    row.update(problem=words[:300])


class BrokerReaders:
    """The readers of all sources that are in use; one for the leading process."""

    def __init__(self) -> None:
        self._running: dict[int, _Running] = {}

    @database.close_connection_after()
    def run(self, stopping: threading.Event) -> None:
        """Keep every broker read until ``stopping`` is set."""
        while not stopping.is_set():
            try:
                database.with_fresh_connection(self.look)
            except Exception:
                logger.exception("the sources with a broker could not be looked at")
            stopping.wait(LOOK_EVERY_S)
        for running in self._running.values():
            running.stopping.set()
        for running in self._running.values():
            running.thread.join(STOP_S)

    def look(self) -> None:
        """Start and stop readers as the sources are now."""
        sources = WarningSource.objects.filter(kind=SourceKind.MQTT, is_on=True)
        wanted = {source.pk: broker_of(source) for source in sources if not problems_of(source)}
        for key, running in list(self._running.items()):
            if wanted.get(key) != running.broker or not running.thread.is_alive():
                running.stopping.set()
                # One session at a time: a broker ends the connection of an older client of the same name.
                running.thread.join(STOP_S)
                del self._running[key]
        for key, broker in wanted.items():
            if key not in self._running:
                self._running[key] = self._start(key, broker)

    def _start(self, key: int, broker: ForeignBroker) -> _Running:
        @database.close_connection_after()
        def take(payload: bytes) -> None:
            take_message(key, payload)

        @database.close_connection_after()
        def note(code: str) -> None:
            note_state(key, code, timezone.now())

        reader, stopping = TopicReader(broker, settings.FEED_NETWORKS, take, note), threading.Event()
        thread = threading.Thread(target=reader.run, args=(stopping,), name=f"warnings-{key}", daemon=True)
        thread.start()
        return _Running(broker, thread, stopping)
