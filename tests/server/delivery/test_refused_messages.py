"""Refused messages are counted by screen; a flood of nonsense writes one line a minute."""

from __future__ import annotations

from beffroi_server.delivery.refused_messages import MAX_LINES, MAX_SCREENS, RefusalReason, RefusedMessages


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_screen_is_reported_once_a_minute_with_the_count(caplog):
    clock = Clock()
    refused = RefusedMessages(clock)
    reported = []
    for _ in range(180):
        for _ in range(10):
            refused.note("hall", RefusalReason.MALFORMED, "no JSON")
        reported += refused.take_due()
        clock.now += 1
    assert [each.count for each in reported] == [10, 600, 600]
    assert len(caplog.records) == 3
    assert caplog.messages[1] == "600 messages of hall were refused (malformed): no JSON"


def test_one_screen_does_not_hide_another():
    refused = RefusedMessages(Clock())
    refused.note("hall", RefusalReason.QUOTA, "too many")
    assert [each.screen for each in refused.take_due()] == ["hall"]
    refused.note("hall", RefusalReason.QUOTA, "too many")
    refused.note("quay", RefusalReason.FLOOD, "too many")
    assert [each.screen for each in refused.take_due()] == ["quay"]


def test_names_of_strangers_fill_neither_memory_nor_log(caplog):
    refused = RefusedMessages(Clock())
    for number in range(MAX_SCREENS + 100):
        refused.note(f"s{number}", RefusalReason.UNKNOWN_SCREEN, "")
    assert len(refused.take_due()) == MAX_SCREENS
    assert len(caplog.records) == MAX_LINES + 1
    others = MAX_SCREENS - MAX_LINES
    assert caplog.messages[-1] == f"{others} messages of {others} further screens were refused"
