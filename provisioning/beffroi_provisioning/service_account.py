"""Runs a command of an installed package as the account of its service, with the settings of its service.

    python -m beffroi_provisioning.service_account beffroi-server link

Only root can become another account: for anybody else the command runs as it is, which is enough for those that only
look at a file.
"""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Sequence
from pathlib import Path

from beffroi_provisioning.service_settings import read_settings

SETTINGS = {"beffroi-server": Path("/etc/beffroi/server.env"), "beffroi-player": Path("/etc/beffroi/player.env")}
DATA = {
    "beffroi-server": {"BEFFROI_DATA": "/var/lib/beffroi-server"},
    "beffroi-player": {"STATE_DIRECTORY": "/var/lib/beffroi-player"},
}
"""What the units say besides."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command in the place of this process; return only if that fails: 1 it failed, 2 it was not understood."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] not in SETTINGS:
        print(f"beffroi: name one of {', '.join(SETTINGS)}", file=sys.stderr)
        return 2
    name = given[0]
    environment = dict(os.environ)
    try:
        if os.geteuid() == 0:
            environment |= DATA[name] | read_settings(SETTINGS[name])
            become(name)
        os.umask(0o027)
        program = Path(sys.executable).with_name(name)
        os.execve(program, [name, *given[1:]], environment)  # noqa: S606 - our own program, without a shell
    except KeyError:
        print(f"{name}: there is no account {name}: install the package again", file=sys.stderr)
    except (OSError, ValueError) as error:
        print(f"{name}: {error}", file=sys.stderr)
    return 1


def become(account: str) -> None:
    """Give up the rights of root for those of an account.

    Raises:
        KeyError: there is no such account.
        OSError: this process may not.
    """
    entry = pwd.getpwnam(account)
    os.initgroups(account, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


if __name__ == "__main__":
    sys.exit(main())
