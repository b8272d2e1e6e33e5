"""What happens inside the virtual machine: each case is a promise about a display without a desktop."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import signal
import struct
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path

os.environ |= {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/tmp", "PYTHONDONTWRITEBYTECODE": "1"}
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from display import OUT, PATIENCE_S, SIZE, is_displayed, screendump, until
from run import BUILD, modules
from tests.support.signing_town import SigningTown, alert, slide

from beffroi_content import rendering
from beffroi_content.model import AlertLevel, HeldAlert, PowerState, ScreenHours, TimeWindow
from beffroi_player import system_clock
from beffroi_player.agent.prepare.render_process import render_slide
from beffroi_player.outputs.display_control import cec
from beffroi_player.state.directories import (
    ActiveProgramme,
    AlertsRecord,
    FrameSet,
    HeldStream,
    RuntimeDirectory,
    StateDirectory,
    alert_set_key,
    frame_table,
)

NOBODY, VIDEO = 65_534, 44


class Screen:
    """A player's stage with a state directory of its own, as a user of the group video."""

    def __init__(self, name: str) -> None:
        self.folder = Path("/tmp") / name
        self.state, self.runtime = StateDirectory(self.folder / "state"), RuntimeDirectory(self.folder / "run")
        self.state.create_folders()
        self.runtime.create_folder()
        self.process: subprocess.Popen[bytes] | None = None
        self.hall = SigningTown(now_ms=system_clock.system_ms())

    def has_programme(self, text: str, **settings: object) -> None:
        """Write a programme of one slide."""
        shown = slide("notice", text)
        manifest = self.hall.manifest(shown, size=SIZE, **settings)
        sets = []
        for each in (shown, manifest.idle):
            outcome = render_slide(each, manifest.settings, SIZE, self.state.assets, self.state.frames)
            sets.append(FrameSet(slide=each.id, size=SIZE, pages=outcome.frames))
        self.state.programme.write(ActiveProgramme(sequence=1, manifest=manifest, frames=frame_table(sets)))

    def has_emergency(self) -> None:
        """Write an emergency, as the agent does."""
        told = alert(level=AlertLevel.EMERGENCY, now=system_clock.system_ms())
        manifest = self.state.programme.read().manifest
        canvas = rendering.Canvas.for_screen(manifest.settings, SIZE)
        names = []
        for page, image in enumerate(rendering.draw_alert(told, "takeover", canvas)):
            names.append(f"emergency-{page}.png")
            image.save(self.state.frames / names[-1])
        held = HeldAlert(alert=told, lapses_at_uptime_ms=int(system_clock.uptime_ms()) + 3_600_000, pages=len(names))
        record = AlertsRecord(
            boot=system_clock.boot_id(), size=SIZE, streams={"all/alerts": HeldStream(sequence=1, alerts=(held,))},
            frames={alert_set_key(told, "takeover"): tuple(names)},
        )  # fmt: skip
        self.runtime.alerts.write(record)

    def has_no_alert(self) -> None:
        """Take the emergency back, as the agent does."""
        self.runtime.alerts.write(AlertsRecord(boot=system_clock.boot_id(), size=SIZE))

    def start(self, groups: tuple[int, ...] = (VIDEO,), *options: str) -> subprocess.Popen[bytes]:
        """Start the stage without a console, a session or any right but that of the groups."""
        subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", str(self.folder)], check=True)
        command = [
            # It may read what lies in somebody's home, as this clone may; that opens no graphics card.
            "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--inh-caps=+dac_read_search",
            "--ambient-caps=+dac_read_search",
            f"--groups={','.join(map(str, groups))}" if groups else "--clear-groups",
            sys.executable, "-m", "beffroi_player", "stage", "--state", str(self.state.folder),
            "--runtime", str(self.runtime.folder), "--output", "fullscreen", *options,
        ]  # fmt: skip
        with (self.folder / "log").open("ab") as log:
            environment = {**os.environ, "HOME": str(self.folder)}
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        return self.process

    @property
    def log(self) -> str:
        """What it has said."""
        return (self.folder / "log").read_text()

    def stop(self) -> None:
        """End it."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)

    def presented(self) -> dict[str, object]:
        """Return the status of the stage."""
        with contextlib.suppress(OSError, ValueError):
            found: dict[str, object] = json.loads((self.runtime.folder / "presented.json").read_text())
            return found
        return {}

    def shows(self, frame: str) -> bool:
        """Tell whether the display shows that frame, pixel by pixel."""
        return is_displayed(self.state.frames / frame)

    @property
    def frame(self) -> str:
        """The file name of the one slide."""
        return self.state.programme.read().pages_of("notice", SIZE)[0]


def connector() -> Path:
    """Return the folder of the display's socket."""
    return next(Path("/sys/class/drm").glob("card*-Virtual-1"))


def plug(how: str) -> None:
    """Plug the display in (``detect``) or out (``off``)."""
    (connector() / "status").write_text(how)
    wanted = "disconnected" if how == "off" else "connected"
    until(f"the display is {wanted}", lambda: (connector() / "status").read_text().strip() == wanted)


class Television(threading.Thread):
    """A television at the other end of the cable: the HDMI input of the kernel's test driver (vivid)."""

    ON, STANDBY = 0, 1
    RECEIVE, MODE = cec.ioctl_number(6, 56), cec.ioctl_number(9, 4, 1)
    FOLLOWS = 0x11

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self.power, self.heard = self.ON, set()
        self.answers = self.is_silent = False
        self._descriptor = os.open(path, os.O_RDWR)
        self._adapter = cec.CecAdapter(self._descriptor)
        # Its logical address is that of a television, and so is its type.
        wanted = struct.pack("=4sHBBII15s4s4s4s48sx", b"", 0, 5, 1, 0, 0, b"TV", b"", b"", b"\x80", b"")
        cec.call_ioctl(self._descriptor, cec.S_ADDRESSES, bytearray(wanted))
        until("the television has its address", lambda: self._adapter.logical_addresses.mask == 1)
        cec.call_ioctl(self._descriptor, self.MODE, bytearray(struct.pack("=I", self.FOLLOWS)))

    def run(self) -> None:
        """Hear what comes, for as long as the machine runs."""
        while True:
            message = bytearray(struct.pack("=QQIIII24x", 0, 0, 0, 500, 0, 0))
            with contextlib.suppress(TimeoutError):
                cec.call_ioctl(self._descriptor, self.RECEIVE, message)
                self._hear(bytes(message[32 : 32 + message[16]]))

    def _hear(self, message: bytes) -> None:
        who, what = message[0] >> 4, message[1] if len(message) > 1 else None
        self.heard.add(message[1:])
        self.power = {cec.STANDBY: self.STANDBY, cec.IMAGE_VIEW_ON: self.ON}.get(what, self.power)
        if what == cec.GIVE_POWER_STATUS and self.answers:
            self._adapter.send_message(0, who, cec.REPORT_POWER_STATUS, self.power)
        elif what == cec.GIVE_POWER_STATUS and not self.is_silent:
            self._adapter.send_message(0, who, 0x00, what, 0x00)


def plug_television() -> tuple[Television, Path]:
    """Load the test driver; return its television, and the device of the adapter whose cable goes there."""
    base = BUILD / "kernel" / "lib" / "modules" / os.uname().release
    options = ("n_devs=1", "node_types=0x101", "input_types=0x3", "output_types=0x1")
    for name in modules(base, ("vivid",)):
        command = ["busybox", "insmod", str(base / name), *(options if "vivid" in name else ())]
        # What is loaded already is no fault.
        subprocess.run(command, check=False, stderr=subprocess.DEVNULL)
    until("two adapters", lambda: len(list(Path("/dev").glob("cec*"))) == 2)
    adapters = {}
    for path in Path("/dev").glob("cec*"):
        with cec.open_adapter(path) as adapter:
            adapters[adapter.physical_address == 0] = path
    os.chown(adapters[False], 0, VIDEO)
    adapters[False].chmod(0o660)
    return Television(adapters[True]), adapters[False]


def every_pixel_is_on_the_display(screen: Screen) -> None:
    """The display shows the frame to the pixel, with the processor and with the GPU."""
    screen.has_programme("Marché de Noël")
    for drawing in ("software", "gpu"):
        screen.start((VIDEO,), "--drawing", drawing)
        until(f"the frame, drawn by {drawing}", lambda: screen.shows(screen.frame))
        screen.stop()


def without_the_group_it_says_what_to_do(screen: Screen) -> None:
    """A user without the right is told which group is missing."""
    screen.has_programme("Sans droit")
    process = screen.start(())
    assert process.wait(PATIENCE_S) == 1, process.returncode
    assert "add the user to the group “video”" in screen.log, screen.log


def a_second_one_is_told_and_the_first_goes_on(screen: Screen) -> None:
    """Two players cannot have one display."""
    screen.has_programme("Le premier")
    screen.start()
    until("the first", lambda: screen.shows(screen.frame))
    second = Screen("second")
    second.has_programme("Le deuxième")
    process = second.start()
    try:
        until("it gives up", lambda: process.poll() is not None)
        assert process.returncode == 1
        assert "Another program may have it" in second.log
    finally:
        print(second.log)
        second.stop()
    assert screen.shows(screen.frame)


def without_a_display_it_waits_for_one(screen: Screen) -> None:
    """Whoever plugs in a display later has a picture."""
    screen.has_programme("Branché plus tard")
    plug("off")
    process = screen.start()
    until("it says so", lambda: "no display is plugged in" in screen.log)
    time.sleep(2)
    assert process.poll() is None
    plug("detect")
    until("the frame", lambda: screen.shows(screen.frame))


def while_it_waits_it_can_be_ended(screen: Screen) -> None:
    """A service manager is not kept waiting."""
    plug("off")
    try:
        process = screen.start()
        until("it says so", lambda: "no display is plugged in" in screen.log)
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    finally:
        plug("detect")


def it_outlives_a_cable_that_is_pulled(screen: Screen) -> None:
    """The picture is there again when the cable is."""
    screen.has_programme("Câble")
    process = screen.start()
    until("the frame", lambda: screen.shows(screen.frame))
    plug("off")
    time.sleep(3)
    assert process.poll() is None
    plug("detect")
    until("the frame again", lambda: screen.shows(screen.frame))


def in_its_hours_of_rest_the_display_is_off(screen: Screen) -> None:
    """The display itself is switched off, an emergency switches it on."""
    all_day = TimeWindow(start=dt.time(0), end=dt.time(0))
    screen.has_programme("La nuit", hours=(ScreenHours(state=PowerState.OFF, window=all_day),))
    screen.start()
    until("the display is off", lambda: (connector() / "dpms").read_text().strip() == "Off")
    until("that is told", lambda: screen.presented().get("lit") == "confirmed")
    screen.has_emergency()
    until("the display is on", lambda: (connector() / "dpms").read_text().strip() == "On")
    until("the emergency", lambda: screen.shows("emergency-0.png"))


def a_television_is_switched_and_asked(screen: Screen) -> None:
    """Through HDMI-CEC it goes to standby and wakes for an emergency; what it does not confirm is only sent."""
    television, adapter = plug_television()
    television.answers = True
    television.start()
    all_day = TimeWindow(start=dt.time(0), end=dt.time(0))
    screen.has_programme("Télévision", hours=(ScreenHours(state=PowerState.OFF, window=all_day),))
    screen.start()
    until("it is in standby", lambda: television.power == television.STANDBY)
    until("that is confirmed", lambda: screen.presented().get("lit") == "confirmed")
    television.answers = False
    screen.has_emergency()
    until("it is on", lambda: television.power == television.ON)
    until("it shows our socket", lambda: any(said[:1] == b"\x82" for said in television.heard))
    until("the emergency", lambda: screen.shows("emergency-0.png"))
    screen.has_no_alert()
    until("it is in standby again", lambda: television.power == television.STANDBY)
    until("that is sent", lambda: screen.presented().get("lit") == "sent")
    time.sleep(3)
    assert screen.presented()["lit"] == "sent"
    others_run_while_it_is_asked(television, adapter)


def others_run_while_it_is_asked(television: Television, path: Path) -> None:
    """Ask a television that says nothing, for a second, and count how often somebody else has a turn."""
    television.is_silent = True
    with cec.open_adapter(path) as adapter:
        asking = threading.Thread(
            target=adapter.send_message, args=(adapter.logical_addresses.lowest, 0, cec.GIVE_POWER_STATUS),
            kwargs={"reply": cec.REPORT_POWER_STATUS},
        )  # fmt: skip
        asking.start()
        turns, began = 0, time.monotonic()
        while asking.is_alive():
            time.sleep(0.01)
            turns += 1
        lasted = time.monotonic() - began
    print(f"        {turns} turns within {lasted:.1f} s", flush=True)
    assert lasted > 0.8, lasted
    assert turns > 20, turns


CASES = (
    every_pixel_is_on_the_display, without_the_group_it_says_what_to_do, a_second_one_is_told_and_the_first_goes_on,
    without_a_display_it_waits_for_one, while_it_waits_it_can_be_ended, it_outlives_a_cable_that_is_pulled,
    in_its_hours_of_rest_the_display_is_off, a_television_is_switched_and_asked,
)  # fmt: skip


def main() -> None:
    """Run every case."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=False)
    for card in Path("/dev/dri").iterdir():
        if card.is_char_device():
            os.chown(card, 0, VIDEO)
            card.chmod(0o660)
    failed, wanted = 0, (OUT / "cases").read_text().split()
    cases = [case for case in CASES if not wanted or case.__name__ in wanted]
    for case in cases:
        screen, began = Screen(case.__name__), time.monotonic()
        try:
            case(screen)
            print(f"ok      {case.__name__}  {time.monotonic() - began:.1f} s", flush=True)
        except Exception:
            failed += 1
            with contextlib.suppress(Exception):
                screendump().save(OUT / f"{case.__name__}.png")
            print(f"FAILED  {case.__name__}\n{traceback.format_exc()}", flush=True)
            with contextlib.suppress(OSError):
                print(screen.log[-3_000:], flush=True)
        finally:
            screen.stop()
    print(f"{len(cases) - failed} of {len(cases)} cases passed", flush=True)
    (OUT / "code").write_text(str(int(failed > 0)))
    time.sleep(5)


if __name__ == "__main__":
    try:
        main()
    except BaseException:
        traceback.print_exc()
        (OUT / "code").write_text("1")
        time.sleep(5)
