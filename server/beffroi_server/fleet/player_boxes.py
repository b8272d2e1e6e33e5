"""Machines with the identity of one screen, as after a memory card was copied: one is the player, others are shut out.

A card that was moved to another machine is no copy: the machine before it is silent from then on. Two machines are
there at once if one start of a player comes again after another machine has come in between.

The first machine stays the player as long as it is there, until a person chooses another one. What the others say is
not taken in, so that plays and receipts are those of one machine.
"""

from __future__ import annotations

import datetime as dt
import logging
import re
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from beffroi_content.wire.documents import CommandBody, CommandKind
from beffroi_content.wire.messages import COMMAND
from beffroi_content.wire.scopes import TopicScope
from beffroi_server.accounts import audit
from beffroi_server.accounts.models import User
from beffroi_server.accounts.permissions import require
from beffroi_server.core.transactions import serialised
from beffroi_server.delivery import signing
from beffroi_server.delivery.models import OutboxDocument
from beffroi_server.fleet import identity_watch, presence, screen_scopes
from beffroi_server.fleet.box_models import PlayerBox
from beffroi_server.fleet.models import Screen, ScreenState

logger = logging.getLogger(__name__)
THERE_WITHIN = dt.timedelta(minutes=5)
"""A machine that has asked since then is there: a player asks each minute."""
SHUT_OUT_SECONDS = 300
"""For how long a machine that is told so stays away, unless it is told again."""
TOLD_EVERY = dt.timedelta(seconds=45)
COPY_SEEN_SECONDS = 20
FORGOTTEN_AFTER = dt.timedelta(days=7)
"""A machine that is not there any more is forgotten after that: its card is in another one."""
MOST_BOXES = 8
_HEADER = re.compile(r"([0-9a-f]{16}) ([0-9A-Za-z_-]{1,63})")


@dataclass(frozen=True, slots=True)
class CallingBox:
    """The machine that a request comes from."""

    box: str
    boot: str
    address: str = ""

    @classmethod
    def parse(cls, header: str, address: str) -> CallingBox | None:
        """Return what a header says; None where the player does not say it, or says nonsense."""
        found = _HEADER.fullmatch(header)
        return cls(found[1], found[2], address[:45]) if found else None


@dataclass(frozen=True, slots=True)
class ShutOut:
    """The machine that asks is shut out."""

    order: OutboxDocument | None
    """The signed command that tells it so; None where it was told a moment ago, or nothing is certain yet."""


def keeper_of(boxes: Sequence[PlayerBox], now: dt.datetime) -> PlayerBox | None:
    """Return the machine that is the player of a screen: the first of those that are there and were not barred."""
    own = [each for each in boxes if not each.is_barred]
    if not own:
        return None
    there = [each for each in own if is_there(each, now)]
    return min(there, key=_age) if there else max(own, key=lambda each: (each.last_seen_at, each.pk))


def is_there(box: PlayerBox, now: dt.datetime) -> bool:
    """Tell whether a machine has asked of late."""
    return now - box.last_seen_at <= THERE_WITHIN


def _age(box: PlayerBox) -> tuple[dt.datetime, int]:
    return box.first_seen_at, box.pk or 0


def note_poll(screen: Screen, caller: CallingBox | None, now: dt.datetime) -> ShutOut | None:
    """Note that a machine asks for the documents of a screen; return whether it is shut out."""
    if caller is None:
        return None
    known = list(PlayerBox.objects.filter(screen=screen))
    if len(known) == 1 and (known[0].box, known[0].boot, known[0].is_barred) == (caller.box, caller.boot, False):
        return None
    with serialised():
        known = list(PlayerBox.objects.filter(screen=screen))
        own = _note_box(screen, known, caller, now)
        keeper = keeper_of(known, now)
        if keeper is None or keeper.box == own.box:
            _delete_others(known, own, now)
            return None
        state = ScreenState.objects.filter(screen=screen).first()
        if not own.is_barred and not identity_watch.has_clash(state, now):
            # Its memory card may just have been moved: then the other machine is silent in a moment.
            return ShutOut(None)
        return ShutOut(_tell(screen, own, keeper, now))


def may_speak(boxes: Sequence[PlayerBox], box: str, now: dt.datetime) -> bool:
    """Tell whether what a machine says of a screen is taken in. One that has not asked for documents yet waits."""
    keeper = keeper_of(boxes, now)
    return not box or keeper is None or keeper.box == box


def may_say_goodbye(boxes: Sequence[PlayerBox], box: str, now: dt.datetime) -> bool:
    """Tell whether the last will of a machine is that of a screen's player, as far as is known."""
    return may_speak(boxes, box, now) or all(each.box != box for each in boxes)


def boxes_of(screens: Collection[int]) -> dict[int, list[PlayerBox]]:
    """Return the machines of screens, by the key of the screen."""
    found: dict[int, list[PlayerBox]] = {key: [] for key in screens}
    for each in PlayerBox.objects.filter(screen__in=screens):
        found[each.screen_id].append(each)
    return found


def choose_box(screen: Screen, box: str, *, user: User | None) -> None:
    """Make one of the machines the player of a screen, and bar the others.

    Raises:
        NotPermitted: the user does not look after the screen.
        PlayerBox.DoesNotExist: no such machine was seen.
    """
    require(user, "may_install")
    screen_scopes.check_screens(user, [screen])
    with serialised():
        chosen = PlayerBox.objects.get(screen=screen, box=box)
        PlayerBox.objects.filter(screen=screen).exclude(pk=chosen.pk).update(is_barred=True, told_at=None)
        PlayerBox.objects.filter(pk=chosen.pk).update(is_barred=False, told_at=None)
        audit.record_event(user, "box-chosen", screen, slug=screen.slug, box=box, address=chosen.address)


def delete_boxes(screen: Screen) -> None:
    """Begin anew: another player was enrolled, and the identity of all these machines is worth nothing."""
    PlayerBox.objects.filter(screen=screen).delete()
    ScreenState.objects.filter(screen=screen).update(clash_at=None)


def _note_box(screen: Screen, known: list[PlayerBox], caller: CallingBox, now: dt.datetime) -> PlayerBox:
    own = next((each for each in known if each.box == caller.box), None)
    if own is None:
        if len(known) == 1:
            last = presence.last_contact(ScreenState.objects.filter(screen=screen).first())
            known[0].last_seen_at = max(known[0].last_seen_at, last or known[0].last_seen_at)
            known[0].save(update_fields=["last_seen_at"])
        for each in sorted(known, key=lambda row: row.last_seen_at)[: max(0, len(known) - MOST_BOXES + 1)]:
            each.delete()
            known.remove(each)
        own = PlayerBox.objects.create(
            screen=screen, box=caller.box, boot=caller.boot, address=caller.address, first_seen_at=now, last_seen_at=now
        )
        known.append(own)
        if len(known) > 1:
            logger.warning("%s: another machine has the identity of its player, from %s", screen.slug, caller.address)
        return own
    came_between = any(each.last_seen_at > own.last_seen_at for each in known if each is not own)
    if own.boot == caller.boot and came_between:
        ScreenState.objects.filter(screen=screen).update(clash_at=now)
    own.boot, own.address, own.last_seen_at = caller.boot, caller.address, now
    own.save(update_fields=["boot", "address", "last_seen_at"])
    return own


def _delete_others(known: Iterable[PlayerBox], own: PlayerBox, now: dt.datetime) -> None:
    for each in known:
        if each is not own and not each.is_barred and now - each.last_seen_at > FORGOTTEN_AFTER:
            each.delete()


def _tell(screen: Screen, own: PlayerBox, keeper: PlayerBox, now: dt.datetime) -> OutboxDocument | None:
    if own.told_at is not None and own.told_at <= now < own.told_at + TOLD_EVERY:
        return None
    if own.told_at is None:
        _send(screen, CommandKind.COPY_SEEN, COPY_SEEN_SECONDS, keeper.box)
    own.told_at = now
    own.save(update_fields=["told_at"])
    return _send(screen, CommandKind.SHUT_OUT, SHUT_OUT_SECONDS, own.box)


def _send(screen: Screen, kind: CommandKind, seconds: int, box: str) -> OutboxDocument:
    body = CommandBody(id=uuid.uuid4().hex, kind=kind, seconds=seconds, box=box)
    return signing.seal_document(COMMAND, TopicScope.of_screen(screen.slug), body)
