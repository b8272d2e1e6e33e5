"""Headlines: the newest messages of a feed."""

from __future__ import annotations

from beffroi_content.model.widgets import NewsItem, NewsWidget
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.page import Page
from beffroi_content.raster.text.dates import short_day_text, time_text
from beffroi_content.templates.declarations import LocalisedText, TemplateField, WidgetTemplate
from beffroi_content.templates.samples import HOUR_MS, SAMPLE_AT_MS
from beffroi_content.templates.widget_layout.entry_list import ListEntry, entry_page
from beffroi_content.templates.widget_layout.phrases import phrase
from beffroi_content.templates.widget_layout.stale_data import message_page, missing_data_page, source_note
from beffroi_content.templates.widget_layout.widget_page import local_time


def headlines_page(widget: NewsWidget, canvas: Canvas, at_ms: int | None) -> Page:
    """Return the messages in their order: it is the reader that knows which of those without a date is new."""
    title = widget.title or phrase("news", canvas.locale)
    if page := missing_data_page(widget, canvas, at_ms, title, needs_time=False):
        return page
    if not widget.items:
        return message_page(canvas, title, "no-items")
    entries = [_item_entry(item, canvas, at_ms) for item in widget.items]
    return entry_page(canvas, title, source_note(widget, canvas, at_ms), entries, at_ms)


def _item_entry(item: NewsItem, canvas: Canvas, at_ms: int | None) -> ListEntry:
    if item.published_at_ms is None:
        return ListEntry((), item.title, item.source)
    then = local_time(item.published_at_ms, canvas)
    if at_ms is not None and then.date() == local_time(at_ms, canvas).date():
        lead = (phrase("today", canvas.locale), time_text(then.time(), canvas.locale))
        return ListEntry(lead, item.title, item.source)
    return ListEntry((short_day_text(then.date(), canvas.locale),), item.title, item.source)


def _sample() -> NewsWidget:
    return NewsWidget(title="Actualités", items=_SAMPLE_ITEMS)


_SAMPLE_ITEMS = (
    NewsItem(
        title="La médiathèque rouvre samedi après six mois de travaux",
        published_at_ms=SAMPLE_AT_MS - 2 * HOUR_MS,
        source="Ville",
    ),
    NewsItem(
        title="Collecte des sapins : les dates et les lieux",
        published_at_ms=SAMPLE_AT_MS - 26 * HOUR_MS,
        source="Intercommunalité",
    ),
    NewsItem(
        title="Inscriptions au centre de loisirs pour février",
        published_at_ms=SAMPLE_AT_MS - 50 * HOUR_MS,
        source="Service enfance",
    ),
    NewsItem(
        title="Le pont de la Vire rouvert dans les deux sens",
        published_at_ms=SAMPLE_AT_MS - 75 * HOUR_MS,
        source="Département",
    ),
)


TEMPLATE = WidgetTemplate(
    name="headlines",
    position=260,
    label=LocalisedText(en="News from a feed", fr="Fil d’actualités"),
    summary=LocalisedText(
        en="the newest messages of a news feed (RSS or Atom)",
        fr="les derniers titres d’un flux d’actualités (RSS ou Atom)",
    ),
    icon='<path d="M4 6h16M4 11h16M4 16h10"/><circle cx="18" cy="17" r="2"/>',
    fields=frozenset({TemplateField.FEED}),
    widget=NewsWidget,
    layout=headlines_page,
    sample=_sample,
    feed="news",
)
