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

from beffroi_content.wire.documents import ProgrammeDocument, SigningRole
from beffroi_content.wire.messages import ALERTS, BEAT, KEYS, PROGRAMME
from beffroi_content.wire.scopes import ScopeKind, TopicScope
from beffroi_content.wire.topics import MessageDirection, Topic, topic_prefix
from beffroi_server.alerts import services as alerts
from beffroi_server.core import database
from beffroi_server.delivery import beats, outbox, signing
from beffroi_server.delivery.models import OutboxDocument, TopicSequence
from beffroi_server.feeds import refresh
from beffroi_server.fleet import retention
from beffroi_server.fleet.models import ScreenState
from beffroi_server.schedule import publication

logger = logging.getLogger(__name__)
BEAT_S = 10
SETTLE_ALERTS_S = 5
RECONCILE_S = 60
RENEW_S = 3600
FEEDS_S = 60
RETENTION_S = 60
MAX_RESENDS = 200
"""Programmes sent again in one round of reconciliation: the others follow in the next."""


def build_scheduler(stopping: threading.Event) -> BackgroundScheduler:
    """Return the scheduler with every job, not started yet. Jobs that take their time end early once told to stop."""
    made = BackgroundScheduler(
        timezone=dt.UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
    )
    every: tuple[tuple[int, Callable[..., object], tuple[threading.Event, ...]], ...] = (
        (1, wake_scheduler, ()),
        (BEAT_S, send_beat, ()),
        (SETTLE_ALERTS_S, settle_alerts, ()),
        (RECONCILE_S, reconcile_programmes, ()),
        (RENEW_S, renew_documents, ()),
        (FEEDS_S, refresh_feeds, (stopping,)),
        (RETENTION_S, delete_old_plays, (stopping,)),
    )
    now = dt.datetime.now(dt.UTC)
    for seconds, job, arguments in every:
        made.add_job(_log_failures(job), "interval", arguments, seconds=seconds, id=job.__name__, next_run_time=now)
    return made


def wake_scheduler() -> None:
    """Keep the scheduler awake."""


def send_beat() -> None:
    """Sign and send the beat."""
    current = outbox.current_publisher()
    if current is not None:
        topic, payload = beats.sign_beat(timezone.now())
        current.send_unstored(topic, payload, quality=BEAT.quality, retained=BEAT.retained)


def settle_alerts() -> None:
    """Publish alert sets without those alerts whose end has been said long enough."""
    alerts.settle_ended_alerts(timezone.now())


def reconcile_programmes() -> int:
    """Publish what is due, and send their programme again to screens that are online with another; return how many."""
    publication.publish_due_programmes()
    current = outbox.current_publisher()
    if current is None:
        return 0
    site = signing.current_site()
    screens = topic_prefix(site, MessageDirection.DOWN, ScopeKind.SCREEN)
    newest = dict(
        OutboxDocument.objects.filter(retained=True, topic__startswith=screens).values_list("topic", "sequence")
    )
    behind = [
        topic
        for state in ScreenState.objects.filter(online=True).select_related("screen")
        if (topic := str(PROGRAMME.topic_for(site, TopicScope.of_screen(state.screen.slug)))) in newest
        and (state.report or {}).get("programme") != newest[topic]
    ]
    return sum(
        current.send_document(row)
        for row in OutboxDocument.objects.filter(retained=True, topic__in=behind[:MAX_RESENDS])
    )


def refresh_feeds(stopping: threading.Event) -> int:
    """Read the feeds that are due; return how many were read."""
    return refresh.refresh_due(stopping.is_set)


def delete_old_plays(stopping: threading.Event) -> int:
    """Forget some of the plays that the town keeps no longer; return how many."""
    return retention.delete_expired_plays(timezone.now(), stopping)


def renew_documents() -> int:
    """Sign again what new players would soon refuse as too old; return how many documents that were."""
    now = timezone.now()
    renewed = 0
    for leaf, role in (
        (ALERTS.leaf, SigningRole.ALERT),
        (PROGRAMME.leaf, SigningRole.PROGRAMME),
        (KEYS.leaf, SigningRole.ROOT),
    ):
        soon = now + signing.LIFETIMES[role] / 2
        old = OutboxDocument.objects.filter(retained=True, topic__endswith=f"/{leaf}", expires_at__lt=soon)
        found = list(old.order_by("pk").values_list("topic", "expires_at"))
        if not found:
            continue
        if role is SigningRole.ROOT:
            logger.warning("the key list ends on %s: sign it again with the root keys", found[0][1])
        elif role is SigningRole.ALERT:
            alerts.publish_all_sets(now)
            renewed += len(found)
        else:
            renewed += sum(_renew_document(topic, soon) for topic, _expires_at in found)
    return renewed


def _renew_document(topic: str, soon: dt.datetime) -> bool:
    screen = Topic.parse(topic).screen
    with transaction.atomic():
        # Whoever publishes locks the same row: what is signed again is what the screen has now.
        TopicSequence.objects.select_for_update().get(topic=topic)
        row = OutboxDocument.objects.filter(topic=topic, retained=True, expires_at__lt=soon).first()
        document = signing.open_own_document(PROGRAMME, bytes(row.payload)) if row is not None else None
        if screen is None or not isinstance(document, ProgrammeDocument):
            return False
        signing.seal_document(PROGRAMME, TopicScope.of_screen(screen), document)
    return True


def _log_failures(job: Callable[..., object]) -> Callable[..., None]:
    def run_job(*arguments: object) -> None:
        try:
            database.with_fresh_connection(lambda: job(*arguments))
        except Exception:
            logger.exception("the job %s failed", job.__name__)

    return run_job
