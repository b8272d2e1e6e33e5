"""Events of the feeds, to which the packages above subscribe."""

from __future__ import annotations

from beffroi_server.core.events import Event
from beffroi_server.feeds.models import Feed

feed_changed: Event[Feed] = Event("feed-changed")
"""The data of a feed was read anew, or its age is published again."""
