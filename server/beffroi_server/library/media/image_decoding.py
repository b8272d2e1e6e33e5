"""The confined process that decodes an upload, seen from outside: what it is given, and why it refuses.

Needs the settings of two limits only, and no models: the command line uses it without a database.
"""

from __future__ import annotations

import errno
import json
import subprocess
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from beffroi_server.core import sandbox
from beffroi_server.library.media import file_kinds
from beffroi_server.library.media.file_kinds import FileKind
from beffroi_server.library.media.sentences import media_refusal

IMAGE_PROCESS_TIMEOUT_S = 180
"""Seconds for the image process. It limits its own processor time to a sixth of this; a busy machine is slow."""


def check_file(file: IO[bytes], size: int, name: str) -> None:
    """Check the size of a file by what its first bytes say it is.

    Args:
        file: The file, at its beginning.
        size: Bytes.
        name: For the message of a refusal.

    Raises:
        MediaRefused: it is empty or too large.
    """
    if size == 0:
        raise media_refusal("empty", name)
    if size > settings.UPLOAD_LIMIT:
        raise media_refusal("too-large", name)
    kind = file_kinds.kind_of(file.read(file_kinds.HEAD_SIZE))
    if size > settings.PICTURE_LIMIT and kind is not FileKind.VIDEO:
        raise media_refusal("not-an-image" if kind is FileKind.UNKNOWN else "too-large-picture", name)


def run_image_process(folder: Path, name: str) -> dict[str, Any]:
    """Decode ``original`` in a folder; return what the process found, and wrote beside it.

    Raises:
        MediaRefused: screens cannot show it.
        OSError: the disk is full.
    """
    command = ["beffroi_server.library.media.image_process", str(folder)]
    try:
        done = sandbox.run_confined(command, timeout_s=IMAGE_PROCESS_TIMEOUT_S)
        result = json.loads(done.stdout) if done.returncode == 0 else {"code": "too-complex"}
    except (subprocess.TimeoutExpired, ValueError):
        result = {"code": "too-complex"}
    if result.get("code") == sandbox.DISK_FULL:
        raise OSError(errno.ENOSPC, f"no space to decode {name}")
    if "code" in result:
        raise media_refusal(str(result.pop("code")), name, **result)
    assert isinstance(result, dict)
    return result
