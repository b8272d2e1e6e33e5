"""What the glass side costs: a still slide, and a film of 1920 x 1080 pixels at 30 frames a second.

A stage runs in a process of its own, as on a player, with a window of SDL's dummy display: every frame is decoded,
made RGB, composed and copied into the window; what a real display adds to that is not in the figure. The processor
time is that of the whole process with all its threads, beyond that of the still slide. Late is a frame that is
presented more than half a frame after it is due.

The limit is decoding alone: the same film, by the same library with as many threads, into nothing. The goal is 8 ms of
processor time a frame, and no frame left out.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import av
from PIL import Image, ImageChops

from beffroi_content import model
from benchmarks.form import Options, Result, number, percentile

SIZE = (1920, 1080)
RATE = 30
BIT_RATE = 8_000_000
WARM_S = 2.0


def measure(options: Options) -> Result:
    """Measure a still slide and a film."""
    seconds = options.repetitions(60, 5)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        film = folder / "film.mp4"
        length = make_film(film)
        bare = _decoded_alone(film)
        still = _run(folder / "still", None, length, seconds)
        moving = _run(folder / "moving", film, length, seconds)
    intervals = [1000 * (after - before) for before, after in itertools.pairwise(moving["presented"])]
    frames = max(1, len(intervals))
    cost = 1000 * (moving["processor_s"] - still["processor_s"]) / frames
    late = sum(interval > 1.5 * 1000 / RATE for interval in intervals)
    return Result(
        value=cost,
        unit="ms",
        goal=8.0,
        limit=bare,
        value_is="processor time of a frame of the film",
        limit_is="processor time of decoding it alone",
        heading=("", "value"),
        rows=[
            ("still slide, % of a core", number(100 * still["processor_s"] / seconds)),
            ("film, % of a core", number(100 * moving["processor_s"] / seconds)),
            ("frames presented, % of those due", number(100 * frames / (seconds * RATE))),
            ("frames left out", str(moving["dropped"])),
            ("frames late", str(late)),
            ("interval p50, ms", number(percentile(intervals, 0.5))),
            ("interval p99, ms", number(percentile(intervals, 0.99))),
            ("longest interval, ms", number(max(intervals))),
            ("memory with the film, MB", number(moving["memory_kb"] / 1024)),
            ("memory with the still slide, MB", number(still["memory_kb"] / 1024)),
        ],
    )


def make_film(path: Path) -> float:
    """Make a film that is not easy to encode; return its seconds."""
    random.seed(1)
    ground = Image.merge("RGB", [Image.effect_noise(SIZE, 60) for _ in range(3)])
    options = {"preset": "veryfast", "profile": "high", "level": "4.1", "x264-params": "keyint=60:open-gop=0"}
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream("libx264", rate=RATE, options=options)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = *SIZE, "yuv420p", BIT_RATE
        for number in range(6 * RATE):
            picture = ImageChops.offset(ground, 4 * number, 2 * number)
            out.mux(stream.encode(av.VideoFrame.from_image(picture)))
        out.mux(stream.encode(None))
    return 6.0


def _decoded_alone(film: Path) -> float:
    before = time.process_time()
    with av.open(str(film)) as container:
        container.streams.video[0].thread_type = "AUTO"
        container.streams.video[0].codec_context.thread_count = 2
        count = sum(1 for _ in container.decode(video=0))
    return 1000 * (time.process_time() - before) / count


def _run(folder: Path, film: Path | None, length: float, seconds: int) -> dict[str, Any]:
    _prepare(folder, film, length)
    return observed(folder, seconds)


def observed(folder: Path, seconds: int) -> dict[str, Any]:
    """Let a stage show what a prepared player has, for so many seconds; return what was counted."""
    environment = os.environ | {"SDL_VIDEODRIVER": "dummy"}
    command = [sys.executable, "-m", "benchmarks.stage", str(folder), str(seconds)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=seconds + 60)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _prepare(folder: Path, film: Path | None, length: float) -> None:
    """Write the state directory of a player that has one slide."""
    from beffroi_player.state.directories import (  # noqa: PLC0415
        ActiveProgramme,
        FrameSet,
        RuntimeDirectory,
        StateDirectory,
        frame_table,
    )

    state, runtime = StateDirectory(folder / "state"), RuntimeDirectory(folder / "run")
    state.create_folders()
    runtime.create_folder()
    reference = model.AssetReference(sha256="1" * 64, size=1, media_type="video/mp4")
    poster = model.AssetReference(sha256="2" * 64, size=1, media_type="image/jpeg")
    content: Any = model.ImageContent(picture=poster)
    if film is not None:
        os.link(film, state.assets / reference.sha256)
        content = model.VideoContent(video=reference, poster=poster)
    Image.effect_mandelbrot(SIZE, (-2, -1.5, 1, 1.5), 60).convert("RGB").save(state.frames / "still-0.png")
    slide = model.Slide(id="slide", name="slide", content=content, duration_ms=int(1000 * length))
    screen = model.ScreenClass(name="1080p", width=1920, height=1080, physical_height_mm=600, viewing_distance_mm=5_000)
    manifest = model.Manifest(
        screen="hall",
        settings=model.ScreenSettings(screen_class=screen, town=model.Town(name="Saint-Martin")),
        layout=model.Layout.full_screen(SIZE),
        slides=(slide,),
        playlists=(model.Playlist(id="all", name="all", slides=("slide",)),),
        rules=(model.ScheduleRule(id="always", name="always", playlist="all"),),
        idle=slide.replace(id="idle"),
    )
    frames = frame_table(FrameSet(slide=name, size=SIZE, pages=("still-0.png",)) for name in ("slide", "idle"))
    state.programme.write(ActiveProgramme(sequence=1, manifest=manifest, frames=frames))


def _child(folder: Path, seconds: float) -> dict[str, Any]:
    """Be the stage, and count."""
    from beffroi_player.outputs.window import WindowOutput  # noqa: PLC0415
    from beffroi_player.stage.frame_loop import FrameLoop  # noqa: PLC0415
    from beffroi_player.state.directories import RuntimeDirectory, StateDirectory  # noqa: PLC0415
    from beffroi_player.wakeup import WakeupSocket, send_wakeup  # noqa: PLC0415

    presented: list[float] = []

    class Counted(WindowOutput):
        event_interval_s = None

        def present_image(self, image: Any) -> None:
            super().present_image(image)
            presented.append(time.perf_counter())

        def desktop_size(self) -> tuple[int, int]:
            return SIZE

    output = Counted()
    output.start()
    output.open(SIZE)
    stage = FrameLoop(StateDirectory(folder / "state"), RuntimeDirectory(folder / "run"), output)
    marks: dict[str, float] = {}
    over = threading.Event()
    bell_path = folder / "run" / "bell"

    def watch() -> None:
        time.sleep(WARM_S)
        presented.clear()
        marks["before"] = time.process_time()
        marks["dropped"], marks["late"] = stage.counts.dropped_frames, stage.counts.late_frames
        time.sleep(seconds)
        marks["after"] = time.process_time()
        over.set()
        send_wakeup(bell_path)

    threading.Thread(target=watch, daemon=True).start()
    with WakeupSocket(bell_path) as bell:
        stage.run(bell, over.is_set)
    return {
        "processor_s": marks["after"] - marks["before"],
        "presented": presented,
        "late": stage.counts.late_frames - marks["late"],
        "dropped": stage.counts.dropped_frames - marks["dropped"],
        "memory_kb": _memory_kb(),
    }


def _memory_kb() -> int:
    """Return the highest memory of this process. What getrusage says counts that of its parent, too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


if __name__ == "__main__":
    print(json.dumps(_child(Path(sys.argv[1]), float(sys.argv[2]))))
