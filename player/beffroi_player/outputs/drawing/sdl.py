"""Bindings for the parts of SDL 2 that pygame does not offer: a renderer with YUV textures, and queued audio.

The library is the one that pygame has loaded; names and numbers are those of SDL 2 (SDL_render.h, SDL_pixels.h).
ctypes releases the interpreter's lock during each call.
"""

from __future__ import annotations

import ctypes
import re
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pygame

Area = tuple[float, float, float, float]
"""Left, top, width and height in pixels."""
_ACCELERATED, _VSYNC, _TARGETS = 0x02, 0x04, 0x08
_STATIC, _STREAMING, _TARGET = 0, 1, 2
_RGB, _IYUV, _NV12 = 0x16161804, 0x56555949, 0x3231564E
"""SDL_PIXELFORMAT_RGB888, the format of pygame's 32-bit surfaces without alpha, and the two video formats."""
_MASKS = (0xFF0000, 0xFF00, 0xFF, 0)
_NONE, _BLEND = 0, 1
_NEAREST, _LINEAR = 0, 1
_BT709 = 2
COLOUR_TOLERANCE = 8
"""Largest accepted difference of a colour in the self-test, of 255."""
_GL_RENDERER = 0x1F01
_SOFTWARE = ("llvmpipe", "softpipe", "swrast", "software")


class SdlError(Exception):
    """A call of SDL failed; the message says why."""


class _SdlRect(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int) for name in ("x", "y", "w", "h")]


class _SdlFloatRect(ctypes.Structure):
    _fields_ = [(name, ctypes.c_float) for name in ("x", "y", "w", "h")]


class _SdlDisplayMode(ctypes.Structure):
    """The structure SDL_DisplayMode."""

    _fields_ = [
        ("format", ctypes.c_uint32), *((name, ctypes.c_int) for name in ("width", "height", "rate")),
        ("driver", ctypes.c_void_p),
    ]  # fmt: skip


class _SdlRendererInfo(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p), ("flags", ctypes.c_uint32), ("format_count", ctypes.c_uint32),
        ("formats", ctypes.c_uint32 * 16), ("max_width", ctypes.c_int), ("max_height", ctypes.c_int),
    ]  # fmt: skip


@cache
def sdl_library() -> Any:
    """Return the SDL library that pygame has loaded.

    Raises:
        SdlError: it is not among the mapped files of the process.
    """
    found = re.search(r"/\S*libSDL2-2\S*\.so\S*", Path("/proc/self/maps").read_text())
    if found is None:
        raise SdlError("the SDL library of pygame is not found")
    sdl = ctypes.CDLL(found[0])
    pointer, integer, double = ctypes.c_void_p, ctypes.c_int, ctypes.c_double
    for name, result, arguments in (
        ("GetError", ctypes.c_char_p, ()),
        ("SetHint", integer, (ctypes.c_char_p, ctypes.c_char_p)),
        ("GetWindowFromID", pointer, (ctypes.c_uint32,)),
        ("CreateRenderer", pointer, (pointer, integer, ctypes.c_uint32)),
        ("DestroyRenderer", None, (pointer,)),
        ("GetRendererInfo", integer, (pointer, pointer)),
        ("GetRendererOutputSize", integer, (pointer, pointer, pointer)),
        ("GL_GetProcAddress", pointer, (ctypes.c_char_p,)),
        ("SetYUVConversionMode", None, (integer,)),
        ("CreateTexture", pointer, (pointer, ctypes.c_uint32, integer, integer, integer)),
        ("DestroyTexture", None, (pointer,)),
        ("UpdateTexture", integer, (pointer, pointer, pointer, integer)),
        ("UpdateYUVTexture", integer, (pointer, pointer, *(3 * (pointer, integer)))),
        ("UpdateNVTexture", integer, (pointer, pointer, *(2 * (pointer, integer)))),
        ("SetTextureAlphaMod", integer, (pointer, ctypes.c_uint8)),
        ("SetTextureBlendMode", integer, (pointer, integer)),
        ("SetTextureScaleMode", integer, (pointer, integer)),
        ("SetRenderTarget", integer, (pointer, pointer)),
        ("SetRenderDrawColor", integer, (pointer, *(4 * (ctypes.c_uint8,)))),
        ("SetRenderDrawBlendMode", integer, (pointer, integer)),
        ("RenderClear", integer, (pointer,)),
        ("RenderFillRect", integer, (pointer, pointer)),
        ("RenderSetClipRect", integer, (pointer, pointer)),
        ("RenderCopyExF", integer, (pointer, pointer, pointer, pointer, double, pointer, integer)),
        ("RenderReadPixels", integer, (pointer, pointer, ctypes.c_uint32, pointer, integer)),
        ("RenderPresent", None, (pointer,)),
        ("GetCurrentDisplayMode", integer, (integer, pointer)),
        ("InitSubSystem", integer, (ctypes.c_uint32,)),
        ("OpenAudioDevice", ctypes.c_uint32, (ctypes.c_char_p, integer, pointer, pointer, integer)),
        ("PauseAudioDevice", None, (ctypes.c_uint32, integer)),
        ("MixAudioFormat", None, (pointer, ctypes.c_char_p, ctypes.c_uint16, ctypes.c_uint32, integer)),
        ("QueueAudio", integer, (ctypes.c_uint32, pointer, ctypes.c_uint32)),
        ("GetQueuedAudioSize", ctypes.c_uint32, (ctypes.c_uint32,)),
        ("ClearQueuedAudio", None, (ctypes.c_uint32,)),
        ("CloseAudioDevice", None, (ctypes.c_uint32,)),
    ):
        function = getattr(sdl, f"SDL_{name}")
        function.restype, function.argtypes = result, arguments
    return sdl


def _raise_on_error(answer: int) -> None:
    if answer != 0:
        raise SdlError(sdl_library().SDL_GetError().decode(errors="replace"))


def display_rate() -> float:
    """Return the frames per second of the first display; 0 where SDL does not know them."""
    mode = _SdlDisplayMode()
    with suppress(SdlError):
        if sdl_library().SDL_GetCurrentDisplayMode(0, ctypes.byref(mode)) == 0:
            return float(mode.rate)
    return 0.0


class SdlTexture:
    """A texture on the GPU, which belongs to the renderer that made it."""

    def __init__(self, renderer: int, kind: int, access: int, size: tuple[int, int]) -> None:
        self.size = size
        self.handle = sdl_library().SDL_CreateTexture(renderer, kind, access, *size)
        if not self.handle:
            _raise_on_error(1)

    def upload_surface(self, surface: pygame.Surface) -> None:
        """Replace its pixels by those of a surface of the same size."""
        if surface.get_masks() != _MASKS:
            surface = surface.convert(32)
        _raise_on_error(
            sdl_library().SDL_UpdateTexture(self.handle, None, surface._pixels_address, surface.get_pitch())
        )

    def upload_frame(self, frame: Any) -> None:
        """Replace its pixels by the planes of an ``av.VideoFrame`` of the same size."""
        planes = [part for plane in frame.planes[:3] for part in (plane.buffer_ptr, plane.line_size)]
        update = sdl_library().SDL_UpdateNVTexture if len(frame.planes) == 2 else sdl_library().SDL_UpdateYUVTexture
        _raise_on_error(update(self.handle, None, *planes))

    def release(self) -> None:
        """Release the texture."""
        if self.handle:
            sdl_library().SDL_DestroyTexture(self.handle)
        self.handle = None


class SdlRenderer:
    """An SDL renderer of a window.

    Raises:
        SdlError: the window can have none.
    """

    def __init__(self, window: pygame.Window, *, vsync: bool) -> None:
        sdl = sdl_library()
        handle = sdl.SDL_GetWindowFromID(window.id)
        flags = _ACCELERATED | _TARGETS | (_VSYNC if vsync else 0)
        self._handle = sdl.SDL_CreateRenderer(handle, -1, flags)
        if not self._handle:
            _raise_on_error(1)
        sdl.SDL_SetYUVConversionMode(_BT709)
        info = _SdlRendererInfo()
        _raise_on_error(sdl.SDL_GetRendererInfo(self._handle, ctypes.byref(info)))
        self.name = f"{info.name.decode()} ({_opengl_driver()})"
        """Such as ``opengles2 (V3D 4.2)``."""
        self.max_texture_size = info.max_width, info.max_height
        """Largest width and height of a texture, in pixels; 0: no limit."""

    @property
    def is_software(self) -> bool:
        """Whether the processor draws, which is slower than the CPU painter."""
        return any(word in self.name.lower() for word in _SOFTWARE)

    @property
    def output_size(self) -> tuple[int, int]:
        """Size of the window, in pixels."""
        width, height = ctypes.c_int(), ctypes.c_int()
        _raise_on_error(
            sdl_library().SDL_GetRendererOutputSize(self._handle, ctypes.byref(width), ctypes.byref(height))
        )
        return width.value, height.value

    def create_texture(self, surface: pygame.Surface) -> SdlTexture:
        """Return a texture with the pixels of a surface."""
        texture = SdlTexture(self._handle, _RGB, _STATIC, surface.get_size())
        texture.upload_surface(surface)
        return texture

    def create_video_texture(self, frame: Any) -> SdlTexture:
        """Return an empty texture for video frames of this size and format."""
        kind = _NV12 if len(frame.planes) == 2 else _IYUV
        return SdlTexture(self._handle, kind, _STREAMING, (frame.width, frame.height))

    def create_target(self, size: tuple[int, int]) -> SdlTexture:
        """Return an empty texture to draw on."""
        return SdlTexture(self._handle, _RGB, _TARGET, size)

    def set_target(self, texture: SdlTexture | None) -> None:
        """Draw on a texture from now on; None: on the window."""
        _raise_on_error(sdl_library().SDL_SetRenderTarget(self._handle, texture.handle if texture else None))

    def clear(self) -> None:
        """Make everything black."""
        _raise_on_error(sdl_library().SDL_SetRenderDrawColor(self._handle, 0, 0, 0, 255))
        _raise_on_error(sdl_library().SDL_RenderClear(self._handle))

    def set_clip(self, area: Area | None) -> None:
        """Draw only within an area from now on; None: everywhere."""
        rect = ctypes.byref(_SdlRect(*map(round, area))) if area else None
        _raise_on_error(sdl_library().SDL_RenderSetClipRect(self._handle, rect))

    def darken(self, share: float) -> None:
        """Darken all pixels by a share, from 0 to 1."""
        sdl = sdl_library()
        _raise_on_error(sdl.SDL_SetRenderDrawBlendMode(self._handle, _BLEND))
        _raise_on_error(sdl.SDL_SetRenderDrawColor(self._handle, 0, 0, 0, round(255 * share)))
        _raise_on_error(sdl.SDL_RenderFillRect(self._handle, None))

    def draw_texture(
        self, texture: SdlTexture, area: Area, source: Area | None = None, rotation: int = 0, opacity: int = 255,
        *, smooth: bool = True,
    ) -> None:  # fmt: skip
        """Draw a texture, or a part of it, so that it fills an area after its rotation.

        Args:
            texture: The texture.
            area: Area on the target, after the rotation.
            source: The part of the texture; None: all of it.
            rotation: Degrees clockwise: 0, 90, 180 or 270.
            opacity: 0 to 255.
            smooth: Interpolate between pixels.
        """
        sdl = sdl_library()
        left, top, width, height = area
        if rotation in (90, 270):
            # SDL rotates about the centre of the area before the rotation.
            left, top, width, height = left + (width - height) / 2, top + (height - width) / 2, height, width
        part = ctypes.byref(_SdlRect(*map(round, source))) if source else None
        _raise_on_error(sdl.SDL_SetTextureBlendMode(texture.handle, _NONE if opacity == 255 else _BLEND))
        _raise_on_error(sdl.SDL_SetTextureAlphaMod(texture.handle, opacity))
        _raise_on_error(sdl.SDL_SetTextureScaleMode(texture.handle, _LINEAR if smooth else _NEAREST))
        place = ctypes.byref(_SdlFloatRect(left, top, width, height))
        _raise_on_error(sdl.SDL_RenderCopyExF(self._handle, texture.handle, part, place, float(rotation), None, 0))

    def read_pixels(self, surface: pygame.Surface, rows: slice | None = None) -> None:
        """Read the drawn pixels, from the upper left corner on, into a surface of 32 bits.

        Args:
            surface: The surface to fill.
            rows: Only these rows; None: all.
        """
        top, below, _ = (rows or slice(None)).indices(surface.get_height())
        area = (0, top, surface.get_width(), below - top)
        address, pitch = surface.subsurface(area)._pixels_address, surface.get_pitch()
        _raise_on_error(
            sdl_library().SDL_RenderReadPixels(self._handle, ctypes.byref(_SdlRect(*area)), _RGB, address, pitch)
        )

    def run_self_test(self) -> None:
        """Draw a small rotated image and verify its pixels.

        Raises:
            SdlError: a pixel is wrong.
        """
        colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)]
        image = pygame.Surface((4, 4), depth=32)
        for place, colour in zip(((0, 0), (2, 0), (2, 2), (0, 2)), colours, strict=True):
            image.fill(colour, (*place, 2, 2))
        texture = self.create_texture(image)
        self.clear()
        self.draw_texture(texture, (0, 0, 4, 4), rotation=90)
        seen = pygame.Surface((4, 4), depth=32)
        self.read_pixels(seen)
        texture.release()
        for place, colour in zip(((3, 0), (3, 3), (0, 3), (0, 0)), colours, strict=True):
            found = seen.get_at(place)[:3]
            if any(abs(one - other) > COLOUR_TOLERANCE for one, other in zip(found, colour, strict=True)):
                raise SdlError(f"{self.name} draws {found} where {colour} is wanted")

    def present(self) -> None:
        """Show the drawn pixels in the window."""
        sdl_library().SDL_RenderPresent(self._handle)

    def destroy(self) -> None:
        """Release the renderer, with every texture."""
        if self._handle:
            sdl_library().SDL_DestroyRenderer(self._handle)
        self._handle = None


def _opengl_driver() -> str:
    """Return the name that the OpenGL driver gives itself; empty where none is in use."""
    with suppress(AttributeError, UnicodeDecodeError):
        address = sdl_library().SDL_GL_GetProcAddress(b"glGetString")
        if address:
            answer = ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.c_uint)(address)(_GL_RENDERER)
            return (answer or b"").decode()
    return ""
