"""Drawing of slides and alerts: pages by their templates, then pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from PIL import Image

from beffroi_content.model import (
    Alert,
    Announcement,
    AnnouncementContent,
    AssetReference,
    ImageContent,
    Slide,
    UnknownContent,
    VideoContent,
    WidgetContent,
)
from beffroi_content.model.widgets import TickerWidget
from beffroi_content.raster.canvas import AlertForm, AssetReader, Canvas
from beffroi_content.raster.errors import RasterError, TextDoesNotFit
from beffroi_content.raster.frame_composition import rgbx_bytes
from beffroi_content.raster.image_decoding import ImageCache
from beffroi_content.raster.legibility import is_crisp
from beffroi_content.raster.page import Page
from beffroi_content.raster.page_painter import paint_bands, paint_page
from beffroi_content.reading_time import words_within
from beffroi_content.rendering.readability import assess_readability
from beffroi_content.templates.alerts import alert_pages as alert_template
from beffroi_content.templates.layout import full_image, idle_page, pairing_page, test_card
from beffroi_content.templates.page_layout import lay_out_announcement, lay_out_widget
from beffroi_content.templates.widget_layout import marquee_strips

MOST_PAGES = 20


def slide_pages(slide: Slide, canvas: Canvas, at_ms: int | None = None) -> tuple[Page, ...]:
    """Return the pages of a slide before painting: what stands where, in which letters.

    What changes by itself has one page, as it is at ``at_ms``, a Unix time in milliseconds; without an instant, as it
    is while nobody knows the time.

    Raises:
        TextDoesNotFit: the text needs more than 20 pages.
        RasterError: the slide is of a kind that this version does not know.
    """
    return lay_out_slide(slide, canvas, at_ms).pages


def lay_out_slide(slide: Slide, canvas: Canvas, at_ms: int | None = None) -> SlideDrawing:
    """Return the pages of a slide before painting, as :func:`slide_pages`, with the language of each."""
    content = slide.content
    if isinstance(content, ImageContent):
        return SlideDrawing(canvas, full_image.lay_out(content, canvas))
    if isinstance(content, VideoContent):
        poster = ImageContent(picture=content.poster, fit=content.fit, description=content.description)
        return SlideDrawing(canvas, full_image.lay_out(poster, canvas))
    if isinstance(content, WidgetContent):
        return SlideDrawing(canvas, (lay_out_widget(content.widget, canvas, at_ms),))
    if isinstance(content, UnknownContent):
        raise RasterError(f"“{slide.name}” is of a kind that this version cannot show: {content.kind}.")
    assert isinstance(content, AnnouncementContent)
    found = list(_pages_in_languages(content.announcement, canvas))
    pages = tuple(page for _language, page in found)
    if len(pages) > MOST_PAGES:
        raise TextDoesNotFit(
            f"“{slide.name}” needs {len(pages)} pages on {canvas.screen_class.name}, and {MOST_PAGES} are the most."
            " Shorten the text, or leave this kind of screen out.",
            pages=len(pages),
            most=MOST_PAGES,
            screen_class=canvas.screen_class.name,
        )
    languages = tuple(language for language, _page in found) if content.announcement.translations else ()
    return SlideDrawing(canvas, pages, languages)


def _pages_in_languages(announcement: Announcement, canvas: Canvas) -> Iterator[tuple[str, Page]]:
    """Yield the pages of each language, typeset by the rules of that language."""
    for each in announcement.in_each_language():
        language = each.language or canvas.locale
        yield from ((language, page) for page in lay_out_announcement(each, replace(canvas, locale=language)))


def draw_slide(slide: Slide, canvas: Canvas, assets: AssetReader, at_ms: int | None = None) -> tuple[Image.Image, ...]:
    """Return the frames of a slide: RGB images of exactly the size of the canvas.

    ``at_ms`` is the instant for which something that changes by itself is drawn; see :func:`slide_pages`.

    Raises:
        TextDoesNotFit: the text needs more than 20 pages at the smallest size that can be read.
        ImageUnusable: an image is missing, broken or larger than 60 million pixels.
    """
    # One cache for all pages of the slide, so that an image on each of them is decoded once.
    images = ImageCache(assets)
    return tuple(_paint_page(page, canvas, images) for page in slide_pages(slide, canvas, at_ms))


@dataclass(frozen=True, slots=True)
class SlideDrawing:
    """A slide as one class of screens shows it."""

    canvas: Canvas
    pages: tuple[Page, ...]
    languages: tuple[str, ...] = ()
    """The language of each page; empty where all are in one."""

    def frame(self, number: int, assets: AssetReader) -> Image.Image:
        """Return one of the frames that :func:`draw_slide` makes, and paint no other.

        Raises:
            ImageUnusable: see :func:`draw_slide`; of an image on that page.
        """
        return _paint_page(self.pages[number], self.canvas, ImageCache(assets))


def draw_marquee_strips(slide: Slide, canvas: Canvas) -> tuple[Image.Image, ...]:
    """Return one long image for each message of a slide that scrolls over such a screen; none where it stands still."""
    if marquee_strip_count(slide, canvas) == 0:
        return ()
    assert isinstance(slide.content, WidgetContent)
    assert isinstance(slide.content.widget, TickerWidget)
    pages = marquee_strips.marquee_pages(slide.content.widget, canvas)
    return tuple(_paint_page(page, canvas, _NO_IMAGES) for page in pages)


def marquee_strip_count(slide: Slide, canvas: Canvas) -> int:
    """Return the number of images that :func:`draw_marquee_strips` makes."""
    widget = slide.content.widget if isinstance(slide.content, WidgetContent) else None
    if not isinstance(widget, TickerWidget) or not marquee_strips.is_marquee(widget, canvas):
        return 0
    return len(widget.messages)


def page_count(slide: Slide, canvas: Canvas) -> int:
    """Return the number of frames that a slide makes; no image is read for that.

    Raises:
        TextDoesNotFit: see :func:`draw_slide`.
    """
    return len(slide_pages(slide, canvas))


def alert_pages(alert: Alert, form: AlertForm, canvas: Canvas) -> tuple[Page, ...]:
    """Return the pages of an alert before painting."""
    return alert_template.lay_out(alert, form, canvas).pages


def lay_out_alert(alert: Alert, form: AlertForm, canvas: Canvas) -> AlertDrawing:
    """Return the pages of an alert before painting, how long each is read, and what has no room on them."""
    found = alert_template.lay_out(alert, form, canvas)
    reading = tuple(assess_readability([page], canvas).reading_seconds * 1_000 for page in found.pages)
    return AlertDrawing(
        canvas, found.pages, reading, found.left_out, found.first_says, found.has_order, found.languages
    )


def draw_alert(alert: Alert, form: AlertForm, canvas: Canvas) -> tuple[Image.Image, ...]:
    """Return the frames of an alert, 1 to 3 in each of its languages. It raises for no valid alert and no canvas."""
    return tuple(lay_out_alert(alert, form, canvas).frames())


@dataclass(frozen=True, slots=True)
class AlertDrawing:
    """An alert as one class of screens shows it."""

    canvas: Canvas
    pages: tuple[Page, ...]
    page_ms: tuple[int, ...]
    """How long each page takes to read, in milliseconds."""
    left_out: tuple[str, ...]
    """Sentences that are on none of the pages."""
    first_says: tuple[str, ...]
    """What the first page says, sentence by sentence."""
    has_order: bool
    """Whether the first page says what to do."""
    languages: tuple[str, ...] = ()
    """The language of each page; empty where all are in one."""

    def said_within(self, seconds: int) -> str:
        """Return what somebody who passes by has read of the first page after that many seconds."""
        said: list[str] = []
        left = words_within(seconds)
        for sentence in self.first_says:
            words = sentence.split()
            said.append(sentence if len(words) <= left else " ".join(words[:left]) + " …")
            left -= len(words)
            if left <= 0:
                break
        return " · ".join(said)

    def frames(self) -> Iterator[Image.Image]:
        """Yield the frames one by one: the first can be presented before the second is drawn."""
        return map(self.frame, range(len(self.pages)))

    def frame(self, number: int) -> Image.Image:
        """Return one of the frames, and paint no other."""
        return _paint_page(self.pages[number], self.canvas, _NO_IMAGES)

    def rgbx_bands(self, number: int) -> Iterator[bytes]:
        """Yield the pixels of one of the frames from the top down, some rows at a time, four bytes each.

        Together they are ``rgbx_bytes(frame(number))``. They take half of its time where each is used and given up
        before the next: no memory is asked for that has the size of a frame.
        """
        return map(rgbx_bytes, _paint_bands(self.pages[number], self.canvas))


def lay_out_plain_alert(alert: Alert, canvas: Canvas) -> AlertDrawing:
    """Return the words of an alert on the page of a screen with nothing else to show: what is left without a layout."""
    lines = [line for line in (alert.description, alert.instruction) if line]
    return AlertDrawing(canvas, (idle_page.lay_out(alert.title, lines, canvas),), (), (), (), has_order=False)


def draw_idle_page(title: str, lines: Sequence[str], canvas: Canvas) -> Image.Image:
    """Return the page of a screen with nothing else to show, such as “En attente d’un programme”. It never raises."""
    return _paint_page(idle_page.lay_out(title, lines, canvas), canvas, _NO_IMAGES)


def draw_pairing_page(notice: pairing_page.PairingNotice, canvas: Canvas) -> Image.Image:
    """Return the page of a player that waits for somebody to pair it. It never raises."""
    return _paint_page(pairing_page.lay_out(notice, canvas), canvas, _NO_IMAGES)


def draw_test_card(name: str, lines: Sequence[str], canvas: Canvas) -> Image.Image:
    """Return a test card: colours, greys, a grid and the corners, with the name of the screen. It never raises."""
    return _paint_page(test_card.lay_out_test_card(name, lines, canvas), canvas, _NO_IMAGES)


def draw_number(number: int, name: str, canvas: Canvas) -> Image.Image:
    """Return a large number with the name of the screen, by which somebody finds it in a list. It never raises."""
    return _paint_page(test_card.lay_out_number(number, name, canvas), canvas, _NO_IMAGES)


def _paint_page(page: Page, canvas: Canvas, images: ImageCache) -> Image.Image:
    """Return the pixels of a page, in colours that the screen has."""
    return _in_its_colours(paint_page(page, is_crisp(canvas), images), canvas)


def _paint_bands(page: Page, canvas: Canvas) -> Iterator[Image.Image]:
    """Yield the rows of :func:`_paint_page` from the top down; each image is worth nothing once the next is there."""
    return (_in_its_colours(band, canvas) for band in paint_bands(page, is_crisp(canvas), _NO_IMAGES))


def _in_its_colours(image: Image.Image, canvas: Canvas) -> Image.Image:
    return image.point(_EIGHT_BITS) if canvas.screen_class.colour_depth == 8 else image


def _refuse_assets(asset: AssetReference) -> bytes:
    raise OSError(f"an alert has no images, and {asset.sha256} was asked for")


_NO_IMAGES = ImageCache(_refuse_assets)
_EIGHT_BITS = [round(round(value * levels / 255) * 255 / levels) for levels in (7, 7, 3) for value in range(256)]
"""Eight levels of red and green and four of blue: the nearest that a screen of eight bits has of each."""
