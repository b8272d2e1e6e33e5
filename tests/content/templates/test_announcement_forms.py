"""Templates of announcements: the form of each, and what it becomes without a field or with a long text."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.support.canvases import (
    LANDSCAPE,
    LED,
    PORTRAIT,
    announcement_of,
    canvas_of,
    letters_of,
    text_of,
)

from beffroi_content.model import TEMPLATE_NAMES, Announcement, AssetReference, ScreenAppearance
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.graphics import pictograms
from beffroi_content.raster.graphics.palettes import relative_luminance
from beffroi_content.raster.page import FilledBox, Page, PlacedImage, PlacedPictogram, QrCode, StripedBox, TextLine
from beffroi_content.raster.text.typography import typeset_text
from beffroi_content.templates.announcements import comparison, event, listing, news, notice, timetable
from beffroi_content.templates.layout.page_parts import PageGrid, canvas_palette
from beffroi_content.templates.page_layout import lay_out_announcement

IMAGE = AssetReference(sha256="a" * 64, size=1, media_type="image/jpeg")
OTHER = AssetReference(sha256="b" * 64, size=1, media_type="image/jpeg")
SHAPES = [LANDSCAPE, PORTRAIT, (1080, 1080)]
LONG = "Le conseil municipal a voté le budget de l’année, qui prévoit la rénovation de l’école. " * 40


def pages_of(announcement: Announcement, size: tuple[int, int] = LANDSCAPE, **changes: str) -> tuple[Page, ...]:
    return lay_out_announcement(announcement, canvas_of(size, **changes))


def images_on(page: Page) -> list[PlacedImage]:
    return [item for item in page.items if isinstance(item, PlacedImage)]


def capital_of(page: Page, text: str) -> int:
    """Return the capital height of the line that contains a text."""
    return next(item.style.capital for item in page.items if isinstance(item, TextLine) and text in item.text)


def has_letters(page: Page, text: str) -> bool:
    return letters_of(typeset_text(text, "fr")) in letters_of(text_of(page))


class TestEvents:
    @pytest.mark.parametrize("size", SHAPES)
    def test_show_the_day_larger_than_the_title(self, size):
        (page,) = pages_of(announcement_of("event", starts="2026-12-12T18:30", place="Salle Neptune"), size)
        assert capital_of(page, "12") > capital_of(page, "Fête")
        assert all(word in text_of(page) for word in ("samedi", "décembre", "18 h 30", "Salle Neptune"))

    @pytest.mark.parametrize("size", SHAPES)
    def test_of_several_days_show_both(self, size):
        (page,) = pages_of(announcement_of("event", starts="2026-07-03", ends="2026-07-06"), size)
        assert "3–5" in text_of(page)
        assert "vendredi – dimanche" in text_of(page)

    def test_over_the_turn_of_a_month_name_both_months(self):
        (page,) = pages_of(announcement_of("event", starts="2026-11-30", ends="2026-12-03"))
        assert "30–2" in text_of(page)
        assert "novembre – décembre" in text_of(page)

    def test_of_whole_days_show_no_hour(self):
        (page,) = pages_of(announcement_of("event", starts="2026-12-12"))
        assert " h" not in text_of(page)

    def test_without_a_date_are_news(self):
        announcement, canvas = announcement_of("event", body="Ouvert à tous."), canvas_of()
        assert event.lay_out(announcement, canvas) == news.lay_out(announcement, canvas)

    @pytest.mark.parametrize("size", SHAPES)
    def test_with_an_image_show_it_beside_the_leaf(self, size):
        (page,) = pages_of(
            announcement_of("event", starts="2026-12-12T18:30", picture=IMAGE, body="Entrée libre."), size
        )
        (image,) = images_on(page)
        leaf = next(item for item in page.items if isinstance(item, FilledBox))
        assert image.box[2] <= leaf.box[0] or image.box[3] <= leaf.box[1]

    def test_in_english_are_in_english(self):
        (page,) = pages_of(announcement_of("event", starts="2026-12-12T18:30"), locale="en")
        assert all(word in text_of(page) for word in ("Saturday", "December", "18:30"))


class TestNews:
    def test_without_an_image_have_their_title_on_a_field_of_the_towns_colour(self):
        canvas = canvas_of()
        (page,) = lay_out_announcement(announcement_of("news", body="Samedi."), canvas)
        field = page.items[0]
        assert isinstance(field, FilledBox)
        assert field.colour == canvas_palette(canvas).band
        title = next(item for item in page.items if isinstance(item, TextLine) and "Fête" in item.text)
        assert title.baseline < field.box[3]

    def test_with_a_title_alone_fill_the_page_with_the_field(self):
        canvas = canvas_of()
        (page,) = lay_out_announcement(announcement_of("news"), canvas)
        field = page.items[0]
        assert isinstance(field, FilledBox)
        assert field.box == (0, 0, 1920, 1080 - PageGrid.for_canvas(canvas).foot)

    @pytest.mark.parametrize(("size", "side"), [(LANDSCAPE, "right"), (PORTRAIT, "top")])
    def test_show_their_image_at_the_right_or_above(self, size, side):
        (page,) = pages_of(announcement_of("news", body="Samedi.", picture=IMAGE), size)
        (image,) = images_on(page)
        assert image.image == IMAGE
        if side == "right":
            assert image.box[2] == size[0]
            assert image.box[0] > 0
        else:
            assert image.box[:2] == (0, 0)
            assert image.box[2] == size[0]

    def test_give_a_smaller_share_to_the_image_before_they_take_a_second_page(self):
        shares = set()
        for repeated in range(1, 14):
            pages = pages_of(
                announcement_of("news", body="Une phrase de plus pour la page. " * repeated, picture=IMAGE)
            )
            if len(pages) == 1:
                (image,) = images_on(pages[0])
                shares.add(image.box[2] - image.box[0])
        assert len(shares) == 2

    def test_with_a_link_show_its_code(self):
        (page,) = pages_of(announcement_of("news", body="Samedi.", link="https://ville.fr/fete"))
        assert any(isinstance(item, QrCode) for item in page.items)

    @pytest.mark.parametrize("size", SHAPES)
    def test_of_a_long_text_repeat_the_image_and_number_the_pages(self, size):
        pages = pages_of(announcement_of("news", body=LONG, picture=IMAGE), size)
        assert len(pages) > 1
        for number, page in enumerate(pages, 1):
            assert images_on(page)
            assert f"{number} / {len(pages)}" in text_of(page)


class TestNotices:
    @pytest.mark.parametrize("size", SHAPES)
    def test_carry_a_sign_on_a_card(self, size):
        (page,) = pages_of(announcement_of("notice", body="Fermé lundi."), size)
        (sign,) = [item for item in page.items if isinstance(item, PlacedPictogram)]
        assert sign.pictogram is pictograms.INFORMATION

    def test_leave_the_sign_free(self):
        page = pages_of(announcement_of("notice", body=LONG[:600]))[0]
        sign = next(item for item in page.items if isinstance(item, PlacedPictogram))
        lines = [item for item in page.items if isinstance(item, TextLine) and item.baseline < 900]
        assert all(line.x >= sign.box[2] for line in lines)


class TestWorks:
    WORKS = {"starts": "2026-12-14T08:30", "ends": "2026-12-18T17:00", "place": "Rue du Port", "body": "Déviation."}

    @pytest.mark.parametrize("size", SHAPES)
    def test_stand_under_stripes_with_a_cone(self, size):
        (page,) = pages_of(announcement_of("works", **self.WORKS), size)
        stripes = next(item for item in page.items if isinstance(item, StripedBox))
        assert stripes.box[:3] == (0, 0, size[0])
        assert any(isinstance(item, PlacedPictogram) and item.pictogram is pictograms.CONE for item in page.items)

    def test_that_last_for_days_name_no_hour(self):
        (page,) = pages_of(announcement_of("works", **self.WORKS))
        assert "du lundi 14 au vendredi 18 décembre" in text_of(page)
        assert "8 h 30" not in text_of(page)

    def test_of_one_day_name_its_hours(self):
        (page,) = pages_of(announcement_of("works", starts="2026-12-14T08:30", ends="2026-12-14T17:00"))
        assert "de 8 h 30 à 17 h" in text_of(page)

    @pytest.mark.parametrize(("pictures", "picture"), [((OTHER,), None), ((), IMAGE), ((OTHER,), IMAGE)])
    def test_show_the_map_or_else_the_image(self, pictures, picture):
        (page,) = pages_of(announcement_of("works", **self.WORKS, pictures=pictures, picture=picture))
        (image,) = images_on(page)
        assert image.image == (OTHER if pictures else IMAGE)

    def test_without_a_date_show_the_place_alone(self):
        (page,) = pages_of(announcement_of("works", place="Rue du Port"))
        assert "Rue du Port" in text_of(page)
        assert "décembre" not in text_of(page)


class TestLists:
    MENU = "Lundi : carottes, poisson\n- Mardi : soupe\n• pain chaque jour\nSAMU : 15\n15 : SAMU"

    def test_make_headings_of_what_stands_before_a_colon(self):
        (page,) = pages_of(announcement_of("listing", body=self.MENU))
        assert {"Lundi", "carottes, poisson", "Mardi", "soupe", "pain chaque jour", "SAMU"} <= set(page.lines)

    def test_join_short_headings_such_as_numbers_to_their_text(self):
        (page,) = pages_of(announcement_of("listing", body="15 : SAMU\n18 : pompiers"))
        assert {"15\u00a0· SAMU", "18\u00a0· pompiers"} <= set(page.lines)

    def test_take_two_columns_on_a_wide_page_from_four_entries_on(self):
        def lefts(entries: int) -> set[int]:
            body = "\n".join(f"Entrée numéro {number}" for number in range(entries))
            (page,) = pages_of(announcement_of("listing", body=body))
            return {item.x for item in page.items if isinstance(item, TextLine) and "Entrée" in item.text}

        assert len(lefts(3)) == 1
        assert len(lefts(4)) == 2

    def test_have_letters_of_one_size_in_both_columns(self):
        body = "\n".join(f"Entrée {number} : {'mot ' * (number % 3 + 1)}" for number in range(1, 7))
        (page,) = pages_of(announcement_of("listing", body=body))
        sizes = {item.style.capital for item in page.items if isinstance(item, TextLine) and "mot" in item.text}
        assert len(sizes) == 1

    def test_never_part_a_heading_from_its_text(self):
        body = "\n".join(f"Titre {number} : {'mot ' * 30}texte{number}" for number in range(30))
        pages = pages_of(announcement_of("listing", body=body), PORTRAIT)
        assert len(pages) > 1
        for page in pages:
            text = text_of(page)
            for number in range(30):
                assert (f"Titre {number} " in text + " ") == (f"texte{number} " in text + " ")

    def test_without_entries_are_notices(self):
        announcement, canvas = announcement_of("listing"), canvas_of()
        assert listing.lay_out(announcement, canvas) == notice.lay_out(announcement, canvas)

    def test_with_an_address_have_no_heading_of_its_scheme(self):
        (page,) = pages_of(announcement_of("listing", body="https://ville.fr/menu"))
        assert "https://ville.fr/menu" in page.lines


class TestTimetables:
    POOL = "Jour | Matin | Soir\nLundi | fermé | 16 h\nMardi | 7 h | 12 h"

    def test_put_the_cells_of_a_column_one_below_the_other(self):
        (page,) = pages_of(announcement_of("timetable", body=self.POOL))
        lefts = {item.text: item.x for item in page.items if isinstance(item, TextLine)}
        assert lefts["Jour"] == lefts["Lundi"] == lefts["Mardi"]
        assert lefts["Matin"] == lefts["fermé"] > lefts["Jour"]
        assert lefts["Soir"] > lefts["Matin"]

    def test_share_their_rows_evenly_and_repeat_the_heading(self):
        body = "Jour | Heure\n" + "\n".join(f"Jour {number} | {number} h" for number in range(50))
        pages = pages_of(announcement_of("timetable", body=body))
        assert len(pages) > 1
        counts = [sum("Jour " in line for line in page.lines) for page in pages]
        assert sum(counts) == 50
        assert max(counts) - min(counts) <= len(pages)
        assert all("Heure" in page.lines for page in pages)

    def test_that_are_too_wide_become_lists_with_the_headings_in_their_entries(self):
        body = "Jour | " + " | ".join(f"Horaires de la saison {n}" for n in range(9))
        body += "\nLundi | " + " | ".join(f"de {n} h à {n + 1} h" for n in range(9))
        page = pages_of(announcement_of("timetable", body=body), PORTRAIT)[0]
        assert "Lundi" in page.lines
        assert has_letters(page, "Horaires de la saison 0 de 0 h à 1 h")

    @pytest.mark.parametrize("body", ["", "une ligne sans cases", "a | b"])
    def test_without_rows_are_lists(self, body):
        announcement, canvas = announcement_of("timetable", body=body), canvas_of()
        assert timetable.lay_out(announcement, canvas)

    def test_rows_of_unequal_length_are_filled_up(self):
        assert timetable.split_rows("a | b | c\nd\n\n e | f", "fr") == (("a", "b", "c"), ("d", "", ""), ("e", "f", ""))

    def test_on_a_panel_have_each_row_in_one_line_without_the_heading(self):
        pages = lay_out_announcement(announcement_of("timetable", body=self.POOL), canvas_of((320, 192), LED))
        text = text_of(*pages)
        assert "Lundi · fermé · 16 h" in text
        assert "Matin" not in text

    def test_of_one_column_keep_their_first_row_on_a_panel(self):
        pages = lay_out_announcement(announcement_of("timetable", body="Lundi\nMardi"), canvas_of((320, 192), LED))
        assert "Lundi" in text_of(*pages)

    def test_without_a_text_are_drawn_on_a_panel(self):
        assert lay_out_announcement(announcement_of("timetable"), canvas_of((320, 192), LED))


class TestFigures:
    @pytest.mark.parametrize("size", SHAPES)
    def test_are_larger_than_all_else(self, size):
        (page,) = pages_of(announcement_of("figure", figure="12", body="Merci."), size)
        largest = max(item.style.capital for item in page.items if isinstance(item, TextLine))
        assert capital_of(page, "12") == largest

    def test_without_a_number_are_news(self):
        announcement, canvas = announcement_of("figure", body="Merci."), canvas_of()
        assert lay_out_announcement(announcement, canvas) == news.lay_out(announcement, canvas)

    def test_stay_on_one_line_on_a_wide_page(self):
        (page,) = pages_of(announcement_of("figure", figure="12 500"))
        assert typeset_text("12 500", "fr") in page.lines


class TestQuotes:
    @pytest.mark.parametrize(("locale", "opening", "closing"), [("fr", "«", "»"), ("en", "“", "”")])
    def test_stand_in_the_marks_of_their_language(self, locale, opening, closing):
        (page,) = pages_of(announcement_of("quote", body="La mer ne se ferme pas."), locale=locale)
        assert opening in page.lines
        assert any(line.endswith(closing) for line in page.lines)

    @pytest.mark.parametrize("typed", ["« La mer »", "«La mer»", "La mer"])
    def test_have_their_marks_once(self, typed):
        (page,) = pages_of(announcement_of("quote", body=typed))
        assert text_of(page).count("«") == 1
        assert text_of(page).count("»") == 1

    def test_name_who_said_it_after_what_was_said(self):
        (page,) = pages_of(announcement_of("quote", title="Jeanne Le Goff", body="La mer.", label="Présidente"))
        lines = [line for line in page.lines if line in ("Jeanne Le Goff", "Présidente")]
        assert lines == ["Jeanne Le Goff", "Présidente"]

    def test_without_a_text_quote_the_title(self):
        (page,) = pages_of(announcement_of("quote", title="La mer ne se ferme pas"))
        assert has_letters(page, "La mer ne se ferme pas")
        assert any("»" in line for line in page.lines)


class TestComparisons:
    @pytest.mark.parametrize(("size", "beside"), [(LANDSCAPE, True), (PORTRAIT, False)])
    def test_show_both_images_in_order(self, size, beside):
        (page,) = pages_of(announcement_of("comparison", picture=IMAGE, pictures=(OTHER,)), size)
        before, after = images_on(page)
        assert (before.box[2] < after.box[0]) if beside else (before.box[3] < after.box[1])
        assert {"Avant", "Après"} <= set(page.lines)

    def test_have_images_of_equal_size(self):
        (page,) = pages_of(announcement_of("comparison", picture=IMAGE, pictures=(OTHER,)))
        one, other = [(item.box[2] - item.box[0], item.box[3] - item.box[1]) for item in images_on(page)]
        assert abs(one[0] - other[0]) <= 1
        assert one[1] == other[1]

    @pytest.mark.parametrize("fields", [{}, {"picture": IMAGE}, {"pictures": (OTHER,)}])
    def test_with_fewer_than_two_images_are_news(self, fields):
        announcement, canvas = announcement_of("comparison", **fields), canvas_of()
        assert comparison.lay_out(announcement, canvas) == news.lay_out(announcement, canvas)

    def test_give_the_images_more_height_where_there_is_no_text(self):
        heights = []
        for body in ("", "Quatorze arbres."):
            (page,) = pages_of(announcement_of("comparison", picture=IMAGE, pictures=(OTHER,), body=body))
            heights.append(images_on(page)[0].box[3])
        assert heights[0] > heights[1]


class TestLinks:
    @pytest.mark.parametrize("size", SHAPES)
    def test_show_one_large_code_and_the_address(self, size):
        (page,) = pages_of(announcement_of("link", link="https://www.ville.fr/parc/"), size)
        (code,) = [item for item in page.items if isinstance(item, QrCode)]
        assert code.box[2] - code.box[0] >= min(size) // 4
        assert "ville.fr/parc" in page.lines

    def test_without_a_link_are_news(self):
        announcement, canvas = announcement_of("link"), canvas_of()
        assert lay_out_announcement(announcement, canvas) == news.lay_out(announcement, canvas)


class TestSlideshows:
    def test_have_a_page_for_each_image_with_the_same_caption(self):
        pages = pages_of(announcement_of("slideshow", picture=IMAGE, pictures=(OTHER, IMAGE)))
        assert len(pages) == 3
        assert [f"{n} / 3" in text_of(page) for n, page in enumerate(pages, 1)] == [True] * 3
        assert len({images_on(page)[0].box for page in pages}) == 1
        assert all("Fête du port" in text_of(page) for page in pages)

    def test_without_a_first_image_show_the_further_ones(self):
        assert len(pages_of(announcement_of("slideshow", pictures=(OTHER, IMAGE)))) == 2

    @pytest.mark.parametrize("fields", [{}, {"picture": IMAGE, "body": LONG}])
    def test_without_images_or_with_too_long_a_caption_are_news(self, fields):
        announcement, canvas = announcement_of("slideshow", **fields), canvas_of()
        assert lay_out_announcement(announcement, canvas) == news.lay_out(announcement, canvas)


class TestWelcomes:
    @pytest.mark.parametrize("size", SHAPES)
    def test_over_an_image_leave_it_most_of_the_page(self, size):
        (page,) = pages_of(announcement_of("welcome", title="Bienvenue", picture=IMAGE), size)
        (image,) = images_on(page)
        assert image.box[:2] == (0, 0)
        assert image.box[3] >= 0.5 * size[1]

    def test_without_an_image_stand_in_the_middle(self):
        (page,) = pages_of(announcement_of("welcome", title="Bienvenue"))
        title = next(item for item in page.items if isinstance(item, TextLine) and item.text == "Bienvenue")
        assert 300 < title.baseline < 800
        assert title.x > 300


class TestPosters:
    @pytest.mark.parametrize("size", SHAPES)
    def test_are_letters_on_the_towns_colour(self, size):
        canvas = canvas_of(size)
        (page,) = lay_out_announcement(announcement_of("poster", body="On vote dimanche."), canvas)
        assert page.ground == canvas_palette(canvas).band
        assert not images_on(page)

    def test_have_larger_letters_than_notices(self):
        body = "Pensez à votre pièce d’identité."
        (poster,) = pages_of(announcement_of("poster", body=body))
        (card,) = pages_of(announcement_of("notice", body=body))
        assert capital_of(poster, "Pensez") > capital_of(card, "Pensez")


def canvas_with(**changes: object) -> Canvas:

    return replace(canvas_of(), **changes)


class TestEveryTemplate:
    TEMPLATES = sorted(TEMPLATE_NAMES - {"comparison", "slideshow"})

    @pytest.mark.parametrize("template", TEMPLATES)
    @pytest.mark.parametrize("size", SHAPES)
    def test_shows_title_label_source_and_town(self, template, size):
        announcement = announcement_of(
            template, label="Culture", source="Service des fêtes", body="Lundi : ouvert", figure="12",
            starts="2026-12-12T18:30", link="https://ville.fr",
        )  # fmt: skip
        page = pages_of(announcement, size)[0]
        text = text_of(page)
        assert has_letters(page, "Fête du port")
        assert "CULTURE" in text or "Culture" in text
        assert "Service des fêtes" in text
        assert "Saint-Aubin-sur-Mer" in text

    @pytest.mark.parametrize("template", TEMPLATES)
    def test_of_the_town_itself_names_it_once(self, template):
        announcement = announcement_of(template, body="Lundi : ouvert", source="Saint-Aubin-sur-Mer")
        assert text_of(pages_of(announcement)[0]).count("Saint-Aubin-sur-Mer") == 1

    @pytest.mark.parametrize("template", TEMPLATES)
    def test_is_dark_at_night(self, template):

        announcement = announcement_of(template, body="Lundi : ouvert")
        (page, *_) = lay_out_announcement(announcement, canvas_with(appearance=ScreenAppearance.NIGHT))
        assert relative_luminance(page.ground) < 0.25

    @pytest.mark.parametrize("template", TEMPLATES)
    def test_on_a_panel_is_light_on_black(self, template):
        announcement = announcement_of(template, body="Lundi : ouvert")
        for page in lay_out_announcement(announcement, canvas_of((128, 64), LED)):
            assert page.ground == (0, 0, 0)
            assert all(item.style.crisp for item in page.items if isinstance(item, TextLine))
