"""Runs a command of an installed package as the account of its service, with the settings of its service.

    python -m beffroi_provisioning.service_account beffroi-server link

Only root can become another account: for anybody else the command runs as it is, which is enough for those that only
look at a file.
"""

from __future__ import annotations

import os
import pwd
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

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


def read_settings(path: Path) -> dict[str, str]:
    """Return the variables of an EnvironmentFile of systemd; empty where there is none.

    Raises:
        ValueError: a line is none that systemd understands.
        OSError: it cannot be read.
    """
    found: dict[str, str] = {}
    if not path.exists():
        return found
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        text = line.strip()
        if not text or text[0] in "#;":
            continue
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise ValueError(f"{path}, line {number}: write NAME=value")
        is_quoted = value[:1] in {'"', "'"}
        found[name] = "".join(shlex.split(value)) if is_quoted else value
    return found


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


def as_text(settings: Mapping[str, str]) -> str:
    """Return variables as an EnvironmentFile."""
    return "".join(f"{name}={_quoted(value)}\n" for name, value in settings.items())


def _quoted(value: str) -> str:
    is_plain = value.isascii() and not set(value) & set(" \t'\"\\#;$`")
    return value if is_plain else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


if __name__ == "__main__":
    sys.exit(main())
