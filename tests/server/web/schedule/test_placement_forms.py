"""Form of a placement: where and until when an announcement is shown."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from beffroi_server.library.models import Announcement, Category
from beffroi_server.schedule.placements import place_announcement
from beffroi_server.web.schedule.placement_forms import PlacementForm

NOON = dt.datetime(2026, 6, 15, 10, 0, tzinfo=dt.UTC)
"""Monday 15 June 2026, 12:00 in Paris."""


@pytest.fixture(autouse=True)
def noon(town):
    with time_machine.travel(NOON, tick=False), timezone.override("Europe/Paris"):
        yield


def local(moment: dt.datetime | None) -> str:
    return "" if moment is None else f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"


def saved_until(announcement: Announcement, **values: object) -> str:
    form = PlacementForm({"where": "everywhere", **values}, announcement=announcement)
    assert form.is_valid(), form.errors
    placement = form.save(announcement, None)
    assert placement is not None
    return local(placement.ends_at)


class TestTheEnd:
    @pytest.mark.parametrize(
        ("fields", "until"),
        [
            ({}, "2026-07-15 23:59"),
            ({"label": "SPORTS"}, "2026-06-22 23:59"),
            ({"label": "Other"}, "2026-07-15 23:59"),
            ({"template": "event", "starts": NOON + dt.timedelta(days=90)}, "2026-09-14 00:00"),
            ({"template": "countdown", "starts": NOON + dt.timedelta(days=2)}, "2026-06-18 00:00"),
            ({"template": "works", "starts": NOON}, "2026-07-15 23:59"),
            ({"template": "event", "starts": NOON - dt.timedelta(days=90)}, "2026-07-15 23:59"),
        ],
    )
    def test_comes_by_itself(self, fields, until):
        Category.objects.create(name="Sports", default_days=7)

        assert saved_until(Announcement.objects.create(title="x", **fields)) == until

    def test_is_the_one_that_somebody_gives(self, announcement):
        assert saved_until(announcement, valid_until="2026-06-20T18:00") == "2026-06-20 18:00"

    def test_is_none_only_if_somebody_says_so(self, announcement):
        assert saved_until(announcement, no_end="on", valid_until="2026-06-20T18:00") == ""
        assert PlacementForm(announcement=Announcement.objects.get())["no_end"].value() is True

    def test_is_refused_in_the_past_unless_it_was_so_before(self, announcement, hall):
        values = {"where": "everywhere", "valid_until": "2026-06-15T11:00"}
        assert "valid_until" in PlacementForm(values, announcement=announcement).errors

        place_announcement(announcement, everywhere=True, ends_at=NOON - dt.timedelta(hours=1), user=None)
        assert PlacementForm(values, announcement=Announcement.objects.get()).is_valid()


class TestWhere:
    def test_of_a_new_announcement_is_everywhere_and_of_a_saved_one_what_it_has(self, hall, announcement):
        assert PlacementForm()["where"].value() == "everywhere"
        assert PlacementForm(announcement=announcement)["where"].value() == "nowhere"

        place_announcement(announcement, screens=[hall], user=None)
        form = PlacementForm(announcement=Announcement.objects.get())
        assert (form["where"].value(), form["screens"].value()) == ("chosen", [hall.pk])

    def test_nowhere_makes_nothing(self, announcement):
        form = PlacementForm({"where": "nowhere"}, announcement=announcement)

        assert form.is_valid()
        assert form.save(announcement, None) is None

    @pytest.mark.parametrize("values", [{}, {"where": "mars"}, {"where": "chosen"}, {"where": "chosen", "groups": "x"}])
    def test_must_be_somewhere(self, values):
        form = PlacementForm(values)

        assert not form.is_valid()
        assert {"where", "groups"} & form.errors.keys()
