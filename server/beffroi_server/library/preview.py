"""Drawing of slides and alerts on the server, by the functions that players draw with, so that both agree to the pixel.

Pages are encoded as PNG and cached in memory under the key of the drawing (``rendering.slide_key``), which covers all
that decides its pixels.
"""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import overload

from PIL import Image

from beffroi_content import model as content
from beffroi_content import rendering
from beffroi_server.accounts.models import Town
from beffroi_server.fleet.models import ScreenClass
from beffroi_server.library.errors import SlideNotDrawable
from beffroi_server.library.media import uploads
from beffroi_server.library.slide_content import DrawnContent, slide_content
from beffroi_server.library.town_branding import town_content

CACHE_BYTES = 48 * 1024 * 1024
"""Bytes of PNG in the cache; beyond that, the least recently used pages are dropped."""
LAYOUTS_KEPT = 100
"""Layouts of previews that are kept: a page asks for one, and each of its images for the same again."""
PngPages = tuple[bytes, ...]
_FORM_OF_LEVEL = {
    content.AlertLevel.INFORMATION: content.AlertForm.SLIDE,
    content.AlertLevel.VIGILANCE: content.AlertForm.BANNER,
}


class PageCache:
    """Least-recently-used cache of drawn pages, limited by their bytes.

    Safe for threads. The lock is not held while drawing, so two threads that ask for the same page at once may both
    draw it.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._pages: OrderedDict[str, PngPages] = OrderedDict()
        self._lock = threading.Lock()

    def get_pages(self, key: str, draw: Callable[[], tuple[Image.Image, ...]]) -> PngPages:
        """Return the pages of a key; call ``draw`` where they are not in the cache."""
        with self._lock:
            if key in self._pages:
                self._pages.move_to_end(key)
                return self._pages[key]
        pages = tuple(encode_png(image) for image in draw())
        with self._lock:
            if key not in self._pages:
                self._pages[key] = pages
                self._size += _byte_size(pages)
            while self._size > self._limit and len(self._pages) > 1:
                self._size -= _byte_size(self._pages.popitem(last=False)[1])
        return pages


page_cache = PageCache(CACHE_BYTES)


class DrawnPages(Sequence[bytes]):
    """The pages of a preview as PNG. Each is drawn when somebody asks for it: few are looked at, and one after another.

    Args:
        key: Of the drawing.
        count: How many there are.
        draw: Draws one of them.
    """

    def __init__(self, key: str, count: int, draw: Callable[[int], Image.Image]) -> None:
        self._key, self._count, self._draw = key, count, draw

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, number: int) -> bytes: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[bytes]: ...
    def __getitem__(self, number: int | slice) -> bytes | Sequence[bytes]:
        """Return a page, or some.

        Raises:
            RasterError: it cannot be drawn.
        """
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(self._count))]
        index = range(self._count)[number]
        (page,) = page_cache.get_pages(f"{self._key}/{index}", lambda: (self._draw(index),))
        return page


@dataclass(frozen=True)
class SlidePreview:
    """An announcement or widget, laid out for a class of screens."""

    pages: Sequence[bytes]
    """As PNG."""
    drawing: rendering.SlideDrawing

    def readability(self) -> rendering.ReadabilityReport:
        """Return from how far, and in which time, it can be read."""
        return rendering.assess_readability(self.drawing.pages, self.drawing.canvas)


def preview_announcement(
    shown: DrawnContent, screen_class: ScreenClass, town: Town, at_ms: int | None = None,
    size: tuple[int, int] | None = None,
) -> SlidePreview:  # fmt: skip
    """Return an announcement or widget as screens of a class draw it.

    Args:
        shown: The announcement or widget.
        screen_class: The screens to draw for.
        town: Name, colour and logo that pages bear.
        at_ms: The instant of a widget, Unix time in milliseconds.
        size: Width and height of the zone of the loop; None: the whole screen.

    Raises:
        RasterError: it cannot be drawn there, for instance since its text is too long, or an image is not there.
    """
    slide = content.Slide(id="preview", name=shown.title, content=slide_content(shown))
    if not all(uploads.media_path(each.sha256).is_file() for each in slide.assets):
        raise rendering.ImageUnusable("an image of it is not there")
    canvas = rendering.Canvas.for_screen(class_settings(screen_class, town), size)
    key = rendering.slide_key(slide, canvas, at_ms)
    drawing = _lay_out(_SlideOnCanvas(key, slide, canvas, at_ms))
    if isinstance(drawing, rendering.RasterError):
        raise drawing
    return SlidePreview(DrawnPages(key, len(drawing.pages), lambda page: drawing.frame(page, read_asset)), drawing)


def preview_alert(
    alert: content.Alert, form: content.AlertForm, screen_class: ScreenClass, town: Town
) -> Sequence[bytes]:
    """Return every page of an alert in a form on a screen class, as PNG."""
    canvas = alert_canvas(alert.level, form, class_settings(screen_class, town))
    key = rendering.alert_key(alert, form, canvas)
    drawing = lay_out_alert(alert, form, canvas)
    return DrawnPages(key, len(drawing.pages), drawing.frame)


def lay_out_alert(alert: content.Alert, form: content.AlertForm, canvas: rendering.Canvas) -> rendering.AlertDrawing:
    """Return an alert as a canvas shows it, before painting."""
    return _lay_out_alert(_AlertOnCanvas(rendering.alert_key(alert, form, canvas), alert, form, canvas))


def slide_pages(slide: content.Slide, canvas: rendering.Canvas, at_ms: int | None = None) -> PngPages:
    """Return the pages of a slide as PNG, at an instant (Unix time in milliseconds).

    Raises:
        RasterError: it cannot be drawn on that canvas.
    """
    key = rendering.slide_key(slide, canvas, at_ms)
    return page_cache.get_pages(key, lambda: rendering.draw_slide(slide, canvas, read_asset, at_ms))


def alert_pages(alert: content.Alert, form: content.AlertForm, canvas: rendering.Canvas) -> PngPages:
    """Return the pages of an alert as PNG."""
    return page_cache.get_pages(
        rendering.alert_key(alert, form, canvas), lambda: rendering.draw_alert(alert, form, canvas)
    )


def alert_page_ms(alert: content.Alert, form: content.AlertForm, canvas: rendering.Canvas) -> tuple[int, ...]:
    """Return how long each page of an alert takes to read, in milliseconds."""
    return _page_times(_AlertOnCanvas(rendering.alert_key(alert, form, canvas), alert, form, canvas))


def alert_form(level: content.AlertLevel) -> content.AlertForm:
    """Return the form in which alerts of a level are shown."""
    return _FORM_OF_LEVEL.get(level, content.AlertForm.TAKEOVER)


def alert_canvas(
    level: content.AlertLevel,
    form: content.AlertForm,
    settings: content.ScreenSettings,
    loop_size: tuple[int, int] | None = None,
) -> rendering.Canvas:
    """Return the canvas of an alert: the whole screen, the banner at its foot, or for a slide the zone of the loop.

    Args:
        level: Of the alert.
        form: In which it is shown.
        settings: Of the screen.
        loop_size: Width and height of the zone of the loop; None: the whole screen.
    """
    full = settings.screen_class.size
    if form is content.AlertForm.SLIDE:
        return rendering.Canvas.for_screen(settings, loop_size or full)
    in_band = form is content.AlertForm.BANNER or level is content.AlertLevel.VIGILANCE
    return rendering.Canvas.for_screen(settings, content.banner_rectangle(full).size if in_band else full)


def page_count(slide: content.Slide, settings: content.ScreenSettings, size: tuple[int, int] | None = None) -> int:
    """Return the number of pages that a slide takes on a screen, or in a zone of that size.

    Raises:
        SlideNotDrawable: it cannot be drawn there.
    """
    canvas = rendering.Canvas.for_screen(settings, size)
    found = _count_pages(_SlideOnCanvas(rendering.slide_key(slide, canvas), slide, canvas))
    if isinstance(found, rendering.RasterError):
        raise SlideNotDrawable(found.code, str(found))
    return found


def class_settings(screen_class: ScreenClass, town: Town) -> content.ScreenSettings:
    """Return settings of a screen of a class, with defaults for all that its class does not say."""
    return content.ScreenSettings.model_validate(
        {
            "screen_class": screen_class.to_content(),
            "time_zone": town.time_zone,
            "locale": town.locale,
            "town": town_content(town),
        }
    )


def read_asset(reference: content.AssetReference) -> bytes:
    """Return the content of a file of the media store.

    Raises:
        OSError: the file is not there.
    """
    return uploads.media_path(reference.sha256).read_bytes()


class _SlideOnCanvas:
    """A slide on a canvas, hashable by the key of its drawing, as ``lru_cache`` needs it."""

    def __init__(self, key: str, slide: content.Slide, canvas: rendering.Canvas, at_ms: int | None = None) -> None:
        self.key, self.slide, self.canvas, self.at_ms = key, slide, canvas, at_ms

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _SlideOnCanvas) and other.key == self.key


@lru_cache(maxsize=20_000)
def _count_pages(asked: _SlideOnCanvas) -> int | rendering.RasterError:
    # A refusal is cached like a number: trying a text that does not fit is what takes longest.
    try:
        return rendering.page_count(asked.slide, asked.canvas)
    except rendering.RasterError as error:
        return error.with_traceback(None)


@lru_cache(maxsize=LAYOUTS_KEPT)
def _lay_out(asked: _SlideOnCanvas) -> rendering.SlideDrawing | rendering.RasterError:
    try:
        return rendering.lay_out_slide(asked.slide, asked.canvas, asked.at_ms)
    except rendering.RasterError as error:
        return error.with_traceback(None)


class _AlertOnCanvas:
    """An alert on a canvas, hashable by the key of its drawing, as ``lru_cache`` needs it."""

    def __init__(self, key: str, alert: content.Alert, form: content.AlertForm, canvas: rendering.Canvas) -> None:
        self.key, self.alert, self.form, self.canvas = key, alert, form, canvas

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _AlertOnCanvas) and other.key == self.key


@lru_cache(maxsize=2_000)
def _page_times(asked: _AlertOnCanvas) -> tuple[int, ...]:
    return rendering.lay_out_alert(asked.alert, asked.form, asked.canvas).page_ms


@lru_cache(maxsize=LAYOUTS_KEPT)
def _lay_out_alert(asked: _AlertOnCanvas) -> rendering.AlertDrawing:
    return rendering.lay_out_alert(asked.alert, asked.form, asked.canvas)


def encode_png(image: Image.Image) -> bytes:
    """Return an image as PNG, compressed little: it is drawn anew whenever it changes."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _byte_size(pages: PngPages) -> int:
    return sum(len(page) for page in pages)
