"""What was shown, as people ask for it: pages, a table, a log that verifies, a report for paper."""

from __future__ import annotations

import csv
import datetime as dt
import html
import io
import re

import pypdfium2
import pytest
import time_machine
from tests.support.recorded_plays import DAY, PlayRecorder

from beffroi_server.fleet.plays.log_verification import verify_lines
from beffroi_server.fleet.plays.played_content import announcement_key
from beffroi_server.library.services import save_announcement
from beffroi_server.monitoring.proof.daily_totals import count_new_plays
from beffroi_server.monitoring.proof.frame_confirmation import FrameConfirmation


def page_text(answer) -> str:
    """Return the words of a page without its tags."""
    words = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return " ".join(html.unescape(words).split())


SUNDAY = dt.datetime(2026, 11, 29, 9, tzinfo=dt.UTC)
SATURDAY = "from=2026-11-28&until=2026-11-28"


@pytest.fixture
def key(announcement) -> str:
    save_announcement(announcement, user=None, title="Réunion publique à l’Hôtel-Dieu")
    return announcement_key(announcement.pk)


@pytest.fixture
def shown(hall, key):
    """On Saturday the screen in the hall showed two contents in turn, from 17:50 to 18:10 in Paris."""
    recorder = PlayRecorder(hall)
    recorder.at = DAY.replace(hour=16, minute=50)
    for _ in range(60):
        recorder.show(f"{key}-1")
        recorder.show("media-3-7", frame="b" * 64)
    count_new_plays(confirmation=FrameConfirmation(lambda play: play.frame == "a" * 64))
    with time_machine.travel(SUNDAY, tick=False):
        yield recorder


@pytest.fixture
def as_victor(client, victor):
    client.force_login(victor)
    return client


class TestTotals:
    def test_say_how_often_how_long_and_confirmed(self, as_victor, shown):
        page = page_text(as_victor.get(f"/plays/?{SATURDAY}"))

        assert "120 times · 20 min · 1 screen · first yesterday at 17:50, last yesterday at 18:10" in page
        assert "60 showings are confirmed" in page
        assert "Réunion publique à l’Hôtel-Dieu" in page

    @pytest.mark.parametrize(
        ("query", "times"),
        [
            ("search=hotel", 60),
            ("where=screen:hall", 120),
            ("where=group:harbour", 0),
            ("content=media-9", 0),
            ("content=media-3", 60),
        ],
    )
    def test_are_restricted(self, as_victor, shown, district, query, times):
        context = as_victor.get(f"/plays/?{SATURDAY}&{query}").context
        assert (context["total"]["shown"] or 0) == times

    def test_lead_to_what_they_are_made_of_at_the_same_place(self, as_victor, shown):
        by_day = as_victor.get(
            "/plays/?where=screen:hall&search=reunion&by=day&page=1&from=2026-11-27&until=2026-11-28"
        )
        (day,) = by_day.context["rows"]
        by_content = as_victor.get(f"/plays/{day['link']}")
        (content,) = by_content.context["rows"]
        by_screen = as_victor.get(f"/plays/{content['link']}")
        (screen,) = by_screen.context["rows"]

        assert (day["name"], content["name"]) == ("Saturday 28 November 2026", "Réunion publique à l’Hôtel-Dieu")
        assert by_content.context["period"].first == by_content.context["period"].last == DAY.date()
        for page, grouping in ((by_content, "content"), (by_screen, "screen")):
            asked = page.context["asked"]
            assert (asked.grouping, asked.where, asked.search) == (grouping, "screen:hall", "reunion")
        assert screen["link"] == "/screens/hall/day/?day=2026-11-28"

    @pytest.mark.parametrize("grouping", ["content", "screen", "day", "nonsense"])
    def test_are_made_with_few_queries(self, as_victor, shown, quay, grouping, django_assert_max_num_queries):
        other = PlayRecorder(quay)
        for number in range(40):
            other.show(f"media-{number}-1")
        count_new_plays(confirmation=FrameConfirmation(lambda play: False))
        with django_assert_max_num_queries(15):
            assert as_victor.get(f"/plays/?by={grouping}&until=2026-11-28").status_code == 200

    @pytest.mark.parametrize(
        "query",
        [
            "from=x&until=9999-99-99", "from=0001-01-01&until=9999-12-31", "where=screen:%00", "where=group:x",
            "by=%00&content=%00", "search=" + "é" * 300, "page=-1&search=%00", "until=2026-11-28T99&at=99:99&day=%00",
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("path", ["plays/", "plays/export.csv", "screens/hall/day/"])
    def test_no_address_is_a_fault(self, as_victor, shown, path, query):
        answer = as_victor.get(f"/{path}?{query}")
        assert answer.status_code == 200
        assert b"".join(answer)


class TestTheDay:
    def test_says_what_was_on_at_a_moment(self, as_victor, shown):
        page = page_text(as_victor.get("/screens/hall/day/?day=2026-11-28&at=18:00"))

        assert "28 November 2026 at 18:00 Réunion publique à l’Hôtel-Dieu 18:00:00 – 18:00:10" in page
        assert "60 times on this day 60 confirmed" in page
        assert "17:50 – 18:10" in page
        assert "Not received yet" in page or "Nothing" in page

    def test_says_why_nothing_was_on(self, as_victor, shown):
        shown.show("idle", ended="standby")
        page = page_text(as_victor.get("/screens/hall/day/?day=2026-11-28&at=20:00"))

        assert "The screen was off, by its hours." in page

    def test_is_made_with_few_queries(self, as_victor, shown, django_assert_max_num_queries):
        with django_assert_max_num_queries(15):
            as_victor.get("/screens/hall/day/?day=2026-11-28&at=18:00")

    def test_knows_the_nights_on_which_clocks_change(self, as_victor, shown):
        for day in ("2026-03-29", "2026-10-25"):
            assert as_victor.get(f"/screens/hall/day/?day={day}&at=02:30").status_code == 200


class TestFiles:
    def test_a_table_has_one_row_a_day(self, as_victor, shown, hall):
        hall.name = "=cmd|'/C calc'!A0"
        hall.save()
        text = b"".join(as_victor.get(f"/plays/export.csv?{SATURDAY}")).decode("utf-8-sig")
        head, *rows = csv.reader(io.StringIO(text))

        assert head[:2] == ["Day", "Screen"]
        assert len(rows) == 2
        assert rows[0][1] == "'=cmd|'/C calc'!A0"
        assert rows[0][3:9] == [
            "Réunion publique à l’Hôtel-Dieu", "60", "60", "600", "2026-11-28 17:50:00", "2026-11-28 18:09:50"
        ]  # fmt: skip

    def test_in_french_a_table_is_for_french_spreadsheets(self, as_victor, shown):
        answer = as_victor.get(f"/plays/export.csv?{SATURDAY}", headers={"Accept-Language": "fr"})
        assert b"".join(answer).splitlines()[0].count(b";") == 9

    def test_a_log_verifies(self, as_victor, shown):
        answer = as_victor.get(f"/plays/log.jsonl?{SATURDAY}")
        found = verify_lines(answer)

        assert "beffroi-log-2026-11-28.jsonl" in answer["Content-Disposition"]
        assert (found.is_whole, found.count) == (True, 120)

    @pytest.mark.parametrize("language", ["en", "fr"])
    def test_a_report_names_the_log_and_who_made_it(self, as_victor, shown, language):
        log = b"".join(as_victor.get(f"/plays/log.jsonl?{SATURDAY}&where=screen:hall"))
        answer = as_victor.get(f"/plays/report.pdf?{SATURDAY}&where=screen:hall", headers={"Accept-Language": language})
        document = pypdfium2.PdfDocument(answer.content)
        text = document[0].get_textpage().get_text_range().replace("\r\n", "")

        assert [round(side) for side in document[0].get_size()] == [595, 842]
        assert verify_lines(log.splitlines(keepends=True)).sha256 in text
        for words in ("Saint-Aubin", "Réunion publique à l’Hôtel-Dieu", "victor", shown.chain):
            assert words in text

    def test_a_report_names_the_gaps(self, as_victor, shown):
        shown.number += 3
        shown.show("media-3-7")
        answer = as_victor.get(f"/plays/report.pdf?{SATURDAY}")
        text = pypdfium2.PdfDocument(answer.content)[0].get_textpage().get_text_range()

        assert "missing: 121 to 123" in text.replace("\r\n", " ")

    def test_a_report_has_as_many_pages_as_it_takes(self, as_victor, quay):
        other = PlayRecorder(quay)
        for number in range(120):
            other.show(f"media-{number}-1")
        count_new_plays(confirmation=FrameConfirmation(lambda play: False))
        document = pypdfium2.PdfDocument(as_victor.get(f"/plays/report.pdf?{SATURDAY}").content)

        assert len(document) > 1
        assert f"Page 2 of {len(document)}" in document[1].get_textpage().get_text_range()


def test_the_announcement_says_how_often_it_was_seen(as_alice, shown, announcement):
    page = page_text(as_alice.get(f"/announcements/{announcement.pk}/"))

    assert "Shown 60 times yesterday" in page


def test_anybody_may_read_how_it_is_verified(as_victor, town):
    assert "beffroi-server plays verify" in page_text(as_victor.get("/plays/verify/"))
