"""Layout of announcements and widgets by their templates."""

from __future__ import annotations

from beffroi_content.model import Announcement, Widget
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.legibility import is_crisp
from beffroi_content.raster.page import Page, TextLine
from beffroi_content.templates.layout import single_column
from beffroi_content.templates.layout.permalink_code import add_permalink
from beffroi_content.templates.registry import announcement_templates, template_of_widget


def lay_out_announcement(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return the pages of an announcement in its template, or in bitmap letters where the canvas asks for them.

    The code of its public page is added where a page has room for it, unless the announcement has a link of its own.
    """
    template = announcement_templates()[announcement.template]
    if is_crisp(canvas):
        if template.panel_text:
            announcement = announcement.replace(body=template.panel_text(announcement.body))
        return single_column.panel_pages(announcement, canvas)
    pages = template.layout(announcement, canvas)
    # On a canvas that is too flat or too narrow for a composition, everything goes in one column.
    if not all(_is_within_page(page) for page in pages):
        pages = single_column.single_column_pages(announcement, canvas)
    if announcement.permalink and not announcement.link:
        for page in pages:
            add_permalink(page, announcement.permalink, canvas)
    return pages


def _is_within_page(page: Page) -> bool:
    lines = [item for item in page.items if isinstance(item, TextLine)]
    return all(line.x >= 0 and 0 < line.baseline <= page.size[1] for line in lines)


def lay_out_widget(widget: Widget, canvas: Canvas, at_ms: int | None) -> Page:
    """Return the page of a widget at an instant (Unix time in milliseconds); None: nobody knows the time.

    It raises for no valid widget and no canvas, and is the same for all instants of a tick.
    """
    tick_ms = widget.tick_ms
    if at_ms is not None and tick_ms is not None:
        at_ms -= at_ms % tick_ms
    return template_of_widget(widget.kind).layout(widget, canvas, at_ms)
