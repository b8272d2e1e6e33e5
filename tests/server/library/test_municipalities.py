"""Municipalities: towns of an intercommunality on one server, each with screens, a name and a look of its own."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.accounts.models import AuditEvent, Town
from beffroi_server.fleet import services as fleet
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.fleet.municipality_models import Municipality
from beffroi_server.library import town_branding
from beffroi_server.schedule import compile_inputs
from beffroi_server.schedule.calendar_models import DayCalendar


@pytest.fixture
def lavau(town, hall, square_item) -> Municipality:
    """A village with the screen of the hall, a colour, a logo and a place."""
    made = Municipality(name="Lavau", colour="#7a1f3d", latitude=48.57, longitude=7.75, holiday_region="alsace-moselle")
    town_branding.save_municipality(made, logo=square_item, screens=[hall], user=None)
    return made


class TestScreensOfAMunicipality:
    def test_show_its_name_colour_logo_and_place(self, lavau, hall, quay, square_item):
        Town.objects.update(latitude=47.2, longitude=-1.5)

        ours = compile_inputs.load_inputs(hall)
        others = compile_inputs.load_inputs(quay)

        assert (ours.settings.town.name, ours.settings.town.colour, ours.idle.name) == ("Lavau", "#7a1f3d", "Lavau")
        assert ours.settings.town.logo == square_item.reference()
        assert (ours.settings.town.latitude, ours.settings.town.longitude) == (48.57, 7.75)
        assert (others.settings.town.name, others.settings.town.logo) == ("Saint-Aubin", None)
        assert others.settings.town.latitude == 47.2

    def test_have_its_public_holidays(self, lavau, playlist, hall, quay):
        rule = playlist.rules.get()
        rule.never_on.set(DayCalendar.objects.filter(country="FR"))

        ours, others = (
            {day.first for day in compile_inputs.load_inputs(screen).calendars[0].days} for screen in (hall, quay)
        )

        assert {(day.month, day.day) for day in ours - others} >= {(12, 26)}

    def test_show_what_it_leaves_out_as_the_town_does(self, town, hall):
        town_branding.save_municipality(Municipality(name="Lavau"), logo=None, screens=[hall], user=None)
        Town.objects.update(latitude=47.2, longitude=-1.5, holiday_region="alsace-moselle")

        town_shown = town_branding.town_of_screen(hall, Town.objects.get())

        assert (town_shown.name, town_shown.latitude, town_shown.holiday_region) == ("Lavau", 47.2, "alsace-moselle")

    def test_belong_to_one_only(self, lavau, hall):
        other = Municipality(name="Rouilly")
        with pytest.raises(ValidationError, match="Lavau"):
            town_branding.save_municipality(other, logo=None, screens=[hall], user=None)
        assert not Municipality.objects.filter(name="Rouilly").exists()

        town_branding.save_municipality(Municipality(name="Rouilly"), logo=None, user=None)
        with pytest.raises(ValidationError):
            fleet.save_screen(hall, groups=ScreenGroup.objects.filter(municipality__isnull=False), user=None)

    def test_are_those_of_its_group_which_has_its_name(self, lavau, quay):
        group = ScreenGroup.objects.get(municipality=lavau)

        fleet.save_group(group, user=None, screens=[quay])
        assert compile_inputs.load_inputs(quay).settings.town.name == group.name == "Lavau"

        group.name = "Elsewhere"
        with pytest.raises(ValidationError):
            fleet.save_group(group, user=None)

    def test_are_published_again_when_it_changes(self, lavau, hall, quay):
        Screen.objects.update(programme_due_at=None)
        lavau.colour = "#1f7a3d"

        town_branding.save_municipality(lavau, logo=None, user=None)

        assert list(Screen.objects.filter(programme_due_at__isnull=False)) == [hall]
        event = AuditEvent.objects.filter(action="municipality-changed").latest("id")
        assert event.detail["changes"]["colour"] == ["#7a1f3d", "#1f7a3d"]


def test_nobody_but_an_administrator_changes_a_municipality(lavau, dora, bob, paula):
    for user in (bob, paula):
        with pytest.raises(NotPermitted):
            town_branding.save_municipality(lavau, logo=None, user=user)
    town_branding.save_municipality(lavau, logo=None, user=dora)
