"""Proof of play: one record for each showing, why it ended, and none lost with the process or the power."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import threading
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.player_harness import PlayerHarness, until
from tests.support.signing_town import SigningTown, alert, slide

from beffroi_content.model import AlertLevel, ClockWidget, PowerState, ScreenHours, Slide, TimeWindow, WidgetContent
from beffroi_content.timeline import ReasonKind
from beffroi_content.wire.plays import FIRST_CHAIN, Play, chain_digest
from beffroi_content.wire.reports import ShownPart
from beffroi_player.agent.prepare.live_frames import LiveFrames
from beffroi_player.stage.play_log import log_file
from beffroi_player.stage.play_log.end_reasons import ScreenChange, end_reason
from beffroi_player.state.play_files import play_files, read_plays

MINUTE = 60_000
HOUR = 60 * MINUTE


@pytest.fixture
def screen(player: PlayerHarness, hall: SigningTown) -> PlayerHarness:
    """A player whose two slides follow each other every ten seconds; the first has just begun."""
    show(player, hall, slide("pool"), slide("market"))
    start_of_turn(player, "pool")
    return player


def show(player: PlayerHarness, hall: SigningTown, *slides: Slide, **settings: object) -> None:
    hall.now_ms = max(hall.now_ms + 1, player.time.system_ms)
    slides = tuple(each.replace(duration_ms=10_000) for each in slides)
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(hall.manifest(*slides, **settings)))
    player.run_iteration()


def start_of_turn(player: PlayerHarness, name: str) -> None:
    """Wait for the first instant of a slide, and forget what was before."""
    shown = player.run_iteration().showings[0]
    while True:
        shown = player.wait((shown.until_ms or 0) - player.clock.now().unix_ms).showings[0]
        if shown.slide == name:
            break
    for _ in range(2):
        for file in play_files(player.state.plays):
            file.path.unlink()
        player.start_stage()
    player.run_iteration()


def logged(player: PlayerHarness) -> list[Play]:
    return [play for file in play_files(player.state.plays) for play in read_plays(file)]


def said(player: PlayerHarness) -> list[tuple[str | None, str | None, int]]:
    """Return what was on, why it ended, and how long it was on."""
    return [(play.slide or play.alert, play.ended, play.lasted_ms) for play in logged(player)]


# --- why


def test_slides_end_when_their_time_is_over_and_one_begins_where_the_other_ends(screen: PlayerHarness) -> None:
    for _ in range(4):
        screen.wait(10_000)
    plays = logged(screen)
    assert said(screen) == [(name, "time", 10_000) for name in ("pool", "market", "pool", "market")]
    assert [play.number for play in plays] == [1, 2, 3, 4]
    for before, play in zip(plays, plays[1:], strict=False):
        assert play.started_at_ms == before.started_at_ms + before.lasted_ms


def test_the_reason_is_part_of_the_chain(screen: PlayerHarness) -> None:
    screen.wait(10_000)
    (play,) = logged(screen)
    assert play.chain == chain_digest(FIRST_CHAIN, play)
    assert play.chain != chain_digest(FIRST_CHAIN, play.replace(ended="alert"))


def test_an_alert_cuts_a_slide_and_its_withdrawal_ends_the_alert(screen: PlayerHarness, hall: SigningTown) -> None:
    screen.time.pass_by(4_000)
    hall.now_ms = screen.time.system_ms
    emergency = alert(level=AlertLevel.EMERGENCY, now=hall.now_ms)
    screen.receive(hall.publish_alerts(emergency))
    screen.run_iteration()
    screen.time.pass_by(7_000)
    hall.now_ms = screen.time.system_ms
    screen.receive(hall.publish_alerts())
    screen.run_iteration()
    assert said(screen) == [("pool", "alert", 4_000), ("flood", "withdrawn", 7_000)]


def test_an_alert_that_gives_way_to_the_loop_for_a_while_had_its_time(screen: PlayerHarness, hall: SigningTown) -> None:
    hall.now_ms = screen.time.system_ms
    screen.receive(hall.publish_alerts(alert(now=hall.now_ms)))
    for _ in range(70):
        screen.wait(500)
    ended = [(name, ended) for name, ended, _ in said(screen)]
    assert ended[:2] == [("pool", "alert"), ("flood", "time")]
    assert ended[2][1] in {"alert", "time"}
    assert ("flood", "withdrawn") not in ended


def test_an_alert_at_its_end_is_over_and_so_is_the_word_of_its_end(screen: PlayerHarness, hall: SigningTown) -> None:
    hall.now_ms = screen.time.system_ms
    ends = hall.now_ms + 15_000
    screen.receive(hall.publish_alerts(alert(level=AlertLevel.EMERGENCY, now=hall.now_ms, ends_at_ms=ends)))
    screen.run_iteration()
    for _ in range(1_000):
        if screen.wait(1_000).showings[0].slide:
            break
    assert [each[:2] for each in said(screen)] == [("pool", "alert"), ("flood", "withdrawn"), ("flood", "time")]
    assert said(screen)[1][2] == 15_000


def test_another_programme_ends_a_slide_before_its_time(screen: PlayerHarness, hall: SigningTown) -> None:
    screen.time.pass_by(3_000)
    show(screen, hall, slide("library"))
    assert said(screen) == [("pool", "programme", 3_000)]


def test_a_slide_that_the_next_programme_shows_at_the_same_time_goes_on(
    player: PlayerHarness, hall: SigningTown
) -> None:
    show(player, hall, slide("pool"), slide("market"))
    start_of_turn(player, "pool")
    player.time.pass_by(3_000)
    show(player, hall, slide("pool"), slide("market"))
    player.wait(7_000)
    assert said(player) == [("pool", "time", 10_000)]


def test_the_standby_hours_end_a_slide(player: PlayerHarness, hall: SigningTown) -> None:
    night = ScreenHours(state=PowerState.OFF, window=TimeWindow(start=dt.time(23), end=dt.time(6)))
    show(player, hall, slide("pool"), hours=(night,))
    for _ in range(24 * 60):
        if player.wait(MINUTE).power is PowerState.OFF:
            break
    assert logged(player)[-1].ended == "standby"


def test_the_name_of_the_screen_lies_over_a_slide(screen: PlayerHarness, hall: SigningTown) -> None:
    screen.time.pass_by(2_000)
    hall.now_ms = screen.time.system_ms
    screen.receive(hall.publish_command("c1", "identify", 3))
    screen.run_iteration()
    assert said(screen) == [("pool", "name", 2_000)]


def test_something_stands_in_for_a_broken_frame() -> None:
    pool = ShownPart(zone="main", slide="pool", reason=ReasonKind.RULE, until_ms=20_000)
    idle = ShownPart(zone="main", slide="idle", reason=ReasonKind.IDLE)
    now = ScreenChange(unix_ms=12_000, parts=(idle,), has_faults=True)
    assert end_reason(pool, now) == "broken"
    assert end_reason(pool, replace(now, unix_ms=20_000)) == "time"
    assert end_reason(pool, replace(now, has_faults=False)) == "other"
    assert (
        end_reason(pool.replace(zone="side"), replace(now, parts=(idle, pool.replace(zone="side", page=1)))) == "other"
    )


def test_what_cannot_be_shown_at_all_is_no_play(player: PlayerHarness, hall: SigningTown) -> None:
    show(player, hall, slide("pool"), slide("market"))
    start_of_turn(player, "pool")
    active = player.state.programme.read()
    assert active is not None
    for name in active.pages_of("market", (320, 180)):
        (player.state.frames / name).write_bytes(b"broken")
    player.start_stage()
    player.run_iteration()
    for _ in range(2):
        player.wait(10_000)
    assert [each[:2] for each in said(player)][-2:] == [("pool", "time"), ("idle", "time")]
    assert "market" not in {play.slide for play in logged(player)}


def test_a_player_that_is_ended_says_so(screen: PlayerHarness) -> None:
    screen.time.pass_by(6_000)
    screen.stage.shut_down()
    screen.start_stage()
    assert said(screen) == [("pool", "stopped", 6_000)]


def test_a_clock_is_one_showing_though_it_moves_every_minute(player: PlayerHarness, hall: SigningTown) -> None:
    clock = slide("clock").replace(content=WidgetContent(widget=ClockWidget(title="Saint-Aubin")))
    show(player, hall, clock)
    live = LiveFrames(player.runtime, lambda: player.held.active, player.clock.now, lambda: None)
    for _ in range(10):
        live.draw_due()
        player.wait(MINUTE)
    assert said(player) == []
    player.stage.shut_down()
    assert said(player) == [("clock", "stopped", 10 * MINUTE)]


# --- what outlives the process


def test_what_was_on_when_the_stage_was_killed_is_logged_by_the_next(screen: PlayerHarness) -> None:
    screen.wait(10_000)
    for _ in range(2):
        screen.wait(3_000)
    screen.time.pass_by(2_500)  # nobody knows of these
    screen.start_stage()
    (first, died) = said(screen)
    assert first == ("pool", "time", 10_000)
    assert died[:2] == ("market", "died")
    assert 6_000 - 4_000 <= died[2] <= 6_000


def test_that_it_is_still_on_is_noted_every_few_seconds(player: PlayerHarness, hall: SigningTown) -> None:
    show(player, hall)
    for _ in range(100):
        player.wait(5_000)
    player.time.pass_by(4_000)
    player.start_stage()
    assert said(player) == [("idle", "died", 500_000)]


def test_nothing_is_logged_twice_if_the_stage_dies_between_log_and_memory(screen: PlayerHarness) -> None:
    before = screen.runtime.unwritten.path.read_bytes()
    screen.wait(10_000)
    screen.runtime.unwritten.path.write_bytes(before)
    screen.start_stage()
    screen.start_stage()
    assert said(screen) == [("pool", "time", 10_000)]


def test_a_power_cut_takes_minutes_of_what_is_on_for_long_and_not_hours(
    player: PlayerHarness, hall: SigningTown
) -> None:
    show(player, hall)
    began = player.clock.now().unix_ms
    for _ in range(4 * 60):
        player.wait(MINUTE)
    cut(player)
    (play,) = logged(player)
    assert (play.slide, play.ended, play.started_at_ms) == ("idle", "died", began)
    assert 4 * HOUR - 11 * MINUTE <= play.lasted_ms <= 4 * HOUR
    cut(player)
    assert len(logged(player)) == 1


def test_what_was_logged_before_a_power_cut_is_not_logged_again(player: PlayerHarness, hall: SigningTown) -> None:
    show(player, hall)
    for _ in range(60):
        player.wait(MINUTE)
    show(player, hall, slide("library"))
    (file,) = play_files(player.state.plays)
    lines = file.path.read_bytes().splitlines(keepends=True)
    file.path.write_bytes(b"".join(lines[:-1]))  # the disk did not get to what has begun
    cut(player)
    assert [each[:2] for each in said(player)] == [("idle", "programme")]


def test_a_power_cut_takes_no_slide_of_a_loop_only_how_long_the_last_was_on(screen: PlayerHarness) -> None:
    for _ in range(2):
        screen.wait(10_000)
    screen.wait(7_000)
    cut(screen)
    assert said(screen) == [("pool", "time", 10_000), ("market", "time", 10_000), ("pool", "died", 0)]


def test_a_power_cut_in_the_middle_of_a_line_costs_that_line(screen: PlayerHarness) -> None:
    screen.wait(10_000)
    (file,) = play_files(screen.state.plays)
    os.truncate(file.path, file.path.stat().st_size - 20)
    cut(screen)
    assert said(screen) == [("pool", "time", 10_000)]
    screen.wait(10_000)
    assert [play.number for play in logged(screen)] == list(range(1, len(logged(screen)) + 1))


@pytest.fixture
def card(screen: PlayerHarness, monkeypatch: pytest.MonkeyPatch) -> Card:
    return Card(screen, monkeypatch)


class Card:
    """A memory card that forgets, when the power goes, what nobody waited for."""

    def __init__(self, player: PlayerHarness, monkeypatch: pytest.MonkeyPatch) -> None:
        self._player, self._kept = player, dict[Path, bytes]()
        self.waits = 0
        player.stage.shut_down()
        self._keep(player.state.plays.iterdir())
        player.start_stage()
        monkeypatch.setattr(log_file, "_sync_files", self._keep)

    def _keep(self, files: Iterable[Path]) -> None:
        self._kept |= {path: path.read_bytes() for path in files}
        self.waits += 1

    def cut(self) -> None:
        for path in self._player.state.plays.iterdir():
            path.unlink()
        for path, content in self._kept.items():
            path.write_bytes(content)
        cut(self._player)


def test_what_has_ended_is_on_the_disk_though_nobody_waited_in_the_frame_loop(
    screen: PlayerHarness, card: Card
) -> None:
    for _ in range(6):
        screen.wait(10_000)
    before = [each[:2] for each in said(screen)]
    settle(screen)
    screen.wait(4_000)
    card.cut()
    assert [each[:2] for each in said(screen)] == [*before, ("pool", "died")]


def test_the_card_is_waited_for_six_times_a_minute_at_most(
    player: PlayerHarness, hall: SigningTown, monkeypatch
) -> None:
    hasty = [slide(name).replace(duration_ms=1_000) for name in ("pool", "market")]
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(hall.manifest(*hasty)))
    player.run_iteration()
    card = Card(player, monkeypatch)
    before = card.waits
    for _ in range(300):
        player.wait(1_000)
        settle(player)
    assert len(logged(player)) > 290
    assert 28 <= card.waits - before <= 31


def settle(player: PlayerHarness) -> None:
    """Let the thread end that waits for the disk."""
    until("the log is not on the disk", lambda: not any(each.name == "play log" for each in threading.enumerate()))


def cut(player: PlayerHarness) -> None:
    """Take the power away, and start the stage again."""
    shutil.rmtree(player.runtime.folder)
    player.runtime.create_folder()
    player.start_stage()


# --- a disk that takes nothing


def test_plays_wait_for_the_disk_and_then_come_in_order(screen: PlayerHarness) -> None:
    screen.wait(10_000)
    held = screen.state.plays.rename(screen.state.folder / "elsewhere")
    for _ in range(3):
        screen.wait(10_000)
    held.rename(screen.state.plays)
    screen.wait(5_000)
    assert said(screen) == [(name, "time", 10_000) for name in ("pool", "market", "pool", "market")]
    assert [play.number for play in logged(screen)] == [1, 2, 3, 4]


def test_what_waits_for_the_disk_outlives_the_stage(screen: PlayerHarness) -> None:
    held = screen.state.plays.rename(screen.state.folder / "elsewhere")
    for _ in range(3):
        screen.wait(10_000)
    held.rename(screen.state.plays)
    screen.start_stage()
    assert [each[:2] for each in said(screen)] == [
        ("pool", "time"), ("market", "time"), ("pool", "time"), ("market", "died"),
    ]  # fmt: skip
