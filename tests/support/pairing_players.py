"""Players that want to be paired, with the server in the same process."""

from __future__ import annotations

from typing import Any

from beffroi_content.wire.pairing import PairedIdentity, PairingRequest, PairingState
from beffroi_player.agent.transport.pairing import PlayerPairing
from beffroi_server.fleet import pairings


class PairingServer:
    """The server as a player asks it, without HTTP."""

    def get_json(self, path: str) -> Any:
        """Return whether a code was typed."""
        return PairingState(typed=pairings.typed_code(path.rsplit("/", 1)[-1])).model_dump(mode="json")

    def post_json(self, path: str, body: dict[str, Any]) -> Any:
        """Open a pairing, or end it."""
        if path.endswith("/pairings"):
            return pairings.open_pairing(PairingRequest.model_validate(body), "192.0.2.7").model_dump(mode="json")
        identity = pairings.answer_typed_code(path.split("/")[-2], body["number"])
        return PairedIdentity(identity=identity).model_dump(mode="json")


def pairing_player(size: tuple[int, int] = (1920, 1080)) -> PlayerPairing:
    """Return a player that shows a code."""
    return PlayerPairing("https://affichage.example", PairingServer(), size, "Raspberry Pi 4")
