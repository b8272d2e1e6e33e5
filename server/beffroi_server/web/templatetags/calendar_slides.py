"""Template tags of the calendar: a slide by its name, and why it is on, with links for whoever may follow them.

They are tags and not templates, since a page has hundreds of them: to include a template takes ten times as long.
"""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from beffroi_server.monitoring.programme_calendar import CalendarReason, CalendarSlide
from beffroi_server.web.addresses import row_address

register = template.Library()
_DOT = mark_safe('<span class="dot"> · </span>')


@register.simple_tag(takes_context=True)
def calendar_slide(context: template.Context, slide: CalendarSlide) -> SafeString:
    """Name a slide, with a link to its announcement or media item."""
    kind, key = ("announcement", slide.announcement) if slide.announcement else ("media-item", slide.media)
    return _link(kind, key if context["user"].may_write else "", slide.name)


@register.simple_tag(takes_context=True)
def calendar_reason(context: template.Context, slide: CalendarSlide, reason: CalendarReason) -> SafeString:
    """Say by which rule and playlist a slide is on, or that it is published directly."""
    user = context["user"]
    if not reason.rule:
        key = slide.announcement if user.may_write else ""
        return _link("announcement", key, _("published directly"), "#where-and-until")
    links = user.may_edit and reason.playlist
    rule = _link("rule", reason.rule if links else "", reason.rule_name)
    playlist = _link("playlist", reason.playlist or "" if links else "", reason.playlist_name)
    return format_html("{} {} {} {} {}", _("Rule"), rule, _DOT, _("Playlist"), playlist)


def _link(view: str, key: int | str, text: str, fragment: str = "") -> SafeString:
    if not key:
        return format_html("{}", text)
    return format_html('<a href="{}{}">{}</a>', row_address(view, key), fragment, text)
