"""Set-up of a server whose package is installed, in one command: settings, town, broker, backups, TLS, service.

What is there is kept: run again, it changes what its options say and nothing else.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import time
import unicodedata
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from beffroi_provisioning import broker_setup
from beffroi_provisioning.broker_setup import SetupRefused
from beffroi_provisioning.files import write_text
from beffroi_provisioning.service_settings import change_settings

SERVICE = "beffroi-server"
DROP_IN = Path("etc/systemd/system/beffroi-server.service.d/backups.conf")
CADDY_FILE, CADDY_INCLUDED = Path("etc/caddy/Caddyfile"), Path("etc/caddy/beffroi.caddy")
BACKUPS = Path("/var/backups/beffroi-server")
POSTGRESQL_SOCKET = "/var/run/postgresql"
LOCAL_PORT = 8000
_CADDY_IMPORT = "import beffroi.caddy"
_START_LIMIT_S = 60
_COMMAND_LIMIT_S = 600
_SITE_LENGTH = 40

Runner = Callable[[Sequence[str]], str]
"""Runs a command and returns what it wrote. Raises SetupRefused where it fails."""


@dataclass(frozen=True, slots=True)
class ServerSetup:
    """What a server is set up for."""

    town: str
    url: str
    site: str = ""
    """Part of every topic; empty: made of the town's name."""
    with_postgresql: bool = False
    backups: Path = BACKUPS


def run_command(command: Sequence[str]) -> str:
    """Run a command of the system.

    Raises:
        SetupRefused: it failed; the message ends with what it said last.
    """
    try:
        done = subprocess.run(  # noqa: S603 - commands of this module, without a shell
            command, capture_output=True, text=True, timeout=_COMMAND_LIMIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SetupRefused(f"{command[0]} could not be run: {error}") from error
    if done.returncode:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise SetupRefused(f"{' '.join(command[:3])} failed: {lines[-1] if lines else f'exit code {done.returncode}'}")
    return done.stdout


def set_up_server(
    setup: ServerSetup, root: Path = Path("/"), run: Runner = run_command, say: Callable[[str], None] = print
) -> None:
    """Set the server up, start it, and print the address that signs the first administrator in.

    Args:
        setup: For which town, and where it is reached.
        root: The folder of the machine's files.
        run: Runs the commands of the system.
        say: Told what was done, and what is left to a person.

    Raises:
        SetupRefused: a part is missing or a command failed; the message says what to do.
        OSError: a file cannot be written: this takes root.
        LookupError: an account is missing.
    """
    host = urlsplit(setup.url).hostname or ""
    site = setup.site or site_of(setup.town)
    is_encrypted = setup.url.startswith("https://")
    plugin = broker_setup.find_plugin(root)
    if setup.with_postgresql:
        _make_database(run)
    _write_settings(setup, root, is_encrypted=is_encrypted)
    _make_backup_folder(setup.backups, root)
    run([SERVICE, "init", "--town", setup.town, "--site", site, "--starter-set"])
    broker_setup.set_up_broker(broker_setup.BrokerSetup(site=site, public_host=host), plugin, root)
    say(f"{setup.town} ({site}) is set up; its settings are in /{broker_setup.SERVER_SETTINGS}")
    if is_encrypted:
        _set_up_caddy(host, root, run, say)
    if not (root / "run/systemd/system").is_dir():
        say("There is no systemd here: start mosquitto and beffroi-server yourself")
    else:
        run(["systemctl", "daemon-reload"])
        run(["systemctl", "enable", "--quiet", "mosquitto", SERVICE])
        run(["systemctl", "restart", "mosquitto", SERVICE])
        if not answers(f"http://127.0.0.1:{LOCAL_PORT}/health"):
            raise SetupRefused("the server does not answer. Look at its journal: journalctl -u beffroi-server -n 50")
    say("Move root-1.pem to root-3.pem of /var/lib/beffroi-server/keys to two safe places, away from this machine")
    say(f"Sign in, once, within an hour: {run([SERVICE, 'link']).strip()}")


def site_of(town: str) -> str:
    """Return the part of topics for a town: ``saint-aubin`` for “Saint-Aubin”.

    Raises:
        SetupRefused: nothing is left of its name.
    """
    plain = unicodedata.normalize("NFKD", town).encode("ascii", "ignore").decode().lower()
    site = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_SITE_LENGTH].strip("-")
    if not site:
        raise SetupRefused(f"give a short name for {town!r} with --site, such as saint-aubin")
    return site


def answers(url: str, limit_s: float = _START_LIMIT_S) -> bool:
    """Tell whether an address answers within some seconds, whatever it says."""
    ends_at = time.monotonic() + limit_s
    while time.monotonic() < ends_at:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - this machine
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            time.sleep(0.5)
    return False


def caddy_site(host: str) -> str:
    """Return the part of a configuration of Caddy that serves the pages over TLS."""
    return f"""\
# Written by beffroi-provisioning. Caddy gets the certificate by itself.
{host} {{
    request_body {{
        max_size 502MB
    }}
    reverse_proxy 127.0.0.1:{LOCAL_PORT}
}}
"""


def _make_database(run: Runner) -> None:
    """Make a role and a database of PostgreSQL that the service reaches by its account, without a password."""
    if shutil.which("psql") is None:
        raise SetupRefused("PostgreSQL is not installed: run apt install postgresql, then this command again")
    as_postgres = ["runuser", "-u", "postgres", "--"]
    # CREATEDB: a backup is tried in a database of its own.
    roles = run([*as_postgres, "psql", "-tAc", "SELECT rolname FROM pg_roles"]).split()
    if SERVICE not in roles:
        run([*as_postgres, "createuser", "--createdb", SERVICE])
    databases = run([*as_postgres, "psql", "-tAc", "SELECT datname FROM pg_database"]).split()
    if SERVICE not in databases:
        run([*as_postgres, "createdb", "--owner", SERVICE, SERVICE])


def _write_settings(setup: ServerSetup, root: Path, *, is_encrypted: bool) -> None:
    wanted = {"BEFFROI_URL": setup.url, "BEFFROI_BACKUP_FOLDER": str(setup.backups)}
    if is_encrypted:
        wanted["BEFFROI_BEHIND_PROXY"] = "1"
    if setup.with_postgresql:
        wanted |= {"BEFFROI_POSTGRES_NAME": SERVICE, "BEFFROI_POSTGRES_USER": SERVICE,
                   "BEFFROI_POSTGRES_HOST": POSTGRESQL_SOCKET}  # fmt: skip
    change_settings(root / broker_setup.SERVER_SETTINGS, wanted)


def _make_backup_folder(folder: Path, root: Path) -> None:
    path = root / str(folder).lstrip("/")
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.chown(path, SERVICE, SERVICE)
    # The unit lets the service write in its data folder only.
    write_text(root / DROP_IN, f"[Service]\nReadWritePaths={folder}\n")


def _set_up_caddy(host: str, root: Path, run: Runner, say: Callable[[str], None]) -> None:
    configuration = root / CADDY_FILE
    if not configuration.exists():
        say(f"Caddy is not installed: put a proxy with TLS for {host} before port {LOCAL_PORT} (docs/installation.md)")
        return
    write_text(root / CADDY_INCLUDED, caddy_site(host))
    text = configuration.read_text(encoding="utf-8")
    if _CADDY_IMPORT not in text:
        write_text(configuration, f"{text.rstrip()}\n\n{_CADDY_IMPORT}\n")
    if (root / "run/systemd/system").is_dir():
        run(["systemctl", "reload-or-restart", "caddy"])
    say(f"Caddy serves https://{host}: its name must lead to this machine, and ports 80 and 443 must be open")
