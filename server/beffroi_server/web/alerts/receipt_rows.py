"""What the page of an alert says of each screen: how far the alert came there, why not further, and what to do next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from beffroi_content import model as content
from beffroi_content.timeline import AlertStatement, AlertVisibility
from beffroi_server.alerts import queries
from beffroi_server.alerts.hiding_words import hidden_to_its_end, quote_titles, statement_words
from beffroi_server.alerts.models import Alert
from beffroi_server.alerts.receipts import ScreenReceipt
from beffroi_server.core.formatting import (
    format_latency,
    moment_before,
    moment_since,
)
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.fleet import presence, screenshots
from beffroi_server.fleet.models import Screen

NORMAL_WAIT = dt.timedelta(seconds=15)
"""From then on a screen that is reachable and has not confirmed needs somebody."""
TURN_WAIT, LOOP_WAIT = dt.timedelta(minutes=2), dt.timedelta(minutes=5)
"""How much longer that may take for each alert that it is shown in turn with, and for the loop that it joins."""
STATE_ORDER = ("offline", "waiting", "masked", "dark", "shown")
"""In which the states are listed: what needs somebody comes first."""
TAGS = {
    "shown": ("calm", "exact"),
    "masked": ("warn", "waiting"),
    "dark": ("warn", "screen-off"),
    "waiting": ("warn", "waiting"),
    "offline": ("bad", "offline"),
}
"""Colour of the tag and icon of each state."""


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """One screen on the page of an alert."""

    receipt: ScreenReceipt
    label: str
    colour: str
    icon: str
    words: str
    """How far the alert came, or why not further."""
    action: str = ""
    """What the officer can do about it."""
    is_exact: bool | None = None
    """Whether its pixels were those that the server draws; None: not compared."""
    pictured_at: dt.datetime | None = None
    """When a small picture of the screen was taken with the alert on it; None: there is none."""

    @property
    def screen(self) -> Screen:
        """The screen."""
        return self.receipt.screen


def receipt_rows(
    alert: Alert, receipts: Iterable[ScreenReceipt], received: frozenset[int], exact: dict[int, bool], now: dt.datetime
) -> list[ReceiptRow]:
    """Return the rows of a page, those first that need somebody.

    Args:
        alert: The alert.
        receipts: Its state on each screen.
        received: Keys of the screens that have said to have the newest alert sets.
        exact: By the key of a screen, whether its pixels were those that the server draws.
        now: The instant.
    """
    rows, is_over = [], queries.over_at(alert) <= now or alert.held_back_at is not None
    for each in sorted(receipts, key=lambda one: (STATE_ORDER.index(one.state), one.screen.name)):
        words, action = _words(alert, each, each.screen.pk in received, now, is_over=is_over)
        colour, icon = TAGS[each.state]
        if each.state == "shown" and each.is_hidden and not is_over:
            colour, icon = TAGS["masked"]
        is_exact, pictured_at = exact.get(each.screen.pk), _pictured_at(alert, each, now)
        rows.append(ReceiptRow(each, _label(each, is_over=is_over), colour, icon, words, action, is_exact, pictured_at))
    return rows


def hidden_words(receipt: ScreenReceipt) -> str:
    """Return what hides an alert on a screen, or hid it, and until when: ``hidden by “Crue” until 13:54``."""
    if receipt.hidden_by:
        return hidden_to_its_end(receipt.hidden_by)
    return statement_words(receipt.statement) if receipt.statement is not None else ""


def _label(receipt: ScreenReceipt, *, is_over: bool) -> str:
    if receipt.state == "shown":
        return _("seen, hidden now") if receipt.is_hidden and not is_over else _("confirmed")
    labels = {
        "masked": _("hidden"), "dark": _("display off"), "offline": _("unreachable"),
        "waiting": _("without confirmation") if is_over else _("waiting"),
    }  # fmt: skip
    return labels[receipt.state]


def _words(
    alert: Alert, receipt: ScreenReceipt, is_received: bool, now: dt.datetime, *, is_over: bool
) -> tuple[str, str]:
    if receipt.state == "shown":
        return _shown_words(receipt, is_over=is_over), ""
    if receipt.state in {"masked", "dark"}:
        return hidden_words(receipt), "" if is_over else _way_out(receipt, now)
    if receipt.state == "offline":
        return _offline_words(alert, receipt, is_over)
    if is_over:
        is_ended = alert.held_back_at is None
        words = (
            _("It has not confirmed the alert before its end.") if is_ended else _("It has not confirmed the alert.")
        )
        return words, ""
    words = _("received and verified, not confirmed on the screen yet") if is_received else _("sent, not received yet")
    wait = NORMAL_WAIT
    if is_received and receipt.statement is not None:
        turn, longer = _turn(receipt.statement)
        words, wait = turn or words, wait + longer
    if now - alert.issued_at < wait:
        return words, ""
    return words, _("That takes too long. Open its page to see why, and have somebody look at the screen.")


def _way_out(receipt: ScreenReceipt, now: dt.datetime) -> str:
    """Return what an officer can do about an alert that is hidden on a screen and was not seen there."""
    if receipt.state == "dark":
        return _("Only an emergency switches the display on.")
    statement = receipt.statement
    if statement is not None:
        is_actual = statement.alert.status is content.AlertStatus.ACTUAL
        hiding = [each for each in statement.masked_by if each.ends_at_ms > unix_ms(now)]
        if not is_actual and any(each.status is content.AlertStatus.ACTUAL for each in hiding):
            return _("Real alerts go first, whatever the level of an exercise or a test.")
        if not hiding:
            return _("To show it now, broadcast it at a higher level.")
    return _("To show it now, end what hides it, or broadcast it at a higher level.")


def _turn(statement: AlertStatement) -> tuple[str, dt.timedelta]:
    """Return why an alert that is to be seen may not have been on yet, and how much longer that may take."""
    others, is_loop = statement.in_turn_with, statement.alert.level is content.AlertLevel.INFORMATION
    wait = TURN_WAIT * len(others) + (LOOP_WAIT if is_loop else dt.timedelta(0))
    if others:
        return _("received and verified, waiting for its turn with %(names)s") % {"names": quote_titles(others)}, wait
    return _("received and verified, waiting for its turn in the loop") if is_loop else "", wait


def _shown_words(receipt: ScreenReceipt, *, is_over: bool) -> str:
    assert receipt.latency_ms is not None
    words = _("%(latency)s after the button was pressed") % {"latency": format_latency(receipt.latency_ms)}
    left = "" if receipt.is_targeted else _("no longer one of its screens")
    hidden = hidden_words(receipt)
    if hidden and is_over:
        hidden = _("“end of alert” %(hidden)s") % {"hidden": hidden}
    return " · ".join(filter(None, (words, hidden, left)))


def _offline_words(alert: Alert, receipt: ScreenReceipt, is_over: bool) -> tuple[str, str]:
    since = presence.last_contact(getattr(receipt.screen, "state", None))
    words = _("no contact %(since)s") % {"since": moment_since(since)} if since else _("never heard of yet")
    if is_over:
        return words, ""
    action = _(
        "It shows the alert if it comes back %(before)s. Until then, warn people there in another way; have power "
        "and network checked."
    ) % {"before": moment_before(alert.ends_at)}
    return words, action


def _pictured_at(alert: Alert, receipt: ScreenReceipt, now: dt.datetime) -> dt.datetime | None:
    """Return when the newest screenshot was taken, if that was while the alert was on the screen."""
    if receipt.shown_at is None or receipt.statement is None or receipt.is_hidden or now >= alert.ends_at:
        return None
    try:
        taken = screenshots.screenshot_path(receipt.screen.slug).stat().st_mtime
    except OSError:
        return None
    at = dt.datetime.fromtimestamp(taken, dt.UTC)
    return at if at >= receipt.shown_at else None


def clearing_words(receipts: Sequence[ScreenReceipt]) -> str:
    """Return where “end of alert” is to be seen of an alert that has ended."""
    said = [each.statement.visibility for each in receipts if each.statement is not None]
    on = said.count(AlertVisibility.ALL_CLEAR)
    hidden = said.count(AlertVisibility.MASKED) + said.count(AlertVisibility.DARK)
    if on and not hidden:
        return _("Ended; “end of alert” is on the screens that showed it")
    if on:
        return _("Ended; “end of alert” is on %(on)d of the %(total)d screens that showed it") % {
            "on": on, "total": on + hidden,
        }  # fmt: skip
    if hidden:
        return _("Ended; “end of alert” cannot be seen at the moment")
    was_seen = any(each.state == "shown" for each in receipts)
    return _("Ended") if was_seen else _("Ended; no screen had shown it")


def counts_of(receipts: Sequence[ScreenReceipt]) -> dict[str, int]:
    """Return how many screens are in each state; ``hidden`` stands for those where something hides it."""
    states = [each.state for each in receipts]
    return {
        "shown": states.count("shown"), "hidden": states.count("masked") + states.count("dark"),
        "waiting": states.count("waiting"), "offline": states.count("offline"),
    }  # fmt: skip
