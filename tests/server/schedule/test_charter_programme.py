"""The charter at playlists and rules: entries and rules that it refuses or warns of, and hours of the day."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from beffroi_server.fleet.targets import EVERYWHERE
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import services
from beffroi_server.schedule.charter import save_charter_rule
from beffroi_server.schedule.charter_models import CharterRule, CharterSubject
from beffroi_server.schedule.charter_programme import SENTENCES_SAID, entry_findings, rule_findings, warnings_of
from beffroi_server.schedule.models import Entry, Playlist, ScheduleRule, SolarDaypart

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


@pytest.fixture(autouse=True)
def no_links(town, hall) -> CharterRule:
    rule = CharterRule(subject=CharterSubject.NO_LINK, refuses=True)
    save_charter_rule(rule, user=None)
    return rule


@pytest.fixture
def linked(db) -> Announcement:
    return Announcement.objects.create(title="Concert", link="https://example.org/")


@pytest.fixture
def loop(db) -> Playlist:
    return services.create_playlist("Loop", user=None)


def show(playlist: Playlist, **values: object) -> ScheduleRule:
    return services.save_rule(ScheduleRule(name="Rule", playlist=playlist, everywhere=True, **values), user=None)


def test_a_playlist_that_a_rule_shows_does_not_get_what_is_refused(loop, linked):
    services.add_entry(loop, announcement=linked, user=None).delete()
    show(loop)

    with pytest.raises(ValidationError, match="“Concert”: It has a link"):
        services.add_entry(loop, announcement=linked, user=None)
    with pytest.raises(ValidationError, match="link"):
        services.add_new_entries(loop, [Announcement.objects.create(title="Fine"), linked], [], user=None)
    assert not Entry.objects.exists()


def test_it_is_refused_in_an_inner_playlist_too(loop, linked):
    outer = services.create_playlist("Outer", user=None)
    services.add_entry(outer, inner=loop, user=None)
    show(outer)

    with pytest.raises(ValidationError, match="link"):
        services.add_entry(loop, announcement=linked, user=None)


def test_a_rule_is_not_saved_that_would_show_what_is_refused(loop, linked):
    services.add_entry(loop, announcement=linked, user=None)

    with pytest.raises(ValidationError, match="“Concert”: It has a link"):
        show(loop)
    assert not ScheduleRule.objects.exists()
    archived = Announcement.objects.filter(pk=linked.pk)
    archived.update(archived_at=dt.datetime.now(dt.UTC))
    show(loop)


def test_what_is_shown_already_stays_and_its_rule_can_be_changed(no_links, loop, linked):
    no_links.refuses = False
    save_charter_rule(no_links, user=None)
    entry, rule = services.add_entry(loop, announcement=linked, user=None), show(loop)
    assert warnings_of(rule_findings(rule, EVERYWHERE)) == warnings_of(entry_findings([entry]))
    assert len(warnings_of(entry_findings([entry]))) == 1
    no_links.refuses = True
    save_charter_rule(no_links, user=None)

    rule.priority = 60
    services.save_rule(rule, user=None)
    services.update_entry(entry, duration_s=20, user=None)

    save_charter_rule(CharterRule(subject=CharterSubject.DAYS, amount=5, refuses=True), user=None)
    entry.valid_until = dt.datetime.now(dt.UTC) + dt.timedelta(days=3)
    services.update_entry(entry, valid_until=entry.valid_until, user=None)
    with pytest.raises(ValidationError, match="longer than 5 days"):
        services.update_entry(entry, valid_until=None, user=None)


def test_a_category_fills_a_rule_and_many_findings_are_counted(loop, linked):
    for number in range(SENTENCES_SAID + 3):
        Announcement.objects.create(title=f"Fair {number}", label="Fairs", link="https://example.org/")
    services.set_auto_fill(loop, category="Fairs", order="listed", user=None)

    with pytest.raises(ValidationError) as refused:
        show(loop)
    assert len(refused.value.messages) == SENTENCES_SAID + 1
    assert "3 more" in refused.value.messages[-1]


@pytest.mark.parametrize(
    ("hours", "is_fine"),
    [
        ({"start_time": dt.time(7), "end_time": dt.time(21)}, True),
        ({"start_time": dt.time(9), "end_time": dt.time(12), "more_times": [["14:00", "18:00"]]}, True),
        ({"start_time": dt.time(9), "end_time": dt.time(12), "more_times": [["20:00", "21:01"]]}, False),
        ({"start_time": dt.time(20), "end_time": dt.time(8)}, False),
        ({"daypart": SolarDaypart.DAYLIGHT}, False),
        ({}, False),
    ],
)
def test_promotion_keeps_to_its_hours(loop, hours, is_fine):
    hours_of_promotion = CharterRule(
        subject=CharterSubject.HOURS, category="Promotion", start_time=dt.time(7), end_time=dt.time(21)
    )
    save_charter_rule(hours_of_promotion, user=None)
    announcement = Announcement.objects.create(title="Fair", label="Promotion")
    services.add_entry(loop, announcement=announcement, user=None)
    services.add_entry(loop, announcement=Announcement.objects.create(title="Works"), user=None)

    found = rule_findings(show(loop, **hours), EVERYWHERE)

    assert [each.sentence[:6] for each in found] == ([] if is_fine else ["“Fair”"])
