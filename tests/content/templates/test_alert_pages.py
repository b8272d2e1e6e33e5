"""Alerts: what to do on the first page of every class of screens, every page marked, nothing cut or lost in silence."""

from __future__ import annotations

import os
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.support.alert_grid import TEXTS, alert_cases, assert_tells_all, some_cases
from tests.support.canvases import LANDSCAPE, LCD, LED, PORTRAIT, canvas_of, letters_of, text_of, zone_of

from beffroi_content.model import (
    GENERAL_HAZARD,
    Alert,
    AlertForm,
    AlertLevel,
    AlertStatus,
    DisplayTechnology,
    banner_rectangle,
)
from beffroi_content.raster.graphics.palettes import LEAST_CONTRAST, alert_palette, contrast_ratio, mix_colours
from beffroi_content.raster.legibility import minimum_capital, target_capital
from beffroi_content.raster.page import FilledBox, Page, PlacedPictogram, QrCode, StripedBox, TextLine
from beffroi_content.rendering import alert_pages, draw_alert, lay_out_alert
from beffroi_content.rendering.gallery import sample_canvas, street_screens
from beffroi_content.templates.registry import hazard_declarations
from beffroi_content.templates.samples import sample_alert

CLASSES = street_screens()
PANEL, SMALL = (128, 64), (64, 32)
WHOLE_GRID = bool(os.environ.get("BEFFROI_ALERT_GRID"))


def takeover(alert: Alert | None = None, size=LANDSCAPE, technology=DisplayTechnology.LCD, depth=24):
    return lay_out_alert(alert or sample_alert(), AlertForm.TAKEOVER, canvas_of(size, technology, depth))


def lines_on(page: Page) -> list[TextLine]:
    return [item for item in page.items if isinstance(item, TextLine)]


def line_with(page: Page, text: str) -> TextLine:
    return next(line for line in lines_on(page) if text in line.text)


def signs_on(page: Page) -> list[PlacedPictogram]:
    return [item for item in page.items if isinstance(item, PlacedPictogram)]


@pytest.mark.parametrize("screen_class", CLASSES, ids=lambda each: each.name)
def test_every_alert_says_on_every_class_what_it_must(screen_class):
    for case in alert_cases(screen_class) if WHOLE_GRID else some_cases(screen_class, 8):
        assert_tells_all(case)


class TestFirstPage:
    def test_has_a_pictogram_of_a_third_of_the_page(self):
        (page, *_) = takeover(sample_alert(hazard="flood")).pages
        largest = max(signs_on(page), key=lambda sign: sign.box[2] - sign.box[0])
        assert largest.pictogram.name == "flood"
        assert largest.box[2] - largest.box[0] >= 0.28 * page.size[0]

    def test_says_what_to_do_larger_than_what_happens(self):
        (page, *_) = takeover(sample_alert().replace(description="L'eau monte.")).pages
        order, fact = line_with(page, "Montez"), line_with(page, "L’eau monte")
        assert order.style.capital > fact.style.capital
        assert order.baseline < fact.baseline

    def test_puts_what_to_do_on_a_card(self):
        (page, *_) = takeover().pages
        order = line_with(page, "Montez")
        card = next(item for item in page.items if isinstance(item, FilledBox) and item.radius)
        assert card.box[1] < order.baseline < card.box[3]
        assert contrast_ratio(card.colour, order.colour) >= LEAST_CONTRAST

    def test_of_a_small_panel_names_what_it_is_about_and_the_first_clause(self):
        text = text_of(takeover(sample_alert(hazard="flood"), SMALL, LED).pages[0])
        assert "inondation" in text.lower()
        assert "Montez à l’étage." in text

    def test_of_a_small_panel_says_the_short_form_that_somebody_wrote(self):
        alert = sample_alert().replace(short_text="Montez !")
        assert "Montez" in takeover(alert, SMALL, LED).pages[0].lines[-1]
        assert "Montez à l’étage et coupez" in text_of(takeover(alert).pages[0])

    def test_takes_the_first_order_without_a_condition(self):
        alert = sample_alert().replace(instruction="En cas de malaise, appelez le 15. Restez chez vous.")
        assert "Restez chez vous" in text_of(takeover(alert, SMALL, LED).pages[0])

    def test_without_a_title_to_see_shows_the_level(self):
        page = takeover(sample_alert().replace(title="\u200b")).pages[0]
        assert text_of(page).upper().count("ALERTE") == 2

    def test_says_when_it_was_corrected(self):
        alert = sample_alert().replace(corrected_at_ms=1_765_546_920_000)
        assert "corrigé à 14 h 42" in text_of(takeover(alert).pages[0])

    def test_says_that_the_end_is_open(self):
        assert "nouvel ordre" in text_of(takeover(sample_alert().replace(is_open_ended=True)).pages[0])

    def test_has_the_code_of_its_address_and_the_number(self):
        alert = sample_alert().replace(link="https://saint-aubin.fr/alertes/crue", phone="02 31 00 00 00")
        page = takeover(alert).pages[0]
        (code,) = [item for item in page.items if isinstance(item, QrCode)]
        assert not any(_overlap(code.box, sign.box) for sign in signs_on(page))
        assert "02 31 00 00 00" in text_of(page)
        assert "02 31 00 00 00" in text_of(*takeover(alert, PANEL, LED).pages)


class TestLaterPages:
    def test_hold_whole_sentences(self):
        title, description, instruction = TEXTS["long"]
        alert = sample_alert().replace(title=title, description=description, instruction=instruction)
        for size, technology in ((LANDSCAPE, DisplayTechnology.LCD), (PANEL, LED)):
            drawing = takeover(alert, size, technology)
            assert len(drawing.pages) in {2, 3}
            for sentence in drawing.left_out:
                assert letters_of(sentence) in letters_of(f"{title} {description} {instruction}".replace("'", "’"))

    def test_say_where_the_rest_is_and_the_drawing_what_it_was(self):
        alert = sample_alert().replace(description="Les ponts sont fermés dans toute la ville basse. " * 90)
        drawing = takeover(alert)
        assert drawing.left_out[0].startswith("Les ponts")
        assert all("La suite" in text_of(page) for page in drawing.pages)
        assert not takeover().left_out

    @pytest.mark.parametrize(("size", "depth"), [(LANDSCAPE, 24), (PANEL, 8), ((16, 128), 1)])
    def test_are_the_same_pixels_band_by_band(self, size, depth):
        drawing = takeover(size=size, technology=LCD if size == LANDSCAPE else LED, depth=depth)
        for number, frame in enumerate(drawing.frames()):
            bands = Image.frombytes("RGBX", frame.size, b"".join(drawing.rgbx_bands(number)))
            assert bands.convert("RGB").tobytes() == frame.tobytes()

    def test_are_drawn_after_the_first_was_handed_over(self, monkeypatch):
        drawn = []
        drawing = takeover(sample_alert(), SMALL, LED)
        monkeypatch.setattr(
            "beffroi_content.rendering.drawing.paint_page", lambda page, *_: drawn.append(page) or object()
        )
        next(drawing.frames())
        assert drawn == [drawing.pages[0]]
        assert len(drawing.pages) > 1

    def test_take_as_long_as_their_words(self):
        short, long = takeover(sample_alert().replace(description="")), takeover()
        assert long.page_ms[0] > short.page_ms[0] >= 6_000


class TestLevels:
    def test_go_from_blue_over_yellow_and_orange_to_red(self):
        blue, yellow, orange, red = (alert_palette(level, False, 24).ground for level in AlertLevel)
        assert blue[2] == max(blue)
        assert yellow[1] > orange[1] > red[1]
        assert min(yellow[0], orange[0], red[0]) > 180
        assert max(yellow[2], orange[2]) < 60

    @pytest.mark.parametrize("is_over", [True, False])
    @pytest.mark.parametrize("level", AlertLevel)
    @pytest.mark.parametrize("depth", [1, 8, 24])
    def test_can_be_read(self, level, is_over, depth):
        palette = alert_palette(level, is_over, depth)
        grounds = [palette.ground, mix_colours(palette.ground, (0, 0, 0), 0.1)] if depth > 1 else [palette.ground]
        assert all(contrast_ratio(palette.ink, ground) >= LEAST_CONTRAST for ground in grounds)
        assert contrast_ratio(palette.card_ink, palette.card) >= LEAST_CONTRAST

    @pytest.mark.parametrize("size", [PANEL, (96, 64), (128, 16)])
    def test_differ_without_colour_and_without_a_word(self, size):
        """With every letter taken away, the pages of the levels are different pictures in black and white."""
        pictures = set()
        for level in AlertLevel:
            page = takeover(sample_alert(level), size, LED, 1).pages[0]
            boxes = [
                (item.box, item.colour) if isinstance(item, FilledBox) else (item.box, item.pictogram.name)
                for item in page.items
                if isinstance(item, FilledBox | PlacedPictogram)
            ]
            pictures.add((page.ground, tuple(boxes)))
        assert len(pictures) == 4 if size[1] > 24 else len(pictures) >= 3

    def test_are_white_on_black_or_reversed_where_there_is_one_colour(self):
        for level in AlertLevel:
            for frame in draw_alert(
                sample_alert(level, AlertStatus.EXERCISE), AlertForm.TAKEOVER, canvas_of(PANEL, LED, 1)
            ):
                assert {colour for _, colour in frame.getcolors()} == {(0, 0, 0), (255, 255, 255)}
        assert takeover(sample_alert(AlertLevel.EMERGENCY), PANEL, LED, 1).pages[0].ground == (255, 255, 255)

    @pytest.mark.parametrize(
        ("locale", "words"),
        [("fr", "INFORMATION ATTENTION ALERTE URGENCE"), ("en", "INFORMATION CAUTION ALERT EMERGENCY")],
    )
    def test_have_a_word_that_the_weather_service_does_not_use_for_another(self, locale, words):
        for level, word in zip(AlertLevel, words.split(), strict=True):
            (page, *_) = alert_pages(sample_alert(level), AlertForm.TAKEOVER, canvas_of(locale=locale))
            assert word in page.lines


class TestExercises:
    @pytest.mark.parametrize("size", [LANDSCAPE, PORTRAIT, (192, 96)])
    def test_have_stripes_on_every_page_and_real_alerts_none(self, size):
        technology = LED if size == (192, 96) else DisplayTechnology.LCD
        for status in AlertStatus:
            for page in takeover(sample_alert(status=status), size, technology).pages:
                assert any(isinstance(item, StripedBox) for item in page.items) is (status is not AlertStatus.ACTUAL)


class TestAllClears:
    @pytest.mark.parametrize("screen_class", CLASSES, ids=lambda each: each.name)
    def test_say_that_it_is_over_and_never_what_to_do(self, screen_class):
        alert = sample_alert(AlertLevel.EMERGENCY, hazard="air").replace(title="Nuage toxique : enfermez-vous")
        drawing = lay_out_alert(alert, AlertForm.ALL_CLEAR, sample_canvas(screen_class))
        text = letters_of(text_of(*drawing.pages))
        assert len(drawing.pages) == 1
        assert letters_of("Fin d’alerte") in text
        assert letters_of("terminé") in text
        assert "enfermez" not in text
        assert signs_on(drawing.pages[0]) or screen_class.height < 24 or screen_class.width < 24

    def test_are_green_and_say_since_when(self):
        drawing = lay_out_alert(sample_alert(), AlertForm.ALL_CLEAR, canvas_of())
        assert drawing.pages[0].ground[1] == max(drawing.pages[0].ground)
        assert "depuis 18 h 30" in text_of(*drawing.pages)


class TestBanners:
    @pytest.mark.parametrize("screen_class", CLASSES, ids=lambda each: each.name)
    def test_have_letters_of_their_class_and_use_their_width(self, screen_class):
        whole = sample_canvas(screen_class)
        canvas = zone_of(whole, banner_rectangle(whole.size).size)
        (page, *_) = alert_pages(sample_alert(AlertLevel.VIGILANCE), AlertForm.BANNER, canvas)
        least = 5 if min(whole.size) < 48 or max(whole.size) < 96 else minimum_capital(whole)
        assert min(line.style.capital for line in lines_on(page)) >= least
        short = sample_alert(AlertLevel.VIGILANCE).replace(
            title="Vent", instruction="Restez chez vous.", description=""
        )
        (page, *_) = alert_pages(short, AlertForm.BANNER, canvas)
        order = line_with(page, "Restez").style.capital
        assert screen_class.technology is LED or order >= min(target_capital(screen_class), 0.19 * page.size[1]) - 4


class TestTurnedPages:
    def test_of_a_narrow_column_are_read_along_it(self):
        canvas = canvas_of((16, 128), LED, 1)
        drawing = lay_out_alert(sample_alert(), AlertForm.TAKEOVER, canvas)
        assert drawing.pages[0].size == (128, 16)
        assert {frame.size for frame in drawing.frames()} == {(16, 128)}


def _overlap(one, other) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def test_source_and_end_are_shown_in_local_time():
    for size, technology in ((LANDSCAPE, DisplayTechnology.LCD), (PANEL, LED)):
        shown = re.sub(r"\s", "", text_of(*takeover(size=size, technology=technology).pages))
        assert "18h30" in shown
        assert letters_of("Mairie de Saint-Aubin-sur-Mer") in letters_of(shown)


def test_an_end_on_another_day_names_the_day():
    later = sample_alert().replace(ends_at_ms=sample_alert().ends_at_ms + 86_400_000)
    assert "jusqu’au samedi 13 décembre à 18 h 30" in text_of(takeover(later).pages[0])
    assert "13/12" in text_of(takeover(later, PANEL, LED).pages[0])


def test_the_last_instant_of_time_can_be_drawn():
    alert = sample_alert().replace(ends_at_ms=253_402_300_799_999)
    for zone in ("Pacific/Kiritimati", "America/New_York"):
        assert draw_alert(alert, AlertForm.TAKEOVER, replace(canvas_of((320, 240)), time_zone=zone))


@pytest.mark.parametrize("form", AlertForm)
@pytest.mark.parametrize("size", [(1, 1), (16, 16), (128, 13), (1080, 1920)])
def test_the_longest_alert_never_raises(size, form):
    base = canvas_of((max(16, size[0]), max(16, size[1])), LED if size[0] < 200 else DisplayTechnology.LCD)
    alert = sample_alert().replace(title="T" * 200, description="mot " * 1250, instruction="x" * 5000)
    images = draw_alert(alert, form, zone_of(base, size))
    assert 1 <= len(images) <= 3
    assert all(image.size == size for image in images)


@given(
    title=st.text(min_size=1, max_size=80).filter(lambda text: text.strip()),
    description=st.text(max_size=300),
    size=st.tuples(st.integers(1, 400), st.integers(1, 300)),
    form=st.sampled_from(AlertForm),
    technology=st.sampled_from(DisplayTechnology),
    level=st.sampled_from(AlertLevel),
)
@settings(max_examples=40, deadline=None)
def test_any_text_on_any_canvas(title, description, size, form, technology, level):
    alert = sample_alert(level).replace(title=title, instruction=description)
    images = draw_alert(alert, form, zone_of(canvas_of((320, 240), technology), size))
    assert 1 <= len(images) <= 3
    assert all(image.size == size for image in images)


@pytest.mark.parametrize("hazard", list(hazard_declarations()))
def test_what_people_are_warned_of_is_a_pictogram_beside_the_sign_of_the_level(hazard):
    for size, technology in ((LANDSCAPE, DisplayTechnology.LCD), (PORTRAIT, DisplayTechnology.LCD), ((192, 96), LED)):
        page = takeover(sample_alert(AlertLevel.EMERGENCY, hazard=hazard), size, technology).pages[0]
        assert {sign.pictogram.name for sign in signs_on(page)} == {"emergency", hazard}


def test_an_alert_of_a_newer_server_is_never_refused_for_its_pictogram():
    newer = sample_alert().model_dump(mode="json") | {"hazard": "volcano"}
    assert Alert.model_validate(newer).hazard == GENERAL_HAZARD
