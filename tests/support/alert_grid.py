"""Grid of alerts: levels, statuses, hazards, lengths and forms on every class of screens, and what holds of each."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from beffroi_content.model import Alert, AlertForm, AlertLevel, AlertStatus, ScreenClass, banner_rectangle
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.page import Page, TextLine
from beffroi_content.raster.text.fonts import font_face
from beffroi_content.raster.text.phrases import level_name, phrases_of, status_phrases
from beffroi_content.rendering import AlertDrawing, lay_out_alert
from beffroi_content.rendering.gallery import sample_canvas
from beffroi_content.templates.alerts.alert_design import least_alert_capital
from beffroi_content.templates.samples import sample_alert
from tests.support.canvases import letters_of

TEXTS = {
    "headline": ("Nuage toxique : enfermez-vous", "", ""),
    "usual": (
        "Risque d'inondation : la Vire déborde au centre-ville",
        "La rivière dépasse 4,20 m et monte encore. Les quais et la rue Basse sont inondés.",
        "Montez à l'étage et coupez l'électricité.\nNe prenez pas votre voiture.",
    ),
    "long": (
        "Orages violents sur tout le département et les communes voisines du littoral",
        "Des orages violents accompagnés de grêle et de fortes rafales sont attendus dans l'après-midi. " * 9,
        "En cas de malaise, appelez le 15. Éloignez-vous des arbres, des pylônes et des cours d'eau, puis rejoignez le "
        "gymnase Jean-Moulin par la rue des Écoles. Ne prenez pas votre voiture. " * 2,
    ),
    "one sentence": ("Consigne", "", "Rassemblez-vous " + "très calmement " * 3 + "au stade."),
}
_HAZARDS = ("general", "flood", "wind")


@dataclass(frozen=True, slots=True)
class AlertCase:
    """One alert in one form on one class of screens."""

    alert: Alert
    form: AlertForm
    canvas: Canvas

    def draw(self) -> AlertDrawing:
        """Return its pages."""
        return lay_out_alert(self.alert, self.form, self.canvas)


def alert_cases(screen_class: ScreenClass) -> Iterator[AlertCase]:
    """Yield the whole grid for a class."""
    whole = sample_canvas(screen_class)
    grid = itertools.product(AlertLevel, AlertStatus, _HAZARDS, TEXTS.values(), AlertForm)
    for level, status, hazard, (title, description, instruction), form in grid:
        # A banner is the form of vigilance, and a slide that of information.
        if (form is AlertForm.BANNER) is not (level is AlertLevel.VIGILANCE) and form is not AlertForm.ALL_CLEAR:
            continue
        in_band = form is AlertForm.BANNER or level is AlertLevel.VIGILANCE
        canvas = replace(whole, size=banner_rectangle(whole.size).size) if in_band else whole
        alert = sample_alert(level, status, hazard)
        yield AlertCase(alert.replace(title=title, description=description, instruction=instruction), form, canvas)


def some_cases(screen_class: ScreenClass, count: int) -> list[AlertCase]:
    """Return a few cases of a class, the same each time."""
    return random.Random(screen_class.name).sample(list(alert_cases(screen_class)), count)


def assert_tells_all(case: AlertCase) -> None:
    """Check what must hold of every alert on every class of screens."""
    drawing, is_over = assert_marked(case, "18 h 30"), case.form is AlertForm.ALL_CLEAR
    first = letters_of(" ".join(drawing.pages[0].lines))
    if is_over:
        assert not re.search("enfermez|montez|rassemblez|éloignez", first, re.IGNORECASE), first
    elif case.alert.instruction:
        assert drawing.has_order
        # A band of three rows may have no room for a long order: then it says that there are instructions.
        stand_in = "|consignes" if case.canvas.size[1] < 48 else ""
        assert re.search("montez|rassemblez|éloignez|prenez" + stand_in, first, re.IGNORECASE), first
    elif case.alert.description:
        assert drawing.first_says
    _assert_nothing_lost(case, drawing)


def assert_marked(case: AlertCase, *marks: str) -> AlertDrawing:
    """Check that every page says the level and the status, and that no text lies on another or beyond the edge."""
    drawing = case.draw()
    is_over = case.form is AlertForm.ALL_CLEAR
    assert 1 <= len(drawing.pages) <= (1 if is_over else 3)
    locale = case.canvas.locale
    said = phrases_of(locale).all_clear if is_over else level_name(case.alert.level, locale)
    for page in drawing.pages:
        shown = letters_of(" ".join(page.lines))
        for mark in (said, status_phrases(case.alert.status, locale)[0], *marks):
            assert letters_of(mark) in shown, (mark, page.lines)
        _assert_apart(page, least_alert_capital(case.canvas))
    return drawing


def _assert_nothing_lost(case: AlertCase, drawing: AlertDrawing) -> None:
    if case.form is AlertForm.ALL_CLEAR:
        return
    said = letters_of(" ".join([*(line for page in drawing.pages for line in page.lines), *drawing.left_out])).lower()
    for word in re.findall(r"\w{5,}", f"{case.alert.title} {case.alert.description} {case.alert.instruction}"):
        assert word.lower() in said, (word, drawing.left_out)


def _assert_apart(page: Page, least: int) -> None:
    placed = []
    for line in page.items:
        if not isinstance(line, TextLine):
            continue
        right = line.x + font_face(line.style).text_width(line.text)
        assert line.x >= 0, line
        assert right <= page.size[0] + 1, line
        assert 0 < line.baseline <= page.size[1], line
        in_foot = line.baseline > 0.9 * page.size[1] and page.size[1] > 200
        assert line.style.capital >= least or in_foot, (line, least)
        placed.append((line.x, line.baseline - line.style.capital, right, line.baseline))
    for one, other in itertools.combinations(placed, 2):
        apart = one[2] <= other[0] + 1 or other[2] <= one[0] + 1 or one[3] <= other[1] or other[3] <= one[1]
        assert apart, (one, other, page.lines)
