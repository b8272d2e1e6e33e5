"""Layout parts: grids, headings, footers, columns, text boxes, title bands, QR codes and the idle page."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.canvases import LANDSCAPE, LCD, LED, PORTRAIT, announcement_of, canvas_of, text_of, zone_of

from beffroi_content.model import AssetReference, ImageContent, ImageFit, ScreenAppearance, Town
from beffroi_content.raster.legibility import minimum_capital
from beffroi_content.raster.page import FilledBox, Page, PlacedImage, PlacedLogo, QrCode, TextLine
from beffroi_content.raster.text.fonts import FontWeight, TextStyle, font_face
from beffroi_content.raster.text.text_fitting import ColumnSpace, TextBlock, fit_column
from beffroi_content.templates.layout import full_image, idle_page, qr_code, single_column, title_band
from beffroi_content.templates.layout.page_parts import (
    FooterColours,
    PageGrid,
    add_column,
    add_footer,
    canvas_palette,
    centred_baseline,
    fit_hierarchy,
    fit_line,
    fits_height,
    heading_blocks,
)
from beffroi_content.templates.layout.text_box import TextBoxLayout, box_space, compose_text, fewest_pages

SIZES = [LANDSCAPE, PORTRAIT, (1080, 1080), (3840, 1080), (480, 270), (1920, 216), (200, 1000)]
COLOURS = FooterColours((0, 0, 0), (255, 255, 255), (200, 200, 200))
BLACK = (0, 0, 0)
TEXTS = st.text(max_size=80)
REFERENCE = AssetReference(sha256="a" * 64, size=1, media_type="image/png")


def lines_on(page: Page) -> list[TextLine]:
    return [item for item in page.items if isinstance(item, TextLine)]


def width_of(line: TextLine) -> float:
    return font_face(line.style).text_width(line.text)


class TestGrids:
    @pytest.mark.parametrize("size", SIZES)
    def test_have_sizes_in_order(self, size):
        grid = PageGrid.for_canvas(canvas_of(size))
        assert 0 < grid.smallest <= grid.largest <= grid.title
        assert grid.smallest == minimum_capital(canvas_of(size))

    @pytest.mark.parametrize("size", SIZES)
    def test_leave_most_of_the_page_to_the_content(self, size):
        grid = PageGrid.for_canvas(canvas_of(size))
        assert 2 * grid.margin < 0.4 * min(size)
        assert grid.foot < 0.2 * size[1]

    @pytest.mark.parametrize(("size", "is_wide"), [((1250, 1000), True), ((1249, 1000), False), (PORTRAIT, False)])
    def test_are_wide_from_five_to_four_on(self, size, is_wide):
        assert PageGrid.for_canvas(canvas_of(size)).is_wide is is_wide

    def test_grow_with_the_canvas(self):
        small, large = (PageGrid.for_canvas(canvas_of(size)) for size in ((960, 540), (3840, 2160)))
        assert small.margin < large.margin
        assert small.title < large.title


class TestLinesThatFit:
    def test_are_the_first_text_that_fits(self):
        texts = ("un texte assez long pour la ligne", "un texte court", "x")
        width = font_face(TextStyle(FontWeight.BOLD, 30)).text_width(texts[1])
        text, style = fit_line(texts, FontWeight.BOLD, 30, width, crisp=False)
        assert (text, style.capital) == (texts[1], 30)

    def test_else_the_last_in_smaller_letters(self):
        text, style = fit_line(("un texte assez long",), FontWeight.BOLD, 80, 200, crisp=False)
        assert text == "un texte assez long"
        assert style.capital < 80
        assert font_face(style).text_width(text) <= 200

    def test_never_go_under_five_pixels(self):
        _, style = fit_line(("W" * 200,), FontWeight.BOLD, 80, 10, crisp=False)
        assert style.capital == 5

    @pytest.mark.parametrize("capital", range(5, 40, 3))
    def test_on_panels_have_a_size_of_a_bitmap_font(self, capital):
        _, style = fit_line(("Alerte",), FontWeight.BOLD, capital, 1_000, crisp=True)
        assert style.crisp
        assert style.capital <= max(5, capital)

    @given(st.integers(0, 500), st.integers(1, 300), st.integers(5, 100))
    def test_a_centred_baseline_leaves_as_much_above_as_below(self, top, height, capital):
        style = TextStyle(FontWeight.REGULAR, capital)
        baseline = centred_baseline(top, top + height, style)
        above, below = baseline - capital - top, top + height - baseline
        assert abs(above - below) <= 1


class TestHierarchies:
    SPACE = ColumnSpace(800, 300, 300, is_crisp=False, locale="fr")

    def blocks(self, scale: float, text: str = "Réunion publique") -> list[TextBlock]:
        return [TextBlock(text, FontWeight.BOLD, scale), TextBlock("Salle des fêtes, mardi.")]

    def test_take_the_grandest_that_fits(self):
        column = fit_hierarchy([self.blocks(3.0), self.blocks(1.0)], self.SPACE, 20, 60)
        title, body = column.pages[0][0], column.pages[0][-1]
        assert title.style.capital >= 2.5 * body.style.capital

    def test_yield_where_the_grand_title_would_be_cut(self):
        long = "Intercommunalité métropolitaine"
        column = fit_hierarchy([self.blocks(6.0, long), self.blocks(1.0, long)], self.SPACE, 40, 60)
        assert column.is_clean
        assert len(column.pages) == 1

    def test_that_all_need_several_pages_take_the_fewest(self):
        text = "Réunion publique sur le plan local d’urbanisme. " * 20
        grand, plain = self.blocks(3.0, text), self.blocks(1.0, text)
        column = fit_hierarchy([grand, plain], self.SPACE, 20, 60)
        assert len(column.pages) == len(fit_column(plain, self.SPACE, 20, 20).pages)

    def test_heights_are_compared_page_by_page(self):
        column = fit_column([TextBlock("Réunion publique")], self.SPACE, 20, 20)
        assert fits_height(column, self.SPACE)
        assert not fits_height(column, ColumnSpace(800, 10, 10, is_crisp=False, locale="fr"))


class TestColumns:
    SPACE = ColumnSpace(600, 500, 500, is_crisp=False, locale="fr")

    def page_with(self, *blocks: TextBlock, centred: bool = False) -> Page:
        column = fit_column(blocks, self.SPACE, 24, 24)
        page = Page((800, 600), BLACK)
        add_column(page, column.pages[0], 100, 50, column, centred=centred)
        return page

    def test_stand_at_their_left_edge(self):
        assert {line.x for line in lines_on(self.page_with(TextBlock("Un mot. " * 20)))} == {100}

    def test_centred_lines_have_as_much_space_on_both_sides(self):
        for line in lines_on(self.page_with(TextBlock("Un mot. " * 9), centred=True)):
            left, right = line.x - 100, 700 - line.x - width_of(line)
            assert abs(left - right) <= 1.5

    def test_of_arabic_stand_at_their_right_edge(self):
        for line in lines_on(self.page_with(TextBlock("اجتماع عام حول التخطيط الحضري"))):
            assert line.is_rtl
            assert abs(line.x + width_of(line) - 700) <= 1

    def test_list_items_hang_under_their_first_word(self):
        first, second, *_ = lines_on(self.page_with(TextBlock("- " + "Un mot. " * 20)))
        assert first.text.startswith("• ")
        assert second.x > first.x

    def test_cards_lie_behind_their_text_and_around_it(self):
        page = self.page_with(
            TextBlock("Titre"), TextBlock("Que faire ?", panel=(9, 9, 9)), TextBlock("Restez.", panel=(9, 9, 9))
        )
        (card,) = [item for item in page.items if isinstance(item, FilledBox)]
        assert page.items.index(card) == 0
        inside = [line for line in lines_on(page) if line.text != "Titre"]
        for line in inside:
            assert card.box[0] < line.x < line.x + width_of(line) < card.box[2]
            assert card.box[1] < line.baseline - line.style.capital < line.baseline < card.box[3]
        assert card.box[1] > next(line for line in lines_on(page) if line.text == "Titre").baseline

    def test_cards_of_different_colours_are_different_cards(self):
        page = self.page_with(TextBlock("Un", panel=(1, 1, 1)), TextBlock("Deux", panel=(2, 2, 2)))
        cards = [item for item in page.items if isinstance(item, FilledBox)]
        assert len(cards) == 2
        assert cards[0].box[3] <= cards[1].box[1]


class TestFooters:
    def footer(self, size=LANDSCAPE, source="", number=(1, 1), town: Town | None = None) -> Page:

        canvas = canvas_of(size)
        if town:
            canvas = replace(canvas, town=town)
        page = Page(size, BLACK)
        add_footer(page, canvas, source, number, COLOURS)
        return page

    @pytest.mark.parametrize("size", SIZES)
    def test_lie_at_the_foot(self, size):
        ground = next(item for item in self.footer(size).items if isinstance(item, FilledBox))
        assert (ground.box[0], ground.box[2], ground.box[3]) == (0, *size)

    @pytest.mark.parametrize("size", SIZES)
    @pytest.mark.parametrize("name", ["Eu", "Saint-Aubin-sur-Mer", "Communauté d’agglomération " * 6])
    def test_keep_their_texts_apart_and_on_the_page(self, size, name):
        page = self.footer(
            size, "Service des sports et de la vie associative " * 3, (2, 12), Town(name=name.strip()[:80])
        )
        lines = sorted(lines_on(page), key=lambda line: line.x)
        assert all(line.x >= 0 and line.x + width_of(line) <= size[0] + 1 for line in lines)
        for one, other in itertools.pairwise(lines):
            assert one.x + width_of(one) <= other.x + 1

    def test_number_pages_only_where_there_are_several(self):
        assert "1 / 1" not in text_of(self.footer())
        assert "2 / 3" in text_of(self.footer(number=(2, 3)))

    def test_do_not_repeat_the_town_as_its_own_service(self):
        page = self.footer(source="Saint-Aubin-sur-Mer")
        assert text_of(page).count("Saint-Aubin") == 1

    def test_carry_the_logo_on_white_before_the_name(self):
        page = self.footer(town=Town(name="Vire", logo=REFERENCE))
        (logo,) = [item for item in page.items if isinstance(item, PlacedLogo)]
        (name,) = lines_on(page)
        assert logo.box[2] < name.x

    @pytest.mark.parametrize(("size", "count"), [((1920, 1080), 1), ((90, 1080), 0)])
    def test_leave_the_logo_out_where_it_would_take_a_quarter(self, size, count):
        page = self.footer(size, town=Town(name="Vire", logo=REFERENCE))
        assert sum(isinstance(item, PlacedLogo) for item in page.items) == count


class TestHeadings:
    def test_have_their_label_in_capitals_above(self):
        label, title = heading_blocks(announcement_of("news", label="Été"), canvas_of(), BLACK, BLACK, 2.0)
        assert label.text == "ÉTÉ"
        assert title.text == "Fête du port"
        assert label.scale < title.scale

    def test_without_a_label_are_the_title(self):
        (title,) = heading_blocks(announcement_of("news"), canvas_of(), BLACK, BLACK, 2.0)
        assert title.gap == 0


class TestTextBoxes:
    BOX = (100, 80, 1500, 900)

    def layout(self, drop: float = 0.5) -> TextBoxLayout:
        return TextBoxLayout(
            self.BOX, (255, 255, 255), COLOURS, lambda page: page.add(FilledBox((0, 0, 5, 5), BLACK)), drop
        )

    def test_keep_their_text_within(self):
        for page in compose_text(announcement_of("news", body="Un mot. " * 300), canvas_of(), self.layout()):
            for line in lines_on(page)[:-2]:
                assert self.BOX[0] <= line.x
                assert line.x + width_of(line) <= self.BOX[2] + 1
                assert self.BOX[1] <= line.baseline - line.style.capital

    def test_are_decorated_on_every_page(self):
        pages = compose_text(announcement_of("news", body="Un mot. " * 620), canvas_of(), self.layout())
        assert len(pages) > 1
        assert all(FilledBox((0, 0, 5, 5), BLACK) in page.items for page in pages)

    def test_repeat_the_title_in_small_from_the_second_page_on(self):
        pages = compose_text(announcement_of("news", body="Un mot. " * 620), canvas_of(), self.layout())
        sizes = [max(line.style.capital for line in lines_on(page) if line.text == "Fête du port") for page in pages]
        assert sizes[0] > sizes[1]

    def test_do_not_repeat_a_title_longer_than_a_line(self):
        title = "Fermeture exceptionnelle de l’accueil de la mairie et report des permanences d’état civil " * 2
        pages = compose_text(
            announcement_of("news", title=title[:200], body="Un mot. " * 620), canvas_of(), self.layout()
        )
        assert "Fermeture" in text_of(pages[0])
        assert "Fermeture" not in text_of(pages[-1])

    @pytest.mark.parametrize("drop", [0.0, 0.5, 1.0])
    def test_hang_a_short_text_where_the_template_wants_it(self, drop):
        (page,) = compose_text(announcement_of("news"), canvas_of(), self.layout(drop))
        baseline = lines_on(page)[0].baseline
        thirds = {0.0: range(80, 353), 0.5: range(353, 626), 1.0: range(626, 901)}
        assert baseline in thirds[drop]

    def test_make_room_for_the_code_of_a_link(self):
        announcement = announcement_of("news", body="Un mot. " * 30, link="https://ville.fr/fete")
        (page,) = compose_text(announcement, canvas_of(), self.layout())
        code = next(item for item in page.items if isinstance(item, QrCode))
        assert code.box[2:] == self.BOX[2:]
        assert all(line.x + width_of(line) <= code.box[0] for line in lines_on(page)[:-1])

    def test_measure_their_box(self):
        space = box_space(self.BOX, canvas_of())
        assert (space.width, space.first, space.later) == (1400, 820, 820)

    def test_the_fewest_pages_win_and_of_equals_the_first(self):
        one, two, three = ((Page((1, 1), BLACK),) * count for count in (1, 2, 3))
        other_two = (Page((2, 2), BLACK),) * 2
        assert fewest_pages([three, two, other_two]) is two
        assert fewest_pages([two, one, three]) is one
        assert fewest_pages([]) == ()

    def test_candidates_after_one_page_are_not_drawn(self):
        def candidates():
            yield (Page((1, 1), BLACK),)
            raise AssertionError("drawn in vain")

        assert len(fewest_pages(candidates())) == 1


class TestTitleBands:
    @pytest.mark.parametrize(
        "title", ["Menu", "Horaires d’ouverture des services municipaux pendant les vacances " * 3]
    )
    @pytest.mark.parametrize("size", [LANDSCAPE, PORTRAIT])
    def test_take_a_third_of_the_page_at_most(self, title, size):
        canvas = canvas_of(size)
        heading, height = title_band.heading_band(announcement_of("listing", title=title[:200]), canvas)
        assert len(heading.pages) == 1
        assert heading.page_heights[0] <= height <= 0.36 * size[1]
        left, top, right, bottom = title_band.below_band(canvas, height)
        assert height < top < bottom < size[1]
        assert 0 < left < right < size[0]


class TestQrCodes:
    def test_modules_make_a_square(self):
        rows = qr_code.qr_modules("https://ville.fr")
        assert {len(row) for row in rows} == {len(rows)}
        assert set("".join(rows)) == {"0", "1"}

    def test_have_their_three_corner_marks(self):
        rows = qr_code.qr_modules("https://ville.fr")
        assert rows[0][:7] == rows[0][-7:] == rows[-1][:7] == "1111111"

    def test_a_longer_link_has_more_modules(self):
        assert len(qr_code.qr_modules("https://ville.fr/" + "a" * 200)) > len(qr_code.qr_modules("https://ville.fr"))

    @pytest.mark.parametrize("size", SIZES)
    def test_have_a_side_of_whole_modules_or_none(self, size):
        count = len(qr_code.qr_modules("https://ville.fr")) + 8
        side = qr_code.qr_code_side("https://ville.fr", canvas_of(size), min(size) // 2)
        assert side % count == 0
        assert side == 0 or side >= 3 * count
        assert side <= min(size) // 2

    def test_are_larger_where_people_stand_farther_but_never_for_more_than_two_metres(self):
        canvas = canvas_of((3840, 2160))
        sides = []
        for distance_mm in (500, 1_000, 2_000, 20_000):
            near = type(canvas)(
                canvas.size, canvas.screen_class.replace(viewing_distance_mm=distance_mm), canvas.town, "UTC", "fr"
            )
            sides.append(qr_code.qr_code_side("https://ville.fr", near, 2_000))
        assert sides == sorted(sides)
        assert sides[0] < sides[2] == sides[3]

    @pytest.mark.parametrize(
        ("link", "shown"),
        [
            ("https://www.ville.fr/parc/", "ville.fr/parc"),
            ("http://ville.fr", "ville.fr"),
            ("https://ville.fr/?a=1", "ville.fr/?a=1"),
            ("", ""),
        ],
    )
    def test_addresses_are_shown_as_people_say_them(self, link, shown):
        assert qr_code.short_address(link) == shown


class TestSingleColumns:
    FIELDS = {"starts": "2026-12-12T18:30", "place": "Salle Neptune", "body": "Entrée libre.", "label": "Sorties"}

    def test_name_date_place_and_text_in_order(self):
        (page,) = single_column.single_column_pages(announcement_of("event", **self.FIELDS), canvas_of())
        shown = text_of(page)
        places = [shown.index(part) for part in ("SORTIES", "Fête", "samedi 12", "Salle Neptune", "Entrée libre")]
        assert places == sorted(places)

    def test_on_a_panel_begin_with_the_date_instead_of_the_label(self):
        pages = single_column.panel_pages(announcement_of("event", **self.FIELDS), canvas_of((320, 192), LED))
        shown = text_of(*pages)
        assert shown.startswith("sam. 12 déc.")
        assert "SORTIES" not in shown

    def test_on_a_panel_show_a_figure_above_its_title(self):
        pages = single_column.panel_pages(announcement_of("figure", figure="42"), canvas_of((128, 64), LED))
        shown = text_of(*pages)
        assert shown.index("42") < shown.index("Fête")

    def test_on_a_panel_show_the_address_in_letters_since_no_code_fits(self):
        pages = single_column.panel_pages(announcement_of("link", link="https://ville.fr/a"), canvas_of((128, 64), LED))
        assert not any(isinstance(item, QrCode) for page in pages for item in page.items)
        assert "ville.fr/a" in "".join(line for page in pages for line in page.lines)

    def test_that_need_several_panels_part_the_heading_from_the_text(self):
        body = "Ouverture du guichet lundi et mardi, fermeture mercredi. " * 4
        first, *rest = single_column.panel_pages(announcement_of("notice", body=body), canvas_of((128, 64), LED))
        assert "Ouverture" not in text_of(first)
        assert rest
        assert "Fête" not in text_of(*rest)

    @pytest.mark.parametrize(("size", "has_bar"), [((95, 64), False), ((96, 64), True)])
    def test_panels_have_a_bar_of_colour_where_it_costs_no_letter(self, size, has_bar):
        (page, *_) = single_column.panel_pages(announcement_of("news"), canvas_of(size, LED))
        assert any(isinstance(item, FilledBox) for item in page.items) is has_bar


class TestIdlePages:
    def test_show_their_title_and_lines(self):
        page = idle_page.lay_out("En attente d’un programme", ("Écran : Hall", "Réseau : coupé"), canvas_of())
        assert all(part in text_of(page) for part in ("En attente", "Écran : Hall", "Réseau : coupé"))

    @settings(max_examples=60, deadline=None)
    @given(
        st.text(max_size=80),
        st.lists(st.text(max_size=80), max_size=4),
        st.tuples(st.integers(1, 700), st.integers(1, 700)),
    )
    def test_are_drawn_for_any_text_on_any_canvas(self, title, lines, size):
        for technology in (LCD, LED):
            page = idle_page.lay_out(title, lines, zone_of(canvas_of((320, 240), technology), size))
            assert page.size == size


class TestImages:
    @pytest.mark.parametrize("fit", ImageFit)
    def test_fill_the_canvas(self, fit):
        (page,) = full_image.lay_out(ImageContent(picture=REFERENCE, fit=fit), canvas_of(PORTRAIT))
        assert page.items == [PlacedImage((0, 0, 1080, 1920), REFERENCE, fit)]


def test_announcements_have_the_towns_colours_by_day_and_dark_ones_by_night():

    day = canvas_of()
    night = replace(day, appearance=ScreenAppearance.NIGHT)
    assert canvas_palette(day).paper == (255, 255, 255)
    assert max(canvas_palette(night).paper) < 40
