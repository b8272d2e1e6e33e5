"""The form of an announcement: fields by template, images to choose, times of an event, conflicts."""

from __future__ import annotations

import datetime as dt
import io
import re

import pytest
from django.utils import translation
from PIL import Image
from tests.support.pages import page_text

from beffroi_content.templates.declarations import TemplateField
from beffroi_content.templates.registry import offered_templates
from beffroi_server.feeds.models import Feed, FeedKind
from beffroi_server.library import services
from beffroi_server.library.models import Announcement, MediaItem
from beffroi_server.web.forms import clean_line
from beffroi_server.web.library import forms as library_forms
from beffroi_server.web.library.announcement_preview import unsaved_announcement
from beffroi_server.web.library.forms import AnnouncementForm

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
VALUES = {"template": "event", "title": "Marché", "body": "Dès 9 h"}


@pytest.fixture
def images(alice) -> list[MediaItem]:
    """Three images, the newest last."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), "#336699").save(buffer, "JPEG")
    added = []
    for name in ("Quay", "Market", "Town hall"):
        buffer.seek(0)
        added.append(services.add_image(buffer, name=name, description="", user=alice))
    return added


class TestFieldsOfATemplate:
    def test_are_those_that_its_module_declares(self, as_alice):
        page = page_text(as_alice.get("/announcements/new/"))
        for name, template in offered_templates().items():
            label = re.search(rf'data-uses="([^"]*)">\s*<input[^>]*value="{name}"', page)
            assert label, name
            assert set(label[1].split()) - {"translations"} == {field.value for field in template.fields}

    def test_each_has_a_place_in_the_form_that_styles_can_hide(self, as_alice):
        page = page_text(as_alice.get("/announcements/new/"))
        parts = dict(re.findall(r'data-field="(\w+)"(.*?)(?=data-field=|</form>)', page))
        for field in TemplateField:
            holder = next((part for part, body in parts.items() if f'name="{field}"' in body), field.value)
            # The times and the place of an event are hidden together; further images need images to choose from.
            assert holder in parts, field

    @pytest.mark.parametrize("language", ["en", "fr"])
    def test_its_hint_is_in_the_language_of_the_page(self, as_alice, language):
        page = as_alice.get("/announcements/new/", headers={"accept-language": language}).content.decode()
        hints = [template.hint.in_language(language) for template in offered_templates().values() if template.hint]
        assert hints
        assert [hint for hint in hints if hint.replace("'", "&#x27;") not in page] == []

    def test_its_icon_is_drawn_on_the_page_and_in_the_list(self, as_alice):
        Announcement.objects.create(title="Marché", template="event")
        for address in ("/announcements/", "/announcements/new/"):
            assert offered_templates()["event"].icon in as_alice.get(address).content.decode()

    def test_a_template_that_there_is_not_any_more_does_not_break_the_list(self, as_alice):
        Announcement.objects.create(title="Of a newer version", template="hologram")
        assert "Of a newer version" in page_text(as_alice.get("/announcements/"))


class TestImages:
    def test_the_newest_are_offered_first(self, images):
        assert [image.name for image in AnnouncementForm().offered_images] == ["Town hall", "Market", "Quay"]

    def test_one_that_is_older_than_those_offered_is_offered_when_it_is_chosen(self, images, monkeypatch):
        monkeypatch.setattr(library_forms, "IMAGES_OFFERED", 1)
        assert [image.name for image in AnnouncementForm().offered_images] == ["Town hall"]
        form = AnnouncementForm(initial={"picture": images[0].pk})
        assert [image.name for image in form.offered_images] == ["Quay", "Town hall"]

    @pytest.mark.parametrize("chosen", ["x", "-1", "999999", "²"])
    def test_one_that_there_is_not_is_not_offered(self, images, chosen):
        offered = AnnouncementForm({"picture": chosen}).offered_images
        assert [image.name for image in offered] == ["Town hall", "Market", "Quay"]

    def test_further_ones_that_are_chosen_come_first(self, images):
        form = AnnouncementForm({"more_pictures": [str(images[0].pk), "x"]})
        assert [(image.name, chosen) for image, chosen in form.offered_further_images] == [
            ("Quay", True), ("Town hall", False), ("Market", False),
        ]  # fmt: skip


class TestTimes:
    @pytest.mark.parametrize(
        ("starts", "ends", "wrong"),
        [
            ("", "", set()),
            ("2026-12-05T10:00", "", set()),
            ("2026-12-05T10:00", "2026-12-05T10:01", set()),
            ("2026-12-05T10:00", "2026-12-05T10:00", {"ends"}),
            ("2026-12-05T10:00", "2026-12-05T09:59", {"ends"}),
            ("", "2026-12-05T09:00", {"starts"}),
            ("soon", "2026-12-05T09:00", {"starts"}),
            ("2026-12-05T10:00", "later", {"ends"}),
        ],
    )
    def test_belong_together(self, starts, ends, wrong):
        assert AnnouncementForm(VALUES | {"starts": starts, "ends": ends}).errors.keys() == wrong

    def test_are_left_out_of_the_preview_while_one_of_them_is_wrong(self):
        form = AnnouncementForm(VALUES | {"starts": "2026-12-05T10:00", "ends": "2026-12-05T09:00"})
        drawn = unsaved_announcement(form)
        assert (drawn.title, drawn.starts, drawn.ends) == ("Marché", None, None)


class TestUnsavedAnnouncements:
    def test_are_what_the_form_says(self, images):
        form = AnnouncementForm(VALUES | {"picture": str(images[1].pk), "more_pictures": [str(images[0].pk)]})
        drawn = unsaved_announcement(form)
        assert (drawn.template, drawn.body, drawn.picture) == ("event", "Dès 9 h", images[1])
        assert drawn.further_images() == [images[0]]
        assert not Announcement.objects.exists()

    def test_without_a_title_are_drawn_with_a_word_for_it(self, english):
        assert unsaved_announcement(AnnouncementForm({"template": "news"})).title == "Title"
        with translation.override("fr"):
            assert unsaved_announcement(AnnouncementForm({"template": "news"})).title == "Titre"

    def test_of_a_form_that_was_just_opened_are_what_was_saved(self, images, alice):
        saved = services.save_announcement(
            user=alice, title="Fair", template="slideshow", picture=images[0], more_pictures=images[1:]
        )
        drawn = unsaved_announcement(AnnouncementForm(instance=saved))
        assert (drawn.title, drawn.template, drawn.picture) == ("Fair", "slideshow", images[0])
        assert set(drawn.further_images()) == set(images[1:])
        assert drawn.pk != saved.pk

    def test_of_a_feed_take_its_name_and_template(self, as_alice):
        feed = Feed.objects.create(kind=FeedKind.NEWS, name="Médiathèque", address="https://x.fr/rss")
        page = page_text(as_alice.get(f"/announcements/new/?feed={feed.pk}"))
        assert 'value="Médiathèque"' in page
        assert re.search(r'value="headlines"[^>]*checked', page)
        assert "has not been read yet" in page


class TestDifferences:
    def test_are_the_fields_that_someone_else_changed(self, images, alice):
        saved = services.save_announcement(user=alice, title="Fair", body="Saturday", more_pictures=images[:1])
        form = AnnouncementForm({"template": "news", "title": "Fair", "body": "Sunday"}, instance=saved)
        assert form.is_valid()
        current = Announcement.objects.get(pk=saved.pk)
        assert form.differences_from(current) == [
            ("Text", "Saturday", "Sunday"), ("Further images", images[:1], []),
        ]  # fmt: skip

    def test_of_the_same_text_are_none(self, alice):
        saved = services.save_announcement(user=alice, title="Fair", starts=dt.datetime(2026, 12, 5, 9, tzinfo=dt.UTC))
        form = AnnouncementForm({"template": "news", "title": "Fair", "starts": "2026-12-05T09:00"}, instance=saved)
        assert form.is_valid()
        labels = {label for label, _, _ in form.differences_from(Announcement.objects.get(pk=saved.pk))}
        assert "Title" not in labels


@pytest.mark.parametrize(
    ("text", "stripped"),
    [
        ("Marché", "Marché"), ("Mar\x1bché", "Marché"), ("\x00\x07", ""), ("a\r\nb\tc", "a b c"), ("  a  ", "a"),
        ("\x9ba", "a"), ("a\N{NO-BREAK SPACE}b", "a\N{NO-BREAK SPACE}b"), ("Noe\u0308l", "Noël"),
        ("\N{ZERO WIDTH SPACE}", ""), ("Of\ufb01ce\u202e", "Office"),
        ("🎄", "🎄"), ("", ""),
    ],
)  # fmt: skip
def test_one_line_is_cleaned_of_what_nobody_typed(text, stripped):
    assert clean_line(text) == stripped


class TestTexts:
    def test_are_cleaned_before_their_length_is_checked(self):
        form = AnnouncementForm(VALUES | {"title": "e\u0301" * 200, "body": "un\r\n\uf0b7\tdeux\u200b"})
        assert form.is_valid(), form.errors
        assert form.cleaned_data["title"] == "é" * 200
        assert form.cleaned_data["body"] == "un\n• deux"

    @pytest.mark.parametrize("title", ["\u202e", "\u200b\u2060", "\u3164", "\ufe0f", "\u00ad"])
    def test_that_cannot_be_seen_are_no_title(self, title):
        assert "title" in AnnouncementForm(VALUES | {"title": title}).errors

    def test_with_a_letter_that_no_screen_has_are_refused_by_its_name(self, english):
        form = AnnouncementForm(VALUES | {"body": "Salle 漢"})
        assert not form.is_valid()
        assert "CJK UNIFIED IDEOGRAPH-6F22" in str(form.errors)
        assert "Text" in str(form.non_field_errors())
        assert unsaved_announcement(form).body == "Salle 漢"

    def test_with_such_a_letter_say_so_in_the_preview(self, as_alice, full_hd):
        page = page_text(as_alice.post("/announcements/preview/", VALUES | {"title": "漢"}))
        assert "CJK UNIFIED IDEOGRAPH-6F22" in page
        assert "preview.png" in page
