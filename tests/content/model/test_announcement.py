"""Announcements as data."""

import pytest
from pydantic import ValidationError

from beffroi_content.model import Announcement, Slide, UnknownContent
from beffroi_content.model.announcement import TEMPLATE_NAMES

IMAGE = {"sha256": "a" * 64, "size": 10, "media_type": "image/jpeg"}


def announcement(**changes) -> Announcement:
    return Announcement.model_validate({"id": "market", "template": "news", "title": "Marché"} | changes)


def slide(**changes) -> Slide:
    content = {"kind": "announcement", "announcement": {"id": "m", "template": "news", "title": "Marché"} | changes}
    return Slide.model_validate({"id": "s", "name": "s", "content": content})


def test_a_title_is_enough():
    found = announcement()
    assert (found.body, found.label, found.place, found.picture, found.pictures) == ("", "", "", None, ())


@pytest.mark.parametrize("template", sorted(TEMPLATE_NAMES))
def test_every_template_has_announcements(template):
    assert announcement(template=template).template == template
    assert slide(template=template).content.kind == "announcement"


def test_an_announcement_with_a_template_of_a_newer_version_spoils_no_programme():
    found = slide(template="hologram")
    assert isinstance(found.content, UnknownContent)
    assert found.assets == ()


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"title": ""}, "title"),
        ({"title": " \n "}, "title"),
        ({"title": "x" * 201}, "200"),
        ({"body": "x" * 5_001}, "5000"),
        ({"figure": "1" * 25}, "24"),
        ({"link": "market.example"}, "match"),
        ({"link": "javascript:alert(1)"}, "match"),
        ({"link": "https://a b"}, "match"),
        ({"link": "https://example.org/" + "x" * 500}, "500"),
        ({"pictures": [IMAGE] * 13}, "12"),
        ({"starts": "2026-12-12T18:30:00+01:00"}, "without an offset"),
        ({"starts": "2026-12-12T18:30", "ends": "2026-12-12T19:30Z"}, "without an offset"),
        ({"ends": "2026-12-12T18:30"}, "ends after"),
        ({"starts": "2026-12-12T18:30", "ends": "2026-12-12T18:29"}, "ends after"),
        ({"template": "hologram"}, "hologram"),
        ({"translations": [{"language": "Deutsch"}]}, "language"),
        ({"translations": [{"language": "de"}, {"language": "de"}]}, "one text in each"),
        ({"language": "fr", "translations": [{"language": "fr"}]}, "one text in each"),
        (
            {"translations": [{"language": code} for code in ("de", "en", "es", "it", "nl", "pl", "pt", "ro", "ru")]},
            "7",
        ),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(wrong, complaint):
    with pytest.raises(ValidationError, match=complaint):
        announcement(**wrong)


@pytest.mark.parametrize("ends", ["2026-12-12T18:30", "2026-12-13T01:00", None])
def test_an_event_may_end_as_it_starts_or_later_or_without_an_hour(ends):
    found = announcement(starts="2026-12-12T18:30", ends=ends)
    assert found.starts.isoformat() == "2026-12-12T18:30:00"
    assert found.ends is None or found.ends >= found.starts


@pytest.mark.parametrize("link", ["", "https://mairie.example/marché", "http://192.0.2.1:8080/?q=1#top"])
def test_a_link_is_the_address_of_a_page(link):
    assert announcement(link=link).link == link


def test_the_images_are_needed_before_the_slide_can_be_drawn():
    other = IMAGE | {"sha256": "b" * 64}
    found = slide(picture=IMAGE, pictures=[other, IMAGE])
    assert [asset.sha256[0] for asset in found.assets] == ["a", "b", "a"]
    assert slide(pictures=[other]).assets[0].sha256[0] == "b"
    assert slide().assets == ()


def test_an_announcement_crosses_the_wire_unchanged():
    full = announcement(
        template="event", body="a\nb", label="Fête", place="Halle", starts="2026-12-12T18:30", picture=IMAGE,
        pictures=[IMAGE], figure="12 500 €", link="https://example.org", source="Service des sports",
    )  # fmt: skip
    assert Announcement.model_validate_json(full.to_json()) == full


@pytest.fixture
def fair():
    translations = [
        {"language": "en", "title": "Christmas fair", "body": "Free entry."},
        {"language": "de", "title": "Weihnachtsmarkt", "place": "Rathausplatz"},
    ]
    return announcement(title="Marché", body="Entrée libre.", place="Halle", language="fr", translations=translations)


def texts(found):
    return [(each.language, each.title, each.body, each.place) for each in found.in_each_language()]


FRENCH, ENGLISH = ("fr", "Marché", "Entrée libre.", "Halle"), ("en", "Christmas fair", "Free entry.", "Halle")
GERMAN = ("de", "Weihnachtsmarkt", "Entrée libre.", "Rathausplatz")


def test_what_a_translation_leaves_empty_is_as_in_the_main_language(fair):
    assert texts(fair) == [FRENCH, ENGLISH, GERMAN]


@pytest.mark.parametrize(
    ("chosen", "shown"),
    [
        ([], [FRENCH, ENGLISH, GERMAN]),
        (["fr"], [FRENCH]),
        (["de", "fr"], [GERMAN, FRENCH]),
        (["es", "en"], [ENGLISH]),
        (["es"], [FRENCH]),
    ],
)
def test_a_screen_shows_the_languages_that_it_chose_in_its_order(fair, chosen, shown):
    assert texts(fair.shown_in(chosen, "fr")) == shown


def test_an_announcement_without_a_language_has_that_of_the_screen(fair):
    assert texts(fair.replace(language=None).shown_in(["de", "fr"], "fr")) == [GERMAN, FRENCH]


def test_a_text_that_the_main_language_lacks_does_not_come_from_another_one(fair):
    assert texts(fair.replace(body="").shown_in(["en", "fr"], "fr"))[1] == ("fr", "Marché", "", "Halle")


def test_the_pages_of_the_announcement_stay_when_a_screen_chooses(fair):
    event = fair.replace(starts="2026-12-12T18:30", link="https://example.org", picture=IMAGE)
    (german,) = event.shown_in(["de"], "fr").in_each_language()
    assert (german.starts, german.link, german.picture) == (event.starts, event.link, event.picture)


def test_a_translation_with_an_empty_title_has_that_of_the_main_language():
    found = announcement(title="Marché", language="fr", translations=[{"language": "en", "title": "", "body": "Open"}])

    assert [(each.title, each.body) for each in found.in_each_language()][1] == ("Marché", "Open")
