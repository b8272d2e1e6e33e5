"""The image of a player in a virtual machine: flashed to a card, booted, enrolled at a real server, and looked at.

    make test-image
    make test-image ARCHITECTURE=amd64

For arm64 the machine is emulated, processor and all: with two cores, ten to twenty minutes. For amd64 it takes three
with KVM. What its display shows is compared
with the frame that the server expects, pixel by pixel.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image, ImageChops

from tests.image.machine import SIZE, WATCHDOG_S, Machine
from tests.support.town_processes import SITE, TownProcesses
from tests.support.waiting import free_port, until

PATIENCE_S = 1500
"""For a boot, or for a picture, on an emulated processor."""
HOST = "10.0.2.2"
"""The machine around the virtual one, as that sees it."""
CONTENT = f"""
from beffroi_server.fleet.models import Screen, ScreenClass
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import publication
from beffroi_server.schedule.models import Entry, Playlist, ScheduleRule

sort = ScreenClass.objects.create(
    name="Virtual", width={SIZE[0]}, height={SIZE[1]}, physical_height_mm=300, viewing_distance_mm=2000
)
screen = Screen.objects.create(slug="hall", name="Hall", screen_class=sort)
playlist = Playlist.objects.create(name="Jour")
announcement = Announcement.objects.create(title="Marché de Noël", template="notice")
Entry.objects.create(playlist=playlist, position=0, announcement=announcement, duration_s=10)
ScheduleRule.objects.create(name="Toujours", playlist=playlist, everywhere=True)
publication.mark_screen(screen)
"""
ALERT = """
from beffroi_server.alerts.services import broadcast_alert
from beffroi_server.fleet.targets import EVERYWHERE
broadcast_alert(level="emergency", title="Crue", source="Mairie", targets=EVERYWHERE, duration_min=60, all_clear_s=1,
                user=None)
"""
EXPECTED = """
from django.utils import timezone
from beffroi_server.fleet.models import Screen
from beffroi_server.monitoring.expected_frames import expected_frame
expected_frame(Screen.objects.get(), timezone.now())[0].convert("RGB").save({path!r})
"""


class Town(TownProcesses):
    """A server with the broker inside it, which the virtual machine reaches."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.url = f"http://{HOST}:{self.port}"
        self.environment |= {"BEFFROI_URL": self.url, "BEFFROI_MQTT_HOST": "", "BEFFROI_MQTT_PORT": str(free_port())}

    def open(self, content: str = "") -> str:
        """Set it up and start it; return what the code printed."""
        self.run("beffroi-server", "init", "--town", "Saint-Aubin", "--site", SITE)
        printed = self.run_server_code(content)
        self.start_server()
        return printed

    def make_card(self, screen: str) -> Path:
        """Make an enrolment card; return its file."""
        archive = self.folder / "cards.zip"
        self.run("beffroi-server", "cards", screen, "--out", str(archive))
        with zipfile.ZipFile(archive) as opened:
            return Path(opened.extract(f"cards/beffroi-card-{screen}.json", self.folder))

    def expected_frame(self) -> Image.Image:
        """Return what the screen must show now."""
        path = self.folder / "expected.png"
        self.run_server_code(EXPECTED.format(path=str(path)))
        with Image.open(path) as image:
            return image.convert("RGB")


def main(arguments: Sequence[str] | None = None) -> int:
    """Boot the image and look; 1 if a promise is not kept."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--architecture", choices=("arm64", "amd64"), default="arm64", help="(%(default)s)")
    parser.add_argument("--out", type=Path, default=Path("build/image"), help="folder of the image, and of pictures")
    options = parser.parse_args(arguments)
    images = sorted(options.out.glob(f"beffroi-player_*_{options.architecture}.img"))
    if not images:
        sys.exit("there is no image: run make image")
    with tempfile.TemporaryDirectory(prefix="beffroi-image-", dir=options.out) as name:
        town = Town(Path(name))
        machine = Machine(images[-1], options.architecture, Path(name))
        try:
            town.open(CONTENT)
            card = town.make_card("hall")
            machine.write_to_boot_partition(card, card.name)
            machine.start()
            for case in (first_boot, programme, alert, hardening, power_cut):
                begun = time.monotonic()
                case(town, machine)
                picture = options.out / f"{options.architecture}-{case.__name__}.png"
                machine.picture().save(picture)
                print(f"ok  {case.__name__}  {time.monotonic() - begun:.0f} s  {picture}", flush=True)
        except BaseException:
            print(machine.console()[-6_000:], file=sys.stderr)
            if machine.runs:
                machine.picture().save(options.out / "failed.png")
                print(machine.run("journalctl", "-b", "-n", "80", "--no-pager", check=False), file=sys.stderr)
            raise
        finally:
            machine.cut_power()
            town.close()
    return 0


def first_boot(_town: Town, machine: Machine) -> None:
    """It boots without a word on the display; the data partition takes the whole card."""
    boot_silently(machine)
    size = int(machine.run("findmnt", "--noheadings", "--bytes", "--output", "SIZE", "/data"))
    assert size > 3 * 1024**3, size
    print(machine.run("systemd-analyze", check=False).strip(), flush=True)


def hardening(_town: Town, machine: Machine) -> None:
    """Nothing but the data partition is written to, nobody has a password, and the watchdog is on."""
    mounts = dict(line.split() for line in machine.run("findmnt", "-rno", "TARGET,OPTIONS").splitlines())
    for target in ("/", "/boot/firmware"):
        assert "ro" in mounts[target].split(","), mounts[target]
    on_disk = machine.run("findmnt", "-rno", "TARGET,OPTIONS", "--types", "ext4,vfat").splitlines()
    writable = {line.split()[0] for line in on_disk if "rw" in line.split()[1].split(",")}
    assert writable == {"/data", "/var/lib/beffroi-player", "/var/lib/systemd"}, writable
    passwords = [line.split(":")[1] for line in machine.run("cat", "/etc/shadow").splitlines()]
    assert all(text[:1] in {"*", "!"} for text in passwords), passwords
    assert "PasswordAuthentication no".lower() in machine.run("sshd", "-T").lower()
    assert machine.run("systemctl", "show", "-P", "RuntimeWatchdogUSec").strip() == f"{WATCHDOG_S // 60}min"
    assert "RuntimeWatchdogSec=10s" in machine.run("systemd-analyze", "cat-config", "systemd/system.conf")
    assert machine.run("cat", "/sys/class/watchdog/watchdog0/state").strip() == "active"
    assert machine.run("sh", "-c", "'test -e /var/log/journal || journalctl --header | grep -m1 /run/log'").strip()
    failed = machine.run("systemctl", "--failed", "--plain", "--no-legend")
    assert not [line for line in failed.splitlines() if not line.startswith("beffroi-player")], failed
    listening = [line.split()[3] for line in machine.run("ss", "-Htln").splitlines()]
    outside = {place.rpartition(":")[2] for place in listening if not place.startswith("127.")}
    # Port 22 listens here because the boot partition has a key. The other one passes alerts on to neighbours.
    assert len(outside - {"22"}) == 1, listening


def programme(town: Town, machine: Machine) -> None:
    """Its card has enrolled it at the server without a hand, and it shows the programme to the pixel."""
    until_expected(town, machine, "the programme")
    assert not machine.run("sh", "-c", "'ls /boot/firmware/beffroi-card* 2>/dev/null || true'"), "still there"


def alert(town: Town, machine: Machine) -> None:
    """It shows an alert to the pixel."""
    town.run_server_code(ALERT)
    begun = time.monotonic()
    until_expected(town, machine, "the alert")
    print(f"    the alert is on the display after {time.monotonic() - begun:.0f} s", flush=True)


def power_cut(town: Town, machine: Machine) -> None:
    """After a power cut it shows the same again, by itself, and still without a word."""
    machine.cut_power()
    machine.start()
    expected = town.expected_frame()
    boot_silently(machine, allowed=lambda seen: ImageChops.difference(seen, expected).getbbox() is None)
    until_expected(town, machine, "the alert again")
    assert "hall of saint-aubin" in machine.run("beffroi-player", "status", "--runtime", "/run/beffroi-player")


def boot_silently(machine: Machine, allowed: Callable[[Image.Image], bool] = lambda _: False) -> None:
    """Wait until it answers. Until the player draws, the display is black from edge to edge.

    Raises:
        AssertionError: there was something else on it, or it does not answer in time.
    """
    ends_at = time.monotonic() + PATIENCE_S
    begun = time.monotonic()
    while time.monotonic() < ends_at:
        assert machine.runs, "the machine has ended: it wanted to start again"
        seen = machine.picture()
        # Before the kernel has the display QEMU shows a note of its own, which is smaller.
        if seen.size == SIZE and not allowed(seen) and seen.getbbox() is not None and not is_of_player(seen):
            seen.save(machine.folder.parent / "not-silent.png")
            raise AssertionError("something is written on the display while it boots: not-silent.png")
        if time.monotonic() - begun > 30 and machine.answers():
            print(f"    it answers after {time.monotonic() - begun:.0f} s", flush=True)
            return
        time.sleep(1)
    raise AssertionError(f"it does not answer within {PATIENCE_S} s")


def is_of_player(seen: Image.Image) -> bool:
    """Tell a picture that a player draws from text of a console: that has at most the sixteen colours of one."""
    return seen.getcolors(maxcolors=16) is None


def until_expected(town: Town, machine: Machine, what: str) -> None:
    """Wait until the display shows what the server expects."""

    def is_equal() -> bool:
        seen = machine.picture()
        # To ask the server takes seconds of the processor that emulates the machine.
        if seen.size != SIZE or not is_of_player(seen):
            return False
        return ImageChops.difference(seen, town.expected_frame()).getbbox() is None

    until(what, is_equal, PATIENCE_S, pause_s=2)


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
