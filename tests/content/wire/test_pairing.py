"""The code of a pairing: read by people, made of all that both ends have said."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as some

from beffroi_content.model import DisplayTechnology, ScreenClass, ScreenSettings, Town
from beffroi_content.rendering import Canvas, PairingNotice, draw_pairing_page
from beffroi_content.wire import pairing
from beffroi_content.wire.pairing import PairingOffer, PairingRequest, PairingTranscript, SealBroken

NUMBER = bytes(range(16))
PLAYER, SERVER = (X25519PrivateKey.from_private_bytes(bytes([each]) * 32) for each in (1, 2))
REQUEST = PairingRequest(
    channel_key=pairing.public_key(PLAYER), identity_key="ab" * 32, width=1920, height=1080,
    commitment=pairing.commit_to(pairing.public_key(PLAYER), "ab" * 32, NUMBER),
)  # fmt: skip
OFFER = PairingOffer(
    pairing="0" * 32, prefix="KMP", site="saint-aubin", root_keys={"a": "01" * 32, "b": "02" * 32},
    channel_key=pairing.public_key(SERVER),
)  # fmt: skip
SAID = PairingTranscript(REQUEST, OFFER)


@pytest.mark.parametrize(
    "other",
    [
        PairingTranscript(REQUEST, OFFER.model_copy(update={"site": "lavau"})),
        PairingTranscript(REQUEST, OFFER.model_copy(update={"prefix": "KMQ"})),
        PairingTranscript(REQUEST, OFFER.model_copy(update={"root_keys": {"a": "01" * 32, "b": "03" * 32}})),
        PairingTranscript(REQUEST, OFFER.model_copy(update={"channel_key": REQUEST.channel_key})),
        PairingTranscript(REQUEST.model_copy(update={"channel_key": OFFER.channel_key}), OFFER),
        PairingTranscript(REQUEST.model_copy(update={"identity_key": "cd" * 32}), OFFER),
        PairingTranscript(REQUEST.model_copy(update={"commitment": "cd" * 32}), OFFER),
    ],
)
def test_whatever_else_was_said_makes_another_code_and_other_keys(other: PairingTranscript) -> None:
    assert other.secret_of(NUMBER) != SAID.secret_of(NUMBER)
    with pytest.raises(SealBroken):
        other.open(SERVER, pairing.TYPED, SAID.seal(PLAYER, pairing.TYPED, b"x"))


def test_both_ends_open_what_the_other_has_sealed_and_as_nothing_else() -> None:
    for one, other in ((PLAYER, SERVER), (SERVER, PLAYER)):
        sealed = SAID.seal(one, pairing.TYPED, b"2D7QX")
        assert SAID.open(other, pairing.TYPED, sealed) == b"2D7QX"
        for spoilt in (sealed[:-2], "", "zz", sealed[:-2] + ("00" if sealed[-2:] != "00" else "01")):
            with pytest.raises(SealBroken):
                SAID.open(other, pairing.TYPED, spoilt)
        with pytest.raises(SealBroken):
            SAID.open(other, pairing.IDENTITY, sealed)
    with pytest.raises(SealBroken):
        SAID.open(X25519PrivateKey.generate(), pairing.TYPED, SAID.seal(PLAYER, pairing.TYPED, b"x"))


def test_only_the_number_that_was_committed_to_answers_a_code() -> None:
    code = SAID.secret_of(NUMBER)
    assert SAID.is_answered_by(NUMBER, code)
    assert not SAID.is_answered_by(bytes(16), SAID.secret_of(bytes(16)))
    assert not SAID.is_answered_by(NUMBER, "BCDFG" if code != "BCDFG" else "CDFGH")


@given(some.text(alphabet=pairing.ALPHABET, min_size=8, max_size=8))
def test_a_code_is_read_as_it_is_shown(letters: str) -> None:
    shown = pairing.shown_code(letters[:3], letters[3:])
    for typed in (shown, shown.lower(), letters, " ".join(letters), f"\t{shown}\n"):
        assert pairing.read_code(typed) == (letters[:3], letters[3:])


@pytest.mark.parametrize(("typed", "read"), [("kmp-zd70x", ("KMP", "2D7QX")), ("KMP-2D7Q", None), ("", None)])
def test_a_code_is_read_as_it_was_meant(typed: str, read: tuple[str, str] | None) -> None:
    assert pairing.read_code(typed) == read


@pytest.mark.parametrize(
    ("server", "scanned"),
    [
        ("https://affichage.example", "HTTPS://AFFICHAGE.EXAMPLE/P/KMP2D7QX"),
        ("http://10.1.2.3:8000", "HTTP://10.1.2.3:8000/P/KMP2D7QX"),
        ("https://example.org/affichage", "https://example.org/affichage/P/KMP2D7QX"),
    ],
)
def test_the_address_to_scan_is_that_of_the_server(server: str, scanned: str) -> None:
    assert pairing.scanned_address(server, "KMP-2D7QX") == scanned


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (192, 96), (64, 32), (32, 64), (16, 16), (1920, 90)])
def test_the_page_is_drawn_for_every_display(size: tuple[int, int]) -> None:
    link = pairing.scanned_address("https://affichage.example", "KMP-2D7QX")
    notice = PairingNotice("KMP-2D7QX", "73 41 08", "https://affichage.example", link)
    technology = DisplayTechnology.LED if max(size) < 640 else DisplayTechnology.LCD
    display = ScreenClass(
        name="", width=size[0], height=size[1], physical_height_mm=700, viewing_distance_mm=5_000,
        technology=technology,
    )  # fmt: skip
    image = draw_pairing_page(notice, Canvas.for_screen(ScreenSettings(screen_class=display, town=Town(name="B"))))
    assert image.size == size
    assert len(image.getcolors(1 << 24) or ()) > 1, "something is on it"
