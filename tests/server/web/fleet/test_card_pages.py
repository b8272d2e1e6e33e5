"""The page of enrolment cards, as a technician meets it."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from django.utils import timezone
from tests.support.pages import page_text

from beffroi_content.wire.enrolment_card import EnrolmentCard as CardFile
from beffroi_server import cli
from beffroi_server.fleet import services
from beffroi_server.fleet.card_models import EnrolmentCard
from beffroi_server.fleet.models import Screen

pytestmark = pytest.mark.usefixtures("keyring")


@pytest.fixture
def technician(client, charlie):
    client.force_login(charlie)
    client.cookies["django_language"] = "en"
    return client


def files_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_one_page_makes_the_cards_of_old_and_new_screens(technician, hall, full_hd, district):
    answer = technician.post("/cards/", {
        "screens": [hall.pk], "names": "Gare; Quai 1\nPort", "screen_class": full_hd.pk, "groups": [district.pk],
        "days": 7, "servers": "http://192.168.1.10:8000",
    })  # fmt: skip
    assert answer["Content-Type"] == "application/zip"
    assert "no-store" in answer["Cache-Control"]
    assert answer.cookies["download-saved"].value == "yes", "by which the page asks for itself again"
    found = files_of(answer.content)
    assert next(content for name, content in found.items() if name.endswith(".pdf")).startswith(b"%PDF")
    cards = [
        CardFile.model_validate_json(found[f"cards/beffroi-card-{slug}.json"]) for slug in ("hall", "gare", "port")
    ]
    assert all(card.servers[1] == "http://192.168.1.10:8000" for card in cards)
    setup = found["raspberry-pi-os/gare/user-data"].decode()
    assert setup.startswith("#cloud-config\n")
    (written,) = json.loads(setup.partition("\n")[2].partition("\n")[2])["write_files"]
    assert CardFile.model_validate_json(written["content"]) == cards[1]
    assert Screen.objects.get(slug="gare").groups.get() == district
    assert services.enrol_player(cards[2].code, machine="Raspberry Pi 4")["screen"] == "port"

    text = page_text(technician.get("/cards/"))
    assert "3 cards have been made" in text
    assert "by Raspberry Pi 4" in text
    assert cards[0].code not in text


def test_a_screen_with_a_player_takes_a_word_more_and_nothing_typed_is_lost(technician, hall):
    Screen.objects.filter(pk=hall.pk).update(enrolled_at=timezone.now())
    answer = technician.post("/cards/", {"screens": [hall.pk], "days": 7, "servers": "http://10.0.0.1"})
    assert answer.status_code == 422
    assert "http://10.0.0.1" in answer.content.decode()
    assert not EnrolmentCard.objects.exists()
    assert technician.post("/cards/", {"screens": [hall.pk], "days": 7, "replaces": "on"}).status_code == 200


@pytest.mark.parametrize("wrong", [{}, {"names": "Gare"}, {"days": 91}, {"servers": "ftp://x"}, {"names": "x" * 90}])
def test_what_cannot_be_made_is_said(technician, hall, wrong):
    given = {"days": 7, **({"screens": [hall.pk]} if wrong else {}), **wrong}
    assert technician.post("/cards/", given).status_code == 422
    assert not EnrolmentCard.objects.exists()


def test_a_card_is_withdrawn(technician, hall):
    technician.post("/cards/", {"screens": [hall.pk], "days": 7})
    technician.post(f"/cards/{EnrolmentCard.objects.get().pk}/withdraw/")
    assert EnrolmentCard.objects.get().withdrawn_at is not None


def test_the_command_writes_the_same_archive(town, hall, full_hd, tmp_path, capsys):
    (tmp_path / "new.txt").write_text("Gare; Quai 1\n")
    out = tmp_path / "cards.zip"
    given = ["cards", "hall", "--new", str(tmp_path / "new.txt"), "--class", full_hd.name, "--out", str(out)]
    assert cli.main(given) == 0
    assert out.stat().st_mode & 0o077 == 0
    assert {"cards/beffroi-card-hall.json", "cards/beffroi-card-gare.json"} <= files_of(out.read_bytes()).keys()
    assert cli.main(["cards", "nowhere", "--out", str(out)]) == 1
    assert "nowhere" in capsys.readouterr().err
