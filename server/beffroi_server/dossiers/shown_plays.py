"""What play logs and receipts say of an alert on each screen: for how long it was on, and what was on instead."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, Max, Min, Sum

from beffroi_content import model as content
from beffroi_server.alerts import alert_reach, queries
from beffroi_server.alerts.models import Alert
from beffroi_server.fleet.models import ReceiptRecord
from beffroi_server.fleet.play_models import PlayRecord

CLOCK_MARGIN = dt.timedelta(minutes=5)
"""By how much the clock of a player may differ from the server's."""
_KEYS_AT_ONCE = 400


@dataclass(frozen=True, slots=True)
class ShownPlays:
    """The plays of an alert on one screen, as its player logged them."""

    count: int
    first: int
    last: int
    """Numbers in the play log."""
    shown_ms: int
    left_at: dt.datetime
    """When the last of them ended, by the player's clock."""
    ended: str
    """Why it ended."""
    chain: str
    """Chain hash of the last one: it is in the display log."""


def plays_of(alert: Alert, screens: Collection[int]) -> dict[int, ShownPlays]:
    """Return the plays of an alert by the key of the screen; those of its “end of alert” are none of them."""
    found: dict[int, ShownPlays] = {}
    keys = sorted(screens)
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        found |= _plays_on(alert, keys[start : start + _KEYS_AT_ONCE])
    return found


def _plays_on(alert: Alert, screens: list[int]) -> dict[int, ShownPlays]:
    # What began after its end is the “end of alert”; a player is a moment late, and never early.
    rows = PlayRecord.objects.filter(
        screen__in=screens, alert=str(alert.pk), started_at__gte=alert.issued_at - CLOCK_MARGIN,
        started_at__lt=queries.over_at(alert),
    )  # fmt: skip
    totals = {
        row["screen"]: row
        for row in rows.order_by().values("screen").annotate(
            count=Count("pk"), first=Min("number"), last=Max("number"), shown_ms=Sum("lasted_ms")
        )
    }  # fmt: skip
    newest = rows.filter(number__in={row["last"] for row in totals.values()}) if totals else rows.none()
    found = {}
    for play in newest:
        total = totals[play.screen_id]
        if play.number == total["last"]:
            left_at = play.started_at + dt.timedelta(milliseconds=play.lasted_ms)
            found[play.screen_id] = ShownPlays(
                total["count"], total["first"], total["last"], total["shown_ms"], left_at, play.ended, play.chain
            )
    return found


def first_receipts(alert: Alert) -> dict[int, ReceiptRecord]:
    """Return the receipt of the first showing by the key of the screen."""
    newest_first = alert_reach.shown_receipts([str(alert.pk)]).order_by("-presented_at")
    return {receipt.screen_id: receipt for receipt in newest_first}


def all_clears(alert: Alert) -> dict[int, dt.datetime]:
    """Return when “end of alert” was first shown by the key of the screen."""
    rows = ReceiptRecord.objects.filter(alert=str(alert.pk), form=content.AlertForm.ALL_CLEAR.value)
    return dict(rows.order_by().values_list("screen").annotate(Min("presented_at")))


def shown_instead(alert: Alert, screens: Collection[int], family: Collection[str]) -> dict[int, list[str]]:
    """Return the titles of other alerts that screens showed anew while one was active, but those of its other texts."""
    rows = (
        ReceiptRecord.objects.filter(presented_at__gte=alert.issued_at, presented_at__lt=queries.over_at(alert))
        .exclude(alert__in=["", *family])
        .exclude(form=content.AlertForm.ALL_CLEAR.value)
        .values_list("screen", "alert")
        .distinct()
    )
    by_screen: defaultdict[int, list[str]] = defaultdict(list)
    for screen, other in rows:
        if screen in screens:
            by_screen[screen].append(other)
    titles = queries.alert_titles({other for others in by_screen.values() for other in others})
    return {
        screen: sorted({titles[other] for other in others if other in titles}) for screen, others in by_screen.items()
    }
