"""Pages of the charter."""

from __future__ import annotations

import pytest

from beffroi_server.library.categories import save_category
from beffroi_server.library.models import Category
from beffroi_server.schedule import services
from beffroi_server.schedule.charter import save_charter_rule
from beffroi_server.schedule.charter_models import CharterRule, CharterSubject
from beffroi_server.schedule.models import ScheduleRule

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


def test_an_administrator_writes_the_charter(as_dora):
    answer = as_dora.post("/charter/new/", {"subject": "title-length", "amount": "40", "refuses": "on"}, follow=True)

    assert "40" in answer.content.decode()
    rule = CharterRule.objects.get()
    assert rule.refuses
    as_dora.post(f"/charter/{rule.pk}/", {"subject": "title-length", "amount": "50"})
    rule.refresh_from_db()
    assert (rule.amount, rule.refuses) == (50, False)
    as_dora.post(f"/charter/{rule.pk}/delete/")
    assert not CharterRule.objects.exists()


def test_a_rule_without_its_number_is_asked_for_it(as_dora):
    answer = as_dora.post("/charter/new/", {"subject": "days"})

    assert answer.status_code == 422
    assert "Enter the number." in answer.content.decode()


def test_the_categories_of_the_town_are_offered(as_dora):
    save_category(Category(name="Promotion", default_days=7), user=None)
    for address in ("/charter/new/", "/announcements/plan/new/"):
        page = as_dora.get(address).content.decode()
        assert 'list="categories"' in page
        assert '<option value="Promotion">' in page


def test_pages_say_why_an_entry_or_a_rule_is_refused_and_keep_what_was_typed(as_alice, hall, announcement):
    subject = CharterSubject.TITLE_LENGTH
    rule = CharterRule(subject=subject, amount=3)
    save_charter_rule(rule, user=None)
    playlist = services.create_playlist("Fairs", user=None)
    values = {"playlist": playlist.pk, "name": "Mornings", "everywhere": "on", "every_day": "on", "level": "50"}

    as_alice.post("/schedule/new/", values | {"mode": "rotate"})
    warned = as_alice.post(f"/playlists/{playlist.pk}/add/", {"announcements": [announcement.pk]}, follow=True)
    assert "3 are allowed" in warned.content.decode()

    rule.refuses, rule.amount = True, 2
    save_charter_rule(rule, user=None)
    refused = as_alice.post("/schedule/new/", values | {"mode": "rotate", "name": "Evenings"})
    assert refused.status_code == 422
    assert "2 are allowed" in refused.content.decode()
    assert "Evenings" in refused.content.decode()
    assert ScheduleRule.objects.count() == 1
