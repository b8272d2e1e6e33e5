"""Hours by weekday and on special days, switching a display off, and the output: on the pages and in the programme."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from tests.support.pages import page_text

from beffroi_content.model import PowerState
from beffroi_content.timeline import Moment
from beffroi_content.timeline.display_power import display_power
from beffroi_player.outputs.led.controller import LedTarget
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.fleet import services
from beffroi_server.fleet.models import Screen
from beffroi_server.schedule.compile_inputs import load_inputs
from beffroi_server.schedule.manifest_compiler import compile_manifest

HOURS = "/screens/hall/hours/"


def fresh(screen: Screen) -> Screen:
    return Screen.objects.get(pk=screen.pk)


def power_at(screen: Screen, moment: dt.datetime) -> PowerState:
    manifest = compile_manifest(load_inputs(fresh(screen))).manifest
    return display_power(manifest, (), Moment(unix_ms=unix_ms(moment), uptime_ms=0)).state


def next_day(weekday: int, hour: int) -> dt.datetime:
    """Return an hour of a coming weekday, 1 is Monday, in Paris."""
    now = timezone.localtime()
    day = now.date() + dt.timedelta(days=(weekday - now.isoweekday()) % 7 or 7)
    return dt.datetime.combine(day, dt.time(hour), now.tzinfo)


class TestHours:
    def test_differ_by_weekday(self, as_charlie, hall):
        values = {
            "off_from": "22:00", "off_until": "06:00", "day6_mode": "hours", "day6_from": "23:30",
            "day6_until": "08:00", "day7_mode": "off",
        }  # fmt: skip
        assert as_charlie.post(HOURS, values).status_code == 302

        assert fresh(hall).day_hours == {
            "6": {"mode": "hours", "from": "23:30", "until": "08:00"}, "7": {"mode": "off"},
        }  # fmt: skip
        assert power_at(hall, next_day(5, 23)) is PowerState.OFF
        assert power_at(hall, next_day(6, 23)) is PowerState.ON
        assert power_at(hall, next_day(7, 12)) is PowerState.OFF
        page = page_text(as_charlie.get("/screens/hall/"))
        assert "Off from 22:00 to 06:00" in page
        assert "Sunday: off all day" in page

    def test_are_those_of_a_special_day_until_it_is_over(self, as_charlie, hall):
        day = next_day(3, 0).date()
        values = {"special0_first": day.isoformat(), "special0_mode": "off"}
        assert as_charlie.post(HOURS, values).status_code == 302
        assert power_at(hall, next_day(3, 12)) is PowerState.OFF
        assert power_at(hall, next_day(4, 12)) is PowerState.ON

        Screen.objects.update(special_days=[{"first": "2020-12-24", "last": "2020-12-24", "mode": "off"}])
        assert compile_manifest(load_inputs(fresh(hall))).manifest.settings.special_hours == ()
        as_charlie.post(HOURS, {})
        assert fresh(hall).special_days == []

    def test_are_given_back_with_what_is_wrong(self, as_charlie, hall):
        values = {
            "off_from": "22:00", "day1_mode": "hours", "day1_from": "20:00", "special0_last": "2026-12-24",
            "special1_first": "2026-12-24", "special1_last": "2026-12-01",
        }  # fmt: skip
        response = as_charlie.post(HOURS, values)

        assert response.status_code == 422
        assert {"off_until", "day1_until", "special0_first", "special1_last"} <= set(response.context["form"].errors)
        assert fresh(hall).off_from is None

    @pytest.mark.parametrize("hours", [{"1": {"mode": "never"}}, {"1": {"mode": "hours", "from": "25:00"}}, {"1": 3}])
    def test_that_are_none_are_never_stored(self, hall, hours):
        hall.day_hours = hours
        with pytest.raises(services.ValidationError):
            services.save_screen(hall, user=None)


class TestSwitchingOff:
    def test_lasts_until_somebody_switches_it_on(self, as_charlie, hall):
        assert as_charlie.post("/screens/hall/off/", {"duration": "4"}).status_code == 302
        assert power_at(hall, timezone.now()) is PowerState.OFF
        assert power_at(hall, timezone.now() + dt.timedelta(hours=5)) is PowerState.ON
        assert "Switched off until" in page_text(as_charlie.get("/screens/hall/"))

        as_charlie.post("/screens/hall/on/")
        assert power_at(hall, timezone.now()) is PowerState.ON
        actions = AuditEvent.objects.order_by("-pk").values_list("action", flat=True)[:2]
        assert list(actions) == ["screen-switched-on", "screen-switched-off"]

    def test_is_called_in_french_as_the_guide_calls_it(self, as_charlie, hall):
        as_charlie.cookies["django_language"] = "fr"
        assert "Éteindre" in page_text(as_charlie.get("/screens/hall/"))

    def test_is_for_those_who_may(self, as_alice, hall):
        assert as_alice.post("/screens/hall/off/", {"duration": "4"}).status_code == 403
        assert "Turn off" not in page_text(as_alice.get("/screens/hall/"))

    @pytest.mark.parametrize("duration", ["", "week", "morning", "9" * 30, "-1"])
    def test_always_has_an_end(self, as_charlie, hall, duration):
        as_charlie.post("/screens/hall/off/", {"duration": duration})
        until = fresh(hall).switched_off_until
        assert until is not None
        assert timezone.now() < until < timezone.now() + dt.timedelta(days=8)


class TestOutput:
    def values(self, hall, **changes):
        return {"name": hall.name, "screen_class": hall.screen_class_id, "rotation": 0, **changes}

    @pytest.mark.parametrize(
        ("changes", "stored"),
        [
            ({"output_kind": "window"}, "window"),
            ({"output_kind": "ddp", "output_host": "192.168.1.40"}, "ddp://192.168.1.40"),
            (
                {"output_kind": "sacn", "output_host": "multicast", "output_universe": "3", "output_gamma": "2.5"},
                "sacn://multicast?universe=3&gamma=2.5",
            ),
            ({"output_kind": ""}, ""),
        ],
    )
    def test_travels_in_the_programme_as_the_player_reads_it(self, as_charlie, hall, changes, stored):
        assert as_charlie.post("/screens/hall/edit/", self.values(hall, **changes)).status_code == 302

        assert fresh(hall).output == stored
        assert compile_manifest(load_inputs(fresh(hall))).manifest.settings.output == stored
        if "://" in stored:
            LedTarget.parse_address(stored)

    @pytest.mark.parametrize(
        "changes",
        [
            {"output_kind": "ddp"},
            {"output_kind": "ddp", "output_host": "multicast"},
            {"output_kind": "sacn", "output_host": "192.168.1.40", "output_universe": "0"},
            {"output_kind": "artnet", "output_host": "a b/../c"},
            {"output_kind": "telepathy"},
        ],
    )
    def test_is_refused_where_no_player_would_take_it(self, as_charlie, hall, changes):
        assert as_charlie.post("/screens/hall/edit/", self.values(hall, **changes)).status_code == 422
        assert fresh(hall).output == ""

    def test_is_kept_where_a_page_does_not_ask_for_it(self, as_charlie, hall):
        Screen.objects.update(output="window")
        as_charlie.post("/screens/hall/edit/", self.values(hall))
        assert fresh(hall).output == "window"
