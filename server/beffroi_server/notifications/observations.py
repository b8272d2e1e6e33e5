"""Observations: what needs attention at this moment, by occasion, from what the packages below know."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from beffroi_content.model import PowerState
from beffroi_content.timeline import Moment, display_power
from beffroi_server.accounts.models import Town
from beffroi_server.alerts import on_call
from beffroi_server.alerts import queries as alerts
from beffroi_server.alerts.receipts import receipts_of
from beffroi_server.core import disk_space
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.delivery import key_state
from beffroi_server.delivery.key_state import KeyTask
from beffroi_server.feeds.models import Feed
from beffroi_server.fleet import presence
from beffroi_server.fleet.models import Screen, ScreenState
from beffroi_server.monitoring import screen_overview
from beffroi_server.monitoring.expected_frames import ExpectedContents
from beffroi_server.monitoring.programme_outlook import programme_outlook
from beffroi_server.monitoring.screen_overview import ScreenOverview
from beffroi_server.notifications.models import RecordedCondition
from beffroi_server.notifications.occasions import RECORDED_OCCASIONS, Occasion
from beffroi_server.schedule import publication

FEED_FAILURES = 3
"""Failed readings in a row from which a feed counts as broken."""
LEAST_PER_ROUND = 4
"""Screens of a small town that are looked at more closely in one round: all of them, as a rule."""
NAMES_KEPT = 20
"""Names of screens that an observation of an alert keeps."""


@dataclass(frozen=True, slots=True)
class Observation:
    """Something that needs attention now."""

    occasion: Occasion
    subject: str
    name: str
    began_at: dt.datetime
    reason: str = ""
    detail: dict[str, Any] = field(default_factory=dict)
    screen_id: int | None = None


def subject_of(screen_id: int) -> str:
    """Return the subject of incidents of a screen."""
    return f"screen-{screen_id}"


def silent_screens(now: dt.datetime) -> list[Observation]:
    """Return the screens of which nothing comes, except those that are off as planned."""
    states = ScreenState.objects.filter(screen__enrolled_at__isnull=False).select_related("screen")
    read = states.only("online", "seen_at", "polled_at", "screen__name", "screen__slug")
    gone = [state for state in read if not presence.is_reachable(state, now)]
    said_off = set(
        ScreenState.objects.filter(pk__in=[state.pk for state in gone], report__power=PowerState.OFF.value)
        .values_list("pk", flat=True)
    )  # fmt: skip
    found = []
    for state in gone:
        began_at = min(presence.last_contact(state) or now, now)
        if state.pk in said_off:
            if _is_off_by_plan(state.screen, now):
                continue
            # It may have been cut off from power all night: it has been missing only since it should be on.
            began_at = now
        reason = "silent" if state.online else "offline"
        found.append(_of_screen(Occasion.SCREEN_SILENT, state.screen, began_at, reason))
    return found


def wrong_screens(now: dt.datetime) -> tuple[list[Observation], list[ScreenOverview]]:
    """Return the screens of which a report says that they need attention, and those that seem right."""
    wrong, right = [], []
    for overview in screen_overview.overview_all(now):
        if overview.state == "wrong":
            reason = next(code for code in overview.reasons if screen_overview.STATE_OF_REASON[code] == "wrong")
            wrong.append(_of_screen(Occasion.SCREEN_WRONG, overview.screen, now, reason))
        elif overview.state == "right":
            right.append(overview)
    return wrong, right


def compared_screens(seeming_right: Iterable[ScreenOverview], now: dt.datetime) -> list[Observation]:
    """Return those of some screens that have presented another frame than they must show."""
    whole = screen_overview.with_whole_screens(seeming_right)
    contents = ExpectedContents(each.screen for each in whole)
    return [
        _of_screen(Occasion.SCREEN_WRONG, each.screen, now, "frame-differs")
        for each in screen_overview.compare_frames(whole, contents)
        if "frame-differs" in each.reasons
    ]


def screens_without_programme(screens: Iterable[Screen], now: dt.datetime) -> list[Observation]:
    """Return those of some screens that have nothing to show, or soon will not."""
    looked_at = list(screens)
    contents = ExpectedContents(looked_at)
    outlooks = ((screen, programme_outlook(screen, now, contents)) for screen in looked_at)
    return [_of_screen(Occasion.PROGRAMME, screen, now, outlook) for screen, outlook in outlooks if outlook]


def broken_feeds(now: dt.datetime) -> list[Observation]:
    """Return the feeds that could not be read several times in a row."""
    return [
        Observation(
            Occasion.FEED_BROKEN, f"feed-{feed.pk}", feed.name, min(feed.read_at or now, now), "unreadable",
            {"problem": feed.problem},
        )
        for feed in Feed.objects.filter(failures__gte=FEED_FAILURES).defer("data", "kept", "skipped")
    ]  # fmt: skip


def full_disk(now: dt.datetime) -> list[Observation]:
    """Return the disk of the data folder, where it is nearly full."""
    state = disk_space.disk_state()
    if state is disk_space.DiskState.ENOUGH:
        return []
    detail = {"free_mb": disk_space.free_bytes() // 1024**2}
    return [Observation(Occasion.DISK, "disk", "", now, state.value, detail)]


def keys_in_need(now: dt.datetime) -> list[Observation]:
    """Return what people have to do about the keys of the town; twice as the end of the key list comes near."""
    state = key_state.read_key_state(now)
    detail = {"expires_ms": unix_ms(state.ends_at)} if state.ends_at else {}
    found = []
    if KeyTask.KEY_LOST in state.tasks:
        found.append(Observation(Occasion.KEYS, "keys-lost", "", now, "lost", detail))
    ending = [task for task in (KeyTask.ENDED, KeyTask.ENDING_SOON, KeyTask.ENDING) if task in state.tasks]
    if ending:
        found.append(Observation(Occasion.KEYS, "key-list", "", now, ending[0].value, detail))
    if ending and ending[0] is not KeyTask.ENDING:
        # Another incident: whoever did nothing about the first is told again.
        found.append(Observation(Occasion.KEYS, "key-list-soon", "", now, ending[0].value, detail))
    return found


def recorded_conditions() -> list[Observation]:
    """Return what other programs, or looks that are taken seldom, have found to be wrong."""
    return [
        Observation(Occasion(each.kind), each.kind, "", each.failed_since, each.reason, each.detail)
        for each in RecordedCondition.objects.filter(kind__in=RECORDED_OCCASIONS, failed_since__isnull=False)
        if each.failed_since is not None
    ]


def unseen_alerts(now: dt.datetime, town: Town) -> list[Observation]:
    """Return the alerts in progress that some of their screens do not show after the time that the town allows."""
    allowed = dt.timedelta(seconds=town.unseen_seconds)
    late = [alert for alert in alerts.active_alerts(now) if alert.issued_at + allowed <= now]
    called = [user.pk for user in on_call.officers_on_call(now)] if late else []
    found = []
    for alert in late:
        receipts = receipts_of(alert, now)
        missing = [each.screen.name for each in receipts if each.state != "shown"]
        if missing:
            detail: dict[str, Any] = {"missing": len(missing), "screens": missing[:NAMES_KEPT], "total": len(receipts)}
            if called:
                detail["on_call"] = called
            subject = f"alert-{alert.pk}"
            found.append(Observation(Occasion.ALERT_UNSEEN, subject, alert.title, alert.issued_at, "unseen", detail))
    return found


def _of_screen(occasion: Occasion, screen: Screen, began_at: dt.datetime, reason: str) -> Observation:
    return Observation(occasion, subject_of(screen.pk), screen.name, began_at, reason, {}, screen.pk)


def _is_off_by_plan(screen: Screen, now: dt.datetime) -> bool:
    manifest = publication.published_manifest(screen)
    moment = Moment(unix_ms=unix_ms(now), uptime_ms=unix_ms(now))
    return display_power(manifest, (), moment).state is PowerState.OFF


class RotatingScreens:
    """Takes some of many screens in turn, so that what costs time is done for each of them now and then.

    Args:
        rounds: After how many rounds all have had their turn, however many they are.
    """

    def __init__(self, rounds: int) -> None:
        self._rounds, self._after = rounds, 0

    def take(self, screens: Sequence[Screen], always: Iterable[int] = ()) -> list[Screen]:
        """Return those whose turn it is, and half as many at most of those that are always looked at, by their keys."""
        ordered = sorted(screens, key=lambda screen: screen.pk)
        count, wanted = max(LEAST_PER_ROUND, math.ceil(len(ordered) / self._rounds)), set(always)
        again = [screen for screen in ordered if screen.pk in wanted][: max(1, count // 2)]
        later = [screen for screen in ordered if screen.pk > self._after]
        earlier = [screen for screen in ordered if screen.pk <= self._after]
        turn = [*later, *earlier][:count]
        if turn:
            self._after = turn[-1].pk
        return list({screen.pk: screen for screen in [*again, *turn]}.values())
