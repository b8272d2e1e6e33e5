"""The alerts of a stream as a player holds them: how long each lasts, by whichever clock can tell. Pure."""

from __future__ import annotations

from dataclasses import replace

from beffroi_content.model import Alert, HeldAlert
from beffroi_content.wire.documents import AlertSet
from beffroi_player.clock import ServerClock
from beffroi_player.state.directories import DocumentReception, HeldStream

SAME_LAPSE_MS = 1_000
"""A lapse that is earlier by less than that is not written again: each beat moves it by a moment."""


def held_stream(
    before: HeldStream | None, document: AlertSet, uptime_ms: float, server: ServerClock | None = None
) -> HeldStream:
    """Return the alerts of a stream after a newer set.

    Where the server's steady clock tells how old the set is, it says what each alert has left. Otherwise an alert that
    is in the set again keeps its first lapse, and a shorter time to live still shortens it; one that says something
    else counts anew. An alert that is over here, and of which only the times were moved because the server's clock was
    set, stays over: it may have been the server that stood still.
    """
    known = {held.alert.id: held for held in before.alerts} if before else {}
    stream = HeldStream(sequence=document.sequence, signed_at=document.steady, issued_at_ms=document.issued_at_ms)
    now = int(uptime_ms)
    found = [_new_alert(each, stream, now, server) for each in document.alerts]
    found += [_new_alert(each, stream, now, server, is_planned=True) for each in document.planned]
    alerts = tuple(_held_alert(known.get(each.alert.id), each, now) for each in found)
    return stream.model_copy(update={"alerts": alerts})


def _new_alert(
    alert: Alert, stream: HeldStream, uptime_ms: int, server: ServerClock | None, *, is_planned: bool = False
) -> HeldAlert:
    """Return an alert as the set of a stream gives it: it lapses late by the time for which the set was on its way."""
    held = HeldAlert(alert=alert, lapses_at_uptime_ms=uptime_ms, is_planned=is_planned)
    lapse = uptime_ms + _left_at_signing(held, stream)
    return _measured(held.model_copy(update={"lapses_at_uptime_ms": lapse}), stream, server)


def _measured(held: HeldAlert, stream: HeldStream, server: ServerClock | None) -> HeldAlert:
    """Return an alert with the lapse that the server's steady clock gives it; as it was where that cannot be told."""
    signed_at = stream.signed_at
    if signed_at is None or server is None or signed_at.epoch != server.epoch:
        return held
    lapse = signed_at.ms + _left_at_signing(held, stream) - server.ahead_ms
    # The beat that told it may have been late. One that was less so only shortens: nothing comes back that was over.
    if held.is_measured and lapse > held.lapses_at_uptime_ms - SAME_LAPSE_MS:
        return held
    return held.model_copy(update={"lapses_at_uptime_ms": lapse, "is_measured": True})


def _left_at_signing(held: HeldAlert, stream: HeldStream) -> int:
    # Both are by the clock that the server had at that moment, right or wrong. A planned alert lives only from its
    # beginning on.
    left = max(0, held.alert.ends_at_ms - stream.issued_at_ms)
    return left if held.is_planned else min(held.alert.time_to_live_ms, left)


def _held_alert(before: HeldAlert | None, found: HeldAlert, uptime_ms: int) -> HeldAlert:
    alert = found.alert
    if before is None:
        return found
    if _says_the_same(before.alert, alert):
        least = min(before.lapses_at_uptime_ms, found.lapses_at_uptime_ms)
        lapse = found.lapses_at_uptime_ms if found.is_measured else least
        is_measured = found.is_measured or before.is_measured
        return found.model_copy(
            update={
                "lapses_at_uptime_ms": lapse,
                "is_measured": is_measured,
                "pages": before.pages,
                "page_ms": before.page_ms,
            }
        )
    if before.lapses_at_uptime_ms <= uptime_ms and _is_only_moved(before.alert, alert):
        # As measured: no later beat brings it back.
        return found.model_copy(update={"lapses_at_uptime_ms": before.lapses_at_uptime_ms, "is_measured": True})
    return found


def reception_of(
    alert: Alert, reception: DocumentReception, held: Alert | None, known: DocumentReception | None
) -> DocumentReception:
    """Return which document brought an alert: the first, or the one that gave it other times.

    Args:
        alert: As a newer set has it.
        reception: Of that set.
        held: The alert as it is held; None: it is not.
        known: What brought that.
    """
    if held is None or known is None:
        return reception
    return known if _says_the_same(held, alert) else replace(reception, before=replace(known, before=None))


def _says_the_same(before: Alert, after: Alert) -> bool:
    """Tell whether an alert is as it was.

    The server sends a set again with the time that is left by then: that alone is no other alert.
    """
    return before.model_copy(update={"time_to_live_ms": after.time_to_live_ms}) == after


def _is_only_moved(before: Alert, after: Alert) -> bool:
    """Tell whether an alert says the same, and lasts as long, at another time of the server's clock."""
    moved = ("issued_at_ms", "ends_at_ms", "time_to_live_ms", "corrected_at_ms")
    times = {name: getattr(after, name) for name in moved}
    lasted = before.ends_at_ms - before.issued_at_ms
    return after.ends_at_ms - after.issued_at_ms == lasted and before.model_copy(update=times) == after


def measured_stream(stream: HeldStream, server: ServerClock | None) -> HeldStream:
    """Return the alerts of a stream, each with the lapse that the steady clock of the server gives it, if it can."""
    return stream.model_copy(update={"alerts": tuple(_measured(held, stream, server) for held in stream.alerts)})
