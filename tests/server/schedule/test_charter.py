"""The charter: what the rules of the town refuse, and what they only warn of, when something is published."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from beffroi_server.fleet.models import ScreenClass, ScreenGroup
from beffroi_server.fleet.targets import EVERYWHERE, Targets
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import services as programme
from beffroi_server.schedule.charter import ProposedPublication, check_charter, save_charter_rule
from beffroi_server.schedule.charter_models import CharterRule, CharterSubject
from beffroi_server.schedule.models import AnnouncementPlacement, ScheduleRule
from beffroi_server.schedule.placements import place_announcement

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


def add_rule(subject: CharterSubject, groups: tuple[ScreenGroup, ...] = (), **values: object) -> CharterRule:
    rule = CharterRule(subject=subject, **values)
    save_charter_rule(rule, groups=groups, user=None)
    return rule


def findings(targets: Targets = EVERYWHERE, days: int | None = 10, duration_s: int = 10, **values: object) -> list[str]:
    announcement = Announcement.objects.create(**{"title": "Concert", **values})
    now = timezone.now()
    ends_at = None if days is None else now + dt.timedelta(days=days)
    return [
        each.sentence for each in check_charter(ProposedPublication(announcement, targets, now, ends_at, duration_s))
    ]


def test_a_town_without_a_charter_publishes_anything(town, hall):
    assert findings(duration_s=1, days=None, link="https://example.org/") == []


@pytest.mark.parametrize(
    ("subject", "rule", "fine", "wrong", "said"),
    [
        (CharterSubject.TITLE_LENGTH, {"amount": 20}, {}, {"title": "x" * 21}, "21 characters"),
        (CharterSubject.DAYS, {"amount": 30}, {"days": 30}, {"days": None}, "longer than 30 days"),
        (CharterSubject.READING_TIME, {}, {}, {"body": "mot " * 60}, "on for 10 seconds"),
        (CharterSubject.NO_LINK, {}, {}, {"link": "https://example.org/"}, "has a link"),
        (CharterSubject.SUSPENDED, {"category": "Bilan"}, {"label": "Sport"}, {"label": "bilan"}, "not published"),
    ],
)
def test_a_rule_speaks_of_what_it_is_about_only(town, hall, subject, rule, fine, wrong, said):
    add_rule(subject, **rule)

    assert findings(**fine) == []
    (sentence,) = findings(**wrong)
    assert said in sentence


@pytest.mark.parametrize(
    ("language", "others", "said"),
    [
        ("fr", [], ""),
        ("", ["en", "de"], ""),
        ("fr", ["br"], ""),
        ("br", ["fr"], ""),
        ("fr", ["en"], "one language only (English)"),
        ("fr", ["en", "br"], "one language only (English)"),
        ("en", [], "not in the language of the town: French"),
        ("en", ["de", "es"], "not in the language of the town: French"),
    ],
)
def test_none_or_two_translations_where_regional_languages_do_not_count(town, hall, language, others, said):
    add_rule(CharterSubject.LANGUAGES)
    texts = [{"language": code, "title": "Concert"} for code in others]

    sentences = findings(language=language, translations=texts)

    assert len(sentences) == bool(said)
    assert said in "".join(sentences)


def test_short_texts_on_led_panels(town, quay):
    add_rule(CharterSubject.LED_PAGES, amount=2)

    assert findings(title="Piscine") == []
    (sentence,) = findings(title="Piscine", body="La piscine rouvre lundi à dix heures pour tous les habitants. " * 6)
    assert "Shorten it" in sentence


def test_letters_are_readable_from_where_people_stand(town, hall):
    ScreenClass.objects.update(viewing_distance_mm=60_000)
    add_rule(CharterSubject.DISTANCE)

    (sentence,) = findings(body="De 10 h à 19 h")
    assert "60" in sentence


def test_what_does_not_fit_at_all_is_not_its_business(town, quay):
    add_rule(CharterSubject.DISTANCE)

    assert findings(body="anticonstitutionnellement " * 190) == []


def test_a_category_belongs_on_its_groups(town, hall, quay):
    sports = ScreenGroup.objects.create(slug="sports", name="Sports")
    hall.groups.add(sports)
    add_rule(CharterSubject.GROUPS, groups=(sports,), category="Matchs")

    assert findings(Targets(groups=(sports,)), label="Matchs") == []
    assert findings(label="Travaux") == []
    (sentence,) = findings(label="Matchs")
    assert quay.name in sentence


def test_promotion_has_a_limited_share(town, hall):
    add_rule(CharterSubject.SHARE, category="Promotion", amount=30)
    for title in ("a", "b", "c"):
        place_announcement(Announcement.objects.create(title=title), everywhere=True, user=None)

    assert findings(label="Promotion") == []
    place_announcement(Announcement.objects.create(title="d", label="Promotion"), everywhere=True, user=None)
    (sentence,) = findings(label="Promotion")
    assert "40 %" in sentence


def test_an_announcement_that_is_edited_is_not_counted_twice_in_its_share(town, hall):
    add_rule(CharterSubject.SHARE, category="Promotion", amount=30)
    for title in ("a", "b", "c"):
        place_announcement(Announcement.objects.create(title=title), everywhere=True, user=None)
    edited = Announcement.objects.create(title="d", label="Promotion")
    place_announcement(edited, everywhere=True, user=None)
    typed = Announcement(title="dd", label="Promotion")

    proposed = ProposedPublication(typed, EVERYWHERE, timezone.now(), None, 10)
    assert check_charter(proposed)
    assert check_charter(replace(proposed, saved_as=edited.pk)) == []


def test_the_share_is_that_of_each_screen_and_not_of_the_town(town, hall, quay):
    add_rule(CharterSubject.SHARE, category="Promotion", amount=30)
    for title in ("a", "b", "c", "d", "e", "f"):
        place_announcement(Announcement.objects.create(title=title), screens=[quay], user=None)
    for title in ("g", "h", "i"):
        label = "Promotion" if title == "i" else ""
        place_announcement(Announcement.objects.create(title=title, label=label), screens=[hall], user=None)

    assert findings(Targets(screens=(quay,)), label="Promotion") == []
    (sentence,) = findings(Targets(screens=(hall,)), label="Promotion")
    assert "50 %" in sentence


def test_the_share_counts_what_playlists_show(town, hall):
    """Two thirds are shown by a rule and by what fills its playlist, and nothing of that is placed directly."""
    add_rule(CharterSubject.SHARE, category="Promotion", amount=30)
    listed, filled = (programme.create_playlist(name, user=None) for name in ("Info", "Shops"))
    for title in ("a", "b"):
        programme.add_entry(listed, announcement=Announcement.objects.create(title=title), user=None)
    for title in ("c", "d"):
        Announcement.objects.create(title=title, label="Promotion")
    filled.category = "Promotion"
    filled.save()
    for playlist in (listed, filled):
        programme.save_rule(ScheduleRule(name=playlist.name, playlist=playlist, everywhere=True), user=None)
    # A slide of each playlist and a placed one take turns, and that of the shops and the placed one are promotion.
    (sentence,) = findings(label="Promotion")
    assert "67 %" in sentence


def test_an_electoral_period_begins_and_ends(town, hall):
    today = timezone.localdate()
    add_rule(CharterSubject.NO_LINK, first_date=today + dt.timedelta(days=20), last_date=today + dt.timedelta(days=40))
    link = "https://example.org/"

    assert findings(days=10, link=link) == []
    assert findings(days=25, link=link)
    assert findings(days=None, link=link)


def test_what_is_refused_is_not_published_and_what_warns_is(town, hall):
    rule = add_rule(CharterSubject.TITLE_LENGTH, amount=3, reason="Charte, point 4.")
    announcement = Announcement.objects.create(title="Concert")
    place_announcement(announcement, everywhere=True, user=None)
    rule.refuses = True
    save_charter_rule(rule, user=None)

    with pytest.raises(ValidationError, match=r"Charte, point 4\."):
        place_announcement(announcement, everywhere=False, screens=[hall], user=None)
    assert AnnouncementPlacement.objects.get().everywhere


def test_nothing_is_said_of_what_is_shown_nowhere(town, hall):
    add_rule(CharterSubject.TITLE_LENGTH, amount=3, refuses=True)

    place_announcement(Announcement.objects.create(title="Concert"), user=None)


@pytest.mark.parametrize(
    "values",
    [
        {"subject": CharterSubject.DAYS},
        {"subject": CharterSubject.SHARE, "amount": 10},
        {"subject": CharterSubject.NO_LINK, "first_date": "2027-02-01", "last_date": "2027-01-01"},
        {"subject": CharterSubject.HOURS, "start_time": dt.time(7)},
        {"subject": CharterSubject.HOURS, "start_time": dt.time(21), "end_time": dt.time(7)},
    ],
)
def test_a_rule_that_says_nothing_is_refused(db, values):
    with pytest.raises(ValidationError):
        save_charter_rule(CharterRule(**values), user=None)


def test_what_is_placed_directly_is_on_around_the_clock_unless_it_ends_the_same_day(town, hall):
    add_rule(CharterSubject.HOURS, start_time=dt.time(7), end_time=dt.time(21))
    morning = dt.datetime(2027, 3, 1, 8, tzinfo=dt.UTC)
    announcement = Announcement.objects.create(title="Fair")

    def said(hours: int) -> str:
        ends_at = morning + dt.timedelta(hours=hours)
        found = check_charter(ProposedPublication(announcement, EVERYWHERE, morning, ends_at, 10))
        return "".join(each.sentence for each in found)

    assert said(12) == ""
    assert "around the clock" in said(13)
