"""Wake-up datagrams between agent and stage, and notifications to the service manager."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from beffroi_player import systemd_notify
from beffroi_player.wakeup import CAPTURE_REQUESTED, STATE_CHANGED, WakeupSocket, send_wakeup


def test_messages_that_came_meanwhile_are_received_together_and_once(tmp_path: Path) -> None:
    with WakeupSocket(tmp_path / "stage.sock") as wakeups:
        for message in (STATE_CHANGED, CAPTURE_REQUESTED, STATE_CHANGED):
            assert send_wakeup(tmp_path / "stage.sock", message)
        assert wakeups.wait(10) == {STATE_CHANGED, CAPTURE_REQUESTED}
        assert wakeups.wait(0) == frozenset()


def test_without_a_receiver_nothing_is_sent(tmp_path: Path) -> None:
    assert not send_wakeup(tmp_path / "stage.sock")
    assert not send_wakeup(tmp_path / "no folder" / "stage.sock")
    WakeupSocket(tmp_path / "stage.sock").close()
    assert not (tmp_path / "stage.sock").exists()
    assert not send_wakeup(tmp_path / "stage.sock")


def test_a_receiver_that_does_not_read_blocks_no_sender(tmp_path: Path) -> None:
    with WakeupSocket(tmp_path / "stage.sock") as wakeups:
        sent = 0
        while send_wakeup(tmp_path / "stage.sock"):
            sent += 1
            assert sent < 100_000
        assert wakeups.wait(10) == {STATE_CHANGED}
        assert send_wakeup(tmp_path / "stage.sock")


def test_the_socket_of_a_process_that_crashed_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as crashed:
        crashed.bind(str(tmp_path / "stage.sock"))
    assert not send_wakeup(tmp_path / "stage.sock")
    with WakeupSocket(tmp_path / "stage.sock") as wakeups:
        assert send_wakeup(tmp_path / "stage.sock")
        assert wakeups.wait(10) == {STATE_CHANGED}


def test_a_path_longer_than_a_socket_address_works(tmp_path: Path) -> None:
    folder = tmp_path / ("d" * 100) / ("e" * 100)
    folder.mkdir(parents=True)
    with WakeupSocket(folder / "agent.sock") as wakeups:
        assert send_wakeup(folder / "agent.sock", CAPTURE_REQUESTED)
        assert wakeups.wait(10) == {CAPTURE_REQUESTED}


@pytest.mark.parametrize("is_abstract", [False, True])
def test_the_service_manager_is_notified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_abstract: bool) -> None:
    address = f"@beffroi-test-{tmp_path.name}" if is_abstract else str(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + address[1:] if is_abstract else address)
        manager.settimeout(10)
        systemd_notify.notify_ready()
        systemd_notify.notify_alive()
        systemd_notify.send_assignment("STATUS=waiting")
        assert [manager.recv(100) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"STATUS=waiting"]


@pytest.mark.parametrize("address", ["", "/no/such/socket", "@no-such-socket"])
def test_without_a_service_manager_nothing_happens(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    systemd_notify.notify_ready()
