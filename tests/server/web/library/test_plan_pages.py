"""The editorial plan: who writes what for when, and what was written for it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from tests.support.pages import page_text

from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.library import editorial_plan
from beffroi_server.library.models import Announcement
from beffroi_server.library.plan_models import PlannedAnnouncement

pytestmark = pytest.mark.django_db
PLAN = "/announcements/plan/"


def plan(title: str = "Marché de Noël", days: int = 5, **values: object) -> PlannedAnnouncement:
    planned = PlannedAnnouncement(title=title, due_on=timezone.localdate() + dt.timedelta(days=days), **values)
    editorial_plan.save_planned(planned, user=None)
    return planned


def test_somebody_plans_what_somebody_else_writes(as_alice, alice, bob):
    as_alice.post(f"{PLAN}new/", {"title": "Marché", "due_on": "2030-12-01", "writer": bob.pk, "label": "Sorties"})

    page = page_text(as_alice.get(PLAN))
    assert "Marché" in page
    assert "bob" in page
    assert PlannedAnnouncement.objects.get().writer == bob


def test_what_is_not_written_by_its_day_is_late(as_alice):
    plan("Marché", days=-1)
    assert "late" in page_text(as_alice.get(PLAN))


def test_what_is_written_from_the_plan_is_known_there(as_alice, hall):
    planned = plan(label="Sorties")
    form = page_text(as_alice.get(f"/announcements/new/?plan={planned.pk}"))
    assert 'value="Marché de Noël"' in form
    assert 'value="Sorties"' in form

    typed = {"template": "news", "title": "Marché", "where": "nowhere", "act": "draft", "plan": planned.pk}
    as_alice.post("/announcements/new/", typed)
    planned.refresh_from_db()
    assert planned.announcement == Announcement.objects.get(title="Marché")
    assert "written" in page_text(as_alice.get(PLAN))


def test_a_second_text_does_not_take_the_place_of_the_first(alice):
    planned = plan()
    first, second = (Announcement.objects.create(title=title) for title in "ab")
    for each in (first, second):
        editorial_plan.mark_written(planned.pk, each, user=alice)

    planned.refresh_from_db()
    assert planned.announcement == first


def test_what_was_written_stays_two_weeks_and_what_was_not_stays(db):
    today = timezone.localdate()
    plan("old", days=-30, announcement=Announcement.objects.create(title="a"))
    plan("open", days=-30)
    plan("recent", days=-3, announcement=Announcement.objects.create(title="b"))

    assert [each.title for each in editorial_plan.open_plan(today)] == ["open", "recent"]


def test_a_contributor_reads_it_and_changes_nothing(client, carla):
    planned = plan()
    client.force_login(carla)
    assert "Marché de Noël" in page_text(client.get(PLAN))

    with pytest.raises(NotPermitted):
        editorial_plan.remove_planned(planned, user=carla)


def test_removing_it_leaves_what_was_written(as_alice):
    announcement = Announcement.objects.create(title="a")
    planned = plan(announcement=announcement)
    as_alice.post(f"{PLAN}{planned.pk}/remove/")

    assert not PlannedAnnouncement.objects.exists()
    assert Announcement.objects.filter(pk=announcement.pk).exists()


def test_who_does_not_change_the_plan_fulfils_what_they_are_to_write(alice, carla):
    planned, own = plan(), plan(writer=carla)
    text = Announcement.objects.create(title="Loto", created_by=carla)
    for each in (planned, own):
        editorial_plan.mark_written(each.pk, text, user=carla)
        each.refresh_from_db()

    assert (planned.announcement, own.announcement) == (None, text)
