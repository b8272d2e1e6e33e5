"""What players have triggered on the spot: taken in from the statements that they sign, and from then on ours.

An act that still runs becomes an alert like any other, under the identifier that the screens show already: it is in
the alert sets, the officer can end it, receipts and dossier belong to it. One that is over becomes history.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid

from django.utils import timezone

from beffroi_content.timeline import ClockState
from beffroi_content.wire.local_triggers import (
    ActCause,
    LocalAct,
    SignedStatement,
    StatementRefused,
    is_act_id,
    open_statement,
)
from beffroi_server.accounts import audit
from beffroi_server.alerts import clock_steps, services
from beffroi_server.alerts.local_scenarios import PREFIX, longest_of
from beffroi_server.alerts.models import Alert, Scenario
from beffroi_server.alerts.set_publication import publish_scopes
from beffroi_server.alerts.trigger_models import TriggeredAlert
from beffroi_server.core.formatting import from_milliseconds
from beffroi_server.core.transactions import serialised
from beffroi_server.delivery import signing
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.targets import Targets

logger = logging.getLogger(__name__)


def take_statement(screen: Screen, signed: SignedStatement) -> int:
    """Take in what a player has triggered; return how many alerts that made or changed.

    Raises:
        StatementRefused: it is not signed by the player of that screen.
    """
    if not screen.trigger_key:
        raise StatementRefused(f"{screen.slug} was enrolled without a key")
    statement = open_statement(signed, screen.trigger_key, signing.current_site(), screen.slug)
    return sum(_take_act(screen, act, signed) for act in statement.acts)


def _take_act(screen: Screen, act: LocalAct, signed: SignedStatement) -> bool:
    if not is_act_id(act.id) or not _is_uuid(act.id):
        raise StatementRefused(f"{act.id} is not the identifier of an act")
    now = timezone.now()
    with serialised():
        row = TriggeredAlert.objects.filter(alert=uuid.UUID(act.id)).select_related("alert").first()
        if row is None:
            return _begin(screen, act, signed, now)
        if row.screen_id != screen.pk or row.ended_at is not None or act.ended is None:
            return False
        _note_end(row, act.ended, signed)
        if now < row.alert.ends_at and not row.alert.settled:
            services.end_on_the_spot(row.alert, now)
            audit.record_event(None, "alert-ended-locally", row.alert, **_facts(row, act.ended))
        return True


def _begin(screen: Screen, act: LocalAct, signed: SignedStatement, now: dt.datetime) -> bool:
    scenario = _scenario_of(act, screen)
    if scenario is None:
        # Nobody can say any more what was shown: the audit trail says at least that something was.
        audit.record_event(
            None, "alert-triggered", act.scenario, id=act.id, screen=screen.name, scenario=act.scenario,
            kind=str(act.began.kind), who=act.began.who,
        )  # fmt: skip
        return False
    targets = Targets.of(scenario)
    longest = longest_of(scenario)
    left = min(dt.timedelta(milliseconds=act.left_ms), longest)
    began = _instant(act.began)
    if left:
        # What is left was counted by no clock of the day: the end is right, and so is the beginning.
        ends, issued = now + left, now + left - longest
    else:
        issued, ends = began, _instant(act.ended) if act.ended is not None else began + longest
    issued = min(issued, now)
    alert = Alert(
        id=uuid.UUID(act.id), scenario=scenario, level=scenario.level, hazard=scenario.hazard, title=scenario.title,
        description=scenario.description, instruction=scenario.instruction, short_text=scenario.short_text,
        phone=scenario.phone, link=scenario.link, source=scenario.source, translations=scenario.translations,
        everywhere=targets.everywhere,
        all_clear_s=scenario.all_clear_s, issued_at=issued, ends_at=max(issued, min(ends, now + longest)),
    )  # fmt: skip
    clock_steps.note_clock(alert)
    # One that is over was never in a set: its screens have shown its end, or do so by themselves.
    alert.settled = not left
    alert.save(force_insert=True)
    if not targets.everywhere:
        alert.groups.set(targets.groups)
        alert.screens.set(targets.screens)
    row = TriggeredAlert(
        alert=alert, screen=screen, screen_name=screen.name, kind=str(act.began.kind)[:20], who=act.began.who, at=began,
        is_clock_trusted=act.began.clock is ClockState.TRUSTED, reported_at=now, statement=signed.model_dump(),
        public_key=screen.trigger_key,
    )  # fmt: skip
    row.save(force_insert=True)
    audit.record_event(None, "alert-triggered", alert, **_facts(row, act.began))
    if act.ended is not None:
        _note_end(row, act.ended, signed)
        audit.record_event(None, "alert-ended-locally", alert, **_facts(row, act.ended))
    if left:
        publish_scopes(targets.scopes, now)
    logger.warning("%s has triggered “%s” on the spot", screen.name, alert.title)
    return True


def _scenario_of(act: LocalAct, screen: Screen) -> Scenario | None:
    number = act.scenario.removeprefix(PREFIX)
    rows = Scenario.objects.filter(local_triggers=screen).exclude(local_minutes=None)
    return rows.filter(pk=int(number)).first() if number.isdecimal() and len(number) < 19 else None


def _note_end(row: TriggeredAlert, ended: ActCause, signed: SignedStatement) -> None:
    row.ended_kind, row.ended_who, row.ended_at = str(ended.kind)[:20], ended.who, _instant(ended)
    row.statement = signed.model_dump()
    row.save(update_fields=["ended_kind", "ended_who", "ended_at", "statement"])


def _facts(row: TriggeredAlert, cause: ActCause) -> dict[str, object]:
    return {
        "id": str(row.alert_id), "screen": row.screen_name, "kind": str(cause.kind), "who": cause.who,
        "at": _instant(cause),
    }  # fmt: skip


def _instant(cause: ActCause) -> dt.datetime:
    found = from_milliseconds(cause.at_ms)
    assert found is not None
    return found


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
