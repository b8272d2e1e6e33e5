"""Enrolment by a card: a file that was put onto the memory card, see ``beffroi_content.wire.enrolment_card``.

The player tries until a server of the town has answered, however long the network takes to come. The card is worth
nothing afterwards: it is removed, whether it was accepted or refused.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from enum import Enum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beffroi_content import rendering
from beffroi_content.model import ScreenClass, ScreenSettings, Town
from beffroi_content.wire.enrolment_card import EnrolmentCard
from beffroi_player import backoff
from beffroi_player.agent.prepare.png_encoder import save_png
from beffroi_player.agent.storage import AgentStorage, CardInHand, PlayerEnrolment, adopt_identity
from beffroi_player.agent.transport import trusted_authorities
from beffroi_player.agent.transport.enrolment import CodeRefused, EnrolmentError, enrol_player
from beffroi_player.state.directories import RuntimeDirectory, StateDirectory
from beffroi_player.wakeup import send_wakeup

log = logging.getLogger(__name__)

FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 2.0, 60.0
TRIALS_WITH_IDENTITY = 5
"""A player that is a screen already tries so often at its start, and then goes on as what it is."""
REFUSED_SECONDS = 600.0
"""For how long a screen says that its card was refused, before the player looks for another way."""
Enrol = Callable[[str, str, str, Ed25519PrivateKey, str], PlayerEnrolment]


class CardOutcome(Enum):
    """What became of a card."""

    NONE = "none"
    ENROLLED = "enrolled"
    REFUSED = "refused"
    UNANSWERED = "unanswered"


def use_card(
    state: StateDirectory,
    runtime: RuntimeDirectory,
    machine: str,
    wait: Callable[[float], bool],
    enrol: Enrol = enrol_player,
) -> CardOutcome:
    """Enrol with the card that lies in the state directory, if there is one.

    Args:
        state: Where the card lies, and where the identity goes.
        runtime: Its socket wakes the stage, which shows how it is going.
        machine: What this machine is, for people.
        wait: Waits for some seconds; True ends the trials.
        enrol: Exchanges the code for an identity.
    """
    storage = AgentStorage(state.folder)
    card = storage.card.read()
    if card is None:
        storage.card.remove()  # what cannot be read is of no use
        return CardOutcome.NONE
    trusted_authorities.believe(card.authorities)
    try:
        return _enrol_with(card, state, runtime, machine, wait, enrol)
    finally:
        # The agent believes those of its identity: a card that was refused vouches for nobody.
        trusted_authorities.believe(())


def _enrol_with(
    card: EnrolmentCard, state: StateDirectory, runtime: RuntimeDirectory, machine: str,
    wait: Callable[[float], bool], enrol: Enrol,
) -> CardOutcome:  # fmt: skip
    storage = AgentStorage(state.folder)
    has_identity = storage.enrolment.read() is not None
    key = _key_of(card, storage)
    for trial in range(1_000_000):
        if not has_identity:
            _show(state, runtime, card, "Association en cours…", list(card.servers))
        try:
            enrolment = _ask_each(card, key, machine, enrol)
        except CodeRefused as refused:
            log.error("the enrolment card of %s is worth nothing any more: %s", card.screen, refused)
            _remove(storage)
            if not has_identity:
                why = "Déjà utilisée, retirée ou trop ancienne : en créer une autre."
                _show(state, runtime, card, "Fiche d’association refusée", [why])
                wait(REFUSED_SECONDS)
            return CardOutcome.REFUSED
        except EnrolmentError as error:
            log.warning("the enrolment card of %s: %s", card.screen, error)
            if has_identity and trial + 1 >= TRIALS_WITH_IDENTITY:
                return CardOutcome.UNANSWERED
            if not has_identity and trial:
                _show(state, runtime, card, "En attente du serveur", [*card.servers, str(error)[:120]])
            if wait(backoff.retry_delay(trial + 1, FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS)):
                return CardOutcome.UNANSWERED
            continue
        adopt_identity(state, enrolment.model_copy(update={"authorities": card.authorities}))
        _remove(storage)
        log.info("enrolled by a card as the screen %s of %s", enrolment.screen, enrolment.site)
        return CardOutcome.ENROLLED
    return CardOutcome.UNANSWERED


def _key_of(card: EnrolmentCard, storage: AgentStorage) -> Ed25519PrivateKey:
    """Return the key of this player for a card: the same again after a start in between."""
    held = storage.card_in_hand.read()
    if held is not None and held.code == card.code:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(held.key))
    key = Ed25519PrivateKey.generate()
    storage.card_in_hand.write(CardInHand(code=card.code, key=key.private_bytes_raw().hex()))
    return key


def _ask_each(card: EnrolmentCard, key: Ed25519PrivateKey, machine: str, enrol: Enrol) -> PlayerEnrolment:
    """Ask the servers of a card one after the other.

    Raises:
        CodeRefused: one of them does not accept the code, and no other does.
        EnrolmentError: none of them answers as a server of the town.
    """
    refusal: EnrolmentError | None = None
    for server in card.servers:
        try:
            return enrol(server, card.code, card.root, key, machine)
        except EnrolmentError as error:
            if not isinstance(refusal, CodeRefused):
                refusal = error
    assert refusal is not None  # a card has a server
    raise refusal


def _remove(storage: AgentStorage) -> None:
    storage.card.remove()
    storage.card_in_hand.remove()


def _show(
    state: StateDirectory, runtime: RuntimeDirectory, card: EnrolmentCard, title: str, lines: Sequence[str]
) -> None:
    """Draw what the screen shows meanwhile."""
    display = ScreenClass(name="", width=1920, height=1080, physical_height_mm=700, viewing_distance_mm=5_000)
    settings = ScreenSettings(screen_class=display, town=Town(name=card.site.replace("-", " ").title()))
    image = rendering.draw_idle_page(title, [card.name, *lines], rendering.Canvas.for_screen(settings))
    try:
        save_png(image, state.notice_image)
    except OSError as error:
        log.warning("nothing can be shown: %s", error)
    send_wakeup(runtime.stage_socket)
