"""Periodic jobs of the schedule: publishing, sending again what a screen lacks, and renewing signatures."""

from __future__ import annotations

from django.utils import timezone

from beffroi_content.wire.messages import PROGRAMME
from beffroi_content.wire.scopes import TopicScope
from beffroi_server.core.jobs import PeriodicJob
from beffroi_server.delivery import outbox, signing
from beffroi_server.delivery.models import OutboxDocument
from beffroi_server.fleet.models import ScreenState
from beffroi_server.schedule import day_calendars, publication

MAX_RESENDS = 200
"""Programmes sent again in one round: the others follow in the next."""


def reconcile_programmes() -> int:
    """Publish what is due, and send their programme again to screens that are online with another; return how many.

    The outbox knows only that the broker has a programme. A broker that lost its memory, or a player that was moved
    to another memory card, is noticed by the sequence that the player reports.
    """
    # The worker does it: a job beside it would compile the same screens in the same order.
    publication.request_publication()
    publisher = outbox.current_publisher()
    if publisher is None:
        return 0
    site = signing.current_site()
    reported = {
        str(PROGRAMME.topic_for(site, TopicScope.of_screen(state.screen.slug))): (state.report or {}).get("programme")
        for state in ScreenState.objects.filter(online=True).select_related("screen")
    }
    newest = OutboxDocument.objects.filter(retained=True, topic__endswith=f"/{PROGRAMME.leaf}")
    behind = [
        topic
        for topic, sequence in newest.order_by("pk").values_list("topic", "sequence")
        if topic in reported and reported[topic] != sequence
    ]
    rows = OutboxDocument.objects.filter(retained=True, topic__in=behind[:MAX_RESENDS])
    return sum(publisher.send_document(row) for row in rows)


def renew_programmes() -> int:
    """Sign again the programmes that would soon be too old, or that have another key than now; return how many."""
    now = timezone.now()
    expiring = signing.expiring_documents(PROGRAMME, now)
    return sum(signing.renew_document(PROGRAMME, topic, now) for topic, _expires_at in expiring)


def renew_after_step(_step_ms: int) -> None:
    """Sign the programmes again that a wrong clock has given an end in the past, once it was set."""
    renew_programmes()


def renew_after_change(_change: None) -> None:
    """Sign the programmes again that another key than that of now has signed."""
    renew_programmes()


JOBS = (
    PeriodicJob("day-import", 2, lambda _stopping: day_calendars.read_waiting_imports()),
    PeriodicJob("programme-reconciliation", 60, lambda _stopping: reconcile_programmes()),
    PeriodicJob("programme-renewal", 3600, lambda _stopping: renew_programmes()),
)
