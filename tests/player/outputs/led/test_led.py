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
from beffroi_player.outputs.led.controller import LedOutput, LedTarget, machine_sender
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
    @given(PIXELS)
    def test_pieces_make_the_picture_and_the_last_one_shows_it(self, pixels):
        found = bytearray(len(pixels))
        pushes = []
        for datagram in protocols.ddp_datagrams(pixels):
            flags, number, kind, target, offset, length = struct.unpack(">BBBBIH", datagram[:10])
            assert (flags & 0xC0, kind, target, length) == (0x40, 0x0B, 1, len(datagram) - 10)
            assert number == 0, "not counted: some receivers drop equal numbers, others what they miss one of"
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
                joined = b"".join(bytes(received[universe][:510]) for universe in sorted(received))
        finally:
            receiver.stop()
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
                joined = b"".join(received[universe] for universe in sorted(received))
                # Numbers count for it modulo 128, also those of a sender that was started again.
                led.present_image(plain((0, 250, 0)))
                until("the next picture", lambda: received[0][:3] == bytes((0, 250, 0)))
        finally:
            server.listen = False
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                # Its thread ends after one more datagram, and must not find its socket closed.
                last.sendto(b"", ("127.0.0.1", protocols.ARTNET_PORT))
                until("its thread has ended", lambda: _thread._count() <= threads)
            server.socket_server.close()
        assert joined[: SIZE[0] * SIZE[1] * 3] == pygame.image.tobytes(picture(), "RGB")

    def test_all_of_a_picture_is_seen_at_once(self):
        *_, last = protocols.artnet_datagrams(b"\1\2\3" * 400)
        assert last[:10] == b"Art-Net\0\0\x52"


@contextlib.contextmanager
def listening(port: int, universe: int = 1) -> Iterator[dict[int, tuple[int, ...]]]:
    """Give what a receiver that others wrote has of each universe."""
    receiver = sacn.sACNreceiver(bind_address="127.0.0.1", bind_port=port)
    received: dict[int, tuple[int, ...]] = {}
    for each in range(universe, universe + protocols.universe_count(SIZE)):
        receiver.register_listener(
            "universe", lambda packet: received.__setitem__(packet.universe, packet.dmxData), universe=each
        )
    receiver.start()
    try:
        yield received
    finally:
        receiver.stop()


def plain(colour: tuple[int, int, int]) -> pygame.Surface:
    surface = pygame.Surface(SIZE)
    surface.fill(colour)
    return surface


def sacn_numbers(led: LedOutput, receiver: socket.socket, count: int) -> list[int]:
    """Return the sequence numbers of the first universe in so many datagrams of a controller."""
    return [packet[111] for packet in (receiver.recv(2000) for _ in range(count)) if packet[113:115] == b"\0\1"]


class TestAfterARestart:
    @pytest.mark.parametrize("ticks", [0, 100, 250, 255, 1_000_003])
    def test_every_receiver_of_sacn_takes_the_first_picture(self, monkeypatch, ticks):
        """E1.31, 6.7.2: a number of up to 20 behind the last one is an old datagram, whoever sent it."""
        monkeypatch.setattr("beffroi_player.outputs.led.controller.starting_number", lambda: ticks)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
            receiver.bind(("127.0.0.1", 0))
            receiver.settimeout(5)
            led = LedOutput(LedTarget.parse_address(f"sacn://127.0.0.1:{receiver.getsockname()[1]}"))
            led.start()
            led.open((16, 8))
            led.present_image(pygame.Surface((16, 8)))
            numbers = sacn_numbers(led, receiver, 2 * protocols.universe_count((16, 8)))
            led.close()
        assert len(numbers) == 2
        for remembered in range(256):
            behind = [(remembered - number) % 256 for number in numbers]
            assert any(distance >= 20 for distance in behind), remembered

    def test_a_receiver_that_others_wrote_goes_on_at_once(self, monkeypatch):
        port = free_port()
        with listening(port) as received:
            for colour in ((250, 0, 0), (0, 250, 0), (0, 0, 250)):
                # The worst case: each start begins where the one before began.
                monkeypatch.setattr("beffroi_player.outputs.led.controller.starting_number", lambda: 0)
                led = LedOutput(LedTarget.parse_address(f"sacn://127.0.0.1:{port}?gamma=1"))
                led.start()
                led.open(SIZE)
                led.present_image(plain(colour))
                until("the new picture", lambda colour=colour: received.get(1, ())[:3] == colour)
                # Killed: nothing is said, and the socket goes with the process.
                led._socket.close()

    def test_art_net_is_not_counted(self):
        datagrams_of_a_picture = list(protocols.artnet_datagrams(b"\1\2\3" * 400))
        assert {datagram[12] for datagram in datagrams_of_a_picture} == {0}


class TestTheEnd:
    def test_is_black_and_said_to_receivers_of_sacn(self):
        port = free_port()
        with listening(port) as received, socket.socket(socket.AF_INET, socket.SOCK_DGRAM):
            with sender(f"sacn://127.0.0.1:{port}?gamma=1") as led:
                led.present_image(plain((250, 250, 250)))
                until("the picture", lambda: received.get(1, ())[:3] == (250, 250, 250))
            until("black", lambda: all(not any(data) for data in received.values()))

    @pytest.mark.parametrize(("protocol", "ends"), [("sacn", 3), ("ddp", 0), ("artnet", 0)])
    def test_sends_black_last_and_ends_the_stream_three_times(self, protocol, ends):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
            receiver.bind(("127.0.0.1", 0))
            receiver.settimeout(0.3)
            with sender(f"{protocol}://127.0.0.1:{receiver.getsockname()[1]}") as led:
                led.open((10, 10))
                led.present_image(pygame.Surface((10, 10)))
                led.present_image(pygame.mask.Mask((10, 10), fill=True).to_surface())
            found = []
            with contextlib.suppress(TimeoutError):
                while True:
                    found.append(receiver.recv(2_000))
        if protocol == "sacn":
            assert [packet[112] for packet in found if packet[112]] == [0x40] * ends
            assert found[-1][112] == 0x40
        pictures = [packet for packet in found if packet[8:10] != b"\0\x52"]
        assert pictures[-1][-300:] == bytes(300)
        assert b"\xff" * 300 in b"".join(pictures)

    def test_before_any_picture_says_nothing(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
            receiver.bind(("127.0.0.1", 0))
            receiver.settimeout(0.1)
            with sender(f"sacn://127.0.0.1:{receiver.getsockname()[1]}"):
                pass
            with pytest.raises(TimeoutError):
                receiver.recv(2_000)

    def test_a_display_that_is_to_be_off_gets_black_again_and_again(self):
        small, white = pygame.Surface((10, 10)), b"\xff" * 300
        small.fill((255, 255, 255))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
            receiver.bind(("127.0.0.1", 0))
            receiver.settimeout(5)
            with sender(f"ddp://127.0.0.1:{receiver.getsockname()[1]}") as led:
                led.open((10, 10))
                led.present_image(small)
                led.control_display(False, 0)
                led.control_display(False, 0)
                led.process_events()
                led.present_image(small)
                shown = [receiver.recv(2_000)[10:] for _ in range(5)]
        assert shown == [white, white, bytes(300), bytes(300), white]


class TestTheSource:
    def test_is_the_screen_that_a_player_is(self, tmp_path):
        players = []
        for screen in ("hall", "quay"):
            (tmp_path / screen).mkdir()
            (tmp_path / screen / "enrolment.json").write_text(f'{{"site": "saint-aubin", "screen": "{screen}"}}')
            players.append(machine_sender(tmp_path / screen))
        assert len({sender.cid for sender in players}) == 2
        assert players[0] == machine_sender(tmp_path / "hall")
        assert players[0].name == "Beffroi hall"

    @pytest.mark.parametrize("text", [None, "", "{}", "[]", "nonsense"])
    def test_is_the_machine_before_it_is_enrolled(self, tmp_path, text):
        if text is not None:
            (tmp_path / "enrolment.json").write_text(text)
        assert machine_sender(tmp_path) == machine_sender()
        assert len(machine_sender().cid) == 16

    def test_is_in_every_datagram(self):
        source = protocols.SacnSender(b"0123456789abcdef", "é" * 60)
        for datagram in protocols.sacn_datagrams(bytes(3_000), 5, 1, source):
            assert datagram[22:38] == source.cid
            assert datagram[44:107] == ("é" * 60).encode()[:63]
            assert datagram[107] == 0


class TestASteadyPicture:
    def test_is_due_again_before_any_receiver_forgets_it(self):
        """FPP drops data that is older than 1 second; the frame loop adds up to a tenth of a second."""
        assert LedOutput.event_interval_s <= 0.8

    def test_of_many_universes_is_warned_of_for_multicast_only(self, caplog):
        for address, size, warned in (
            ("sacn://multicast", (128, 64), True),
            ("sacn://multicast", (34, 100), False),
            ("sacn://127.0.0.1", (128, 64), False),
        ):
            caplog.clear()
            led = LedOutput(LedTarget.parse_address(address))
            led.start()
            led.open(size)
            led.close()
            assert ("multicast groups" in caplog.text) == warned


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
        large = tuple(protocols.ddp_datagrams(bytes(range(256)) * 3 * 200))
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
