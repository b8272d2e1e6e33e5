"""An announcement is published from its own page: where, until when, what is doubtful about it, and what is said."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.utils import timezone
from tests.support.pages import page_text

from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.library import services
from beffroi_server.library.categories import save_category
from beffroi_server.library.models import Announcement, Category
from beffroi_server.schedule import placements
from beffroi_server.schedule.charter import save_charter_rule
from beffroi_server.schedule.charter_models import CharterRule, CharterSubject

pytestmark = pytest.mark.django_db
NEW = "/announcements/new/"


def values(**changes: str) -> dict[str, str]:
    typed = {"template": "news", "title": "Marché", "where": "everywhere", "no_end": "", "act": "publish"}
    return typed | changes


def saved() -> Announcement:
    return Announcement.objects.get(title="Marché")


class TestPublishing:
    def test_shows_it_everywhere_and_says_until_when(self, as_alice, hall):
        answer = as_alice.post(NEW, values(), follow=True)
        placement = placements.placement_of(saved())
        assert placement.everywhere
        assert dt.timedelta(days=30) < placement.ends_at - timezone.now() < dt.timedelta(days=31)
        page = page_text(answer)
        assert "Announcement “Marché” published: on all screens, until" in page
        assert "Take off the screens" in page

    def test_takes_the_days_of_the_category(self, as_alice, hall):
        save_category(Category(name="Sports", default_days=7), user=None)
        as_alice.post(NEW, values(label="sports", valid_until="2030-01-01T10:00"))
        assert placements.placement_of(saved()).ends_at - timezone.now() < dt.timedelta(days=8)

    def test_takes_a_date_only_where_one_was_asked_for(self, as_alice, hall):
        as_alice.post(NEW, values(no_end="false", valid_until="2030-01-01T10:00"))
        assert placements.placement_of(saved()).ends_at.year == 2030

    def test_as_a_draft_shows_it_nowhere(self, as_alice, hall):
        answer = as_alice.post(NEW, values(act="draft"), follow=True)
        assert placements.placement_of(saved()) is None
        assert "saved as a draft: no screen shows it yet" in page_text(answer)

    def test_begins_with_what_the_user_chose_last(self, as_alice, hall, quay, district):
        as_alice.post(NEW, values(where="chosen", groups=str(district.pk)))
        page = page_text(as_alice.get(NEW))
        assert re.search(r'name="where" value="chosen"[^>]*checked', page)
        assert re.search(rf'name="groups" value="{district.pk}"[^>]*checked', page)

    def test_of_a_draft_begins_like_that_of_a_new_one(self, as_alice, alice, hall):
        draft = services.save_announcement(user=alice, title="Marché")
        page = page_text(as_alice.get(f"/announcements/{draft.pk}/"))
        assert re.search(r'name="where" value="everywhere"[^>]*checked', page)
        assert "Save as draft" in page

    def test_without_a_place_keeps_the_text(self, as_alice, hall):
        answer = as_alice.post(NEW, values(where="chosen"))
        assert answer.status_code == 422
        assert "Choose at least one group or screen." in page_text(answer)
        assert 'value="Marché"' in page_text(answer)
        assert not Announcement.objects.exists()

    def test_saves_both_or_nothing(self, as_alice, hall, monkeypatch):
        def fail(*_: object, **__: object) -> None:
            raise NotPermitted("not there")

        monkeypatch.setattr(placements, "place_announcement", fail)
        answer = as_alice.post(NEW, values())
        assert answer.status_code == 403
        assert "not there" in page_text(answer)
        assert not Announcement.objects.exists()


class TestDoubts:
    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({}, "This event has no date"),
            ({"starts": "2020-05-01T10:00"}, "is over ("),
            ({"starts": "2035-05-01T10:00", "no_end": "false", "valid_until": "2030-01-01T10:00"}, "before the event"),
        ],
    )
    def test_are_asked_once_and_are_no_refusal(self, as_alice, hall, changes, said):
        typed = values(template="event", **changes)
        answer = as_alice.post(NEW, typed)
        page = page_text(answer)
        assert answer.status_code == 422
        assert said in page
        assert not Announcement.objects.exists()

        key = re.search(r'name="anyway" value="(\w+)"', page)[1]
        as_alice.post(NEW, typed | {"act": "", "anyway": key})
        assert placements.placement_of(saved()).everywhere

    def test_that_were_not_seen_are_asked_again(self, as_alice, hall):
        key = re.search(r'name="anyway" value="(\w+)"', page_text(as_alice.post(NEW, values(template="event"))))[1]
        answer = as_alice.post(NEW, values(template="event", starts="2020-05-01T10:00", anyway=key))
        assert answer.status_code == 422

    def test_are_none_of_a_draft(self, as_alice, hall):
        as_alice.post(NEW, values(template="event", act="draft"))
        assert saved().starts is None

    def test_are_none_of_an_event_with_a_date(self, as_alice, hall):
        as_alice.post(NEW, values(template="event", starts="2035-05-01T10:00"))
        assert placements.placement_of(saved()).ends_at.date() == dt.date(2035, 5, 1)


def test_the_page_asks_once_for_the_shares(as_alice, hall, announcement):
    for address in (NEW, f"/announcements/{announcement.pk}/"):
        assert page_text(as_alice.get(address)).count('id="placement-outlook"') == 1


def first_templates(page: str) -> set[str]:
    return set(re.findall(r'name="template" value="(\w+)"', page[: page.index("other templates")]))


def test_the_usual_templates_are_those_that_the_town_published_most(as_alice, hall):
    for act in ("publish", "publish", "draft"):
        as_alice.post(NEW, values(template="quote" if act == "publish" else "poster", act=act))
    assert first_templates(page_text(as_alice.get(NEW))) == {"news", "event", "works", "quote"}
    Announcement.objects.update(created_at=timezone.now() - dt.timedelta(days=400))
    assert first_templates(page_text(as_alice.get(NEW))) == {"news", "event", "works", "notice"}


def test_the_usual_templates_come_first_and_the_others_are_folded_away(as_alice):
    page = page_text(as_alice.get(NEW))
    assert first_templates(page) == {"news", "event", "works", "notice"}
    assert page.index('name="title"') < page.index('name="template"')


class TestCharter:
    def test_what_warns_is_asked_once(self, as_alice, hall):
        save_charter_rule(CharterRule(subject=CharterSubject.TITLE_LENGTH, amount=3), user=None)
        page = page_text(as_alice.post(NEW, values()))
        assert "6 characters, where 3 are allowed" in page

        key = re.search(r'name="anyway" value="(\w+)"', page)[1]
        as_alice.post(NEW, values(anyway=key))
        assert placements.placement_of(saved()).everywhere

    def test_what_refuses_keeps_the_text_and_publishes_nothing(self, as_alice, hall):
        save_charter_rule(CharterRule(subject=CharterSubject.TITLE_LENGTH, amount=3, refuses=True), user=None)
        answer = as_alice.post(NEW, values())

        assert answer.status_code == 422
        assert "6 characters, where 3 are allowed" in page_text(answer)
        assert not Announcement.objects.exists()
        as_alice.post(NEW, values(act="draft"))
        assert placements.placement_of(saved()) is None


def said_at(page: str, place: str) -> str:
    found = re.search(rf'id="doubts-{place}"[^>]*>(.*?)</div>', page, re.DOTALL)
    return re.sub(r"<[^>]+>", "", found[1])


class TestDoubtsWhileTyping:
    def said(self, client, place: str, **changes: str) -> str:
        return said_at(page_text(client.post("/announcements/preview/", values(**changes))), place)

    def test_stand_beside_the_field_that_they_are_about(self, as_alice, hall):
        for subject, amount in ((CharterSubject.TITLE_LENGTH, 3), (CharterSubject.READING_TIME, None)):
            save_charter_rule(CharterRule(subject=subject, amount=amount, refuses=amount is None), user=None)
        answer = page_text(as_alice.post("/announcements/preview/", values(template="event", body="mot " * 60)))
        assert "6 characters, where 3 are allowed" in said_at(answer, "title")
        assert "reading it takes" in said_at(answer, "body")
        assert "This event has no date" in said_at(answer, "starts")
        assert 'hx-swap-oob="true"' in answer
        assert not Announcement.objects.exists()

    def test_name_dates_that_are_over_or_turned_round(self, as_alice, hall):
        over = {"template": "event", "starts": "2020-05-01T10:00"}
        assert "What it tells of is over" in self.said(as_alice, "starts", **over)
        turned = over | {"starts": "2030-05-02T10:00", "ends": "2030-05-01T10:00"}
        assert "ends before it starts" in self.said(as_alice, "starts", **turned)
        past = {"no_end": "false", "valid_until": "2020-01-01T10:00"}
        assert "This is in the past" in self.said(as_alice, "where", **past)

    def test_are_silent_where_all_is_well_and_name_letters_that_no_screen_has(self, as_alice, hall):
        for place in ("title", "body", "starts", "link", "label", "where"):
            assert self.said(as_alice, place).strip() == ""
        assert "CJK UNIFIED IDEOGRAPH-6F22" in self.said(as_alice, "title", title="漢")


class TestAFormSentTwice:
    def sent(self, client, **changes: str) -> int:
        token = re.search(r'name="token" value="([^"]+)"', page_text(client.get(NEW)))[1]
        once, again = (client.post(NEW, values(token=token, **changes)) for _ in range(2))
        assert (once.status_code, once.headers.get("Location")) == (again.status_code, again.headers.get("Location"))
        self.token = token
        return Announcement.objects.count()

    def test_makes_one_announcement_and_is_answered_the_same(self, as_alice, hall, playlist):
        before = Announcement.objects.count()
        assert self.sent(as_alice, playlists=str(playlist.pk)) == before + 1
        assert playlist.entries.filter(announcement__title="Marché").count() == 1

    def test_makes_two_where_something_else_was_typed_or_the_form_is_another(self, as_alice, as_bob, hall):
        assert self.sent(as_alice) == 1
        as_alice.post(NEW, values(token=self.token, title="Foire"))
        assert Announcement.objects.count() == 2
        assert self.sent(as_alice) == 3

    def test_that_proposes_is_answered_as_proposed(self, client, carla, hall):
        client.force_login(carla)
        assert self.sent(client) == 1
