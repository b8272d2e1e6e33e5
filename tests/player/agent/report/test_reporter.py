"""What a player says, and what it does when it is told to."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image
from tests.support.player_harness import PlayerHarness
from tests.support.signing_town import SigningTown, alert, slide

from beffroi_content.model import AlertLevel, Announcement, AnnouncementContent, Slide
from beffroi_content.wire.messages import REPORT
from beffroi_player.agent.storage import PendingProgramme
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


def test_the_server_is_told_that_something_lies_over_the_programme(informed: PlayerHarness, hall: SigningTown) -> None:
    informed.receive(hall.publish_command("c1", "test-card", 70))
    assert informed.report().overlay
    assert not informed.report().overlay


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


def test_the_last_frame_is_kept_but_never_one_of_an_alert(informed: PlayerHarness, hall: SigningTown) -> None:
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
    for number in range(10):
        informed.receive((f"nonsense-{number}", b"x"))
        informed.wait(10)
    assert len(informed.published) <= before + 1
    informed.wait(600)
    assert len(json.loads(informed.published[-1][1])["refusals"]) == 10


def reports(player: PlayerHarness) -> list[dict[str, object]]:
    return [json.loads(payload) for leaf, payload in player.published if leaf == "report"]


def test_slides_that_follow_one_another_are_reported_once_a_minute(player: PlayerHarness, hall: SigningTown) -> None:
    slides = hall.manifest(slide("pool"), slide("market"), slide("school"))
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(slides))
    player.wait(60_000)
    player.published.clear()
    shown = set()
    for _ in range(120):
        hall.now_ms += 5_000
        player.receive(hall.publish_beat())
        shown.add(player.wait(5_000).frame)
    assert len(shown) == 3
    assert 9 <= len(reports(player)) <= 11
    # The frame of each is the one that was presented then: the server can compare it.
    assert {report["frame"] for report in reports(player)} <= shown


def test_an_alert_is_reported_at_once_and_not_each_time_it_comes_round(
    informed: PlayerHarness, hall: SigningTown
) -> None:
    informed.wait(60_000)
    informed.published.clear()
    informed.receive(hall.publish_alerts(alert()))
    informed.wait(600)
    informed.wait(600)
    alerts = [part["alert"] for part in reports(informed)[-1]["shown"]]
    assert alerts == ["flood"]
    before = len(reports(informed))
    for _ in range(10):
        informed.wait(5_000)
    assert len(reports(informed)) <= before + 2


def test_the_frame_after_the_news_is_reported_too(informed: PlayerHarness, hall: SigningTown) -> None:
    informed.receive(hall.publish_alerts(alert(level=AlertLevel.EMERGENCY)))
    informed.wait(2_000)
    hall.now_ms += 10_000
    informed.receive(hall.publish_alerts())
    for _ in range(4):
        informed.wait(600)
    newest = reports(informed)[-1]
    assert not [part for part in newest["shown"] if part["alert"]]
    assert newest["frame"] == informed.run_iteration().frame


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
    pages = len(active.pages_of("long", (320, 180)))
    assert pages > 1
    assert active.manifest.slides[0].pages == pages
    damaged = informed.state.frames / active.pages_of("long", (320, 180))[-1]
    damaged.write_bytes(damaged.read_bytes()[:100])
    informed.start()
    informed.prepare(PendingProgramme(sequence=active.sequence, manifest=active.manifest))
    assert informed.painter.drawn == ["long"]
