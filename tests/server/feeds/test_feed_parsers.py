"""Parsers of feeds: limits, encodings, dates, and content that is refused."""

from __future__ import annotations

import datetime as dt
import json
from zoneinfo import ZoneInfo

import pytest

from beffroi_server.feeds.readers import read_feed, reader_of
from beffroi_server.feeds.readers.calendar import MAX_EVENTS
from beffroi_server.feeds.readers.news import MAX_ITEMS
from beffroi_server.feeds.readers.reading import TITLE_LENGTH, FeedContentError, ReadingContext
from beffroi_server.feeds.readers.tables import CELL_LENGTH, MAX_ROWS

PARIS = ZoneInfo("Europe/Paris")
NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=PARIS)


def parsed(kind: str, content: str | bytes, **options: str):
    data = content.encode() if isinstance(content, str) else content
    return reader_of(kind)(data, ReadingContext(PARIS, NOW, **options)).data


def ical(*events: str) -> str:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test"]
    for number, event in enumerate(events):
        lines += ["BEGIN:VEVENT", f"UID:{number}", *event.split("|"), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def rss(*items: str) -> str:
    listed = "".join(f"<item>{item}</item>" for item in items)
    return f'<rss version="2.0"><channel><title>x</title>{listed}</channel></rss>'


class TestCalendar:
    @pytest.mark.parametrize(
        ("event", "starts", "ends"),
        [
            ("DTSTART:20261125T190000Z|DTEND:20261125T210000Z", "2026-11-25T20:00:00", "2026-11-25T22:00:00"),
            ("DTSTART:20261125T190000", "2026-11-25T19:00:00", None),
            ("DTSTART;VALUE=DATE:20261125|DTEND;VALUE=DATE:20261127", "2026-11-25T00:00:00", "2026-11-27T00:00:00"),
            ("DTSTART;TZID=America/New_York:20261125T120000", "2026-11-25T18:00:00", None),
        ],
    )
    def test_times_are_local(self, event, starts, ends):
        (found,) = parsed("calendar", ical(f"SUMMARY:Concert|{event}"))["events"]

        assert (found["starts"], found["ends"]) == (starts, ends)

    @pytest.mark.parametrize(
        ("event", "is_shown"),
        [
            ("SUMMARY:x|DTSTART:20261125T190000", True),
            ("SUMMARY:x|DTSTART:20261124T070000", True),
            ("SUMMARY:x|DTSTART:20261122T070000|DTEND:20261122T080000", False),
            ("SUMMARY:x|DTSTART:20270401T070000", False),
            ("SUMMARY:x|DTSTART:20261125T190000|STATUS:CANCELLED", False),
            ("SUMMARY:x|DTSTART:20261125T190000|STATUS:CONFIRMED", True),
            ("SUMMARY:|DTSTART:20261125T190000", False),
            ("DTSTART:20261125T190000", False),
        ],
    )
    def test_only_coming_events_with_a_title_count(self, event, is_shown):
        assert bool(parsed("calendar", ical(event))["events"]) is is_shown

    def test_titles_and_places_are_plain_and_short(self):
        event = f"SUMMARY:<b>Concert</b> &amp; {'bal ' * 60}|LOCATION:{'Salle ' * 30}|DTSTART:20261125T190000"

        (found,) = parsed("calendar", ical(event))["events"]

        assert found["title"].startswith("Concert & bal")
        assert len(found["title"]) <= TITLE_LENGTH
        assert len(found["place"]) <= 80

    def test_a_daily_repetition_is_cut(self):
        found = parsed("calendar", ical("SUMMARY:x|DTSTART:20260101T190000|RRULE:FREQ=DAILY"))["events"]

        assert len(found) == MAX_EVENTS
        assert found[0]["starts"] == "2026-11-24T19:00:00"
        assert found[-1]["starts"] == "2027-01-22T19:00:00"


class TestNews:
    def test_items_are_sorted_by_their_date(self):
        dates = ["Mon, 23 Nov 2026 10:00:00 GMT", "Tue, 24 Nov 2026 08:00:00 +0100", "Sun, 22 Nov 2026 10:00:00 GMT"]
        items = [f"<title>{number}</title><pubDate>{date}</pubDate>" for number, date in enumerate(dates)]

        found = parsed("news", rss(*items, "<title>undated</title>"))["items"]

        assert [item["title"] for item in found] == ["1", "0", "2", "undated"]
        assert found[0]["published_at_ms"] == 1_795_503_600_000
        assert found[-1]["published_at_ms"] is None

    def test_items_are_limited(self):
        found = parsed("news", rss(*(f"<title>{number}</title>" for number in range(100))))["items"]

        assert len(found) == MAX_ITEMS

    @pytest.mark.parametrize(
        ("title", "expected"),
        [
            ("<![CDATA[<i>Piscine</i> ouverte]]>", "Piscine ouverte"),
            ("L&amp;apos;eau", "L'eau"),
            ("a\n\n  b\tc", "a b c"),
            ("&#x1b;[31mrouge", "[31mrouge"),
        ],
    )
    def test_titles_are_plain_text(self, title, expected):
        (item,) = parsed("news", rss(f"<title>{title}</title>"))["items"]

        assert item["title"] == expected

    @pytest.mark.parametrize(
        ("content", "code"),
        [(rss(), "empty"), (rss("<title></title>"), "empty"), ("nonsense", "not-a-feed"), ("", "empty")],
    )
    def test_nothing_to_show_is_refused(self, content, code):
        with pytest.raises(FeedContentError, match=code):
            parsed("news", content)


class TestTable:
    @pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
    def test_separators_are_found(self, separator):
        content = "\n".join(separator.join(row) for row in (["Jour", "Menu"], ["Lundi", "Soupe"], ["Mardi", "Riz"]))

        assert parsed("table", content) == {"heading": ["Jour", "Menu"], "rows": [["Lundi", "Soupe"], ["Mardi", "Riz"]]}

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
    def test_accents_survive(self, encoding):
        found = parsed("table", "Jour;Été\nLundi;Crème brûlée\n".encode(encoding))

        assert found["heading"] == ["Jour", "Été"]
        assert found["rows"] == [["Lundi", "Crème brûlée"]]

    def test_rows_and_cells_are_limited(self):
        content = "a;b\n" + "\n".join(f"{number};{'x' * 500}" for number in range(200))

        found = parsed("table", content)

        assert len(found["rows"]) <= MAX_ROWS
        assert max(len(cell) for row in found["rows"] for cell in row) <= CELL_LENGTH

    @pytest.mark.parametrize(
        ("content", "code"), [("", "empty"), ("\n\n", "empty"), ("a;b;c;d;e;f;g;h;i\n1;2;3;4;5;6;7;8;9", "too-wide")]
    )
    def test_what_cannot_be_read_by_passers_by_is_refused(self, content, code):
        with pytest.raises(FeedContentError, match=code):
            parsed("table", content)


class TestWeather:
    def forecast(self, *steps: tuple[str, float, float, str]) -> str:
        series = [
            {
                "time": time,
                "data": {
                    "instant": {"details": {"air_temperature": heat, "wind_speed": wind}},
                    "next_6_hours": {"summary": {"symbol_code": symbol}},
                },
            }
            for time, heat, wind, symbol in steps
        ]
        return json.dumps({"properties": {"timeseries": series}})

    @pytest.mark.parametrize(
        ("symbols", "sky"),
        [
            (["clearsky_day"] * 4, "sun"),
            (["fair_day", "fair_day", "rain", "rain"], "rain"),
            (["cloudy", "cloudy", "cloudy", "heavyrainandthunder"], "storm"),
            (["cloudy"] * 5 + ["rain"], "cloud"),
            (["partlycloudy_night"] * 4, "veiled"),
            (["sleet", "snow", "cloudy", "cloudy"], "snow"),
            (["rainshowers_day"] * 4, "showers"),
            (["meteors"] * 4, "unknown"),
        ],
    )
    def test_the_sky_is_the_gravest_that_lasts(self, symbols, sky):
        steps = [(f"2026-11-25T{9 + hour:02}:00:00Z", 8.0, 2.0, symbol) for hour, symbol in enumerate(symbols)]

        (day,) = parsed("weather", self.forecast(*steps))["days"]

        assert day["sky"] == sky

    def test_temperatures_and_wind_are_those_of_the_day(self):
        steps = [
            ("2026-11-25T05:00:00Z", 2.4, 3.0, "fair_day"),
            ("2026-11-25T13:00:00Z", 9.6, 10.0, "fair_day"),
            ("2026-11-25T20:00:00Z", 4.0, 5.0, "fair_day"),
        ]

        (day,) = parsed("weather", self.forecast(*steps))["days"]

        assert (day["day"], day["low"], day["high"], day["wind_kmh"]) == ("2026-11-25", 2, 10, 36)

    def test_a_day_without_its_afternoon_is_left_out(self):
        steps = [("2026-11-25T13:00:00Z", 9.0, 1.0, "fair_day"), ("2026-11-26T06:00:00Z", 1.0, 1.0, "fair_day")]

        assert [day["day"] for day in parsed("weather", self.forecast(*steps))["days"]] == ["2026-11-25"]

    @pytest.mark.parametrize("content", ["", "[]", "{}", '{"properties": {"timeseries": [{"time": "x"}]}}'])
    def test_what_is_no_forecast_is_refused(self, content):
        with pytest.raises(FeedContentError, match="not-a-forecast"):
            parsed("weather", content)


class TestResult:
    def test_is_the_fields_or_a_code(self):
        assert read_feed("table", "Europe/Paris", b"a;b\n1;2\n") == {
            "data": {"heading": ["a", "b"], "rows": [["1", "2"]]}, "skipped": [], "skipped_count": 0, "kept": {},
        }  # fmt: skip
        assert read_feed("table", "Europe/Paris", b"") == {"code": "empty"}

    @pytest.mark.parametrize("fault", [MemoryError, RecursionError])
    def test_is_a_code_where_the_limits_are_met(self, monkeypatch, fault):
        def exhausted(*_arguments: object) -> None:
            raise fault

        monkeypatch.setattr("beffroi_server.feeds.readers.news.read_news", exhausted)

        assert read_feed("news", "Europe/Paris", b"x") == {"code": "too-complex"}
