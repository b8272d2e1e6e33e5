"""One module per look."""

from __future__ import annotations

from collections.abc import Callable

from beffroi_content.model import Announcement, TemplateName
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.legibility import is_crisp
from beffroi_content.raster.page import Page, TextLine
from beffroi_content.templates.announcements import (
    comparison,
    event,
    figure,
    link,
    listing,
    news,
    notice,
    poster,
    quote,
    slideshow,
    timetable,
    welcome,
    works,
)
from beffroi_content.templates.layout import single_column

_LAYOUTS: dict[TemplateName, Callable[[Announcement, Canvas], tuple[Page, ...]]] = {
    TemplateName.NEWS: news.lay_out,
    TemplateName.EVENT: event.lay_out,
    TemplateName.NOTICE: notice.lay_out,
    TemplateName.WORKS: works.lay_out,
    TemplateName.QUOTE: quote.lay_out,
    TemplateName.FIGURE: figure.lay_out,
    TemplateName.LIST: listing.lay_out,
    TemplateName.TIMETABLE: timetable.lay_out,
    TemplateName.COMPARISON: comparison.lay_out,
    TemplateName.LINK: link.lay_out,
    TemplateName.WELCOME: welcome.lay_out,
    TemplateName.TEXT: poster.lay_out,
    TemplateName.SLIDESHOW: slideshow.lay_out,
}


def lay_out(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return the pages of an announcement in its look, or in bitmap letters where the canvas asks for them."""
    if is_crisp(canvas):
        return single_column.panel_pages(announcement, canvas)
    pages = _LAYOUTS[announcement.template](announcement, canvas)
    # On a canvas that is too flat or too narrow for a composition, everything goes in one column.
    return (
        pages
        if all(_is_within_page(page) for page in pages)
        else single_column.single_column_pages(announcement, canvas)
    )


def _is_within_page(page: Page) -> bool:
    letters = [item for item in page.items if isinstance(item, TextLine)]
    return all(item.x >= 0 and 0 < item.baseline <= page.size[1] for item in letters)
