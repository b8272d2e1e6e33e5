"""What each screen shows of an alert, by its receipts and by the timeline: seen, hidden by what, or waiting, and why.

A receipt is the proof that an alert was on a screen. What a screen shows at an instant is what the timeline says of it
(``timeline.alert_statements``), given everything that it was sent; the two together make the state of the alert there.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from beffroi_content import model as content
from beffroi_content.timeline import AlertStatement, AlertVisibility, Moment, alert_statements
from beffroi_content.timeline.calendar import LocalCalendar
from beffroi_content.timeline.display_power import DisplayPower, power_by_hours
from beffroi_server.accounts.models import Town
from beffroi_server.accounts.saved_town import saved_town
from beffroi_server.alerts import past_hiding, queries
from beffroi_server.alerts.alert_reach import SeenAlerts, held_alerts, reach_and_seen, shown_receipts
from beffroi_server.alerts.models import Alert
from beffroi_server.core.formatting import from_milliseconds
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.fleet import presence, reached_screens
from beffroi_server.fleet.models import ReceiptRecord, Screen

LONGEST_LATENCY_MS = 31 * 86_400_000
"""A longer one is that of a clock that was set."""


@dataclass(frozen=True, slots=True)
class ScreenReceipt:
    """State of an alert on one screen: what its player has reported, and what the timeline says."""

    screen: Screen
    state: str
    """``shown``: it was on the screen; ``masked``, ``dark``: it was not, and why; ``waiting``; ``offline``."""
    shown_at: dt.datetime | None = None
    """When it was first shown, by the player's clock."""
    received_at: dt.datetime | None = None
    """When it came in, by the player's clock."""
    latency_ms: float | None = None
    """Milliseconds from the press of the button to the presented frame."""
    drawing_ms: float | None = None
    """Milliseconds from reception by the player to the presented frame."""
    frame: str = ""
    statement: AlertStatement | None = None
    """What the timeline says now; None once nothing of the alert is shown any more."""
    hidden_by: tuple[content.Alert, ...] = ()
    """What hid it from its beginning to its end, where it is over and was never seen."""
    is_targeted: bool = True
    """False where it was seen and the screen has left its groups since."""

    @property
    def is_hidden(self) -> bool:
        """Whether it is not on the screen now, though it is active."""
        hidden = {AlertVisibility.MASKED, AlertVisibility.DARK}
        return self.statement is not None and self.statement.visibility in hidden

    @property
    def masked_by(self) -> tuple[str, ...]:
        """The titles of what hides it now, or hid it up to its end."""
        hiding = self.hidden_by or (self.statement.masked_by if self.statement else ())
        return tuple(each.title for each in hiding)

    @property
    def hidden_until(self) -> dt.datetime | None:
        """Until when it is hidden, as far as is known now."""
        return from_milliseconds(self.statement.until_ms) if self.statement and self.is_hidden else None

    @property
    def is_lost(self) -> bool:
        """Whether it will stay hidden up to its end, as things are."""
        return self.statement is not None and self.statement.is_lost


def screen_statements(
    screens: Iterable[Screen],
    now: dt.datetime,
    running: Sequence[Alert],
    town: Town,
    seen: SeenAlerts | None = None,
) -> dict[int, tuple[AlertStatement, ...]]:
    """Return what the timeline says of each alert on each screen, by the key of the screen.

    Args:
        screens: Which ones.
        now: The instant.
        running: The ``queries.running_alerts``.
        town: Where the screens are.
        seen: What ``reach_and_seen`` has found; None: it is read.
    """  # fmt: skip
    powers = {screen.pk: display_power_now(screen, town, now) for screen in screens}
    return statements_by_power(powers, now, running, seen)


def statements_by_power(
    powers: Mapping[int, DisplayPower | None],
    now: dt.datetime,
    running: Sequence[Alert],
    seen: SeenAlerts | None = None,
    draft: content.Alert | None = None,
) -> dict[int, tuple[AlertStatement, ...]]:
    """Return what the timeline says of each alert on screens whose ``display_power_now`` is known, by their keys.

    Args:
        powers: By the key of the screen.
        now: The instant.
        running: The ``queries.running_alerts``.
        seen: What ``reach_and_seen`` has found; None: it is read.
        draft: An alert that would be broadcast on all of them.
    """
    reach, on_screens = reach_and_seen(running)
    seen = on_screens if seen is None else seen
    carried = {row.pk: queries.to_content(row, now) for row in running}
    moment, known = Moment(unix_ms(now), unix_ms(now)), dict[object, tuple[AlertStatement, ...]]()
    found = {}
    for screen, power in powers.items():
        held = [alert for key, alert in carried.items() if screen in reach[key]] + ([draft] if draft else [])
        on_screen = seen.get(screen, set()) & {name for each in held for name in each.texts}
        key = frozenset(each.id for each in held), frozenset(on_screen), power
        if key not in known:
            known[key] = alert_statements(held_alerts(held, on_screen), moment, power=power)
        found[screen] = known[key]
    return found


def common_statements(
    running: Sequence[Alert],
    reach: Mapping[Any, AbstractSet[int]],
    seen: SeenAlerts,
    now: dt.datetime,
    powers: Mapping[int, DisplayPower | None],
) -> list[AlertStatement]:
    """Return what the timeline says on all screens together: once for those that hold and have seen the same alerts.

    Args:
        running: As in ``statements_by_power``.
        reach: What ``reach_and_seen`` has found.
        seen: The same.
        now: The instant.
        powers: By the key of the screen; those that are missing are always on.
    """
    held: defaultdict[int, set[Any]] = defaultdict(set)
    for row in running:
        for screen in reach[row.pk]:
            held[screen].add(row.pk)
    carried = {row.pk: queries.to_content(row, now) for row in running}
    moment = Moment(unix_ms(now), unix_ms(now))
    kinds = {(frozenset(keys), frozenset(seen.get(screen, ())), powers.get(screen)) for screen, keys in held.items()}
    return [
        each
        for keys, on_screen, power in kinds
        for each in alert_statements(held_alerts([carried[key] for key in keys], on_screen), moment, power=power)
    ]


def display_powers_now(hours: Mapping[int, str], now: dt.datetime) -> dict[int, DisplayPower]:
    """Return the state of each display that is not always on, by the key of its screen; see ``display_power_now``.

    Args:
        hours: Those of the displays as texts, by the keys of their screens; see ``alert_reach.reach_seen_and_hours``.
        now: The instant.
    """
    town = saved_town()
    alike = reached_screens.screens_by_hours(hours) if town is not None else []
    found = [(display_power_now(screen, town, now), keys) for screen, keys in alike] if town is not None else []
    return {key: power for power, keys in found if power is not None for key in keys}


def display_power_now(screen: Screen, town: Town, now: dt.datetime) -> DisplayPower | None:
    """Return the state of a display by its hours and by hand, alerts aside; None: it is always on."""
    hours = screen.display_hours()
    is_off = screen.is_switched_off(now)
    if not is_off and not screen.special_days and not any(each.state is content.PowerState.OFF for each in hours):
        return None
    zone = ZoneInfo(town.time_zone)
    calendar = LocalCalendar(zone)
    if town.latitude is not None and town.longitude is not None:
        calendar = LocalCalendar(zone, town.latitude, town.longitude)
    off_until = unix_ms(screen.switched_off_until) if is_off and screen.switched_off_until else None
    return power_by_hours(hours, screen.special_hours(now.astimezone(zone).date()), off_until, calendar, unix_ms(now))


def receipts_of(alert: Alert, now: dt.datetime | None = None) -> list[ScreenReceipt]:
    """Return the state of an alert on each screen that it is for, or that has shown it.

    Of one that is over, a screen that came later is none of them.
    """
    now = timezone.now() if now is None else now
    first: dict[int, ReceiptRecord] = {}
    # Newest first, so that the earliest showing of each screen is the one that stays.
    for receipt in shown_receipts([str(alert.pk)]).order_by("-presented_at"):
        first[receipt.screen_id] = receipt
    screens, left = _screens_of(alert, first, now)
    is_gone = alert.settled or alert.withdrawn_at is not None or now >= queries.all_clear_ends_at(alert)
    town = None if is_gone else saved_town()
    statements = screen_statements(screens, now, queries.running_alerts(), town) if town is not None else {}
    missing = [screen.pk for screen in screens if screen.pk not in first]
    hidden = past_hiding.hidden_throughout(alert, missing) if queries.over_at(alert) <= now else {}
    name = str(alert.pk)
    return [
        _screen_receipt(
            alert, screen, first[screen.pk],
            next((each for each in statements.get(screen.pk, ()) if each.alert.id == name), None),
            is_targeted=screen.pk not in left,
        )
        if screen.pk in first
        else _missing_receipt(
            alert, screen, next((each for each in statements.get(screen.pk, ()) if each.alert.id == name), None),
            hidden.get(screen.pk, ()), now,
        )
        for screen in screens
    ]  # fmt: skip


def _screens_of(alert: Alert, seen: Collection[int], now: dt.datetime) -> tuple[list[Screen], set[int]]:
    """Return the screens that an alert is or was for, and the keys of those that it is for no more."""
    screens = list(queries.targeted_screens(alert).select_related("state"))
    left = set(seen) - {screen.pk for screen in screens}
    if left:
        screens = sorted(
            [*screens, *Screen.objects.filter(pk__in=left).select_related("state")], key=lambda each: each.name
        )
    if (over := queries.over_at(alert)) <= now:
        late = {each.pk for each in screens if each.enrolled_at is not None and each.enrolled_at > over} - set(seen)
        if late:
            # A player that was replaced since makes no new screen.
            earlier = ReceiptRecord.objects.filter(screen__in=late, presented_at__lt=over)
            late -= set(earlier.values_list("screen", flat=True).distinct())
        screens = [each for each in screens if each.pk not in late]
    return screens, left


def _screen_receipt(
    alert: Alert, screen: Screen, receipt: ReceiptRecord, statement: AlertStatement | None, *, is_targeted: bool
) -> ScreenReceipt:
    return ScreenReceipt(
        screen, "shown", receipt.presented_at, receipt.received_at, press_latency_ms(alert, receipt),
        receipt.latency_ms, receipt.frame, statement, is_targeted=is_targeted,
    )  # fmt: skip


def _missing_receipt(
    alert: Alert, screen: Screen, statement: AlertStatement | None, hidden_by: tuple[content.Alert, ...],
    now: dt.datetime,
) -> ScreenReceipt:  # fmt: skip
    state, over = getattr(screen, "state", None), queries.over_at(alert)
    contact = presence.last_contact(state)
    # Once it is over, what matters is whether the screen was there then.
    was_there = over <= now and contact is not None and contact >= over
    if not was_there and not presence.is_reachable(state, now):
        return ScreenReceipt(screen, "offline", statement=statement)
    if hidden_by:
        return ScreenReceipt(screen, "masked", statement=statement, hidden_by=hidden_by)
    hidden = {AlertVisibility.MASKED: "masked", AlertVisibility.DARK: "dark"}
    found = hidden.get(statement.visibility, "waiting") if statement is not None else "waiting"
    return ScreenReceipt(screen, found, statement=statement)


def press_latency_ms(alert: Alert, receipt: ReceiptRecord) -> float:
    """Return the milliseconds from the press of the button to the presented frame.

    Measured by the server's steady clock where the player has read it, otherwise by the wall clocks of both. Where
    those contradict each other, what the player has measured by itself remains: the time since it had the alert.
    """
    pressed_ms = unix_ms(alert.pressed_at or alert.issued_at)
    if receipt.steady_epoch and receipt.steady_epoch == alert.clock_epoch:
        found = float(receipt.steady_ms - (pressed_ms - alert.clock_offset_ms))
    else:
        found = float(unix_ms(receipt.presented_at) - pressed_ms)
    return found if receipt.latency_ms <= found <= LONGEST_LATENCY_MS else receipt.latency_ms
