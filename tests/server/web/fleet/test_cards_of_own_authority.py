"""A card from the server's command to the player that uses it, where the town vouches for its own certificates."""

from __future__ import annotations

import json
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.core.wsgi import get_wsgi_application
from tests.support.private_authority import Authority

from beffroi_content.wire.enrolment_card import AUTHORITIES_LIMIT, SIZE_LIMIT, EnrolmentCard
from beffroi_player.agent.card_enrolment import CardOutcome, use_card
from beffroi_player.agent.storage import AgentStorage
from beffroi_player.state.directories import RuntimeDirectory, StateDirectory
from beffroi_provisioning import card_taking
from beffroi_provisioning.cards import put_card
from beffroi_server import cli
from beffroi_server.core.database import close_connection_after
from beffroi_server.fleet.models import Screen
from beffroi_server.web.fleet.card_files import user_data

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("keyring")]


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *_given: object) -> None:
        pass


@pytest.fixture
def authority(tmp_path: Path, settings) -> Iterator[Authority]:
    """The town's own authority, and the server at an address with a certificate of it."""
    authority = Authority("Saint-Aubin")
    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=QuietHandler)
    server.socket = authority.server_context(tmp_path).wrap_socket(server.socket, server_side=True)
    settings.PUBLIC_URL = f"https://127.0.0.1:{server.server_port}"
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    settings.AUTHORITIES = (authority.pem,)

    @close_connection_after()
    def serve() -> None:
        server.serve_forever(poll_interval=0.01)

    thread = threading.Thread(target=serve)
    thread.start()
    yield authority
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """A machine with a fresh memory card, which knows the authorities of its system alone."""
    root = tmp_path / "box"
    for name in (card_taking.STATE, Path("boot/firmware")):
        (root / name).mkdir(parents=True)
    (root / "boot/firmware/config.txt").touch()
    return root


def start(box: Path) -> CardOutcome:
    """Do what a box does at its start: take the card from the boot partition, and enrol by it."""
    card_taking.take_card(box, lambda _line: None)
    state, runtime = StateDirectory(box / card_taking.STATE), RuntimeDirectory(box / "run")
    state.create_folders()
    runtime.create_folder()
    return use_card(state, runtime, "Raspberry Pi 4", lambda _seconds: True)


def test_a_box_that_knows_nobody_but_its_card_becomes_the_screen(authority, hall, box, tmp_path):
    archive = tmp_path / "cards.zip"
    assert cli.main(["cards", "hall", "--out", str(archive)]) == 0
    put_card(archive, box / "boot/firmware")

    assert start(box) is CardOutcome.ENROLLED

    assert Screen.objects.get(slug="hall").enrolled_at is not None
    identity = AgentStorage(box / card_taking.STATE).enrolment.read()
    assert (identity.screen, identity.authorities) == ("hall", (authority.pem,))


def test_without_the_authority_on_its_card_it_does_not(authority, hall, box, tmp_path, settings):
    settings.AUTHORITIES = ()
    archive = tmp_path / "cards.zip"
    assert cli.main(["cards", "hall", "--out", str(archive)]) == 0
    put_card(archive, box / "boot/firmware")

    assert start(box) is CardOutcome.UNANSWERED

    assert Screen.objects.get(slug="hall").enrolled_at is None


def test_certificates_that_are_too_large_for_a_card_are_refused_before_one_is_made(
    hall, settings, tmp_path, capsys, client, charlie
):
    settings.AUTHORITIES = ("-----BEGIN CERTIFICATE-----\n" + "A" * 7_000,) * 2

    assert cli.main(["cards", "hall", "--out", str(tmp_path / "cards.zip")]) == 1
    said = capsys.readouterr().err
    assert "BEFFROI_AUTHORITIES" in said
    assert "12288" in said
    client.force_login(charlie)
    page = client.post("/cards/", {"screens": [hall.pk], "days": 7}, headers={"Accept-Language": "en"})
    assert (page.status_code, "a card holds 12288" in page.content.decode()) == (422, True)


def test_the_largest_card_and_what_raspberry_pi_os_does_with_it_are_read_whole(tmp_path, box):
    pem = "-----BEGIN CERTIFICATE-----\n" + ("A" * 64 + "\n") * 46
    authorities = (*(pem,) * 3, pem + "A" * (AUTHORITIES_LIMIT - 4 * len(pem)))
    card = EnrolmentCard(
        site="s" * 40, screen="q" * 40, name="é" * 80, code="7" * 64, servers=("https://" + "x" * 180,) * 4,
        root="0" * 64, authorities=authorities, made_at_ms=2**45, expires_at_ms=2**45,
    )  # fmt: skip
    archive = tmp_path / "cards.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(f"cards/beffroi-card-{card.screen}.json", json.dumps(card.model_dump(mode="json"), indent=1))
        file.writestr(f"raspberry-pi-os/{card.screen}/user-data", user_data(card))

    assert sum(map(len, authorities)) == AUTHORITIES_LIMIT
    (written,) = put_card(archive, box / "boot/firmware", with_system=True)
    assert written.read_text(encoding="utf-8") == user_data(card)
    assert written.stat().st_size <= SIZE_LIMIT
