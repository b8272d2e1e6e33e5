"""Contacts: bouncing, holding, and what the town has set. The lines are stand-ins; no machine of CI has any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from beffroi_content.wire.local_triggers import TriggerContact
from beffroi_player.agent.contacts import RETRY_MS, ContactWatch
from beffroi_player.agent.effects import TriggerScenario

KEY = TriggerContact(number=2, line=17, scenario="scenario-1", hold_ms=100)
BUTTON = TriggerContact(number=1, line=27, scenario="scenario-2", hold_ms=50, lasts="ended")


class Bench:
    """A player with contacts that a hand closes and opens."""

    def __init__(self, *contacts: TriggerContact) -> None:
        self.contacts: Sequence[TriggerContact] = contacts
        self.uptime_ms = 0.0
        self.closed: set[int] = set()
        self.opened = 0
        self.fault: OSError | None = None
        self.acts: list[tuple[str, bool]] = []
        self.refused: list[str] = []
        self.watch = ContactWatch(
            lambda: self.contacts, self.put, lambda _subject, code, _detail: self.refused.append(code), self.open_lines,
            lambda: self.uptime_ms,
        )  # fmt: skip

    def put(self, effect: TriggerScenario) -> None:
        self.acts.append((effect.request.scenario, effect.request.ends))
        effect.answer(True, "done")

    def open_lines(self, _contacts: Sequence[TriggerContact]) -> Bench:
        if self.fault:
            raise self.fault
        self.opened += 1
        return self

    def read(self) -> Mapping[int, bool]:
        if self.fault:
            raise self.fault
        return {each.number: each.number in self.closed for each in self.contacts}

    def close(self) -> None:
        pass

    def hold(self, ms: int, *closed: int) -> None:
        """Hold some contacts closed for a while, and read every ten milliseconds."""
        self.closed = set(closed)
        for _ in range(ms // 10):
            self.watch.read_once()
            self.uptime_ms += 10


def test_a_key_shows_the_scenario_while_it_is_turned() -> None:
    bench = Bench(KEY)
    bench.hold(500)
    assert bench.acts == []
    bench.hold(5_000, 2)
    assert bench.acts == [("scenario-1", False)]
    bench.hold(500)
    assert bench.acts == [("scenario-1", False), ("scenario-1", True)]


def test_a_button_triggers_and_does_not_end() -> None:
    bench = Bench(BUTTON)
    bench.hold(200, 1)
    bench.hold(200)
    assert bench.acts == [("scenario-2", False)]


@pytest.mark.parametrize("times", [1, 40])
def test_what_is_shorter_than_the_hold_time_does_not_count(times: int) -> None:
    bench = Bench(KEY)
    for _ in range(times):
        bench.hold(90, 2)
        bench.hold(10)
    assert bench.acts == []


def test_a_key_that_is_turned_when_the_player_starts_counts() -> None:
    bench = Bench(KEY)
    bench.hold(200, 2)
    assert bench.acts == [("scenario-1", False)]


def test_what_the_town_sets_is_followed_and_a_contact_that_stays_is_no_new_act() -> None:
    bench = Bench(KEY)
    bench.hold(200, 2)
    bench.contacts = (KEY, BUTTON)
    bench.hold(200, 2, 1)
    assert bench.acts == [("scenario-1", False), ("scenario-2", False)]
    bench.contacts = ()
    bench.hold(200)
    assert (len(bench.acts), bench.opened) == (2, 2)


def test_lines_that_cannot_be_opened_are_reported_and_tried_again() -> None:
    bench = Bench(KEY)
    bench.fault = OSError("no such chip")
    bench.hold(200, 2)
    assert bench.refused == ["contacts"]
    bench.fault = None
    bench.uptime_ms += RETRY_MS
    bench.hold(200, 2)
    assert bench.acts == [("scenario-1", False)]
