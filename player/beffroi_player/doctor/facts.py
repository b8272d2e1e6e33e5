"""Facts about a player, read from its folders, its machine and its network. Reading changes nothing that lasts."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import requests
import urllib3

from beffroi_content import library_check
from beffroi_content.library_check import LibraryFacts
from beffroi_content.timeline import ClockState
from beffroi_content.wire.reports import PlayerHealth
from beffroi_content.zone_data import zone_data_version
from beffroi_player import system_clock
from beffroi_player.agent.host.health import HealthMonitor
from beffroi_player.agent.storage import AgentStorage, PlayerEnrolment
from beffroi_player.agent.transport import trusted_authorities
from beffroi_player.agent.transport.http_client import ServerClient, ServerRefusal
from beffroi_player.agent.transport.mqtt_client import broker_host
from beffroi_player.doctor.server_reach import ReachFacts, reach_broker, reach_server
from beffroi_player.sound.equipment import sound_problems
from beffroi_player.state.atomic_files import claim_folder
from beffroi_player.state.default_paths import COPIES_FOLDER
from beffroi_player.state.directories import OUTPUT_FAULT, ActiveProgramme, RuntimeDirectory, StateDirectory

_SECRETS = ("enrolment.json", f"{COPIES_FOLDER}/enrolment.json")


@dataclass(frozen=True, slots=True)
class PlayerFacts:
    """What is known of a player at an instant."""

    now_ms: int
    """By the system clock."""
    is_enrolled: bool = True
    folder: str = ""
    write_problem: str = ""
    """Why nothing can be written to the state directory."""
    exposed: tuple[str, ...] = ()
    """Files with secrets that other accounts can read."""
    running: frozenset[str] = frozenset({"agent", "stage"})
    """Which of the two processes run."""
    has_presented: bool = True
    """Whether the stage has presented anything since boot."""
    has_programme: bool = True
    skipped: tuple[str, ...] = ()
    """Slides that are left out of the programme, each with its reason."""
    faults: tuple[str, ...] = ()
    """What the stage cannot show."""
    output_fault: str = ""
    clock: ClockState = ClockState.TRUSTED
    is_synchronised: bool = True
    server_ahead_s: int | None = None
    heard_at_ms: int = 0
    """When a genuine document of the town last came; 0: never."""
    keys_end_at_ms: int | None = None
    zone_problem: str = ""
    """The zone of the programme, where this machine has no data for it."""
    libraries: LibraryFacts = field(default_factory=LibraryFacts)
    health: PlayerHealth = field(default_factory=PlayerHealth)
    lacking_sound: tuple[str, ...] = ()
    """What the machine lacks for the sound that the town wants of it."""
    past_firmware: tuple[str, ...] = ()
    """What the firmware says was the matter since boot, and is not now."""
    reach: tuple[ReachFacts, ...] = ()


def read_facts(state_folder: Path, runtime_folder: Path, root: Path = Path("/"), *, asks_network: bool) -> PlayerFacts:
    """Read the facts.

    Args:
        state_folder: The state directory.
        runtime_folder: The runtime directory.
        root: Where ``/proc`` and ``/sys`` are.
        asks_network: Also ask server and broker: some seconds where they do not answer.
    """
    state, runtime, storage = StateDirectory(state_folder), RuntimeDirectory(runtime_folder), AgentStorage(state_folder)
    enrolment, programme, presented = storage.enrolment.read(), state.programme.read(), runtime.presented.read()
    record, trust, monitor = runtime.clock.read(), storage.trust.read(), HealthMonitor(state_folder, root)
    uptime = system_clock.uptime_ms()
    ahead_ms = record.server_ahead_ms(uptime) if record else None
    key_list = trust.key_list if trust else None
    shown_faults = presented.faults if presented else ()
    return PlayerFacts(
        now_ms=system_clock.system_ms(),
        is_enrolled=enrolment is not None,
        folder=str(state_folder),
        write_problem=_write_problem(state_folder),
        exposed=tuple(str(state_folder / name) for name in _SECRETS if _is_exposed(state_folder / name)),
        running=frozenset(
            name for name, folder in (("agent", state_folder), ("stage", state.plays)) if _is_claimed(folder, name)
        ),
        has_presented=presented is not None,
        has_programme=programme is not None,
        skipped=tuple(f"{each.slide} ({each.code})" for each in programme.skipped) if programme else (),
        faults=tuple(each.detail for each in shown_faults if each.frame != OUTPUT_FAULT),
        output_fault=next((each.detail for each in shown_faults if each.frame == OUTPUT_FAULT), ""),
        clock=record.state if record else ClockState.UNKNOWN,
        is_synchronised=system_clock.ntp_synchronised(),
        server_ahead_s=None if ahead_ms is None else round(ahead_ms / 1000),
        heard_at_ms=record.heard_ms if record else 0,
        keys_end_at_ms=key_list.expires_at_ms if key_list else None,
        zone_problem=_zone_problem(programme.manifest.settings.time_zone) if programme else "",
        libraries=library_check.read_libraries(),
        health=monitor.read_health(),
        lacking_sound=sound_problems(programme.manifest.settings.alert_sound) if programme else (),
        past_firmware=tuple(sorted(monitor.past_firmware_problems())),
        reach=tuple(_reach(enrolment, programme)) if enrolment is not None and asks_network else (),
    )


def lasting_problems(state_folder: Path) -> tuple[str, ...]:
    """Return the problems that do not come and go, for the report: looked for once, when the agent starts."""
    exposed = any(_is_exposed(state_folder / name) for name in _SECRETS)
    return ("fonts-broken",) * bool(library_check.broken_fonts()) + ("secrets-exposed",) * exposed


def readings(facts: PlayerFacts) -> dict[str, object]:
    """Return what is worth knowing though nothing is wrong with it."""
    health = facts.health
    return {
        "zone_data": zone_data_version(), "clock": facts.clock.value, "server_ahead_s": facts.server_ahead_s,
        "disk_free_mb": health.disk_free_mb, "temperature_c": health.temperature_c, "uptime_s": health.uptime_s,
        "keys_end_at_ms": facts.keys_end_at_ms, "heard_at_ms": facts.heard_at_ms or None,
        "running": sorted(facts.running),
    }  # fmt: skip


def _write_problem(folder: Path) -> str:
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _is_exposed(path: Path) -> bool:
    with suppress(OSError):
        return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)
    return False


def _is_claimed(folder: Path, owner: str) -> bool:
    """Tell whether a process has a folder; one that cannot be looked at counts as claimed."""
    try:
        with claim_folder(folder, owner, timeout_s=0):
            return False
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _zone_problem(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return name
    return ""


def _reach(enrolment: PlayerEnrolment, programme: ActiveProgramme | None) -> list[ReachFacts]:
    # As the agent does: see ``FollowedSettings.learn_places``.
    trusted_authorities.believe(programme.manifest.settings.authorities if programme else enrolment.authorities)
    server = reach_server(enrolment.server)
    if not server.code:
        server = _fetched(enrolment)
    host = broker_host(enrolment.mqtt, urlsplit(enrolment.server).hostname or "localhost")
    return [server, reach_broker(host, enrolment.mqtt.port, tls=enrolment.mqtt.tls)]


def _fetched(enrolment: PlayerEnrolment) -> ReachFacts:
    """Fetch what the agent fetches: only that is large, and needs the player's token."""

    def said(code: str, error: Exception) -> ReachFacts:
        return ReachFacts("server", enrolment.server, code, str(error)[:200])

    try:
        found = ServerClient(enrolment.server, enrolment.token).fetch_documents()
        if found.is_shut_out:
            refusal = ServerRefusal("revoked, replaced, or a copy of the player of this screen")
            return said("token-refused", refusal)
    except ServerRefusal as refusal:
        return said("token-refused" if refusal.status in (401, 403) else "server-error", refusal)
    except requests.Timeout as error:
        return said("stalls", error)
    except requests.RequestException as error:
        # While an answer is read, the client hides that it waited in vain.
        is_late = any(isinstance(each, urllib3.exceptions.TimeoutError) for each in error.args)
        return said("stalls" if is_late else "server-error", error)
    return ReachFacts("server", enrolment.server)
