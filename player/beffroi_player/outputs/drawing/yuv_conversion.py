"""Conversion of YUV video frames to RGB by the processor, directly into the memory of a surface.

PyAV converts into a new frame, which would have to be copied to the display: the copy costs more than the conversion.
Therefore swscale (swscale.h of FFmpeg) is called directly, in the library that PyAV has loaded.
"""

from __future__ import annotations

import ctypes
import re
from functools import cache
from pathlib import Path
from typing import Any

import pygame

from beffroi_player.outputs.drawing.composition import Area, YuvFrame

_BGRA = (0xFF0000, 0xFF00, 0xFF)
"""Masks of red, green and blue of the converted pixels."""
_BILINEAR, _BT709, _FULL_RANGE = 2, 1, 2
_FIXED_POINT_ONE = 1 << 16
_ROW_ALIGNMENT = 32
"""Pixels that swscale writes at once, at most: it may overrun a row up to the next multiple of these."""
_PlanePointers, _PlaneStrides = ctypes.c_void_p * 4, ctypes.c_int * 4


class YuvConversionError(Exception):
    """Frames cannot be converted to RGB."""


@cache
def _loaded_library(name: str) -> Any:
    found = re.search(rf"/\S*lib{name}\S*\.so\S*", Path("/proc/self/maps").read_text())
    if found is None:
        raise YuvConversionError(f"the library {name} of PyAV is not found")
    return ctypes.CDLL(found[0])


@cache
def _swscale_library() -> Any:
    library = _loaded_library("swscale")
    pointer, integer = ctypes.c_void_p, ctypes.c_int
    for name, result, arguments in (
        ("sws_getContext", pointer, (*(7 * (integer,)), *(3 * (pointer,)))),
        ("sws_getCoefficients", pointer, (integer,)),
        ("sws_setColorspaceDetails", integer, (pointer, pointer, integer, pointer, *(4 * (integer,)))),
        ("sws_scale", integer, (pointer, pointer, pointer, integer, integer, pointer, pointer)),
        ("sws_freeContext", None, (pointer,)),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


@cache
def _pixel_format(name: str) -> int:
    library = _loaded_library("avutil")
    library.av_get_pix_fmt.argtypes = (ctypes.c_char_p,)
    return int(library.av_get_pix_fmt(name.encode()))


class YuvConverter:
    """Converter of the frames of one video; belongs to one thread.

    Raises:
        YuvConversionError: by every method, if frames cannot be converted.
    """

    def __init__(self) -> None:
        self._context: int | None = None
        self._made_for: tuple[object, ...] = ()

    def convert_frame(self, yuv_frame: YuvFrame, source: Area, surface: pygame.Surface, size: tuple[int, int]) -> None:
        """Fill the upper left of a surface with a scaled part of a frame.

        Args:
            yuv_frame: The frame.
            source: Left, top, width and height of the part; rounded down to an even pixel.
            surface: A surface for which :func:`can_convert_into` is true, or one of :func:`padded_size`.
            size: Width and height of the result.
        """
        frame, (left, top, width, height) = yuv_frame.frame, source
        left, top = left - left % 2, top - top % 2
        context = self._context_for(frame, (width, height), size)
        begins, rows = [], []
        for number, plane in enumerate(frame.planes):
            # Chroma has half as many rows and columns; NV12 has both chroma channels interleaved in one plane.
            across, down = (left, top) if number == 0 else (left if len(frame.planes) == 2 else left // 2, top // 2)
            begins.append(plane.buffer_ptr + down * plane.line_size + across)
            rows.append(plane.line_size)
        target, pitch = _PlanePointers(surface._pixels_address), _PlaneStrides(surface.get_pitch())
        _swscale_library().sws_scale(context, _PlanePointers(*begins), _PlaneStrides(*rows), 0, height, target, pitch)

    def close(self) -> None:
        """Release the conversion context."""
        if self._context:
            _swscale_library().sws_freeContext(self._context)
        self._context, self._made_for = None, ()

    def __del__(self) -> None:
        self.close()

    def _context_for(self, frame: Any, part: tuple[int, int], size: tuple[int, int]) -> int:
        full = int(frame.color_range == _FULL_RANGE)
        wanted = (part, frame.format.name, size, full)
        if self._context and wanted == self._made_for:
            return self._context
        self.close()
        library = _swscale_library()
        kind = _pixel_format(frame.format.name)
        context = library.sws_getContext(*part, kind, *size, _pixel_format("bgra"), _BILINEAR, None, None, None)
        if not context:
            raise YuvConversionError(f"frames of {frame.format.name} and {part} pixels cannot be made {size}")
        # BT.709 is what the server converts every video to, and what the GPU is set to.
        table = library.sws_getCoefficients(_BT709)
        library.sws_setColorspaceDetails(context, table, full, table, 1, 0, _FIXED_POINT_ONE, _FIXED_POINT_ONE)
        self._context, self._made_for = int(context), wanted
        return self._context


def can_convert_into(surface: pygame.Surface, size: tuple[int, int]) -> bool:
    """Tell whether a converter may fill a whole surface: format and size must fit, and rows must not be overrun."""
    return surface.get_size() == size and size[0] % _ROW_ALIGNMENT == 0 and surface.get_masks()[:3] == _BGRA


def padded_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return the size of a surface for an image of a size: rows padded, and one more row for the overrun."""
    return -(-size[0] // _ROW_ALIGNMENT) * _ROW_ALIGNMENT, size[1] + 1
