"""Choices of templates, derived from what each template declares."""

from __future__ import annotations

from beffroi_content.templates.declarations import TemplateField
from beffroi_content.templates.registry import announcement_templates, offered_templates, widget_templates
from beffroi_server.core.localised_labels import localised_label
from beffroi_server.feeds.models import FeedKind

_LIVE = {name: template for name, template in widget_templates().items() if template.is_offered}
WIDGET_TEMPLATES = frozenset(_LIVE)
"""Templates that change by themselves: what screens are sent is a widget."""
FEED_TEMPLATES = {name: FeedKind(template.feed) for name, template in _LIVE.items() if template.feed}
"""Templates that show a feed, and of which kind."""
EVENT_LISTS = frozenset(name for name, template in _LIVE.items() if template.lists_events)
"""Templates that show the events of the library."""
EVENT_TEMPLATES = frozenset(name for name, template in announcement_templates().items() if template.ends_with_event)
"""Templates of events: an announcement is over when what it tells of is, and without an end with its day."""
DAY_TEMPLATES = EVENT_TEMPLATES | frozenset(
    name for name, template in _LIVE.items() if TemplateField.STARTS in template.fields
)
"""Templates of what happens at one time: without an end the announcement is over with the day on which it starts."""
DATED_TEMPLATES = frozenset(
    name for name, template in offered_templates().items() if TemplateField.ENDS in template.fields
)
"""Templates of which the editor may give the end: an announcement is over then."""


def template_choices() -> list[tuple[str, str]]:
    """Return the templates that an operator can choose, with their labels.

    A function, so that a migration names it and does not change with each new template.
    """
    return [(name, localised_label(template.label)) for name, template in offered_templates().items()]
