"""A display log leaves the house as a file, and anybody can tell whether it is whole."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys

import pytest
from tests.support.recorded_plays import DAY, PlayRecorder

from beffroi_server.__main__ import main
from beffroi_server.fleet.models import ScreenState
from beffroi_server.fleet.play_models import PlayRecord
from beffroi_server.fleet.plays.log_export import log_lines
from beffroi_server.fleet.plays.log_verification import LogUnreadable, verify_lines

NEXT_DAY = DAY + dt.timedelta(days=1)


@pytest.fixture
def plays(hall) -> PlayRecorder:
    recorder = PlayRecorder(hall)
    recorder.at = DAY - dt.timedelta(seconds=20)
    recorder.show("media-1-1", times=6)
    return recorder


def exported(town, plays, start=DAY, end=NEXT_DAY) -> list[bytes]:
    names = {"media-1": "Été"}
    return list(log_lines(town, [plays.screen], start, end, lambda keys: {key: names.get(key, key) for key in keys}))


def test_a_log_verifies_from_the_middle_of_its_chain(town, plays):
    found = verify_lines(exported(town, plays))

    assert found.is_whole
    (screen,) = found.screens
    assert (screen.screen, screen.count, screen.first, screen.last) == ("hall", 4, 3, 6)
    assert screen.chain == plays.chain


def test_the_same_plays_make_the_same_file(town, plays):
    assert exported(town, plays) == exported(town, plays)
    assert '"content":"media-1","name":"Été"' in b"".join(exported(town, plays)).decode()


@pytest.mark.parametrize("field", ["started_at_ms", "lasted_ms", "slide", "frame", "ended"])
def test_shows_what_was_changed(town, plays, field):
    lines = exported(town, plays)
    values = json.loads(lines[4])
    values[field] = {"started_at_ms": 5, "lasted_ms": 5, "slide": "x", "frame": "b" * 64, "ended": "died"}[field]
    lines[4] = json.dumps(values).encode() + b"\n"
    found = verify_lines(lines)

    assert not found.is_whole
    assert found.screens[0].broken == [values["number"]]


def test_shows_what_was_taken_out(town, plays):
    lines = exported(town, plays)
    del lines[4]
    found = verify_lines(lines)

    assert not found.is_complete
    assert found.screens[0].missing == [(4, 4)]


def test_shows_that_it_was_cut_short(town, plays):
    assert not verify_lines(exported(town, plays)[:-1]).is_whole


def test_names_a_gap_of_what_was_not_received(town, plays):
    PlayRecord.objects.filter(number=4).delete()

    assert verify_lines(exported(town, plays)).screens[0].missing == [(4, 4)]


def test_goes_on_from_what_was_deleted_by_age(town, plays):
    chain = PlayRecord.objects.get(number=2).chain
    PlayRecord.objects.filter(number__lte=2).delete()
    ScreenState.objects.update(plays_forgotten=2, plays_chain=chain)

    assert verify_lines(exported(town, plays)).is_whole


def test_an_empty_period_is_whole(town, plays):
    found = verify_lines(exported(town, plays, DAY + dt.timedelta(days=5), DAY + dt.timedelta(days=6)))

    assert (found.is_whole, found.count) == (True, 0)


@pytest.mark.parametrize(
    "content",
    [b"", b"hello\n", b"[]\n", b'{"format": "beffroi-display-log", "version": 9}\n', b'{"a": ' + b"[" * 30_000],
)
def test_refuses_what_is_no_log(tmp_path, content, capsys):
    path = tmp_path / "log.jsonl"
    path.write_bytes(content)

    assert main(["plays", "verify", str(path)]) == 1
    assert "beffroi-server: " in capsys.readouterr().err


def test_refuses_a_play_that_is_none(town, plays):
    lines = exported(town, plays)
    with pytest.raises(LogUnreadable):
        verify_lines([*lines[:3], b'{"number": 0}\n'])


def test_is_written_and_verified_by_commands(town, plays, tmp_path, capsys):
    log, table = tmp_path / "log.jsonl", tmp_path / "plays.csv"
    arguments = ["plays", "hall", "--from", "2026-11-28", "--until", "2026-11-28"]
    assert main([*arguments, "--log", str(log), "--csv", str(table)]) == 0
    assert len(table.read_text("utf-8-sig").splitlines()) == 2

    assert main(["plays", "verify", str(log)]) == 0
    assert "hall: 6 plays, numbers 1 to 6, complete and unchanged" in capsys.readouterr().out
    log.write_bytes(log.read_bytes().replace(b'"lasted_ms":10000', b'"lasted_ms":10001', 1))
    assert main(["plays", "verify", str(log)]) == 1
    assert "changed" in capsys.readouterr().out


def test_is_verified_without_a_server(town, plays, tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"".join(exported(town, plays)))
    done = subprocess.run(
        [sys.executable, "-m", "beffroi_server", "plays", "verify", str(path)],
        env={"PATH": ""}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, "")


def test_asks_where_to_write(town, plays, capsys):
    assert main(["plays", "--from", "2026-11-28"]) == 1
    assert "--csv" in capsys.readouterr().err
