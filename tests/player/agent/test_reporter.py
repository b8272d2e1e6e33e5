"""What a player says, and what it does when it is told to."""

from __future__ import annotations

import io
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image
from tests.support.player_harness import PlayerHarness
from tests.support.signing_town import SCREEN, SigningTown, alert, slide

from beffroi_content.model import AlertLevel, Announcement, AnnouncementContent, Slide
from beffroi_content.wire.messages import REPORT
from beffroi_player.agent.storage import PendingProgramme
from beffroi_player.agent.transport.mqtt_client import PlayerMqttClient
from beffroi_player.stage import frame_cache


@pytest.fixture
def informed(player: PlayerHarness, hall: SigningTown) -> PlayerHarness:
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(hall.manifest(slide("pool"))))
    player.run_iteration()
    return player


# --- commands


def test_a_screen_shows_its_name_for_a_while(informed: PlayerHarness, hall: SigningTown) -> None:
    before = informed.run_iteration().frame
    informed.receive(hall.publish_command("c1", "identify", 10))
    glass = informed.run_iteration()
    assert glass.overlay
    assert glass.frame != before
    assert informed.wait(10_000).frame == before


def test_what_lies_beneath_the_name_stays_in_memory(
    informed: PlayerHarness, hall: SigningTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame_cache, "CACHE_BYTES", 0)
    before = informed.run_iteration().frame
    informed.receive(hall.publish_command("c1", "identify", 10))
    assert informed.run_iteration().overlay
    for path in informed.state.frames.iterdir():
        path.unlink()
    assert informed.wait(10_000).frame == before


def test_an_alert_is_not_hidden_by_the_name(informed: PlayerHarness, hall: SigningTown) -> None:
    informed.receive(
        hall.publish_command("c1", "identify", 3_000), hall.publish_alerts(alert(level=AlertLevel.EMERGENCY))
    )
    assert informed.alerts == [("flood", "takeover")]
    informed.receive(hall.publish_alerts())
    assert informed.run_iteration().overlay


def test_a_command_is_done_once_even_over_a_restart(informed: PlayerHarness, hall: SigningTown) -> None:
    topic, payload = hall.publish_command("c1", "restart")
    informed.receive((topic, payload))
    informed.start()
    hall.now_ms += 1
    informed.receive(hall.publish_command("c1", "restart"))
    assert informed.restarts == 1
    hall.now_ms += 1
    informed.receive(hall.publish_command("c2", "restart"))
    assert informed.restarts == 2


def test_an_unknown_command_is_refused_and_reported(informed: PlayerHarness, hall: SigningTown) -> None:
    informed.receive(hall.publish_command("c1", "dance"))
    assert [(r.subject, r.code) for r in informed.report().refusals] == [("command c1", "unknown-command")]


def test_a_screenshot_is_what_was_presented(informed: PlayerHarness, hall: SigningTown) -> None:
    informed.receive(hall.publish_command("c1", "screenshot"))
    informed.take_capture()
    pictures = [payload for leaf, payload in informed.published if leaf == "screenshot"]
    assert len(pictures) == 1
    with Image.open(io.BytesIO(pictures[0])) as image:
        assert (image.format, image.size) == ("JPEG", (320, 180))


def test_the_last_picture_is_kept_but_never_one_of_an_alert(informed: PlayerHarness, hall: SigningTown) -> None:
    informed.take_capture()
    before = informed.state.last_frame.read_bytes()
    informed.receive(hall.publish_alerts(alert(level=AlertLevel.EMERGENCY)))
    informed.wait(3_600_000 - 1)
    informed.take_capture()
    assert informed.alerts
    assert informed.state.last_frame.read_bytes() == before


# --- reports and receipts


def test_reports_are_spaced_and_the_last_change_gets_out(informed: PlayerHarness, hall: SigningTown) -> None:
    informed.wait(1_000)
    before = len(informed.published)
    for _ in range(10):
        informed.receive(("nonsense", b"x"))
        informed.wait(10)
    assert len(informed.published) <= before + 1
    informed.wait(600)
    assert json.loads(informed.published[-1][1])["refusals"][0]["count"] == 10


def test_reports_are_numbered_without_a_gap(informed: PlayerHarness) -> None:
    for _ in range(5):
        informed.report()
    numbers = [json.loads(payload)["number"] for leaf, payload in informed.published if leaf == "report"]
    assert numbers == list(range(1, len(numbers) + 1))


def test_an_alert_that_comes_back_after_its_breather_is_acknowledged_once(
    informed: PlayerHarness, hall: SigningTown
) -> None:
    informed.receive(hall.publish_alerts(alert()))
    seen = set()
    for _ in range(20):
        seen.add(informed.wait(5_000).shows_alert)
    assert seen == {True, False}
    assert [r[2] for r in informed.receipts()].count("flood") == 1


def test_an_alert_that_stays_is_not_acknowledged_again_for_a_newer_set(
    informed: PlayerHarness, hall: SigningTown
) -> None:
    informed.receive(hall.publish_alerts(alert()))
    informed.run_iteration()
    hall.now_ms += 1_000
    informed.receive(hall.publish_alerts(alert(), alert("storm")))
    for _ in range(10):
        informed.wait(5_000)
    assert sorted(str(r[2]) for r in informed.receipts()) == ["None", "flood", "storm"]


def test_refusals_do_not_pile_up(informed: PlayerHarness) -> None:
    informed.receive(*[(f"topic-{number}", b"x") for number in range(100)])
    assert len(informed.refusals.newest_first()) == 20


def test_a_report_is_within_its_size(informed: PlayerHarness) -> None:
    informed.receive(*[(f"{number}" * 200, b"x") for number in range(100)])
    assert len(informed.report().to_json()) <= REPORT.size_limit


# --- pages


def test_what_was_drawn_counts_not_what_was_expected(informed: PlayerHarness, hall: SigningTown) -> None:
    text = "\n".join("Le marché se tient sur la place de la mairie, tous les samedis, de huit heures à midi." * 3
                     for _ in range(6))  # fmt: skip
    announcement = Announcement(id="long", template="notice", title="Marché", body=text)
    long = Slide(id="long", name="long", content=AnnouncementContent(announcement=announcement), pages=1)
    hall.now_ms += 1
    informed.receive(hall.publish_programme(hall.manifest(long)))
    active = informed.state.programme.read()
    assert active is not None
    pages = len(active.frames["long 320x180"])
    assert pages > 1
    assert active.manifest.slides[0].pages == pages
    damaged = informed.state.frames / active.frames["long 320x180"][-1]
    damaged.write_bytes(damaged.read_bytes()[:100])
    informed.start()
    informed.prepare(PendingProgramme(sequence=active.sequence, manifest=active.manifest))
    assert informed.painter.drawn == ["long"]


# --- the link


class Gatekeeper:
    """A broker of MQTT 3.1.1 that lets everybody in, but not to every topic."""

    def __init__(self, forbidden: str) -> None:
        self._forbidden = forbidden
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self.topics: list[str] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def _serve(self) -> None:
        try:
            while True:
                connection, _ = self._server.accept()
                with connection, connection.makefile("rb") as stream:
                    self._talk(connection, stream)
        except OSError:
            return

    def _talk(self, connection: socket.socket, stream: io.BufferedReader) -> None:
        while head := stream.read(1):
            length, shift = 0, 0
            while True:
                byte = stream.read(1)[0]
                length |= (byte & 127) << shift
                shift += 7
                if byte < 128:
                    break
            body = stream.read(length)
            if head[0] >> 4 == 1:
                connection.sendall(b"\x20\x02\0\0")
            if head[0] >> 4 == 8:
                topic = body[4:-1].decode()
                self.topics.append(topic)
                connection.sendall(b"\x90\x03" + body[:2] + (b"\x80" if self._forbidden in topic else b"\x01"))


@pytest.fixture
def gatekeeper() -> Iterator[Gatekeeper]:
    gatekeeper = Gatekeeper("g-schools")
    yield gatekeeper
    gatekeeper.close()


@pytest.mark.parametrize(("groups", "lets_in"), [((), True), (("schools",), False)])
def test_a_topic_that_is_refused_is_reported_and_the_link_is_not_believed(
    informed: PlayerHarness, hall: SigningTown, gatekeeper: Gatekeeper, groups: tuple[str, ...], lets_in: bool
) -> None:
    hall.now_ms += 1
    informed.receive(hall.publish_programme(hall.manifest(slide("pool"), groups=groups)))
    refused: list[str] = []
    done = threading.Event()

    def changed() -> None:
        if len(gatekeeper.topics) == len(informed.core.topics()):
            done.set()

    link = PlayerMqttClient(
        hall.enrolment(port=gatekeeper.port), "127.0.0.1", "start1", informed.core.topics, lambda _: None,
        lambda topic, _: refused.append(topic), changed,
    )  # fmt: skip
    link.start()
    try:
        assert done.wait(10)
        assert link.is_connected
        assert link.is_fully_subscribed is lets_in
        assert gatekeeper.topics == [str(topic) for topic in informed.core.topics()]
        assert gatekeeper.topics[0].endswith("all/keys")
        assert refused == [topic for topic in gatekeeper.topics if "g-schools" in topic]
        assert f"s-{SCREEN}/command" in gatekeeper.topics[-1]
    finally:
        link.stop()


def test_nothing_that_is_said_waits_for_the_acknowledgement_of_something_else(
    informed: PlayerHarness, hall: SigningTown, gatekeeper: Gatekeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[socket.socket] = []
    connect = socket.create_connection
    done = threading.Event()

    def recorded(*how: Any, **more: Any) -> socket.socket:
        opened.append(connect(*how, **more))
        return opened[-1]

    monkeypatch.setattr(socket, "create_connection", recorded)
    link = PlayerMqttClient(
        hall.enrolment(port=gatekeeper.port), "127.0.0.1", "start1", informed.core.topics, lambda _: None,
        lambda *_: None, done.set,
    )  # fmt: skip
    link.start()
    try:
        assert done.wait(10)
        assert opened[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    finally:
        link.stop()
