"""Compiler of manifests: slides, pages, limits and problems."""

from __future__ import annotations

from random import Random

import pytest

from beffroi_content import model as content
from beffroi_content import rendering
from beffroi_server.library import preview
from beffroi_server.library import services as library
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import manifest_compiler as compiling
from beffroi_server.schedule import queries, services
from beffroi_server.schedule.compile_inputs import announcement_id_of, load_inputs
from beffroi_server.schedule.models import Entry, ScheduleRule

LETTERS = [chr(0x4E00 + number) for number in range(20_000)]


class TestCompile:
    def test_is_all_that_a_screen_shows(self, playlist, quay, announcement):
        manifest = compiling.compile_manifest(load_inputs(quay)).manifest

        (slide,) = manifest.slides
        assert slide.id == f"announcement-{announcement.pk}-{Entry.objects.get().pk}"
        assert announcement_id_of(slide.id) == str(announcement.pk)
        assert manifest.idle.name == "Saint-Aubin"
        assert manifest.settings.groups == ("harbour",)
        assert manifest.settings.screen_class.size == (128, 64)
        assert [rule.playlist for rule in manifest.rules] == [f"playlist-{playlist.pk}"]

    def test_takes_the_same_announcement_twice(self, playlist, hall, announcement):
        services.add_entry(playlist, announcement=announcement, user=None)

        slides = compiling.compile_manifest(load_inputs(hall)).manifest.slides
        assert len({slide.id for slide in slides}) == 2

    def test_takes_a_playlist_of_two_rules_once(self, playlist, hall):
        services.save_rule(ScheduleRule(name="Again", playlist=playlist, everywhere=True), user=None)

        manifest = compiling.compile_manifest(load_inputs(hall)).manifest
        assert (len(manifest.playlists), len(manifest.rules)) == (1, 2)

    def test_leaves_out_what_does_not_fit_and_says_so(self, playlist, quay, hall, announcement):
        long = Announcement.objects.create(title="Règlement", body="anticonstitutionnellement " * 190)
        services.add_entry(playlist, announcement=long, user=None)

        compiled = compiling.compile_manifest(load_inputs(quay))

        assert [slide.name for slide in compiled.manifest.slides] == ["La piscine rouvre lundi"]
        (problem,) = queries.programme_problems(quay)
        assert (problem.name, problem.code) == ("Règlement", "text-does-not-fit")
        assert "Règlement" in problem.message

    def test_counts_the_pages(self, playlist, quay):
        announcement = Announcement.objects.get()
        library.save_announcement(announcement, user=None, body="Une phrase assez longue pour un panneau. " * 6)

        (slide,) = compiling.compile_manifest(load_inputs(quay)).manifest.slides
        canvas = rendering.Canvas.for_screen(load_inputs(quay).settings)
        assert slide.pages == len(rendering.draw_slide(slide, canvas, preview.read_asset)) > 1

    def test_holds_the_languages_that_the_screen_shows_and_no_others(self, playlist, hall):
        texts = [{"language": "en", "title": "Pool"}, {"language": "de", "title": "Schwimmbad"}]
        library.save_announcement(Announcement.objects.get(), user=None, title="Piscine", translations=texts)
        shown = []
        for hall.languages in ([], ["de", "fr"], ["es"]):
            (slide,) = compiling.compile_manifest(load_inputs(hall)).manifest.slides
            shown.append(
                (slide.pages, [each.title for each in slide.content.announcement.in_each_language()], slide.id)
            )

        assert [each[:2] for each in shown] == [
            (3, ["Piscine", "Pool", "Schwimmbad"]), (2, ["Schwimmbad", "Piscine"]), (1, ["Piscine"])
        ]  # fmt: skip
        assert len({slide for _pages, _titles, slide in shown}) == 1

    def test_is_empty_without_a_rule(self, hall):
        manifest = compiling.compile_manifest(load_inputs(hall)).manifest

        assert manifest.slides == manifest.rules == ()

    def test_refuses_more_than_a_programme_may_be(self, hall):
        inputs = load_inputs(hall)
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
        inputs = load_inputs(hall)
        slides = tuple(inputs.idle.replace(id=f"s-{number}") for number in range(501))
        inputs = compiling.CompileInputs(
            inputs.screen, inputs.settings, (compiling.PlaylistInput("p", "Long", slides),), (), inputs.idle
        )

        with pytest.raises(compiling.CompileError) as problem:
            compiling.compile_manifest(inputs, lambda *_: 1)

        assert problem.value.code == "too-many"
