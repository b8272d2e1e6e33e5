"""Alerts: always drawn, always complete or saying that they are not, and never taken for real when they are not."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beffroi_content.model import GENERAL_HAZARD, Alert, AlertLevel, AlertStatus, DisplayTechnology, banner_rectangle
from beffroi_content.raster.graphics.palettes import LEAST_CONTRAST, alert_palette, contrast_ratio, mix_colours
from beffroi_content.raster.page import PlacedPictogram
from beffroi_content.raster.text.typography import typeset_text
from beffroi_content.rendering import AlertForm, Canvas, alert_pages, draw_alert
from beffroi_content.rendering.gallery import make_screen_class, sample_canvas
from beffroi_content.templates.registry import hazard_declarations
from beffroi_content.templates.samples import sample_alert

LED, LCD = DisplayTechnology.LED, DisplayTechnology.LCD
SCREENS = [((64, 32), LED), ((128, 64), LED), ((320, 192), LED), ((1920, 1080), LCD), ((1080, 1920), LCD)]
REAL = (
    "À la suite de l'incendie de l'usine Lefèvre, un nuage de fumée se dirige vers le centre-ville et le quartier des "
    "Tilleuls. Les fumées sont irritantes. Les sapeurs-pompiers sont sur place. La circulation est interdite rue du "
    "Port, quai de la Marne et avenue de l'Europe. Les écoles maternelles et élémentaires gardent les enfants à "
    "l'intérieur ; le périscolaire est prolongé. Un numéro d'information est ouvert : 02 31 00 00 00."
)


def canvas_of(
    size: tuple[int, int], technology: DisplayTechnology = LCD, depth: int = 24, locale: str = "fr"
) -> Canvas:
    return sample_canvas(make_screen_class(*size, technology, depth), locale=locale)


def zone_of(canvas: Canvas, size: tuple[int, int]) -> Canvas:
    return Canvas(size, canvas.screen_class, canvas.town, canvas.time_zone, canvas.locale)


def text_of(alert: Alert, form: AlertForm, canvas: Canvas) -> str:
    return " ".join(line for page in alert_pages(alert, form, canvas) for line in page.lines)


def letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)


@pytest.mark.parametrize("form", AlertForm)
@pytest.mark.parametrize(("size", "technology"), [*SCREENS, ((16, 16), LED), ((480, 270), LCD)])
def test_every_form_fills_every_screen_exactly(size, technology, form):
    canvas = canvas_of(size, technology)
    if form is AlertForm.BANNER:
        canvas = zone_of(canvas, banner_rectangle(size).size)
    for level in AlertLevel:
        for status in AlertStatus:
            images = draw_alert(sample_alert(level, status), form, canvas)
            assert 1 <= len(images) <= 20
            assert {(image.size, image.mode) for image in images} == {(canvas.size, "RGB")}


@pytest.mark.parametrize("form", AlertForm)
@pytest.mark.parametrize("size", [(1, 1), (16, 16), (128, 64), (128, 13), (1080, 1920)])
def test_the_longest_alert_never_raises(size, form):
    base = canvas_of((max(16, size[0]), max(16, size[1])), LED if size[0] < 200 else LCD)
    alert = sample_alert().replace(title="T" * 200, description="mot " * 1250, instruction="x" * 5000)
    images = draw_alert(alert, form, zone_of(base, size))
    assert 1 <= len(images) <= 20
    assert all(image.size == size for image in images)


@pytest.mark.parametrize("form", [AlertForm.TAKEOVER, AlertForm.SLIDE, AlertForm.BANNER])
@pytest.mark.parametrize(("size", "technology"), SCREENS[1:])
def test_an_alert_of_600_characters_is_shown_whole(size, technology, form):
    alert = sample_alert().replace(description=REAL, instruction="Restez chez vous.\nFermez les fenêtres.")
    canvas = canvas_of(size, technology)
    if form is AlertForm.BANNER:
        canvas = zone_of(canvas, banner_rectangle(size).size)
    shown = text_of(alert, form, canvas)
    assert "trop long" not in shown
    # Source and end stand on each page of a takeover; the words between them must be there in order.
    for word in re.findall(r"\w{4,}", typeset_text(f"{alert.title} {REAL} {alert.instruction}", "fr")):
        assert word in letters(shown), word


def test_what_is_left_out_is_said_with_whom_to_ask():
    alert = sample_alert().replace(description="mot " * 1250, instruction="mot " * 1250)
    pages = alert_pages(alert, AlertForm.TAKEOVER, canvas_of((128, 64), LED))
    assert len(pages) == 20
    last = " ".join(pages[-1].lines)
    assert "trop long" in last
    assert "Mairie de Saint-" in last


@pytest.mark.parametrize(("size", "technology"), SCREENS)
@pytest.mark.parametrize(("locale", "exercise"), [("fr", "EXERCICE"), ("en", "EXERCISE")])
def test_an_exercise_and_a_test_say_so_on_every_page(size, technology, locale, exercise):
    canvas = canvas_of(size, technology, locale=locale)
    for status, word in ((AlertStatus.EXERCISE, exercise), (AlertStatus.TEST, "TEST")):
        for page in alert_pages(sample_alert(status=status), AlertForm.TAKEOVER, canvas):
            assert any(word in line for line in page.lines)
    for page in alert_pages(sample_alert(), AlertForm.TAKEOVER, canvas):
        assert not any(word in line for line in page.lines for word in (exercise, "TEST"))


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("fr", ("INFORMATION", "VIGILANCE", "ALERTE", "URGENCE")),
        ("en", ("INFORMATION", "CAUTION", "ALERT", "EMERGENCY")),
    ],
)
@pytest.mark.parametrize("depth", [1, 24])
def test_the_level_is_a_word_and_a_symbol_in_a_fixed_place(locale, words, depth):
    for size, technology in SCREENS[1:]:
        places = set()
        for level, word in zip(AlertLevel, words, strict=True):
            canvas = canvas_of(size, technology, depth, locale)
            page = alert_pages(sample_alert(level), AlertForm.TAKEOVER, canvas)[0]
            assert word in page.lines
            places.add(next(item.box for item in page.items if isinstance(item, PlacedPictogram)))
        assert len(places) == 1


def test_a_one_colour_screen_gets_one_colour():
    canvas = canvas_of((128, 64), LED, depth=1)
    for level in AlertLevel:
        for image in draw_alert(sample_alert(level, AlertStatus.EXERCISE), AlertForm.TAKEOVER, canvas):
            assert {colour for _, colour in image.getcolors()} <= {(0, 0, 0), (255, 255, 255)}


def test_levels_have_the_colours_of_iso_22324():
    canvas = canvas_of((1920, 1080))
    grounds = {
        level: draw_alert(sample_alert(level), AlertForm.TAKEOVER, canvas)[0].getpixel((5, 540)) for level in AlertLevel
    }
    red, yellow = grounds[AlertLevel.EMERGENCY], grounds[AlertLevel.VIGILANCE]
    assert red[0] > 150 > 60 > max(red[1:])
    assert grounds[AlertLevel.ALERT] == red
    assert min(yellow[:2]) > 200 > 60 > yellow[2]
    assert grounds[AlertLevel.INFORMATION][2] == max(grounds[AlertLevel.INFORMATION]) > 100
    green = draw_alert(sample_alert(), AlertForm.ALL_CLEAR, canvas)[0].getpixel((5, 540))
    assert green[1] == max(green) > 2 * max(green[0], green[2]) - 40


@pytest.mark.parametrize("level", AlertLevel)
@pytest.mark.parametrize("is_over", [True, False])
@pytest.mark.parametrize("depth", [1, 8, 24])
def test_alert_texts_can_be_read(level, is_over, depth):
    palette = alert_palette(level, is_over, depth)
    shaded = mix_colours(palette.ground, (0, 0, 0), 0.16)
    pairs = [(palette.ink, palette.ground), (palette.ink, shaded), (palette.card_ink, palette.card)]
    pairs += [(palette.card_accent, palette.card)]
    assert all(contrast_ratio(*pair) >= LEAST_CONTRAST for pair in pairs)


@pytest.mark.parametrize(("locale", "word"), [("fr", "Fin d’alerte"), ("en", "End of alert")])
@pytest.mark.parametrize(("size", "technology"), SCREENS)
def test_the_end_of_an_alert_is_said(size, technology, locale, word):
    canvas = canvas_of(size, technology, locale=locale)
    assert word in " ".join(alert_pages(sample_alert(), AlertForm.ALL_CLEAR, canvas)[0].lines)


@pytest.mark.parametrize(("size", "technology"), SCREENS)
def test_source_and_end_are_shown_in_local_time(size, technology):
    shown = text_of(sample_alert(), AlertForm.TAKEOVER, canvas_of(size, technology))
    assert "jusqu’à18h30" in re.sub(r"\s", "", shown)
    assert letters("Mairie de Saint-Aubin-sur-Mer") in letters(shown)


def test_an_end_on_another_day_names_the_day():
    alert = sample_alert()
    later = alert.replace(ends_at_ms=alert.ends_at_ms + 86_400_000)
    assert "jusqu’au samedi 13\xa0décembre, 18\u202fh\u202f30" in text_of(
        later, AlertForm.TAKEOVER, canvas_of((1920, 1080))
    )


def test_the_last_instant_of_time_can_be_drawn():
    alert = sample_alert().replace(ends_at_ms=253_402_300_799_999)
    canvas = canvas_of((320, 240))
    for zone in ("Pacific/Kiritimati", "America/New_York"):
        moved = Canvas(canvas.size, canvas.screen_class, canvas.town, zone, "fr")
        assert draw_alert(alert, AlertForm.TAKEOVER, moved)


def test_instructions_stay_together_when_they_can():
    alert = sample_alert().replace(description=REAL)
    pages = alert_pages(alert, AlertForm.TAKEOVER, canvas_of((1920, 1080)))
    assert len(pages) > 1
    holding = [page for page in pages if any("Que faire" in line for line in page.lines)]
    assert any("électricité" in line for line in holding[0].lines)
    assert any("voiture" in line for line in holding[0].lines)


@given(
    title=st.text(min_size=1, max_size=80).filter(lambda text: text.strip()),
    description=st.text(max_size=300),
    size=st.tuples(st.integers(1, 400), st.integers(1, 300)),
    form=st.sampled_from(AlertForm),
    technology=st.sampled_from(DisplayTechnology),
    level=st.sampled_from(AlertLevel),
)
@settings(max_examples=60, deadline=None)
def test_any_text_on_any_canvas(title, description, size, form, technology, level):
    alert = sample_alert(level).replace(title=title, description=description)
    canvas = zone_of(canvas_of((320, 240), technology), size)
    images = draw_alert(alert, form, canvas)
    assert 1 <= len(images) <= 20
    assert all(image.size == size for image in images)


@pytest.mark.parametrize("hazard", list(hazard_declarations()))
@pytest.mark.parametrize(("size", "technology"), [((1920, 1080), "lcd"), ((1080, 1920), "lcd"), ((192, 96), "led")])
def test_what_people_are_warned_of_is_a_pictogram_beside_the_level(hazard, size, technology):
    canvas = sample_canvas(make_screen_class(*size, DisplayTechnology(technology)))
    for page in alert_pages(sample_alert(AlertLevel.EMERGENCY, hazard=hazard), AlertForm.TAKEOVER, canvas):
        level, pictogram = [item for item in page.items if isinstance(item, PlacedPictogram)]
        assert (level.pictogram.name, pictogram.pictogram.name) == ("warning", hazard)
        assert level.box[0] < pictogram.box[0]
        assert pictogram.box[2] <= size[0]


def test_an_alert_of_a_newer_server_is_never_refused_for_its_pictogram():
    newer = sample_alert().model_dump(mode="json") | {"hazard": "volcano"}
    assert Alert.model_validate(newer).hazard == GENERAL_HAZARD
