"""Plays are counted by day: each once, whenever it comes, and confirmed where the frame is the right one."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db.models import Max, Min, Sum
from tests.support.recorded_plays import DAY, PlayRecorder

from beffroi_server.fleet.play_models import (
    ContentDay,
    DailyPlays,
    DailyPlaysMark,
    PlayedContent,
    PlayRecord,
    ScreenDay,
)
from beffroi_server.fleet.plays.played_content import announcement_key, content_key, media_key
from beffroi_server.library.models import Announcement
from beffroi_server.library.services import save_announcement
from beffroi_server.monitoring.proof import content_names, play_queries
from beffroi_server.monitoring.proof.daily_totals import count_new_plays
from beffroi_server.monitoring.proof.frame_confirmation import FrameConfirmation
from beffroi_server.monitoring.proof.play_queries import PlayPeriod

SATURDAY = DAY.date()
UUID = "6e1ba4a5-84fb-4d1c-8b7a-3d4c6f0a1b2c"
NOBODY = FrameConfirmation(lambda play: False)


@pytest.fixture
def plays(hall) -> PlayRecorder:
    return PlayRecorder(hall)


def totals() -> list[tuple[str, int, int]]:
    rows = DailyPlays.objects.order_by("day", "content")
    return [(row.content, row.times, row.lasted_ms) for row in rows]


def test_counts_each_play_once(plays):
    plays.at = DAY.replace(hour=9)
    plays.show("media-3-7", times=3)
    assert count_new_plays(confirmation=NOBODY) == 3
    assert count_new_plays(confirmation=NOBODY) == 0
    plays.show("media-3-12")
    assert count_new_plays(confirmation=NOBODY) == 1

    assert totals() == [("media-3", 4, 40_000)]
    row = DailyPlays.objects.get()
    assert (row.first_at, row.last_at) == (DAY.replace(hour=9), DAY.replace(hour=9, second=40))


def test_counts_a_play_that_comes_late_on_its_day(plays):
    plays.at = DAY.replace(hour=9) + dt.timedelta(days=1)
    plays.show("media-3-7")
    count_new_plays(confirmation=NOBODY)
    plays.at = DAY.replace(hour=9)
    plays.show("media-3-7", times=2)
    count_new_plays(confirmation=NOBODY)

    assert [(row.day, row.times) for row in DailyPlays.objects.order_by("day")] == [
        (SATURDAY, 2), (SATURDAY + dt.timedelta(days=1), 1)
    ]  # fmt: skip


def test_a_batch_that_another_has_counted_counts_once(plays, monkeypatch):
    plays.show("media-3-7", times=4)
    interrupted = FrameConfirmation(lambda play: bool(count_new_plays(confirmation=NOBODY)))
    count_new_plays(confirmation=interrupted)

    assert totals() == [("media-3", 4, 40_000)]


def test_goes_on_in_batches(plays):
    plays.show("media-3-7", times=7)
    assert count_new_plays(confirmation=NOBODY, batch_size=3) == 7
    assert totals() == [("media-3", 7, 70_000)]


def test_a_day_is_that_of_the_town(plays, town):
    town.time_zone = "Europe/Paris"
    town.save()
    plays.at = DAY.replace(hour=23, minute=30)
    plays.show("idle")
    count_new_plays(confirmation=NOBODY)

    assert DailyPlays.objects.get().day == SATURDAY + dt.timedelta(days=1)


def test_of_several_pages_the_first_counts(plays):
    for page in (0, 1, 2):
        plays.show("media-3-7", page=page)
    count_new_plays(confirmation=NOBODY)

    assert totals() == [("media-3", 1, 30_000)]


def test_confirms_a_frame_once_for_all_its_showings(plays):
    compared = []
    confirmation = FrameConfirmation(lambda play: bool(compared.append(play) or play.frame == "a" * 64))
    plays.show("media-3-7", times=5)
    plays.show("media-3-7", frame="b" * 64, times=2)
    plays.show("media-3-7", frame=None)
    count_new_plays(confirmation=confirmation)

    assert DailyPlays.objects.get().confirmed == 5
    assert len(compared) == 2


def test_draws_no_longer_than_a_round_allows(plays):
    now = [0.0]

    def draw(play):
        now[0] += 1.5
        return True

    for number in range(4):
        plays.show(f"media-{number}-1", frame=f"{number}" * 64)
    count_new_plays(confirmation=FrameConfirmation(draw, lambda: now[0]))

    assert DailyPlays.objects.filter(confirmed=1).count() == 2


def test_a_young_play_waits_for_the_time_to_compare_it(plays):
    passed = [0.0]

    def draw(play):
        passed[0] += 1.5
        return True

    for number in range(4):
        plays.show(f"media-{number}-1", frame=f"{number}" * 64)
    confirmation = FrameConfirmation(draw, lambda: passed[0])
    assert count_new_plays(confirmation=confirmation, now=plays.at) == 2
    assert count_new_plays(confirmation=confirmation, now=plays.at) == 2

    assert DailyPlays.objects.filter(confirmed=1).count() == 4


def test_believes_no_absurd_length_or_date(plays):
    plays.show("media-3-7")
    PlayRecord.objects.update(lasted_ms=2**53 - 1, started_at=dt.datetime(9999, 12, 31, 23, tzinfo=dt.UTC))

    assert count_new_plays(confirmation=NOBODY) == 1


def test_outlives_what_it_is_about(plays, announcement, alice):
    key = announcement_key(announcement.pk)
    plays.show(f"{key}-12")
    count_new_plays(confirmation=NOBODY)
    title = announcement.title
    save_announcement(announcement, user=None, title="Corrected")
    assert content_names.names_of([key]) == {key: "Corrected"}
    announcement.delete()

    assert content_names.names_of([key]) == {key: title}
    assert PlayedContent.objects.get().name == title


@pytest.mark.parametrize(
    ("slide", "alert", "key"),
    [
        (f"announcement-{UUID}-17", "", f"announcement-{UUID}"),
        ("media-12-400", "", media_key(12)),
        ("", UUID, f"alert-{UUID}"),
        ("idle", "", "idle"),
    ],
)  # fmt: skip
def test_a_content_has_one_key_everywhere(slide, alert, key):
    assert content_key(slide, alert) == key


def test_adds_up_by_content_screen_and_day(plays, hall, quay, district, announcement):
    other = PlayRecorder(quay)
    key = announcement_key(announcement.pk)
    plays.show(f"{key}-1", times=3)
    plays.show("media-3-7", times=2)
    other.at += dt.timedelta(days=1)
    other.show(f"{key}-2", times=4)
    count_new_plays(confirmation=NOBODY)
    period = PlayPeriod(SATURDAY, SATURDAY + dt.timedelta(days=1))

    by_content = [
        (row["content"], row["shown"], row["on_screens"]) for row in play_queries.totals_by(period, "content")
    ]
    assert by_content == [(key, 7, 2), ("media-3", 2, 1)]
    assert [(row["screen__slug"], row["shown"]) for row in play_queries.totals_by(period, "screen")] == [
        ("hall", 5), ("quay", 4)
    ]  # fmt: skip
    assert [row["shown"] for row in play_queries.totals_by(period, "day")] == [5, 4]
    assert play_queries.total_of(PlayPeriod(SATURDAY, SATURDAY, (key,)))["shown"] == 3
    assert play_queries.total_of(PlayPeriod(SATURDAY, period.last, group=district))["shown"] == 4
    assert play_queries.total_of(PlayPeriod(SATURDAY, SATURDAY, ("media-9",)))["shown"] is None
    (_one, both) = play_queries.totals_by(PlayPeriod(SATURDAY, period.last, (key,)), "day")
    assert (both["shown"], both["on_screens"]) == (4, 1)
    assert play_queries.total_of(PlayPeriod(SATURDAY, period.last, (key,)))["on_screens"] == 2
    (of_group,) = play_queries.totals_by(PlayPeriod(SATURDAY, period.last, group=district), "content")
    assert (of_group["shown"], of_group["on_screens"]) == (4, 1)
    times = play_queries.announcement_times(announcement.pk, SATURDAY)
    assert Announcement.objects.annotate(times=times).get(pk=announcement.pk).times == 3


def test_the_sums_of_the_town_are_those_of_all_its_screens(plays, hall, quay):
    other = PlayRecorder(quay)
    for _round in range(2):
        plays.show("media-3-7", times=2)
        plays.show("media-4-1")
        other.show("media-3-9", times=3)
        count_new_plays(confirmation=NOBODY)

    sums = {"s": Sum("times"), "l": Sum("lasted_ms"), "f": Min("first_at"), "u": Max("last_at")}
    for model, field in ((ContentDay, "content"), (ScreenDay, "screen")):
        counted, summed = (
            list(rows.objects.order_by(field).values_list("day", field).annotate(**sums))
            for rows in (DailyPlays, model)
        )
        assert summed == counted
        assert model.objects.count() == len(counted) == 2


def test_starts_again_where_it_was(plays):
    plays.show("media-3-7")
    count_new_plays(confirmation=NOBODY)

    assert DailyPlaysMark.objects.get().last_play == PlayRecord.objects.get().pk


def test_bands_are_in_the_log_and_not_in_the_totals(plays):
    plays.show("band-right", times=2)
    plays.show("media-3-7")
    plays.show("band-right")

    assert count_new_plays(confirmation=NOBODY) == 4
    assert totals() == [("media-3", 1, 10_000)]
    assert DailyPlaysMark.objects.get().last_play == PlayRecord.objects.latest("pk").pk
