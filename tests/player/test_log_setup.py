"""Log output: plain lines, or structured fields where there is a journal."""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.support.player_harness import PlayerHarness
from tests.support.signing_town import SigningTown, slide

from beffroi_player import log_setup


class FakeHandler(logging.Handler):
    """The handler of systemd-python 235, as far as it is used: it passes on whatever a record carries."""

    def __init__(self, level: int = 0, sender_function: Any = None, **kwargs: object) -> None:
        super().__init__(level)
        self.send, self._extra = sender_function, kwargs

    def emit(self, record: logging.LogRecord) -> None:
        message = self.format(record)
        fields = {**self._extra, **record.__dict__}
        self.send(message, PRIORITY="6", LOGGER=record.name, CODE_LINE=record.lineno, **fields)


def fake() -> ModuleType:
    module = ModuleType("systemd.journal")
    module.JournalHandler = FakeHandler
    return module


def real() -> ModuleType:
    return pytest.importorskip(
        "systemd.journal", reason="systemd-python is not installed: scripts/prepare test journal"
    )


class Journal(list[dict[str, Any]]):
    """What the journal gets of a process whose standard error it reads."""

    def __init__(self, module: ModuleType, stderr: Path, patch: pytest.MonkeyPatch) -> None:
        self.stderr, self._file, self._patch = stderr, stderr.open("w"), patch
        patch.setattr(module, "send", lambda message, **fields: self.append({"MESSAGE": message, **fields}), False)
        found = os.fstat(self._file.fileno())
        patch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino}")

    def start(self, name: str, state: Path) -> None:
        """Start a process of that name."""
        self._patch.setattr(sys, "stderr", self._file)
        log_setup.set_up("info", name, state)

    def close(self) -> None:
        self._file.close()


@pytest.fixture(params=[fake, real])
def journal(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Journal]:
    module = request.param()
    monkeypatch.setitem(sys.modules, "systemd", ModuleType("systemd"))
    monkeypatch.setitem(sys.modules, "systemd.journal", module)
    root = logging.getLogger()
    before = root.handlers[:], root.level
    journal = Journal(module, tmp_path / "stderr", monkeypatch)
    yield journal
    root.handlers[:], root.level = before
    journal.close()


@pytest.fixture
def state(tmp_path: Path, hall: SigningTown) -> Path:
    (tmp_path / "enrolment.json").write_text(hall.enrolment().model_dump_json())
    return tmp_path


def test_each_message_says_whose_screen_it_is_and_which_process(journal, state):
    journal.start("agent", state)
    logging.getLogger("beffroi_player.agent").warning("the line of %s is slow", "hall")
    sent = journal[-1]
    assert sent["MESSAGE"] == "the line of hall is slow"
    assert (sent["SCREEN"], sent["SITE"], sent["SYSLOG_IDENTIFIER"]) == ("hall", "saint-aubin", "beffroi-agent")
    assert sent["LOGGER"] == "beffroi_player.agent"


def test_nothing_secret_and_nothing_that_the_journal_does_not_take_goes_there(journal, state, hall):
    journal.start("agent", state)
    logging.getLogger("any").warning("said")
    assert hall.enrolment().token not in str(journal)
    assert [name for name in journal[-1] if not name.isupper()] == []


def test_what_a_message_is_about_can_be_searched_for(journal, state, player: PlayerHarness, hall: SigningTown):
    journal.start("agent", state)
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(hall.manifest(slide("pool"))))
    player.run_iteration()
    player.receive(hall.publish_command("c1", "dance"))
    by = {name: [each[name] for each in journal if name in each] for name in ("STREAM", "CODE", "COMMAND", "SEQUENCE")}
    assert by["STREAM"] == ["programme", f"s-{player.hall.anchor.screen}/programme"]
    assert len(set(by["SEQUENCE"])) == 1
    assert (by["CODE"], by["COMMAND"]) == (["unknown-command"], ["dance"])


@pytest.mark.parametrize("content", [None, "", "[]", "{}", json.dumps({"screen": "hall"})])
def test_a_player_that_belongs_to_no_town_logs_all_the_same(journal, tmp_path, content):
    if content is not None:
        (tmp_path / "enrolment.json").write_text(content)
    journal.start("stage", tmp_path)
    logging.getLogger("any").warning("said")
    assert journal[-1]["MESSAGE"] == "said"
    assert "SCREEN" not in journal[-1]


def test_without_the_package_the_journal_gets_the_lines(journal, state, monkeypatch):
    monkeypatch.setitem(sys.modules, "systemd.journal", None)
    journal.start("agent", state)
    logging.getLogger("any").warning("said")
    assert journal == []
    assert "agent WARNING said" in journal.stderr.read_text()


def test_a_person_who_has_the_lines_sent_elsewhere_gets_them_there(journal, state, monkeypatch):
    """A terminal on a desktop is started by a service of the journal, and passes its environment on."""
    monkeypatch.setenv("JOURNAL_STREAM", "1:2")
    journal.start("status", state)
    logging.getLogger("any").warning("said")
    assert journal == []
    assert "status WARNING said" in journal.stderr.read_text()


def test_the_package_is_declared_and_a_player_is_installed_without_it():
    from importlib.metadata import requires

    declared = [line for line in requires("beffroi") or [] if line.startswith("systemd-python")]
    assert len(declared) == 1
    assert "extra == 'journal'" in declared[0].replace('"', "'")
    assert importlib.import_module("beffroi_player.log_setup")
