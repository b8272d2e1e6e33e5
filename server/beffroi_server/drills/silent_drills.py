"""Silent drills from their start to their report.

A drill takes the way of an alert as far as the display: signed, over the broker, checked, drawn by the same code for
that screen. It is a command and not an alert, so that no player, of whatever version, can show it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from beffroi_content import model as content
from beffroi_content import rendering
from beffroi_content.timeline import ClockState
from beffroi_content.wire import reports
from beffroi_content.wire.documents import CommandBody, CommandKind
from beffroi_content.wire.messages import COMMAND
from beffroi_content.wire.scopes import TopicScope
from beffroi_server.accounts import audit
from beffroi_server.accounts.models import Town, User
from beffroi_server.accounts.permissions import require
from beffroi_server.alerts.models import Scenario
from beffroi_server.alerts.translations import translations_of
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.core.transactions import serialised
from beffroi_server.delivery import signing
from beffroi_server.drills.models import FAILURES, Drill, DrillOutcome, DrillResult, DrillSettings
from beffroi_server.fleet import presence, screen_scopes
from beffroi_server.fleet.models import Screen, ScreenState
from beffroi_server.library import preview
from beffroi_server.monitoring.expected_frames import ExpectedContents
from beffroi_server.notifications.conditions import record_condition
from beffroi_server.notifications.occasions import Occasion
from beffroi_server.schedule.manifest_compiler import CompileError

REPEAT_AFTER = dt.timedelta(minutes=1)
"""Those that have not answered by then are asked once more: a command is not retained by the broker."""
LASTS = dt.timedelta(minutes=4)
KEPT = dt.timedelta(days=90)
NAMES_KEPT = 20
_HOUR = dt.timedelta(hours=1)
"""So long the drilled alert would be on, for its line “until …”."""


def start_drill(now: dt.datetime, *, user: User | None) -> Drill:
    """Ask the player of every enrolled screen to draw an alert without showing it.

    A drill that is still open is returned instead of a second one.

    Raises:
        NotPermitted: the user may not broadcast alerts on every screen.
    """
    require(user, "may_alert")
    screen_scopes.check_whole_town(user)
    with serialised():
        if (running := Drill.objects.filter(closed_at=None).first()) is not None:
            return running
        identifier = uuid.uuid4()
        alert = _drilled_alert(identifier, now)
        drill = Drill.objects.create(
            id=identifier, title=alert.title, alert=alert.model_dump(mode="json"), started_at=now, started_by=user
        )
        screens = list(Screen.objects.filter(enrolled_at__isnull=False))
        DrillResult.objects.bulk_create([DrillResult(drill=drill, screen=screen, asked_at=now) for screen in screens])
        audit.record_event(user, "drill-started", drill, screens=len(screens))
    _ask(screens, alert)
    return drill


def follow_drills(now: dt.datetime) -> int:
    """Take in what players have answered to open drills, ask again, and close what is complete or too old.

    Returns:
        How many drills were closed.
    """
    return sum(_follow(drill, now) for drill in Drill.objects.filter(closed_at=None))


def save_settings(chosen: DrillSettings, *, user: User | None) -> None:
    """Save when drills are held by themselves, and whether each is mailed.

    Raises:
        NotPermitted: the user is no administrator.
    """
    require(user, "may_administer")
    with serialised():
        before = audit.stored_values(chosen) if chosen.pk else {}
        chosen.save()
        audit.record_event(user, "drill-settings-changed", chosen, **audit.changes_since(before, chosen))


def delete_old(now: dt.datetime) -> int:
    """Delete drills that are older than they are kept; return how many rows."""
    return Drill.objects.filter(started_at__lt=now - KEPT).delete()[0]


def _drilled_alert(identifier: uuid.UUID, now: dt.datetime) -> content.Alert:
    """Return what is drilled: one prepared alert after another, so that each is tried on every screen."""
    scenarios = list(Scenario.objects.order_by("pk"))
    times = {"issued_at_ms": unix_ms(now), "ends_at_ms": unix_ms(now + _HOUR), "time_to_live_ms": 3_600_000}
    marks = {"id": str(identifier), "status": content.AlertStatus.EXERCISE}
    if not scenarios:
        return content.Alert(
            level=content.AlertLevel.EMERGENCY, title=_("Silent drill"), source=Town.objects.get().name,
            **times, **marks,
        )  # fmt: skip
    chosen = scenarios[Drill.objects.count() % len(scenarios)]
    return content.Alert(
        level=content.AlertLevel(chosen.level), hazard=chosen.hazard, title=chosen.title,
        description=chosen.description, instruction=chosen.instruction, source=chosen.source,
        short_text=chosen.short_text, phone=chosen.phone, link=chosen.link,
        translations=translations_of(chosen.translations), **times, **marks,
    )  # fmt: skip


def _ask(screens: Iterable[Screen], alert: content.Alert) -> None:
    # Each in a transaction of its own: an alert in earnest never waits for the drill of a thousand screens.
    for screen in screens:
        body = CommandBody(id=uuid.uuid4().hex, kind=CommandKind.DRILL, alert=alert)
        signing.seal_document(COMMAND, TopicScope.of_screen(screen.slug), body)


def _follow(drill: Drill, now: dt.datetime) -> bool:
    alert = content.Alert.model_validate(drill.alert)
    waiting = list(_waiting(drill).select_related("screen"))
    states = {state.screen_id: state for state in ScreenState.objects.filter(screen__in=[w.screen for w in waiting])}
    changed = _take_answers(waiting, states, alert)
    is_over = now >= drill.started_at + LASTS
    left = [each for each in waiting if each.outcome == DrillOutcome.WAITING]
    if is_over:
        for each in left:
            is_there = presence.is_reachable(states.get(each.screen_id), now)
            each.outcome = DrillOutcome.NO_ANSWER if is_there else DrillOutcome.OFFLINE
        changed += left
    again = [each.screen for each in left if presence.is_reachable(states.get(each.screen_id), now)]
    repeats = not is_over and drill.repeated_at is None and now >= drill.started_at + REPEAT_AFTER
    with serialised():
        DrillResult.objects.bulk_update(changed, ["outcome", "travel_ms", "drawing_ms", "detail"], batch_size=200)
        if repeats:
            drill.repeated_at = now
            drill.save(update_fields=["repeated_at"])
            _waiting(drill).filter(screen__in=again).update(asked_at=now)
        elif is_over or not left:
            drill.closed_at = now
            drill.save(update_fields=["closed_at"])
            _record_outcome(drill, now)
    if repeats:
        _ask(again, alert)
    return drill.closed_at is not None


def _waiting(drill: Drill) -> QuerySet[DrillResult]:
    return drill.results.filter(outcome=DrillOutcome.WAITING)


def _take_answers(
    waiting: Iterable[DrillResult], states: Mapping[int, ScreenState], alert: content.Alert
) -> list[DrillResult]:
    answered: list[tuple[DrillResult, reports.DrillResult | None, Mapping[str, Any]]] = []
    for each in waiting:
        report = (states[each.screen_id].report if each.screen_id in states else None) or {}
        said = report.get("drill")
        if said is not None and said.get("alert") == alert.id:
            answered.append((each, reports.DrillResult.model_validate(said), report))
        elif _refuses_drills(report, each.asked_at):
            each.outcome = DrillOutcome.TOO_OLD
            answered.append((each, None, report))
    contents = ExpectedContents(each.screen for each, said, _report in answered if said is not None)
    known: dict[str, tuple[str, ...]] = {}
    for each, said, report in answered:
        if said is None:
            continue
        each.drawing_ms = said.drawing_ms
        if report.get("clock") == ClockState.TRUSTED:
            each.travel_ms = max(0, said.received_at_ms - unix_ms(each.asked_at))
        if said.problem:
            each.outcome, each.detail = DrillOutcome.NOT_DRAWN, said.problem[:300]
        else:
            is_right = said.frames == _expected_digests(each.screen, alert, contents, known)
            each.outcome = DrillOutcome.RIGHT if is_right else DrillOutcome.DIFFERS
    return [each for each, _said, _report in answered]


def _refuses_drills(report: Mapping[str, Any], asked_at: dt.datetime) -> bool:
    refusals = report.get("refusals") or ()
    return any(
        each.get("code") == "unknown-command" and each.get("last_at_ms", 0) >= unix_ms(asked_at) for each in refusals
    )


def _expected_digests(
    screen: Screen, alert: content.Alert, contents: ExpectedContents, known: dict[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """Return the digest of each page as the server draws it for a screen; equal drawings are made once."""
    try:
        manifest = contents.manifest_of(screen)
    except CompileError:
        # Without a programme the player draws for its display as it finds it: there is nothing to compare with.
        return ()
    form = preview.alert_form(alert.level)
    canvas = preview.alert_canvas(alert.level, form, manifest.settings, manifest.layout.zones[0].rectangle.size)
    key = rendering.alert_key(alert, form, canvas)
    if key not in known:
        known[key] = tuple(map(rendering.image_digest, rendering.draw_alert(alert, form, canvas)))
    return known[key]


def _record_outcome(drill: Drill, now: dt.datetime) -> None:
    """Tell by the usual ways that a drill failed, or that the next one went well."""
    failed = drill.results.filter(outcome__in=FAILURES).select_related("screen").order_by("screen__name")
    count = failed.count()
    detail = {
        "missing": count,
        "total": drill.results.count(),
        "screens": [each.screen.name for each in failed[:NAMES_KEPT]],
        "drill": str(drill.pk),
    }
    record_condition(Occasion.DRILL.value, now, reason="failed" if count else "", detail=detail)
