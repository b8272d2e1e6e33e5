"""Compositions drawn by the GPU: layers are textures, films stay as they were decoded, turns and fades cost nothing.

It stands before a window or a whole display, which finds the display and answers the window system as ever.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pygame

from beffroi_player.outputs.base import Light, OutputError, Size, fitted, memory
from beffroi_player.outputs.brush import Brush
from beffroi_player.outputs.sdl import Renderer, SdlError
from beffroi_player.outputs.window import Window, window_events

if TYPE_CHECKING:  # The first picture is shown before these are loaded.
    from beffroi_player.outputs.canvas import Canvas
    from beffroi_player.outputs.composition import Composition
    from beffroi_player.outputs.mounting import Mounting

log = logging.getLogger(__name__)

STRIP_PIXELS = 128 * 1024
"""Pixels that are read back from the GPU at once: half a megabyte."""
_RENDER_NODES = Path("/dev/dri")


class GpuLost(Exception):
    """The GPU does not draw any more; the stage has to be started again."""


def over(output: Window, *, forced: bool) -> Window | Gpu:
    """Return the output drawn by the GPU, or itself where the processor does better.

    Args:
        output: A started one.
        forced: Whether the processor in the place of a GPU will do, and a broken GPU is an error.

    Raises:
        OutputError: it is forced, and there is none that works.
    """
    if not forced and not any(_RENDER_NODES.glob("renderD*")):
        return output
    gpu = Gpu(output)
    try:
        gpu.open(output.desktop())
        gpu.test()
        if gpu.is_software and not forced:
            raise SdlError(f"{gpu.name} is no GPU")
    except (SdlError, OutputError, pygame.error) as error:
        gpu.leave()
        if forced:
            raise OutputError(f"the GPU cannot be used: {error}") from error
        log.info("pictures are drawn by the processor: %s", error)
        return output
    log.info("pictures are drawn by the GPU: %s", gpu.name)
    return gpu


class Gpu:
    """A window, or a whole display, with a GPU.

    Args:
        base: Finds the display; its own window is never opened.
    """

    def __init__(self, base: Window) -> None:
        self._base = base
        self.pump_seconds = base.pump_seconds
        self._window: pygame.Window | None = None
        self._brush: Brush | None = None
        self._size: Size = (0, 0)
        self._again = False
        """Whether the next picture has to be presented twice."""
        self._mounting: Mounting | None = None
        self._processor: Canvas | None = None
        """What draws what the GPU cannot hold, while that is on."""
        self._last: Composition | pygame.Surface | None = None

    # --- as an output

    def start(self) -> None:
        """Find the display; see :meth:`Output.start`."""
        self._base.start()

    def desktop(self) -> Size:
        """Return the size of the display."""
        return self._base.desktop()

    def rate(self) -> float:
        """Return how many pictures a second the display shows."""
        return self._base.rate()

    def open(self, size: Size) -> None:
        """Open the window, or give it another size.

        Raises:
            OutputError: the display or the GPU does not let us.
        """
        self._size = size
        wanted = fitted(size, self.desktop())
        if self._window is not None and self._window.size == wanted:
            return
        self.leave()
        os.environ.setdefault("SDL_RENDER_SCALE_QUALITY", "linear")
        full = bool(self._base.flags & pygame.FULLSCREEN)
        try:
            self._window = pygame.Window("Beffroi", wanted, fullscreen=full)
            self._brush = Brush(Renderer(self._window, vsync=full))
        except (SdlError, pygame.error) as error:
            raise OutputError(f"no window with a GPU: {error}") from error
        if not self._brush.holds(wanted):
            raise OutputError(f"{wanted[0]}x{wanted[1]} pixels are more than the GPU can draw")
        self._base.check()
        # Without a desktop, the first picture of a window is lost (SDL 2.32 on KMS).
        self._again = full
        pygame.mouse.set_visible(False)

    def present(self, picture: pygame.Surface) -> None:
        """Show a picture."""
        if self._ready.holds(picture.get_size()):
            self._processor, self._last = None, picture
            self._guarded()
        else:
            from beffroi_player.outputs.composition import Composition, Layer  # noqa: PLC0415 -- few screens need it

            self._draw_by_processor(Composition(picture.get_size(), (Layer.whole(picture),)))

    def settle(self) -> None:
        """Nothing is left to do."""

    def capture(self) -> pygame.Surface:
        """Return what is on the panel: drawn once more, and read back from the GPU."""
        return self.shown()

    def pump(self) -> bool:
        """Answer the window system."""
        closed, exposed = window_events()
        if self._base.replugged():
            self.leave()
            self._base.retake()
            self.open(self._size)
            exposed = True
        if exposed and self._last is not None:
            self._guarded()
        return not closed

    def close(self) -> None:
        """Give the display back."""
        self.leave()
        self._base.close()

    def light(self, on: bool, brightness: int) -> Light:
        """Ask for light; see :meth:`Output.light`."""
        return self._base.light(on, brightness)

    # --- as a painter

    @property
    def between_pixels(self) -> bool:
        """Whether layers may be shifted by less than a pixel."""
        return self._processor is None

    def mount(self, mounting: Mounting) -> None:
        """Lay the picture on the display like this from now on."""
        self._mounting = mounting

    def draw(self, composition: Composition) -> None:
        """Draw and present."""
        if self._holds(composition) and (composition.before is None or self._holds(composition.before)):
            self._processor, self._last = None, composition
            self._guarded()
        else:
            self._draw_by_processor(composition)

    def shown(self) -> pygame.Surface:
        """Return the panel's picture that was presented last, before it was mounted."""
        *_, picture = self.photograph()
        assert picture is not None
        return picture

    def photograph(self, room: pygame.Surface | None = None) -> Iterator[pygame.Surface | None]:
        """Make a copy of that, in short steps: to read all of it back takes longer than a step of what moves.

        Raises:
            SdlError: the GPU was lost meanwhile.
        """
        assert self._last is not None
        if self._processor is not None:
            yield from self._processor.photograph(room)
            return
        brush, size = self._ready, self._panel(self._last)
        target, picture = brush.room("shown", size), memory(size, room)
        brush.on(target)
        self._panel_picture()
        brush.on(None)
        rows = max(1, STRIP_PIXELS // size[0])
        for top in range(0, size[1], rows):
            yield None
            if self._brush is not brush:
                raise SdlError("the GPU was taken anew meanwhile")
            brush.on(target)
            brush.renderer.read(picture, slice(top, top + rows))
            brush.on(None)
        brush.give_back("shown", size)
        yield picture

    def on_display(self) -> pygame.Surface:
        """Return the display's picture that was presented last, mounted."""
        self._draw()
        picture = pygame.Surface(self._ready.renderer.size, depth=32)
        self._ready.renderer.read(picture)
        return picture

    # --- of its own

    @property
    def textures(self) -> int:
        """How many pictures the GPU keeps."""
        return self._ready.textures

    @property
    def name(self) -> str:
        """What draws."""
        return self._ready.renderer.name

    @property
    def is_software(self) -> bool:
        """Whether it is the processor after all."""
        return self._ready.renderer.is_software

    def test(self) -> None:
        """Draw a small picture, turned, and look at it.

        Raises:
            SdlError: it is not what it should be.
        """
        self._ready.renderer.test()

    def leave(self) -> None:
        """Close the window and give the GPU back; the display stays ours."""
        if self._brush is not None:
            self._brush.renderer.destroy()
        if self._window is not None:
            self._window.destroy()
        self._brush = self._window = None

    @property
    def _ready(self) -> Brush:
        assert self._brush is not None
        return self._brush

    def _guarded(self) -> None:
        """Draw what is to be shown; a GPU that was lost, as after a reset, is taken anew once."""
        try:
            self._show()
        except SdlError as error:
            log.warning("the GPU is taken anew: %s", error)
            try:
                self.leave()
                self.open(self._size)
                self._show()
            except (SdlError, OutputError, pygame.error) as again:
                raise GpuLost(str(again)) from again

    def _show(self) -> None:
        for _ in range(1 + self._again):
            self._draw()
            self._ready.renderer.present()
        self._again = False

    def show_whole(self, picture: pygame.Surface) -> None:
        """Show a picture that is the display's."""
        self._last = picture
        self._guarded()

    def _holds(self, composition: Composition) -> bool:
        """Tell whether the GPU can draw on something of that size, and films are not too large for it."""
        films = [layer.picture.size for layer in composition.layers if not isinstance(layer.picture, pygame.Surface)]
        return all(map(self._ready.holds, (composition.size, *films)))

    def _draw_by_processor(self, composition: Composition) -> None:
        from beffroi_player.outputs.canvas import Canvas  # noqa: PLC0415 -- few screens need it
        from beffroi_player.outputs.mounting import Mounting  # noqa: PLC0415

        if self._processor is None:
            log.info("%d x %d pixels, or a film on them, are more than the GPU can hold", *composition.size)
            self._processor = Canvas(_Whole(self))
        self._processor.mount(self._mounting or Mounting())
        self._processor.draw(composition)

    def _draw(self) -> None:
        assert self._last is not None
        renderer = self._ready.renderer
        if self._processor is not None and isinstance(self._last, pygame.Surface):
            self._ready.on(None)
            renderer.clear()
            self._ready.picture(self._last, (0, 0, *fitted(self._last.get_size(), renderer.size)), smooth=False)
            self._ready.forget()
            return
        panel = self._panel(self._last)
        mounting = list(self._mounting.parts(panel)) if self._mounting else []
        full = self._mounting.size(panel) if self._mounting else panel
        room = fitted(full, renderer.size)
        if not mounting and room == full:
            self._ready.on(None)
            renderer.clear()
            self._panel_picture()
        else:
            # What is smaller than the picture gets it smaller.
            share = room[0] / full[0]
            target = self._ready.room("panel", panel)
            self._ready.on(target)
            self._panel_picture()
            self._ready.on(None)
            renderer.clear()
            for part in mounting:
                area = tuple(share * side for side in part.target)
                renderer.copy(target, area, part.source, part.rotation, smooth=part.smooth or share < 1)  # type: ignore[arg-type]
            if not mounting:
                renderer.copy(target, (0, 0, *room))

    def _panel(self, what: Composition | pygame.Surface) -> Size:
        return what.get_size() if isinstance(what, pygame.Surface) else what.size

    def _panel_picture(self) -> None:
        if isinstance(self._last, pygame.Surface):
            self._ready.picture(self._last, (0, 0, *self._last.get_size()), smooth=False)
        elif self._last is not None:
            self._ready.compose(self._last)
        self._ready.forget()


class _Whole:
    """The display, for what the processor draws in the place of the GPU."""

    def __init__(self, gpu: Gpu) -> None:
        self._gpu = gpu
        self._picture: pygame.Surface | None = None

    def present(self, picture: pygame.Surface) -> None:
        """Show a picture. It is drawn in again, and textures are kept by their pictures."""
        self._picture = picture.copy()
        self._gpu.show_whole(self._picture)

    def capture(self) -> pygame.Surface:
        """Return what was shown last."""
        assert self._picture is not None
        return self._picture
