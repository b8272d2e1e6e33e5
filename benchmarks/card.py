"""How much a memory card is written to in a minute of slides of ten seconds: the play log, and what the agent keeps.

An ext4 file system with blocks of 4 KB and its usual journal, in a file behind a loop device, without times of access.
What a player writes is written there by its own code many times over, and waited for; the counters of the device say
what came of it (/sys/block/<device>/stat). It needs root, mkfs.ext4 and a loop device, and no other access to it.

The goal is what it was with one wait a minute and both files written each minute (docs/decisions/0022). The limit is
the same plays in one piece, waited for once: the blocks that they fill, and one entry of the journal.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from beffroi_content.timeline import ClockState
from beffroi_content.trust import SequenceFloor, TrustAnchor, TrustState
from beffroi_content.wire.envelope import key_identifier
from beffroi_content.wire.plays import EndReason, Play
from beffroi_player.agent.storage import AgentStorage
from beffroi_player.stage.play_log.log_file import PlayLog
from beffroi_player.state.directories import ForwardedPlays, StateDirectory, UnwrittenPlays
from benchmarks.form import Options, Result, number

SECTOR = 512
PLAY = Play(
    number=1, slide="announcement-1234", zone="main", started_at_ms=1_780_000_000_000, lasted_ms=10_001,
    frame="5" * 64, clock=ClockState.TRUSTED, ended=EndReason.TIME,
)  # fmt: skip


def measure(options: Options) -> Result:
    """Write each kind of thing often.

    Raises:
        OSError: there is no loop device, no ext4, or no right to use them.
    """
    repetitions = options.repetitions(300, 5)
    with _card() as (folder, written):
        state = StateDirectory(folder / "state")
        state.create_folders()
        log, vault, numbers = PlayLog(state), AgentStorage(state.folder), iter(range(1, 10**6))

        def play() -> None:
            log.append_play(PLAY)
            log.append_note(UnwrittenPlays(next=log.next_number, plays=(PLAY,)))
            log.sync()

        def six() -> None:
            for _ in range(6):
                log.append_play(PLAY)
            log.sync()

        each = {
            "a play and what has begun": _kilobytes(play, repetitions, written),
            "forwarded.json": _kilobytes(
                lambda: state.forwarded.write(ForwardedPlays(number=next(numbers), chain="7" * 64)),
                repetitions,
                written,
            ),
            "trust.json": _kilobytes(lambda: vault.trust.write(_trust(next(numbers))), repetitions, written),
            "six plays at once": _kilobytes(six, repetitions, written),
        }
    a_minute = {"a play and what has begun": 6.0, "forwarded.json": 0.1, "trust.json": 0.5, "six plays at once": 0.0}
    rows = [(name, number(size), number(a_minute[name]), number(size * a_minute[name])) for name, size in each.items()]
    return Result(
        value=sum(size * a_minute[name] for name, size in each.items()),
        unit="KB",
        goal=167.0,
        limit=each["six plays at once"],
        value_is="written in a minute of slides of ten seconds",
        limit_is="the plays of that minute in one piece",
        heading=("what is written and waited for", "KB each", "in a minute", "KB in a minute"),
        rows=rows,
    )


def _kilobytes(write: Callable[[], object], repetitions: int, written: Callable[[], int]) -> float:
    write()
    before = written()
    for _ in range(repetitions):
        write()
    return (written() - before) / repetitions / 1024


def _trust(sequence: int) -> TrustState:
    """Return what the agent keeps of five streams."""
    keys = {key_identifier(key): key for key in (f"{number:064x}" for number in range(3))}
    anchor = TrustAnchor(site="town", screen="hall", root_keys=keys, threshold=2)
    floors = {f"all/stream-{stream}": SequenceFloor(sequence=sequence, digest="3" * 64) for stream in range(5)}
    return TrustState(anchor=anchor, floors=floors)


@contextmanager
def _card() -> Iterator[tuple[Path, Callable[[], int]]]:
    """Give a folder on a card, and how many bytes were written to it."""
    if os.geteuid() != 0 or shutil.which("mkfs.ext4", path="/usr/sbin:/sbin:/usr/bin") is None:
        raise OSError("it needs root and mkfs.ext4")
    with TemporaryDirectory(prefix="beffroi-card-") as name:
        image, folder = Path(name) / "image", Path(name) / "card"
        folder.mkdir()
        image.touch()
        os.truncate(image, 256 * 1024 * 1024)
        _run("mkfs.ext4", "-q", "-F", "-b", "4096", "-E", "lazy_itable_init=0,lazy_journal_init=0", str(image))
        _run("mount", "-o", "loop,noatime", str(image), str(folder))
        try:
            device = Path(_run("findmnt", "-no", "SOURCE", str(folder))).name

            def written() -> int:
                os.sync()
                return int(Path(f"/sys/block/{device}/stat").read_text(encoding="ascii").split()[6]) * SECTOR

            yield folder, written
        finally:
            _run("umount", str(folder))


def _run(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except subprocess.CalledProcessError as error:
        raise OSError(f"{command[0]}: {error.stderr.strip()}") from error
    return done.stdout.strip()
