"""Conversion of announcements into the content of slides."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from beffroi_content import model as content
from beffroi_content.model import widgets
from beffroi_server.accounts.models import Town
from beffroi_server.feeds.models import Feed, FeedKind
from beffroi_server.library.models import Announcement
from beffroi_server.library.slide_content import drawn_content, slide_content
from beffroi_server.library.template_choices import FEED_TEMPLATES

pytestmark = pytest.mark.usefixtures("english")
ZONE = "Europe/Paris"
NOON = dt.datetime(2026, 6, 15, 10, 0, tzinfo=dt.UTC)
"""Monday 15 June 2026, 12:00 in Paris."""


def drawn(**values):
    return drawn_content(Announcement(**values), Town(time_zone=ZONE))


class TestAnnouncements:
    def test_have_the_times_of_an_event_in_local_time(self):
        found = drawn(title="Fête", template="event", starts=NOON, ends=NOON + dt.timedelta(hours=2))

        assert isinstance(found, content.Announcement)
        assert str(found.starts) == "2026-06-15 12:00:00"
        assert str(found.ends) == "2026-06-15 14:00:00"

    def test_that_are_saved_keep_their_fields(self, announcement):
        found = drawn_content(announcement, Town(time_zone=ZONE))

        assert isinstance(found, content.Announcement)
        assert (found.id, found.title, found.label) == (str(announcement.pk), announcement.title, "Sports")

    def test_are_held_by_slides_as_what_they_are(self, announcement):
        assert isinstance(slide_content(drawn_content(announcement, Town(time_zone=ZONE))), content.AnnouncementContent)
        assert isinstance(slide_content(drawn(title="x", template="clock")), content.WidgetContent)


class TestCountdown:
    def test_counts_to_the_start_and_then_shows_the_first_line(self):
        found = drawn(title="Feu", template="countdown", starts=NOON, body="\n  C’est parti !  \nOublié")

        assert isinstance(found, widgets.CountdownWidget)
        assert found.target_at_ms == int(NOON.timestamp() * 1000)
        assert found.after == "C’est parti !"

    def test_without_a_start_is_refused(self):
        with pytest.raises(ValueError, match="date and time"):
            drawn(title="Feu", template="countdown")


class TestTicker:
    def test_takes_a_message_from_each_line_that_is_not_empty(self):
        found = drawn(title="Brèves", template="ticker", body=" Un \n\n\tDeux\n")

        assert isinstance(found, widgets.TickerWidget)
        assert [message.text for message in found.messages] == ["Un", "Deux"]

    @pytest.mark.parametrize("body", ["", " \n\t\n", "x" * 161, "\n".join("abcdefghij" for _ in range(41))])
    def test_with_no_message_too_many_or_a_long_one_is_refused(self, body):
        with pytest.raises(ValueError, match="one message per line"):
            drawn(title="Brèves", template="ticker", body=body)

    @pytest.mark.parametrize("body", ["x" * 160, "\n".join("y" for _ in range(40))])
    def test_takes_as_much_as_is_allowed(self, body):
        assert isinstance(drawn(title="Brèves", template="ticker", body=body), widgets.TickerWidget)


class TestPoll:
    @pytest.mark.parametrize(
        ("line", "label", "votes"),
        [
            ("Oui: 120", "Oui", 120),
            ("Oui : 1 200", "Oui", 1200),
            ("À 18:30 : 7", "À 18:30", 7),
            ("Sans avis:0", "Sans avis", 0),
            ("Oui : 1\N{NARROW NO-BREAK SPACE}200", "Oui", 1200),
        ],
    )
    def test_reads_answer_and_votes(self, line, label, votes):
        found = drawn(title="Parc", template="poll", body=line)

        assert isinstance(found, widgets.PollWidget)
        assert [(option.label, option.votes) for option in found.options] == [(label, votes)]

    @pytest.mark.parametrize(
        "body",
        [
            "",
            "Oui",
            "Oui: beaucoup",
            "Oui: -3",
            f"{'x' * 81}: 3",
            "Oui: 9999999999",
            "\n".join(f"{n}: 1" for n in range(9)),
        ],
    )
    def test_refuses_what_is_no_result(self, body):
        with pytest.raises(ValueError, match="one answer per line"):
            drawn(title="Parc", template="poll", body=body)


@pytest.mark.django_db
class TestAgenda:
    def event(self, title: str, starts: dt.datetime, **values: object) -> None:
        Announcement.objects.create(title=title, template="event", starts=starts, **values)

    def titles(self) -> list[str]:
        with time_machine.travel(NOON, tick=False):
            found = drawn(title="Agenda", template="agenda")
        assert isinstance(found, widgets.AgendaWidget)
        return [event.title for event in found.events]

    def test_lists_events_that_are_not_over_the_soonest_first(self):
        self.event("Demain", NOON + dt.timedelta(days=1))
        self.event("Ce soir", NOON + dt.timedelta(hours=8))
        self.event("Ce matin", NOON - dt.timedelta(hours=3))
        self.event("Hier", NOON - dt.timedelta(days=1))
        self.event("Depuis hier", NOON - dt.timedelta(days=1), ends=NOON + dt.timedelta(minutes=1))
        self.event("Ce matin, fini", NOON - dt.timedelta(hours=3), ends=NOON)

        assert self.titles() == ["Depuis hier", "Ce matin", "Ce soir", "Demain"]

    def test_leaves_out_what_is_no_event(self, announcement):
        assert self.titles() == []

    def test_lists_forty_at_most_and_shortens_long_titles(self):
        for number in range(42):
            self.event(f"{number:02} {'x' * 190}", NOON + dt.timedelta(minutes=number))

        found = self.titles()

        assert [title[:2] for title in found] == [f"{number:02}" for number in range(40)]
        assert all(len(title) <= 160 for title in found)

    def test_of_a_feed_lists_that(self):
        self.event("À nous", NOON + dt.timedelta(hours=1))
        data = {"events": [{"title": "Concert", "starts": "2026-06-20T20:00:00", "ends": None, "place": ""}]}
        feed = Feed.objects.create(name="Agglo", kind=FeedKind.CALENDAR, data=data, told_at=NOON)

        found = drawn(title="Agenda", template="agenda", feed=feed)

        assert isinstance(found, widgets.AgendaWidget)
        assert [event.title for event in found.events] == ["Concert"]
        assert found.source == "Agglo"


@pytest.mark.django_db
class TestFeeds:
    @pytest.mark.parametrize("template", sorted(set(FEED_TEMPLATES) - {"agenda", "table"}))
    def test_a_template_that_shows_a_feed_wants_one(self, template):
        with pytest.raises(ValueError, match="Choose a feed"):
            drawn(title="x", template=template)

    @pytest.mark.parametrize(("template", "kind"), FEED_TEMPLATES.items())
    def test_a_feed_of_another_kind_is_refused(self, template, kind):
        other = next(each for each in FeedKind if each != kind)
        feed = Feed.objects.create(name="Agglo", kind=other, data={"items": []})

        with pytest.raises(ValueError, match="Choose a feed of type"):
            drawn(title="x", template=template, feed=feed)

    @pytest.mark.parametrize(("template", "kind"), FEED_TEMPLATES.items())
    def test_a_feed_that_was_never_read_says_why(self, template, kind):
        feed = Feed.objects.create(name="Agglo", kind=kind, problem="It did not answer in time.")

        with pytest.raises(ValueError, match=r"Agglo.*did not answer in time"):
            drawn(title="x", template=template, feed=feed)

    def test_the_age_of_the_data_travels_with_it(self):
        feed = Feed.objects.create(
            name="Agglo", kind=FeedKind.NEWS, told_at=NOON,
            data={"items": [{"title": "Piscine", "published_at_ms": None}]},
        )  # fmt: skip

        found = drawn(title="À la une", template="headlines", feed=feed)

        assert isinstance(found, widgets.NewsWidget)
        assert found.fetched_at_ms == int(NOON.timestamp() * 1000)
        assert found.stale_after_ms == 6 * 3_600_000
        assert found.useless_after_ms == 3 * 86_400_000

    def test_official_data_names_its_publisher(self):
        days = [{"day": timezone.localdate().isoformat(), "sky": "sun", "low": 10, "high": 20, "wind_kmh": 5}]
        weather = Feed.objects.create(name="Météo", kind=FeedKind.WEATHER, data={"days": days}, told_at=NOON)
        level = {"department": "44", "level": 1, "phenomena": []}
        vigilance = Feed.objects.create(name="Vigie", kind=FeedKind.VIGILANCE, data=level, told_at=NOON)

        assert drawn(title="x", template="weather", feed=weather).source == "MET Norway"
        assert drawn(title="x", template="vigilance", feed=vigilance).source == "Météo-France"


class TestTablesAndNumbers:
    def test_a_table_is_written_in_the_page_or_comes_from_a_feed(self):
        found = drawn(title="Menu", template="table", body="Jour | Plat\nlundi 15 juin | Riz\n\nmardi 16 juin | Soupe")

        assert isinstance(found, widgets.TableWidget)
        assert found.heading == ("Jour", "Plat")
        assert found.rows == (("lundi 15 juin", "Riz"), ("mardi 16 juin", "Soupe"))
        with pytest.raises(ValueError, match="at least one row"):
            drawn(title="Menu", template="table", body="Jour | Plat")

    @pytest.mark.parametrize(
        ("figure", "value", "unit"),
        [
            ("128 450 km", 128_450, "km"),
            ("12,450", 12_450, ""),
            ("3,5 %", 3.5, "%"),
            ("-2.75", -2.75, ""),
            ("7", 7, ""),
        ],
    )
    def test_a_counter_reads_numbers_as_people_write_them(self, figure, value, unit):
        found = drawn(title="Vélos", template="counter", figure=figure, body="passages\n+312 depuis hier")

        assert isinstance(found, widgets.CounterWidget)
        assert (found.value, found.unit, found.label) == (value, unit, "passages")
        assert (found.change, found.change_label) == (312, "depuis hier")

    def test_a_gauge_has_the_scale_of_its_rows_or_that_of_the_air(self):
        own = drawn(title="Rivière", template="gauge", figure="1,2 m", body="1 | bas | #50ccaa\n3 | haut | #ff5050")
        assert isinstance(own, widgets.GaugeWidget)
        assert [segment.word for segment in own.segments] == ["bas", "haut"]
        assert own.segment_index == 1
        air = drawn(title="Air", template="gauge", figure="47")
        assert isinstance(air, widgets.GaugeWidget)
        assert air.segments[air.segment_index].word == "dégradé"

    @pytest.mark.parametrize(
        "body", ["1 | bas", "x | bas | #50ccaa", "3 | a | #50ccaa\n1 | b | #50ccaa", "1 | a | red"]
    )
    def test_a_gauge_refuses_what_is_no_scale(self, body):
        with pytest.raises(ValueError, match=r"scale|not a number"):
            drawn(title="Rivière", template="gauge", figure="1", body=body)

    @pytest.mark.parametrize("template", ["counter", "gauge"])
    def test_a_number_is_asked_for(self, template):
        with pytest.raises(ValueError, match="number"):
            drawn(title="x", template=template, figure="beaucoup")

    def test_a_code_leads_to_the_page(self):
        found = drawn(title="Budget", template="qr", link="https://example.org/b", body="Votez\nautre")
        assert isinstance(found, widgets.QrWidget)
        assert (found.address, found.text) == ("https://example.org/b", "Votez")
        with pytest.raises(ValueError, match="web page"):
            drawn(title="Budget", template="qr")
