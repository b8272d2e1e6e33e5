"""Alert pages: takeover, banner, slide, all-clear and panel, part by part."""

from __future__ import annotations

import itertools

import pytest
from tests.support.canvases import LANDSCAPE, LED, PORTRAIT, canvas_of, letters_of, text_of, zone_of

from beffroi_content.model import Alert, AlertForm, AlertLevel, AlertStatus, banner_rectangle
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.graphics import pictograms
from beffroi_content.raster.graphics.palettes import BLACK, LEAST_CONTRAST, contrast_ratio
from beffroi_content.raster.legibility import least_capital, minimum_capital
from beffroi_content.raster.page import FilledBox, Page, PlacedPictogram, StripedBox, TextLine
from beffroi_content.raster.text.fonts import font_face
from beffroi_content.templates.alerts.alert_pages import MOST_PAGES, lay_out
from beffroi_content.templates.samples import sample_alert

FULL_SCREENS = [LANDSCAPE, PORTRAIT, (1080, 1080), (480, 270)]
PANELS = [(64, 32), (128, 64), (192, 96), (320, 192)]
FULL = (AlertForm.TAKEOVER, AlertForm.SLIDE, AlertForm.ALL_CLEAR)
LONG = "La rivière monte encore, les quais sont inondés et les ponts fermés. " * 12


def banner_of(size: tuple[int, int]) -> Canvas:
    canvas = canvas_of(size, LED if size in PANELS else canvas_of().screen_class.technology)
    return zone_of(canvas, banner_rectangle(size).size)


def takeover(
    size: tuple[int, int] = LANDSCAPE, alert: Alert | None = None, form: AlertForm = AlertForm.TAKEOVER, **fields
) -> tuple[Page, ...]:
    return lay_out(alert or sample_alert(**fields), form, canvas_of(size))


def on_panel(size: tuple[int, int], depth: int = 24, **fields) -> tuple[Page, ...]:
    return lay_out(sample_alert(**fields), AlertForm.TAKEOVER, canvas_of(size, LED, depth))


def lines_on(page: Page) -> list[TextLine]:
    return [item for item in page.items if isinstance(item, TextLine)]


def signs_on(page: Page) -> list[PlacedPictogram]:
    return [item for item in page.items if isinstance(item, PlacedPictogram)]


def assert_apart_and_on_the_page(page: Page) -> None:
    placed = []
    for line in lines_on(page):
        right = line.x + font_face(line.style).text_width(line.text)
        assert line.x >= 0, line
        assert right <= page.size[0] + 1, line
        assert 0 < line.baseline <= page.size[1], line
        placed.append((line.x, line.baseline - line.style.capital, right, line.baseline))
    for one, other in itertools.combinations(placed, 2):
        apart = one[2] <= other[0] + 1 or other[2] <= one[0] + 1 or one[3] <= other[1] or other[3] <= one[1]
        assert apart, (one, other)


class TestTakeovers:
    @pytest.mark.parametrize("size", FULL_SCREENS)
    @pytest.mark.parametrize("form", FULL)
    @pytest.mark.parametrize("status", AlertStatus)
    def test_keep_their_lines_apart(self, size, form, status):
        for page in takeover(size, sample_alert(status=status), form):
            assert_apart_and_on_the_page(page)

    @pytest.mark.parametrize("size", FULL_SCREENS)
    def test_go_from_level_to_title_to_text_to_what_to_do(self, size):
        text = text_of(*takeover(size))
        order = ["ALERTE", "Risque d’inondation", "La rivière", "Que faire", "Montez à l’étage"]
        places = [letters_of(text).index(letters_of(part)) for part in order]
        assert places == sorted(places)

    @pytest.mark.parametrize("size", FULL_SCREENS)
    def test_have_a_title_larger_than_their_text(self, size):
        (page, *_) = takeover(size)
        title = next(line for line in lines_on(page) if "inondation" in line.text or "Risque" in line.text)
        body = next(line for line in lines_on(page) if "rivière" in line.text)
        assert title.style.capital > body.style.capital

    def test_put_what_to_do_on_a_card(self):
        page = next(page for page in takeover() if "Que faire" in text_of(page))
        heading = next(line for line in lines_on(page) if "Que faire" in line.text)
        card = next(
            item for item in page.items
            if isinstance(item, FilledBox) and item.box[1] < heading.baseline < item.box[3] and item.box[0] > 0
        )  # fmt: skip
        assert contrast_ratio(card.colour, heading.colour) >= LEAST_CONTRAST
        assert card.colour != page.ground

    @pytest.mark.parametrize(("field", "absent"), [("description", "rivière"), ("instruction", "Que faire")])
    def test_leave_out_what_is_empty(self, field, absent):
        text = text_of(*takeover(alert=sample_alert().replace(**{field: ""})))
        assert absent not in text

    @pytest.mark.parametrize("size", [LANDSCAPE, PORTRAIT])
    def test_name_source_and_end_at_the_foot_of_every_page(self, size):
        pages = takeover(size, sample_alert().replace(description=LONG * 2))
        assert len(pages) > 1
        for number, page in enumerate(pages, 1):
            text = text_of(page)
            assert "Mairie de Saint-Aubin-sur-Mer" in text
            assert "jusqu’à 18 h 30" in text
            assert f"{number} / {len(pages)}" in text

    def test_stand_source_and_end_side_by_side_on_wide_pages_and_else_above_each_other(self):
        def baselines(size: tuple[int, int]) -> tuple[int, int]:
            lines = lines_on(takeover(size)[0])
            return tuple(next(line.baseline for line in lines if part in line.text) for part in ("Mairie", "jusqu"))

        wide, tall = baselines(LANDSCAPE), baselines(PORTRAIT)
        assert abs(wide[0] - wide[1]) < 12
        assert tall[0] < tall[1] - 12

    @pytest.mark.parametrize("level", AlertLevel)
    def test_have_a_sign_by_level(self, level):
        sign = signs_on(takeover(alert=sample_alert(level))[0])[0]
        expected = pictograms.INFORMATION if level is AlertLevel.INFORMATION else pictograms.WARNING
        assert sign.pictogram is expected

    def test_of_an_emergency_have_their_header_reversed(self):
        def header(level: AlertLevel) -> FilledBox:
            return next(item for item in takeover(alert=sample_alert(level))[0].items if isinstance(item, FilledBox))

        assert header(AlertLevel.EMERGENCY).colour == (255, 255, 255)
        assert header(AlertLevel.ALERT).colour != (255, 255, 255)

    def test_without_a_title_to_see_show_the_level(self):
        page = takeover(alert=sample_alert().replace(title="\u200b"))[0]
        assert text_of(page).count("ALERTE") == 2

    def test_are_never_smaller_than_legible_while_twenty_pages_are_enough(self):
        canvas = canvas_of(PORTRAIT)
        pages = lay_out(sample_alert().replace(description=LONG * 5), AlertForm.TAKEOVER, canvas)
        assert 1 < len(pages) <= MOST_PAGES
        body = [line for page in pages for line in lines_on(page) if "rivière" in line.text]
        assert min(line.style.capital for line in body) >= minimum_capital(canvas)


class TestExercises:
    @pytest.mark.parametrize("size", FULL_SCREENS)
    @pytest.mark.parametrize("status", [AlertStatus.EXERCISE, AlertStatus.TEST])
    def test_have_a_striped_band_above_all_else(self, size, status):
        for page in takeover(size, sample_alert(status=status)):
            upper, lower = [item for item in page.items if isinstance(item, StripedBox)]
            assert upper.box[:3] == (0, 0, size[0])
            assert lower.box[3] < size[1] // 3
            word = next(line for line in lines_on(page) if line.text.startswith(("EXERCICE", "TEST")))
            assert upper.box[3] <= word.baseline - word.style.capital
            assert word.baseline <= lower.box[1] + 2

    def test_say_that_there_is_no_danger_where_there_is_room(self):
        assert "aucun danger" in text_of(takeover(alert=sample_alert(status=AlertStatus.EXERCISE))[0])

    @pytest.mark.parametrize("form", FULL)
    def test_real_alerts_have_no_stripes(self, form):
        for page in takeover(form=form):
            assert not any(isinstance(item, StripedBox) for item in page.items)

    @pytest.mark.parametrize("size", PANELS[1:])
    def test_on_panels_take_over_the_strip_in_black(self, size):
        for page in on_panel(size, status=AlertStatus.EXERCISE):
            strip = next(item for item in page.items if isinstance(item, FilledBox))
            assert strip.colour == BLACK

    @pytest.mark.parametrize("size", [LANDSCAPE, PORTRAIT])
    def test_in_banners_are_striped_at_both_edges(self, size):
        canvas = banner_of(size)
        for page in lay_out(sample_alert(status=AlertStatus.EXERCISE), AlertForm.BANNER, canvas):
            upper, lower = [item for item in page.items if isinstance(item, StripedBox)]
            assert upper.box[1] == 0
            assert lower.box[3] == canvas.size[1]


class TestAllClears:
    @pytest.mark.parametrize("size", FULL_SCREENS)
    @pytest.mark.parametrize("level", AlertLevel)
    def test_are_green_with_a_check_whatever_the_level(self, size, level):
        (page,) = takeover(size, sample_alert(level), AlertForm.ALL_CLEAR)
        assert page.ground[1] == max(page.ground)
        assert signs_on(page)[0].pictogram is pictograms.CHECK

    def test_leave_out_text_and_what_to_do(self):
        text = text_of(*takeover(form=AlertForm.ALL_CLEAR))
        assert "rivière" not in text
        assert "Que faire" not in text
        assert "Risque d’inondation" in text

    def test_say_since_when(self):
        assert "depuis 18 h 30" in text_of(*takeover(form=AlertForm.ALL_CLEAR))

    def test_show_no_hazard(self):
        (page,) = takeover(alert=sample_alert(hazard="flood"), form=AlertForm.ALL_CLEAR)
        assert len(signs_on(page)) == 1


class TestPanels:
    @pytest.mark.parametrize("size", PANELS)
    def test_keep_their_lines_on_the_page(self, size):
        for page in on_panel(size):
            assert_apart_and_on_the_page(page)

    @pytest.mark.parametrize("size", PANELS)
    @pytest.mark.parametrize("status", [AlertStatus.EXERCISE, AlertStatus.TEST])
    def test_of_exercises_keep_their_lines_on_the_page(self, size, status):
        for page in on_panel(size, status=status):
            assert_apart_and_on_the_page(page)

    @pytest.mark.parametrize("size", PANELS)
    def test_have_bitmap_letters_only(self, size):
        assert all(line.style.crisp for page in on_panel(size) for line in lines_on(page))

    @pytest.mark.parametrize(("size", "has_strip"), [((128, 23), False), ((128, 24), True)])
    def test_have_a_strip_where_they_are_high_enough_for_one(self, size, has_strip):
        page = on_panel(size)[0]
        assert bool(signs_on(page)) is has_strip
        assert "ALERTE" in text_of(*on_panel(size)).upper()

    @pytest.mark.parametrize("size", [(192, 96), (320, 192)])
    def test_show_the_hazard_at_the_end_of_the_strip(self, size):
        level, hazard = signs_on(on_panel(size, hazard="flood")[0])
        assert level.box[0] < hazard.box[0]
        assert hazard.box[2] <= size[0]

    def test_too_narrow_for_exercise_and_level_name_the_exercise_whole(self):
        small, large = (on_panel(size, status=AlertStatus.EXERCISE)[0] for size in ((64, 32), (192, 96)))
        assert "EXERCICE" in small.lines
        assert "EXERCICE ALERTE" in large.lines

    def test_of_one_colour_are_white_on_black(self):
        for page in on_panel((128, 64), depth=1):
            assert page.ground == BLACK
            assert {line.colour for line in lines_on(page)} <= {(255, 255, 255), BLACK}

    def test_end_with_who_speaks_and_until_when(self):
        last = text_of(on_panel((128, 64))[-1])
        assert "18 h 30" in last

    def test_of_a_very_long_alert_say_that_there_is_more(self):
        alert = sample_alert().replace(description="mot " * 1250, instruction="mot " * 1250)
        pages = lay_out(alert, AlertForm.TAKEOVER, canvas_of((64, 32), LED))
        assert len(pages) == MOST_PAGES
        assert "trop long" in text_of(pages[-1])
        assert "trop long" not in text_of(*pages[:-1])


class TestBanners:
    @pytest.mark.parametrize("size", [*FULL_SCREENS, *PANELS])
    def test_keep_their_lines_on_the_band(self, size):
        canvas = banner_of(size)
        for page in lay_out(sample_alert(), AlertForm.BANNER, canvas):
            assert page.size == canvas.size
            assert all(0 < line.baseline <= canvas.size[1] for line in lines_on(page))

    @pytest.mark.parametrize("size", [LANDSCAPE, PORTRAIT])
    def test_name_level_title_source_and_end(self, size):
        text = text_of(*lay_out(sample_alert(), AlertForm.BANNER, banner_of(size)))
        for part in ("ALERTE", "Risque d’inondation", "Mairie de Saint-Aubin", "18 h 30", "coupez l’électricité"):
            assert letters_of(part) in letters_of(text), part

    def test_have_their_sign_at_the_left_of_the_text(self):
        (page, *_) = lay_out(sample_alert(), AlertForm.BANNER, banner_of(LANDSCAPE))
        (sign,) = signs_on(page)
        assert all(line.x > sign.box[2] for line in lines_on(page))

    @pytest.mark.parametrize(("size", "has_sign"), [((600, 200), True), ((599, 200), False)])
    def test_have_a_sign_where_they_are_three_times_as_wide_as_high(self, size, has_sign):
        (page, *_) = lay_out(sample_alert(), AlertForm.BANNER, zone_of(canvas_of(), size))
        assert bool(signs_on(page)) is has_sign

    def test_may_be_smaller_than_legible_but_keep_their_shape(self):
        canvas = zone_of(canvas_of(), (1920, 100))
        pages = lay_out(sample_alert().replace(description=LONG), AlertForm.BANNER, canvas)
        assert min(line.style.capital for page in pages for line in lines_on(page)) >= least_capital(canvas)


@pytest.mark.parametrize("locale", ["fr", "en"])
@pytest.mark.parametrize("form", AlertForm)
def test_every_form_is_in_the_language_of_its_screen(form, locale):
    canvas = canvas_of(locale=locale)
    if form is AlertForm.BANNER:
        canvas = zone_of(canvas, banner_rectangle(canvas.size).size)
    text = text_of(*lay_out(sample_alert(), form, canvas))
    word = {"fr": ("ALERTE", "Fin d’alerte"), "en": ("ALERT", "End of alert")}[locale][form is AlertForm.ALL_CLEAR]
    assert word in text
    assert ("jusqu’à" in text or "depuis" in text) is (locale == "fr")
