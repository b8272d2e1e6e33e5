"""What the leading process does by the clock. Bookkeeping only: what a screen shows when, the screen decides itself.

Jobs are held in memory and made anew at each start; what there is to do, they read from the database. A job that was
missed runs once, late. The heartbeat runs every second: without any job due soon the scheduler would sleep through a
jump of the clock (APScheduler issue 794).
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable

from apscheduler.schedulers.background import BackgroundScheduler
from django.db import transaction
from django.utils import timezone

from beffroi_content.wire.documents import Role
from beffroi_content.wire.messages import ALERTS, BEAT, KEYS, PROGRAMME
from beffroi_content.wire.topics import Scope, Topic
from beffroi_server import database
from beffroi_server.alerts import services as alerts
from beffroi_server.broadcast import beats, publisher, signing
from beffroi_server.broadcast.models import Outgoing, Stream
from beffroi_server.feeds import refresh
from beffroi_server.programme import publication
from beffroi_server.screens import forgetting
from beffroi_server.screens.models import ScreenState

logger = logging.getLogger(__name__)
BEAT_S = 10
SETTLE_S = 5
RECONCILE_S = 60
RENEW_S = 3600
FEEDS_S = 60
FORGET_S = 60
RESENDS = 200
"""Programmes sent again in one round of reconciliation: the others follow in the next."""


def scheduler(stopping: threading.Event) -> BackgroundScheduler:
    """Return the scheduler with every job, not started yet. Jobs that take their time end early once told to stop."""
    made = BackgroundScheduler(
        timezone=dt.UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
    )
    every: tuple[tuple[int, Callable[..., object], tuple[threading.Event, ...]], ...] = (
        (1, heartbeat, ()),
        (BEAT_S, beat, ()),
        (SETTLE_S, settle, ()),
        (RECONCILE_S, reconcile, ()),
        (RENEW_S, renew, ()),
        (FEEDS_S, feeds, (stopping,)),
        (FORGET_S, forget, (stopping,)),
    )
    now = dt.datetime.now(dt.UTC)
    for seconds, job, arguments in every:
        made.add_job(_guarded(job), "interval", arguments, seconds=seconds, id=job.__name__, next_run_time=now)
    return made


def heartbeat() -> None:
    """Keep the scheduler awake."""


def beat() -> None:
    """Sign and send the beat."""
    current = publisher.current()
    if current is not None:
        topic, payload = beats.signed(timezone.now())
        current.send_unstored(topic, payload, quality=BEAT.quality, retained=BEAT.retained)


def settle() -> None:
    """Publish alert sets without those alerts whose end has been said long enough."""
    alerts.settle(timezone.now())


def reconcile() -> int:
    """Publish what is due, and send their programme again to screens that are online with another; return how many."""
    publication.publish_due()
    current = publisher.current()
    if current is None:
        return 0
    start = str(PROGRAMME.topic(signing.site(), Scope.SCREEN, "x")).removesuffix(f"s-x/{PROGRAMME.leaf}")
    newest = dict(
        Outgoing.objects.filter(retained=True, topic__startswith=f"{start}s-").values_list("topic", "sequence")
    )
    behind = [
        topic
        for state in ScreenState.objects.filter(online=True).select_related("screen")
        if (topic := f"{start}s-{state.screen.slug}/{PROGRAMME.leaf}") in newest
        and (state.report or {}).get("programme") != newest[topic]
    ]
    return sum(current.send(row) for row in Outgoing.objects.filter(retained=True, topic__in=behind[:RESENDS]))


def feeds(stopping: threading.Event) -> int:
    """Read the feeds that are due; return how many were read."""
    return refresh.refresh_due(stopping.is_set)


def forget(stopping: threading.Event) -> int:
    """Forget some of the plays that the town keeps no longer; return how many."""
    return forgetting.forget(timezone.now(), stopping)


def renew() -> int:
    """Sign again what new players would soon refuse as too old; return how many documents that were."""
    now = timezone.now()
    renewed = 0
    for leaf, role in ((ALERTS.leaf, Role.ALERT), (PROGRAMME.leaf, Role.PROGRAMME), (KEYS.leaf, Role.ROOT)):
        soon = now + signing.LIFETIMES[role] / 2
        old = Outgoing.objects.filter(retained=True, topic__endswith=f"/{leaf}", expires_at__lt=soon)
        found = list(old.order_by("pk").values_list("topic", "expires_at"))
        if not found:
            continue
        if role is Role.ROOT:
            logger.warning("the key list ends on %s: sign it again with the root keys", found[0][1])
        elif role is Role.ALERT:
            alerts.publish_sets(now)
            renewed += len(found)
        else:
            renewed += sum(_renew(topic, soon) for topic, _expires_at in found)
    return renewed


def _renew(topic: str, soon: dt.datetime) -> bool:
    screen = Topic.parse(topic).screen
    with transaction.atomic():
        # Whoever publishes locks the same row: what is signed again is what the screen has now.
        Stream.objects.select_for_update().get(topic=topic)
        row = Outgoing.objects.filter(topic=topic, retained=True, expires_at__lt=soon).first()
        document = signing.opened(PROGRAMME, bytes(row.payload)) if row is not None else None
        if screen is None or document is None:
            return False
        signing.seal_document(PROGRAMME, Scope.SCREEN, screen, document)
    return True


def _guarded(job: Callable[..., object]) -> Callable[..., None]:
    def run(*arguments: object) -> None:
        try:
            database.with_fresh_connection(lambda: job(*arguments))
        except Exception:
            logger.exception("the job %s failed", job.__name__)

    return run
