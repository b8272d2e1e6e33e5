"""What is in the packages besides Python: their control files, scripts and units. Pure: values in, texts out.

A package brings a virtual environment for the Python of the machine, with a folder of packages for each version of
Python that Debian and Raspberry Pi OS have had. Nothing is downloaded or compiled where it is installed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from beffroi_provisioning import units

PYTHON_VERSIONS = ("3.11", "3.13")
"""Of Debian 12 and 13, and of Raspberry Pi OS made of them."""
ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64"}
"""Names of Debian, and of Python's wheels."""


@dataclass(frozen=True, slots=True)
class PackageKind:
    """One of the two packages."""

    name: str
    summary: str
    description: str
    depends: tuple[str, ...]
    recommends: tuple[str, ...]
    extras: tuple[str, ...]
    """Extras of the Python distribution."""
    programs: tuple[tuple[str, str], ...]
    """Commands, and the modules whose ``main`` they run."""
    data: str
    """The folder of its data, which stays when the package is removed."""
    drop_ins: tuple[tuple[str, str], ...] = ()
    """Files of systemd's own settings, by their place in /usr/lib/systemd: one in /etc of the same name wins."""
    has_system_packages: bool = False
    """Whether Debian's own Python packages can be imported: fields in the journal come from one of them."""

    @property
    def prefix(self) -> PurePosixPath:
        """Folder of the virtual environment."""
        return PurePosixPath("/usr/lib") / self.name

    def unit(self) -> str:
        """Return the unit of the service."""
        make = units.server_unit if self.name == SERVER.name else units.player_unit
        return make(programs=self.prefix / "bin")  # type: ignore[arg-type]

    def further_units(self) -> dict[str, str]:
        """Return the units that the service wants, by name."""
        if self.name == SERVER.name:
            return {}
        return {"beffroi-card.service": units.card_unit(programs=self.prefix / "bin")}  # type: ignore[arg-type]


_PROVISIONING = ("beffroi-provisioning", "beffroi_provisioning.__main__")
SERVER = PackageKind(
    name="beffroi-server",
    summary="screens of a town hall: the server",
    description="Announcements, alerts and playlists for the screens of a town, signed and sent to players over MQTT.",
    depends=("adduser", "libfribidi0", "mosquitto (>= 2.0)"),
    recommends=("caddy",),
    extras=("server", "provisioning"),
    programs=(("beffroi-server", "beffroi_server.__main__"), _PROVISIONING),
    data="/var/lib/beffroi-server",
)
PLAYER = PackageKind(
    name="beffroi-player",
    summary="screens of a town hall: the player",
    description="Shows what the server of the town has signed, on a display or LED panel, also without network.",
    depends=(
        "adduser", "libfribidi0", "libgbm1", "libegl1", "libgles2", "libgl1", "libgl1-mesa-dri", "libdrm2",
        "python3-systemd",
    ),
    recommends=("espeak-ng", "i2c-tools", "libasound2-data"),
    extras=("player", "provisioning"),
    programs=(("beffroi-player", "beffroi_player.__main__"), _PROVISIONING),
    data="/var/lib/beffroi-player",
    drop_ins=(
        ("system.conf.d/beffroi-watchdog.conf", units.watchdog_drop_in()),
        ("journald.conf.d/beffroi-player.conf", units.journal_drop_in()),
    ),
    has_system_packages=True,
)  # fmt: skip
KINDS = (SERVER, PLAYER)


def control_file(kind: PackageKind, version: str, architecture: str, size_kib: int) -> str:
    """Return DEBIAN/control.

    Args:
        kind: The package.
        version: Of the software.
        architecture: Debian's name of it.
        size_kib: What its files take once installed.
    """
    lowest, highest = PYTHON_VERSIONS[0], PYTHON_VERSIONS[-1].split(".")
    pythons = f"python3 (>= {lowest}), python3 (<< {highest[0]}.{int(highest[1]) + 1})"
    return f"""\
Package: {kind.name}
Version: {version}
Architecture: {architecture}
Maintainer: The Beffroi authors <beffroi@localhost>
Installed-Size: {size_kib}
Depends: {", ".join((pythons, *kind.depends))}
Recommends: {", ".join(kind.recommends)}
Section: web
Priority: optional
Description: {kind.summary}
 {kind.description}
"""


def environment_file(kind: PackageKind) -> str:
    """Return pyvenv.cfg, which makes the folder a virtual environment of the machine's Python."""
    return f"home = /usr/bin\ninclude-system-site-packages = {str(kind.has_system_packages).lower()}\n"


def program(kind: PackageKind, module: str) -> str:
    """Return a command of the virtual environment."""
    return f"""\
#!{kind.prefix}/bin/python
import sys
from {module} import main
sys.exit(main())
"""


def commands(kind: PackageKind) -> list[tuple[str, str]]:
    """Return the commands of the package in /usr/bin, with their texts.

    That of the service runs as the account of the service, with its settings, whoever calls it by ``sudo``.
    """
    python = kind.prefix / "bin/python"
    found = [(kind.name, f'exec {python} -m beffroi_provisioning.service_account {kind.name} "$@"')]
    if kind is SERVER:
        found.append(("beffroi-provisioning", f'exec {kind.prefix}/bin/beffroi-provisioning "$@"'))
    return [(name, f"#!/bin/sh\n{line}\n") for name, line in found]


def post_installation(kind: PackageKind) -> str:
    """Return DEBIAN/postinst: the account, its folder, compiled modules, the service."""
    groups = "for group in video render input audio; do adduser --quiet beffroi-player $group || true; done\n"
    return f"""\
#!/bin/sh
set -e
[ "$1" = configure ] || exit 0
getent passwd {kind.name} >/dev/null || adduser --quiet --system --group --no-create-home --home {kind.data} {kind.name}
{groups if kind is PLAYER else ""}\
[ -d {kind.data} ] || install -d -m {"750" if kind is SERVER else "700"} -o {kind.name} -g {kind.name} {kind.data}
install -d -m 755 /etc/beffroi
version=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
if [ ! -d {kind.prefix}/lib/python$version/site-packages ]; then
    echo "{kind.name}: this machine has Python $version, the package is for {" and ".join(PYTHON_VERSIONS)}" >&2
    exit 1
fi
# A service may not write here: what is not compiled now would be compiled at every start.
{kind.prefix}/bin/python -m compileall -q {kind.prefix}/lib/python$version/site-packages || true
{_SERVER_RENEWED if kind is SERVER else ""}\
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    if [ -n "$2" ] && systemctl is-enabled --quiet {kind.name}; then systemctl restart {kind.name}; fi
{_PLAYER_STARTED if kind is PLAYER else ""}\
fi
"""


_SERVER_RENEWED = f"""\
# Who may read and write which topic is the matter of the version.
if [ -n "$2" ]; then
    changed=$({SERVER.prefix}/bin/beffroi-provisioning renew-broker) || changed=
    [ -z "$changed" ] || [ ! -d /run/systemd/system ] || systemctl try-restart mosquitto || true
fi
"""


_PLAYER_STARTED = """\
    # The machine is a screen from now on: it says what it needs by itself.
    systemctl daemon-reexec
    if [ -z "$2" ]; then
        systemctl try-restart systemd-journald
        systemctl enable --now --quiet --no-block beffroi-player
    fi
"""


def before_removal(kind: PackageKind) -> str:
    """Return DEBIAN/prerm: the service stops, and compiled modules go."""
    return f"""\
#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then systemctl disable --now --quiet {kind.name} || true; fi
find {kind.prefix} -name __pycache__ -type d -prune -exec rm -rf {{}} +
"""


_SERVER_SETUP_UNDONE = """\
    rm -rf /etc/systemd/system/beffroi-server.service.d /etc/mosquitto/beffroi
    rm -f /etc/mosquitto/conf.d/beffroi.conf /var/lib/mosquitto/beffroi-accounts.json /etc/caddy/beffroi.caddy
    [ ! -f /etc/caddy/Caddyfile ] || sed -i '/^import beffroi.caddy$/d' /etc/caddy/Caddyfile
    if [ -d /run/systemd/system ]; then systemctl try-restart mosquitto caddy || true; fi
"""


def after_removal(kind: PackageKind) -> str:
    """Return DEBIAN/postrm: data and settings stay, unless the package is purged, and data even then."""
    return f"""\
#!/bin/sh
set -e
if [ "$1" = purge ]; then
    rm -f /etc/beffroi/{kind.name.removeprefix("beffroi-")}.env
    rmdir --ignore-fail-on-non-empty /etc/beffroi 2>/dev/null || true
{_SERVER_SETUP_UNDONE if kind is SERVER else ""}\
    [ ! -d {kind.data} ] || echo "{kind.name}: its data stay in {kind.data}; delete them yourself if nobody needs them"
fi
if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
"""
