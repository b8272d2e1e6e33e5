"""What the agent draws on its own: the notice without a programme or on a dark screen, and an alert for nobody."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from beffroi_content import rendering
from beffroi_content.model import Alert, AlertForm, AlertLevel, ScreenClass, ScreenSettings, Town
from beffroi_player.agent.held_alerts import AlertDrawingContext
from beffroi_player.agent.prepare.png_encoder import save_png
from beffroi_player.state.directories import Size, StateDirectory


class NoticeImage:
    """Draws what is shown while there is no programme, or nothing of the town may be shown.

    Args:
        state: Where the image goes; it also says whether the screen is dark.
        name: The name of the screen.
        drawing_context: Returns what is drawn for on a display of that size.
        drawn: Called when there is another image.
    """

    def __init__(
        self, state: StateDirectory, name: str, drawing_context: Callable[[Size], AlertDrawingContext],
        drawn: Callable[[], object],
    ) -> None:  # fmt: skip
        self._state, self._name, self._drawing_context, self._drawn = state, name, drawing_context, drawn
        self.size: Size | None = None
        """The display that it was drawn for last."""

    def draw(self, size: Size) -> None:
        """Draw it for a display. A disk that does not take it leaves the former."""
        self.size = size
        canvas = rendering.Canvas.for_screen(self._drawing_context(size).settings, size)
        image = (
            rendering.draw_idle_page("Écran hors service", [], _neutral_canvas(size))
            if self._state.darkness.read() is not None
            else rendering.draw_idle_page("En attente du programme", [self._name], canvas)
        )
        with contextlib.suppress(OSError):
            save_png(image, self._state.notice_image)
        self._drawn()

    def draw_again(self) -> None:
        """Draw it for the same display: the screen went dark, or shows its programme again."""
        self.draw(self.size or (1920, 1080))


def warm_up(context: AlertDrawingContext) -> None:
    """Draw an alert for nobody: fonts and code are then in memory when a real one comes."""
    alert = Alert(
        id="warm-up", level=AlertLevel.ALERT, title="Alerte", source="Mairie", description="—", instruction="—",
        issued_at_ms=0, ends_at_ms=0, time_to_live_ms=0,
    )  # fmt: skip
    rendering.draw_alert(alert, AlertForm.TAKEOVER, context.canvas_for(alert.level, AlertForm.TAKEOVER))


def _neutral_canvas(size: Size) -> rendering.Canvas:
    """Return a canvas with nothing of the town on it."""
    display = ScreenClass(name="", width=size[0], height=size[1], physical_height_mm=700, viewing_distance_mm=5_000)
    return rendering.Canvas.for_screen(ScreenSettings(screen_class=display, town=Town(name="–")))
