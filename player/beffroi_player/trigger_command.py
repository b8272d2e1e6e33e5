"""The command ``beffroi-player trigger``: shows or ends a scenario on the spot, by the agent of this machine."""

from __future__ import annotations

from pathlib import Path

from beffroi_player.agent.storage import AgentStorage
from beffroi_player.agent.trigger_socket import ask_agent
from beffroi_player.state.directories import RuntimeDirectory


def run_trigger(state: Path, runtime: Path, scenario: str, *, ends: bool) -> tuple[bool, str]:
    """Trigger or end something; without a scenario list those that can be. Return whether it was done, and a text."""
    if not scenario and not ends:
        return True, list_scenarios(AgentStorage(state))
    try:
        return ask_agent(RuntimeDirectory(runtime).trigger_socket, scenario, ends=ends)
    except PermissionError:
        return False, "this account may not: run it as root, or as the account of the player"
    except OSError as error:
        return False, f"no player runs here, or it was started with other folders (--state, --runtime): {error}"


def list_scenarios(storage: AgentStorage) -> str:
    """Return the scenarios that this player may trigger, one a line."""
    stored, enrolment = storage.scenarios.read(), storage.enrolment.read()
    if enrolment is None:
        return "not enrolled yet: type the code that it shows on the page “Pair a player” of the server"
    found = {
        each.id: f"{each.name}: {each.alert.title}, {each.longest_ms // 60_000} minutes at most"
        for document in (stored.streams.values() if stored else ())
        for each in document.scenarios
        if enrolment.screen in each.triggers
    }
    return "\n".join(found.values()) or "the town names no scenario that can be triggered here"
