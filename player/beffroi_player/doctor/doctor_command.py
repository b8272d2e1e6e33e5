"""The command ``beffroi-player doctor``: what is wrong with this player, in order of harm, why, and the next step."""

from __future__ import annotations

from pathlib import Path

from beffroi_content.findings import exit_code, in_order, json_text, plain_text
from beffroi_content.terminal_language import terminal_language
from beffroi_player.doctor import texts
from beffroi_player.doctor.checks import check_player
from beffroi_player.doctor.facts import read_facts, readings


def examine_player(state: Path, runtime: Path, language: str, *, as_json: bool, asks_network: bool) -> tuple[int, str]:
    """Examine a player; return the exit code and what to print.

    Args:
        state: The state directory.
        runtime: The runtime directory.
        language: ``en`` or ``fr``; empty: that of the terminal.
        as_json: For other programs.
        asks_network: Also ask server and broker.
    """
    facts = read_facts(state, runtime, asks_network=asks_network)
    found = in_order(check_player(facts), texts.CODES)
    spoken = language or terminal_language() or "en"
    explained = [texts.explain(each, spoken) for each in found]
    code = exit_code(each.severity for each in explained)
    if as_json:
        return code, json_text(explained, {each.code: each.values for each in found}, readings(facts))
    return code, plain_text(explained, texts.SEVERITY_NAMES[spoken]) or f"{texts.NOTHING_WRONG[spoken]}\n"
