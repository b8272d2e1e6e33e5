"""Pages that are shown over everything but an alert for a time: the name of the screen, and what technicians need."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from beffroi_content import rendering
from beffroi_player.agent.held_alerts import HeldAlerts
from beffroi_player.agent.host.agent_clock import AgentClock
from beffroi_player.agent.refusals import RefusalLog
from beffroi_player.state.atomic_files import write_file
from beffroi_player.state.directories import RuntimeDirectory, TimedOverlay
from beffroi_player.state.page_images import SUFFIX, page_header
from beffroi_player.wakeup import send_wakeup


class OverlayPages:
    """Draws such pages and hands them to the stage. Belongs to the disk worker.

    Args:
        runtime: Where a page goes.
        refusals: Told of a disk that does not take it.
        clock: Tells until when it stays.
        alerts: Knows the screen that is drawn for.
        name: Of the screen.
    """

    def __init__(
        self, runtime: RuntimeDirectory, refusals: RefusalLog, clock: AgentClock, alerts: HeldAlerts, name: str
    ) -> None:
        self._runtime, self._refusals, self._clock, self._alerts = runtime, refusals, clock, alerts
        self._name = name

    def show_name(self, seconds: int, name: str = "") -> None:
        """Show the name of the screen, and what it is."""
        self._show_text(name or self._name, self._kind_lines(), seconds)

    def show_test_card(self, seconds: int, name: str = "") -> None:
        """Show a test card; 0 seconds end it."""
        settings = self._alerts.drawing_context.settings
        lines = [*self._kind_lines(), f"{settings.rotation}°"]
        image = rendering.draw_test_card(name or self._name, lines, rendering.Canvas.for_screen(settings))
        self.show_image(image, seconds)

    def show_number(self, seconds: int, number: int, name: str = "") -> None:
        """Show a large number; 0 seconds end it."""
        canvas = rendering.Canvas.for_screen(self._alerts.drawing_context.settings)
        self.show_image(rendering.draw_number(number, name or self._name, canvas), seconds)

    def _kind_lines(self) -> list[str]:
        kind = self._alerts.drawing_context.settings.screen_class
        size = f"{kind.width} × {kind.height}"
        line = kind.name if size in kind.name else f"{kind.name}, {size}" if kind.name else size
        return [line.replace(" × ", "\u00a0×\u00a0")]

    def show_copy(self, seconds: int, box: str) -> None:
        """Say that this machine has the copied memory card of another one."""
        lines = [f"Un autre boîtier est le lecteur de l’écran {self._name}.", f"Boîtier {box[:4]}"]
        self._show_text("Carte mémoire copiée", lines, seconds)

    def show_copy_seen(self, seconds: int) -> None:
        """Say that another machine has a copy of this memory card."""
        self._show_text(self._name, ["La carte mémoire de cet écran a été copiée sur un autre boîtier."], seconds)

    def clear(self) -> None:
        """Show nothing over the rest any more."""
        self._runtime.overlay.remove()
        send_wakeup(self._runtime.stage_socket)

    def _show_text(self, title: str, lines: Sequence[str], seconds: int) -> None:
        canvas = rendering.Canvas.for_screen(self._alerts.drawing_context.settings)
        self.show_image(rendering.draw_idle_page(title, list(lines), canvas), seconds)

    def show_image(self, image: Image.Image, seconds: int) -> None:
        """Show an image of the size of the screen."""
        name = f"identify-{rendering.image_digest(image)[:16]}{SUFFIX}"
        until = int(self._clock.now().uptime_ms) + 1000 * seconds
        try:
            write_file(self._runtime.folder / name, page_header(image.size), rendering.rgbx_bytes(image), durable=False)
            self._runtime.overlay.write(TimedOverlay(frame=name, until_uptime_ms=until))
        except OSError as error:
            self._refusals.record_refusal("overlay.json", "disk", str(error))
        send_wakeup(self._runtime.stage_socket)
