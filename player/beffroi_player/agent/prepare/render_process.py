"""The render process: draws slides under limits of memory and time, so that no file can harm the agent.

It reads one request per line on standard input and writes one answer per line on standard output, both JSON.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import resource
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from beffroi_content.model import ScreenSettings, Slide, WireModel
from beffroi_player.state.directories import Size

if TYPE_CHECKING:
    from beffroi_content import rendering

MEMORY_BYTES = 1024 * 1024 * 1024
FILE_BYTES = 64 * 1024 * 1024
SLIDE_SECONDS = 40.0
START_SECONDS = 60.0
NICENESS = 10
DISK_FULL, DISK_ERROR, WORKER_FAILED = "disk-full", "disk", "worker"
"""Why there are no frames where the slide is not to blame: the disk is full or fails otherwise, or the process
cannot be started."""
NOT_THE_SLIDE = (DISK_FULL, DISK_ERROR, WORKER_FAILED)
READY = b"ready\n"
"""The first line of a process that has started."""


class RenderRequest(WireModel):
    """A request to draw a slide for a size of zone."""

    slide: Slide
    settings: ScreenSettings
    size: Size
    assets: str
    """The folder of assets."""
    frames: str
    """The folder of frames."""


class RenderResult(WireModel):
    """The answer: the frames of a slide, or the reason why there are none."""

    frames: tuple[str, ...] = ()
    """File names of the pages."""
    strips: tuple[str, ...] = ()
    """File names of its messages, where they scroll as a marquee."""
    code: str = ""
    """A code for the reason why there are none."""
    detail: str = ""


class RenderProcess:
    """The agent's end of the process, which is started when it is first needed and again after it died."""

    def __init__(self, assets: Path, frames: Path) -> None:
        self._assets = assets
        self._frames = frames
        self._process: subprocess.Popen[bytes] | None = None

    def draw_slide(self, slide: Slide, settings: ScreenSettings, size: Size) -> RenderResult:
        """Draw a slide into the folder of frames. Whatever happens to the process is a result, never an error.

        A process that dies gets a second chance: the kernel may have ended it for the memory of another program.
        """
        order = RenderRequest(
            slide=slide, settings=settings, size=size, assets=str(self._assets), frames=str(self._frames)
        )
        outcome = self._request_once(order)
        return (
            outcome
            if outcome is not None
            else self._request_once(order) or RenderResult(code="undrawable", detail=_DIED)
        )

    def _request_once(self, order: RenderRequest) -> RenderResult | None:
        """Return the result of a request; None where the process died of it."""
        try:
            process = self._running_process()
        except OSError as error:
            self.close()
            detail = f"the render process does not start: {type(error).__name__} {error}"
            return RenderResult(code=WORKER_FAILED, detail=detail[:400])
        try:
            assert process.stdin is not None
            process.stdin.write(order.to_json() + b"\n")
            process.stdin.flush()
            return RenderResult.model_validate_json(_read_line(process, SLIDE_SECONDS))
        except BrokenPipeError:
            self.close()
            return None
        except (OSError, ValidationError) as error:
            self.close()
            detail = f"the render process did not answer: {type(error).__name__} {error}"
            return RenderResult(code="undrawable", detail=detail[:400])

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()

    def _running_process(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            command = [sys.executable, "-m", "beffroi_player.agent.prepare.render_process"]
            self._process = subprocess.Popen(  # noqa: S603 -- our own module
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            if (said := _read_line(self._process, START_SECONDS)) != READY:
                raise OSError(f"it says {said[:80]!r}")
        return self._process


_DIED = "the render process died of it, twice"


def _read_line(process: subprocess.Popen[bytes], seconds: float) -> bytes:
    assert process.stdout is not None
    end = time.monotonic() + seconds
    answer = b""
    while not answer.endswith(b"\n"):
        if not select.select([process.stdout], [], [], max(0.0, end - time.monotonic()))[0]:
            raise TimeoutError(f"not within {seconds:.0f} s")
        chunk = os.read(process.stdout.fileno(), 65_536)
        if not chunk:
            raise BrokenPipeError("it died")
        answer += chunk
    return answer


def main() -> None:
    """Serve requests until standard input ends."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a library that prints must not answer
    # Before anything of the library is loaded: its memory counts, too.
    _limit_resources()
    answers.write(READY)
    for line in sys.stdin.buffer:
        answers.write(_answer_request(line).to_json() + b"\n")


def _limit_resources() -> None:
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _answer_request(line: bytes) -> RenderResult:
    from beffroi_content.rendering import RasterError  # noqa: PLC0415 -- within the limits

    try:
        order = RenderRequest.model_validate_json(line)
        return render_slide(order.slide, order.settings, order.size, Path(order.assets), Path(order.frames))
    except RasterError as error:
        return RenderResult(code=error.code, detail=str(error)[:400])
    except OSError as error:
        code = DISK_FULL if error.errno == errno.ENOSPC else DISK_ERROR
        return RenderResult(code=code, detail=f"{type(error).__name__}: {error}"[:400])
    except MemoryError:
        return RenderResult(code="too-large", detail=f"it needs more than {MEMORY_BYTES >> 20} MiB of memory")
    except Exception as error:  # noqa: BLE001 -- one slide must not end the others
        return RenderResult(code="undrawable", detail=f"{type(error).__name__}: {error}"[:400])


def render_slide(slide: Slide, settings: ScreenSettings, size: Size, assets: Path, frames: Path) -> RenderResult:
    """Draw a slide into the folder of frames.

    Raises:
        RasterError: it cannot be drawn.
        OSError: the disk is full or broken.
    """
    from beffroi_content import rendering  # noqa: PLC0415 -- within the limits
    from beffroi_player.agent.prepare.png_encoder import save_png  # noqa: PLC0415

    canvas = rendering.Canvas.for_screen(settings, size)
    key = rendering.slide_key(slide, canvas)
    strips = rendering.draw_marquee_strips(slide, canvas)
    pages = rendering.draw_slide(slide, canvas, lambda asset: (assets / asset.sha256).read_bytes())
    outcome = RenderResult(
        frames=tuple(page_file_names(key, len(pages))), strips=tuple(strip_file_names(key, len(strips)))
    )
    # The first page is written last: where it is, all of them are.
    for name, image in reversed(list(zip((*outcome.frames, *outcome.strips), (*pages, *strips), strict=True))):
        save_png(image, frames / name)
    return outcome


def page_file_names(key: str, pages: int) -> list[str]:
    """Return the file names of the pages of a slide."""
    return [f"{key}-{page}.png" for page in range(pages)]


def strip_file_names(key: str, count: int) -> list[str]:
    """Return the file names of the messages of a marquee."""
    return [f"{key}-strip-{number}.png" for number in range(count)]


def rendered_before(frames: Path, slide: Slide, canvas: rendering.Canvas) -> RenderResult:
    """Return the frames of a slide that are on the disk already; none where one of them is missing or damaged."""
    from beffroi_content import rendering  # noqa: PLC0415 -- the worker loads it within its limits

    key = rendering.slide_key(slide, canvas)
    strips = strip_file_names(key, rendering.marquee_strip_count(slide, canvas))
    pages: list[str] = []
    while is_whole_png(frames / f"{key}-{len(pages)}.png"):
        pages.append(f"{key}-{len(pages)}.png")
    broken = (frames / f"{key}-{len(pages)}.png").exists() or not all(is_whole_png(frames / name) for name in strips)
    return RenderResult() if broken else RenderResult(frames=tuple(pages), strips=tuple(strips))


def is_whole_png(path: Path) -> bool:
    """Tell whether a file begins and ends as a PNG does: a write that was cut off does not."""
    with contextlib.suppress(OSError), open(path, "rb") as file:
        start = file.read(8)
        file.seek(-12, os.SEEK_END)
        return start == b"\x89PNG\r\n\x1a\n" and file.read(12)[4:8] == b"IEND"
    return False


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt, json.JSONDecodeError):
        main()
