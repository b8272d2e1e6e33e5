"""Enrolment cards: files that enrol players, many at a time, also where nobody can type or read a code.

A screen has one open card at most: another card, or a player that was enrolled otherwise, takes its worth from it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_content.wire import enrolment_card as wire
from beffroi_server.accounts import audit
from beffroi_server.accounts.models import User
from beffroi_server.accounts.permissions import require
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.core.transactions import serialised
from beffroi_server.delivery import signing, signing_keys
from beffroi_server.fleet import screen_scopes
from beffroi_server.fleet.card_models import CardState, EnrolmentCard
from beffroi_server.fleet.enrolment_codes import code_sha256, new_code
from beffroi_server.fleet.models import Screen

CODE_LENGTH = 24
"""Longer than a code that is typed: it is valid for weeks."""
LONGEST_DAYS, USUAL_DAYS = 90, 14
MOST_CARDS = 500
"""Cards that are made at once."""
ASKED_AGAIN = dt.timedelta(hours=1)
"""For how long after it was used the same player may ask again: an answer may be lost on its way."""
KEPT = dt.timedelta(days=400)
"""For how long a card that is over stays in the list."""


def make_cards(
    screens: Sequence[Screen], *, days: int, user: User | None, servers: Iterable[str] = ()
) -> list[wire.EnrolmentCard]:
    """Make a card for each of some screens; those that they had are worth nothing any more.

    Args:
        screens: At least one.
        days: For how many days they are valid.
        user: Who does it; None for the server.
        servers: Further addresses of the server, such as that on the local network.

    Raises:
        NotPermitted: the user does not look after one of the screens.
        ValidationError: too many or no screens, too many days, an address is none, or the certificates of the town's
            authorities are too large.
        KeysMissing: ``beffroi-server init`` was not run.
    """
    require(user, "may_install")
    screen_scopes.check_screens(user, screens)
    if not 0 < len(screens) <= MOST_CARDS:
        raise ValidationError(_("Choose at least one screen, and %(most)d at most.") % {"most": MOST_CARDS})
    if not 0 < days <= LONGEST_DAYS:
        raise ValidationError(_("Cards are valid for 1 to %(days)d days.") % {"days": LONGEST_DAYS})
    addresses, authorities = _addresses(servers), _authorities()
    root, now = signing_keys.root_fingerprint(), timezone.now()
    expires_at = now + dt.timedelta(days=days)
    codes = [new_code(CODE_LENGTH) for _each in screens]
    with serialised():
        _withdraw(EnrolmentCard.objects.filter(screen__in=screens), now)
        EnrolmentCard.objects.filter(expires_at__lt=now - KEPT).delete()
        EnrolmentCard.objects.bulk_create(
            EnrolmentCard(
                screen=screen, code_sha256=code_sha256(code), made_at=now, made_by=user, expires_at=expires_at
            )
            for screen, code in zip(screens, codes, strict=True)
        )
        for screen in screens:
            audit.record_event(user, "card-made", screen, slug=screen.slug, days=days)
    return [
        wire.EnrolmentCard(
            site=signing.current_site(), screen=screen.slug, name=screen.name, code=code, servers=addresses, root=root,
            authorities=authorities, made_at_ms=unix_ms(now), expires_at_ms=unix_ms(expires_at),
        )
        for screen, code in zip(screens, codes, strict=True)
    ]  # fmt: skip


def withdraw_card(card: EnrolmentCard, *, user: User | None) -> None:
    """Make a card worthless that was not used; one that is over stays as it is.

    Raises:
        NotPermitted: the user does not look after its screen.
    """
    require(user, "may_install")
    screen_scopes.check_screens(user, [card.screen])
    with serialised():
        if _withdraw(EnrolmentCard.objects.filter(pk=card.pk), timezone.now()):
            audit.record_event(user, "card-withdrawn", card.screen, slug=card.screen.slug)


def cards_in_scope(user: User | None) -> QuerySet[EnrolmentCard]:
    """Return the cards of the screens that a user may look at, the newest first."""
    rows = EnrolmentCard.objects.select_related("screen", "made_by")
    if screen_scopes.scope_group_keys(user) is None:
        return rows
    return rows.filter(screen__in=screen_scopes.screens_in_scope(user))


def withdraw_cards_of(screen: Screen) -> None:
    """Make the open card of a screen worthless: its player was enrolled otherwise, or revoked."""
    _withdraw(EnrolmentCard.objects.filter(screen=screen), timezone.now())


def use_card(digest: str, trigger_key: str, used_by: str, now: dt.datetime) -> Screen | None:
    """Use up the card of a code and return its screen; None where there is none, or it is worth nothing any more.

    Within an enrolment, whose transaction it needs.
    """
    card = EnrolmentCard.objects.select_related("screen").filter(code_sha256=digest).first()
    if card is None:
        return None
    is_again = (
        card.used_at is not None
        and card.used_at <= now < card.used_at + ASKED_AGAIN
        and bool(trigger_key)
        and card.used_key == trigger_key == card.screen.trigger_key
    )
    if card.state_at(now) is not CardState.OPEN and not is_again:
        return None
    card.used_at, card.used_by, card.used_key = now, used_by[:200], trigger_key
    card.save(update_fields=["used_at", "used_by", "used_key"])
    return card.screen


def note_refused(code: str, refused_by: str) -> None:
    """Write down that a machine tried a card that is worth nothing any more, for people to see."""
    EnrolmentCard.objects.filter(code_sha256=code_sha256(code)).update(
        refused_at=timezone.now(), refused_by=refused_by[:200]
    )


def _withdraw(rows: QuerySet[EnrolmentCard], now: dt.datetime) -> int:
    return rows.filter(used_at=None, withdrawn_at=None, expires_at__gt=now).update(withdrawn_at=now)


def _addresses(further: Iterable[str]) -> tuple[str, ...]:
    """Return the addresses of the server, that of the settings first, each once."""
    found = tuple(dict.fromkeys(address.strip().rstrip("/") for address in (settings.PUBLIC_URL, *further)))
    if len(found) > wire.MAX_SERVERS:
        raise ValidationError(_("A card has %(most)d addresses of the server at most.") % {"most": wire.MAX_SERVERS})
    for address in found:
        if not wire.ADDRESS.fullmatch(address):
            raise ValidationError(
                _("“%(address)s” is not the address of a server, such as http://192.168.1.10:8000.")
                % {"address": address[:100]}
            )
    return found


def _authorities() -> tuple[str, ...]:
    """Return the certificates that vouch for the server: a new player has nobody else who tells it."""
    found = tuple(settings.AUTHORITIES)
    size = sum(map(len, found))
    if size > wire.AUTHORITIES_LIMIT:
        raise ValidationError(
            _(
                "The certificates of the setting BEFFROI_AUTHORITIES have %(size)d characters, and a card holds "
                "%(most)d. Leave those of the authorities alone in that file."
            )
            % {"size": size, "most": wire.AUTHORITIES_LIMIT}
        )
    return found
