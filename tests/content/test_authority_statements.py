"""What a server says of who vouches for it: only the town can have said it, and only just now."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.support.private_authority import Authority
from tests.support.signing_town import NOON, SITE, SigningTown, slide

from beffroi_content.authority_statements import ROLE, AuthorityStatement, read_statement, sign_statement
from beffroi_content.timeline import ClockState, Moment
from beffroi_content.trust import DocumentRefused, TrustState, admit_document
from beffroi_content.wire.documents import SigningRole
from beffroi_content.wire.messages import KEYS
from beffroi_content.wire.scopes import TopicScope

NONCE = "0123456789abcdef"
PEM = Authority("the town").pem
MOMENT = Moment(NOON, 0, ClockState.TRUSTED)
KEYS_TOPIC = str(KEYS.topic_for(SITE, TopicScope.all_screens()))


@pytest.fixture
def town() -> SigningTown:
    return SigningTown()


@pytest.fixture
def player(town: SigningTown) -> TrustState:
    """What a player trusts that has the key list of the town."""
    return admit_document(TrustState(anchor=town.anchor), KEYS_TOPIC, town.retained[KEYS_TOPIC], MOMENT).state


def statement(town: SigningTown, nonce: str = NONCE, site: str = SITE, key: Ed25519PrivateKey | None = None) -> bytes:
    said = AuthorityStatement(site=site, nonce=nonce, authorities=(PEM,))
    return sign_statement(said, [key or town.keys[ROLE]])


def refusal(player: TrustState, payload: bytes, key_list: bytes, moment: Moment = MOMENT) -> str:
    with pytest.raises(DocumentRefused) as refused:
        read_statement(player, payload, NONCE, moment, key_list)
    return refused.value.code


def test_what_the_town_says_is_read(town: SigningTown, player: TrustState) -> None:
    said = read_statement(player, statement(town), NONCE, MOMENT, town.retained[KEYS_TOPIC])
    assert said.authorities == (PEM,)


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"nonce": "f" * 16}, "rollback"),
        ({"site": "elsewhere"}, "wrong-key"),
        ({"key": Ed25519PrivateKey.generate()}, "wrong-key"),
    ],
    ids=["kept from another day", "of another town", "by a stranger"],
)
def test_what_nobody_asked_or_signed_is_refused(
    town: SigningTown, player: TrustState, how: dict[str, object], code: str
) -> None:
    assert refusal(player, statement(town, **how), town.retained[KEYS_TOPIC]) == code  # type: ignore[arg-type]


def test_another_key_of_the_town_is_not_enough(town: SigningTown, player: TrustState) -> None:
    assert refusal(player, statement(town, key=town.keys[SigningRole.ALERT]), town.retained[KEYS_TOPIC]) == "wrong-key"


def test_a_programme_is_no_statement(town: SigningTown, player: TrustState) -> None:
    _topic, programme = town.publish_programme(town.manifest(slide("pool"), authorities=(PEM,)))
    assert refusal(player, programme, town.retained[KEYS_TOPIC]) == "wrong-key"


@pytest.mark.parametrize("payload", [b"", b"{}", b"BEFFROI1 programme json\n", b"x" * 100_000])
def test_what_is_no_envelope_is_refused(town: SigningTown, player: TrustState, payload: bytes) -> None:
    assert refusal(player, payload, town.retained[KEYS_TOPIC]) in {"malformed", "too-large"}


def test_keys_that_changed_meanwhile_are_followed(town: SigningTown, player: TrustState) -> None:
    former = town.retained[KEYS_TOPIC]
    town.keys[ROLE] = Ed25519PrivateKey.generate()
    town.publish_keys()
    assert refusal(player, statement(town), former) == "wrong-key"
    said = read_statement(player, statement(town), NONCE, MOMENT, town.retained[KEYS_TOPIC])
    assert said.authorities == (PEM,)


def test_a_key_that_was_withdrawn_says_nothing_any_more(town: SigningTown, player: TrustState) -> None:
    stolen, former = town.keys[ROLE], town.retained[KEYS_TOPIC]
    town.keys[ROLE] = Ed25519PrivateKey.generate()
    topic, newest = town.publish_keys()
    knowing = admit_document(player, topic, newest, MOMENT).state
    assert refusal(knowing, statement(town, key=stolen), newest) == "wrong-key"
    assert refusal(knowing, statement(town, key=stolen), former) == "rollback"


def test_nothing_that_is_trusted_changes(town: SigningTown, player: TrustState) -> None:
    before = player.model_dump_json()
    town.publish_keys()
    read_statement(player, statement(town), NONCE, MOMENT, town.retained[KEYS_TOPIC])
    assert player.model_dump_json() == before
