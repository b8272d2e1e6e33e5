"""Compositions drawn by the GPU: layers are textures, films stay as they were decoded, turns and fades cost nothing.

It stands before a window or a whole display, which finds the display and answers the window system as ever.
"""

from __future__ import annotations

import logging
import os
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pygame

from beffroi_player.outputs.base import Light, OutputError, Size, fitted
from beffroi_player.outputs.sdl import Area, Renderer, SdlError, Texture
from beffroi_player.outputs.window import Window, window_events

if TYPE_CHECKING:  # The first picture is shown before these are loaded.
    from beffroi_player.outputs.composition import Composition, Layer
    from beffroi_player.outputs.mounting import Mounting

log = logging.getLogger(__name__)

TEXTURES = 12
"""Pictures that the GPU keeps, 8 MB each of 1920 by 1080 pixels."""
TOLERANCE = 8
"""By how much a colour of the self-test may be off, of 255."""
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

    between_pixels = True

    def __init__(self, base: Window) -> None:
        self._base = base
        self.pump_seconds = base.pump_seconds
        self._window: pygame.Window | None = None
        self._renderer: Renderer | None = None
        self._size: Size = (0, 0)
        self._again = False
        """Whether the next picture has to be presented twice."""
        self._mounting: Mounting | None = None
        self._pictures: dict[int, tuple[weakref.ref[pygame.Surface], Texture]] = {}
        self._films: dict[tuple[int, object], tuple[Any, Texture]] = {}
        self._used: set[tuple[int, object]] = set()
        self._targets: dict[tuple[str, Size], Texture] = {}
        self._target: Texture | None = None
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
            self._renderer = Renderer(self._window, vsync=full)
        except (SdlError, pygame.error) as error:
            raise OutputError(f"no window with a GPU: {error}") from error
        if max(size) > max(self._renderer.largest) > 0:
            raise OutputError(f"{size[0]}x{size[1]} pixels are more than the GPU can draw")
        self._base.check()
        # Without a desktop, the first picture of a window is lost (SDL 2.32 on KMS).
        self._again = full
        pygame.mouse.set_visible(False)

    def present(self, picture: pygame.Surface) -> None:
        """Show a picture."""
        self._last = picture
        self._guarded()

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

    def mount(self, mounting: Mounting) -> None:
        """Lay the picture on the display like this from now on."""
        self._mounting = mounting

    def draw(self, composition: Composition) -> None:
        """Draw and present."""
        self._last = composition
        self._guarded()

    def shown(self) -> pygame.Surface:
        """Return the panel's picture that was presented last, before it was mounted."""
        assert self._last is not None
        renderer, size = self._ready, self._panel(self._last)
        target = self._room("shown", size)
        self._on(target)
        self._panel_picture()
        picture = renderer.read(size)
        self._on(None)
        return picture

    def on_display(self) -> pygame.Surface:
        """Return the display's picture that was presented last, mounted."""
        self._draw()
        return self._ready.read(self._ready.size)

    # --- of its own

    @property
    def textures(self) -> int:
        """How many pictures the GPU keeps."""
        return len(self._pictures) + len(self._films)

    @property
    def name(self) -> str:
        """What draws."""
        return self._ready.name

    @property
    def is_software(self) -> bool:
        """Whether it is the processor after all."""
        return self._ready.is_software

    def test(self) -> None:
        """Draw a small picture, turned, and look at it.

        Raises:
            SdlError: it is not what it should be.
        """
        renderer, colours = self._ready, [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)]
        picture = pygame.Surface((4, 4), depth=32)
        for place, colour in zip(((0, 0), (2, 0), (2, 2), (0, 2)), colours, strict=True):
            picture.fill(colour, (*place, 2, 2))
        texture = renderer.texture(picture)
        renderer.clear()
        renderer.copy(texture, (0, 0, 4, 4), rotation=90)
        seen = renderer.read((4, 4))
        texture.destroy()
        for place, colour in zip(((3, 0), (3, 3), (0, 3), (0, 0)), colours, strict=True):
            found = seen.get_at(place)[:3]
            if any(abs(one - other) > TOLERANCE for one, other in zip(found, colour, strict=True)):
                raise SdlError(f"{renderer.name} draws {found} where {colour} is wanted")

    def leave(self) -> None:
        """Close the window and give the GPU back; the display stays ours."""
        if self._renderer is not None:
            self._renderer.destroy()
        if self._window is not None:
            self._window.destroy()
        self._renderer = self._window = self._target = None
        self._pictures, self._films, self._targets = {}, {}, {}

    @property
    def _ready(self) -> Renderer:
        assert self._renderer is not None
        return self._renderer

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
            self._ready.present()
        self._again = False

    def _draw(self) -> None:
        assert self._last is not None
        renderer = self._ready
        panel = self._panel(self._last)
        mounting = list(self._mounting.parts(panel)) if self._mounting else []
        full = self._mounting.size(panel) if self._mounting else panel
        room = fitted(full, renderer.size)
        if not mounting and room == full:
            self._on(None)
            renderer.clear()
            self._panel_picture()
        else:
            # What is smaller than the picture gets it smaller.
            share = room[0] / full[0]
            target = self._room("panel", panel)
            self._on(target)
            self._panel_picture()
            self._on(None)
            renderer.clear()
            for part in mounting:
                area = tuple(share * side for side in part.target)
                renderer.copy(target, area, part.source, part.rotation, smooth=part.smooth or share < 1)  # type: ignore[arg-type]
            if not mounting:
                renderer.copy(target, (0, 0, *room))

    def _panel(self, what: Composition | pygame.Surface) -> Size:
        return what.get_size() if isinstance(what, pygame.Surface) else what.size

    def _panel_picture(self) -> None:
        self._used = set()
        if isinstance(self._last, pygame.Surface):
            self._ready.copy(self._texture(self._last), (0, 0, *self._last.get_size()))
        elif self._last is not None:
            self._compose(self._last)
        self._forget()

    def _compose(self, composition: Composition) -> None:
        from beffroi_content.model import Transition  # noqa: PLC0415 -- after the first picture

        renderer, before = self._ready, composition.before
        if before is None:
            self._layers(composition.layers)
        elif composition.kind in (Transition.PUSH, Transition.WIPE):
            leaving, coming, seen = (0, 0), (0, 0), composition.wiped()
            if composition.kind is Transition.PUSH:
                (leaving, coming), seen = composition.push(), composition.entered()
            self._layers_before(composition, before, leaving)
            renderer.clip(seen)
            self._layers(composition.layers, coming, within=seen)
            renderer.clip(None)
        else:
            self._fade(composition, before, composition.zoom() if composition.kind is Transition.ZOOM else 1.0)
        if composition.brightness < 100:
            renderer.darken(1 - composition.brightness / 100)

    def _fade(self, composition: Composition, before: Composition, factor: float) -> None:
        after = self._room("after", composition.size)
        target, where = self._target, composition.where
        self._on(after)
        self._layers(composition.layers)
        self._on(target)
        self._layers_before(composition, before)
        left, top, width, height = where
        larger = width * factor, height * factor
        area = left + (width - larger[0]) / 2, top + (height - larger[1]) / 2, *larger
        self._ready.clip(where)
        self._ready.copy(after, area, where, opacity=min(254, round(255 * composition.done)))
        self._ready.clip(None)

    def _layers_before(self, composition: Composition, before: Composition, offset: tuple[int, int] = (0, 0)) -> None:
        """Draw what gives way, where it does, and the new picture around it."""
        if composition.changing is not None:
            self._layers(composition.layers)
        self._ready.clip(composition.where)
        self._layers(before.layers, offset, within=composition.where)
        self._ready.clip(None)

    def _layers(
        self,
        layers: tuple[Layer, ...],
        offset: tuple[int, int] = (0, 0),
        within: tuple[int, int, int, int] | None = None,
    ) -> None:
        """Draw layers, moved by an offset, where a part of the panel is set as the one to draw in."""
        for number, layer in enumerate(layers):
            left, top, width, height = layer.area
            across, down = layer.shift
            area: Area = (left + offset[0] + across, top + offset[1] + down, width, height)
            if isinstance(layer.picture, pygame.Surface):
                texture = self._texture(layer.picture)
            else:
                texture = self._film(number, layer.picture.frame)
            # What has its own size is shown to the pixel, unless it lies between pixels.
            smooth = texture.size != (width, height) or layer.shift != (0.0, 0.0)
            if layer.clip is not None:
                seen = pygame.Rect(layer.clip).move(offset)
                self._ready.clip((*seen.clip(within),) if within else (*seen,))
            self._ready.copy(texture, area, layer.source, layer.rotation, smooth=smooth)
            if layer.clip is not None:
                self._ready.clip(within)

    def _texture(self, surface: pygame.Surface) -> Texture:
        found = self._pictures.pop(id(surface), None)
        if found is None or found[0]() is not surface:
            found = weakref.ref(surface), self._ready.texture(surface)
        # The last used one is the last in the order.
        self._pictures[id(surface)] = found
        return found[1]

    def _film(self, number: int, frame: Any) -> Texture:
        place = number, (frame.width, frame.height, frame.format.name)
        shown, texture = self._films.get(place) or (None, self._ready.planes(frame))
        if shown is not frame:
            texture.upload_planes(frame)
        self._films[place] = frame, texture
        self._used.add(place)
        return texture

    def _room(self, name: str, size: Size) -> Texture:
        if (name, size) not in self._targets:
            self._targets[name, size] = self._ready.target(size)
        return self._targets[name, size]

    def _on(self, target: Texture | None) -> None:
        self._ready.draw_on(target)
        self._target = target

    def _forget(self) -> None:
        """Give back the textures of pictures that are gone, of those not used for longest, and of films that ended."""
        for place in self._films.keys() - self._used:
            self._films.pop(place)[1].destroy()
        for key, (reference, texture) in list(self._pictures.items()):
            if reference() is None or len(self._pictures) > TEXTURES:
                texture.destroy()
                del self._pictures[key]
