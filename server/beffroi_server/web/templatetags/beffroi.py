"""Template tags and filters of the operators' pages."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from django import forms, template
from django.contrib.staticfiles import finders
from django.http import HttpRequest
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from beffroi_content.languages import is_right_to_left
from beffroi_content.templates.registry import offered_templates
from beffroi_server.accounts.models import Town
from beffroi_server.alerts import queries as alerts
from beffroi_server.alerts import reported_showings, restoration, second_officer
from beffroi_server.alerts.pending_alerts import pending_alerts
from beffroi_server.core import disk_space, formatting
from beffroi_server.core.localised_labels import localised_label
from beffroi_server.delivery import outbox
from beffroi_server.fleet.plays.played_content import announcement_key
from beffroi_server.library.models import Announcement
from beffroi_server.monitoring.clock_text import refusal_sentence
from beffroi_server.web import access
from beffroi_server.web.addresses import row_address
from beffroi_server.web.alerts import alert_bars
from beffroi_server.web.first_hour import steps
from beffroi_server.web.fleet.screen_choices import choices_of
from beffroi_server.web.help.help_links import help_anchor
from beffroi_server.web.player_terms import translate_player_term
from beffroi_server.web.undo_messages import undo_key
from beffroi_server.web.working_for import WorkingFor
from beffroi_server.web.working_for import current as current_working_for

register = template.Library()

register.filter("undo_key", undo_key)
register.filter("moment", formatting.format_moment)
register.filter("moment_at", formatting.moment_at)
register.filter("moment_of", formatting.moment_of)
register.filter("moment_from", formatting.moment_from)
register.filter("moment_since", formatting.moment_since)
register.filter("moment_before", formatting.moment_before)
register.filter("moment_until", formatting.moment_until)
register.filter("moments_between", formatting.moments_between)
register.filter("duration", formatting.format_duration)
register.filter("latency", formatting.format_latency)
register.filter("size", formatting.format_size)
register.filter("megabytes", lambda number: formatting.format_size(number * 1_000_000))
register.filter("hour", formatting.format_hour)
register.filter("day", formatting.format_day, expects_localtime=True)
register.filter("direction", lambda language: "rtl" if is_right_to_left(language) else "ltr")
register.filter("player_term", translate_player_term)
register.filter("refusal_meaning", refusal_sentence)


@register.simple_tag
def working_for() -> WorkingFor | None:
    """Return the municipality that the user works for and may choose; None on a server without municipalities."""
    return current_working_for()


@register.simple_tag
def owner_tag(row: Any) -> SafeString | str:
    """Show to which municipality a row belongs, or that it is shared; nothing on a server without municipalities."""
    if current_working_for() is None:
        return ""
    return format_html('<span class="tag">{}</span>', row.municipality or _("shared"))


@register.simple_tag
@lru_cache(500)
def asset(path: str) -> str:
    """Return the address of a static file; it changes with the content, so that browsers may cache the file."""
    return f"{static(path)}?v={static_file_version(path)}"


@lru_cache
def static_file_version(path: str) -> str:
    """Return the first 12 digits of the SHA-256 of a static file; empty when there is no such file."""
    found = finders.find(path)
    return hashlib.sha256(Path(found).read_bytes()).hexdigest()[:12] if isinstance(found, str) else ""


@register.simple_tag(takes_context=True)
def page_title(context: template.Context) -> SafeString:
    """Return the block ``title`` of the page once more, for its heading: a block may stand only once in a template."""
    block = context.render_context[BLOCK_CONTEXT_KEY].get_block("title")
    title: str = block.render(context).strip()
    return mark_safe(title)  # noqa: S308 - the template has escaped it


@register.simple_tag
@lru_cache(500)
def icon(name: str) -> SafeString:
    """Return an icon of the sprite. It is hidden from screen readers, since text stands beside it."""
    address = asset("beffroi/icons.svg")
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>', address, name)


@register.simple_tag
def template_icon(name: str) -> SafeString:
    """Return the icon that a template of announcements declares."""
    # What a module of ours declares is no input: it may be marked as safe.
    drawing = mark_safe(offered_templates()[name].icon) if name in offered_templates() else ""  # noqa: S308
    return format_html('<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">{}</svg>', drawing)


@register.simple_tag
def announcement_thumbnail(announcement: Announcement) -> SafeString:
    """Return the thumbnail of an announcement, which a script replaces by its icon while it is not drawn.

    Written here, since a list has thirty: to include a template for each takes five times as long.
    """
    return format_html(
        '<span class="thumbnail drawn">{}<img src="{}?v={}-{}" alt="" loading="lazy" data-drawn></span>',
        template_icon(announcement.template), row_address("thumbnail", announcement.pk), str(announcement.version),
        str(announcement.picture_id),
    )  # fmt: skip


@register.simple_tag
def template_option(offered: Any) -> SafeString:
    """Return the radio button of a template of announcements with its icon, its name and how to write its text.

    Written here, since a form has twenty-five: to include a template for each takes a fifth of the time of the page.
    """
    hint = format_html('<p class="soft option-hint">{}</p>', offered.hint) if offered.hint else ""
    return format_html(
        '<label class="option" for="{}" data-uses="{}">{}{}<span>{}</span></label>{}',
        offered.choice.id_for_label, offered.fields, offered.choice.tag(), template_icon(offered.name),
        offered.choice.choice_label, hint,
    )  # fmt: skip


@register.simple_tag
def row_formats() -> str:
    """Return how the texts of templates divide into rows and cells, as JSON by the name of the template."""
    formats = {
        name: {
            "separator": declared.rows.separator,
            "columns": [localised_label(column) for column in declared.rows.columns],
            "days": declared.rows.has_days,
        }
        for name, declared in offered_templates().items()
        if declared.rows is not None
    }
    return json.dumps(formats, ensure_ascii=False, default=str)


@register.simple_tag
def town() -> Town:
    """Return the town."""
    return access.current_town()


@register.inclusion_tag("web/alert_bar.html", takes_context=True)
def alert_bar(context: template.Context) -> dict[str, Any]:
    """Show the alerts in progress, the gravest in bars: those that the page has read already, or reads now."""
    known = context.get("active_alerts")
    if known is None:
        # Those that wait for the database are in no row of it.
        has_any = access.may_have("alerts") or pending_alerts()
        running = alerts.running_alerts(with_targets=False) if has_any else []
        known = alerts.active_alerts(timezone.now(), running)
    elif known:
        running = alerts.running_alerts(with_targets=False)
    return {"shown": alert_bars.page_bars(known, running, timezone.now()) if known else None}


@register.inclusion_tag("web/waiting_bar.html", takes_context=True)
def waiting_bar(context: template.Context) -> dict[str, Any]:
    """Tell an officer on every page of alerts that wait for a decision."""
    user = context.get("user")
    if not getattr(user, "may_alert", False) or not access.may_have("proposals"):
        return {}
    return {"proposals": list(second_officer.open_proposals(timezone.now(), user)), "user": user}


@register.inclusion_tag("web/restoration_notice.html")
def restoration_notice() -> dict[str, Any]:
    """Say that the database is older than what screens hold, or that the broker does not do its part."""
    publisher = outbox.current_publisher()
    notice = restoration.open_restoration() if access.may_have("restoration") else None
    return {
        "restoration": notice,
        "unknown": reported_showings.unknown_alerts(timezone.now()) if notice is not None else {},
        "broker": publisher.broker_problem() if publisher is not None else "",
    }


@register.inclusion_tag("web/disk_notice.html")
def disk_notice() -> dict[str, Any]:
    """Warn of a disk that is nearly full."""
    state = disk_space.disk_state()
    low = state is not disk_space.DiskState.ENOUGH
    return {"state": state.value, "free": formatting.format_size(disk_space.free_bytes()) if low else ""}


@register.inclusion_tag("web/field.html")
def field(bound: forms.BoundField, help_text: str = "", *, marks_optional: bool = True) -> dict[str, Any]:
    """Show a field with its label, its help and its errors.

    Args:
        bound: The field.
        help_text: Instead of its own.
        marks_optional: Whether a field that may be empty says so; not one that another choice makes necessary.
    """
    widget = bound.field.widget
    several = isinstance(widget, forms.CheckboxSelectMultiple | forms.RadioSelect)
    return {
        "field": bound,
        "several": several,
        "screens": choices_of(bound),
        "one_box": isinstance(widget, forms.CheckboxInput),
        "grouped": isinstance(widget, forms.MultiWidget),
        "optional": marks_optional and not bound.field.required and not several,
        "help_text": help_text or bound.help_text,
    }


@register.inclusion_tag("web/error_summary.html")
def error_summary(form: forms.BaseForm, other: forms.BaseForm | None = None) -> dict[str, Any]:
    """Show the errors of a form, or of two on one page, with those of forms within them, and links to their fields."""
    given = [form] if other is None else [form, other]
    both = [part for each in given for part in (each, *getattr(each, "translation_forms", ()))]
    return {
        "is_refused": any(each.errors for each in both),
        "form_errors": [error for each in both for error in each.non_field_errors()],
        "fields": [bound for each in both for bound in each if bound.errors],
    }


@register.filter
def from_milliseconds(value: int | None) -> dt.datetime | None:
    """Return a Unix time in milliseconds as a datetime; None stays None."""
    return formatting.from_milliseconds(value)


@register.filter
def milliseconds(value: int | None) -> str:
    """Return a length in milliseconds as text."""
    return formatting.format_duration(round((value or 0) / 1000))


@register.inclusion_tag("plays/shown_yesterday.html")
def shown_yesterday(announcement: Announcement) -> dict[str, Any]:
    """Say how often an announcement was shown yesterday, as it was read with it, with a link to the proof."""
    return {"times": getattr(announcement, "times_yesterday", None), "key": announcement_key(announcement.pk)}


@register.inclusion_tag("first_hour/first_hour.html", takes_context=True)
def first_hour(context: template.Context) -> dict[str, Any]:
    """Show an administrator what is left to do in a fresh town, and ask others for a password where they have none."""
    user, town = context["user"], access.current_town()
    csrf = {"csrf_token": context.get("csrf_token")}
    if not user.may_administer or town.first_steps_hidden_at is not None or not town.pk:
        return csrf | {"needs_password": not user.has_usable_password()}
    found = steps.first_steps(user, town)
    done = sum(step.is_done for step in found)
    return csrf | {"steps": found if done < len(found) else [], "done": done}


@register.inclusion_tag("first_hour/try_out.html", takes_context=True)
def try_out_banner(context: template.Context) -> dict[str, Any]:
    """Say on every page that the town is trying the product out."""
    return {"town": access.current_town(), "user": context["user"], "csrf_token": context.get("csrf_token")}


@register.simple_tag(takes_context=True)
def menu_item(context: template.Context, view: str, icon_name: str, label: str, **more: Any) -> SafeString:
    """Return an item of the menu: a link to a page, which is marked on that page and on those below it.

    Written here, since every page has thirty: to include a template for each takes a third of the time of a page.

    Args:
        context: That of the page.
        view: The name of the page.
        icon_name: Its icon.
        label: Its name for people.
        more: ``counted``: what is counted beside it, by a script. ``anchored``: whether it leads to a part of its page
            that fits the present one.
    """
    request, address = context["request"], row_address(view)
    is_here = request.path == address or (address != "/" and request.path.startswith(address))
    is_here = is_here and not any(request.path.startswith(row_address(each)) for each in _BELOW.get(view, ()))
    return format_html(
        '<li><a href="{}{}"{}>{}{}{}</a></li>',
        address, _help_fragment(request) if more.get("anchored") else "", _HERE if is_here else "", icon(icon_name),
        label, _count_of(more["counted"]) if "counted" in more else "",
    )  # fmt: skip


_HERE = mark_safe(' aria-current="page"')
_BELOW = {"alerts": ("planned-alerts", "on-call")}
"""Pages with items of their own whose addresses begin with that of another item."""


def _count_of(counted: str) -> SafeString:
    return format_html(
        ' <span class="menu-count" data-counted="{}" hidden><b data-count></b>'
        ' <span class="visually-hidden">{}</span></span>',
        counted, _("waiting for approval"),
    )  # fmt: skip


def _help_fragment(request: HttpRequest) -> str:
    """Return the anchor of the section of the guide that helps with a page; empty where there is none."""
    match = request.resolver_match
    anchor = help_anchor(str(match.url_name or ""), get_language() or "en") if match is not None else ""
    return f"#{anchor}" if anchor else ""
