"""Messages of players: what they may say, and the chain of the play log."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from beffroi_content.model.manifest import MAX_GROUPS
from beffroi_content.timeline import ClockState
from beffroi_content.wire.messages import PLAYS, RECEIPTS, REPORT, STATUS
from beffroi_content.wire.plays import FIRST_CHAIN, MOST_RANGES, EndReason, HeldPlays, Play, PlayLogBatch, chain_digest
from beffroi_content.wire.reports import (
    PlayerHealth,
    PlayerReport,
    PlayerStatus,
    Receipt,
    ReceiptBatch,
    ReportedRefusal,
)


def play(number: int = 1, **changes) -> Play:
    facts = {"number": number, "slide": "market", "zone": "main", "started_at_ms": 1_000, "lasted_ms": 10_000}
    return Play(**facts | {"frame": "a" * 64, "clock": "trusted", "ended": "time"} | changes)


def chain(*plays: Play) -> str:
    found = FIRST_CHAIN
    for one in plays:
        found = chain_digest(found, one)
    return found


class TestChain:
    def test_is_the_digest_of_the_facts_of_a_play_each_on_a_line(self):
        lines = [FIRST_CHAIN, "1", "market", "", "0", "main", "1000", "10000", "a" * 64, "trusted", "time"]
        assert chain_digest(FIRST_CHAIN, play()) == hashlib.sha256("\n".join(lines).encode()).hexdigest()

    @pytest.mark.parametrize(
        "changes",
        [
            {"number": 2}, {"slide": "council"}, {"slide": None, "alert": "market"}, {"page": 1}, {"zone": "side"},
            {"zone": None}, {"started_at_ms": 1_001}, {"lasted_ms": 9_999}, {"frame": "b" * 64}, {"frame": None},
            {"clock": "carried"}, {"ended": "alert"}, {"ended": None},
        ],
        ids=str,
    )  # fmt: skip
    def test_changes_with_every_fact(self, changes):
        assert chain(play(**changes)) != chain(play())

    def test_changes_with_every_play_before(self):
        plays = [play(number) for number in range(1, 6)]
        whole = chain(*plays)
        for gone in range(5):
            assert chain(*plays[:gone], *plays[gone + 1 :]) != whole
        assert chain(*plays[:3], play(4, lasted_ms=1), plays[4]) != whole
        assert chain(plays[1], plays[0], *plays[2:]) != whole

    def test_does_not_depend_on_itself(self):
        assert chain(play(chain="c" * 64)) == chain(play())

    @given(st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
    def test_is_the_same_for_the_server_that_reads_the_plays(self, lengths):
        plays = [play(number, lasted_ms=length) for number, length in enumerate(lengths, 1)]
        read = [Play.model_validate_json(one.to_json()) for one in plays]
        assert chain(*read) == chain(*plays)


class TestPlays:
    @pytest.mark.parametrize("reason", EndReason)
    def test_end_for_a_reason(self, reason):
        assert play(ended=reason.value).ended == reason

    def test_may_end_for_a_reason_of_a_newer_player(self):
        assert play(ended="evacuated").ended == "evacuated"

    @pytest.mark.parametrize(
        "wrong",
        [
            {"number": 0},
            {"lasted_ms": -1},
            {"started_at_ms": -1},
            {"frame": "a"},
            {"slide": "Market"},
            {"ended": "A b"},
        ],
        ids=str,
    )
    def test_that_make_no_sense_are_refused(self, wrong):
        with pytest.raises(ValidationError):
            play(**wrong)

    def test_are_sent_two_hundred_at_a_time(self):
        batch = PlayLogBatch(plays=tuple(play(number) for number in range(1, 201)))
        assert len(batch.to_json()) < PLAYS.size_limit
        with pytest.raises(ValidationError):
            PlayLogBatch(plays=(*batch.plays, play(201)))

    def test_that_are_missing_are_named_in_ranges(self):
        held = HeldPlays(newest=4_711, missing=((12, 40), (50, 50)))
        assert HeldPlays.model_validate_json(held.to_json()) == held
        with pytest.raises(ValidationError):
            HeldPlays(missing=((1, 1),) * (MOST_RANGES + 1))
        with pytest.raises(ValidationError):
            HeldPlays(missing=((0, 1),))


class TestReport:
    def report(self, **changes) -> PlayerReport:
        return PlayerReport(**{"boot": "b1", "number": 1, "at_ms": 5, "clock": "trusted", "link": "live"} | changes)

    def test_needs_little(self):
        report = self.report()
        assert (report.clock, report.programme, report.alerts) == (ClockState.TRUSTED, None, {})

    def test_of_a_newer_player_is_read(self):
        text = self.report().to_json().replace(b'"boot"', b'"mood":"calm","boot"', 1)
        assert PlayerReport.model_validate_json(text) == self.report()

    @pytest.mark.parametrize(
        "wrong",
        [
            {"number": 0}, {"clock": "late"}, {"link": "good"}, {"brightness": 101}, {"lit": "yes"}, {"frame": "x"},
            {"preparing": "x" * 501}, {"alerts": {f"g-{number}/alerts": 1 for number in range(MAX_GROUPS + 3)}},
        ],
        ids=lambda wrong: next(iter(wrong)),
    )  # fmt: skip
    def test_that_makes_no_sense_is_refused(self, wrong):
        with pytest.raises(ValidationError):
            self.report(**wrong)

    def test_with_everything_it_may_name_fits_its_message(self):
        refusal = ReportedRefusal(subject="s" * 200, code="too-large", detail="d" * 300, last_at_ms=5)
        shown = {"zone": "main", "slide": "s" * 63, "reason": "rule", "rule": "r" * 63, "playlist": "p" * 63}
        report = self.report(
            refusals=(refusal,) * 20, shown=(shown,) * 32, alerts={f"g-{'x' * 60}/alerts": 1},
            preparing="p" * 500, health=PlayerHealth(problems=("p" * 63,) * 20),
        )  # fmt: skip
        assert len(report.to_json()) < REPORT.size_limit


class TestReceipts:
    def receipt(self, **changes) -> Receipt:
        facts = {
            "stream": "all/alerts", "sequence": 5, "alert": "flood", "form": "takeover", "received_at_ms": 1,
            "presented_at_ms": 2, "latency_ms": 44.5, "frame": "a" * 64, "clock": "carried",
        }  # fmt: skip
        return Receipt(**facts | changes)

    def test_are_sent_a_hundred_at_a_time(self):
        batch = ReceiptBatch(boot="b1", receipts=(self.receipt(),) * 100)
        assert len(batch.to_json()) < RECEIPTS.size_limit
        with pytest.raises(ValidationError):
            ReceiptBatch(boot="b1", receipts=batch.receipts + batch.receipts[:1])

    def test_of_nothing_are_not_sent(self):
        with pytest.raises(ValidationError):
            ReceiptBatch(boot="b1", receipts=())

    @pytest.mark.parametrize("latency_ms", [-0.1, float("nan"), float("inf")])
    def test_have_a_latency(self, latency_ms):
        with pytest.raises(ValidationError):
            self.receipt(latency_ms=latency_ms)


class TestStatus:
    def test_fits_the_smallest_message(self):
        status = PlayerStatus(online=False, boot="b" * 63, connection=10**9)
        assert len(status.to_json()) < STATUS.size_limit

    def test_counts_connections_from_zero(self):
        with pytest.raises(ValidationError):
            PlayerStatus(online=True, boot="b", connection=-1)
