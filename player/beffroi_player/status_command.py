"""The command ``beffroi-player status``: a short text for a technician at the machine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from beffroi_player import system_clock
from beffroi_player.agent.storage import AgentStorage
from beffroi_player.state.directories import RuntimeDirectory, StateDirectory


def describe_player(state_folder: Path, runtime_folder: Path) -> str:
    """Return the state of a player as text, without any secret."""
    state, runtime, vault = StateDirectory(state_folder), RuntimeDirectory(runtime_folder), AgentStorage(state_folder)
    lines = [*_identity_lines(vault), *_content_lines(state, runtime, vault), *_presented_lines(runtime)]
    return "".join(f"{name:<10} {text}\n" for name, text in lines)


def _identity_lines(vault: AgentStorage) -> Iterator[tuple[str, str]]:
    enrolment = vault.enrolment.read()
    if enrolment is None:
        yield "screen", "not enrolled yet: type the code that it shows on the page “Pair a player” of the server"
        return
    yield "screen", f"{enrolment.screen} of {enrolment.site}"
    yield "server", enrolment.server


def _content_lines(state: StateDirectory, runtime: RuntimeDirectory, vault: AgentStorage) -> Iterator[tuple[str, str]]:
    programme, pending = state.programme.read(), vault.pending.read()
    if programme is None:
        yield "programme", "none yet"
    else:
        slides = len(programme.manifest.slides)
        yield "programme", f"{programme.sequence}, {slides} slides, since {_local_time(programme.activated_at_ms)}"
        for skipped in programme.skipped:
            yield "", f"left out: {skipped.slide} ({skipped.code}) {skipped.detail}"
    if pending is not None:
        yield "", f"{pending.sequence} is being prepared"
    alerts = runtime.alerts.read() or state.alerts.read()
    for held in alerts.in_boot(system_clock.boot_id()).all_held() if alerts else ():
        yield "alert", f"{held.alert.level}: {held.alert.title}, until {_local_time(held.alert.ends_at_ms)}"


def _presented_lines(runtime: RuntimeDirectory) -> Iterator[tuple[str, str]]:
    clock, presented = runtime.clock.read(), runtime.presented.read()
    if clock is not None:
        yield "clock", f"{clock.state}, {_local_time(clock.moment_at(system_clock.uptime_ms()).unix_ms)}"
    if presented is None:
        yield "presented", "no stage has run since boot"
        return
    for shown in presented.showings:
        what = f"alert {shown.alert} as {shown.form}" if shown.alert else f"slide {shown.slide}"
        yield "presented", f"{shown.zone or 'whole screen'}: {what}, page {shown.page + 1}, because of {shown.reason}"
    for fault in presented.faults:
        yield "", f"not shown: {fault.detail}"


def _local_time(unix_ms: int) -> str:
    try:
        return dt.datetime.fromtimestamp(unix_ms / 1000).astimezone().isoformat(" ", "seconds")
    except (OverflowError, ValueError, OSError):
        return str(unix_ms)
