"""The files of films, opened: each thread that reads one has its own, and reads of it only what it decodes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_FORMATS = {"format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2"}


def open_container(path: Path) -> Any:
    """Return an ``av.container.InputContainer``, to be closed as a context manager.

    Raises:
        OSError, ValueError: it is no film, or not there.
    """
    import av  # noqa: PLC0415 - a player that shows no film does without 60 MB

    return av.open(str(path), options=_FORMATS)


def discard_other_streams(container: Any, stream: Any) -> None:
    """Pass over every other stream: sound may be longer than its film, and pictures are a hundred times the sound."""
    from av.stream import Discard  # noqa: PLC0415

    for other in container.streams:
        if other.index != stream.index:
            other.discard = Discard.all
