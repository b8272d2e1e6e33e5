"""Pairing of players: they ask for a code, an operator types it for a screen, they prove it and get an identity.

Who knows a code gets nothing by it: the identity is sealed for the player that showed it, after it has proved that. See
``beffroi_content.wire.pairing`` for how, and docs/decisions/0055-pairing.md for against whom.
"""

from __future__ import annotations

import datetime as dt
import json
import secrets

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_content.wire.pairing import (
    ALPHABET,
    IDENTITY,
    LIFETIME_S,
    NUMBER,
    PREFIX_LENGTH,
    TYPED,
    TYPED_S,
    PairingOffer,
    PairingRequest,
    PairingTranscript,
    SealBroken,
    public_key,
    read_code,
)
from beffroi_server.accounts import audit
from beffroi_server.accounts.models import Town, User
from beffroi_server.core.attempt_throttle import AttemptThrottle
from beffroi_server.core.transactions import serialised
from beffroi_server.delivery import signing, signing_keys
from beffroi_server.fleet import services
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.pairing_models import Pairing, PairingOutcome

MAX_OPEN, MAX_OPEN_OF_NETWORK = 200, 60
"""Codes that may be waiting, and of them those of one network: a workshop pairs some forty players at once."""
MAX_MISTYPED = 5
"""Wrong codes after which a player shows another one."""
LIVELY_S = 30
"""A player that has not asked for so long does not show the code any more."""
KEPT = dt.timedelta(hours=1)
_SEEN_EVERY = dt.timedelta(seconds=10)
code_throttle = AttemptThrottle(20, 3.0)
"""Codes of which no player knows, by user."""


class TooManyPairings(Exception):
    """Refusal of another code while so many are waiting."""


class PairingGone(Exception):
    """Nobody waits under this handle, or its code has expired."""


class PairingForged(Exception):
    """Refusal of an answer that does not prove that the player has shown the code."""


# --- the player asks


def open_pairing(request: PairingRequest, network: str) -> PairingOffer:
    """Give a player the first letters of a code, and a key of ours.

    Raises:
        TooManyPairings: too many are waiting, of all networks or of this one.
        KeysMissing: ``beffroi-server init`` was not run.
    """
    now = timezone.now()
    own, anchor = X25519PrivateKey.generate(), signing_keys.trust_anchor("pairing")
    with serialised():
        Pairing.objects.filter(expires_at__lt=now - KEPT).delete()
        waiting = _waiting(now)
        if len(waiting) >= MAX_OPEN or sum(each.network == network for each in waiting) >= MAX_OPEN_OF_NETWORK:
            raise TooManyPairings
        town = Town.objects.first()
        offer = PairingOffer(
            pairing=secrets.token_hex(16), prefix=_free_prefix(), site=signing.current_site(),
            root_keys=anchor.root_keys, channel_key=public_key(own), town=town.name if town else "",
        )  # fmt: skip
        Pairing.objects.create(
            handle=offer.pairing, prefix=offer.prefix, request=request.model_dump(mode="json"),
            offer=offer.model_dump(mode="json"), channel_key=own.private_bytes_raw().hex(), network=network,
            created_at=now, polled_at=now, expires_at=now + dt.timedelta(seconds=LIFETIME_S),
        )  # fmt: skip
    return offer


def _waiting(now: dt.datetime) -> list[Pairing]:
    """Return the pairings that are open, and drop those whose player does not ask any more."""
    rows = Pairing.objects.filter(outcome=PairingOutcome.OPEN, expires_at__gt=now)
    # Nobody fills the list by asking once and going away.
    rows.filter(typed="", polled_at__lt=now - dt.timedelta(seconds=4 * LIVELY_S)).delete()
    return list(rows.only("network"))


def _free_prefix() -> str:
    taken = set(Pairing.objects.values_list("prefix", flat=True))
    while True:
        found = "".join(secrets.choice(ALPHABET) for _ in range(PREFIX_LENGTH))
        if found not in taken:
            return found


def typed_code(handle: str) -> str:
    """Return the code that was typed for a player, sealed; empty while there is none.

    Raises:
        PairingGone: its time is over.
    """
    now, row = timezone.now(), _open_row(handle)
    if now - row.polled_at > _SEEN_EVERY:
        Pairing.objects.filter(pk=row.pk).update(polled_at=now)
    # A player that has missed the answer asks again.
    is_due = _is_typed(row, now) or row.outcome == PairingOutcome.PAIRED
    return _transcript(row).seal(_own_key(row), TYPED, row.typed.encode()) if is_due else ""


def answer_typed_code(handle: str, sealed: str) -> str:
    """Take the answer of a player to a code that was typed; return the identity of the screen, sealed.

    Returns:
        Nothing where the player says that the code is not its own.

    Raises:
        PairingGone: its time is over, or nobody has typed its code.
        PairingForged: it has not shown that code, whatever it says.
    """
    with serialised():
        row = _open_row(handle)
        if row.outcome == PairingOutcome.PAIRED:
            return row.answer
        if not _is_typed(row, timezone.now()) or row.screen is None:
            raise PairingGone
        try:
            number = _transcript(row).open(_own_key(row), NUMBER, sealed)
        except SealBroken as error:
            raise PairingForged from error
        if not number:
            _end_attempt(row, PairingOutcome.MISTYPED)
            return ""
        proved = _transcript(row).is_answered_by(number, row.typed)
        if proved:
            return _give_identity(row, row.screen)
        _end_attempt(row, PairingOutcome.FORGED)
    raise PairingForged


def _give_identity(row: Pairing, screen: Screen) -> str:
    identity = services.give_identity(screen, str(row.request["identity_key"]), "screen-paired")
    row.answer = _transcript(row).seal(_own_key(row), IDENTITY, json.dumps(identity).encode())
    row.outcome = PairingOutcome.PAIRED
    row.save(update_fields=["answer", "outcome"])
    return row.answer


def _end_attempt(row: Pairing, outcome: PairingOutcome) -> None:
    audit.record_event(row.typed_by, "pairing-refused", row.screen, reason=outcome.value, network=row.network)
    row.outcome, row.mistyped = outcome, row.mistyped + 1
    if outcome == PairingOutcome.FORGED or row.mistyped >= MAX_MISTYPED:
        row.expires_at = timezone.now()
    row.typed = ""
    row.save(update_fields=["outcome", "mistyped", "expires_at", "typed"])


# --- an operator types


def find_pairing(code: str, *, user: User | None) -> Pairing:
    """Return the pairing of the player that shows a code, as far as the first letters tell.

    Raises:
        ValidationError: no player shows it now; the message says why, and what to do.
    """
    read, now = read_code(code), timezone.now()
    if read is None:
        raise ValidationError(
            _("A code has eight letters and digits, such as KMP-2D7QX. Read it again on the screen."), code="malformed"
        )
    who = str(user.pk) if user is not None else ""
    if code_throttle.wait_s(who):
        raise ValidationError(_("Too many codes that no screen shows. Wait for a minute."), code="throttled")
    row = Pairing.objects.select_related("screen").filter(prefix=read[0]).first()
    try:
        return _check_usable(row, now)
    except ValidationError:
        code_throttle.record_failure(who)
        raise


def _check_usable(row: Pairing | None, now: dt.datetime) -> Pairing:
    if row is None:
        raise ValidationError(
            _(
                "No screen shows this code. Read it again. If it is right, compare the address on the screen with that "
                "of this page: the player may have found another server."
            ),
            code="unknown",
        )
    if row.outcome == PairingOutcome.PAIRED:
        raise ValidationError(
            _("This code has been used: the player is paired with the screen “%(name)s”.") % {"name": row.screen},
            code="used",
        )
    if row.expires_at <= now:
        raise ValidationError(
            _("This code has expired. The screen shows another one by now: use that."), code="expired"
        )
    if (now - row.polled_at).total_seconds() > LIVELY_S:
        raise ValidationError(
            _("The player that had this code no longer answers. Check its power and network: it then shows another."),
            code="silent",
        )
    return row


def latest_pairing(code: str, *, user: User | None) -> Pairing:
    """Return the pairing of a code, also one that was typed, used or refused since.

    Raises:
        ValidationError: there is none; the message says why, and what to do.
    """
    read = read_code(code)
    row = Pairing.objects.select_related("screen").filter(prefix=read[0]).first() if read is not None else None
    return row if row is not None and row.screen is not None else find_pairing(code, user=user)


def confirm_pairing(code: str, screen: Screen, *, user: User | None) -> Pairing:
    """Pair the player that shows a code with a screen; one that the screen had loses its access then.

    The player still has to prove that it shows the code, within ``TYPED_S`` seconds: see :func:`pairing_stage`.

    Raises:
        NotPermitted: the user does not look after this screen.
        ValidationError: no player shows the code now, or somebody else is pairing it.
    """
    services.check_installer(user, screen)
    found = find_pairing(code, user=user)
    _prefix, typed = read_code(code) or ("", "")
    now = timezone.now()
    with serialised():
        row = _check_usable(Pairing.objects.filter(pk=found.pk).first(), now)
        if _is_typed(row, now) and (row.typed, row.screen_id) != (typed, screen.pk):
            raise ValidationError(_("Somebody else is pairing this player now. Wait for two minutes."), code="taken")
        row.typed, row.typed_at, row.typed_by, row.screen = typed, now, user, screen
        row.outcome = PairingOutcome.OPEN
        row.expires_at = max(row.expires_at, now + dt.timedelta(seconds=TYPED_S))
        row.save()
        audit.record_event(
            user, "pairing-confirmed", screen, slug=screen.slug, check=check_number(row), machine=row.machine,
            network=row.network, replaces=bool(screen.token_sha256),
        )  # fmt: skip
    return row


def check_number(row: Pairing) -> str:
    """Return the number that the player shows beside its code."""
    return _transcript(row).check_number


def pairing_stage(row: Pairing, now: dt.datetime) -> str:
    """Return how far a pairing is: ``open``, ``waiting``, ``silent`` or ``lapsed``, or its outcome."""
    if row.outcome != PairingOutcome.OPEN or not row.typed:
        return str(row.outcome)
    if not _is_typed(row, now):
        return "lapsed"
    return "waiting" if (now - row.polled_at).total_seconds() < LIVELY_S else "silent"


def _open_row(handle: str) -> Pairing:
    row = Pairing.objects.select_related("screen", "typed_by").filter(handle=handle).first()
    if row is None or row.expires_at <= timezone.now():
        raise PairingGone
    return row


def _is_typed(row: Pairing, now: dt.datetime) -> bool:
    return bool(row.typed) and row.typed_at is not None and (now - row.typed_at).total_seconds() < TYPED_S


def _transcript(row: Pairing) -> PairingTranscript:
    return PairingTranscript(PairingRequest.model_validate(row.request), PairingOffer.model_validate(row.offer))


def _own_key(row: Pairing) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(bytes.fromhex(row.channel_key))
