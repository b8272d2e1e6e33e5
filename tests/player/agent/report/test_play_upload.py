"""The upload of plays, and their archive: each play reaches the server once, and a year of them stays on the disk."""

from __future__ import annotations

import errno
import gzip
import hashlib
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from tests.support.signing_town import TOKEN, SigningTown

from beffroi_content.timeline import ClockState, Moment
from beffroi_content.trust import root_fingerprint
from beffroi_content.wire.messages import PLAYS, WireMessage
from beffroi_content.wire.plays import FIRST_CHAIN, HeldPlays, Play, PlayLogBatch, chain_digest
from beffroi_player.__main__ import main
from beffroi_player.agent.report import play_archive as agent_archive
from beffroi_player.agent.report import play_upload as agent_plays
from beffroi_player.agent.report.play_archive import RETENTION_MS, PlayArchive
from beffroi_player.agent.report.play_upload import MAX_BATCH_PLAYS, PlayUploader
from beffroi_player.agent.transport.http_client import ServerClient
from beffroi_player.agent.transport.polling import DocumentPoller
from beffroi_player.stage.play_log.log_file import LINES_PER_FILE, PlayLog
from beffroi_player.state.directories import StateDirectory
from beffroi_player.state.play_files import PlayFile, pack_file, play_files, read_plays
from beffroi_server.fleet.plays.play_gaps import PlayGaps, to_ranges

NOON = 1_780_000_000_000
DAY = 86_400_000
MINUTE = 60_000
FRAMES = [hashlib.sha256(bytes([number])).hexdigest() for number in range(20)]


class Street:
    """A player's log, the broker, and the server behind it."""

    def __init__(self, state: StateDirectory) -> None:
        self.state = state
        self.now_ms = 0.0
        self.server: dict[int, Play] = {}
        self.ledger = PlayGaps()
        self.batches: list[PlayLogBatch] = []
        self.lost: list[tuple[int, int]] = []
        self.broker_lives = True
        self.start()

    def start(self) -> None:
        """Start the agent."""
        self.forwarder = PlayUploader(self.state, self.publish, lambda: self.now_ms)

    def publish(self, message: WireMessage, payload: bytes, told: Callable[[], None] | None) -> bool:
        assert message is PLAYS
        assert len(payload) <= PLAYS.size_limit
        batch = PlayLogBatch.model_validate_json(payload)
        self.batches.append(batch)
        if self.broker_lives:
            self.server |= {play.number: play for play in batch.plays if play.number not in self.server}
            self.lost += batch.lost
            self.ledger = self.ledger.with_ranges([*to_ranges(play.number for play in batch.plays), *batch.lost])
        assert told is not None
        told()
        return True

    def minutes(self, count: int) -> None:
        """Let the player poll and send, minute by minute."""
        for _ in range(count):
            self.forwarder.note_held(self.ledger.to_wire())
            end = self.now_ms + MINUTE
            while self.now_ms < end:
                self.forwarder.send_batch()
                self.now_ms += self.forwarder.pause_ms

    @property
    def sent(self) -> list[int]:
        return [play.number for batch in self.batches for play in batch.plays]


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    state = StateDirectory(tmp_path)
    state.create_folders()
    return state


@pytest.fixture
def street(state: StateDirectory) -> Street:
    write(state, 2_500)
    return Street(state)


def plays(count: int, first: int = 1, began_ms: int = NOON, step_ms: int = 10_000) -> list[Play]:
    """Return what a loop of twenty slides leaves behind: all of it like what a stage writes."""
    chance = random.Random(first)
    found, at = [], began_ms
    for number in range(first, first + count):
        lasted = step_ms + chance.randint(-3, 4)
        values = {"number": number, "slide": f"announcement-{number % 20}", "zone": "main", "started_at_ms": at}
        values |= {"lasted_ms": lasted, "frame": FRAMES[number % 20], "clock": "trusted", "ended": "time"}
        found.append(Play.model_validate(values))
        at += lasted
    return found


def write(state: StateDirectory, count: int, began_ms: int = NOON) -> None:
    log = PlayLog(state)
    for play in plays(count, log.next_number, began_ms):
        assert log.append_play(play)


def logged(state: StateDirectory) -> list[Play]:
    return [play for file in play_files(state.plays) for play in read_plays(file)]


def archive(
    state: StateDirectory, now_ms: int = NOON, clock: ClockState = ClockState.TRUSTED, disk: int = 16 * 10**9
) -> PlayArchive:
    return PlayArchive(state, lambda: Moment(now_ms, 0, clock), lambda _: disk)


def names(state: StateDirectory) -> list[str]:
    return sorted(path.name for path in state.plays.iterdir())


# --- batches


class Broker:
    """Takes what is published; acknowledges when told to."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.waiting: list[Callable[[], None]] = []

    def publish(self, message: WireMessage, payload: bytes, told: Callable[[], None] | None) -> bool:
        self.batches.append([play.number for play in PlayLogBatch.model_validate_json(payload).plays])
        assert told is not None
        self.waiting.append(told)
        return True


def test_one_batch_is_under_way_at_a_time(street: Street) -> None:
    broker = Broker()
    forwarder = PlayUploader(street.state, broker.publish)
    for _ in range(3):
        forwarder.send_batch()
    assert len(broker.batches) == 1
    broker.waiting.pop()()
    forwarder.send_batch()
    assert [batch[0] for batch in broker.batches] == [1, 201]


def test_plays_that_nobody_acknowledged_are_sent_again(street: Street) -> None:
    broker = Broker()
    forwarder = PlayUploader(street.state, broker.publish)
    forwarder.send_batch()
    forwarder.on_connected()
    forwarder.send_batch()
    assert broker.batches[0] == broker.batches[1]
    broker.waiting[0]()
    forwarder.save_progress()
    PlayUploader(street.state, broker.publish).send_batch()
    assert broker.batches[-1][0] == broker.batches[0][-1] + 1


def test_a_broker_that_never_acknowledges_a_batch_gets_it_again_and_holds_nothing_up(street: Street) -> None:
    broker = Broker()
    forwarder = PlayUploader(street.state, broker.publish, lambda: street.now_ms)
    forwarder.send_batch()
    street.now_ms += 61_000
    forwarder.send_batch()
    assert broker.batches[0] == broker.batches[1]
    broker.waiting[1]()
    forwarder.send_batch()
    broker.waiting[0]()  # late, and after the other
    assert [batch[0] for batch in broker.batches] == [1, 1, 201]
    broker.waiting[2]()
    forwarder.send_batch()
    assert broker.batches[3][0] == 401


def test_nothing_is_sent_that_a_power_cut_could_still_take_back(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[Path] = []
    monkeypatch.setattr(agent_plays, "sync_file", kept.append)
    street.minutes(1)
    newest = play_files(street.state.plays)[-1]
    assert newest.path in kept

    def refuses(_path: Path) -> None:
        raise OSError(errno.EIO, "the card gives up")

    monkeypatch.setattr(agent_plays, "sync_file", refuses)
    before = len(street.batches)
    street.minutes(3)
    assert len(street.batches) == before
    monkeypatch.undo()
    street.minutes(12)
    assert street.sent == list(range(1, 2_501))


def test_an_acknowledgement_never_waits_for_the_disk(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    broker = Broker()
    forwarder = PlayUploader(street.state, broker.publish, lambda: street.now_ms)
    forwarder.send_batch()
    before = street.state.forwarded.file_stamp
    broker.waiting[0]()
    assert street.state.forwarded.file_stamp == before
    street.now_ms += 601_000
    forwarder.send_batch()
    known = street.state.forwarded.read()
    assert known is not None
    assert known.number == MAX_BATCH_PLAYS


def test_a_line_that_is_being_written_waits(state: StateDirectory) -> None:
    write(state, 20)
    path = state.plays / "000000000001.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    broker = Broker()
    PlayUploader(state, broker.publish).send_batch()
    assert broker.batches == [list(range(1, 20))]


# --- what the server misses


def test_all_is_sent_in_order_and_once(street: Street) -> None:
    street.minutes(20)
    assert street.sent == list(range(1, 2_501))
    assert all(len(batch.plays) <= MAX_BATCH_PLAYS for batch in street.batches)
    assert street.ledger == PlayGaps(2_500)


def test_nothing_goes_because_it_was_sent(street: Street) -> None:
    street.minutes(20)
    assert len(logged(street.state)) == 2_500


def test_what_a_broker_took_along_when_it_died_is_sent_again(street: Street) -> None:
    street.minutes(1)
    street.broker_lives = False
    street.minutes(1)
    street.broker_lives = True
    street.minutes(20)
    assert sorted(street.server) == list(range(1, 2_501))
    assert street.ledger == PlayGaps(2_500)


def test_what_came_after_the_backup_that_the_server_was_restored_from_is_sent_again(street: Street) -> None:
    street.minutes(20)
    street.server = {number: play for number, play in street.server.items() if number <= 700}
    street.ledger = PlayGaps(700)
    street.minutes(30)
    assert sorted(street.server) == list(range(1, 2_501))
    assert street.ledger == PlayGaps(2_500)


def test_a_server_that_has_nothing_left_gets_all_of_it_from_packed_files_too(street: Street) -> None:
    street.minutes(20)
    for _ in range(3):
        archive(street.state).tidy_files()
    street.server, street.ledger = {}, PlayGaps()
    street.minutes(40)
    assert [street.server[number] for number in range(1, 2_501)] == logged(street.state)
    chain = FIRST_CHAIN
    for number in range(1, 2_501):
        chain = chain_digest(chain, street.server[number])
        assert street.server[number].chain == chain


def test_it_is_not_held_against_a_server_that_it_is_a_moment_behind(street: Street) -> None:
    street.minutes(20)
    behind = PlayGaps(2_400)
    write(street.state, 100)
    street.forwarder.send_batch()
    street.now_ms += 1_000
    street.forwarder.note_held(PlayGaps(2_500).to_wire())
    street.forwarder.send_batch()
    assert len(street.sent) == 2_600
    assert behind.newest < 2_500


def test_what_the_player_has_not_itself_is_said_once_and_asked_for_no_more(street: Street) -> None:
    street.minutes(20)
    (street.state.plays / "000000001001.jsonl").unlink()
    street.server, street.ledger = {}, PlayGaps()
    street.minutes(40)
    assert sorted(street.server) == [*range(1, 1_001), *range(2_001, 2_501)]
    assert street.lost == [(1_001, 2_000)]
    assert street.ledger == PlayGaps(2_500)
    before = len(street.sent)
    street.minutes(100)
    assert len(street.sent) == before


def test_numbers_that_a_power_cut_took_are_a_gap_that_the_player_names(state: StateDirectory) -> None:
    write(state, 50)
    street = Street(state)
    street.minutes(1)
    street.server, street.ledger = {}, PlayGaps()
    street.forwarder.save_progress()
    path = state.plays / "000000000001.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:40]))
    street.start()
    write(state, 10)
    street.minutes(5)
    assert sorted(street.server) == [*range(1, 41), *range(51, 61)]
    assert street.ledger == PlayGaps(60)


def test_a_packed_file_that_is_damaged_is_named_and_the_rest_goes_on(street: Street) -> None:
    for _ in range(3):
        archive(street.state).tidy_files()
    path = street.state.plays / "000000001001.jsonl.gz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    street.minutes(60)
    assert sorted(street.server) == [*range(1, 1_001), *range(2_001, 2_501)]
    assert street.lost == [(1_001, 2_000)]
    assert street.ledger == PlayGaps(2_500)


def test_new_plays_go_out_while_old_ones_are_sent_again(street: Street) -> None:
    street.minutes(20)
    street.server, street.ledger = {}, PlayGaps()
    street.minutes(1)
    write(street.state, 6)
    street.minutes(1)
    assert set(range(2_501, 2_507)) <= set(street.server)


def test_a_server_that_asks_for_the_same_again_and_again_gets_less_and_less(street: Street) -> None:
    street.minutes(20)
    before = len(street.batches)
    for _ in range(6 * 60):
        street.ledger = PlayGaps(0)
        street.minutes(1)
    all_of_it = 2_500 // MAX_BATCH_PLAYS + 1
    assert all_of_it < len(street.batches) - before <= 12 * all_of_it
    street.ledger = PlayGaps(2_500)
    street.minutes(1)
    write(street.state, 5)
    street.minutes(2)
    assert street.sent[-5:] == list(range(2_501, 2_506))


def test_a_server_that_claims_to_have_more_than_there_is_delays_nothing(street: Street) -> None:
    street.minutes(20)
    street.forwarder.note_held(HeldPlays(newest=10**12, missing=((5, 10**11),)))
    write(street.state, 5)
    street.forwarder.send_batch()
    street.minutes(5)
    assert sorted(street.server) == list(range(1, 2_506))


def test_a_player_that_forgot_what_it_sent_asks_the_server(street: Street) -> None:
    street.minutes(20)
    street.state.forwarded.remove()
    street.start()
    before = len(street.sent)
    write(street.state, 5)
    street.minutes(3)
    assert street.sent[before:] == list(range(2_501, 2_506))


def test_a_player_that_forgot_what_it_sent_and_is_told_nonsense_sends_it_later(street: Street) -> None:
    street.forwarder.note_held(HeldPlays(newest=10**12))
    street.forwarder.send_batch()
    assert street.sent == []
    street.minutes(20)
    assert sorted(street.server) == list(range(1, 2_501))


def test_a_line_that_cannot_be_read_is_named(state: StateDirectory) -> None:
    write(state, 20)
    path = state.plays / "000000000001.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:4], b"\x00nonsense\n", *lines[5:]]))
    street = Street(state)
    street.minutes(5)
    assert street.lost == [(5, 5)]
    assert street.ledger == PlayGaps(20)


def test_what_the_server_says_it_has_comes_with_the_documents(hall: SigningTown, street: Street) -> None:
    heard: list[HeldPlays] = []
    with hall.serve() as url:
        poller = DocumentPoller(ServerClient(url, TOKEN), lambda _: None, lambda: None, lambda: 0.0, heard.append)
        poller.poll_once()
        assert (heard, poller.is_answered) == ([], True)
        hall.ledger = PlayGaps(9, ((2, 3),))
        poller.poll_once()
    assert heard == [HeldPlays(newest=9, missing=((2, 3),))]


@pytest.mark.parametrize("header", ["", "nonsense", '{"newest": -1}', '{"missing": [[1]]}', "[]", "9" * 5_000])
def test_a_server_that_says_nonsense_of_plays_is_heard_in_all_else(hall: SigningTown, header: str) -> None:
    class Nonsense(PlayGaps):
        def to_wire(self) -> HeldPlays:
            return self  # type: ignore[return-value]

        def to_json(self) -> bytes:
            return header.encode()

    hall.ledger = Nonsense()
    with hall.serve() as url:
        answer = ServerClient(url, TOKEN).fetch_documents()
    assert len(answer.documents) == 1
    assert answer.plays is None


# --- another memory card, another screen


def enrolled(hall: SigningTown, folder: Path) -> StateDirectory:
    with hall.serve() as url:
        command = [
            "enrol",
            url,
            "7KQ2-M4XD",
            "--root",
            root_fingerprint(hall.anchor.root_keys.values()),
            "--state",
            str(folder),
        ]
        assert main(command) == 0
    state = StateDirectory(folder)
    state.create_folders()
    return state


def test_a_new_memory_card_goes_on_where_the_server_is(hall: SigningTown, tmp_path: Path) -> None:
    hall.ledger = PlayGaps(2_500)
    state = enrolled(hall, tmp_path / "card")
    write(state, 3)
    assert [play.number for play in logged(state)] == [2_501, 2_502, 2_503]
    street = Street(state)
    street.ledger = PlayGaps(2_500)
    street.minutes(2)
    assert sorted(street.server) == [2_501, 2_502, 2_503]


def test_a_player_that_is_enrolled_again_keeps_its_log(hall: SigningTown, tmp_path: Path) -> None:
    hall.ledger = PlayGaps(2)
    state = enrolled(hall, tmp_path)
    write(state, 3)
    enrolled(hall, tmp_path)
    write(state, 1)
    assert [play.number for play in logged(state)] == [3, 4, 5, 6]


def test_a_player_that_becomes_another_screen_forgets_what_it_showed_as_the_former(
    hall: SigningTown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = enrolled(hall, tmp_path)
    write(state, 3)
    monkeypatch.setattr(hall, "enrolment", partial(hall.enrolment, screen="quay"))
    hall.ledger = PlayGaps(7)
    enrolled(hall, tmp_path)
    assert logged(state) == []
    write(state, 1)
    assert [play.number for play in logged(state)] == [8]


# --- the year on the disk


def test_closed_files_are_packed_one_at_a_time_and_never_the_newest(street: Street) -> None:
    before = logged(street.state)
    archive(street.state).tidy_files()
    assert names(street.state) == ["000000000001.jsonl.gz", "000000001001.jsonl", "000000002001.jsonl"]
    for _ in range(3):
        archive(street.state).tidy_files()
    assert names(street.state) == ["000000000001.jsonl.gz", "000000001001.jsonl.gz", "000000002001.jsonl"]
    assert logged(street.state) == before


def test_a_file_that_the_disk_does_not_give_keeps_no_other_from_being_packed(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reads(file: PlayFile) -> bytes:
        if file.first == 1:
            raise OSError(errno.EIO, "the card gives up")
        return pack_file(file)

    monkeypatch.setattr(agent_archive, "pack_file", reads)
    minder = archive(street.state)
    for _ in range(2):
        minder.tidy_files()
    assert names(street.state) == ["000000000001.jsonl", "000000001001.jsonl.gz", "000000002001.jsonl"]
    monkeypatch.undo()
    minder.tidy_files()
    assert names(street.state) == ["000000000001.jsonl.gz", "000000001001.jsonl.gz", "000000002001.jsonl"]


def test_a_crash_between_packing_and_removing_doubles_nothing(street: Street) -> None:
    path = street.state.plays / "000000000001.jsonl"
    content = path.read_bytes()
    archive(street.state).tidy_files()
    path.write_bytes(content)
    assert len(logged(street.state)) == 2_500
    archive(street.state).tidy_files()
    assert not path.exists()
    assert len(logged(street.state)) == 2_500


def test_chains_that_begin_anew_gaps_and_several_zones_are_packed_as_they_are(state: StateDirectory) -> None:
    odd = [
        *plays(3),
        *(play.replace(zone="side", chain="b" * 64) for play in plays(2, 10, NOON - 5)),
        plays(1, 12)[0].replace(alert="flood", slide=None, frame=None, ended=None, page=3, clock=ClockState.CARRIED),
    ]
    (state.plays / "000000000001.jsonl").write_bytes(b"".join(play.to_json() + b"\n" for play in odd))
    (state.plays / "000000000013.jsonl").touch()
    archive(state).tidy_files()
    assert names(state)[0].endswith(".gz")
    assert logged(state) == odd


def test_the_log_goes_on_where_only_packed_files_are_left(street: Street) -> None:
    for _ in range(2):
        archive(street.state).tidy_files()
    (street.state.plays / "000000002001.jsonl").unlink()
    write(street.state, 1)
    last, new = logged(street.state)[-2:]
    assert (last.number, new.number) == (2_000, 2_001)
    assert new.chain == chain_digest(last.chain or "", new)


def test_a_person_can_read_what_was_packed(street: Street) -> None:
    archive(street.state).tidy_files()
    with gzip.open(street.state.plays / "000000000001.jsonl.gz", "rt") as lines:
        assert '"slide":"announcement-1"' in lines.readline()


def test_what_is_older_than_a_year_goes_and_only_by_a_clock_that_can_be_believed(street: Street) -> None:
    for _ in range(3):
        archive(street.state).tidy_files()
    later = NOON + RETENTION_MS + LINES_PER_FILE * 10_000 + DAY // 24
    archive(street.state, later, ClockState.CARRIED).tidy_files()
    assert len(names(street.state)) == 3
    archive(street.state, NOON + RETENTION_MS - DAY).tidy_files()
    assert len(names(street.state)) == 3
    for _ in range(3):
        archive(street.state, later).tidy_files()
    assert names(street.state) == ["000000001001.jsonl.gz", "000000002001.jsonl"]


def test_the_oldest_goes_where_there_is_more_than_its_share_of_the_disk(street: Street) -> None:
    for _ in range(2):
        archive(street.state).tidy_files()
    taken = sum(path.stat().st_blocks * 512 for path in street.state.plays.glob("*.gz"))
    archive(street.state, disk=taken * 50).tidy_files()
    assert len(names(street.state)) == 3
    archive(street.state, disk=taken * 49).tidy_files()
    assert names(street.state) == ["000000001001.jsonl.gz", "000000002001.jsonl"]


def test_the_stage_drops_the_oldest_where_no_agent_packs(
    state: StateDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("beffroi_player.stage.play_log.log_file.MAX_FILES", 1)
    write(state, 3_001)
    assert names(state) == ["000000002001.jsonl", "000000003001.jsonl"]


def test_a_year_of_a_slide_each_ten_seconds_is_small(state: StateDirectory) -> None:
    days = 7
    count = days * 8_640
    said, chain = plays(count), FIRST_CHAIN
    for start in range(0, count, LINES_PER_FILE):
        lines = []
        for play in said[start : start + LINES_PER_FILE]:
            chain = chain_digest(chain, play)
            lines.append(play.model_copy(update={"chain": chain}).to_json() + b"\n")
        (state.plays / f"{start + 1:012}.jsonl").write_bytes(b"".join(lines))
    tidy = archive(state)
    for _ in range(count // LINES_PER_FILE + 1):
        tidy.tidy_files()
    packed = list(state.plays.glob("*.gz"))
    assert len(packed) == count // LINES_PER_FILE
    blocks = sum(-(-path.stat().st_size // 4_096) * 4_096 for path in packed)
    megabytes_a_year = blocks / len(packed) / LINES_PER_FILE * 8_640 * 366 / 1e6
    print(f"{megabytes_a_year:.1f} MB a year, {sum(path.stat().st_size for path in packed) / len(packed):.0f} B a file")
    assert megabytes_a_year < 20
