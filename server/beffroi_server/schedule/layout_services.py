"""Changes of the layouts of screens, groups and the town."""

from __future__ import annotations

from beffroi_server.accounts import audit
from beffroi_server.accounts.models import User
from beffroi_server.core.transactions import serialised
from beffroi_server.schedule import publication
from beffroi_server.schedule.layout_models import LayoutChoice


def save_layout(choice: LayoutChoice, *, user: User | None) -> None:
    """Save the layout of a screen, a group or the town; the programmes that it concerns are published.

    Raises:
        ValidationError: a value is not valid.
    """
    with serialised():
        choice.full_clean()
        choice.save()
        audit.record_event(user, "layout-changed", choice, layout=choice.layout)
        publication.mark_layout(choice)


def remove_layout(choice: LayoutChoice, *, user: User | None) -> None:
    """Remove the choice made for a screen, a group or the town: its screens follow what is chosen above it."""
    with serialised():
        audit.record_event(user, "layout-removed", choice, layout=choice.layout)
        publication.mark_layout(choice)
        choice.delete()
