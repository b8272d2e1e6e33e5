"""Links to drawings that are not saved: stable, signed, and of the classes that the town has."""

from __future__ import annotations

import html
import io
import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.utils import translation
from PIL import Image

from beffroi_content import model as content
from beffroi_content.raster.errors import ImageUnusable, RasterError, TextDoesNotFit
from beffroi_server.alerts.drafts import draft_alert
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.schedule.compile_inputs import load_inputs
from beffroi_server.schedule.layout_models import LayoutChoice
from beffroi_server.schedule.manifest_compiler import compile_manifest
from beffroi_server.web.library import preview_links

pytestmark = pytest.mark.django_db


def announcement(**changes: object) -> content.Announcement:
    return content.Announcement.model_validate({"id": "a", "template": "news", "title": "Marché", **changes})


class TestClasses:
    def test_are_those_of_the_screens_the_largest_first(self, hall, quay, totem):
        assert preview_links.classes_in_use() == [hall.screen_class, quay.screen_class]
        assert preview_links.classes_of([quay, hall, quay]) == [hall.screen_class, quay.screen_class]

    def test_of_a_town_without_screens_are_all(self, full_hd, led):
        assert preview_links.classes_in_use() == [full_hd, led]

    def test_are_a_few_at_most(self, full_hd):
        for number in range(2 * preview_links.CLASSES_SHOWN):
            full_hd.pk, full_hd.name = None, f"Class {number}"
            full_hd.save()
        assert len(preview_links.classes_in_use()) == preview_links.CLASSES_SHOWN

    def test_of_no_screen_are_none(self):
        assert preview_links.classes_of([]) == []


class TestAnnouncements:
    def test_the_same_text_has_the_same_address(self, town, full_hd):
        first, again = (preview_links.announcement_previews(announcement(), [full_hd], town)[0] for _ in range(2))
        other = preview_links.announcement_previews(announcement(title="Fair"), [full_hd], town)[0]
        assert first.pages == again.pages
        assert first.pages != other.pages

    def test_are_drawn_in_the_room_that_bands_leave(self, as_alice, town, hall, quay):
        tower = Screen.objects.create(slug="tower", name="Tower", screen_class=hall.screen_class)
        group = ScreenGroup.objects.create(name="Towers", slug="towers")
        tower.groups.add(group)
        for choice in (LayoutChoice(layout="foot", messages="Bonjour"), LayoutChoice(layout="side", group=group)):
            choice.save()

        drawn = preview_links.announcement_previews(announcement(), preview_links.classes_in_use(), town)

        programmes = [compile_manifest(load_inputs(screen)).manifest for screen in (hall, tower, quay)]
        loops = {programme.layout.zones[0].rectangle.size for programme in programmes}
        assert {(each.width, each.height) for each in drawn} == loops
        assert len(loops) == 3
        for each in drawn:
            image = Image.open(io.BytesIO(as_alice.get(each.pages[0]).content))
            assert image.size == (each.width, each.height)

    def test_each_page_has_an_address_that_draws_it(self, as_alice, town, led):
        (preview,) = preview_links.announcement_previews(
            announcement(body=" ".join(f"Voilà {number}." for number in range(60))), [led], town
        )
        assert len(preview.pages) > 1
        drawn = [as_alice.get(address) for address in preview.pages]
        assert {Image.open(io.BytesIO(answer.content)).size for answer in drawn} == {(led.width, led.height)}
        assert len({answer.content for answer in drawn}) == len(drawn)
        assert {answer.headers["Cache-Control"] for answer in drawn} == {"private, max-age=3600"}

    def test_what_does_not_fit_says_so_instead_of_an_address(self, town, led):
        (preview,) = preview_links.announcement_previews(announcement(body="Voilà. " * 700), [led], town)
        assert (preview.pages, preview.legibility) == ([], "")
        assert preview.problem

    @pytest.mark.parametrize(
        "change",
        [
            {"text": "forged"}, {"text": ""}, {"class": "999"}, {"class": "x"}, {"page": "999"}
        ],
    )  # fmt: skip
    def test_a_changed_address_draws_nothing(self, as_alice, town, full_hd, change):
        (preview,) = preview_links.announcement_previews(announcement(), [full_hd], town)
        parts = urlsplit(preview.pages[0])
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert as_alice.get(f"{parts.path}?{urlencode(query)}").status_code == 200
        assert as_alice.get(f"{parts.path}?{urlencode(query | change)}").status_code == 404

    def test_an_address_of_an_alert_does_not_draw_an_announcement(self, as_alice, town, full_hd):
        (preview,) = preview_links.alert_previews(draft_alert({"title": "Crue"}), [full_hd], town)
        query = urlsplit(preview.pages[0]).query
        assert as_alice.get(f"/alerts/preview.png?{query}").status_code == 200
        assert as_alice.get(f"/announcements/preview.png?{query}").status_code == 404

    def test_is_for_users_only(self, client, town, full_hd):
        (preview,) = preview_links.announcement_previews(announcement(), [full_hd], town)
        assert client.get(preview.pages[0]).status_code == 302


class TestAlerts:
    @pytest.mark.parametrize("level", list(content.AlertLevel))
    def test_are_drawn_in_the_size_of_their_form(self, as_alice, town, full_hd, level):
        (preview,) = preview_links.alert_previews(draft_alert({"title": "Crue", "level": level}), [full_hd], town)
        image = Image.open(io.BytesIO(as_alice.get(preview.pages[0]).content))
        assert image.size == (preview.width, preview.height)
        # A vigilance is a band at the foot of the screen; the other levels fill it.
        assert (image.height < full_hd.height) is (level is content.AlertLevel.VIGILANCE)

    def test_an_announcement_page_shows_them_beside_one_another(self, as_alice, hall, quay):
        values = {"template": "news", "title": "Marché"}
        fragment = as_alice.post("/announcements/preview/", values).content.decode()
        addresses = [html.unescape(found) for found in re.findall(r'src="([^"]+preview\.png[^"]+)"', fragment)]
        classes = [parse_qs(urlsplit(address).query)["class"][0] for address in addresses]
        assert set(classes) == {str(hall.screen_class_id), str(quay.screen_class_id)}


class TestSentences:
    @pytest.mark.parametrize(
        ("pages", "most", "part"), [(21, 20, "5"), (40, 20, "50"), (200, 20, "90"), (2001, 2000, "1")]
    )
    def test_a_text_that_does_not_fit_is_to_be_shortened(self, pages, most, part):
        error = TextDoesNotFit("too long", pages=pages, most=most)
        with translation.override("en"):
            said = preview_links.raster_error_text(error)
        assert said == f"The text needs {pages} pages here, and the maximum is {most}. Shorten it by about {part} %."

    def test_an_image_that_cannot_be_read_is_to_be_uploaded_again(self):
        with translation.override("en"):
            assert "Upload it again" in preview_links.raster_error_text(ImageUnusable("broken"))

    def test_another_fault_is_told_as_it_is(self):
        assert preview_links.raster_error_text(RasterError("not known here")) == "not known here"
