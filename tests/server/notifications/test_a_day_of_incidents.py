"""A simulated day: screens fall silent, come back, flap; people are told once, in their hours, by mail."""

from __future__ import annotations

import datetime as dt

import pytest

from beffroi_server.fleet.models import Screen
from beffroi_server.notifications import incidents
from beffroi_server.notifications.models import Delivery, Incident, Notice, NotificationChoice, choice_of

pytestmark = pytest.mark.django_db


def choose(user, **changes) -> NotificationChoice:
    choice = choice_of(user)
    for name, value in changes.items():
        setattr(choice, name, value)
    choice.save()
    return choice


def test_a_silent_screen_is_one_mail_and_its_return_another(day, screens, tess, sink):
    day.is_back(*screens)
    day.passes(5)
    day.falls_silent(screens[0])
    day.passes(9)
    assert sink.messages == []
    day.passes(2)
    assert sink.subjects() == ["“Screen 1” has not responded since 12:08."]
    day.passes(60)
    day.is_back(screens[0])
    day.passes(4)
    assert len(sink.messages) == 1
    day.passes(2)
    assert sink.subjects()[1:] == ["“Screen 1” is back. It did not respond from 12:08 until 13:20 (1 h 12 min)."]
    assert sink.messages[0][0] == ["tess@saint-aubin.test"]


def test_a_mail_says_what_to_do_and_leads_to_the_page_without_anything_from_outside(day, screens, tess, sink):
    day.falls_silent(screens[0])
    day.passes(11)
    text = sink.texts()[0]
    assert "Check power and network on site, then restart its player." in text
    assert "http://localhost:8000/screens/s1/" in text
    html = sink.messages[0][1].get_body(("html",)).get_content()
    assert "<img" not in html
    assert "src=" not in html


def test_a_mail_is_in_the_language_of_its_reader(day, screens, tess, sink):
    choose(tess, language="fr")
    day.falls_silent(screens[0])
    day.passes(11)
    assert 'lang="fr"' in sink.messages[0][1].get_body(("html",)).get_content()


def test_what_comes_and_goes_within_the_time_is_history_and_no_mail(day, screens, tess, sink):
    day.falls_silent(screens[0])
    day.passes(5)
    day.is_back(screens[0])
    day.passes(30)
    assert sink.messages == []
    found = Incident.objects.get()
    assert (found.announced_at, found.lasted(day.now)) == (None, dt.timedelta(minutes=6))


def test_a_screen_that_flaps_all_day_is_a_handful_of_mails(day, screens, tess, sink):
    # Twelve minutes gone, eight there, for four hours: a dozen outages, each long enough to be told.
    for _round in range(12):
        day.falls_silent(screens[0])
        day.passes(12)
        day.is_back(screens[0])
        day.passes(8)
    assert len(sink.messages) <= 3
    assert sink.subjects()[0].startswith("“Screen 1” has not responded")


def test_short_outages_that_come_again_and_again_are_told_as_that(day, screens, tess, sink):
    for _round in range(8):
        day.falls_silent(screens[0])
        day.passes(2)
        day.is_back(screens[0])
        day.passes(3)
    assert sink.subjects() == ["“Screen 1” keeps coming and going."]


def test_many_silent_screens_are_one_mail_that_guesses_why(day, screens, tess, sink):
    for screen in screens:
        day.falls_silent(screen)
        day.travel_to(day.now + dt.timedelta(seconds=10))
    day.passes(30)
    assert sink.subjects() == ["12 screens not responding since 12:03: network?"]
    assert all(screen.name in sink.texts()[0] for screen in screens)
    day.is_back(*screens)
    day.passes(30)
    assert len(sink.messages) == 2
    assert sink.texts()[1].count("is back.") == 12


def test_quiet_hours_are_quiet_and_what_was_over_by_then_is_told_as_over(day, screens, tess, sink):
    choose(tess, quiet_from=dt.time(12, 0), quiet_until=dt.time(13, 0))
    day.falls_silent(screens[0], screens[1])
    day.passes(30)
    day.is_back(screens[0])
    day.passes(20)
    assert sink.messages == []
    day.passes(8)
    assert len(sink.messages) == 1
    assert "“Screen 1” is back" in sink.texts()[0]
    assert "“Screen 2” has not responded since 12:03" in sink.texts()[0]


def test_what_somebody_calls_urgent_disturbs_quiet_hours(day, screens, tess, sink):
    choose(tess, quiet_from=dt.time(0, 0), quiet_until=dt.time(23, 59), urgent=["screen-silent"])
    day.falls_silent(screens[0])
    day.passes(11)
    assert len(sink.messages) == 1


def test_a_digest_comes_once_a_day_at_its_hour(day, screens, tess, sink):
    choose(tess, delivery=Delivery.DAILY, digest_at=dt.time(18, 0))
    day.falls_silent(screens[0])
    day.passes(60)
    day.is_back(screens[0])
    day.falls_silent(screens[1])
    day.passes(240)
    assert sink.messages == []
    day.passes(60)
    assert len(sink.messages) == 1
    assert sink.texts()[0].count("Screen") >= 2


def test_what_comes_within_minutes_is_told_together(day, screens, tess, sink):
    for screen in screens[:6]:
        day.falls_silent(screen)
        day.passes(2)
    day.passes(20)
    assert len(sink.messages) <= 3
    assert all(f"“Screen {number}”" in "".join(sink.texts()) for number in range(1, 7))


def test_one_takes_care_of_it_and_the_others_are_told_who(day, screens, tess, dora, sink):
    dora.email, dora.first_name = "dora@saint-aubin.test", "Dora"
    dora.save()
    day.falls_silent(screens[0])
    day.passes(11)
    incident = Incident.objects.get()
    assert incidents.acknowledge(incident, user=dora)
    assert not incidents.acknowledge(incident, user=tess)
    day.passes(6)
    to = [recipients for recipients, message in sink.messages if "Dora is taking care of it" in message["Subject"]]
    assert to == [["tess@saint-aubin.test"]]


def test_nobody_is_told_who_has_no_address_or_may_not_sign_in(day, screens, charlie, tess, sink):
    tess.is_active = False
    tess.save()
    day.falls_silent(screens[0])
    day.passes(11)
    assert sink.messages == []
    assert not Notice.objects.exists()


class TestAScreenThatIsOffAsPlanned:
    @pytest.fixture
    def off(self, day, screens, publish_off) -> Screen:
        return publish_off(screens[0], dt.time(12, 0), dt.time(13, 0))

    def test_is_not_silent_while_it_is_off(self, day, off, tess, sink):
        day.passes(50)
        assert not Incident.objects.exists()

    def test_is_silent_if_it_does_not_come_back(self, day, off, tess, sink):
        day.passes(60)
        assert sink.messages == []
        day.passes(10)
        assert sink.subjects() == ["“Screen 1” has not responded since 13:00."]
