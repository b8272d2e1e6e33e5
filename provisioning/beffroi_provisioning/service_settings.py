"""The file of a service's settings: an EnvironmentFile of systemd, with a variable on each line."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from beffroi_provisioning.files import write_text

PRIVATE = 0o600


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


def change_settings(path: Path, wanted: Mapping[str, str]) -> None:
    """Replace variables of a file or add them; all its other lines stay. Only its owner may read it.

    Raises:
        OSError: it cannot be written.
    """
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    kept = [line for line in lines if line.split("=", 1)[0] not in wanted]
    write_text(path, "".join(f"{line}\n" for line in kept) + as_text(wanted), mode=PRIVATE)


def as_text(settings: Mapping[str, str]) -> str:
    """Return variables as an EnvironmentFile."""
    return "".join(f"{name}={_quoted(value)}\n" for name, value in settings.items())


def _quoted(value: str) -> str:
    is_plain = value.isascii() and not set(value) & set(" \t'\"\\#;$`")
    return value if is_plain else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
