"""Pages of playlists and of the schedule, as editors use them."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.support.pages import page_text

from beffroi_server.accounts.models import AuditEvent
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import manifest_compiler as compiling
from beffroi_server.schedule import services
from beffroi_server.schedule.calendar_models import DayCalendar
from beffroi_server.schedule.compile_inputs import load_inputs
from beffroi_server.schedule.day_calendars import read_waiting_imports
from beffroi_server.schedule.models import Entry, Playlist, ScheduleRule

pytestmark = pytest.mark.django_db


class TestPlaylists:
    def test_are_for_editors(self, client, charlie, town):
        assert client.get("/playlists/").url == "/sign-in/?next=/playlists/"
        client.force_login(charlie)
        assert client.get("/playlists/").status_code == 403
        assert client.post("/playlists/", {"name": "x"}).status_code == 403
        assert not Playlist.objects.exists()

    def test_say_what_to_do_first(self, as_alice):
        assert "No playlist yet" in page_text(as_alice.get("/playlists/"))

    def test_say_how_long_and_where(self, as_alice, playlist):
        page = page_text(as_alice.get("/playlists/"))

        assert "1 entry" in page
        assert "a round of 10\N{NARROW NO-BREAK SPACE}s" in page
        assert "On all screens, all the time, in turn with others" in page

    def test_are_made_with_a_name(self, as_alice, alice):
        answer = as_alice.post("/playlists/", {"name": "Town life"}, follow=True)

        made = Playlist.objects.get()
        assert answer.redirect_chain == [(f"/playlists/{made.pk}/", 302)]
        assert AuditEvent.objects.get(action="playlist-created").actor == "alice"

    def test_keep_a_name_that_is_taken(self, as_alice, playlist):
        answer = as_alice.post("/playlists/", {"name": "Everywhere"})

        assert answer.status_code == 422
        assert 'value="Everywhere"' in page_text(answer)
        assert Playlist.objects.count() == 1

    def test_show_markup_as_text(self, as_alice):
        services.create_playlist("<b>Bold</b>", user=None)
        assert "&lt;b&gt;Bold&lt;/b&gt;" in page_text(as_alice.get("/playlists/"))

    def test_take_few_queries(self, as_alice, announcement, django_assert_max_num_queries):
        for number in range(60):
            made = services.create_playlist(f"List {number:02}", user=None)
            services.add_entry(made, announcement=announcement, user=None)
        with django_assert_max_num_queries(12):
            page = page_text(as_alice.get("/playlists/"))
        assert "Page 1 of 2" in page


class TestPlaylist:
    @pytest.fixture
    def three(self, announcement):
        """A playlist of Alpha, Beta and Gamma."""
        made = services.create_playlist("Three", user=None)
        for title in ("Alpha", "Beta", "Gamma"):
            services.add_entry(made, announcement=Announcement.objects.create(title=title), user=None)
        return made

    def order(self, playlist) -> list[str]:
        return [str(entry) for entry in playlist.entries.all()]

    def entry(self, playlist, name: str):
        return playlist.entries.get(announcement__title=name)

    def test_shows_its_entries_in_order(self, as_alice, three):
        page = page_text(as_alice.get(f"/playlists/{three.pk}/"))

        assert page.index("Alpha") < page.index("Beta") < page.index("Gamma")
        assert "One round takes 30\N{NARROW NO-BREAK SPACE}s" in page
        assert "Nowhere yet" in page
        assert f"/schedule/new/?playlist={three.pk}" in page

    def test_says_which_rules_show_it(self, as_alice, playlist):
        page = page_text(as_alice.get(f"/playlists/{playlist.pk}/"))
        assert "Everywhere, on all screens, all the time, in turn with others." in page

    def test_is_not_found_when_there_is_none(self, as_alice):
        assert as_alice.get("/playlists/99/").status_code == 404

    @pytest.mark.parametrize(
        ("name", "position", "result", "focus"),
        [
            ("Beta", 0, ["Beta", "Alpha", "Gamma"], "down"),
            ("Gamma", 1, ["Alpha", "Gamma", "Beta"], "up"),
            ("Alpha", 1, ["Beta", "Alpha", "Gamma"], "down"),
            ("Beta", 2, ["Alpha", "Gamma", "Beta"], "up"),
        ],
    )
    def test_is_put_in_another_order_with_the_focus_on_what_was_moved(
        self, as_alice, three, name, position, result, focus
    ):
        entry = self.entry(three, name)
        for _again in range(2):
            answer = as_alice.post(f"/entries/{entry.pk}/move/", {"position": position})
            assert self.order(three) == result
        assert answer.url.startswith(f"/playlists/{three.pk}/#")
        as_alice.post(f"/entries/{entry.pk}/move/", {"position": ["Alpha", "Beta", "Gamma"].index(name)})
        answer = as_alice.post(f"/entries/{entry.pk}/move/", {"position": position})
        assert answer.url == f"/playlists/{three.pk}/#{focus}-{entry.pk}"

    def test_stays_as_it_is_when_a_position_is_nonsense(self, as_alice, three):
        as_alice.post(f"/entries/{self.entry(three, 'Alpha').pk}/move/", {"position": "-1"})
        assert self.order(three) == ["Alpha", "Beta", "Gamma"]

    def test_names_what_its_buttons_move(self, as_alice, three):
        page = page_text(as_alice.get(f"/playlists/{three.pk}/"))
        assert "Move “Beta” up (2 of 3)" in page
        assert "Remove “Beta”" in page

    def test_shows_an_entry_for_so_long_and_until_then(self, as_alice, three):
        entry = self.entry(three, "Beta")

        as_alice.post(f"/entries/{entry.pk}/", {"duration_s": "25", "valid_until": "2020-12-24T18:00"})

        entry.refresh_from_db()
        assert entry.duration_s == 25
        assert entry.valid_until.isoformat() == "2020-12-24T17:00:00+00:00"
        page = page_text(as_alice.get(f"/playlists/{three.pk}/"))
        assert "shown until 24 December 2020 at 18:00" in page
        assert "Ended" in page
        assert "One round takes 20\N{NARROW NO-BREAK SPACE}s" in page

    def test_keeps_what_was_typed_wrongly(self, as_alice, three):
        entry = self.entry(three, "Beta")

        answer = as_alice.post(
            f"/entries/{entry.pk}/",
            {"duration_s": "0", "valid_from": "2026-12-24T18:00", "valid_until": "2026-12-23T18:00"},
        )

        assert answer.status_code == 422
        page = page_text(answer)
        assert 'value="2026-12-23T18:00"' in page
        assert "This is before the start." in page
        assert f"#id_{entry.pk}_duration_s" in page
        entry.refresh_from_db()
        assert (entry.duration_s, entry.valid_until) == (10, None)

    def test_loads_the_form_of_an_entry_once_it_is_opened(self, as_alice, three):
        entry = self.entry(three, "Beta")
        field = f'id="id_{entry.pk}_duration_s"'
        assert field not in as_alice.get(f"/playlists/{three.pk}/").content.decode()
        part = as_alice.get(f"/entries/{entry.pk}/", headers={"HX-Request": "true"})
        assert field in part.content.decode()
        assert "<html" not in part.content.decode()

        page = as_alice.get(f"/entries/{entry.pk}/")

        assert page.status_code == 200
        assert page.content.decode().count("_duration_s") == part.content.decode().count("_duration_s")

    def test_leaves_a_page_whose_entry_vanished(self, as_alice, three):
        answer = as_alice.get("/entries/999999/", headers={"HX-Request": "true"})
        assert (answer.status_code, answer["HX-Redirect"]) == (204, "/playlists/")

    def test_lets_go_of_an_entry_and_takes_it_back(self, as_alice, three):
        entry = self.entry(three, "Beta")

        page = page_text(as_alice.post(f"/entries/{entry.pk}/remove/", follow=True))

        assert self.order(three) == ["Alpha", "Gamma"]
        assert "It stays in the library." in page
        chosen = {"announcements": [str(entry.announcement_id)]}
        for _again in range(2):
            as_alice.post(f"/playlists/{three.pk}/add/", chosen)
            assert self.order(three) == ["Alpha", "Gamma", "Beta"]

    def test_takes_several_at_once(self, as_alice, three, announcement):
        second = Announcement.objects.create(title="Second")

        page = page_text(
            as_alice.post(f"/playlists/{three.pk}/add/", {"announcements": [announcement.pk, second.pk]}, follow=True)
        )

        assert "2 entries were added at the end." in page
        assert set(self.order(three)[3:]) == {"La piscine rouvre lundi", "Second"}

    @pytest.mark.parametrize("chosen", [{}, {"announcements": ["nonsense"]}, {"pictures": ["99"]}])
    def test_says_when_nothing_was_ticked(self, as_alice, three, chosen):
        page = page_text(as_alice.post(f"/playlists/{three.pk}/add/", chosen, follow=True))
        assert "Nothing was added" in page
        assert self.order(three) == ["Alpha", "Beta", "Gamma"]

    def test_offers_what_is_searched_for(self, as_alice, three, announcement):
        for number in range(30):
            Announcement.objects.create(title=f"Meeting {number}")

        assert "There are 11 more" in page_text(as_alice.get(f"/playlists/{three.pk}/"))
        page = page_text(as_alice.get(f"/playlists/{three.pk}/", {"search": "piscine 9"}))
        assert "La piscine rouvre lundi" in page
        assert "Meeting" not in page
        assert "Nothing else in the library" in page_text(as_alice.get(f"/playlists/{three.pk}/", {"search": "Alpha"}))

    def test_is_renamed(self, as_alice, three, playlist):
        as_alice.post(f"/playlists/{three.pk}/rename/", {"name": "Trois"})
        three.refresh_from_db()
        assert three.name == "Trois"

        answer = as_alice.post(f"/playlists/{three.pk}/rename/", {"name": "Everywhere"})
        assert answer.status_code == 422
        assert 'value="Everywhere"' in page_text(answer)
        assert "<h1>Trois</h1>" in page_text(answer)

    def test_is_deleted_with_its_rules_after_a_question(self, as_alice, playlist):
        page = page_text(as_alice.get(f"/playlists/{playlist.pk}/delete/"))
        assert "Everywhere, on all screens, all the time, in turn with others." in page
        assert Playlist.objects.exists()

        as_alice.post(f"/playlists/{playlist.pk}/delete/")
        assert not Playlist.objects.exists()
        assert not ScheduleRule.objects.exists()
        assert Announcement.objects.exists()

    @pytest.mark.parametrize("action", ["", "move/", "remove/"])
    def test_says_when_an_entry_vanished(self, as_alice, three, action):
        entry = self.entry(three, "Beta")
        services.remove_entry(Entry.objects.get(pk=entry.pk), user=None)

        form = {"playlist": three.pk, "position": "0", "duration_s": "5"}
        answer = as_alice.post(f"/entries/{entry.pk}/{action}", form, follow=True)

        assert answer.redirect_chain == [(f"/playlists/{three.pk}/", 302)]
        assert "Someone has removed this from the playlist in the meantime." in page_text(answer)
        assert self.order(three) == ["Alpha", "Gamma"]

    @pytest.mark.parametrize("action", ["rename/", "add/", "delete/"])
    def test_says_when_it_vanished(self, as_alice, action):
        page = page_text(as_alice.post(f"/playlists/99/{action}", {"name": "x"}, follow=True))
        assert "Someone has deleted this playlist in the meantime." in page
        assert not Playlist.objects.exists()

    def test_is_changed_by_editors_with_a_form_only(self, client, charlie, alice, three):
        entry = self.entry(three, "Beta")
        addresses = [f"/entries/{entry.pk}/{action}" for action in ("move/", "remove/", "")]
        addresses += [f"/playlists/{three.pk}/{action}" for action in ("rename/", "add/", "delete/")]
        client.force_login(charlie)
        assert {client.post(address).status_code for address in addresses} == {403}
        client.force_login(alice)
        shown = {f"/entries/{entry.pk}/", f"/playlists/{three.pk}/delete/"}
        assert {client.get(address).status_code for address in {*addresses} - shown} == {405}
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(alice)
        assert {strict.post(address).status_code for address in addresses} == {403}

    def test_takes_few_queries(self, as_alice, django_assert_max_num_queries):
        made = services.create_playlist("Long", user=None)
        for number in range(40):
            services.add_entry(made, announcement=Announcement.objects.create(title=f"No. {number}"), user=None)
        with django_assert_max_num_queries(15):
            as_alice.get(f"/playlists/{made.pk}/")


@pytest.fixture
def rule(playlist) -> ScheduleRule:
    return ScheduleRule.objects.get()


def rule_values(shown: Playlist, **changes: str) -> dict[str, str]:
    usual = {"playlist": str(shown.pk), "name": "Mornings", "everywhere": "on", "every_day": "on", "level": "50"}
    return usual | {"mode": "rotate"} | changes


class TestRules:
    def test_are_for_editors(self, client, charlie, town, rule):
        client.force_login(charlie)
        assert client.get("/schedule/").status_code == 403
        assert client.post(f"/schedule/{rule.pk}/delete/").status_code == 403
        assert ScheduleRule.objects.exists()

    def test_are_listed_as_sentences_with_whether_they_are_on(self, as_alice, hall, rule):
        page = page_text(as_alice.get("/schedule/?shown=1"))
        assert "on all screens" in page.lower()
        assert "Active now" in page

    def test_that_another_one_hides_are_due_but_not_shown(self, as_alice, hall, rule, playlist):
        services.save_rule(ScheduleRule(name="First", playlist=playlist, everywhere=True, priority=70), user=None)
        assert "Due now, but hidden by another rule" in page_text(as_alice.get("/schedule/?shown=1"))

    def test_say_what_to_do_first(self, as_alice):
        assert "First create a playlist" in page_text(as_alice.get("/schedule/"))

    def test_are_made(self, as_alice, hall, playlist):
        values = rule_values(playlist, start_time="08:00", end_time="12:00", every_day="", weekdays="1")
        page = as_alice.post("/schedule/new/", values, follow=True)
        made = ScheduleRule.objects.get(name="Mornings")
        assert (made.weekdays, made.start_time.hour, made.priority, made.everywhere) == ("1", 8, 50, True)
        assert "Saved:" in page_text(page)

    def test_warn_when_no_screen_shows_them(self, as_alice, playlist):
        page = as_alice.post("/schedule/new/", rule_values(playlist, everywhere=""), follow=True)
        assert "No screen shows it yet" in page_text(page)

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"playlist": ""}, "required"),
            ({"every_day": ""}, "at least one day"),
            ({"start_time": "08:00"}, "Enter both times"),
            ({"first_date": "2026-12-02", "last_date": "2026-12-01"}, "before the first day"),
            ({"priority": "101"}, "less than or equal to 100"),
        ],
    )
    def test_keep_what_was_typed_wrongly(self, as_alice, playlist, wrong, said):
        answer = as_alice.post("/schedule/new/", rule_values(playlist) | wrong)
        assert answer.status_code == 422
        assert said in page_text(answer)
        assert 'value="Mornings"' in page_text(answer)
        assert not ScheduleRule.objects.filter(name="Mornings").exists()

    def test_are_said_while_they_are_written(self, as_alice, hall, playlist):
        said = page_text(
            as_alice.post("/schedule/sentence/", rule_values(playlist, start_time="08:00", end_time="12:00"))
        )
        assert "from 08:00 to 12:00" in said
        assert "Still to be specified" in page_text(
            as_alice.post("/schedule/sentence/", rule_values(playlist, playlist=""))
        )

    def test_are_not_overwritten_unawares(self, as_alice, rule, playlist):
        version = re.findall(r'name="version" value="(\w+)"', page_text(as_alice.get(f"/schedule/{rule.pk}/")))[0]
        changed = ScheduleRule.objects.get()
        changed.priority = 70
        services.save_rule(changed, user=None)

        answer = as_alice.post(f"/schedule/{rule.pk}/", rule_values(playlist, version=version))
        again = re.findall(r'name="version" value="(\w+)"', page_text(answer))[0]

        assert answer.status_code == 409
        assert "was changed while you had it open" in page_text(answer)
        assert as_alice.post(f"/schedule/{rule.pk}/", rule_values(playlist, version=again)).status_code == 302
        assert ScheduleRule.objects.get().priority == 50

    def test_are_deleted_after_a_question(self, as_alice, rule, playlist):
        assert "will no longer apply" in page_text(as_alice.get(f"/schedule/{rule.pk}/delete/"))
        as_alice.post(f"/schedule/{rule.pk}/delete/")
        assert not ScheduleRule.objects.exists()
        assert Playlist.objects.exists()
        page = as_alice.post(f"/schedule/{rule.pk}/", rule_values(playlist), follow=True)
        assert "Someone has deleted this rule" in page_text(page)


class TestDaysAndShares:
    def test_a_rule_may_be_off_on_public_holidays(self, as_alice, hall, playlist):
        holidays = DayCalendar.objects.get(country="FR")
        as_alice.post("/schedule/new/", rule_values(playlist, never_on=holidays.pk))
        made = ScheduleRule.objects.get(name="Mornings")
        assert list(made.never_on.all()) == [holidays]
        manifest = compiling.compile_manifest(load_inputs(hall)).manifest
        (calendar,) = manifest.calendars
        assert made.to_content().never_on == {calendar.id}
        assert any(span.first.month == 7 and span.first.day == 14 for span in calendar.days)

    @pytest.mark.parametrize(
        ("values", "recurrence"),
        [
            ({"rhythm": "weekly"}, ""),
            ({"rhythm": "fortnightly", "first_date": "2026-12-01"}, "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"),
            ({"rhythm": "-1"}, "FREQ=MONTHLY;BYDAY=-1TU"),
        ],
    )
    def test_a_rule_may_be_on_in_some_weeks_only(self, as_alice, hall, playlist, values, recurrence):
        answer = as_alice.post("/schedule/new/", rule_values(playlist, every_day="", weekdays="2", **values))
        assert answer.status_code == 302
        made = ScheduleRule.objects.get(name="Mornings").to_content()
        assert made.recurrence == recurrence
        assert bool(made.first_date) == bool(recurrence)

    def test_which_weeks_are_meant_must_be_said(self, as_alice, playlist):
        answer = as_alice.post("/schedule/new/", rule_values(playlist, rhythm="fortnightly"))
        assert answer.status_code == 422
        assert "which weeks are meant" in page_text(answer)

    def test_single_days_are_added_and_taken_out(self, as_alice, hall, playlist):
        values = rule_values(playlist, extra_dates="24/12/2026, 2026-12-31", except_dates="25.12.2026")
        as_alice.post("/schedule/new/", values)
        made = ScheduleRule.objects.get(name="Mornings")
        assert made.extra_dates == ["2026-12-24", "2026-12-31"]
        assert made.except_dates == ["2026-12-25"]
        page = page_text(as_alice.get(f"/schedule/{made.pk}/"))
        assert "24/12/2026, 31/12/2026" in page
        wrong = as_alice.post("/schedule/new/", values | {"extra_dates": "Christmas"})
        assert wrong.status_code == 422
        assert "“Christmas” is not a date" in page_text(wrong)
        assert 'value="Christmas"' in page_text(wrong)

    def test_a_rule_may_come_in_between_or_have_a_larger_share(self, as_alice, hall, playlist):
        said = page_text(
            as_alice.post(
                "/schedule/sentence/",
                rule_values(playlist, mode="interject", cadence="every-minutes", amount="15"),
            )
        )
        assert "between the others, at least every 15 minutes" in said
        assert "with a share of 3" in page_text(as_alice.post("/schedule/sentence/", rule_values(playlist, weight="3")))

    def test_days_are_shown_before_they_are_saved(self, as_alice, hall, playlist):
        page = self.imported(as_alice, school_holidays())
        assert "being read" in page_text(as_alice.get(page))
        assert read_waiting_imports() == 1
        shown = page_text(as_alice.get(page))
        assert "Vacances de Noël" in shown
        assert str(NEXT_YEAR) in shown
        assert not DayCalendar.objects.filter(name="Zone B").exists()

        assert "“Zone B” has been imported" in page_text(as_alice.post(page, follow=True))
        assert DayCalendar.objects.get(name="Zone B").days == [[f"{NEXT_YEAR}-12-19", f"{NEXT_YEAR + 1}-01-03"]]
        assert as_alice.get(page).status_code == 404

    def test_the_same_name_replaces_the_days(self, as_alice, town):
        calendar = DayCalendar.objects.create(name="Zone B", days=[["2020-01-01", "2020-01-01"]])
        page = self.imported(as_alice, school_holidays())
        read_waiting_imports()
        assert "are replaced by these" in page_text(as_alice.get(page))
        as_alice.post(page)
        calendar.refresh_from_db()
        assert calendar.days[0][0] == f"{NEXT_YEAR}-12-19"

    def test_of_several_zones_that_of_the_town_is_chosen(self, as_alice, town):
        page = self.imported(as_alice, school_holidays("Vacances - Zone A", "Début des vacances d'été - Zone B"))
        read_waiting_imports()
        assert "For which zone?" in page_text(as_alice.get(page))
        as_alice.post(page)
        assert not DayCalendar.objects.filter(name="Zone B").exists()
        shown = page_text(as_alice.get(page, {"place": "Zone A"}))
        assert "Vacances - Zone A" in shown
        assert "vacances d'été" not in shown.split("Not taken")[0]
        as_alice.post(page, {"place": "Zone A"})
        assert len(DayCalendar.objects.get(name="Zone B").days) == 1

    @pytest.mark.parametrize("content", [b"hello", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", b"\x00\xff" * 50])
    def test_a_file_without_days_is_refused_with_a_way_back(self, as_alice, town, content):
        page = self.imported(as_alice, SimpleUploadedFile("days.ics", content))
        read_waiting_imports()
        answer = as_alice.get(page)
        assert "Choose another file" in page_text(answer)
        assert "?name=Zone%20B" in answer.content.decode()
        as_alice.post(page)
        assert not DayCalendar.objects.filter(name="Zone B").exists()
        assert 'value="Zone B"' in as_alice.get("/schedule/calendars/?name=Zone%20B").content.decode()

    @pytest.mark.parametrize("number", ["0", "999999999999999999999999999"])
    def test_an_import_that_is_gone_is_not_found(self, as_alice, town, number):
        assert as_alice.get(f"/schedule/calendars/imports/{number}/").status_code == 404
        assert as_alice.post(f"/schedule/calendars/imports/{number}/", {"place": "\0"}).status_code == 404

    def test_an_import_belongs_to_who_made_it(self, as_alice, client, bob, town):
        page = self.imported(as_alice, school_holidays())
        client.force_login(bob)
        assert client.get(page).status_code == 404

    @pytest.mark.parametrize(
        ("values", "text"),
        [
            ({"name": "Zone B", "file": SimpleUploadedFile("d.ics", b"")}, "empty"),
            ({"name": "Jours fériés", "file": SimpleUploadedFile("d.ics", b"x")}, "public holidays have this name"),
        ],
    )
    def test_a_wrong_form_keeps_what_was_typed(self, as_alice, town, values, text):
        answer = as_alice.post("/schedule/calendars/", values)
        assert answer.status_code == 422
        assert text in page_text(answer)
        assert f'value="{values["name"]}"' in answer.content.decode()

    def imported(self, client, file) -> str:
        answer = client.post("/schedule/calendars/", {"name": "Zone B", "file": file})
        assert answer.status_code == 302
        return answer["Location"]

    def test_a_calendar_that_is_deleted_leaves_its_rules(self, as_alice, hall, rule):
        services.save_calendar(calendar := DayCalendar(name="Fair", days=[["2026-12-01", "2026-12-02"]]), user=None)
        services.save_rule(rule, user=None, only_on=[calendar])
        as_alice.post(f"/schedule/calendars/{calendar.pk}/delete/")
        assert not DayCalendar.objects.filter(name="Fair").exists()
        assert not ScheduleRule.objects.get().only_on.exists()

    def test_public_holidays_are_not_deleted(self, as_alice, town):
        holidays = DayCalendar.objects.get(country="FR")
        as_alice.post(f"/schedule/calendars/{holidays.pk}/delete/")
        assert DayCalendar.objects.filter(pk=holidays.pk).exists()


class TestTheWeekOfAScreen:
    def test_shows_each_day_with_what_is_on(self, as_alice, hall, rule):
        page = page_text(as_alice.get(f"/screens/{hall.slug}/week/", follow=True))
        assert page.count('class="day"') == 7
        assert "La piscine rouvre lundi" in page

    @time_machine.travel("2026-11-24T10:00+01:00")  # a week of 168 hours
    def test_says_which_rules_are_never_seen_and_when_nothing_is_on(self, as_alice, hall, rule, playlist):
        rule.start_time, rule.end_time = dt.time(8), dt.time(12)
        services.save_rule(rule, user=None)
        hidden = ScheduleRule(name="Hidden", playlist=playlist, everywhere=True, priority=10,
                              start_time=dt.time(9), end_time=dt.time(10))  # fmt: skip
        services.save_rule(hidden, user=None)
        page = page_text(as_alice.get(f"/screens/{hall.slug}/week/", follow=True))
        assert "“Hidden” applies but is never seen" in page
        assert "Nothing is scheduled: the name of the town is shown." in page
        assert "In 140 hours of the week nothing is scheduled" in page


NEXT_YEAR = dt.date.today().year + 1  # noqa: DTZ011


def school_holidays(*names: str) -> SimpleUploadedFile:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test"]
    for name in names or ["Vacances de Noël"]:
        dates = (f"DTSTART;VALUE=DATE:{NEXT_YEAR}1219", f"DTEND;VALUE=DATE:{NEXT_YEAR + 1}0104")
        lines += ["BEGIN:VEVENT", f"SUMMARY:{name}", *dates, "END:VEVENT"]
    lines += ["END:VCALENDAR", ""]
    return SimpleUploadedFile("zone-b.ics", "\r\n".join(lines).encode())
