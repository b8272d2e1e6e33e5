"""The packages on a bare Debian: built, installed, set up, served, signed in, removed. As root, some minutes each.

    make test-deb
    make test-deb RELEASES="bookworm trixie"

A bare Debian is a folder that mmdebstrap makes of its packages. There is no systemd in it: this program starts what
the units would.
"""

from __future__ import annotations

import argparse
import contextlib
import http.cookiejar
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

from beffroi_provisioning.packages import build
from tests.support.processes import free_port

BASE_PACKAGES = "python3,adduser,libfribidi0,mosquitto,ca-certificates"
TIMEOUT_S = 900
PATIENCE_S = 120
TOWN = "Saint-Aubin"


class BareDebian:
    """A folder with a bare Debian in it, whose programs run there."""

    def __init__(self, release: str, root: Path) -> None:
        self.root = root
        run(["mmdebstrap", "--quiet", "--variant=apt", f"--include={BASE_PACKAGES}", release, str(root)])
        # Without it APT in the folder would start what it installs.
        (root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
        (root / "usr/sbin/policy-rc.d").chmod(0o755)

    @contextlib.contextmanager
    def mounted(self) -> Iterator[None]:
        """Give its programs what the kernel offers, for a while."""
        folders = ("proc", "dev", "sys")
        try:
            for name in folders:
                run(["mount", "--rbind", f"/{name}", str(self.root / name)])
                run(["mount", "--make-rslave", str(self.root / name)])
            yield
        finally:
            for name in folders:
                subprocess.run(["umount", "--recursive", "--lazy", str(self.root / name)], check=False)

    def run(self, *command: str) -> str:
        """Run a program in it; return what it wrote."""
        return run(["chroot", str(self.root), *command])

    @contextlib.contextmanager
    def service(self, *command: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a program in it until the block ends."""
        with (self.root.parent / "service.log").open("ab") as log:
            process = subprocess.Popen(["chroot", str(self.root), *command], stdout=log, stderr=log)
            try:
                yield process
            finally:
                process.terminate()
                process.wait(timeout=PATIENCE_S)


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the package of the server on each release; 1 if it does not do there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("releases", nargs="*", default=["bookworm"])
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="beffroi-packages-") as name:
        built = Path(name) / "deb"
        if build.main(["--only", "beffroi-server", "--architecture", architecture(), "--out", str(built)]):
            return 1
        [package] = built.glob("*.deb")
        for release in options.releases:
            folder = Path(name) / release
            folder.mkdir(mode=0o755)
            debian = BareDebian(release, folder / "root")
            with debian.mounted():
                try:
                    try_server(debian, package)
                except Exception:
                    with contextlib.suppress(OSError):
                        print((folder / "service.log").read_text()[-4_000:], file=sys.stderr)
                    raise
            print(f"{release}: installed, set up, signed in, backed up, removed", flush=True)
    return 0


def try_server(debian: BareDebian, package: Path) -> None:
    """Install the package, set a town up with one command, sign in as its administrator, and remove it again."""
    begun = time.monotonic()
    (debian.root / "tmp" / package.name).write_bytes(package.read_bytes())
    debian.run("dpkg", "--install", f"/tmp/{package.name}")
    port = free_port()
    said = debian.run("beffroi-provisioning", "server", "--town", TOWN, "--url", f"http://127.0.0.1:{port}")
    found = re.search(r"Sign in, once, within an hour: (http\S+)", said)
    assert found, said
    debian.run("install", "-d", "-o", "mosquitto", "-g", "mosquitto", "/run/mosquitto")
    with (
        debian.service("mosquitto", "-c", "/etc/mosquitto/mosquitto.conf"),
        debian.service("beffroi-server", "run", "--host", "127.0.0.1", "--port", str(port)) as server,
    ):
        page = sign_in(found[1])
        print(f"  from the package to the first page: {time.monotonic() - begun:.0f} s", flush=True)
        assert TOWN in page
        account = debian.run("stat", "--format=%U", f"/proc/{server.pid}").strip()
        assert account == "beffroi-server", account
        assert "tried" in debian.run("beffroi-server", "backup")
    debian.run("dpkg", "--purge", "beffroi-server")
    kernel = ("proc", "dev", "sys")
    left = [path for path in debian.root.rglob("*beffroi*") if path.relative_to(debian.root).parts[0] not in kernel]
    allowed = ("tmp", "var/lib/beffroi-server", "var/backups/beffroi-server", "var/lib/dpkg", "var/log")
    strange = [path for path in left if not any(path.is_relative_to(debian.root / each) for each in allowed)]
    assert not strange, strange
    assert (debian.root / "var/lib/beffroi-server/beffroi.sqlite3").exists()


def sign_in(link: str) -> str:
    """Return the first page that the administrator sees."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    ends_at = time.monotonic() + PATIENCE_S
    while True:
        try:
            with opener.open(link, timeout=30) as answer:
                page = answer.read().decode()
            break
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > ends_at:
                raise
            time.sleep(1)
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found, page[:2_000]
    opener.addheaders = [("Referer", link)]
    with opener.open(link, data=f"csrfmiddlewaretoken={found[1]}".encode(), timeout=30) as answer:
        return str(answer.read().decode())


def architecture() -> str:
    """Return Debian's name of this machine."""
    return run(["dpkg", "--print-architecture"]).strip()


def run(command: Sequence[str]) -> str:
    """Run a program; return what it wrote.

    Raises:
        SystemExit: it failed; what it said is in it.
    """
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.stdout[-2_000:]}{done.stderr[-2_000:]}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
