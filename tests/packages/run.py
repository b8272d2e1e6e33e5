"""The packages on a bare Debian: installed, set up, signed in, changed for a newer and an older one, removed. As root.

    make test-deb
    make test-deb RELEASES="bookworm trixie"

The server gets three commands, as docs/installation.md says, and a clock counts. The player has a Debian of its own, is
enrolled at that server, and shows to the pixel what the server expects. Some minutes for each release.
"""

from __future__ import annotations

import argparse
import contextlib
import http.cookiejar
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image

from beffroi_content.rendering import image_digest
from beffroi_provisioning.packages.build import build_packages
from beffroi_provisioning.packages.control_files import KINDS
from tests.packages.bare_debian import PATIENCE_S, BareDebian, enter_network_of_its_own, run
from tests.support.waiting import until

TOWN, URL = "Saint-Aubin", "http://127.0.0.1:8000"
PUBLIC_URL = "https://affichage.example.fr"
LIMIT_S = 300
"""From the package to the first page, as issue 17 has it."""
NEWER = "9.0.0"
SERVER, PLAYER = "beffroi-server", "beffroi-player"
SIGNED_IN = 'aria-current="page"'
"""In the menu of who is signed in."""
RUNTIME = "run/beffroi-player"
CONTENT = """
from beffroi_server.fleet.models import Screen, ScreenClass
from beffroi_server.fleet.services import open_enrolment
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import publication
from beffroi_server.schedule.models import Entry, Playlist, ScheduleRule

screen = Screen.objects.create(slug="hall", name="Hall", screen_class=ScreenClass.objects.get(width=1920, height=1080))
playlist = Playlist.objects.create(name="Jour")
announcement = Announcement.objects.create(title="Marché de Noël", template="notice")
Entry.objects.create(playlist=playlist, position=0, announcement=announcement, duration_s=10)
ScheduleRule.objects.create(name="Toujours", playlist=playlist, everywhere=True)
publication.mark_screen(screen)
print(open_enrolment(screen)[1])
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
print(expected_frame(Screen.objects.get(), timezone.now())[1])
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the packages on each release; 1 if one does not do there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("releases", nargs="*", default=["bookworm"])
    parser.add_argument("--packages", type=Path, help="a folder with them; by default they are built")
    parser.add_argument("--player-architecture", default=architecture(), help="(%(default)s)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="beffroi-packages-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        built = options.packages or folder / "deb"
        if not options.packages:
            for kind, machine in zip(KINDS, (architecture(), options.player_architecture), strict=True):
                next(build_packages([kind], [machine], built))
        enter_network_of_its_own()
        for release in options.releases:
            try_release(release, folder / release, built, options.player_architecture)
    return 0


def try_release(release: str, folder: Path, built: Path, machine: str) -> None:
    """Install both packages on a release, each on a Debian of its own."""
    print(release, flush=True)
    with contextlib.ExitStack() as stack:
        stack.callback(lambda: shutil.rmtree(folder, ignore_errors=True))
        server = BareDebian(release, folder / "server/root")
        stack.enter_context(server.mounted())
        player = BareDebian(release, folder / "player/root", machine)
        stack.enter_context(player.mounted())
        try:
            try_server(server, next(built.glob(f"{SERVER}_*_{architecture()}.deb")))
            try_player(player, next(built.glob(f"{PLAYER}_*_{machine}.deb")), server)
            try_purge(server, SERVER, {"/etc/caddy", "/etc/mosquitto", "/etc/systemd"})
            try_purge(player, PLAYER, {"/etc/systemd"})
        except BaseException:
            for debian in (server, player):
                with contextlib.suppress(OSError):
                    print(debian.log.read_text()[-4_000:], file=sys.stderr)
            raise


def try_server(debian: BareDebian, package: Path) -> None:
    """Install the package, set a town up with one command, sign in as its administrator, and change the package."""
    path = debian.bring(package)
    debian.apt("update")
    begun = time.monotonic()
    debian.apt("install", path)
    installed_s = time.monotonic() - begun
    said = debian.run("beffroi-provisioning", "server", "--town", TOWN, "--url", URL)
    found = re.search(r"Sign in, once, within an hour: (http\S+)", said)
    assert found, said
    debian.run("install", "-d", "-o", "mosquitto", "-g", "mosquitto", "/run/mosquitto")
    visitor = Visitor()
    with running(debian) as server:
        assert SIGNED_IN in visitor.sign_in(found[1])
        passed_s = time.monotonic() - begun
        print(
            f"  server: two commands and {passed_s:.0f} s to the first page, {installed_s:.0f} s of them APT",
            flush=True,
        )
        assert passed_s < LIMIT_S, passed_s
        assert owner_of(debian, server.pid) == SERVER
        assert "tried" in debian.run(SERVER, "backup")
        size = len(list((debian.root / "var/backups/beffroi-server").glob("20*")))
        assert size == 1, size
    access = debian.root / "etc/mosquitto/beffroi/access"
    rules = access.read_text()
    access.write_text("# of an older version\n")
    debian.apt("install", debian.bring(make_newer(package, debian.root.parent)))
    assert NEWER in debian.run("dpkg-query", "--show", SERVER)
    assert access.read_text() == rules
    with running(debian):
        assert TOWN in visitor.page("/town/")
    debian.apt("install", "--allow-downgrades", path)
    with running(debian):
        assert TOWN in visitor.page("/town/")
    debian.apt("remove", SERVER)
    assert not (debian.root / "usr/lib/beffroi-server").exists()
    assert (debian.root / "etc/beffroi/server.env").exists()
    debian.apt("install", path)
    with running(debian):
        assert TOWN in visitor.page("/town/")
    print("  server: newer, older, removed, installed again: the same town, still signed in", flush=True)
    # Served over TLS: what is written for Caddy is understood by that of this release.
    debian.run("beffroi-provisioning", "server", "--town", TOWN, "--url", PUBLIC_URL)
    assert "Valid configuration" in debian.run("sh", "-c", "caddy validate --config /etc/caddy/Caddyfile 2>&1")
    debian.run("beffroi-provisioning", "server", "--town", TOWN, "--url", URL)


def try_player(debian: BareDebian, package: Path, server: BareDebian) -> None:
    """Install the package, enrol it at the server, and compare what it shows with what the server expects."""
    debian.apt("update")
    debian.apt("install", debian.bring(package))
    groups = debian.run("id", "--name", "--groups", PLAYER).split()
    assert {"video", "render", "input", "audio"} <= set(groups), groups
    assert "Storage=volatile" in (debian.root / "usr/lib/systemd/journald.conf.d/beffroi-player.conf").read_text()
    with running(server):
        Visitor().wait()
        program, *arguments = server_code(server, CONTENT).split()
        assert program == PLAYER
        begun = time.monotonic()
        debian.run(program, *arguments)
        debian.run("install", "-d", "-m", "700", "-o", PLAYER, "-g", PLAYER, f"/{RUNTIME}")
        with debian.service(PLAYER, "run", "--output", "headless", "--runtime", f"/{RUNTIME}") as player:
            until("the programme is on", lambda: shown(debian, "rule"), 4 * PATIENCE_S, pause_s=0.5)
            print(f"  player: the programme is on {time.monotonic() - begun:.0f} s after its enrolment", flush=True)
            assert owner_of(debian, player.pid) == PLAYER
            is_equal = lambda: frame_digest(debian) == server_code(server, EXPECTED)  # noqa: E731
            until("the programme is as the server expects", is_equal, PATIENCE_S, pause_s=1)
            server_code(server, ALERT)
            until("the alert is on", lambda: shown(debian, "alert"), PATIENCE_S, pause_s=0.5)
            until("the alert is as the server expects", is_equal, PATIENCE_S, pause_s=1)
    # As systemd does with the RuntimeDirectory of a unit that has stopped.
    shutil.rmtree(debian.root / RUNTIME)
    print("  player: programme and alert to the pixel as the server expects", flush=True)


def try_purge(debian: BareDebian, name: str, cleaned: set[str]) -> None:
    """Purge a package: data and backups stay, and nothing else."""
    debian.apt("purge", name)
    allowed = ("/tmp", f"/var/lib/{name}", f"/var/backups/{name}", "/var/lib/dpkg", "/var/log", "/var/cache/apt")
    strange = [path for path in debian.files("*beffroi*") if not path.startswith(allowed)]
    assert not strange, strange
    for folder in cleaned:
        text = run(["sh", "-c", f"grep -rl beffroi {debian.root}{folder} 2>/dev/null || true"])
        assert not text, text
    assert any((debian.root / "var/lib" / name).iterdir())
    print(f"  {name}: purged, its data kept", flush=True)


@contextlib.contextmanager
def running(debian: BareDebian) -> Iterator[subprocess.Popen[bytes]]:
    """Run broker and server, as their units would."""
    with (
        debian.service("mosquitto", "-c", "/etc/mosquitto/mosquitto.conf"),
        debian.service(SERVER, "run", "--host", "127.0.0.1", "--port", "8000") as server,
    ):
        yield server


class Visitor:
    """A browser: keeps its cookies."""

    def __init__(self) -> None:
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def page(self, path: str, body: bytes | None = None) -> str:
        """Return a page; wait for a server that starts."""
        ends_at = time.monotonic() + PATIENCE_S
        while True:
            try:
                with self._opener.open(path if "://" in path else URL + path, data=body, timeout=60) as answer:
                    return str(answer.read().decode())
            except urllib.error.HTTPError:
                raise
            except (urllib.error.URLError, ConnectionError):
                if time.monotonic() > ends_at:
                    raise
                time.sleep(0.5)

    def wait(self) -> None:
        """Wait until the server answers."""
        self.page("/health")

    def sign_in(self, link: str) -> str:
        """Return the first page that the administrator sees."""
        page = self.page(link)
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert found, page[:2_000]
        self._opener.addheaders = [("Referer", link)]
        return self.page(link, f"csrfmiddlewaretoken={found[1]}".encode())


def make_newer(package: Path, folder: Path) -> Path:
    """Return a package like this one with a higher version, and with another module."""
    root = folder / "newer"
    run(["dpkg-deb", "--raw-extract", str(package), str(root)])
    control = root / "DEBIAN/control"
    control.write_text(re.sub(r"(?m)^Version: .*$", f"Version: {NEWER}", control.read_text()))
    for path in root.glob("usr/lib/*/lib/python3.*/site-packages/beffroi_content"):
        (path / "of_a_newer_version.py").write_text("")
    made = folder / f"{SERVER}_{NEWER}.deb"
    run(["dpkg-deb", "-Znone", "--build", str(root), str(made)])
    shutil.rmtree(root)
    return made


def server_code(debian: BareDebian, code: str) -> str:
    """Run Python beside the server; return the last line that it printed."""
    lines = debian.run(SERVER, "django", "shell", "-c", code).splitlines()
    return lines[-1] if lines else ""


def presented(debian: BareDebian) -> dict[str, object]:
    """Return what the stage says that it presents."""
    with contextlib.suppress(OSError, ValueError):
        return dict(json.loads((debian.root / RUNTIME / "presented.json").read_text()))
    return {}


def shown(debian: BareDebian, name: str) -> list[object]:
    """Return one field of everything that is presented, such as ``rule`` or ``alert``."""
    showings = presented(debian).get("showings", [])
    assert isinstance(showings, list)
    return [part[name] for part in showings if part.get(name)]


def frame_digest(debian: BareDebian) -> str:
    """Return the digest of the picture that a headless player presented last."""

    with contextlib.suppress(OSError, SyntaxError):
        return image_digest(
            Image.open(io.BytesIO((debian.root / RUNTIME / "headless.png").read_bytes())).convert("RGB")
        )
    return ""


def owner_of(debian: BareDebian, process: int) -> str:
    """Return the account of a process."""
    return debian.run("stat", "--format=%U", f"/proc/{process}").strip()


def architecture() -> str:
    """Return Debian's name of this machine."""
    return run(["dpkg", "--print-architecture"]).strip()


if __name__ == "__main__":
    sys.exit(main())
