"""Three days of a screen within minutes: a clock that runs ahead, and nothing that grows.

    python tests/player/soak.py --hours 72

Slides follow each other, a clock ticks, every hour an alert comes and goes, every six hours another programme, every
night the display rests. After a first day for warming up, memory, files and open handles must not grow any more.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
os.environ.setdefault("SDL_VIDEODRIVER", "dummy")

import datetime as dt

from tests.support.player_harness import PlayerHarness
from tests.support.signing_town import SigningTown, alert, jpeg, picture_slide, slide

from beffroi_content.model import AlertLevel, PowerState, ScreenHours, SlideTransition, TimeWindow

MEMORY = "/dev/shm"
"""Where the player keeps its files: a real disk does not run as fast as the clock does here."""
HOUR_MS = 3_600_000
STEP_MS = 10_000
GROWTH_KB = 8 * 1024
"""What the memory may differ by between two days."""
HANDLES, FILES = 4, 12
"""How many more there may be at the end than at the middle: the play log, and what is being written."""


class Grown(Exception):
    """Something grows."""


@dataclass(frozen=True)
class Size:
    """How much a player takes."""

    memory_kb: int
    handles: int
    files: int


def run(hours: int, say: Callable[[str], None] = print) -> tuple[Size, Size]:
    """Let so many hours pass; return the sizes after a third of them, and at the end.

    Raises:
        Grown: the second is larger than the first.
    """
    with tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as name:
        hall = SigningTown()
        with hall.serve() as server:
            player = PlayerHarness(hall, Path(name), server)
            player.display.images = _Last()
            try:
                return _days(player, hall, hours, say)
            finally:
                player.stage.shut_down()
                player.close()


class _Last(list):  # type: ignore[type-arg]
    """Keeps the last picture: a display keeps no more."""

    def append(self, picture: object) -> None:
        self[:] = [picture]


def _days(player: PlayerHarness, hall: SigningTown, hours: int, say: Callable[[str], None]) -> tuple[Size, Size]:
    player.receive(hall.publish_keys())
    before = None
    for hour in range(hours):
        _change(player, hall, hour)
        for _ in range(HOUR_MS // STEP_MS):
            player.wait(STEP_MS)
            # A transition, if one has begun.
            player.time.pass_by(700)
            player.stage.refresh_screen()
        player.published.clear()
        if (hour + 1) % max(1, hours // 12) == 0:
            say(f"hour {hour + 1}: {_size(player)}")
        if hour + 1 == max(1, hours // 3):
            before = _size(player)
    assert before is not None
    after = _size(player)
    if after.memory_kb - before.memory_kb > GROWTH_KB:
        raise Grown(f"the memory: {before} and then {after}")
    if after.handles > before.handles + HANDLES or after.files > before.files + FILES:
        raise Grown(f"handles or files: {before} and then {after}")
    return before, after


def _change(player: PlayerHarness, hall: SigningTown, hour: int) -> None:
    hall.now_ms = player.time.system_ms
    player.receive(hall.publish_beat())
    if hour % 6 == 0:
        photo = hall.add_file(jpeg(("red", "navy", "green")[hour // 6 % 3], (640 + hour, 360)))
        rest = ScreenHours(state=PowerState.OFF, window=TimeWindow(start=dt.time(23), end=dt.time(5)))
        slides = [slide(f"text-{hour}"), picture_slide(f"photo-{hour}", photo)]
        manifest = hall.manifest(*slides, hours=(rest,), transition=SlideTransition.CROSSFADE)
        player.receive(hall.publish_programme(manifest))
        kept = {asset.sha256 for asset in manifest.assets}
        hall.files = {name: content for name, content in hall.files.items() if name in kept}
        hall.requests.clear()
        player.tidy()
    else:
        player.receive(hall.publish_alerts(*([alert(f"a-{hour}", AlertLevel.ALERT, hall.now_ms)] if hour % 2 else [])))


def _size(player: PlayerHarness) -> Size:
    gc.collect()
    status = Path("/proc/self/status").read_text(encoding="ascii")
    memory = int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
    # The play log grows until the server has it: nobody fetches it here, and it is bounded by itself.
    files = [path for path in player.folder.rglob("*") if path.is_file() and path.parent.name != "plays"]
    return Size(memory, len(os.listdir("/proc/self/fd")), len(files))


def main() -> int:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--hours", type=int, default=72, help="how many hours (72)")
    options = parser.parse_args()
    began = time.monotonic()
    try:
        before, after = run(options.hours, lambda text: print(text, flush=True))
    except Grown as error:
        print(f"GROWN: {error}", file=sys.stderr)
        return 1
    print(f"{options.hours} hours in {time.monotonic() - began:.0f} s. After a third: {before}. At the end: {after}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
