"""LED controllers: independent receivers decode the image."""

from __future__ import annotations

import _thread
import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator

import pygame
import pytest
import sacn
from hypothesis import given
from hypothesis import strategies as st
from stupidArtnet import StupidArtnetServer
from tests.support.player_harness import until

from beffroi_player.__main__ import main
from beffroi_player.outputs import OutputError
from beffroi_player.outputs.led import datagrams, protocols
from beffroi_player.outputs.led.controller import LedOutput, LedTarget
from beffroi_player.outputs.led.datagrams import ResolvedHost

SIZE = (128, 64)


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def picture() -> pygame.Surface:
    """Return an image whose pixels are all different."""
    surface = pygame.Surface(SIZE)
    for x in range(SIZE[0]):
        for y in range(SIZE[1]):
            surface.set_at((x, y), (2 * x, 4 * y, (x * 7 + y) % 256))
    return surface


@contextlib.contextmanager
def sender(address: str) -> Iterator[LedOutput]:
    led = LedOutput(LedTarget.parse_address(address))
    led.start()
    led.open(SIZE)
    try:
        yield led
    finally:
        led.close()


PIXELS = st.integers(1, 3000).flatmap(lambda count: st.binary(min_size=3 * count, max_size=3 * count))


class TestDdp:
    @given(PIXELS, st.integers(0, 10**9))
    def test_pieces_make_the_picture_and_the_last_one_shows_it(self, pixels, sequence):
        found = bytearray(len(pixels))
        pushes = []
        for datagram in protocols.ddp_datagrams(pixels, sequence):
            flags, number, kind, target, offset, length = struct.unpack(">BBBBIH", datagram[:10])
            assert (flags & 0xC0, kind, target, length) == (0x40, 0x0B, 1, len(datagram) - 10)
            assert 1 <= number <= 15
            assert len(datagram) <= 1450, "no network cuts it"
            found[offset : offset + length] = datagram[10:]
            pushes.append(flags & 1)
        assert bytes(found) == pixels
        assert pushes == [0] * (len(pushes) - 1) + [1]

    def test_reaches_a_controller(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
            receiver.bind(("127.0.0.1", 0))
            receiver.settimeout(5)
            with sender(f"ddp://127.0.0.1:{receiver.getsockname()[1]}?gamma=1") as led:
                led.present_image(picture())
                found = bytearray()
                while len(found) < SIZE[0] * SIZE[1] * 3:
                    found += receiver.recv(2000)[10:]
                assert bytes(found) == pygame.image.tobytes(picture(), "RGB")
                led.process_events()
                assert receiver.recv(2000)[10:] == bytes(found[:1440]), "it is sent again by itself"


class TestSacn:
    def test_a_receiver_that_others_wrote_sees_every_pixel(self):
        port = free_port()
        receiver = sacn.sACNreceiver(bind_address="127.0.0.1", bind_port=port)
        received: dict[int, tuple[int, ...]] = {}
        for universe in range(3, 3 + protocols.universe_count(SIZE)):
            receiver.register_listener(
                "universe", lambda packet: received.__setitem__(packet.universe, packet.dmxData), universe=universe
            )
        receiver.start()
        try:
            with sender(f"sacn://127.0.0.1:{port}?universe=3&gamma=1") as led:
                led.present_image(picture())
                until("all universes", lambda: led.process_events() and len(received) == protocols.universe_count(SIZE))
        finally:
            receiver.stop()
        joined = b"".join(bytes(received[universe][:510]) for universe in sorted(received))
        assert joined[: SIZE[0] * SIZE[1] * 3] == pygame.image.tobytes(picture(), "RGB")

    def test_many_receivers_have_an_address_together(self):
        assert protocols.multicast_address(1) == "239.255.0.1"
        assert protocols.multicast_address(600) == "239.255.2.88"


class TestArtnet:
    def test_a_receiver_that_others_wrote_sees_every_pixel(self):
        received: dict[int, bytes] = {}
        threads = _thread._count()
        server = StupidArtnetServer()
        for universe in range(protocols.universe_count(SIZE)):
            server.register_listener(
                universe, callback_function=lambda data, number=universe: received.__setitem__(number, bytes(data))
            )
        try:
            with sender("artnet://127.0.0.1?gamma=1") as led:
                led.present_image(picture())
                until("all universes", lambda: led.process_events() and len(received) == protocols.universe_count(SIZE))
        finally:
            server.listen = False
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                # Its thread ends after one more datagram, and must not find its socket closed.
                last.sendto(b"", ("127.0.0.1", protocols.ARTNET_PORT))
                until("its thread has ended", lambda: _thread._count() <= threads)
            server.socket_server.close()
        joined = b"".join(received[universe] for universe in sorted(received))
        assert joined[: SIZE[0] * SIZE[1] * 3] == pygame.image.tobytes(picture(), "RGB")

    def test_all_of_a_picture_is_seen_at_once(self):
        *_, last = protocols.artnet_datagrams(b"\1\2\3" * 400, 1)
        assert last[:10] == b"Art-Net\0\0\x52"


class TestGamma:
    def test_keeps_the_ends_and_the_order(self):
        table = protocols.gamma_table(2.2)
        assert (table[0], table[255]) == (0, 255)
        assert list(table) == sorted(table)
        assert table[128] == 56


class TestTheOutput:
    @pytest.mark.parametrize(
        "wrong",
        ["ddp://", "http://192.168.1.1", "window://x", "ddp://host:99999", "ddp://host?universe=x", "ddp://host?colour=1",
         "artnet://multicast", "sacn://host?universe=0", "ddp://host?gamma=9", "foo", "ddp://host/path"],
    )  # fmt: skip
    def test_what_is_none_is_said_with_how_to_write_it(self, wrong, capsys):
        with pytest.raises(OutputError, match=r"ddp://192.168.1.40"):
            LedTarget.parse_address(wrong)
        with pytest.raises(SystemExit) as end:
            main(["run", "--output", wrong])
        assert end.value.code == 2
        assert "ddp://192.168.1.40" in capsys.readouterr().err.replace("\n", "")

    def test_a_panel_with_more_pixels_than_universes_is_refused(self):
        led = LedOutput(LedTarget.parse_address("artnet://127.0.0.1?universe=32700"))
        with pytest.raises(OutputError, match="universes"):
            led.open((192, 96))

    def test_a_controller_that_is_not_there_is_no_harm(self):
        with sender("ddp://192.0.2.1") as led:
            for _ in range(20):
                led.present_image(picture())
            assert led.process_events()
            assert led.last_presented().get_size() == SIZE

    def test_a_name_that_nobody_knows_is_no_harm(self, caplog):
        with sender("ddp://no-such-panel.invalid") as led:
            led.present_image(picture())
            until("it is not said", lambda: led.process_events() and "is not reached" in caplog.text)
            led.process_events()
        assert sum("is not reached" in record.message for record in caplog.records) == 1

    def test_no_picture_waits_for_whoever_knows_the_address_of_a_name(self):
        """Name resolution gives up after half a minute, in a thread of its own."""
        answer = threading.Event()

        def ask(name: str) -> str:
            assert name == "panel.local"
            answer.wait(10)
            return "127.0.0.1"

        host = ResolvedHost("panel.local", ask)
        assert [host.current_address() for _ in range(100)] == [None] * 100
        answer.set()
        until("no address", lambda: host.current_address() == "127.0.0.1")

    def test_a_name_is_asked_for_again(self, monkeypatch):
        monkeypatch.setattr(datagrams, "RESOLVE_INTERVAL_S", 0.0)
        answers = iter(["192.0.2.1", "192.0.2.2"])
        host = ResolvedHost("panel.local", lambda _: next(answers, "192.0.2.2"))
        until("no other address", lambda: host.current_address() == "192.0.2.2")

    def test_the_lower_half_of_a_large_panel_is_not_lost_where_the_line_is_slow(self, tmp_path):
        """A line of 100 Mbit/s takes no more than some hundred datagrams at once."""
        large = tuple(protocols.ddp_datagrams(bytes(range(256)) * 3 * 200, 1))
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver,
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as port,
        ):
            receiver.bind(str(tmp_path / "panel"))
            receiver.settimeout(10)
            port.setblocking(False)
            port.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_608)
            found: list[bytes] = []
            reader = threading.Thread(target=lambda: found.extend(receiver.recv(2_000) for _ in large))
            reader.start()
            assert datagrams.send_datagrams(port, ((str(tmp_path / "panel"), each) for each in large), 10.0)
            reader.join()
            assert tuple(found) == large
            # Nobody takes anything any more.
            began = time.monotonic()
            assert not datagrams.send_datagrams(port, ((str(tmp_path / "panel"), each) for each in large), 0.05)
            assert time.monotonic() - began < 1.0

    def test_it_leaves_no_thread(self):
        before = threading.active_count()
        with sender("ddp://127.0.0.1:9") as led:
            led.present_image(picture())
        assert threading.active_count() == before
