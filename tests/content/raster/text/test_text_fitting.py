"""Text fitting: sizes, pages, groups that are kept together, and cards."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beffroi_content.raster.text.fonts import FontWeight, font_face, snap_to_bitmap_size
from beffroi_content.raster.text.line_breaking import Hyphenation
from beffroi_content.raster.text.text_fitting import (
    ColumnSpace,
    FittedColumn,
    TextBlock,
    block_style,
    fit_column,
    is_right_to_left,
    panel_padding,
    smallest_column,
)
from beffroi_content.templates.samples import LONG_TEXT

SENTENCE = "Le marché de Noël ouvre samedi sur la place. "
SPACE = ColumnSpace(600, 400, 400, is_crisp=False, locale="fr")
PANEL = ColumnSpace(120, 60, 60, is_crisp=True, locale="fr")


def text_of(column: FittedColumn) -> str:
    return " ".join(row.text for page in column.pages for row in page)


class TestSizes:
    @pytest.mark.parametrize("words", [1, 5, 20, 60])
    def test_the_base_is_the_largest_that_fits(self, words):
        column = fit_column([TextBlock("mot " * words)], SPACE, 10, 300)
        assert len(column.pages) == 1
        assert column.page_heights[0] <= SPACE.first
        if column.base < 300:
            larger = fit_column([TextBlock("mot " * words)], SPACE, column.base + 3, column.base + 3)
            assert len(larger.pages) > 1 or larger.page_heights[0] > SPACE.first or not larger.is_clean

    def test_a_longer_text_has_smaller_letters(self):
        bases = [fit_column([TextBlock(SENTENCE * count)], SPACE, 10, 300).base for count in (1, 2, 4, 8)]
        assert bases == sorted(bases, reverse=True)
        assert len(set(bases)) == 4

    def test_the_bounds_are_kept(self):
        assert fit_column([TextBlock("Oui")], SPACE, 10, 50).base == 50
        assert fit_column([TextBlock(SENTENCE * 60)], SPACE, 24, 50).base >= 24

    def test_blocks_are_in_proportion(self):
        blocks = [TextBlock("Titre", FontWeight.BOLD, 2.0), TextBlock("Texte")]
        title, body = fit_column(blocks, SPACE, 10, 60).pages[0]
        assert title.style.capital == 2 * body.style.capital
        assert title.style.weight is FontWeight.BOLD

    @pytest.mark.parametrize(("limit", "least", "expected"), [(10_000, 1, 80), (50, 1, 50), (10_000, 90, 90)])
    def test_a_block_has_bounds_of_its_own(self, limit, least, expected):
        block = TextBlock("Titre", scale=2.0, limit=limit, least=least)
        assert block_style(block, 40, is_crisp=False).capital == expected

    @given(st.integers(5, 200))
    def test_on_panels_sizes_are_those_of_bitmap_fonts(self, base):
        style = block_style(TextBlock("Titre"), base, is_crisp=True)
        assert style.crisp
        assert style.capital == snap_to_bitmap_size(base)

    def test_a_word_is_not_cut_where_smaller_letters_keep_it_whole(self):
        column = fit_column([TextBlock("Intercommunalité")], SPACE, 10, 300)
        assert column.is_clean
        assert [row.text for row in column.pages[0]] == ["Intercommunalité"]

    def test_more_lines_than_wanted_are_a_reason_for_smaller_letters(self):
        free = fit_column([TextBlock(SENTENCE)], SPACE, 10, 300)
        bound = fit_column([TextBlock(SENTENCE, most_lines=1)], SPACE, 10, 300)
        assert len(bound.pages[0]) == 1 < len(free.pages[0])
        assert bound.base < free.base


class TestPages:
    def test_a_text_too_long_goes_over_as_few_pages_as_its_smallest_size(self):
        blocks = [TextBlock(SENTENCE * 40)]
        column = fit_column(blocks, SPACE, 24, 100)
        assert len(column.pages) == len(smallest_column(blocks, SPACE, 24).pages) > 1

    def test_the_letters_of_several_pages_are_as_large_as_they_can_be(self):
        blocks = [TextBlock(SENTENCE * 40)]
        column = fit_column(blocks, SPACE, 24, 100)
        assert column.base >= 24
        assert len(fit_column(blocks, SPACE, column.base + 2, column.base + 2).pages) > len(column.pages)

    def test_later_pages_may_be_lower(self):
        column = fit_column([TextBlock(SENTENCE * 40)], ColumnSpace(600, 400, 200, False, "fr"), 24, 30)
        assert column.page_heights[0] <= 400
        assert all(height <= 200 for height in column.page_heights[1:])

    @settings(deadline=None, max_examples=40)
    @given(st.integers(1, 60), st.integers(200, 900), st.integers(120, 700), st.booleans())
    def test_no_word_is_lost(self, count, width, height, is_crisp):
        space = ColumnSpace(width, height, height, is_crisp, "fr")
        column = fit_column([TextBlock(SENTENCE * count, hyphenation=Hyphenation.NEVER)], space, 20, 40)
        assert text_of(column).split() == (SENTENCE * count).split()

    @settings(deadline=None, max_examples=40)
    @given(st.integers(1, 40), st.integers(200, 900), st.integers(150, 700))
    def test_rows_follow_each_other_downwards_within_the_page(self, count, width, height):
        column = fit_column(
            [TextBlock(SENTENCE * count), TextBlock(SENTENCE)], ColumnSpace(width, height, height, False, "fr"), 20, 40
        )
        for page in column.pages:
            below = 0
            for row in page:
                assert row.top >= below
                assert row.top < row.baseline <= row.bottom <= height
                below = row.bottom

    def test_the_first_row_of_a_page_has_no_gap_above(self):
        column = fit_column([TextBlock("Un", gap=9), TextBlock(SENTENCE * 40, gap=9)], SPACE, 24, 24)
        assert all(page[0].top == 0 for page in column.pages)

    def test_no_text_is_one_empty_page(self):
        column = fit_column([TextBlock("  "), TextBlock("")], SPACE, 10, 40)
        assert column.pages == ((),)
        assert column.page_heights == (0,)


class TestGroups:
    def blocks(self, **options: object) -> list[TextBlock]:
        return [
            TextBlock(SENTENCE * 6),
            TextBlock("Titre", FontWeight.BOLD, **options),
            TextBlock(SENTENCE * 3, **options),
        ]

    def pages_of(self, text: str, column: FittedColumn) -> set[int]:
        return {number for number, page in enumerate(column.pages) for row in page if row.block.text.startswith(text)}

    def test_neighbours_of_a_group_stay_on_one_page(self):
        space = ColumnSpace(600, 330, 330, False, "fr")
        together = fit_column(self.blocks(kept_with="entry"), space, 24, 24)
        assert len({n for n, page in enumerate(together.pages) for row in page if row.block.kept_with}) == 1

    def test_a_group_higher_than_a_page_is_cut_like_any_text(self):
        column = fit_column([TextBlock(SENTENCE * 40, is_kept=True)], SPACE, 24, 24)
        assert len(column.pages) > 1

    def test_a_block_that_is_kept_moves_as_a_whole(self):
        tail = TextBlock("Mairie de Saint-Aubin\njusqu’à 18 h 30", is_kept=True)
        for height in range(200, 420, 20):
            column = fit_column([TextBlock(SENTENCE * 6), tail], ColumnSpace(600, height, height, False, "fr"), 24, 24)
            assert len(self.pages_of("Mairie", column)) == 1

    @pytest.mark.parametrize(
        ("options", "is_grouped"),
        [({}, False), ({"kept_with": "a"}, True), ({"panel": (1, 2, 3)}, True), ({"is_kept": True}, True)],
    )
    def test_only_some_blocks_have_a_group(self, options, is_grouped):
        assert (TextBlock("Texte", **options).keep_group is not None) is is_grouped


class TestCards:
    def test_have_padding_around_their_text(self):
        plain = fit_column([TextBlock("Restez chez vous.")], SPACE, 24, 24)
        card = fit_column([TextBlock("Restez chez vous.", panel=(9, 9, 9))], SPACE, 24, 24)
        assert card.pages[0][0].top - plain.pages[0][0].top == panel_padding(24, is_crisp=False)

    def test_are_narrower_inside(self):
        plain = fit_column([TextBlock(SENTENCE * 5)], SPACE, 24, 24)
        card = fit_column([TextBlock(SENTENCE * 5, panel=(9, 9, 9))], SPACE, 24, 24)
        widest = max(font_face(row.style).text_width(row.text) for row in card.pages[0])
        assert widest <= SPACE.width - 2 * panel_padding(24, is_crisp=False) + 2
        assert len(card.pages[0]) >= len(plain.pages[0])

    @pytest.mark.parametrize(("base", "is_crisp", "expected"), [(20, False, 22), (100, False, 110), (7, True, 2)])
    def test_padding_grows_with_the_letters_but_on_panels(self, base, is_crisp, expected):
        assert panel_padding(base, is_crisp) == expected


class TestPanels:
    def test_have_lines_as_high_as_their_font(self):
        column = fit_column([TextBlock("Marché de Noël samedi")], PANEL, 7, 7)
        face = font_face(column.pages[0][0].style)
        assert all(row.bottom - row.top == face.ascent + face.descent for row in column.pages[0])

    def test_never_hyphenate_even_where_it_is_welcome(self):
        column = fit_column([TextBlock("intercommunalités " * 6, hyphenation=Hyphenation.WELCOME)], PANEL, 7, 7)
        assert not any(row.text.endswith("-") for page in column.pages for row in page)


class TestLists:
    def test_items_have_a_bullet_and_hang(self):
        first, second, *_ = fit_column([TextBlock("- " + SENTENCE * 3)], SPACE, 24, 24).pages[0]
        assert first.text.startswith("• ")
        assert (first.indent, second.indent > 0) == (0, True)

    @pytest.mark.parametrize("bullet", ["- ", "– ", "• ", "* "])
    def test_every_usual_bullet_is_one(self, bullet):
        (row,) = fit_column([TextBlock(f"{bullet}pain")], SPACE, 24, 24).pages[0]
        assert row.text == "• pain"

    @pytest.mark.parametrize("text", ["-5 degrés", "*important*", "–"])
    def test_other_signs_are_text(self, text):
        (row,) = fit_column([TextBlock(text)], SPACE, 24, 24).pages[0]
        assert row.text == text

    def test_empty_lines_part_paragraphs_and_are_not_drawn(self):
        rows = fit_column([TextBlock("un\n\n \n\ndeux")], SPACE, 24, 24).pages[0]
        assert [row.text for row in rows] == ["un", "deux"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Caen", False),
        ("مرحبا", True),
        ("שלום", True),
        ("12 مرحبا", True),
        ("«Caen» مرحبا", False),
        ("", False),
        ("12:30 !", False),
    ],
)
def test_the_first_letter_decides_the_direction(text, expected):
    assert is_right_to_left(text) is expected


def test_fitting_takes_the_largest_size_that_has_room():
    measure = ColumnSpace(900, 600, 600, is_crisp=False, locale="fr")
    column = fit_column([TextBlock(LONG_TEXT)], measure, 10, 200)
    assert len(column.pages) == 1
    assert column.page_heights[0] <= 600
    larger = fit_column([TextBlock(LONG_TEXT)], measure, column.base + 2, column.base + 2)
    assert len(larger.pages) > 1 or larger.page_heights[0] > 600


def test_pages_are_filled_within_their_height():
    measure = ColumnSpace(600, 300, 250, is_crisp=False, locale="fr")
    column = fit_column([TextBlock(LONG_TEXT)], measure, 24, 60)
    assert len(column.pages) > 1
    assert column.page_heights[0] <= 300
    assert all(height <= 250 for height in column.page_heights[1:])
