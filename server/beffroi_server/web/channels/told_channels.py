"""What the pages of alerts say of channels: which will tell of it, with their texts, and what became of each."""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError
from django.utils import timezone

from beffroi_content.model import AlertLevel, AlertStatus
from beffroi_server.alerts.models import Alert
from beffroi_server.channels import alert_texts, following
from beffroi_server.channels.models import Channel, ChannelAct, ChannelMessage
from beffroi_server.core import database
from beffroi_server.fleet.targets import Targets
from beffroi_server.web.access import current_town

logger = logging.getLogger(__name__)
LOCK_WAIT_S = 0.5
FOLLOWED = dt.timedelta(seconds=20)
"""For so long after an act an open page asks what became of it."""
_WRITTEN = ("level", "status", "title", "description", "instruction", "source", "is_open_ended", "translations")


@dataclass(frozen=True, slots=True)
class ToldChannel:
    """A channel in the form of an alert."""

    channel: Channel
    is_told: bool
    text: str


def previews(values: Mapping[str, Any], targets: Targets, data: Any | None, former: Alert | None) -> list[ToldChannel]:
    """Return the channels that will tell of an alert that is being written, each with its text.

    Args:
        values: Of the form, as far as they are correct.
        targets: The screens.
        data: What was submitted; None for a form that is opened.
        former: The alert that is corrected.
    """
    level, status = values.get("level") or AlertLevel.EMERGENCY, values.get("status") or AlertStatus.ACTUAL
    family = following.texts_of(former) if former is not None else []
    # Who has told of it hears of its correction, too.
    told = following.channels_told(family) if family else set()
    channels = [
        each for each in Channel.objects.filter(is_on=True)
        if each.pk in told or following.tells_of(each, level, status)
    ]  # fmt: skip
    if not channels:
        return []
    left_out = following.left_out_of(family)
    if data is not None:
        left_out = _left_out(data)
    written = {name: values[name] for name in _WRITTEN if values.get(name) is not None}
    minutes = values.get("duration_min")
    end = timezone.now() + dt.timedelta(minutes=minutes or 60)
    if former is not None and not minutes:
        end = former.ends_at
    alert = Alert(**written | {"level": level, "status": status, "ends_at": end})
    place, link = alert_texts.place_of(current_town().name, targets), alert_texts.public_link()
    return [
        ToldChannel(
            each, each.pk not in left_out,
            alert_texts.compose_text(
                alert, ChannelAct.CORRECTED if each.pk in told else ChannelAct.BROADCAST,
                language=each.language, length=each.max_length, place=place, link=link,
            ).text,
        )
        for each in channels
    ]  # fmt: skip


def note_choice(data: Any, token: uuid.UUID) -> None:
    """Note the channels that an officer has left out of an alert that is on its way. Never fails it.

    A form without channels, such as that of a program, leaves out none.
    """
    if not data.getlist("channels"):
        return
    try:
        with database.short_lock_wait(LOCK_WAIT_S):
            following.leave_out(token, _left_out(data))
    except DatabaseError as error:
        # The alert is sent all the same, and the channels tell of it, too: rather one too many than none.
        logger.warning("the choice of channels for an alert could not be stored: %s", error)


def outcomes_context(alert: Alert) -> dict[str, Any]:
    """Return what became of the messages on an alert."""
    messages = list(ChannelMessage.objects.filter(alert=alert))
    now = timezone.now()
    is_recent = now - alert.issued_at < FOLLOWED or (alert.ends_at <= now and now - alert.ends_at < FOLLOWED)
    asks = is_recent or any(each.done_at is None for each in messages)
    return {"alert": alert, "told": [(each, _outcome(each)) for each in messages], "asks_again": asks}


def _left_out(data: Any) -> set[int]:
    shown, told = (set(filter(str.isdecimal, data.getlist(name))) for name in ("channels", "told"))
    return {int(key) for key in shown - told if len(key) < 10}


def _outcome(message: ChannelMessage) -> str:
    """Return ``delivered``, ``partly``, ``waiting``, ``again``, ``failed`` or ``overtaken``."""
    if message.reached >= message.addressed:
        return "delivered"
    if message.done_at is None:
        return "again" if message.problem else "waiting"
    if message.reached:
        return "partly"
    return "failed" if message.problem else "overtaken"
