"""Changes of the layouts of screens, groups and the town."""

from __future__ import annotations

from beffroi_server.accounts import audit
from beffroi_server.accounts.models import User
from beffroi_server.core.transactions import serialised
from beffroi_server.schedule import publication
from beffroi_server.schedule.layout_models import LayoutChoice
from beffroi_server.schedule.publish_permissions import check_publishing


def save_layout(choice: LayoutChoice, *, user: User | None) -> None:
    """Save the layout of a screen, a group or the town; the programmes that it concerns are published.

    Raises:
        NotPermitted: the user may not publish on all of its screens.
        ValidationError: a value is not valid.
    """
    check_publishing(user, choice.targets)
    with serialised():
        choice.full_clean()
        before = audit.stored_values(choice)
        choice.save()
        audit.record_event(user, "layout-changed", choice, **audit.changes_since(before, choice))
        publication.mark_layout(choice)


def remove_layout(choice: LayoutChoice, *, user: User | None) -> None:
    """Remove the choice made for a screen, a group or the town: its screens follow what is chosen above it.

    Raises:
        NotPermitted: the user may not publish on all of its screens.
    """
    check_publishing(user, choice.targets)
    with serialised():
        audit.record_event(user, "layout-removed", choice, **audit.changes_since(audit.stored_values(choice), None))
        publication.mark_layout(choice)
        choice.delete()
