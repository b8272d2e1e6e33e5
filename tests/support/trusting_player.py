"""The trust of a player, fed with what the server has in its outbox: for tests of what the server signs."""

from __future__ import annotations

from django.utils import timezone

from beffroi_content.timeline import Moment
from beffroi_content.trust import AdmittedDocument, TrustState, admit_document
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.delivery import signing_keys
from beffroi_server.delivery.models import OutboxDocument


class Player:
    """The trust of a player, fed with rows of the outbox."""

    def __init__(self, screen: str, groups: tuple[str, ...] = ()) -> None:
        self.state = TrustState(anchor=signing_keys.trust_anchor(screen), groups=groups)
        self.hear("all/keys")

    def hear(self, stream: str) -> AdmittedDocument:
        row = OutboxDocument.objects.filter(topic=f"beffroi/1/saint-aubin/down/{stream}").latest("id")
        return self.take(row.topic, bytes(row.payload))

    def take(self, topic: str, payload: bytes, steps: tuple[bytes, ...] = ()) -> AdmittedDocument:
        now = unix_ms(timezone.now())
        admission = admit_document(self.state, topic, payload, Moment(now, now), steps=steps)
        self.state = admission.state
        return admission
