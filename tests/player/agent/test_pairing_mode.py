"""A player that belongs to nobody: what it shows, whom it asks, and what it becomes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from PIL import Image
from tests.support.signing_town import SigningTown

from beffroi_content.wire import pairing as wire
from beffroi_content.wire.pairing import PairingOffer, PairingRequest, PairingTranscript
from beffroi_player.agent import pairing_mode
from beffroi_player.agent.pairing_mode import TURN_S, PairingMode, PairingSettings
from beffroi_player.agent.silence import credentials_of, is_revoked
from beffroi_player.agent.storage import AgentStorage, PlayerEnrolment
from beffroi_player.agent.transport.http_client import ServerRefusal
from beffroi_player.state.directories import REVOKED, Darkness, RuntimeDirectory, StateDirectory

SERVER, OTHER = "https://affichage.example", "http://10.1.2.3:8000"


class PairingTown:
    """A server with one operator, who types codes at once or not at all."""

    def __init__(self, town: SigningTown, prefix: str = "KMP") -> None:
        self.town, self.prefix, self.own = town, prefix, X25519PrivateKey.generate()
        self.typed = ""
        self.is_gone = False
        self.opened = 0

    def get_json(self, path: str) -> object:
        self._answer()
        assert path.endswith(self.said.offer.pairing)
        return {"typed": self.said.seal(self.own, wire.TYPED, self.typed.encode())} if self.typed else {}

    def post_json(self, path: str, body: dict[str, object]) -> object:
        self._answer()
        if path.endswith("/pairings"):
            self.opened += 1
            return self._offer(PairingRequest.model_validate(body))
        number = self.said.open(self.own, wire.NUMBER, str(body["number"]))
        if not number:
            return {}
        assert self.said.is_answered_by(number, self.typed)
        identity = self.town.enrolment().model_copy(update={"name": "Town hall"}).model_dump(mode="json")
        return {"identity": self.said.seal(self.own, wire.IDENTITY, json.dumps(identity).encode())}

    def _answer(self) -> None:
        if self.is_gone:
            raise requests.ConnectionError("refused")

    def _offer(self, request: PairingRequest) -> object:
        offer = PairingOffer(
            pairing=f"{self.opened:032x}", prefix=self.prefix, site=self.town.anchor.site,
            root_keys=self.town.anchor.root_keys, channel_key=wire.public_key(self.own),
        )  # fmt: skip
        self.said = PairingTranscript(request, offer)
        return offer.model_dump(mode="json")


class Machine:
    """A player without an identity, its clock, and the servers that it can reach."""

    def __init__(self, folder: Path) -> None:
        self.state, self.runtime = StateDirectory(folder / "state"), RuntimeDirectory(folder / "run")
        self.state.create_folders()
        self.runtime.create_folder()
        self.now = 1000.0
        self.found: list[str] = []
        self.servers: dict[str, PairingTown] = {}
        self.mode = self.start("")

    def start(self, server: str, root: str = "", former: PlayerEnrolment | None = None) -> PairingMode:
        return PairingMode(
            self.state, self.runtime, PairingSettings(server, root), lambda _now: self.found,
            client=lambda address: self.servers[address], uptime_s=lambda: self.now, former=former,
        )  # fmt: skip

    def pass_by(self, seconds: float = 120.0) -> object:
        """Let time pass; return the identity if there is one by then."""
        self.now += seconds
        return self.mode.take_turn()

    @property
    def codes(self) -> dict[str, str]:
        """The codes at each server."""
        found = self.mode._candidates.values()
        return {each.address: each.pairing.notice.code for each in found if each.pairing is not None}

    @property
    def picture(self) -> bytes:
        """What the screen shows."""
        with Image.open(self.state.notice_image) as image:
            return image.convert("RGB").tobytes()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setattr(pairing_mode, "USUAL_SIZE", (320, 180))
    return Machine(tmp_path)


@pytest.fixture
def server(machine: Machine, hall: SigningTown) -> PairingTown:
    machine.servers[SERVER] = PairingTown(hall)
    machine.mode = machine.start(SERVER)
    machine.mode.take_turn()
    return machine.servers[SERVER]


def test_it_becomes_a_screen_once_somebody_has_typed_its_code(machine: Machine, server: PairingTown) -> None:
    assert machine.pass_by() is None
    server.typed = machine.codes[SERVER][4:]
    assert machine.pass_by() is not None

    enrolment = AgentStorage(machine.state.folder).enrolment.read()
    assert enrolment is not None
    assert (enrolment.screen, enrolment.name, enrolment.server) == ("hall", "Town hall", SERVER)
    assert enrolment.trigger_key
    overlay = machine.runtime.overlay.read()
    assert overlay is not None, "the screen says which it is by now"
    assert (machine.runtime.folder / overlay.frame).exists()


def test_a_wrong_code_changes_nothing_and_five_change_the_code(machine: Machine, server: PairingTown) -> None:
    first = machine.codes
    for letter in "BCDFG":
        assert machine.codes == first
        server.typed = letter + "2222"
        assert machine.pass_by() is None
    assert machine.codes == {}
    # Somebody may be guessing: another one follows a good while later.
    assert machine.pass_by(20) is None
    assert machine.codes == {}
    server.typed = ""
    machine.pass_by(3600)
    assert machine.codes.keys() == first.keys()
    assert machine.codes != first


def test_a_code_is_renewed_when_its_time_is_over(machine: Machine, server: PairingTown) -> None:
    first, picture = machine.codes, machine.picture
    machine.pass_by(wire.LIFETIME_S)
    machine.pass_by(10)
    assert machine.codes.keys() == first.keys()
    assert machine.codes != first
    assert machine.picture != picture


def test_it_says_when_the_server_is_not_reached_and_asks_ever_less(machine: Machine, server: PairingTown) -> None:
    server.is_gone = True
    machine.mode = machine.start(SERVER)
    pauses = []
    for _ in range(8):
        machine.pass_by(machine.mode.seconds_to_next)
        pauses.append(machine.mode.seconds_to_next)
    assert machine.codes == {}
    assert 8 < pauses[-1] <= 20
    assert machine.mode._other_words() == (
        "Pas de code du serveur", SERVER, "Pas de connexion. Vérifier le câble et le réseau.",
        "No code from the server: no connection. Check cable and network.",
    )  # fmt: skip
    server.is_gone = False
    machine.pass_by()
    assert machine.codes


def test_one_answer_that_is_lost_takes_no_code_off(machine: Machine, server: PairingTown) -> None:
    first, picture = machine.codes, machine.picture
    server.is_gone = True
    machine.pass_by()
    assert (machine.codes, machine.picture) == (first, picture)


def test_a_server_that_has_forgotten_the_code_is_asked_for_another(
    machine: Machine, server: PairingTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = machine.codes

    def forget(_path: str) -> object:
        refusal = ServerRefusal("404")
        refusal.status = 404
        raise refusal

    with monkeypatch.context() as restarted:
        restarted.setattr(server, "get_json", forget)
        machine.pass_by()
    machine.pass_by()
    assert machine.codes != first
    assert server.opened == 2


def test_of_several_servers_none_is_believed_for_being_first(machine: Machine, hall: SigningTown) -> None:
    machine.found = [OTHER, SERVER]
    machine.servers = {OTHER: PairingTown(SigningTown(), "BBB"), SERVER: PairingTown(hall)}
    machine.mode.take_turn()
    pictures = set()
    for _ in range(4):
        machine.pass_by(TURN_S)
        pictures.add(machine.picture)
    assert machine.codes.keys() == {OTHER, SERVER}
    assert len(pictures) == 2

    machine.servers[OTHER].typed = "22222"
    machine.servers[SERVER].typed = machine.codes[SERVER][4:]
    machine.pass_by()
    enrolment = AgentStorage(machine.state.folder).enrolment.read()
    assert enrolment is not None
    assert enrolment.server == SERVER


def test_a_server_of_another_town_than_the_settings_name_is_asked_ever_less_and_named(
    machine: Machine, server: PairingTown
) -> None:
    machine.mode = machine.start(SERVER, root="0000 0000")
    for _ in range(8):
        machine.pass_by(machine.mode.seconds_to_next)
    assert machine.mode.seconds_to_next > 8
    assert "BEFFROI_ROOT" in machine.mode._other_words()[2]
    assert machine.codes == {}


def test_without_a_server_it_says_so(machine: Machine) -> None:
    assert machine.mode.take_turn() is None
    assert machine.mode._other_words()[0] == "Aucun serveur trouvé"
    assert machine.picture


def test_it_goes_on_with_an_identity_that_somebody_has_put_there(machine: Machine, hall: SigningTown) -> None:
    AgentStorage(machine.state.folder).enrolment.write(hall.enrolment())
    assert machine.mode.take_turn() == hall.enrolment()


def test_one_that_was_revoked_asks_its_former_server_and_becomes_another_screen(
    machine: Machine, hall: SigningTown
) -> None:
    former = hall.enrolment().model_copy(update={"server": OTHER, "token": "worth nothing"})
    AgentStorage(machine.state.folder).enrolment.write(former)
    machine.state.darkness.write(Darkness(reason=REVOKED, credentials=credentials_of(former.token)))
    assert is_revoked(machine.state, former.token)
    assert not is_revoked(machine.state, "another token")

    machine.servers = {OTHER: PairingTown(hall)}
    machine.mode = machine.start("", former=former)
    assert machine.mode.take_turn() is None
    machine.servers[OTHER].typed = machine.codes[OTHER][4:]
    found = machine.pass_by()
    assert found is not None
    assert found == AgentStorage(machine.state.folder).enrolment.read()
    assert machine.state.darkness.read() is None
