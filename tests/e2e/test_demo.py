"""``make demo`` as a newcomer meets it: real processes, real broker, headless players."""

import fcntl
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from beffroi_player.state.default_paths import default_runtime

CHECKOUT = Path(__file__).parents[2]
PATIENCE = 240
"""Seconds; a start takes ten on an idle machine."""

pytestmark = pytest.mark.slow


def environment():
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "DJANGO_SETTINGS_MODULE")
    return {name: value for name, value in os.environ.items() if name not in hidden}


def command(state, *options):
    return [sys.executable, "-m", "demo", "--state", str(state), *options]


def left_running(state):
    """Return the command lines of all processes that were told of the folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            told = (path / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(state) in words + told and path.name != str(os.getpid()):
            found.append(f"{path.name} {words}")
    return found


def wait_until(true, seconds):
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.1)
    return true()


def counted(state):
    with sqlite3.connect(state / "server" / "beffroi.sqlite3") as database:
        tables = ("library_announcement", "schedule_playlist", "schedule_schedulerule", "alerts_scenario",
                  "fleet_screen", "accounts_user")  # fmt: skip
        counts = [database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]  # noqa: S608
    database.close()
    return counts


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    state = tmp_path_factory.mktemp("demo")
    yield state
    for player in state.glob("players/*"):
        # What was killed did not tidy up.
        shutil.rmtree(default_runtime(player), ignore_errors=True)


@pytest.fixture(scope="module")
def first(state):
    return subprocess.run(
        command(state, "--check"), cwd=CHECKOUT, env=environment(), capture_output=True, text=True, timeout=PATIENCE,
        check=False,
    )  # fmt: skip


def test_all_screens_confirm_what_they_show(first, state):
    assert first.returncode == 0, first.stdout + first.stderr
    assert first.stderr == ""
    shown = [line for line in first.stdout.splitlines() if " shows “" in line]
    assert sorted(line.split(" shows")[0] for line in shown) == [
        "✓ Hall de la mairie",
        "✓ Place du marché",
        "✓ Quai des Mariniers",
    ]
    assert "the town is loaded" in first.stdout
    announcements, playlists, rules, scenarios, screens, people = counted(state)
    assert announcements >= 12
    assert (playlists, screens) == (2, 3)
    assert (rules, scenarios, people) == (3, 3, 4)


def test_nothing_is_left_running(first, state):
    assert left_running(state) == []


def test_each_screen_was_enrolled_by_itself(first, state):
    enrolments = [json.loads(path.read_text()) for path in state.glob("players/*/enrolment.json")]
    assert sorted(enrolment["screen"] for enrolment in enrolments) == ["hall", "marche", "quai"]
    assert len({enrolment["token"] for enrolment in enrolments}) == 3


def test_a_second_start_keeps_the_data_and_sigterm_stops_it(first, state):
    before = counted(state)
    with subprocess.Popen(
        command(state, "--no-browser"), cwd=CHECKOUT, env=environment(), stdout=subprocess.PIPE, text=True
    ) as demo:
        said = []
        for line in demo.stdout:
            said.append(line)
            if line.startswith("Try"):
                break
        text = "".join(said)
        assert "the town is as you left it" in text
        assert "/sign-in/" in text
        running = left_running(state)
        assert len(running) >= 8, running
        demo.send_signal(signal.SIGTERM)
        assert "Everything is stopped." in demo.stdout.read()
        assert demo.wait(PATIENCE) == 0
    assert left_running(state) == []
    assert counted(state) == before


def test_the_death_of_the_demo_is_the_end_of_all_it_started(first, state):
    with subprocess.Popen(
        command(state, "--no-browser"), cwd=CHECKOUT, env=environment(), stdout=subprocess.PIPE, text=True
    ) as demo:
        assert any(line.startswith("Try") for line in iter(demo.stdout.readline, ""))
        demo.kill()
    assert wait_until(lambda: left_running(state) == [], PATIENCE), left_running(state)


def test_a_folder_is_for_one_demo_at_a_time(first, state):
    with (state / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = subprocess.run(
            command(state, "--check"), cwd=CHECKOUT, env=environment(), capture_output=True, text=True,
            timeout=PATIENCE, check=False,
        )  # fmt: skip
    assert second.returncode == 1
    assert "is running already" in second.stderr
    assert "--state" in second.stderr
