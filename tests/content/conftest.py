"""A town with its keys, for the tests of what is believed."""

import hashlib
from dataclasses import dataclass, field

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beffroi_content.model import Alert, AlertLevel
from beffroi_content.timeline import ClockState, Moment
from beffroi_content.trust import AdmittedDocument, TrustAnchor, TrustState, admit_document
from beffroi_content.wire import envelope
from beffroi_content.wire.documents import AlertSet, Beat, KeyList, RoleKeys, SignedDocument, SigningRole
from beffroi_content.wire.envelope import BodyEncoding, key_identifier, public_hex
from beffroi_content.wire.topics import Topic

NOON = 1_795_000_000_000
"""A day in November 2026."""
HOUR = 3_600_000


def key(name: str) -> Ed25519PrivateKey:
    """Return the same key for the same name, each time."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


def identifier(private: Ed25519PrivateKey) -> str:
    return key_identifier(public_hex(private))


def rule(private: list[Ed25519PrivateKey], threshold: int = 1) -> RoleKeys:
    return RoleKeys(keys=frozenset(identifier(one) for one in private), threshold=threshold)


@dataclass
class Town:
    """Root keys in a safe, role keys on the server, and a screen that was given the anchor."""

    site: str = "saint-aubin"
    screen: str = "hall"
    threshold: int = 2
    root: list[Ed25519PrivateKey] = field(default_factory=lambda: [key(f"root {n}") for n in range(3)])
    keys: dict[SigningRole, list[Ed25519PrivateKey]] = field(
        default_factory=lambda: {role: [key(role)] for role in SigningRole if role is not SigningRole.ROOT}
    )

    key = staticmethod(key)
    identifier = staticmethod(identifier)
    rule = staticmethod(rule)

    def topic(self, scope_and_leaf: str) -> str:
        return f"beffroi/1/{self.site}/down/{scope_and_leaf}"

    def at(self, offset_ms: int = 0, clock: ClockState = ClockState.TRUSTED) -> Moment:
        return Moment(NOON + offset_ms, 1_000_000 + offset_ms, clock)

    def anchor(self) -> TrustAnchor:
        root_keys = {identifier(one): public_hex(one) for one in self.root}
        return TrustAnchor(site=self.site, screen=self.screen, root_keys=root_keys, threshold=self.threshold)

    def key_list(self, sequence: int = 1, **changes) -> KeyList:
        everyone = [*self.root, *(one for private in self.keys.values() for one in private)]
        roles = {role: rule(private) for role, private in self.keys.items()}
        facts = {
            "sequence": sequence,
            "issued_at_ms": NOON,
            "expires_at_ms": NOON + 1000 * HOUR,
            "keys": {identifier(one): public_hex(one) for one in everyone},
            "roles": roles | {SigningRole.ROOT: rule(self.root, self.threshold)},
        }
        return KeyList(**facts | changes)

    def alerts(self, sequence: int, *titles: str, **changes) -> AlertSet:
        alerts = tuple(
            Alert(
                id=f"alert-{number}",
                level=AlertLevel.ALERT,
                title=title,
                source="Mairie de Saint-Aubin",
                issued_at_ms=NOON,
                ends_at_ms=NOON + HOUR,
                time_to_live_ms=HOUR,
            )
            for number, title in enumerate(titles, 1)
        )
        return AlertSet(**{"sequence": sequence, **self.times(), "alerts": alerts} | changes)

    def beat(self, sequence: int, **changes) -> Beat:
        return Beat(**{"sequence": sequence, **self.times()} | changes)

    def times(self) -> dict[str, int]:
        return {"issued_at_ms": NOON, "expires_at_ms": NOON + HOUR}

    def seal(
        self, topic: str, document: SignedDocument, role: SigningRole, by: list[Ed25519PrivateKey] | None = None
    ) -> bytes:
        """Sign a document for a topic, with the keys of its role or with those given."""
        private = by or (self.root[: self.threshold] if role is SigningRole.ROOT else self.keys[role])
        encoding = BodyEncoding.ZLIB if role is SigningRole.PROGRAMME else BodyEncoding.JSON
        return envelope.seal_envelope(role, Topic.parse(topic).audience, document.to_json(), private, encoding)

    def enrolled(self, *groups: str) -> TrustState:
        """Return the state of a screen that knows the key list of the town."""
        fresh = TrustState(anchor=self.anchor(), groups=groups)
        topic = self.topic("all/keys")
        return admit_document(fresh, topic, self.seal(topic, self.key_list(), SigningRole.ROOT), self.at()).state

    def send_alerts(self, state: TrustState, document: AlertSet, moment: Moment | None = None) -> AdmittedDocument:
        topic = self.topic("all/alerts")
        return admit_document(state, topic, self.seal(topic, document, SigningRole.ALERT), moment or self.at())

    def send_beat(self, state: TrustState, document: Beat, moment: Moment | None = None) -> AdmittedDocument:
        topic = self.topic("all/beat")
        return admit_document(state, topic, self.seal(topic, document, SigningRole.BEAT), moment or self.at())

    def send_keys(
        self,
        state: TrustState,
        document: KeyList,
        by: list[Ed25519PrivateKey] | None = None,
        moment: Moment | None = None,
    ) -> AdmittedDocument:
        topic = self.topic("all/keys")
        return admit_document(state, topic, self.seal(topic, document, SigningRole.ROOT, by), moment or self.at())


@pytest.fixture(scope="session")
def town() -> Town:
    return Town()
