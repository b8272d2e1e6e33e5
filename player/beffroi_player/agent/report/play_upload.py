"""The upload of the play log: in order, in batches, one batch at a time.

That the broker has a batch does not mean that the server has: it may die with it. So the server says, whenever the
player fetches documents, how far it has the log, and what it misses is sent again. It also misses what came after the
backup that it was restored from. What the player has not itself it names as lost, so that nobody asks twice. A server
that says nonsense, or a broker that keeps batches to itself, costs some batches an hour.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from beffroi_content.model.base_models import MAX_WHOLE_NUMBER
from beffroi_content.wire.messages import PLAYS, WireMessage
from beffroi_content.wire.plays import FIRST_CHAIN, MOST_RANGES, HeldPlays, NumberRange, Play, PlayLogBatch
from beffroi_player import system_clock
from beffroi_player.state.atomic_files import sync_file, sync_folder
from beffroi_player.state.directories import ForwardedPlays, StateDirectory
from beffroi_player.state.play_files import DamagedPlayFile, PlayFile, play_files, read_plays

log = logging.getLogger(__name__)

MAX_BATCH_PLAYS = 200
ENVELOPE_BYTES = 1_024
"""The bytes of a batch that are not plays."""
FILES_PER_BATCH = 3
"""The number of files that are read for a batch: the same thread sends the report."""
PAUSE_MS, BEHIND_MS = 60_000, 20_000
"""The pause between two batches, and the one while more is to be sent than fits in one."""
SETTLE_MS = 30_000
"""How long the server may take to store what the broker has: what it says before that is too early to count."""
MAX_RESENT_PLAYS = 10_000
"""The number of plays that are sent again before the server is asked what it has now."""
RESEND_PAUSE_MS = 60_000
LONGEST_RESEND_PAUSE_MS = 3_600_000
"""For how long nothing is sent again after it did not help: twice as long each time."""
ACKNOWLEDGED_MS = 60_000
"""How long a broker may take to acknowledge a batch; then it is sent again."""
SAVED_MS = 600_000
"""How often it is written down how far the log was sent: the server knows, too, and what is sent twice counts once."""
HIGHEST_NUMBER = MAX_WHOLE_NUMBER

Publish = Callable[[WireMessage, bytes, Callable[[], None] | None], bool]


@dataclass
class PlayBatch:
    """A batch of plays that is being filled."""

    new: list[Play] = field(default_factory=list)
    resent: list[Play] = field(default_factory=list)
    lost: list[NumberRange] = field(default_factory=list)
    resent_through: int = 0
    """Of the plays that the server misses, the number up to which the batch holds all."""
    size: int = ENVELOPE_BYTES
    is_full: bool = False

    def add_play(self, play: Play, to: list[Play]) -> bool:
        """Add a play if it fits. Return whether it did."""
        self.size += len(play.to_json()) + 1
        self.is_full = len(self.new) + len(self.resent) >= MAX_BATCH_PLAYS or self.size > PLAYS.size_limit
        if not self.is_full:
            to.append(play)
        return not self.is_full

    def to_json(self, box: str = "") -> bytes:
        """Return the message, in the order of numbers: plays that are sent again are older."""
        return PlayLogBatch(plays=(*self.resent, *self.new), lost=tuple(self.lost), box=box).to_json()


class PlayUploader:
    """Sends the plays that the stage has logged, and again those that the server misses.

    It belongs to the reporting thread; only acknowledgements and ``note_held`` come from other threads. Three numbers
    say how far it is: all plays up to ``_sent`` were acknowledged by the broker; those up to ``_settled`` so long ago
    that the server should have them; ``_to_resend`` holds the ranges that the server has named as missing.
    """

    def __init__(
        self, state: StateDirectory, publish: Publish, uptime: Callable[[], float] = system_clock.uptime_ms,
        box: str = "",
    ) -> None:  # fmt: skip
        self._state, self._box = state, box
        self._publish = publish
        self._uptime = uptime
        stored = state.forwarded.read()
        self._sent = self._settled = min(stored.number if stored else 0, self._last_logged())
        self._has_forgotten = stored is None
        self._acknowledged: deque[tuple[float, int]] = deque()
        """The latest acknowledgements: uptime, and the number up to which plays were acknowledged."""
        self._held: tuple[HeldPlays, float] | None = None
        """The last statement of the server, and the uptime at which it came."""
        self._to_resend: list[NumberRange] = []
        self._last_misses: list[NumberRange] = []
        """The ranges that were to be sent again when the last statement was read."""
        self._fruitless = 0
        """How many times in a row the server missed the same plays after they were sent again."""
        self._patient_until_ms = 0.0
        self._waiting_until_ms = 0.0
        self._is_behind = False
        self._last = stored or ForwardedPlays()
        """The newest play that was acknowledged."""
        self._saved, self._saved_ms = self._last, uptime()

    @property
    def pause_ms(self) -> int:
        """Milliseconds until the next batch is due."""
        return BEHIND_MS if self._is_behind else PAUSE_MS

    def on_connected(self) -> None:
        """Send again what was not acknowledged on the connection before: there is a new one."""
        self._waiting_until_ms = 0.0

    def note_held(self, held: HeldPlays) -> None:
        """Note which plays the server has. From any thread."""
        self._held = held, self._uptime()

    def send_batch(self) -> None:
        """Send the next batch, unless one is under way."""
        now = self._uptime()
        if now - self._saved_ms >= SAVED_MS:
            self.save_progress()
        if now < self._waiting_until_ms:
            return
        self._apply_held()
        batch = self._make_batch()
        self._is_behind = batch.is_full or bool(numbers_after(self._to_resend, batch.resent_through))
        if batch.new or batch.resent or batch.lost:
            if not self._is_on_the_disk(batch):
                return
            # Set before the batch goes: the acknowledgement may be faster than this thread.
            self._waiting_until_ms = now + ACKNOWLEDGED_MS
            if not self._publish(PLAYS, batch.to_json(self._box), lambda: self._on_acknowledged(batch)):
                self._waiting_until_ms = 0.0
        else:
            self._to_resend = numbers_after(self._to_resend, batch.resent_through)

    def save_progress(self) -> None:
        """Write to the disk how far the log was sent."""
        last, self._saved_ms = self._last, self._uptime()
        if last == self._saved:
            return
        try:
            self._state.forwarded.write(last)
            self._saved = last
        except OSError as error:
            log.warning("the plays up to %d may be sent twice: %s", last.number, error)

    # --- what the server has

    def _apply_held(self) -> None:
        """Read the last statement of the server, and decide what is to be sent again."""
        said, self._held = self._held, None
        if said is None:
            return
        held, at_ms = said
        # Only what the broker has had for long enough counts: the server may still be writing the rest.
        while self._acknowledged and self._acknowledged[0][0] <= at_ms - SETTLE_MS:
            self._settled = self._acknowledged.popleft()[1]
        if self._has_forgotten:
            # The file that says how far the log was sent is lost: the server knows.
            self._sent = self._settled = max(self._sent, min(held.newest, self._last_logged()))
            self._has_forgotten = False
        misses = [(first, last) for first, last in held.missing if first <= last]
        # A server that was restored from a backup names no gap: it does not know that there was more.
        if self._settled > held.newest:
            misses.append((held.newest + 1, self._settled))
        # A round that is under way is brought to its end before another is begun.
        if self._to_resend:
            self._to_resend = still_missing(self._to_resend, held, misses)
        elif at_ms >= self._patient_until_ms:
            self._schedule_resend(misses, at_ms)

    def _schedule_resend(self, misses: list[NumberRange], at_ms: float) -> None:
        # Missed again after they were sent: something on the way swallows them, so the pause grows.
        self._fruitless = self._fruitless + 1 if common_numbers(misses, self._last_misses) else 0
        self._to_resend = self._last_misses = first_numbers(misses, MAX_RESENT_PLAYS)
        if self._fruitless:
            patience_ms = min(LONGEST_RESEND_PAUSE_MS, RESEND_PAUSE_MS * 2 ** min(self._fruitless, 10))
            self._patient_until_ms = at_ms + patience_ms
        if misses:
            log.info("the server misses the plays %s", ", ".join(f"{first} to {last}" for first, last in misses))

    def _last_logged(self) -> int:
        """Return the highest number in the log, or the one before its newest file where that cannot be read."""
        for file in play_files(self._state.plays)[-1:]:
            try:
                return max((play.number for play in read_plays(file)), default=file.first - 1)
            except (OSError, DamagedPlayFile):
                return file.first - 1
        return 0

    # --- batches

    def _make_batch(self) -> PlayBatch:
        batch = PlayBatch()
        files = play_files(self._state.plays)
        budget = iter(range(FILES_PER_BATCH))
        # New plays first: an operator looks at today, and old gaps may be many.
        for found in _find_plays(files, (self._sent + 1, HIGHEST_NUMBER), budget):
            if isinstance(found, Play) and not batch.add_play(found, batch.new):
                return batch
        self._add_resent(batch, files, budget)
        return batch

    def _add_resent(self, batch: PlayBatch, files: Sequence[PlayFile], budget: Iterator[int]) -> None:
        for each in self._to_resend:
            for found in _find_plays(files, each, budget):
                if isinstance(found, Play):
                    if not batch.add_play(found, batch.resent):
                        return
                    batch.resent_through = found.number
                    continue
                # What is lost is named, or the server would ask for it for ever.
                if found.is_lost:
                    if len(batch.lost) == MOST_RANGES:
                        return
                    batch.lost.append((found.first, found.last))
                batch.resent_through = found.last

    def _is_on_the_disk(self, batch: PlayBatch) -> bool:
        """Make sure that the plays of a batch are on the disk: a number that the server has must not be given again."""
        # The two newest: the stage may have begun a file since the batch was made. Packed files were synced as such.
        files = [file for file in play_files(self._state.plays)[-2:] if not file.is_packed]
        try:
            for file in files if batch.new else ():
                sync_file(file.path)
                sync_folder(file.folder)
        except OSError as error:
            log.warning("plays are not sent before they are on the disk: %s", error)
            return False
        return True

    def _on_acknowledged(self, batch: PlayBatch) -> None:
        """Note that the broker has a batch. In the MQTT thread: to write to the disk here would delay an alert."""
        now = self._uptime()
        if batch.resent or batch.lost:
            self._to_resend = numbers_after(self._to_resend, batch.resent_through)
            self._patient_until_ms = max(self._patient_until_ms, now + SETTLE_MS)
        if batch.new:
            last = batch.new[-1]
            self._acknowledged.append((now, last.number))
            # A broker may acknowledge late, and out of order.
            if last.number > self._sent:
                self._sent, self._last = (
                    last.number,
                    ForwardedPlays(number=last.number, chain=last.chain or FIRST_CHAIN),
                )
        self._waiting_until_ms = 0.0


@dataclass(frozen=True, slots=True)
class MissingPlays:
    """A range of numbers for which the log has no plays."""

    first: int
    last: int
    is_lost: bool = True
    """Whether they are gone; otherwise the disk did not give them this time."""


def _find_plays(files: Sequence[PlayFile], wanted: NumberRange, budget: Iterator[int]) -> Iterator[Play | MissingPlays]:
    """Yield the plays of a range in order, and in their place the gaps where the log has none.

    Args:
        files: The files of the log, oldest first.
        wanted: The first and the last number; the last may be ``HIGHEST_NUMBER``.
        budget: Gives a value for each file that may still be read; where it ends, so does the search.
    """
    number, end = wanted
    for place, file in enumerate(files):
        # A file holds the numbers from its name up to the name of the next; the newest has no end yet.
        is_newest = place + 1 == len(files)
        beyond = HIGHEST_NUMBER if is_newest else files[place + 1].first - 1
        if beyond < number or file.first > end:
            continue
        if next(budget, None) is None:
            return
        if number < file.first:
            yield MissingPlays(number, file.first - 1)
            number = file.first
        try:
            plays = [play for play in read_plays(file) if number <= play.number <= end]
        except DamagedPlayFile as error:
            log.warning("plays are lost: %s", error)
            plays = []
        except OSError as error:
            # The disk may give them the next time: they are not named as lost.
            log.warning("plays cannot be read: %s", error)
            yield MissingPlays(number, min(beyond, end), is_lost=False)
            number = beyond + 1
            continue
        for play in plays:
            if play.number > number:
                yield MissingPlays(number, play.number - 1)
            if play.number >= number:
                yield play
                number = play.number + 1
        # At the end of the log the rest of an open range is not a gap: those plays have not been shown yet.
        if number <= min(beyond, end) and not (is_newest and end == HIGHEST_NUMBER):
            yield MissingPlays(number, min(beyond, end))
            number = beyond + 1
    if number <= end < HIGHEST_NUMBER:
        yield MissingPlays(number, end)


def numbers_after(ranges: Sequence[NumberRange], number: int) -> list[NumberRange]:
    """Return the parts of ranges that lie after a number."""
    return [(max(first, number + 1), last) for first, last in ranges if last > number]


def first_numbers(ranges: Sequence[NumberRange], count: int) -> list[NumberRange]:
    """Return the first so many numbers of ranges, lowest first."""
    found: list[NumberRange] = []
    for first, last in sorted(ranges):
        taken = min(count, last - first + 1)
        if taken > 0:
            found.append((first, first + taken - 1))
        count -= taken
    return found


def still_missing(ranges: Sequence[NumberRange], held: HeldPlays, misses: Sequence[NumberRange]) -> list[NumberRange]:
    """Return what the server still misses of ranges.

    Its statement names ``MOST_RANGES`` ranges at most: where it is full, all that lies after the last may be missing.
    """
    named = [*misses]
    if len(held.missing) == MOST_RANGES and held.newest > held.missing[-1][1]:
        named.append((held.missing[-1][1] + 1, held.newest))
    return common_numbers(ranges, named)


def common_numbers(ranges: Sequence[NumberRange], others: Sequence[NumberRange]) -> list[NumberRange]:
    """Return the numbers that are in both lists of ranges, lowest first."""
    both = [(max(one[0], other[0]), min(one[1], other[1])) for one in ranges for other in others]
    return sorted((first, last) for first, last in both if first <= last)
