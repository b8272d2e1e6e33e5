"""Templates of widgets: the form of each, in both languages and on every kind of screen."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.support.canvases import LANDSCAPE, LED, PORTRAIT, canvas_of, text_of, zone_of

from beffroi_content.model import Widget
from beffroi_content.model.widgets import (
    DAY_MS,
    MESSAGE_MS,
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
    SkyCondition,
    TableWidget,
    TickerWidget,
    VigilanceWidget,
    WeatherWidget,
)
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.graphics import pictograms
from beffroi_content.raster.page import FilledBox, Page, PlacedPictogram, QrCode, TextLine
from beffroi_content.raster.text.fonts import FontWeight, TextStyle, font_face
from beffroi_content.templates.layout.page_parts import canvas_palette
from beffroi_content.templates.page_layout import lay_out_widget
from beffroi_content.templates.samples import HOUR_MS, SAMPLE_AT_MS
from beffroi_content.templates.widget_layout import marquee_strips
from beffroi_content.templates.widget_layout.phrases import (
    degrees_text,
    level_name,
    level_phrase,
    number_text,
    phrase,
    share_text,
    sky_text,
)
from beffroi_content.templates.widget_layout.widget_page import (
    add_paragraph,
    data_age_text,
    fit_one_line,
    local_time,
    open_widget_page,
    shorten_text,
    wrap_text,
)

PANEL = canvas_of((192, 96), LED)
SMALL_PANEL = canvas_of((64, 32), LED)
N = "\N{NARROW NO-BREAK SPACE}"


def shown(widget: Widget, canvas: Canvas | None = None, at_ms: int | None = SAMPLE_AT_MS) -> str:
    return text_of(lay_out_widget(widget, canvas or canvas_of(), at_ms))


def page_of(widget: Widget, canvas: Canvas | None = None, at_ms: int | None = SAMPLE_AT_MS) -> Page:
    return lay_out_widget(widget, canvas or canvas_of(), at_ms)


def boxes(page: Page) -> list[FilledBox]:
    return [item for item in page.items if isinstance(item, FilledBox)]


class TestClocks:
    @pytest.mark.parametrize(
        ("locale", "time", "date"), [("fr", "11 h 05", "mercredi 9"), ("en", "11:05", "Wednesday 9")]
    )
    def test_show_time_and_date_in_the_language_of_the_screen(self, locale, time, date):
        text = shown(ClockWidget(), canvas_of(locale=locale))
        assert time in text
        assert date in text

    def test_on_panels_have_a_colon_in_every_language(self):
        assert "11:05" in shown(ClockWidget(), PANEL)

    def test_of_a_very_low_panel_show_the_time_alone(self):
        text = shown(ClockWidget(title="Mairie"), canvas_of((96, 16), LED))
        assert text == "11:05"

    def test_have_hands_only_where_there_is_room(self):
        def discs(widget, canvas):
            return sum(item.radius > 0 for item in boxes(page_of(widget, canvas)))

        assert discs(ClockWidget(is_analogue=True), canvas_of()) > 60
        assert discs(ClockWidget(is_analogue=False), canvas_of()) == 0
        assert discs(ClockWidget(is_analogue=True), PANEL) == 0

    @pytest.mark.parametrize("minutes", [0, 59, 60, 719, 720])
    def test_move_their_hands_each_minute(self, minutes):
        widget = ClockWidget(is_analogue=True)
        one = page_of(widget, at_ms=SAMPLE_AT_MS + minutes * MINUTE_MS)
        other = page_of(widget, at_ms=SAMPLE_AT_MS + (minutes + 1) * MINUTE_MS)
        assert boxes(one) != boxes(other)

    def test_show_the_local_time_of_the_screen(self):
        canvas = canvas_of()
        moved = type(canvas)(canvas.size, canvas.screen_class, canvas.town, "Indian/Reunion", "fr")
        assert "14 h 05" in shown(ClockWidget(), moved)

    def test_shorten_the_date_where_it_does_not_fit(self):
        text = shown(ClockWidget(), canvas_of((90, 40), LED))
        assert "…" not in text
        assert "9" in text


class TestCountdowns:
    def countdown(self, ahead_ms: int, **fields: str) -> CountdownWidget:
        return CountdownWidget(title="Fête", target_at_ms=SAMPLE_AT_MS + ahead_ms, **fields)

    @pytest.mark.parametrize(
        ("ahead_ms", "expected", "absent"),
        [
            (2 * DAY_MS + 3 * HOUR_MS + 4 * MINUTE_MS, ("2 jours", "3 heures", "4 minutes"), ()),
            (DAY_MS + HOUR_MS + MINUTE_MS, ("1 jour", "1 heure", "1 minute"), ("jours", "heures", "minutes")),
            (5 * HOUR_MS, ("5 heures", "0 minute"), ("jour",)),
            (30 * MINUTE_MS, ("0 heure", "30 minutes"), ("jour",)),
            (MINUTE_MS - 1, ("1 minute",), ("jour",)),
        ],
    )
    def test_say_how_long_it_still_is(self, ahead_ms, expected, absent):
        text = shown(self.countdown(ahead_ms))
        assert all(part in text for part in expected)
        assert not any(part in text for part in absent)

    def test_name_the_day_and_hour(self):
        assert "mercredi 9 décembre, 12 h 05" in shown(self.countdown(HOUR_MS))

    @pytest.mark.parametrize("late_ms", [0, MINUTE_MS, 30 * DAY_MS])
    def test_say_their_text_from_the_instant_on(self, late_ms):
        text = shown(self.countdown(-late_ms, after="C’est parti !"))
        assert "C’est parti" in text
        assert "minute" not in text

    def test_without_a_text_repeat_their_title(self):
        assert shown(self.countdown(0)).count("Fête") == 2

    def test_on_panels_are_one_short_line(self):
        assert "2 j 3 h 4 min" in shown(self.countdown(2 * DAY_MS + 3 * HOUR_MS + 4 * MINUTE_MS), PANEL)
        assert "j" not in shown(self.countdown(3 * HOUR_MS), SMALL_PANEL)

    @pytest.mark.parametrize(("size", "across"), [(LANDSCAPE, True), (PORTRAIT, False)])
    def test_have_tiles_beside_or_above_each_other(self, size, across):
        tiles = [item for item in boxes(page_of(self.countdown(2 * DAY_MS), canvas_of(size))) if item.radius]
        first, second, _ = tiles
        assert (first.box[1] == second.box[1]) is across


class TestTickers:
    TEXTS = ("Soldes au marché", "Piscine fermée", "Don du sang")

    def ticker(self) -> TickerWidget:
        return TickerWidget.model_validate({"messages": [{"text": text} for text in self.TEXTS]})

    def test_show_one_message_after_the_other(self):
        texts = [shown(self.ticker(), at_ms=SAMPLE_AT_MS + n * MESSAGE_MS) for n in range(6)]
        assert [sum(message in text for message in self.TEXTS) for text in texts] == [1] * 6
        assert texts[:3] == texts[3:]
        assert len(set(texts)) == 3

    def test_show_the_same_message_on_all_screens(self):
        on = [
            next(m for m in self.TEXTS if m in shown(self.ticker(), canvas_of(size))) for size in (LANDSCAPE, PORTRAIT)
        ]
        assert on[0] == on[1]

    def test_without_messages_say_so(self):
        assert "Rien de nouveau" in shown(TickerWidget(title="En bref"))

    def test_while_nobody_knows_the_time_show_what_never_ends(self):
        ticker = TickerWidget.model_validate({"messages": [{"text": "Soldes", "until_ms": 1}, {"text": "Toujours"}]})
        assert "Toujours" in shown(ticker, at_ms=None)


class TestMarquees:
    RIBBON = canvas_of((640, 64), LED)

    @pytest.mark.parametrize(
        ("size", "scrolls"), [((640, 64), True), ((320, 64), True), ((319, 64), False), ((128, 64), False)]
    )
    def test_are_for_ribbons(self, size, scrolls):
        ticker = TickerWidget.model_validate({"messages": [{"text": "Soldes"}]})
        assert marquee_strips.is_marquee(ticker, canvas_of(size, LED)) is scrolls

    def test_are_made_of_messages(self):
        assert not marquee_strips.is_marquee(TickerWidget(), self.RIBBON)
        assert not marquee_strips.is_marquee(ClockWidget(), self.RIBBON)

    def test_have_a_strip_for_each_message_as_high_as_the_screen(self):
        ticker = TickerWidget.model_validate({"messages": [{"text": "Soldes"}, {"text": "Piscine fermée lundi"}]})
        short, long = marquee_strips.marquee_pages(ticker, self.RIBBON)
        assert short.size[1] == long.size[1] == 64
        assert short.size[0] < long.size[0]

    def test_end_with_a_gap_and_a_dot(self):
        ticker = TickerWidget.model_validate({"messages": [{"text": "Soldes"}]})
        (strip,) = marquee_strips.marquee_pages(ticker, self.RIBBON)
        (line,) = [item for item in strip.items if isinstance(item, TextLine)]
        (dot,) = boxes(strip)
        end = line.x + font_face(line.style).text_width(line.text)
        assert strip.size[0] - end >= 2 * 64 - 1
        assert end < dot.box[0] < dot.box[2] < strip.size[0]

    def test_are_bounded(self):
        ticker = TickerWidget.model_validate({"messages": [{"text": "W" * 160}]})
        for canvas in (self.RIBBON, canvas_of((4000, 720))):
            (strip,) = marquee_strips.marquee_pages(ticker, canvas)
            assert strip.size[0] <= 8_192 + 2 * canvas.size[1] + 1


class TestAgendas:
    def agenda(self, *events: dict) -> AgendaWidget:
        return AgendaWidget.model_validate({"title": "Sorties", "events": list(events)})

    def test_come_in_the_order_of_time(self):
        text = shown(
            self.agenda(
                {"title": "Concert", "starts": "2026-12-11T18:00"}, {"title": "Conte", "starts": "2026-12-10T10:00"}
            )
        )
        assert text.index("Conte") < text.index("Concert")

    @pytest.mark.parametrize(
        ("starts", "ends", "day"),
        [
            ("2026-12-09T18:00", None, "Aujourd’hui"),
            ("2026-12-10T18:00", None, "Demain"),
            ("2026-12-11T18:00", None, "ven. 11 déc."),
            ("2026-12-08T00:00", "2026-12-12T00:00", "jusqu’au ven. 11 déc."),
            ("2026-12-08T00:00", "2026-12-10T00:00", "Aujourd’hui"),
        ],
    )
    def test_name_today_and_tomorrow(self, starts, ends, day):
        assert day in shown(self.agenda({"title": "Foire", "starts": starts, "ends": ends}))

    @pytest.mark.parametrize(("whole_days", "is_said"), [(False, True), (True, False), (None, False)])
    def test_midnight_is_an_hour_unless_the_event_takes_the_day(self, whole_days, is_said):
        mass = {"title": "Messe", "starts": "2026-12-10T00:00", "whole_days": whole_days}
        assert ("0 h" in shown(self.agenda(mass))) is is_said

    def test_what_has_gone_on_for_weeks_comes_after_what_begins_this_week(self):
        exhibition = {"title": "Exposition", "starts": "2026-01-05T00:00", "ends": "2027-01-05T00:00"}
        soon = {"title": "Conseil", "starts": "2026-12-11T19:00"}
        later = {"title": "Repas", "starts": "2026-12-30T12:00"}
        text = shown(self.agenda(exhibition, later, soon))
        assert text.index("Conseil") < text.index("Exposition") < text.index("Repas")

    def test_an_end_that_nobody_will_see_is_not_named(self):
        ever = {"title": "Musée", "starts": "2026-01-05T00:00", "ends": "2199-12-31T00:00"}
        text = shown(self.agenda(ever))
        assert "Aujourd’hui" in text
        assert "déc." not in text

    def test_mark_what_is_on(self):
        running = {"title": "Foire", "starts": "2026-12-09T10:00", "ends": "2026-12-09T18:00"}
        coming = {"title": "Concert", "starts": "2026-12-09T20:00"}
        marked = page_of(self.agenda(running, coming))
        plain = page_of(self.agenda({**running, "starts": "2026-12-09T15:00"}, coming))
        assert len(boxes(marked)) > len(boxes(plain))

    def test_name_the_place(self):
        assert "Salle Neptune" in shown(
            self.agenda({"title": "Concert", "starts": "2026-12-10T18:00", "place": "Salle Neptune"})
        )

    def test_number_their_pages_where_all_have_no_room(self):
        events = [{"title": f"Atelier {n:02} " + "mot " * 20, "starts": "2026-12-10T18:00"} for n in range(30)]
        texts = [shown(self.agenda(*events), at_ms=SAMPLE_AT_MS + n * PAGE_MS) for n in range(3)]
        assert all(" / " in text for text in texts)
        assert len(set(texts)) == 3

    def test_of_nothing_say_so(self):
        assert "Rien de prévu" in shown(self.agenda())

    def test_without_a_title_are_called_agenda(self):
        assert "Agenda" in shown(
            AgendaWidget.model_validate({"events": [{"title": "Foire", "starts": "2026-12-10T18:00"}]})
        )


class TestHeadlines:
    def news(self, *items: dict) -> NewsWidget:
        return NewsWidget.model_validate({"title": "Actualités", "items": list(items)})

    def test_stay_in_the_order_of_the_reader(self):
        """An item without a date stands beside its neighbour in the feed: only the reader knows where."""
        text = shown(
            self.news(
                {"title": "Sans date"},
                {"title": "Ancienne", "published_at_ms": SAMPLE_AT_MS - DAY_MS},
                {"title": "Récente", "published_at_ms": SAMPLE_AT_MS},
            )
        )
        assert text.index("Sans date") < text.index("Ancienne") < text.index("Récente")

    def test_of_today_name_the_hour_and_older_ones_the_day(self):
        text = shown(
            self.news(
                {"title": "Récente", "published_at_ms": SAMPLE_AT_MS - HOUR_MS},
                {"title": "Ancienne", "published_at_ms": SAMPLE_AT_MS - 3 * DAY_MS},
            )
        )
        assert "Aujourd’hui" in text
        assert "10 h 05" in text
        assert "dim. 6 déc." in text

    def test_without_the_time_name_the_day(self):
        assert "mer. 9 déc." in shown(self.news({"title": "Récente", "published_at_ms": SAMPLE_AT_MS}), at_ms=None)

    def test_of_nothing_say_so(self):
        assert "Rien de nouveau" in shown(self.news())


class TestWeather:
    def weather(self, *days: dict, **fields: object) -> WeatherWidget:
        return WeatherWidget.model_validate({"days": list(days)} | fields)

    DAY = {"day": "2026-12-09", "sky": "rain", "low": 3, "high": 9, "wind_kmh": 40}

    @pytest.mark.parametrize("size", [LANDSCAPE, PORTRAIT])
    def test_names_sky_degrees_and_wind(self, size):
        text = shown(self.weather(self.DAY), canvas_of(size))
        assert all(part in text for part in ("Aujourd’hui", "pluie", "9°", "3°", "40 km/h"))

    def test_names_tomorrow_and_the_weekdays(self):
        days = [self.DAY | {"day": f"2026-12-{day:02}"} for day in (9, 10, 11)]
        assert all(name in shown(self.weather(*days)) for name in ("Aujourd’hui", "Demain", "Vendredi"))

    def test_below_zero_has_a_true_minus(self):
        assert "−4°" in shown(self.weather(self.DAY | {"low": -4}))

    def test_without_a_low_or_wind_leaves_them_out(self):
        text = shown(self.weather({"day": "2026-12-09", "high": 9}))
        assert "km/h" not in text
        assert text.count("°") == 1

    def test_on_a_small_panel_shows_one_day_after_the_other(self):
        days = [self.DAY | {"day": f"2026-12-{day:02}", "high": day} for day in (9, 10)]
        first, second = (shown(self.weather(*days), PANEL, SAMPLE_AT_MS + n * PAGE_MS) for n in (0, 1))
        assert ("9°" in first) != ("9°" in second)

    @pytest.mark.parametrize("sky", SkyCondition)
    @pytest.mark.parametrize("canvas", [canvas_of(), PANEL, canvas_of((192, 96), LED, 1)], ids=["lcd", "panel", "mono"])
    def test_every_sky_is_drawn(self, sky, canvas):
        page = page_of(self.weather(self.DAY | {"sky": sky}), canvas)
        unknown = page_of(self.weather(self.DAY | {"sky": "unknown"}), canvas)
        assert (len(boxes(page)) > len(boxes(unknown))) is (sky is not SkyCondition.UNKNOWN)

    def test_of_days_that_have_passed_says_that_there_is_none(self):
        assert "Pas d’information" in shown(self.weather(self.DAY | {"day": "2026-12-01"}))


class TestVigilance:
    def vigilance(self, level: int, **fields: object) -> VigilanceWidget:
        return VigilanceWidget.model_validate({"department": "Calvados (14)", "level": level} | fields)

    @pytest.mark.parametrize(("level", "name"), [(1, "verte"), (2, "jaune"), (3, "orange"), (4, "rouge")])
    def test_is_told_by_a_word_and_the_department(self, level, name):
        text = shown(self.vigilance(level))
        assert f"Vigilance {name}" in text
        assert "Calvados (14)" in text

    @pytest.mark.parametrize(
        ("level", "sign"), [(1, pictograms.CHECK), (2, pictograms.WARNING), (4, pictograms.WARNING)]
    )
    def test_green_has_a_check_and_all_else_a_warning(self, level, sign):
        (drawn,) = [item for item in page_of(self.vigilance(level)).items if isinstance(item, PlacedPictogram)]
        assert drawn.pictogram is sign

    def test_dangers_come_from_the_highest_level_down_and_without_green_ones(self):
        dangers = [{"name": "Vent", "level": 2}, {"name": "Neige", "level": 1}, {"name": "Crues", "level": 3}]
        text = shown(self.vigilance(3, phenomena=dangers))
        assert text.index("Crues : orange") < text.index("Vent : jaune")
        assert "Neige" not in text

    def test_advice_is_shown_where_there_is_room(self):
        widget = self.vigilance(3, advice="Limitez vos déplacements.", phenomena=[{"name": "Vent", "level": 3}])
        assert "Limitez" in shown(widget)
        assert "Limitez" not in shown(widget, SMALL_PANEL)

    def test_a_one_colour_panel_says_the_level_in_words(self):
        mono = canvas_of((192, 96), LED, 1)
        assert "orange" in shown(self.vigilance(3), mono)


class TestTables:
    def table(self, *rows: tuple[str, ...], heading: tuple[str, ...] = ()) -> TableWidget:
        return TableWidget(title="Menu", heading=heading, rows=rows)

    def test_have_their_cells_in_columns(self):
        page = page_of(self.table(("Lundi", "Riz"), ("Mardi", "Pâtes"), heading=("Jour", "Plat")))
        lefts = {item.text: item.x for item in page.items if isinstance(item, TextLine)}
        assert lefts["Jour"] == lefts["Lundi"] == lefts["Mardi"]
        assert lefts["Plat"] == lefts["Riz"] == lefts["Pâtes"]

    @pytest.mark.parametrize("today", ["mercredi", "Mercredi", "Wednesday", "2026-12-09", "09/12/2026", "9.12.2026"])
    def test_make_todays_row_stand_out(self, today):
        marked = page_of(self.table((today, "Riz"), ("autre", "Pâtes")))
        plain = page_of(self.table(("autre jour", "Riz"), ("autre", "Pâtes")))
        bands = [sum(box.colour == canvas_palette(canvas_of()).band for box in boxes(page)) for page in (marked, plain)]
        assert bands == [2, 1]

    @pytest.mark.parametrize("cell", ["31/02/2026", "2026-13-01", "99/99/9999", "12", "2026"])
    def test_take_no_other_cell_for_a_date(self, cell):
        assert "Riz" in shown(self.table((cell, "Riz")))

    def test_too_wide_for_columns_become_a_list(self):
        row = tuple(f"un plat assez long numéro {n}" for n in range(8))
        text = shown(self.table(row, row), canvas_of(PORTRAIT))
        assert "·" in text

    def test_rows_without_room_take_their_turn(self):
        rows = [(f"Ligne {n:02}", "x") for n in range(60)]
        texts = " ".join(shown(self.table(*rows), PANEL, SAMPLE_AT_MS + n * PAGE_MS) for n in range(60))
        assert all(f"Ligne {n:02}" in texts for n in range(60))


class TestCounters:
    @pytest.mark.parametrize(
        ("value", "unit", "expected"),
        [(128450, "", "128 450"), (3.5, "m", "3,5 m"), (-2, "°C", "−2 °C"), (0, "", "0"), (0.126, "", "0,13")],
    )
    def test_show_their_number_in_the_form_of_the_language(self, value, unit, expected):
        assert expected in shown(CounterWidget(value=value, unit=unit, label="passages"))

    @pytest.mark.parametrize(("change", "expected"), [(312, "▲ +312"), (-5, "▼ −5"), (0, "= 0")])
    def test_show_their_change_with_a_sign(self, change, expected):
        assert expected in shown(CounterWidget(value=1, change=change, change_label="depuis hier"))

    def test_without_a_change_have_no_arrow(self):
        assert not set("▲▼=") & set(shown(CounterWidget(value=1)))


class TestGauges:
    SEGMENTS = [
        {"until": 10, "word": "bon", "colour": "#50f0e6"},
        {"until": 20, "word": "moyen", "colour": "#50ccaa"},
        {"until": 30, "word": "mauvais", "colour": "#ff5050"},
    ]

    def gauge(self, value: float, **fields: object) -> GaugeWidget:
        return GaugeWidget.model_validate({"value": value, "segments": self.SEGMENTS} | fields)

    @pytest.mark.parametrize(
        ("value", "word"), [(-5, "bon"), (0, "bon"), (10, "moyen"), (29, "mauvais"), (99, "mauvais")]
    )
    def test_name_the_segment_of_their_value(self, value, word):
        assert word in shown(self.gauge(value))

    def test_make_their_own_segment_higher(self):
        heights = {
            item.colour: item.box[3] - item.box[1]
            for item in boxes(page_of(self.gauge(15)))
            if item.colour in ((80, 240, 230), (80, 204, 170))
        }
        assert heights[80, 204, 170] > heights[80, 240, 230]

    def test_mark_the_value_within_the_scale(self):
        marks = []
        for value in (-100, 1, 9, 15, 29, 1_000):
            page = page_of(self.gauge(value))
            marks.append(boxes(page)[-1].box[0])
        assert marks == sorted(marks)
        assert marks[0] >= 0
        assert marks[-1] < 1920

    def test_on_a_low_panel_have_no_scale(self):
        assert len(boxes(page_of(self.gauge(15), canvas_of((96, 16), LED)))) == 0


class TestPolls:
    def poll(self, *votes: int) -> PollWidget:
        options = [{"label": f"Réponse {n}", "votes": count} for n, count in enumerate(votes)]
        return PollWidget.model_validate({"title": "Où ?", "options": options})

    def test_show_shares_that_are_rounded(self):
        text = shown(self.poll(2, 1))
        assert "67 %" in text
        assert "33 %" in text

    def test_without_votes_show_nothing_but_zero(self):
        assert shown(self.poll(0, 0)).count("0 %") == 2

    @pytest.mark.parametrize(
        ("votes", "expected"), [((1,), "1 réponse"), ((2,), "2 réponses"), ((1200, 34), "1 234 réponses")]
    )
    def test_count_the_answers(self, votes, expected):
        assert expected in shown(self.poll(*votes))

    def test_have_bars_as_long_as_their_shares(self):
        bars = [item for item in boxes(page_of(self.poll(30, 10))) if item.radius]
        widths = sorted({item.box[2] - item.box[0] for item in bars})
        full = widths[-1]
        assert any(abs(width - 0.75 * full) <= 2 for width in widths)
        assert any(abs(width - 0.25 * full) <= 2 for width in widths)

    def test_keep_their_order_while_all_have_room_and_else_show_the_first(self):
        poll = self.poll(1, 5, 3)
        text = shown(poll)
        assert text.index("Réponse 0") < text.index("Réponse 1") < text.index("Réponse 2")
        low = shown(poll, canvas_of((192, 16), LED))
        assert "Réponse 0" not in low


class TestQrWidgets:
    def test_show_code_text_and_address(self):
        page = page_of(QrWidget(address="https://www.ville.fr/a", text="Votez"))
        assert any(isinstance(item, QrCode) for item in page.items)
        assert all(part in text_of(page) for part in ("Votez", "ville.fr/a", "Visez ce code"))

    def test_where_no_phone_could_read_it_show_the_address_in_letters(self):
        page = page_of(QrWidget(address="https://www.ville.fr/a", text="Votez"), SMALL_PANEL)
        assert not any(isinstance(item, QrCode) for item in page.items)
        assert "ville" in text_of(page)


class TestPhrases:
    @pytest.mark.parametrize(
        ("value", "french", "english"),
        [
            (0, "0", "0"),
            (1234.5, f"1{N}234,5", "1,234.5"),
            (-3, "−3", "−3"),
            (1.005, "1", "1"),
            (2.50, "2,5", "2.5"),
            (1_000_000, f"1{N}000{N}000", "1,000,000"),
        ],
    )
    def test_numbers(self, value, french, english):
        assert number_text(value, "fr") == french
        assert number_text(value, "en") == english

    def test_signed_numbers(self):
        assert [number_text(value, "en", signed=True) for value in (3, -3, 0)] == ["+3", "−3", "0"]

    def test_degrees_and_shares(self):
        assert degrees_text(-3, "fr") == "−3°"
        assert share_text(1, 3, "fr") == f"33{N}%"
        assert share_text(1, 3, "en") == "33%"
        assert share_text(0, 0, "en") == "0%"

    @pytest.mark.parametrize("level", range(1, 5))
    def test_levels_have_a_name_in_their_phrase(self, level):
        for locale in ("fr", "en"):
            assert level_name(level, locale) in level_phrase(level, locale).lower()

    @pytest.mark.parametrize("sky", [sky for sky in SkyCondition if sky is not SkyCondition.UNKNOWN])
    def test_every_sky_has_a_name(self, sky):
        assert sky_text(sky, "fr") != sky_text(sky, "en")
        assert sky_text(sky, "de") == sky_text(sky, "en")

    def test_an_unknown_language_is_english(self):
        assert phrase("today", "de") == "Today"


class TestWidgetPages:
    def test_a_text_is_shortened_with_an_ellipsis(self):
        style = TextStyle(FontWeight.REGULAR, 30)
        measured = font_face(style)
        whole = "Réunion publique sur le budget"
        assert shorten_text(whole, style, 10_000) == whole
        for width in range(20, 400, 30):
            short = shorten_text(whole, style, width)
            assert measured.text_width(short) <= width
            assert short == "" or short.endswith("…")
            assert whole.startswith(short.removesuffix("…"))

    def test_lines_are_wrapped_up_to_a_number(self):
        board = open_widget_page(canvas_of(), "")
        style = board.text_style(FontWeight.REGULAR, 40)
        text = "Réunion publique sur le budget participatif de la commune nouvelle"
        lines = wrap_text(board, text, style, 400, 9)
        assert " ".join(lines) == text
        two = wrap_text(board, text, style, 400, 2)
        assert len(two) == 2
        assert two[1].endswith("…")

    def test_one_line_becomes_smaller_before_it_is_cut(self):
        board = open_widget_page(canvas_of(), "")
        text, style = fit_one_line(board, "Réunion publique", FontWeight.BOLD, 80, 400)
        assert text == "Réunion publique"
        assert style.capital < 80
        cut, smallest = fit_one_line(board, "Réunion publique", FontWeight.BOLD, 80, 100, least=40)
        assert cut.endswith("…")
        assert smallest.capital == 40

    @pytest.mark.parametrize("title", ["", "Agenda"])
    @pytest.mark.parametrize("size", [LANDSCAPE, PORTRAIT, (192, 96), (16, 16)])
    def test_the_box_lies_on_the_page(self, title, size):
        board = open_widget_page(canvas_of(size, LED if size[0] < 200 else canvas_of().screen_class.technology), title)
        left, top, right, bottom = board.box
        assert 0 <= left < right <= size[0]
        assert 0 <= top < bottom <= size[1]

    @pytest.mark.parametrize("size", [(300, 200), (40, 20), (10, 4)])
    def test_a_paragraph_keeps_to_its_box(self, size):
        board = open_widget_page(canvas_of(), "")
        before = len(board.page.items)
        box = (100, 100, 100 + size[0], 100 + size[1])
        add_paragraph(board, [("Réunion publique sur le budget " * 3, FontWeight.BOLD, 1.0, (0, 0, 0))], box)
        for line in board.page.items[before:]:
            assert isinstance(line, TextLine)
            assert line.x >= 100
            assert line.x + font_face(line.style).text_width(line.text) <= box[2] + 1

    def test_the_age_of_data_is_told_by_day_and_hour(self):
        assert (
            data_age_text(SAMPLE_AT_MS, canvas_of()).replace("\xa0", " ").replace(N, " ")
            == "données du 9 déc., 11 h 05"
        )
        assert "data of 9 Dec" in data_age_text(SAMPLE_AT_MS, canvas_of(locale="en")).replace("\xa0", " ")

    def test_local_time_ends_with_the_year_9999(self):
        assert local_time(253_402_300_799_999, canvas_of()).year == 9999
        assert local_time(-5, canvas_of()) == dt.datetime(1970, 1, 1, 1)  # noqa: DTZ001

    @pytest.mark.parametrize("size", [(1, 1), (3, 40), (40, 3)])
    def test_a_tiny_zone_is_a_page_all_the_same(self, size):
        board = open_widget_page(zone_of(PANEL, size), "Agenda", "note")
        assert board.page.size == size
