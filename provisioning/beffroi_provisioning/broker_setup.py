"""Set-up of Mosquitto beside the server, on Debian: what its package has stays as it is, and a file is added to it.

Mosquitto runs under an account of its own, which reads what it needs and nothing more. The server manages the accounts
of players by itself from then on, so that none of these files changes again.
"""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError

from beffroi_content.model import Identifier
from beffroi_content.wire.broker_accounts import mosquitto_hash
from beffroi_provisioning import mosquitto
from beffroi_provisioning.files import write_text
from beffroi_provisioning.service_settings import PRIVATE, change_settings, read_settings

DROP_IN, FOLDER = Path("etc/mosquitto/conf.d/beffroi.conf"), Path("etc/mosquitto/beffroi")
SERVER_SETTINGS = Path("etc/beffroi/server.env")
_PASSWORD_FILE = FOLDER / "server-password"
ACCOUNT_FILE = Path("var/lib/mosquitto/beffroi-accounts.json")
SETUP_FILE = FOLDER / "setup.json"
"""What the broker was set up for, so that a newer version can write its rules without being told again."""
PLUGIN_NAME = "mosquitto_dynamic_security.so"
PRIVATE_TO_GROUP = 0o640
PASSWORD_KEY = "BEFFROI_MQTT_PASSWORD"  # noqa: S105 - the name of a setting


class SetupRefused(Exception):
    """Reason why the broker cannot be set up, with the next step."""


@dataclass(frozen=True)
class BrokerSetup:
    """What the broker of this machine is set up for."""

    site: Identifier
    public_host: str
    """The name of this machine as players reach it."""
    port: int = 1883
    host: str = ""
    """The address to listen on; empty: every one."""
    certificates: mosquitto.BrokerCertificates | None = None
    account: str = "mosquitto"
    """The account that Debian's package makes."""


class _KnownSetup(BaseModel):
    setup: BrokerSetup
    plugin: Path


def find_plugin(root: Path) -> Path:
    """Return where Debian has Mosquitto's dynamic-security plugin.

    Raises:
        SetupRefused: it is not there.
    """
    found = sorted((root / "usr/lib").glob(f"*/{PLUGIN_NAME}"))
    if not found:
        raise SetupRefused(f"{PLUGIN_NAME} is not installed: run apt install mosquitto, then this command again")
    return found[0]


def set_up_broker(setup: BrokerSetup, plugin: Path, root: Path = Path("/")) -> list[Path]:
    """Write what Mosquitto and the server read; return the files. Run again, it keeps the password and all accounts.

    Args:
        setup: For which town, and where players reach it.
        plugin: The dynamic-security plugin.
        root: The folder of the machine's files.

    Raises:
        ValueError: a line of the settings is none that systemd understands.
        OSError: a file cannot be written, or given to Mosquitto's account.
        LookupError: there is no such account.
    """
    settings = read_settings(root / SERVER_SETTINGS)
    password = settings.get(PASSWORD_KEY) or secrets.token_hex(32)
    passwords, accounts = root / _PASSWORD_FILE, root / ACCOUNT_FILE
    # Whatever the umask of root: Mosquitto's account has to come through.
    (root / FOLDER).mkdir(parents=True, exist_ok=True)
    (root / FOLDER).chmod(0o755)
    write_text(passwords, f"{mosquitto.SERVER_USER}:{mosquitto_hash(password)}\n", mode=PRIVATE_TO_GROUP)
    shutil.chown(passwords, group=setup.account)
    if not accounts.exists():
        # The plugin writes it anew at each change, beside it: the folder is Mosquitto's.
        write_text(accounts, "{}\n", mode=PRIVATE)
        shutil.chown(accounts, setup.account, setup.account)
    is_encrypted = setup.certificates is not None
    wanted = {
        # A certificate is for the name of the machine, and the server looks at it as players do.
        "BEFFROI_MQTT_HOST": setup.public_host if is_encrypted else "127.0.0.1",
        "BEFFROI_MQTT_TLS": "1" if is_encrypted else "0",
        "BEFFROI_MQTT_PORT": str(setup.port),
        "BEFFROI_MQTT_PUBLIC_HOST": setup.public_host,
        PASSWORD_KEY: password,
    }
    change_settings(root / SERVER_SETTINGS, wanted)
    rules = _rule_files(setup, plugin, root)
    for path, text in rules.items():
        write_text(path, text)
    write_text(root / SETUP_FILE, _KnownSetup(setup=setup, plugin=plugin).model_dump_json(indent=1) + "\n")
    return [*rules, passwords, accounts, root / SERVER_SETTINGS]


def renew_broker(root: Path = Path("/")) -> list[Path]:
    """Write the rules of this version where the broker was set up by another one; return the files that were changed.

    Raises:
        SetupRefused: what it was set up for cannot be read.
        OSError: a file cannot be written.
    """
    try:
        known = _KnownSetup.model_validate_json((root / SETUP_FILE).read_bytes())
    except FileNotFoundError:
        return []
    except ValidationError as error:
        raise SetupRefused(
            f"{root / SETUP_FILE} cannot be read: run beffroi-provisioning broker with its options again"
        ) from error
    changed = []
    for path, text in _rule_files(known.setup, known.plugin, root).items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            write_text(path, text)
            changed.append(path)
    return changed


def _rule_files(setup: BrokerSetup, plugin: Path, root: Path) -> dict[Path, str]:
    """Return what follows from the version of the software, in the order in which it is to be written."""
    access = root / FOLDER / "access"
    configuration = mosquitto.MosquittoSettings(
        site=setup.site,
        host=setup.host,
        port=setup.port,
        password_file=root / _PASSWORD_FILE,
        access_file=access,
        certificates=setup.certificates,
        plugin=mosquitto.AccountPlugin(plugin, root / ACCOUNT_FILE),
        is_drop_in=True,
    )
    # That of Mosquitto last, since it would not start with it while another file is missing.
    return {
        access: mosquitto.access_list_text(setup.site),
        root / DROP_IN: mosquitto.configuration_text(configuration),
    }
