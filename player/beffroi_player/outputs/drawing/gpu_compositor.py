"""Output that draws compositions by the GPU: layers are textures, and video frames are uploaded as decoded YUV.

It wraps a window or full-screen output, which still finds the display and processes its events. Rotation, scaling and
fades are the GPU's. Compositions that are larger than the GPU's textures are drawn by the processor instead.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pygame

from beffroi_player.outputs.base import DisplayResult, OutputError, Size, fit_size, scratch_surface
from beffroi_player.outputs.drawing.gpu_painter import GpuPainter
from beffroi_player.outputs.drawing.sdl import SdlError, SdlRenderer
from beffroi_player.outputs.window import WindowOutput, poll_window_events

if TYPE_CHECKING:  # The first image is shown before these are loaded.
    from beffroi_player.outputs.display_mounting import DisplayMounting
    from beffroi_player.outputs.drawing.composition import PanelComposition
    from beffroi_player.outputs.drawing.cpu_painter import CpuPainter

log = logging.getLogger(__name__)

READ_BACK_PIXELS = 128 * 1024
"""Pixels that are read back from the GPU at once: half a megabyte."""
_RENDER_NODES = Path("/dev/dri")


class GpuLostError(Exception):
    """The GPU was lost and could not be opened again; the stage has to be restarted."""


def wrap_output(output: WindowOutput, *, forced: bool) -> WindowOutput | GpuOutput:
    """Return the output drawn by the GPU, or the output itself where no GPU passes the self-test.

    Args:
        output: A started output.
        forced: Accept a software renderer too, and raise an error where none works.

    Raises:
        OutputError: it is forced, and no renderer works.
    """
    if not forced and not any(_RENDER_NODES.glob("renderD*")):
        return output
    gpu = GpuOutput(output)
    try:
        gpu.open(output.desktop_size())
        gpu.run_self_test()
        if gpu.is_software and not forced:
            raise SdlError(f"{gpu.renderer_name} is no GPU")
    except (SdlError, OutputError, pygame.error) as error:
        gpu.release_gpu()
        if forced:
            raise OutputError(f"the GPU cannot be used: {error}") from error
        log.info("frames are drawn by the processor: %s", error)
        return output
    log.info("frames are drawn by the GPU: %s", gpu.renderer_name)
    return gpu


class GpuOutput:
    """A window or full display that is drawn by the GPU.

    Args:
        base: Output that finds the display; its own window is never opened.
    """

    def __init__(self, base: WindowOutput) -> None:
        self._base = base
        self.event_interval_s = base.event_interval_s
        self._window: pygame.Window | None = None
        self._painter: GpuPainter | None = None
        self._size: Size = (0, 0)
        self._present_twice = False
        """Whether the next frame has to be presented twice."""
        self._mounting: DisplayMounting | None = None
        self._cpu_painter: CpuPainter | None = None
        """Painter of compositions that are too large for the GPU, while one is presented."""
        self._last: PanelComposition | pygame.Surface | None = None

    # --- interface of an output

    def start(self) -> None:
        """Open the display; see :meth:`Output.start`."""
        self._base.start()

    def desktop_size(self) -> Size:
        """Return the size of the display."""
        return self._base.desktop_size()

    def refresh_rate(self) -> float:
        """Return the frames per second of the display."""
        return self._base.refresh_rate()

    def open(self, size: Size) -> None:
        """Open the window, or give it another size.

        Raises:
            OutputError: the display or the GPU refuses.
        """
        self._size = size
        wanted = fit_size(size, self.desktop_size())
        if self._window is not None and self._window.size == wanted:
            return
        self.release_gpu()
        os.environ.setdefault("SDL_RENDER_SCALE_QUALITY", "linear")
        full = bool(self._base.flags & pygame.FULLSCREEN)
        try:
            self._window = pygame.Window("Beffroi", wanted, fullscreen=full)
            self._painter = GpuPainter(SdlRenderer(self._window, vsync=full))
        except (SdlError, pygame.error) as error:
            raise OutputError(f"no window with a GPU: {error}") from error
        if not self._painter.supports_size(wanted):
            raise OutputError(f"{wanted[0]}x{wanted[1]} pixels are more than the GPU can draw")
        self._base.check_ownership()
        # Without a desktop, the first frame of a window is lost (SDL 2.32 on KMS).
        self._present_twice = full
        pygame.mouse.set_visible(False)

    def present_image(self, image: pygame.Surface) -> None:
        """Show an image."""
        if self._open_painter.supports_size(image.get_size()):
            self._cpu_painter, self._last = None, image
            self._show_guarded()
        else:
            from beffroi_player.outputs.drawing.composition import DrawingLayer, PanelComposition  # noqa: PLC0415 -- few screens need it

            self._draw_by_cpu(PanelComposition(image.get_size(), (DrawingLayer.full_panel(image),)))

    def finish_present(self) -> None:
        """Do nothing: presenting is complete."""

    def last_presented(self) -> pygame.Surface:
        """Return the panel's image: drawn once more, and read back from the GPU."""
        return self.presented_image()

    def process_events(self) -> bool:
        """Process the events of the window system, and reopen the display if another one is plugged in."""
        closed, exposed = poll_window_events()
        if self._base.is_display_changed():
            self.release_gpu()
            self._base.reopen_display()
            self.open(self._size)
            exposed = True
        if exposed and self._last is not None:
            self._show_guarded()
        return not closed

    def close(self) -> None:
        """Release GPU and display."""
        self.release_gpu()
        self._base.close()

    def control_display(self, on: bool, brightness: int) -> DisplayResult:
        """Request power and brightness; see :meth:`Output.control_display`."""
        return self._base.control_display(on, brightness)

    # --- interface of a painter

    @property
    def has_subpixel_shift(self) -> bool:
        """Whether layers may be shifted by less than a pixel."""
        return self._cpu_painter is None

    def set_mounting(self, mounting: DisplayMounting) -> None:
        """Set the arrangement of the panel's image on the display for all following compositions."""
        self._mounting = mounting

    def draw_composition(self, composition: PanelComposition) -> None:
        """Draw a composition and present it."""
        if self._fits_gpu(composition) and (composition.previous is None or self._fits_gpu(composition.previous)):
            self._cpu_painter, self._last = None, composition
            self._show_guarded()
        else:
            self._draw_by_cpu(composition)

    def presented_image(self) -> pygame.Surface:
        """Return the panel's image that was presented last, before mounting."""
        *_, image = self.copy_presented()
        assert image is not None
        return image

    def copy_presented(self, reusable: pygame.Surface | None = None) -> Iterator[pygame.Surface | None]:
        """Copy the presented image in short steps: to read all of it back takes longer than a step of an animation.

        Raises:
            SdlError: the GPU was lost meanwhile.
        """
        assert self._last is not None
        if self._cpu_painter is not None:
            yield from self._cpu_painter.copy_presented(reusable)
            return
        painter, size = self._open_painter, self._panel_size(self._last)
        target, image = painter.target_texture("shown", size), scratch_surface(size, reusable)
        painter.set_target(target)
        self._draw_panel()
        painter.set_target(None)
        rows = max(1, READ_BACK_PIXELS // size[0])
        for top in range(0, size[1], rows):
            yield None
            if self._painter is not painter:
                raise SdlError("the GPU was taken anew meanwhile")
            painter.set_target(target)
            painter.renderer.read_pixels(image, slice(top, top + rows))
            painter.set_target(None)
        painter.release_target("shown", size)
        yield image

    def display_image(self) -> pygame.Surface:
        """Return the display's image that was presented last, after mounting."""
        self._draw_display()
        image = pygame.Surface(self._open_painter.renderer.output_size, depth=32)
        self._open_painter.renderer.read_pixels(image)
        return image

    # --- state and self-test

    @property
    def texture_count(self) -> int:
        """Number of images and video frames cached on the GPU."""
        return self._open_painter.texture_count

    @property
    def renderer_name(self) -> str:
        """Name of the renderer and its driver."""
        return self._open_painter.renderer.name

    @property
    def is_software(self) -> bool:
        """Whether the renderer draws with the processor."""
        return self._open_painter.renderer.is_software

    def run_self_test(self) -> None:
        """Draw a small rotated image and verify its pixels.

        Raises:
            SdlError: a pixel is wrong.
        """
        self._open_painter.renderer.run_self_test()

    def release_gpu(self) -> None:
        """Close the window and release the GPU; the display stays open."""
        if self._painter is not None:
            self._painter.renderer.destroy()
        if self._window is not None:
            self._window.destroy()
        self._painter = self._window = None

    @property
    def _open_painter(self) -> GpuPainter:
        assert self._painter is not None
        return self._painter

    def _show_guarded(self) -> None:
        """Draw and present; a GPU that was lost, as after a reset, is reopened once."""
        try:
            self._draw_and_present()
        except SdlError as error:
            log.warning("the GPU is reopened: %s", error)
            try:
                self.release_gpu()
                self.open(self._size)
                self._draw_and_present()
            except (SdlError, OutputError, pygame.error) as again:
                raise GpuLostError(str(again)) from again

    def _draw_and_present(self) -> None:
        # The frame is drawn twice too: after presenting, the content of the back buffer is undefined.
        for _ in range(1 + self._present_twice):
            self._draw_display()
            self._open_painter.renderer.present()
        self._present_twice = False

    def show_display_image(self, image: pygame.Surface) -> None:
        """Show an image of the display, as the CPU painter made it."""
        self._last = image
        self._show_guarded()

    def _fits_gpu(self, composition: PanelComposition) -> bool:
        """Tell whether the composition and its video frames are within the GPU's texture size."""
        videos = [layer.content.size for layer in composition.layers if not isinstance(layer.content, pygame.Surface)]
        return all(map(self._open_painter.supports_size, (composition.size, *videos)))

    def _draw_by_cpu(self, composition: PanelComposition) -> None:
        from beffroi_player.outputs.display_mounting import DisplayMounting  # noqa: PLC0415
        from beffroi_player.outputs.drawing.cpu_painter import CpuPainter  # noqa: PLC0415 -- few screens need it

        if self._cpu_painter is None:
            log.info("%d x %d pixels, or a video on them, are more than the GPU can hold", *composition.size)
            self._cpu_painter = CpuPainter(_DisplayImageSink(self))
        self._cpu_painter.set_mounting(self._mounting or DisplayMounting())
        self._cpu_painter.draw_composition(composition)

    def _draw_display(self) -> None:
        assert self._last is not None
        renderer = self._open_painter.renderer
        if self._cpu_painter is not None and isinstance(self._last, pygame.Surface):
            self._open_painter.set_target(None)
            renderer.clear()
            self._open_painter.draw_image(
                self._last, (0, 0, *fit_size(self._last.get_size(), renderer.output_size)), smooth=False
            )
            self._open_painter.evict_textures()
            return
        panel = self._panel_size(self._last)
        mounting = list(self._mounting.mounted_parts(panel)) if self._mounting else []
        full = self._mounting.display_size(panel) if self._mounting else panel
        window_size = fit_size(full, renderer.output_size)
        if not mounting and window_size == full:
            self._open_painter.set_target(None)
            renderer.clear()
            self._draw_panel()
        else:
            # The panel is drawn on a texture, whose parts are then copied to their places. A window smaller than the
            # display's image shows it scaled down.
            share = window_size[0] / full[0]
            target = self._open_painter.target_texture("panel", panel)
            self._open_painter.set_target(target)
            self._draw_panel()
            self._open_painter.set_target(None)
            renderer.clear()
            for part in mounting:
                area = tuple(share * side for side in part.target)
                renderer.draw_texture(target, area, part.source, part.rotation, smooth=part.smooth or share < 1)  # type: ignore[arg-type]
            if not mounting:
                renderer.draw_texture(target, (0, 0, *window_size))

    def _panel_size(self, what: PanelComposition | pygame.Surface) -> Size:
        return what.get_size() if isinstance(what, pygame.Surface) else what.size

    def _draw_panel(self) -> None:
        if isinstance(self._last, pygame.Surface):
            self._open_painter.draw_image(self._last, (0, 0, *self._last.get_size()), smooth=False)
        elif self._last is not None:
            self._open_painter.draw_composition(self._last)
        self._open_painter.evict_textures()


class _DisplayImageSink:
    """Image sink of the CPU painter that draws in place of the GPU."""

    def __init__(self, gpu: GpuOutput) -> None:
        self._gpu = gpu
        self._image: pygame.Surface | None = None

    def present_image(self, image: pygame.Surface) -> None:
        """Show a copy of an image: the painter reuses its surface, and the texture cache is keyed by surfaces."""
        self._image = image.copy()
        self._gpu.show_display_image(self._image)

    def last_presented(self) -> pygame.Surface:
        """Return the image that was shown last."""
        assert self._image is not None
        return self._image
