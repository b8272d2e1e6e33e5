"""What happens inside the virtual machine with systemd: server and player are installed as docs/installation.md says.

Each case is a promise about what the administrator has then. They follow one another on the same machine.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import re
import subprocess
import time
import traceback
from pathlib import Path

os.environ |= {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/tmp", "PYTHONDONTWRITEBYTECODE": "1"}
from display import OUT, SIZE, is_displayed, screendump, until

from beffroi_player.state.directories import StateDirectory

PROGRAMS = Path("/opt/beffroi/.venv/bin")
SERVER, PLAYER = "beffroi-server", "beffroi-player"
SERVER_DATA = Path("/var/lib/beffroi-server")
BROKER_LOG, BROKER_ACCOUNTS = (
    Path("/var/log/mosquitto/mosquitto.log"), Path("/var/lib/mosquitto/beffroi-accounts.json"),
)  # fmt: skip
STATE, RUNTIME = StateDirectory(Path("/var/lib/beffroi-player")), Path("/run/beffroi-player")
SETTINGS = "BEFFROI_DATA=/var/lib/beffroi-server\nBEFFROI_URL=http://localhost:8000\n"
SCREEN = f"""
from beffroi_server.schedule import publication
from beffroi_server.fleet.models import Screen, ScreenClass
from beffroi_server.fleet.services import open_enrolment

sort = ScreenClass.objects.create(
    name="Virtual", width={SIZE[0]}, height={SIZE[1]}, physical_height_mm=300, viewing_distance_mm=2000
)
screen = Screen.objects.create(slug="hall", name="Hall", screen_class=sort)
publication.mark_screen(screen)
print(open_enrolment(screen)[1])
"""
ITS_OWN = {"/tmp", "/var/tmp"}
"""Not those of others (PrivateTmp); they vanish with it."""
EVERYBODYS = {"/dev/mqueue", "/dev/shm"}
"""In memory, and open to every program; what it leaves there is removed (RemoveIPC)."""
SEARCH = """
import os
for line in open("/proc/self/mountinfo"):
    place = line.split()[4]
    if place == "/proc" or not os.access(place, os.X_OK) or os.statvfs(place).f_flag & os.ST_RDONLY:
        continue
    for base, folders, _ in os.walk(place):
        if os.access(base, os.W_OK):
            print(base)
            folders.clear()
"""
WAIT_S = 120.0
START_S = 300.0
"""Until the server answers: it loads all of its pages first, which emulation makes thirty times as long."""


def told(*command: str | Path, check: bool = True) -> str:
    """Return what a command prints.

    Raises:
        AssertionError: it failed.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 or not check, (command, done.returncode, done.stdout[-2_000:], done.stderr[-2_000:])
    return done.stdout


def as_user(user: str, program: str, *arguments: str) -> str:
    """Return what a program of Beffroi prints to a user of the system who has the settings of the server."""
    settings = SETTINGS.split() if user == SERVER else []
    return told("sudo", "-u", user, *settings, PROGRAMS / program, *arguments)


def shown(unit: str, name: str) -> str:
    """Return a property of a unit."""
    return told("systemctl", "show", "-P", name, unit).strip()


def processes(unit: str) -> dict[str, int]:
    """Return the processes of a unit: the number of each by its command (``run``, ``agent``, ``stage``)."""
    folder = Path("/sys/fs/cgroup") / shown(unit, "ControlGroup").lstrip("/")
    found = {}
    with contextlib.suppress(OSError):
        for number in (folder / "cgroup.procs").read_text().split():
            words = Path("/proc", number, "cmdline").read_bytes().decode().split("\0")
            found |= {word: int(number) for word in ("run", "agent", "stage") if word in words[:5]}
    return found


def journal(*options: str) -> list[dict[str, str]]:
    """Return entries of the journal."""
    return [json.loads(line) for line in told("journalctl", "-o", "json", *options, check=False).splitlines()]


def idle_is_presented() -> bool:
    """Tell whether the display shows the idle slide, pixel by pixel."""
    programme = STATE.programme.read()
    if programme is None:
        return False
    frames = programme.pages_of(programme.manifest.idle.id, SIZE)
    return bool(frames) and is_displayed(STATE.frames / frames[0])


def a_server_is_installed_and_runs() -> None:
    """As in the documentation: a user, a folder, the settings, the first start, the unit."""
    add_user(SERVER, "750")
    Path("/etc/beffroi").mkdir()
    Path("/etc/beffroi/server.env").write_text(SETTINGS)
    print(as_user(SERVER, SERVER, "init", "--town", "Saint-Aubin", "--site", "saint-aubin"), flush=True)
    told(PROGRAMS / "beffroi-provisioning", "units", "--out", "/root/units")
    told("cp", f"/root/units/{SERVER}.service", "/etc/systemd/system/")
    told("systemctl", "daemon-reload")
    told("systemctl", "enable", "--now", SERVER)
    until("it answers", lambda: told("busybox", "wget", "-qO-", "http://127.0.0.1:8000/", check=False), START_S)


def a_broker_is_set_up_beside_it() -> None:
    """As in the documentation: Debian's Mosquitto, under its own account, and one command."""
    told(PROGRAMS / "beffroi-provisioning", "broker", "--site", "saint-aubin", "--public-host", "localhost")
    told("systemctl", "restart", "mosquitto", SERVER)
    assert shown("mosquitto", "ActiveState") == "active"
    until("the server is connected", lambda: "u'server'" in BROKER_LOG.read_text(), START_S)


def the_broker_was_told_of_the_player() -> None:
    """Nobody wrote a file: the server has told the broker, which lets the player in."""
    until("the player is connected", lambda: "u's-hall'" in BROKER_LOG.read_text(), WAIT_S)
    assert pwd.getpwuid(BROKER_ACCOUNTS.stat().st_uid).pw_name == "mosquitto"
    (account,) = json.loads(BROKER_ACCOUNTS.read_text())["clients"]
    assert account["username"] == "s-hall"


def a_player_is_enrolled_and_shows_its_programme() -> None:
    """As in the documentation: a user, a folder, the command of the screen's page, the unit, the watchdog."""
    add_user(PLAYER, "700")
    program, *arguments = as_user(SERVER, SERVER, "django", "shell", "-c", SCREEN).splitlines()[-1].split()
    print(as_user(PLAYER, program, *arguments, "--state", str(STATE.folder)), flush=True)
    told("cp", f"/root/units/{PLAYER}.service", "/etc/systemd/system/")
    told("mkdir", "-p", "/etc/systemd/system.conf.d")
    told("cp", "/root/units/beffroi-watchdog.conf", "/etc/systemd/system.conf.d/")
    told("systemctl", "daemon-reexec")
    began = time.monotonic()
    told("systemctl", "enable", "--now", PLAYER)
    print(f"        ready after {time.monotonic() - began:.1f} s", flush=True)
    assert shown(PLAYER, "ActiveState") == "active"
    until("the idle slide", idle_is_presented, WAIT_S)


def the_console_makes_way() -> None:
    """A console on the same display would be seen between pictures, and hear the keyboard."""
    assert shown("getty@tty1", "ActiveState") == "inactive"


def the_hardware_watchdog_is_on() -> None:
    """Systemd feeds the watchdog of the machine."""
    assert told("systemctl", "show", "-P", "RuntimeWatchdogUSec").strip() == "10s"
    assert Path("/sys/class/watchdog/watchdog0/state").read_text().strip() == "active"


def its_status_says_what_it_does() -> None:
    """The command of docs/player.md."""
    status = as_user(PLAYER, PLAYER, "status", "--state", str(STATE.folder), "--runtime", str(RUNTIME))
    print(status, flush=True)
    assert "hall of saint-aubin" in status
    assert re.search(r"^programme +\d+, ", status, re.MULTILINE), status
    assert re.search(r"^clock +(?!unknown)\w+, 20", status, re.MULTILINE), status
    assert re.search(r"^presented .*idle", status, re.MULTILINE), status


def both_are_watched_and_stay() -> None:
    """The watchdog is fed for longer than it waits, and nothing is started again."""
    assert shown(PLAYER, "WatchdogUSec") == "30s"
    began = int(shown(PLAYER, "ActiveEnterTimestampMonotonic"))
    until("it was fed", lambda: int(shown(PLAYER, "WatchdogTimestampMonotonic")) - began > 40_000_000)
    for unit in (SERVER, PLAYER):
        assert (shown(unit, "ActiveState"), shown(unit, "NRestarts")) == ("active", "0"), unit
    assert processes(PLAYER).keys() == {"run", "agent", "stage"}


def nothing_was_forbidden_that_they_need() -> None:
    """Neither kills the kernel anything nor refuses it something that they ask for."""
    said = [str(entry.get("MESSAGE")) for entry in (*journal("-k"), *journal("-u", SERVER), *journal("-u", PLAYER))]
    faults = [text for text in said if re.search(r"seccomp|SIGSYS|segfault|not permitted|Traceback|denied", text)]
    assert not faults, faults


def its_messages_have_fields() -> None:
    """As docs/player.md lists them."""
    entries = journal("-t", "beffroi-agent", "SCREEN=hall", "SITE=saint-aubin")
    assert any("SEQUENCE" in entry for entry in entries), entries[:3]
    assert all("LOGGER" in entry and "CODE_FILE" in entry for entry in entries)
    assert journal("-t", "beffroi-stage", "SCREEN=hall")


def they_can_write_nowhere_else() -> None:
    """Whoever has taken one over leaves nothing on the machine."""
    own = {SERVER: {str(SERVER_DATA)}, PLAYER: {str(STATE.folder), str(RUNTIME)}}
    for name, folders in own.items():
        account = pwd.getpwnam(name)
        found = told(
            "nsenter", "--target", shown(name, "MainPID"), "--mount", "--", "setpriv", f"--reuid={account.pw_uid}",
            f"--regid={account.pw_gid}", "--init-groups", "--no-new-privs", "--bounding-set=-all", "/usr/bin/python3",
            "-c", SEARCH,
        ).split()  # fmt: skip
        assert folders | ITS_OWN <= set(found) <= folders | ITS_OWN | EVERYBODYS, (name, found)


def a_killed_stage_comes_back() -> None:
    """The player itself starts it again."""
    before = processes(PLAYER)
    told("kill", "-KILL", str(before["stage"]))
    until("another stage", lambda: processes(PLAYER).get("stage", before["stage"]) != before["stage"])
    until("the idle slide", idle_is_presented, WAIT_S)
    assert processes(PLAYER)["run"] == before["run"]
    assert shown(PLAYER, "NRestarts") == "0"


def a_killed_player_comes_back() -> None:
    """Systemd starts it again."""
    before = processes(PLAYER)
    told("systemctl", "kill", "-s", "KILL", PLAYER)
    until("another player", lambda: processes(PLAYER).keys() == before.keys(), WAIT_S)
    until("it is ready", lambda: shown(PLAYER, "ActiveState") == "active", WAIT_S)
    until("the idle slide", idle_is_presented, WAIT_S)
    assert shown(PLAYER, "NRestarts") == "1"
    assert not set(before.values()) & set(processes(PLAYER).values())


def a_stage_that_hangs_is_noticed() -> None:
    """The watchdog of the unit ends a player whose picture stands still, and systemd starts it again."""
    told("kill", "-STOP", str(processes(PLAYER)["stage"]))
    until("it is started again", lambda: shown(PLAYER, "NRestarts") == "2", WAIT_S)
    until("it is ready", lambda: shown(PLAYER, "ActiveState") == "active", WAIT_S)
    until("the idle slide", idle_is_presented, WAIT_S)
    assert any("Watchdog timeout" in str(entry.get("MESSAGE")) for entry in journal("-u", PLAYER))


def both_end_when_they_are_told() -> None:
    """Nobody has to kill them."""
    for unit in (PLAYER, SERVER):
        began = time.monotonic()
        told("systemctl", "stop", unit)
        print(f"        {unit} ended within {time.monotonic() - began:.1f} s", flush=True)
        assert (shown(unit, "ActiveState"), shown(unit, "Result")) == ("inactive", "success"), unit
        texts = [str(entry.get("MESSAGE")) for entry in journal("-u", unit)]
        assert not [text for text in texts if "timed out. Killing" in text or "does not end" in text]


def at_boot_they_have_the_display() -> None:
    """What is wanted at boot is started again, and the console is not, though it is wanted too."""
    told("systemctl", "start", "multi-user.target")
    until("both run", lambda: {shown(unit, "ActiveState") for unit in (PLAYER, SERVER)} == {"active"}, WAIT_S)
    assert shown("getty@tty1", "ActiveState") == "inactive"
    until("the idle slide", idle_is_presented, WAIT_S)


def add_user(name: str, mode: str) -> None:
    """Make a user of the system and the folder of what it keeps."""
    told("useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", name)
    told("install", "-d", "-m", mode, f"/var/lib/{name}")
    told("chown", f"{name}:", f"/var/lib/{name}")


CASES = (
    a_server_is_installed_and_runs, a_broker_is_set_up_beside_it, a_player_is_enrolled_and_shows_its_programme,
    the_broker_was_told_of_the_player, the_console_makes_way,
    the_hardware_watchdog_is_on, its_status_says_what_it_does, its_messages_have_fields, they_can_write_nowhere_else,
    both_are_watched_and_stay, a_killed_stage_comes_back, a_killed_player_comes_back, a_stage_that_hangs_is_noticed,
    nothing_was_forbidden_that_they_need, both_end_when_they_are_told, at_boot_they_have_the_display,
)  # fmt: skip


def main() -> None:
    """Run every case."""
    failed = 0
    print(f"systemd runs after {time.monotonic():.0f} s", flush=True)
    for case in CASES:
        began = time.monotonic()
        try:
            case()
            print(f"ok      {case.__name__}  {time.monotonic() - began:.1f} s", flush=True)
        except Exception:
            failed += 1
            print(f"FAILED  {case.__name__}  {time.monotonic() - began:.1f} s\n{traceback.format_exc()}", flush=True)
            with contextlib.suppress(Exception):
                screendump().save(OUT / f"{case.__name__}.png")
            for unit in (SERVER, PLAYER):
                print(told("journalctl", "-u", unit, "-n", "30", "--no-pager", check=False), flush=True)
    print(f"{len(CASES) - failed} of {len(CASES)} cases passed", flush=True)
    (OUT / "code").write_text(str(int(failed > 0)))
    time.sleep(5)


if __name__ == "__main__":
    try:
        main()
    except BaseException:
        traceback.print_exc()
        (OUT / "code").write_text("1")
        time.sleep(5)
