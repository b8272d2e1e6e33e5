"""From playlists and rules to manifests, and to the pixels that a screen must show."""

from __future__ import annotations

import datetime as dt
import io
from itertools import pairwise
from random import Random

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from PIL import Image

from beffroi_content import model as content
from beffroi_content import rendering
from beffroi_content.timeline import ReasonKind
from beffroi_content.wire.messages import PROGRAMME
from beffroi_content.wire.scopes import TopicScope
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.alerts import services as alerts
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.delivery import signing
from beffroi_server.delivery.models import OutboxDocument
from beffroi_server.fleet.models import Screen, ScreenState
from beffroi_server.fleet.services import request_screenshots, save_screen
from beffroi_server.library import preview
from beffroi_server.library import services as library
from beffroi_server.library.models import Announcement
from beffroi_server.monitoring import expected_frames as expected
from beffroi_server.monitoring import screen_overview as screens
from beffroi_server.schedule import manifest_compiler as compiling
from beffroi_server.schedule import publication, queries, services
from beffroi_server.schedule.models import Entry, Playlist, ScheduleRule

NOON = dt.datetime(2026, 6, 15, 10, 0, tzinfo=dt.UTC)
"""Monday 15 June 2026, 12:00 in Paris."""
LETTERS = [chr(0x4E00 + number) for number in range(20_000)]


def fresh(screen: Screen) -> Screen:
    return Screen.objects.get(pk=screen.pk)


def is_due(screen: Screen) -> bool:
    return fresh(screen).programme_due_at is not None


def picture(colour: str = "navy") -> io.BytesIO:
    buffer = io.BytesIO()
    Image.new("RGB", (160, 90), colour).save(buffer, "PNG")
    buffer.seek(0)
    return buffer


def order(playlist: Playlist) -> list[str]:
    return [str(entry) for entry in playlist.entries.all()]


class TestPlaylists:
    def test_hold_announcements_and_pictures_in_order(self, playlist, town, alice):
        item = library.add_image(picture(), name="Square", user=alice)
        services.add_entry(playlist, media=item, user=alice, duration_s=7)

        assert order(playlist) == ["La piscine rouvre lundi", "Square"]
        assert list(playlist.entries.values_list("position", "duration_s")) == [(0, 10), (1, 7)]

    @pytest.mark.parametrize(
        ("start", "to", "result"),
        [(0, 2, "bca"), (2, 0, "cab"), (1, 1, "abc"), (0, 99, "bca"), (2, -5, "cab"), (1, 0, "bac")],
    )
    def test_are_put_in_another_order(self, db, start, to, result):
        playlist = services.create_playlist("x", user=None)
        entries = [
            services.add_entry(playlist, announcement=Announcement.objects.create(title=title), user=None)
            for title in "abc"
        ]

        services.move_entry(entries[start], to, user=None)

        assert "".join(order(playlist)) == result
        assert list(playlist.entries.values_list("position", flat=True)) == [0, 1, 2]

    def test_close_the_gap_of_what_is_removed(self, playlist, announcement):
        second = services.add_entry(playlist, announcement=announcement, user=None)
        services.remove_entry(playlist.entries.first(), user=None)

        second.refresh_from_db()
        assert second.position == 0

    def test_take_one_thing_per_entry(self, playlist):
        with pytest.raises(ValidationError):
            services.add_entry(playlist, user=None)

    def test_refuse_an_end_before_the_beginning(self, playlist):
        with pytest.raises(ValidationError):
            services.update_entry(
                playlist.entries.get(), user=None, valid_from=NOON, valid_until=NOON - dt.timedelta(hours=1)
            )

    def test_have_a_name_of_their_own(self, playlist):
        with pytest.raises(ValidationError):
            services.create_playlist("Everywhere", user=None)

    def test_every_change_is_recorded(self, playlist, announcement, alice):
        before = AuditEvent.objects.count()
        entry = services.add_entry(playlist, announcement=announcement, user=alice)
        services.update_entry(entry, user=alice, duration_s=20, valid_until=NOON)
        services.move_entry(entry, 0, user=alice)
        services.remove_entry(entry, user=alice)
        services.rename_playlist(playlist, "Other", user=alice)
        services.delete_rule(playlist.rules.get(), user=alice)
        services.delete_playlist(playlist, user=alice)

        assert list(AuditEvent.objects.order_by("id").values_list("action", flat=True)[before:]) == [
            "entry-added", "entry-changed", "entry-moved", "entry-removed", "playlist-renamed", "rule-deleted",
            "playlist-deleted",
        ]  # fmt: skip


class TestWhatIsDue:
    @pytest.fixture
    def settled(self, playlist, hall, quay) -> Playlist:
        Screen.objects.update(programme_due_at=None)
        return playlist

    def test_every_screen_of_a_rule_for_all(self, settled, hall, quay, announcement):
        library.save_announcement(announcement, user=None, title="Other")

        assert is_due(hall)
        assert is_due(quay)

    def test_only_the_screens_of_a_rule(self, settled, hall, quay, district, announcement):
        rule = settled.rules.get()
        rule.everywhere = False
        services.save_rule(rule, groups=[district], user=None)
        assert is_due(hall), "what it showed before is to be taken off"
        Screen.objects.update(programme_due_at=None)

        services.add_entry(settled, announcement=announcement, user=None)

        assert is_due(quay)
        assert not is_due(hall)

    def test_nothing_for_what_no_screen_shows(self, settled, hall, db):
        unused = Announcement.objects.create(title="Unused")
        library.save_announcement(unused, user=None, title="Still unused")

        assert not is_due(hall)

    def test_a_screen_of_which_the_settings_were_changed(self, settled, hall, quay):
        hall.rotation = 180
        save_screen(hall, user=None)

        assert is_due(hall)
        assert not is_due(quay)


class TestCompile:
    def test_is_all_that_a_screen_shows(self, playlist, quay, announcement):
        manifest = compiling.compile_manifest(compiling.load_inputs(quay)).manifest

        (slide,) = manifest.slides
        assert slide.id == f"announcement-{announcement.pk}-{Entry.objects.get().pk}"
        assert compiling.announcement_id_of(slide.id) == str(announcement.pk)
        assert manifest.idle.name == "Saint-Aubin"
        assert manifest.settings.groups == ("harbour",)
        assert manifest.settings.screen_class.size == (128, 64)
        assert [rule.playlist for rule in manifest.rules] == [f"playlist-{playlist.pk}"]

    def test_takes_the_same_announcement_twice(self, playlist, hall, announcement):
        services.add_entry(playlist, announcement=announcement, user=None)

        slides = compiling.compile_manifest(compiling.load_inputs(hall)).manifest.slides
        assert len({slide.id for slide in slides}) == 2

    def test_takes_a_playlist_of_two_rules_once(self, playlist, hall):
        services.save_rule(ScheduleRule(name="Again", playlist=playlist, everywhere=True), user=None)

        manifest = compiling.compile_manifest(compiling.load_inputs(hall)).manifest
        assert (len(manifest.playlists), len(manifest.rules)) == (1, 2)

    def test_leaves_out_what_does_not_fit_and_says_so(self, playlist, quay, hall, announcement):
        long = Announcement.objects.create(title="Règlement", body="anticonstitutionnellement " * 190)
        services.add_entry(playlist, announcement=long, user=None)

        compiled = compiling.compile_manifest(compiling.load_inputs(quay))

        assert [slide.name for slide in compiled.manifest.slides] == ["La piscine rouvre lundi"]
        (problem,) = queries.programme_problems(quay)
        assert (problem.name, problem.code) == ("Règlement", "text-does-not-fit")
        assert "Règlement" in problem.message

    def test_counts_the_pages(self, playlist, quay):
        announcement = Announcement.objects.get()
        library.save_announcement(announcement, user=None, body="Une phrase assez longue pour un panneau. " * 6)

        (slide,) = compiling.compile_manifest(compiling.load_inputs(quay)).manifest.slides
        canvas = rendering.Canvas.for_screen(compiling.load_inputs(quay).settings)
        assert slide.pages == len(rendering.draw_slide(slide, canvas, preview.read_asset)) > 1

    def test_is_empty_without_a_rule(self, hall):
        manifest = compiling.compile_manifest(compiling.load_inputs(hall)).manifest

        assert manifest.slides == manifest.rules == ()

    def test_refuses_more_than_a_programme_may_be(self, hall):
        inputs = compiling.load_inputs(hall)
        random = Random(1)
        slides = tuple(
            content.Slide(
                id=f"s-{number}",
                name="x",
                content=content.AnnouncementContent(
                    announcement=content.Announcement(
                        id="a",
                        template="news",
                        title="x",
                        body="".join(random.choices(LETTERS, k=4_900)),
                    )
                ),
            )
            for number in range(200)
        )
        full = compiling.PlaylistInput(id="p", name="Too much", slides=slides)
        inputs = compiling.CompileInputs(inputs.screen, inputs.settings, (full,), (), inputs.idle)

        with pytest.raises(compiling.CompileError) as problem:
            compiling.compile_manifest(inputs, lambda *_: 1)

        assert problem.value.code == "too-large"
        assert "hall" in problem.value.message

    def test_refuses_more_slides_than_a_manifest_holds(self, hall):
        inputs = compiling.load_inputs(hall)
        slides = tuple(inputs.idle.replace(id=f"s-{number}") for number in range(501))
        inputs = compiling.CompileInputs(
            inputs.screen, inputs.settings, (compiling.PlaylistInput("p", "Long", slides),), (), inputs.idle
        )

        with pytest.raises(compiling.CompileError) as problem:
            compiling.compile_manifest(inputs, lambda *_: 1)

        assert problem.value.code == "too-many"


class TestPublication:
    def test_of_what_cannot_be_compiled_leaves_what_was_there(self, keyring, playlist, hall, quay, monkeypatch):
        publication.publish_due_programmes()
        before = signing.published_document(PROGRAMME, TopicScope.of_screen("hall"))
        services.rename_playlist(playlist, "Other", user=None)
        real = compiling.compile_manifest

        def refuse(inputs):
            if inputs.screen == "hall":
                raise compiling.CompileError("too-large", "x")
            return real(inputs)

        monkeypatch.setattr(compiling, "compile_manifest", refuse)

        assert publication.publish_due_programmes() == 1
        assert signing.published_document(PROGRAMME, TopicScope.of_screen("hall")) == before
        assert not is_due(hall)

    def test_is_not_lost_when_something_changes_meanwhile(self, keyring, playlist, hall, monkeypatch):
        real = compiling.compile_manifest
        screen = fresh(hall)
        monkeypatch.setattr(
            compiling, "compile_manifest", lambda inputs: (publication.screen_changed(hall), real(inputs))[1]
        )

        assert not publication.publish_programme(screen)
        assert is_due(hall)
        assert not OutboxDocument.objects.filter(topic__endswith="programme").exists()

    def test_once_is_enough(self, keyring, playlist, hall):
        assert publication.publish_due_programmes() == 1
        assert publication.publish_due_programmes() == 0


class TestNow:
    @pytest.fixture
    def published(self, keyring, playlist, hall) -> Screen:
        publication.publish_due_programmes()
        return fresh(hall)

    def test_is_what_the_rules_say(self, published):
        (showing,) = expected.expected_scene(published, NOON).showings

        assert showing.slide is not None
        assert showing.slide.name == "La piscine rouvre lundi"
        assert showing.reason.kind is ReasonKind.RULE

    def test_is_the_towns_name_when_there_is_nothing(self, town, hall):
        (showing,) = expected.expected_scene(hall, NOON).showings

        assert showing.reason.kind is ReasonKind.IDLE

    def test_is_what_was_saved_a_moment_ago(self, published, announcement):
        library.save_announcement(announcement, user=None, title="La piscine ferme")

        (showing,) = expected.expected_scene(fresh(published), NOON).showings
        assert showing.slide is not None
        assert showing.slide.name == "La piscine ferme"

    def test_is_an_alert_before_all(self, published):
        alert = alerts.broadcast_alert(
            level="emergency", title="Flood", source="x", targets=alerts.EVERYWHERE, duration_min=5, user=None
        )

        (showing,) = expected.expected_scene(published, timezone.now()).showings
        assert showing.alert is not None
        assert showing.alert.id == str(alert.pk)

        alerts.end_alert(alert, user=None)
        (showing,) = expected.expected_scene(published, timezone.now()).showings
        assert showing.reason.kind is ReasonKind.ALL_CLEAR

    def test_the_picture_is_that_of_the_player(self, published):
        picture, digest = expected.expected_frame(published, NOON)

        manifest = publication.published_manifest(published)
        assert manifest is not None
        (frame,) = rendering.draw_slide(
            manifest.slides[0], rendering.Canvas.for_screen(manifest.settings), preview.read_asset
        )
        assert picture.tobytes() == frame.tobytes()
        assert digest == rendering.image_digest(frame)

    @pytest.mark.parametrize("level", ["information", "vigilance", "alert", "emergency"])
    def test_every_level_of_alert_can_be_drawn(self, keyring, playlist, quay, level):
        alerts.broadcast_alert(
            level=level, title="Flood", source="x", targets=alerts.EVERYWHERE, duration_min=5, user=None
        )

        for seconds in (0, 5, 15, 25):
            picture, _ = expected.expected_frame(fresh(quay), timezone.now() + dt.timedelta(seconds=seconds))
            assert picture.size == (128, 64)

    def test_what_comes_next(self, published, playlist, announcement):
        services.add_entry(playlist, announcement=Announcement.objects.create(title="Marché"), user=None)

        found = expected.upcoming_scenes(fresh(published), NOON, 4)

        names = [scene.showings[0].slide.name for _, scene in found if scene.showings[0].slide]
        assert names == ["La piscine rouvre lundi", "Marché"] * 2
        assert found[0][0] == unix_ms(NOON)
        assert [b - a for (a, _), (b, _) in pairwise(found[1:])] == [10_000, 10_000]


class TestPreview:
    def test_is_every_page_as_png(self, announcement, full_hd, totem, led, town):
        for screen_class in (full_hd, totem, led):
            pages = preview.preview_announcement(announcement.to_content("Europe/Paris"), screen_class, town)

            assert {Image.open(io.BytesIO(page)).size for page in pages} == {(screen_class.width, screen_class.height)}

    def test_draws_once(self, announcement, led, town, monkeypatch):
        first = preview.preview_announcement(announcement.to_content("Europe/Paris"), led, town)
        monkeypatch.setattr(rendering, "draw_slide", None)

        assert preview.preview_announcement(announcement.to_content("Europe/Paris"), led, town) == first

    def test_says_what_does_not_fit(self, led, town):
        long = Announcement(title="Règlement", body="anticonstitutionnellement " * 190)

        with pytest.raises(rendering.TextDoesNotFit):
            preview.preview_announcement(long.to_content("Europe/Paris"), led, town)

    def test_the_cache_forgets_what_was_not_used_for_long(self):
        cache = preview.PageCache(1)
        drawn: list[str] = []

        def draw(name: str):
            return lambda: (drawn.append(name), (Image.new("RGB", (8, 8)),))[1]

        for name in ("a", "b", "b", "a"):
            cache.get_pages(name, draw(name))

        assert drawn == ["a", "b", "a"]


class TestOverview:
    @pytest.fixture
    def reporting(self, keyring, playlist, hall) -> dict[str, object]:
        """What the screen reports when all is well."""
        publication.publish_due_programmes()
        now = timezone.now()
        hall = fresh(hall)
        hall.enrolled_at = now
        hall.save()
        digest = expected.expected_frame(hall, now)[1]
        ScreenState.objects.create(screen=hall, online=True, boot="b", seen_at=now, report_number=1)
        return {
            "boot": "b", "number": 1, "at_ms": unix_ms(now), "clock": "trusted", "link": "live",
            "programme": OutboxDocument.objects.get(topic__endswith="programme").sequence, "frame": digest,
            "presented_at_ms": unix_ms(now),
        }  # fmt: skip

    def look(self, report: dict[str, object] | None, **state: object):
        ScreenState.objects.update(report=report, **state)
        (found,) = screens.overview_all(timezone.now(), with_frames=True)
        return found.state, found.reasons

    def test_all_is_well(self, reporting):
        assert self.look(reporting) == ("right", ())

    @pytest.mark.parametrize(
        ("change", "state", "reason"),
        [
            ({"programme": 5}, "pending", "programme-older"),
            ({"programme": None}, "pending", "programme-older"),
            ({"preparing": "waits for 1 of 2 files"}, "pending", "programme-preparing"),
            ({"frame": "0" * 64}, "wrong", "picture-differs"),
            ({"clock": "unknown"}, "wrong", "clock-unknown"),
            ({"link": "lost"}, "wrong", "link-lost"),
            ({"link": "polling"}, "pending", "link-polling"),
        ],
    )
    def test_what_differs_is_named(self, reporting, change, state, reason):
        assert self.look(reporting | change) == (state, (reason,))

    def test_an_alert_that_did_not_arrive(self, reporting):
        alerts.publish_all_sets(timezone.now())

        assert self.look(reporting) == ("wrong", ("alerts-older",))
        newest = OutboxDocument.objects.get(topic__endswith="alerts").sequence
        assert self.look(reporting | {"alerts": {"all/alerts": newest}}) == ("right", ())

    def test_refusals(self, reporting):
        refusal = {"subject": "x", "code": "wrong-key", "detail": "", "last_at_ms": reporting["at_ms"]}

        assert self.look(reporting | {"refusals": [refusal]}) == ("wrong", ("refusals",))
        assert self.look(reporting | {"refusals": [refusal | {"last_at_ms": 5}]}) == ("right", ())

    def test_a_screen_that_is_off(self, reporting):
        assert self.look(reporting, online=False) == ("offline", ("offline",))

    def test_a_screen_that_says_nothing(self, reporting):
        assert self.look(reporting, seen_at=timezone.now() - dt.timedelta(minutes=6)) == ("wrong", ("silent",))

    def test_a_screen_that_never_said_anything(self, reporting):
        assert self.look(None) == ("new", ("no-report",))

    def test_a_report_that_nobody_can_read(self, reporting):
        assert self.look({"boot": 5}) == ("new", ("no-report",))

    def test_a_report_from_the_end_of_time(self, reporting):
        assert self.look(reporting | {"presented_at_ms": 253_402_300_799_999})[0] == "wrong"

    def test_a_screen_without_a_player(self, hall):
        (found,) = screens.overview_all(timezone.now())

        assert (found.state, found.reasons) == ("new", ("not-enrolled",))

    def test_many_screens_take_few_queries(self, reporting, full_hd, django_assert_max_num_queries):
        for number in range(20):
            Screen.objects.create(slug=f"s{number}", name=str(number), screen_class=full_hd)

        with django_assert_max_num_queries(3):
            screens.overview_all(timezone.now())


class TestScreenshotsAreAsked:
    def test_once_per_half_of_the_time(self, keyring, hall):
        assert request_screenshots(hall, 60)
        assert not request_screenshots(hall, 60)
        Screen.objects.update(screenshots_asked_at=timezone.now() - dt.timedelta(seconds=31))
        assert request_screenshots(hall, 60)
        assert OutboxDocument.objects.filter(topic__endswith="command").count() == 2
