"""Widgets: drawn from their data and an instant, on every canvas, and never wrong."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

from beffroi_content.model import DisplayTechnology, ScreenAppearance, Slide, WidgetContent
from beffroi_content.model.widgets import (
    DAY_MS,
    MINUTE_MS,
    PAGE_MS,
    AgendaWidget,
    ClockWidget,
    CountdownWidget,
    CounterWidget,
    GaugeWidget,
    NewsWidget,
    PollWidget,
    QrWidget,
    TableWidget,
    TickerWidget,
    VigilanceWidget,
    WeatherWidget,
)
from beffroi_content.raster.page import Page, TextLine
from beffroi_content.rendering import Canvas, draw_slide, image_digest, slide_key
from beffroi_content.rendering.gallery import make_screen_class, sample_canvas
from beffroi_content.templates.page_layout import lay_out_widget
from beffroi_content.templates.registry import widget_templates
from beffroi_content.templates.samples import SAMPLE_AT_MS

SAMPLES = [template.sample() for template in widget_templates().values()]
LCD, LED = DisplayTechnology.LCD, DisplayTechnology.LED
LAST_MS = 253_402_300_799_999
WIDE = (1920, 1080, LCD)
SIZES = [
    *((*size, LCD) for size in ((1920, 1080), (1080, 1920), (1080, 1080), (3840, 1080), (1920, 216), (200, 1000))),
    *((*size, LED) for size in ((16, 16), (32, 8), (64, 32), (128, 64), (192, 96), (320, 192), (96, 192))),
]


def canvas_of(
    width: int, height: int, technology: DisplayTechnology = LCD, depth: int = 24, locale: str = "fr"
) -> Canvas:
    canvas = sample_canvas(make_screen_class(max(16, width), max(16, height), technology, depth), locale=locale)
    return replace(canvas, size=(width, height))


def words(page: Page) -> str:
    return " ".join(page.lines).replace("\u202f", " ").replace("\u00a0", " ")


def slide_of(widget: object) -> Slide:
    return Slide(id="s", name="s", content=WidgetContent(widget=widget))


def no_file(asset: object) -> bytes:
    raise OSError("a widget has no files")


text = some.text(max_size=60)
name = some.text(alphabet=some.characters(categories=("L", "N", "P")), min_size=1, max_size=60)
number = some.floats(-1e12, 1e12)
instant = some.integers(0, LAST_MS)
local_time = some.datetimes(dt.datetime.min.replace(year=1970), dt.datetime.min.replace(year=2199))  # noqa: DTZ901
level = some.none() | some.integers(1, 4)
ageing = {
    "title": text,
    "source": text,
    "credit": text,
    "fetched_at_ms": some.none() | instant,
    "stale_after_ms": some.integers(0, 3_660 * DAY_MS),
    "useless_after_ms": some.none() | some.integers(0, 3_660 * DAY_MS),
}


def lists_of(most: int, **fields) -> some.SearchStrategy:
    return some.lists(some.fixed_dictionaries(fields), max_size=most)


def built(model, **fields) -> some.SearchStrategy:
    return some.fixed_dictionaries(fields).map(model.model_validate)


any_widget = some.one_of(
    built(ClockWidget, title=text, is_analogue=some.booleans()),
    built(CountdownWidget, title=text, target_at_ms=instant, after=text),
    built(TickerWidget, title=text, messages=lists_of(5, text=name, until_ms=some.none() | instant)),
    built(AgendaWidget, **ageing, events=lists_of(20, title=name, starts=local_time, place=text)),
    built(NewsWidget, **ageing, items=lists_of(20, title=name, published_at_ms=some.none() | instant, source=text)),
    built(
        WeatherWidget,
        **ageing,
        days=lists_of(
            7,
            day=some.dates(dt.date(1970, 1, 1), dt.date(2199, 1, 1)),
            sky=some.sampled_from(["sun", "snow", "later"]),
            low=some.none() | some.integers(-90, 70),
            high=some.integers(-90, 70),
        ),
    ),
    built(
        VigilanceWidget,
        **ageing,
        department=text,
        level=level,
        advice=text,
        phenomena=lists_of(9, name=text, level=level),
        periods=lists_of(
            4, begins_at_ms=instant, ends_at_ms=instant, level=level, phenomena=lists_of(9, name=text, level=level)
        ),
    ),
    built(
        TableWidget,
        **ageing,
        heading=some.lists(text, max_size=8),
        rows=some.lists(some.lists(text, min_size=1, max_size=8), max_size=20),
    ),
    built(
        QrWidget,
        title=text,
        text=text,
        address=some.from_regex(r"https://[a-z]{1,9}\.fr/[a-z0-9]{0,200}", fullmatch=True),
    ),
    built(CounterWidget, **ageing, value=number, label=text, change=some.none() | number),
    built(
        GaugeWidget,
        **ageing,
        value=number,
        advice=text,
        segments=some.just(
            [{"until": 1, "word": "bon", "colour": "#50f0e6"}, {"until": 2, "word": "", "colour": "#ff5050"}]
        ),
    ),
    built(
        PollWidget,
        **ageing,
        options=some.lists(
            some.fixed_dictionaries({"label": name, "votes": some.integers(0, 1_000_000_000)}), min_size=1, max_size=8
        ),
    ),
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    any_widget,
    some.tuples(some.integers(1, 400), some.integers(1, 400)),
    some.sampled_from([(LCD, 24), (LED, 24), (LED, 1)]),
    some.none() | instant,
    some.sampled_from(["fr", "en"]),
    some.sampled_from(ScreenAppearance),
)
@example(ClockWidget(), (1, 1), (LED, 1), 0, "fr", ScreenAppearance.DAY)
def test_any_widget_draws_on_any_canvas_at_any_instant(widget, size, display, at_ms, locale, appearance):
    canvas = replace(canvas_of(*size, *display, locale=locale), appearance=appearance)
    (image,) = draw_slide(slide_of(widget), canvas, no_file, at_ms)
    assert image.size == size
    assert lay_out_widget(widget, canvas, at_ms).items == lay_out_widget(widget, canvas, at_ms).items


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(any_widget, some.integers(0, LAST_MS - DAY_MS), some.integers(0, DAY_MS))
def test_equal_keys_mean_equal_pages(widget, at_ms, later_ms):
    canvas, slide = canvas_of(192, 96, LED), slide_of(widget)
    # Whatever has one key must have one picture, within a tick and beyond.
    tick_ms = widget.tick_ms or DAY_MS
    other_ms = at_ms - at_ms % tick_ms + later_ms % tick_ms
    assert slide_key(slide, canvas, at_ms) == slide_key(slide, canvas, other_ms)
    assert lay_out_widget(widget, canvas, at_ms).items == lay_out_widget(widget, canvas, other_ms).items


@pytest.mark.parametrize(("width", "height", "technology"), SIZES)
@pytest.mark.parametrize("widget", SAMPLES, ids=lambda widget: widget.kind)
def test_samples_keep_their_letters_on_the_page(widget, width, height, technology):
    page = lay_out_widget(widget, canvas_of(width, height, technology), SAMPLE_AT_MS)
    from beffroi_content.raster.text.fonts import font_face

    for item in page.items:
        if isinstance(item, TextLine) and min(width, height) >= 64:
            assert item.x >= 0, item.text
            assert item.x + font_face(item.style).text_width(item.text) <= width + 1, item.text
            assert item.style.capital <= item.baseline <= height, item.text


def test_an_event_that_has_passed_leaves_by_itself():
    events = [
        {"title": "Conte", "starts": "2026-12-09T10:00", "ends": "2026-12-09T11:05"},
        {"title": "Concert", "starts": "2026-12-09T18:00"},
        {"title": "Foire", "starts": "2026-12-08T00:00"},
    ]
    agenda, canvas = AgendaWidget(events=events), canvas_of(*WIDE)
    assert "Conte" in words(lay_out_widget(agenda, canvas, SAMPLE_AT_MS - PAGE_MS))
    shown = words(lay_out_widget(agenda, canvas, SAMPLE_AT_MS))
    assert "Conte" not in shown
    assert "Foire" not in shown
    assert "Aujourd’hui" in shown
    assert "Concert" in shown
    assert "Rien de prévu" in words(lay_out_widget(agenda, canvas, SAMPLE_AT_MS + DAY_MS))


def test_every_event_of_a_long_agenda_has_its_turn():
    events = [{"title": f"Atelier {n:02}", "starts": "2026-12-10T18:00"} for n in range(30)]
    agenda, canvas = AgendaWidget(events=events), canvas_of(128, 64, LED)
    shown = " ".join(words(lay_out_widget(agenda, canvas, SAMPLE_AT_MS + n * PAGE_MS)) for n in range(60))
    assert all(f"Atelier {n:02}" in shown for n in range(30))


@pytest.mark.parametrize("size", [WIDE, (192, 96, LED)])
def test_old_data_says_from_when_it_is_and_useless_data_is_not_shown(size):
    fetched_ms = SAMPLE_AT_MS - 60 * MINUTE_MS
    counter = CounterWidget(
        title="Vélos",
        value=4711,
        fetched_at_ms=fetched_ms,
        stale_after_ms=60 * MINUTE_MS,
        useless_after_ms=120 * MINUTE_MS,
    )
    canvas = canvas_of(*size)
    fresh, dated, useless, unknown = (
        words(lay_out_widget(counter, canvas, at_ms))
        for at_ms in (SAMPLE_AT_MS - MINUTE_MS, SAMPLE_AT_MS, SAMPLE_AT_MS + 60 * MINUTE_MS, None)
    )
    assert "données" not in fresh
    assert "données du 9 déc., 10 h 05" in dated
    for shown in (useless, unknown):
        assert "4 711" not in shown
        assert "Vélos" in shown


def test_without_the_time_nothing_is_said_that_may_be_wrong():
    canvas = canvas_of(*WIDE)
    by_kind = {widget.kind: words(lay_out_widget(widget, canvas, None)) for widget in SAMPLES}
    for kind in ("clock", "agenda", "weather", "vigilance"):
        assert "L’heure n’est pas encore connue" in by_kind[kind]
    assert "jeudi 31 décembre" in by_kind["countdown"]
    assert "jours" not in by_kind["countdown"]
    assert "orange" not in by_kind["vigilance"]


def test_a_ticker_drops_a_message_when_it_ends():
    ticker = TickerWidget(messages=[{"text": "Soldes", "until_ms": SAMPLE_AT_MS}, {"text": "Bonjour"}])
    canvas = canvas_of(128, 64, LED)
    before = {words(lay_out_widget(ticker, canvas, SAMPLE_AT_MS - n * 8_000)) for n in range(1, 5)}
    after = {words(lay_out_widget(ticker, canvas, SAMPLE_AT_MS + n * 8_000)) for n in range(1, 5)}
    assert before == {"Soldes", "Bonjour"}
    assert after == {"Bonjour"}
    assert words(lay_out_widget(ticker, canvas, None)) == "Bonjour"


def test_a_countdown_counts_and_then_says_its_word():
    countdown = CountdownWidget(title="Fête", target_at_ms=SAMPLE_AT_MS, after="C’est parti !")
    canvas = canvas_of(*WIDE)
    assert "1 minute" in words(lay_out_widget(countdown, canvas, SAMPLE_AT_MS - MINUTE_MS))
    assert "C’est parti" in words(lay_out_widget(countdown, canvas, SAMPLE_AT_MS))


def test_days_that_have_passed_leave_a_table_and_the_weather():
    canvas = canvas_of(*WIDE)
    menu = TableWidget(rows=[("08/12/2026", "Soupe"), ("09/12/2026", "Riz"), ("10/12/2026", "Pâtes")])
    shown = words(lay_out_widget(menu, canvas, SAMPLE_AT_MS))
    assert "Soupe" not in shown
    assert "Riz" in shown
    assert "Riz" not in words(lay_out_widget(menu, canvas, None))
    weather = WeatherWidget(days=[{"day": "2026-12-08", "high": 33}, {"day": "2026-12-09", "high": 12}])
    shown = words(lay_out_widget(weather, canvas, SAMPLE_AT_MS))
    assert "33°" not in shown
    assert "12°" in shown


def test_empty_rows_leave_a_table():
    holed = TableWidget(rows=[("Lundi", "Riz"), ("", " "), ("Mardi", "Soupe")])
    whole = TableWidget(rows=[("Lundi", "Riz"), ("Mardi", "Soupe")])
    empty = TableWidget(heading=("", ""), rows=[("", "\u200b")])
    for canvas in (canvas_of(*WIDE), canvas_of(90, 90), canvas_of(64, 32, LED)):
        assert lay_out_widget(holed, canvas, SAMPLE_AT_MS).items == lay_out_widget(whole, canvas, SAMPLE_AT_MS).items
        assert lay_out_widget(empty, canvas, None).items == lay_out_widget(TableWidget(rows=()), canvas, None).items


def test_a_message_of_which_only_its_date_can_be_read_is_drawn():
    items = [{"title": title, "published_at_ms": SAMPLE_AT_MS} for title in ("\u200b", *"ABCDEFGH")]
    assert "A" in words(lay_out_widget(NewsWidget(items=items), canvas_of(*WIDE), SAMPLE_AT_MS))


def test_vigilance_is_told_by_colour_word_and_sign():
    widget = VigilanceWidget(department="Calvados (14)", level=4)
    page = lay_out_widget(widget, canvas_of(*WIDE), SAMPLE_AT_MS)
    assert "Vigilance rouge" in words(page)
    assert any(getattr(item, "colour", None) == (204, 0, 0) for item in page.items)
    assert any(type(item).__name__ == "PlacedPictogram" for item in page.items)


GREEN, RED, YELLOW = (49, 170, 53), (204, 0, 0), (255, 246, 0)
HOUR_MS = 60 * MINUTE_MS


def chart(now: int | None, tomorrow: int | None) -> VigilanceWidget:
    """Return a chart of which the second period begins an hour after the sample's time."""
    change = SAMPLE_AT_MS + HOUR_MS
    storm = [{"name": "Vent violent", "level": tomorrow}]
    return VigilanceWidget(
        department="29",
        level=now,
        periods=[
            {"begins_at_ms": SAMPLE_AT_MS - HOUR_MS, "ends_at_ms": change, "level": now},
            {"begins_at_ms": change, "ends_at_ms": change + DAY_MS, "level": tomorrow, "phenomena": storm},
        ],
    )


def colours(page: Page) -> set[object]:
    return {getattr(item, "colour", None) for item in page.items}


@pytest.mark.parametrize("size", [WIDE, (1080, 1920, LCD), (128, 64, LED), (64, 32, LED), (32, 16, LED)])
def test_an_unknown_vigilance_is_never_green(size):
    for widget in (VigilanceWidget(department="29"), chart(None, 1), chart(1, None)):
        at_ms = SAMPLE_AT_MS + (2 * HOUR_MS if widget == chart(1, None) else 0)
        page = lay_out_widget(widget, canvas_of(*size), at_ms)
        assert GREEN not in colours(page)
        assert "verte" not in words(page)
    assert "inconnu" in words(lay_out_widget(VigilanceWidget(department="29"), canvas_of(*WIDE), SAMPLE_AT_MS))


def test_after_the_last_period_of_a_chart_nothing_is_known():
    page = lay_out_widget(chart(1, 1), canvas_of(*WIDE), SAMPLE_AT_MS + 2 * DAY_MS)
    assert "niveau inconnu" in words(page)
    assert GREEN not in colours(page)


@pytest.mark.parametrize("size", [WIDE, (1080, 1920, LCD), (128, 64, LED), (64, 32, LED), (32, 16, LED)])
def test_a_red_that_begins_soon_is_announced_and_then_in_force(size):
    canvas = canvas_of(*size)
    before = [lay_out_widget(chart(1, 4), canvas, SAMPLE_AT_MS + at * PAGE_MS) for at in range(2)]
    assert any("Dès" in words(page) for page in before)
    after = lay_out_widget(chart(1, 4), canvas, SAMPLE_AT_MS + HOUR_MS)
    assert {GREEN, RED} <= colours(before[0]) | colours(before[1])
    assert GREEN not in colours(after)
    assert RED in colours(after)


@pytest.mark.parametrize(("now", "tomorrow"), [(3, 2), (2, 2), (2, 1), (4, None), (1, 1)])
def test_what_is_not_graver_is_not_announced(now, tomorrow):
    page = lay_out_widget(chart(now, tomorrow), canvas_of(*WIDE), SAMPLE_AT_MS)
    assert "Vent violent" not in words(page)


@pytest.mark.parametrize(
    ("credit", "source", "shown"),
    [
        ("MET Norway, CC BY 4.0", "Météo", "MET Norway, CC BY 4.0 · Météo"),
        ("Météo-France", "Vigilance Météo-France", "Vigilance Météo-France"),
        ("MET Norway, CC BY 4.0", "", "MET Norway, CC BY 4.0"),
    ],
)
def test_who_made_the_data_is_named(credit, source, shown):
    widget = WeatherWidget(days=[{"day": "2026-12-09", "high": 12}], credit=credit, source=source)
    assert shown in words(lay_out_widget(widget, canvas_of(*WIDE), SAMPLE_AT_MS))


@pytest.mark.parametrize("cell", ["09/12/26", "mercredi 9 décembre", "9 déc.", "du 7 au 11 décembre", "Mercredi"])
def test_todays_row_of_a_table_stands_out_however_its_day_is_written(cell):
    past = TableWidget(rows=[("08/12/26", "Soupe"), ("mardi 8 décembre", "Soupe"), (cell, "Riz"), ("autre", "Pâtes")])
    page = lay_out_widget(past, canvas_of(*WIDE), SAMPLE_AT_MS)
    plain = lay_out_widget(TableWidget(rows=[("autre", "Riz"), ("autre", "Pâtes")]), canvas_of(*WIDE), SAMPLE_AT_MS)
    assert "Soupe" not in words(page)
    assert "Riz" in words(page)
    assert colours(page) - colours(plain)


def test_night_is_darker_than_day():
    canvas = canvas_of(*WIDE)
    day, night = (
        draw_slide(slide_of(NewsWidget(title="Actualités", items=[{"title": "Bonjour"}])), each, no_file, SAMPLE_AT_MS)[
            0
        ]
        for each in (canvas, replace(canvas, appearance=ScreenAppearance.NIGHT))
    )
    assert image_digest(day) != image_digest(night)
    brightness = [image.convert("L").resize((1, 1)).getpixel((0, 0)) for image in (night, day)]
    assert brightness[0] < 60 < brightness[1]
