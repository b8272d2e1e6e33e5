"""Pairing: a real player asks the real server, an operator types the code that it shows."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import include, path
from django.utils import timezone

from beffroi_content.wire import pairing as wire
from beffroi_content.wire.pairing import PairingOffer, PairingRequest, PairingTranscript
from beffroi_player.agent.transport.http_client import ServerRefusal
from beffroi_player.agent.transport.pairing import MOST_WRONG_CODES, OtherTown, PairingOver, PlayerPairing
from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.core.attempt_throttle import AttemptThrottle
from beffroi_server.delivery import broker_access, signing_keys
from beffroi_server.device_api import pairing_views
from beffroi_server.fleet import pairings, services
from beffroi_server.fleet.device_credentials import screen_of_token
from beffroi_server.fleet.models import Screen, ScreenState
from beffroi_server.fleet.pairing_models import Pairing

urlpatterns = [path("device/v1/", include("beffroi_server.device_api.urls"))]
pytestmark = [pytest.mark.urls(__name__), pytest.mark.usefixtures("keyring", "patience", "english")]
SERVER = "https://affichage.example"
OTHER = "BCDFG"


@pytest.fixture
def patience() -> None:
    for throttle in (pairing_views.ask_throttle, pairing_views.total_throttle, pairings.code_throttle):
        throttle.clear_all()


class Network:
    """Carries what a player says to the server; a test may put somebody in between."""

    def __init__(self, address: str = "192.0.2.7") -> None:
        # A request leaves its language behind, which the refusals of a person that follow would speak.
        self.client = Client(REMOTE_ADDR=address, headers={"Accept-Language": "en"})
        self.said: list[str] = []

    def get_json(self, path: str) -> object:
        return self._answer(self.client.get(path))

    def post_json(self, path: str, body: dict[str, object]) -> object:
        self.said.append(json.dumps(body))
        return self._answer(self.client.post(path, json.dumps(body), content_type="application/json"))

    def _answer(self, response) -> object:
        self.said.append(response.content.decode())
        if response.status_code != 200:
            refusal = ServerRefusal(str(response.status_code))
            refusal.status = response.status_code
            raise refusal
        return response.json()


class Interceptor(Network):
    """Somebody on the way, who has read this program: talks to both sides with keys of his own."""

    def __init__(self) -> None:
        super().__init__()
        self.own = X25519PrivateKey.generate()
        self.opened: dict[bytes, bytes] = {}

    def post_json(self, path: str, body: dict[str, object]) -> object:
        if path.endswith("/pairings"):
            self.of_player = PairingRequest.model_validate(body)
            number = bytes(16)
            channel, identity = wire.public_key(self.own), "ab" * 32
            commitment = wire.commit_to(channel, identity, number)
            given = self.of_player.model_copy(
                update={"channel_key": channel, "identity_key": identity, "commitment": commitment}
            )
            offer = PairingOffer.model_validate(super().post_json(path, given.model_dump(mode="json")))
            self.to_server = PairingTranscript(given, offer)
            self.to_player = PairingTranscript(self.of_player, offer.model_copy(update={"channel_key": channel}))
            return self.to_player.offer.model_dump(mode="json")
        number = self.to_player.open(self.own, wire.NUMBER, str(body["number"]))
        return super().post_json(path, {"number": self.to_server.seal(self.own, wire.NUMBER, number)})

    def get_json(self, path: str) -> object:
        typed = dict(super().get_json(path))["typed"]
        code = self.to_server.open(self.own, wire.TYPED, typed)
        return {"typed": self.to_player.seal(self.own, wire.TYPED, code)}


class GuessingServer(Network):
    """A server of nobody's, which has not seen the screen and would like to have the player."""

    def __init__(self) -> None:
        self.own, self.told = X25519PrivateKey.generate(), list[bytes]()

    def post_json(self, path: str, body: dict[str, object]) -> object:
        if path.endswith("/pairings"):
            request = PairingRequest.model_validate(body)
            offer = PairingOffer(
                pairing="0" * 32, prefix="BCD", site="elsewhere", root_keys={"a": "00" * 32},
                channel_key=wire.public_key(self.own),
            )  # fmt: skip
            self.said_so_far = PairingTranscript(request, offer)
            return offer.model_dump(mode="json")
        self.told.append(self.said_so_far.open(self.own, wire.NUMBER, str(body["number"])))
        return {}

    def get_json(self, path: str) -> object:
        guess = f"{'BCDFG'[len(self.told)]}2222"
        return {"typed": self.said_so_far.seal(self.own, wire.TYPED, guess.encode())}


def new_player(network: Network | None = None, **more: str) -> PlayerPairing:
    return PlayerPairing(SERVER, network or Network(), (1920, 1080), "Raspberry Pi 4", **more)


def wrong(code: str) -> str:
    """Return a code that begins as another, and is none that a player shows."""
    return code[:4] + (OTHER if code[4:] != OTHER else "KKKKK")


class TestAPlayer:
    def test_becomes_the_screen_for_which_its_code_was_typed(self, hall, charlie):
        player = new_player()
        assert player.poll() is None

        pairings.confirm_pairing(player.notice.code, hall, user=charlie)
        enrolment = player.poll()

        assert enrolment is not None
        assert (enrolment.screen, enrolment.name, enrolment.site, enrolment.server) == (
            "hall", "Town hall", "saint-aubin", SERVER,
        )  # fmt: skip
        assert enrolment.anchor == signing_keys.trust_anchor("hall")
        assert screen_of_token(enrolment.token) == hall
        hall.refresh_from_db()
        account = broker_access.registered_devices().account_of("s-hall")
        assert account is not None
        assert (enrolment.mqtt.username, enrolment.mqtt.password) == ("s-hall", account.password)
        assert [event.action for event in AuditEvent.objects.order_by("pk")][-2:] == [
            "pairing-confirmed", "screen-paired",
        ]  # fmt: skip

    def test_shows_the_check_number_that_the_page_shows(self, hall):
        notice = new_player().notice
        assert pairings.check_number(pairings.find_pairing(notice.code, user=None)) == notice.check_number

    def test_keeps_programme_and_proof_of_the_screen_that_it_takes_over(self, hall, charlie):
        first = services.give_identity(hall, "", "screen-enrolled")
        ScreenState.objects.update(plays_newest=4711)
        player = new_player()

        pairings.confirm_pairing(player.notice.code, hall, user=charlie)
        assert screen_of_token(first["token"]) == hall, "the former player works until the new one has proved itself"
        enrolment = player.poll()

        assert enrolment is not None
        assert enrolment.plays == 4711
        assert screen_of_token(first["token"]) is None

    def test_that_has_missed_the_answer_gets_it_again(self, hall, charlie):
        network = Network()
        player = new_player(network)
        pairings.confirm_pairing(player.notice.code, hall, user=charlie)
        lost = network.post_json

        def lose(path: str, body: dict[str, object]) -> object:
            lost(path, body)
            raise ServerRefusal("the connection broke")

        network.post_json = lose  # type: ignore[method-assign]
        with pytest.raises(ServerRefusal):
            player.poll()
        network.post_json = lost  # type: ignore[method-assign]
        Pairing.objects.update(typed_at=timezone.now() - dt.timedelta(minutes=5))

        enrolment = player.poll()
        assert enrolment is not None
        assert screen_of_token(enrolment.token) == hall

    def test_refuses_a_town_that_it_was_not_installed_for(self, hall):
        assert new_player(root=signing_keys.root_fingerprint()[:16].upper()).notice
        with pytest.raises(OtherTown):
            new_player(root="0123456789abcdef")


class TestAnAttacker:
    def test_who_knows_the_code_gets_nothing_by_it(self, hall, charlie):
        network = Network()
        player = new_player(network)
        pairings.confirm_pairing(player.notice.code, hall, user=charlie)
        handle = Pairing.objects.get().handle
        # Another player, that asks for the pairing of the first one and knows everything but its keys.
        thief = new_player()
        sealed = thief._transcript.seal(thief._channel, wire.NUMBER, thief._number)
        with pytest.raises(ServerRefusal, match="403"):
            network.post_json(f"/device/v1/pairings/{handle}/answer", {"number": sealed})

        enrolment = player.poll()
        assert enrolment is not None
        assert enrolment.token not in "".join(network.said)
        assert enrolment.mqtt.password not in "".join(network.said)

    def test_in_between_gets_no_identity_and_the_operator_is_told(self, hall, charlie):
        player = new_player(Interceptor())
        pairing = pairings.confirm_pairing(player.notice.code, hall, user=charlie)

        with pytest.raises(ServerRefusal, match="403"):
            player.poll()

        pairing.refresh_from_db()
        hall.refresh_from_db()
        assert (pairing.outcome, hall.token_sha256) == ("forged", "")
        assert AuditEvent.objects.get(action="pairing-refused").detail["reason"] == "forged"

    def test_who_answers_as_the_server_has_five_guesses_and_learns_nothing(self):
        server = GuessingServer()
        player = new_player(server)
        for _ in range(MOST_WRONG_CODES - 1):
            assert player.poll() is None
        with pytest.raises(PairingOver) as over:
            player.poll()
        assert over.value.is_suspect
        assert server.told == [b""] * MOST_WRONG_CODES

    def test_fills_no_list(self, monkeypatch):
        monkeypatch.setattr(pairings, "MAX_OPEN_OF_NETWORK", 3)
        for _ in range(3):
            new_player()
        with pytest.raises(ServerRefusal, match="429"):
            new_player()
        assert new_player(Network("192.0.2.8"))
        # Whoever asks once and goes away makes room.
        Pairing.objects.update(polled_at=timezone.now() - dt.timedelta(minutes=5))
        assert new_player()

    def test_asks_for_few_codes_at_a_time(self, monkeypatch):
        monkeypatch.setattr(pairing_views, "ask_throttle", AttemptThrottle(2, 60.0))
        assert new_player()
        assert new_player()
        with pytest.raises(ServerRefusal, match="429"):
            new_player()
        assert new_player(Network("192.0.2.8"))

    @pytest.mark.parametrize("body", [b"", b"[" * 100_000, b"{}", b'{"channel_key": 5}', b"\xff"])
    def test_is_answered_whatever_it_sends(self, client, body):
        for name in ("pairings", "pairings/0/answer"):
            answer = client.post(f"/device/v1/{name}", body, content_type="application/json")
            assert answer.status_code == 400


class TestACode:
    @pytest.mark.parametrize("written", [str.lower, lambda code: code.replace("-", " "), lambda code: f" {code}\n"])
    def test_is_read_however_it_was_typed(self, hall, written):
        player = new_player()
        pairings.confirm_pairing(written(player.notice.code), hall, user=None)
        assert player.poll() is not None

    def test_that_was_mistyped_is_said_and_can_be_typed_again(self, hall, charlie):
        player = new_player()
        pairing = pairings.confirm_pairing(wrong(player.notice.code), hall, user=charlie)
        assert player.poll() is None
        pairing.refresh_from_db()
        assert pairings.pairing_stage(pairing, timezone.now()) == "mistyped"

        pairings.confirm_pairing(player.notice.code, hall, user=charlie)
        assert player.poll() is not None

    def test_is_used_once(self, hall, quay, charlie):
        player = new_player()
        pairings.confirm_pairing(player.notice.code, hall, user=charlie)
        player.poll()
        with pytest.raises(ValidationError, match=r"has been used.*Town hall"):
            pairings.confirm_pairing(player.notice.code, quay, user=charlie)

    def test_expires_and_the_player_is_told(self, hall, charlie):
        player = new_player()
        Pairing.objects.update(expires_at=timezone.now())
        with pytest.raises(ValidationError, match="has expired"):
            pairings.confirm_pairing(player.notice.code, hall, user=charlie)
        with pytest.raises(ServerRefusal, match="404"):
            player.poll()

    def test_expires_on_the_player_too(self):
        uptime = [0.0]
        player = PlayerPairing(SERVER, Network(), (1920, 1080), uptime_s=lambda: uptime[0])
        uptime[0] = wire.LIFETIME_S
        with pytest.raises(PairingOver):
            player.poll()

    def test_of_a_player_that_went_away_is_said_to_be_so(self, hall, charlie):
        player = new_player()
        Pairing.objects.update(polled_at=timezone.now() - dt.timedelta(minutes=1))
        with pytest.raises(ValidationError, match="no longer answers"):
            pairings.confirm_pairing(player.notice.code, hall, user=charlie)

    def test_that_no_player_shows_names_the_next_step_and_slows_guessing_down(self, hall, charlie):
        with pytest.raises(ValidationError, match="compare the address"):
            pairings.confirm_pairing("BBB-BBBBB", hall, user=charlie)
        for _ in range(30):
            with pytest.raises(ValidationError) as refused:
                pairings.confirm_pairing("BBB-BBBBB", hall, user=charlie)
        assert refused.value.code == "throttled"

    def test_is_paired_by_one_at_a_time(self, hall, quay, charlie, dora):
        player = new_player()
        pairings.confirm_pairing(player.notice.code, hall, user=charlie)
        with pytest.raises(ValidationError, match="Somebody else"):
            pairings.confirm_pairing(player.notice.code, quay, user=dora)

    def test_is_typed_by_who_looks_after_the_screen(self, hall, alice):
        player = new_player()
        with pytest.raises(NotPermitted):
            pairings.confirm_pairing(player.notice.code, hall, user=alice)
        assert player.poll() is None
        assert not Screen.objects.exclude(token_sha256="").exists()
