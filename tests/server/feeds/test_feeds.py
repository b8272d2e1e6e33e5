"""Feeds: what others publish reaches the screens, and nothing else comes in with it."""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from beffroi_content.model import WidgetContent
from beffroi_content.model.widgets import AgendaWidget
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.core import checked_addresses, outside_http
from beffroi_server.feeds import fetch, readers, refresh, services
from beffroi_server.feeds.feed_readings import FeedReadings
from beffroi_server.feeds.models import Feed, FeedKind
from beffroi_server.feeds.readers.calendar import MAX_EVENTS
from beffroi_server.fleet.models import Screen
from beffroi_server.library import archive
from beffroi_server.library import services as library
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import manifest_compiler as compiling
from beffroi_server.schedule import services as programme
from beffroi_server.schedule.compile_inputs import load_inputs

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")
NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=PARIS)


@dataclass
class Site:
    """A web site that says what a test wants it to say."""

    address: str
    pages: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    closed: threading.Event = field(default_factory=threading.Event)

    def publish(self, path: str, content: str | bytes, status: int = 200, **headers: str) -> str:
        """Put a page there; return its address."""
        data = content.encode() if isinstance(content, str) else content
        self.pages[path] = status, headers, data
        return self.address + path


@pytest.fixture
def site(settings) -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append((self.path, dict(self.headers)))
            if self.path == "/drop-by-drop":
                self.send_response(200)
                self.flush_headers()
                with contextlib.suppress(OSError):
                    while not made.closed.wait(0.02):
                        self.wfile.write(b"X")
                return
            status, headers, content = made.pages.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Site(f"http://127.0.0.1:{server.server_port}")
    settings.FEED_NETWORKS = [ipaddress.ip_network("127.0.0.0/8")]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    made.closed.set()
    server.shutdown()
    server.server_close()


def ical(*events: str) -> str:
    body = "\r\n".join(f"BEGIN:VEVENT\r\nDTSTAMP:20260101T000000Z\r\n{event}\r\nEND:VEVENT" for event in events)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Saint-Aubin//\r\n{body}\r\nEND:VCALENDAR\r\n"


def soon(days: int = 1, hour: int = 14) -> str:
    return (timezone.localtime(timezone=PARIS) + dt.timedelta(days=days)).strftime(f"%Y%m%dT{hour:02}0000")


RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>Agglo</title>
<item><title>Le &lt;b&gt;tram&lt;/b&gt; &amp;amp; le bus</title>
<pubDate>Mon, 23 Nov 2026 08:00:00 +0100</pubDate></item>
<item><title>Neige\tattendue</title><pubDate>Tue, 24 Nov 2026 07:00:00 +0100</pubDate></item>
<item><title></title></item></channel></rss>"""


def found_in(kind: str, content: bytes, **options: str) -> dict:
    return readers.read_feed(kind, "Europe/Paris", content, now=NOW, **options)["data"]


class TestACalendar:
    def read(self, *events: str) -> list[dict[str, object]]:
        return readers.read_feed("calendar", "Europe/Paris", ical(*events).encode())["data"]["events"]

    def test_becomes_events_in_local_time(self):
        start = NOW.date() + dt.timedelta(days=3)
        found = found_in(
            "calendar", ical(f"UID:1\r\nSUMMARY:Concert\r\nLOCATION:Théâtre\r\nDTSTART:{start:%Y%m%d}T193000Z").encode()
        )
        assert found["events"] == [
            {"title": "Concert", "starts": f"{start}T20:30:00", "ends": None, "place": "Théâtre", "whole_days": False}
        ]

    def test_writes_repetitions_out_without_those_that_are_left_out(self):
        data = ical(
            "UID:1\r\nSUMMARY:Marché\r\nDTSTART;TZID=Europe/Paris:20261001T080000\r\nDTEND;TZID=Europe/Paris:20261001T130000"
            "\r\nRRULE:FREQ=WEEKLY\r\nEXDATE;TZID=Europe/Paris:20261203T080000"
        )
        starts = [event["starts"] for event in found_in("calendar", data.encode())["events"]]
        assert starts[:3] == ["2026-11-26T08:00:00", "2026-12-10T08:00:00", "2026-12-17T08:00:00"]

    def test_takes_days_as_days_and_leaves_out_what_was_cancelled(self):
        found = found_in("calendar",
            ical(
                "UID:1\r\nSUMMARY:Fête\r\nDTSTART;VALUE=DATE:20261205\r\nDTEND;VALUE=DATE:20261207",
                "UID:2\r\nSUMMARY:Loto\r\nSTATUS:CANCELLED\r\nDTSTART;VALUE=DATE:20261205",
            ).encode(),
        )["events"]  # fmt: skip
        assert [(event["starts"], event["ends"]) for event in found] == [("2026-12-05T00:00:00", "2026-12-07T00:00:00")]

    def test_of_thousands_of_events_keeps_the_soonest(self):
        data = ical(*(f"UID:{n}\r\nSUMMARY:E{n}\r\nDTSTART:20261{201 + n % 20}T100000Z" for n in range(900)))
        assert len(found_in("calendar", data.encode())["events"]) == MAX_EVENTS


class TestOtherKinds:
    def test_news_are_plain_text_and_the_newest_first(self):
        items = found_in("news", RSS.encode())["items"]
        assert [item["title"] for item in items] == ["Neige attendue", "Le tram & le bus"]
        assert items[0]["published_at_ms"] == 1795500000000

    @pytest.mark.parametrize("divider", [";", ",", "\t"])
    def test_a_table_is_read_whatever_divides_its_cells(self, divider):
        text = "Jour;Plat\nLundi;Gratin\n\nMardi;Poisson\n".replace(";", divider)
        found = found_in("table", text.encode())
        assert found == {"heading": ["Jour", "Plat"], "rows": [["Lundi", "Gratin"], ["Mardi", "Poisson"]]}

    def test_a_table_of_an_old_spreadsheet_keeps_its_accents(self):
        assert found_in("table", "Jour;Entrée\nLundi;Pâté".encode("cp1252"))["rows"] == [["Lundi", "Pâté"]]

    def test_a_forecast_becomes_days(self):
        symbols = {24: "lightrainshowers_day", 25: "fair_day", 26: "fog"}
        hours = [NOW.replace(hour=0) + dt.timedelta(hours=n) for n in range(60)]
        steps = [
            {
                "time": hour.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "data": {
                    "instant": {"details": {"air_temperature": hour.hour / 2, "wind_speed": 5.0}},
                    "next_1_hours": {"summary": {"symbol_code": symbols[hour.day]}},
                },
            }
            for hour in hours
        ]
        found = found_in("weather", json.dumps({"properties": {"timeseries": steps}}).encode())["days"]
        assert [(day["day"], day["sky"], day["low"], day["high"], day["wind_kmh"]) for day in found] == [
            ("2026-11-24", "showers", 0, 12, 18),
            ("2026-11-25", "sun", 0, 12, 18),
        ]

    def test_a_vigilance_names_what_threatens_the_department(self):
        content = {
            "product": {
                "periods": [
                    {
                        "echeance": "J",
                        "timelaps": {
                            "domain_ids": [
                                {
                                    "domain_id": "44",
                                    "phenomenon_items": [
                                        {"phenomenon_id": "1", "phenomenon_max_color_id": 3},
                                        {"phenomenon_id": "3", "phenomenon_max_color_id": 1},
                                        {"phenomenon_id": "4", "phenomenon_max_color_id": 2},
                                    ],
                                }
                            ]
                        },
                    }
                ]
            }
        }
        found = found_in("vigilance", json.dumps(content).encode(), department="44")
        assert found["level"] == 3
        assert [(one["name"], one["level"]) for one in found["phenomena"]] == [("Vent violent", 3), ("Crues", 2)]
        assert readers.read_feed("vigilance", "Europe/Paris", json.dumps(content).encode(), department="99") == {
            "code": "no-department"
        }

    @pytest.mark.parametrize("kind", list(FeedKind))
    @pytest.mark.parametrize(
        "content", [b"", b"<html><body>Bonjour", b"{}", b"[1]", b"\0\xff" * 500, b'{"properties": {"timeseries": [7]}}']
    )
    def test_nonsense_is_refused_with_a_reason(self, kind, content):
        assert "code" in readers.read_feed(kind, "Europe/Paris", content)


@pytest.fixture
def library_calendar(town, alice) -> Feed:
    feed = Feed(name="Médiathèque", kind=FeedKind.CALENDAR, address="https://example.org/agenda.ics")
    services.save_feed(feed, user=alice)
    return feed


class TestAFeed:
    def agenda(self, site, town, alice) -> Feed:
        address = site.publish("/a.ics", ical(f"UID:1\r\nSUMMARY:Lecture\r\nDTSTART:{soon()}"))
        feed = Feed(name="Médiathèque", kind=FeedKind.CALENDAR, address=address)
        services.save_feed(feed, user=alice)
        assert FeedReadings().read_next()
        feed.refresh_from_db()
        return feed

    def shown(self, feed, playlist, alice) -> Announcement:
        made = library.save_announcement(user=alice, title="À la médiathèque", template="agenda", feed=feed)
        programme.add_entry(playlist, announcement=made, user=alice)
        return made

    def widget(self, hall) -> AgendaWidget:
        slides = compiling.compile_manifest(load_inputs(hall)).manifest.slides
        return next(slide.content.widget for slide in slides if isinstance(slide.content, WidgetContent))

    def test_reaches_the_screens(self, site, hall, playlist, alice, town):
        feed = self.agenda(site, town, alice)
        self.shown(feed, playlist, alice)

        widget = self.widget(hall)
        assert [event.title for event in widget.events] == ["Lecture"]
        assert widget.source == "Médiathèque"
        assert widget.fetched_at_ms == int(feed.read_at.timestamp() * 1000)
        assert AuditEvent.objects.filter(action="feed-created", subject="Médiathèque").exists()

    def test_that_has_changed_is_published_and_one_that_has_not_is_not(self, site, hall, playlist, alice, town):
        feed = self.agenda(site, town, alice)
        self.shown(feed, playlist, alice)
        Screen.objects.update(programme_due_at=None)

        refresh.refresh_feed(feed)
        feed.refresh_from_db()
        assert feed.told_at < feed.read_at
        first = compiling.compile_manifest(load_inputs(hall)).manifest
        site.publish("/a.ics", ical(f"UID:1\r\nSUMMARY:Conte\r\nDTSTART:{soon()}"))
        refresh.refresh_feed(feed)

        assert [event.title for event in self.widget(hall).events] == ["Conte"]
        assert compiling.compile_manifest(load_inputs(hall)).manifest != first

    def test_that_fails_leaves_what_was_read_and_says_why(self, site, hall, playlist, alice, town):
        feed = self.agenda(site, town, alice)
        self.shown(feed, playlist, alice)
        site.publish("/a.ics", "gone", status=503)

        for expected in (1, 2, 3):
            assert not refresh.refresh_feed(feed)
            feed.refresh_from_db()
            assert feed.failures == expected
        assert "503" in feed.problem
        assert feed.due_at > timezone.now()
        assert [event.title for event in self.widget(hall).events] == ["Lecture"]

    def test_that_was_never_read_takes_nothing_else_off_the_screen(self, hall, playlist, alice, library_calendar):
        made = Announcement.objects.create(template="headlines", title="Agglo", feed=library_calendar)
        programme.add_entry(playlist, announcement=made, user=alice)

        compiled = compiling.compile_manifest(load_inputs(hall))
        assert [slide.name for slide in compiled.manifest.slides] == ["La piscine rouvre lundi"]
        assert [problem.name for problem in compiled.problems] == ["Agglo"]

    def test_of_another_address_forgets_what_was_read(self, site, alice, town):
        feed = self.agenda(site, town, alice)
        feed.address = site.publish("/b.ics", ical())
        services.save_feed(feed, user=alice)
        assert Feed.objects.get().data == {}

    def test_that_is_shown_cannot_be_deleted(self, site, playlist, alice, town):
        feed = self.agenda(site, town, alice)
        made = self.shown(feed, playlist, alice)
        with pytest.raises(services.FeedInUse, match="À la médiathèque"):
            services.delete_feed(feed, user=alice)
        archive.archive_announcements([made], user=alice)
        library.delete_announcement(made, user=None)
        services.delete_feed(feed, user=alice)
        assert not Feed.objects.exists()

    def test_of_the_weather_asks_for_where_the_town_lies(self, town, site, monkeypatch):
        feed = Feed.objects.create(name="Météo", kind=FeedKind.WEATHER)
        refresh.refresh_feed(feed)
        feed.refresh_from_db()
        assert "location" in feed.problem or "position" in feed.problem

        monkeypatch.setattr(refresh, "WEATHER_URL", site.address + "/w?lat={latitude:.2f}&lon={longitude:.2f}")
        town.latitude, town.longitude = 47.21844, -1.55361
        town.save()
        refresh.refresh_feed(feed)
        assert site.asked[-1][0] == "/w?lat=47.22&lon=-1.55"
        assert site.asked[-1][1]["User-Agent"].startswith("Beffroi/")

    def test_of_the_weather_keeps_what_earlier_readings_said_of_today(self, town, site, monkeypatch):
        monkeypatch.setattr(refresh, "WEATHER_URL", site.address + "/w")
        town.latitude, town.longitude = 47.2, -1.5
        town.save()
        midnight = timezone.localtime(timezone=PARIS).replace(hour=0, minute=0, second=0, microsecond=0)
        steps = [
            {"time": (midnight + dt.timedelta(hours=hour)).isoformat(),
             "data": {"instant": {"details": {"air_temperature": 25.0 if hour == 14 else 5.0}}}}
            for hour in range(48)
        ]  # fmt: skip
        feed = Feed.objects.create(name="Météo", kind=FeedKind.WEATHER)
        for first in (0, 12, 23):
            site.publish("/w", json.dumps({"properties": {"timeseries": steps[first:]}}))
            assert refresh.refresh_feed(feed)
            feed.refresh_from_db()
            day = feed.data["days"][0]
            assert (day["day"], day["low"], day["high"]) == (str(midnight.date()), 5, 25)


class TestFetching:
    @pytest.mark.parametrize(
        "address",
        ["http://127.0.0.1:1/", "http://localhost:1/", "http://[::1]:1/", "http://10.0.0.8/", "http://192.168.1.1/",
         "http://169.254.169.254/latest/meta-data/", "http://[::ffff:127.0.0.1]:1/", "http://[fe80::1]/", "http://0.0.0.0/",
         "http://100.64.0.1/", "http://2130706433/"],
    )  # fmt: skip
    def test_does_not_ask_our_own_network(self, address):
        with pytest.raises(fetch.FetchError, match=r"BEFFROI_FEED_NETWORKS"):
            fetch.fetch_url(address)

    @pytest.mark.parametrize(
        ("address", "allowed"),
        [("93.184.216.34", True), ("2606:2800:220:1::1", True), ("64:ff9b::5db8:d822", True),
         ("64:ff9b::7f00:1", False), ("2002:0a00:0001::1", False), ("::ffff:192.168.0.1", False),
         ("224.0.0.1", False), ("ff02::1", False), ("fd00::1", False), ("fe80::1%eth0", False)],
    )  # fmt: skip
    def test_an_address_within_an_address_is_seen(self, address, allowed):
        assert checked_addresses.is_address_allowed(address, []) is allowed

    def test_does_not_follow_a_redirection_into_our_own_network(self, site, settings):
        settings.FEED_NETWORKS = [ipaddress.ip_network("127.0.0.1/32")]
        address = site.publish("/to", "", 302, Location="http://127.0.0.2:1/secret")
        with pytest.raises(fetch.FetchError, match=r"BEFFROI_FEED_NETWORKS"):
            fetch.fetch_url(address)

    def test_a_name_that_means_several_addresses_is_refused_for_one_of_ours(self, monkeypatch):
        answers = [(2, 1, 6, "", ("93.184.216.34", 80)), (2, 1, 6, "", ("10.0.0.1", 80))]
        monkeypatch.setattr(checked_addresses.socket, "getaddrinfo", lambda *_, **__: answers)
        with pytest.raises(fetch.FetchError, match=r"BEFFROI_FEED_NETWORKS"):
            fetch.fetch_url("http://example.org/")

    @pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://example.org/", "gopher://a.org/", "//a.org"])
    def test_speaks_http_only(self, address):
        with pytest.raises(fetch.FetchError, match="https"):
            fetch.fetch_url(address)

    def test_stops_at_the_limit(self, site, monkeypatch):
        address = site.publish("/large", b"x" * 5000)
        with pytest.raises(fetch.FetchError, match=r"1.M[Bo]"):
            fetch.fetch_url(address, limit=1000)
        assert len(fetch.fetch_url(address, limit=5000)) == 5000

    def test_does_not_wait_for_an_answer_that_comes_drop_by_drop(self, site, monkeypatch):
        monkeypatch.setattr(outside_http, "DEADLINE_S", 0.2)
        with translation.override("en"), pytest.raises(fetch.FetchError, match="in time"):
            fetch.fetch_url(site.address + "/drop-by-drop")

    def test_a_circle_of_redirections_ends(self, site):
        with pytest.raises(fetch.FetchError):
            fetch.fetch_url(site.publish("/round", "", 302, Location="/round"))
        assert len(site.asked) <= fetch.MAX_REDIRECTS + 1

    def test_uses_no_proxy_of_the_surroundings(self, site, monkeypatch):
        monkeypatch.setenv("http_proxy", "http://127.0.0.9:1")
        assert fetch.fetch_url(site.publish("/plain", "ok")) == b"ok"


class TestPages:
    @pytest.fixture
    def editor(self, client, alice, town):
        client.force_login(alice)
        client.defaults |= {"HTTP_ACCEPT_LANGUAGE": "en"}
        return client

    def text(self, response) -> str:
        return re.sub(r"\s+", " ", response.content.decode())

    def test_a_feed_is_added_read_and_made_an_announcement(self, editor, site, hall, playlist):
        address = site.publish("/a.ics", ical(f"UID:1\r\nSUMMARY:Lecture\r\nDTSTART:{soon()}"))
        page = editor.post("/feeds/", {"kind": "calendar", "name": "Médiathèque", "address": address}, follow=True)
        assert "“Médiathèque” has been saved, and is being read." in self.text(page)
        assert "data-every" in self.text(page), "the page asks again until it is read"
        assert FeedReadings().read_next()
        page = self.text(editor.get("/feeds/"))
        assert "updated " in page
        assert "data-every" not in page
        feed = Feed.objects.get()

        form = self.text(editor.get(f"/announcements/new/?feed={feed.pk}"))
        assert f'<option value="{feed.pk}" selected>' in form
        assert "preview.png" in form, "it is drawn at once"
        values = {"template": "agenda", "title": "Lire", "feed": feed.pk}
        saved = editor.post("/announcements/new/", values, follow=True)
        assert "Announcement “Lire” saved" in self.text(saved)
        assert "Lire" in self.text(editor.get("/feeds/"))

    def test_what_is_not_shown_as_it_was_written_is_named(self, editor, site, town):
        address = site.publish("/t.csv", 'Jour;Plat\nLundi;"Riz\nMardi;Pâtes\n')
        feed = Feed.objects.create(name="Cantine", kind=FeedKind.TABLE, address=address)
        assert refresh.refresh_feed(feed)

        assert "1 part is not shown as it was written" in self.text(editor.get("/feeds/"))
        page = self.text(editor.get(f"/feeds/{feed.pk}/"))
        assert "Line 2 “Lundi;&quot;Riz”: a quotation mark is missing" in page
        site.publish("/t.csv", "Jour;Plat\nLundi;Riz\n")
        assert refresh.refresh_feed(Feed.objects.get())
        assert "Not shown as it was written" not in self.text(editor.get(f"/feeds/{feed.pk}/"))

    def test_what_cannot_be_read_is_said_and_kept(self, editor, site):
        editor.post("/feeds/", {"kind": "news", "name": "Agglo", "address": site.publish("/page", "<html>Hello")})
        with translation.override("en"):
            assert FeedReadings().read_next()
        answer = editor.get("/feeds/")
        assert "neither RSS nor Atom" in self.text(answer)
        assert "Cannot be read" in self.text(answer)

    @pytest.mark.parametrize(
        ("kind", "address", "said"),
        [("calendar", "agenda", "https://"), ("vigilance", "Loire", "number of"), ("news", "file:///etc/passwd", "https://")],
    )  # fmt: skip
    def test_an_address_that_is_none_is_refused(self, editor, kind, address, said):
        answer = editor.post("/feeds/", {"kind": kind, "name": "X", "address": address})
        assert answer.status_code == 422
        assert said in self.text(answer)
        assert not Feed.objects.exists()

    def test_a_look_asks_for_a_feed_of_its_kind(self, editor, library_calendar):
        answer = editor.post("/announcements/new/", {"template": "weather", "title": "M", "feed": library_calendar.pk})
        assert "Choose a feed of type “Local weather”" in self.text(answer)

    def test_a_name_that_is_taken_is_refused(self, editor, library_calendar):
        answer = editor.post("/feeds/", {"kind": "weather", "name": "Médiathèque"})
        assert answer.status_code == 422
        assert "already exists" in self.text(answer)

    def test_a_slow_site_holds_no_page_up(self, editor, library_calendar, monkeypatch):
        """Nothing is fetched while somebody waits for a page."""
        monkeypatch.setattr(fetch, "fetch_url", lambda *_: pytest.fail("a page waited for a site"))
        services.request_reading(library_calendar)
        Feed.objects.update(due_at=timezone.now())

        assert editor.post(f"/feeds/{library_calendar.pk}/refresh/").status_code == 302
        values = {"kind": "calendar", "name": "Médiathèque", "address": "https://example.org/other.ics"}
        assert editor.post(f"/feeds/{library_calendar.pk}/", values).status_code == 302
        assert "Being read" in self.text(editor.get("/feeds/"))

    def test_is_for_editors(self, client, charlie, town):
        client.force_login(charlie)
        assert client.get("/feeds/").status_code == 403
