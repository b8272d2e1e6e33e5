"""Video files (MP4), opened for one thread each, which reads only the stream that it decodes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_FORMATS = {"format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2"}


def open_container(path: Path) -> Any:
    """Open a video file; return an ``av.container.InputContainer``, a context manager.

    Raises:
        OSError, ValueError: it is no video, or not there.
    """
    import av  # noqa: PLC0415 - a player that shows no video does without 60 MB

    return av.open(str(path), options=_FORMATS)


def discard_other_streams(container: Any, stream: Any) -> None:
    """Have FFmpeg skip every other stream.

    Otherwise the thread of the sound would read all frames from the card, which are a hundred times as much, and that
    of the frames would read to the end of a sound that is longer than its video.
    """
    from av.stream import Discard  # noqa: PLC0415

    for other in container.streams:
        if other.index != stream.index:
            other.discard = Discard.all
