"""One module per look."""

from __future__ import annotations

from collections.abc import Callable

from beffroi_content.model import Announcement, Template
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.legibility import is_crisp
from beffroi_content.raster.scene import Letters, Page
from beffroi_content.raster.templates import (
    comparison,
    event,
    figure,
    flow,
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

_LOOKS: dict[Template, Callable[[Announcement, Canvas], tuple[Page, ...]]] = {
    Template.NEWS: news.lay_out,
    Template.EVENT: event.lay_out,
    Template.NOTICE: notice.lay_out,
    Template.WORKS: works.lay_out,
    Template.QUOTE: quote.lay_out,
    Template.FIGURE: figure.lay_out,
    Template.LIST: listing.lay_out,
    Template.TIMETABLE: timetable.lay_out,
    Template.COMPARISON: comparison.lay_out,
    Template.LINK: link.lay_out,
    Template.WELCOME: welcome.lay_out,
    Template.TEXT: poster.lay_out,
    Template.SLIDESHOW: slideshow.lay_out,
}


def lay_out(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return the pages of an announcement in its look, or in bitmap letters where the canvas asks for them."""
    if is_crisp(canvas):
        return flow.panel_pages(announcement, canvas)
    pages = _LOOKS[announcement.template](announcement, canvas)
    # On a canvas that is too flat or too narrow for a composition, everything goes in one column.
    return pages if all(_keeps_to(page) for page in pages) else flow.flow_pages(announcement, canvas)


def _keeps_to(page: Page) -> bool:
    letters = [item for item in page.items if isinstance(item, Letters)]
    return all(item.x >= 0 and 0 < item.baseline <= page.size[1] for item in letters)
