"""Proof of play: a log in which nothing can be changed or left out unnoticed."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import timezone

from beffroi_content.timeline import ClockState
from beffroi_content.wire.plays import Play as Said
from beffroi_content.wire.plays import PlayLogBatch
from beffroi_player.stage.play_log.log_file import PlayLog
from beffroi_player.state.directories import ForwardedPlays, StateDirectory
from beffroi_server.__main__ import main
from beffroi_server.delivery.inbound_queue import InboundQueue
from beffroi_server.fleet.play_models import PlayRecord
from beffroi_server.fleet.plays import play_audit

pytestmark = pytest.mark.django_db


def play(slide: str | None = "pool", alert: str | None = None, **values: object) -> Said:
    at = int(timezone.now().timestamp() * 1000) - 5_000
    return Said.model_validate(
        {"number": 1, "slide": slide, "alert": alert, "zone": "main", "started_at_ms": at, "lasted_ms": 1_234,
         "frame": "a" * 64, "clock": ClockState.TRUSTED, "ended": "time", **values}
    )  # fmt: skip


def logged(state: StateDirectory) -> list[Said]:
    lines = [line for path in sorted(state.plays.glob("*.jsonl")) for line in path.read_bytes().splitlines()]
    return [Said.model_validate_json(line) for line in lines]


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    state = StateDirectory(tmp_path / "state")
    state.create_folders()
    return state


def take(screen, said: list[Said]) -> None:
    screen.enrolled_at = timezone.now()
    screen.save()
    batch = PlayLogBatch(plays=tuple(said))
    assert InboundQueue("saint-aubin").write_batch([("beffroi/1/saint-aubin/up/s-hall/plays", batch.to_json())]) == 1


def test_a_log_is_whole_over_restarts_of_the_player(hall, state):
    for _ in range(3):
        log = PlayLog(state)
        for alert in (None, "flood"):
            log.append_play(play(alert=alert))
    take(hall, logged(state))

    found = play_audit.audit_plays(hall)
    assert (found.count, found.is_whole, found.begun) == (6, True, ())


def test_it_goes_on_from_what_was_forwarded(hall, state):
    log = PlayLog(state)
    for _ in range(3):
        log.append_play(play())
    said = logged(state)
    take(hall, said)
    state.forwarded.write(ForwardedPlays(number=3, chain=said[-1].chain))
    for path in state.plays.iterdir():
        path.unlink()
    PlayLog(state).append_play(play())
    take(hall, logged(state))
    assert play_audit.audit_plays(hall).is_whole
    assert play_audit.audit_plays(hall).begun == ()


@pytest.mark.parametrize(
    "values",
    [
        {"slide": "another"},
        {"lasted_ms": 9_999},
        {"frame": "b" * 64},
        {"alert": "fire"},
        {"ended": "standby"},
        {"chain": "c" * 64},
    ],
)
def test_what_was_changed_is_found(hall, state, values):
    log = PlayLog(state)
    for _ in range(5):
        log.append_play(play())
    take(hall, logged(state))
    PlayRecord.objects.filter(number=3).update(**values)
    assert play_audit.audit_plays(hall).broken[0] in (3, 4)


def test_a_showing_of_months_by_a_clock_that_is_years_ahead_is_kept_as_it_was_said(hall, state):
    log = PlayLog(state)
    log.append_play(play(lasted_ms=200 * 86_400_000, started_at_ms=4_000_000_000_123))
    log.append_play(play(ended="died"))
    take(hall, logged(state))
    assert play_audit.audit_plays(hall).is_whole


def test_what_was_taken_out_is_found(hall, state):
    log = PlayLog(state)
    for _ in range(5):
        log.append_play(play())
    take(hall, logged(state))
    PlayRecord.objects.filter(number__in=(2, 3)).delete()
    assert play_audit.audit_plays(hall).missing == ((2, 3),)


def test_a_player_that_lost_its_log_says_so_by_a_new_chain(hall, state):
    log = PlayLog(state)
    log.append_play(play())
    said = logged(state)
    (path,) = state.plays.iterdir()
    path.write_bytes(b"\xff\xff not a play\n")
    PlayLog(state).append_play(play())
    later = [Said.model_validate_json(line) for line in max(state.plays.iterdir()).read_bytes().splitlines()]
    take(hall, said + later)
    found = play_audit.audit_plays(hall)
    assert found.begun == (later[0].number,)
    assert found.broken == ()


def test_a_line_that_a_full_disk_tore_is_taken_back(hall, state, monkeypatch):
    log = PlayLog(state)
    log.append_play(play())

    def torn(self: PlayLog, line: bytes) -> None:
        with self._path.open("ab") as file:
            file.write(line[:30])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(PlayLog, "_write_line", torn)
        log.append_play(play())
    log.append_play(play())
    take(hall, logged(state))
    assert (play_audit.audit_plays(hall).count, play_audit.audit_plays(hall).is_whole) == (2, True)


def test_the_command_says_what_the_logs_are_worth(hall, state, capsys):
    log = PlayLog(state)
    for _ in range(3):
        log.append_play(play())
    take(hall, logged(state))
    assert main(["plays"]) == 0
    said = capsys.readouterr().out
    assert "hall: 3 plays, complete" in said
    assert "ended: 3 time" in said
    PlayRecord.objects.filter(number=2).delete()
    assert main(["plays", "hall"]) == 1
    assert "missing: 2 to 2" in capsys.readouterr().out
    assert main(["plays", "nowhere"]) == 1
