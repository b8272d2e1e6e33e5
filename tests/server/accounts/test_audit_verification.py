"""The audit trail leaves the house as a file, and anybody can tell whether it is whole."""

from __future__ import annotations

import json

import pytest

from beffroi_server.__main__ import main
from beffroi_server.accounts import audit
from beffroi_server.accounts.audit_export import changes_text, trail_lines
from beffroi_server.accounts.audit_verification import verify_lines
from beffroi_server.accounts.models import AuditEvent


@pytest.fixture
def lines(town, dora) -> list[bytes]:
    for number in range(4):
        audit.record_event(dora, "rule-changed", "Été", number=number, changes={"name": ["Eté", "Été"]})
    return list(trail_lines(AuditEvent.objects.all(), town))


def test_an_export_verifies(lines):
    found = verify_lines(lines)

    assert (found.is_whole, found.count) == (True, AuditEvent.objects.count())
    newest = AuditEvent.objects.first()
    assert newest is not None
    assert found.head == newest.hash


def test_shows_what_was_altered(lines):
    values = json.loads(lines[2])
    values["detail"]["number"] = 99
    lines[2] = json.dumps(values).encode() + b"\n"

    assert verify_lines(lines).altered == [values["number"]]


def test_shows_what_was_taken_out_or_cut_off(lines):
    number = json.loads(lines[3])["number"]
    found = verify_lines([*lines[:2], *lines[3:]])
    assert (found.gaps, found.is_complete) == ([number], False)
    assert not verify_lines(lines[:-1]).is_whole


def test_a_command_verifies_it(lines, tmp_path, capsys):
    path = tmp_path / "trail.jsonl"
    path.write_bytes(b"".join(lines))
    assert main(["audit", "verify", str(path)]) == 0
    path.write_bytes(b"".join(lines).replace(b"rule-changed", b"rule-deleted", 1))
    assert main(["audit", "verify", str(path)]) == 1
    assert "altered" in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"\xff\n", b"{}\n", b'{"format":"beffroi-audit-trail","version":1}\n{"a":1}\n'])
def test_refuses_what_is_no_trail(tmp_path, content, capsys):
    path = tmp_path / "trail.jsonl"
    path.write_bytes(content)

    assert main(["audit", "verify", str(path)]) == 1
    assert "none of an audit trail" in capsys.readouterr().err


def test_a_change_is_a_text():
    detail = {"changes": {"groups": [["Quay"], []], "volume": [0, 30], "odd": 3}}

    assert changes_text(detail) == "groups: Quay → ; volume: 0 → 30"
