"""Exceptions of the schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from beffroi_server.schedule.models import ScheduleRule


class RuleConflict(Exception):
    """Somebody else saved the rule in the meantime; ``current`` is their version, ``message`` is for people."""

    def __init__(self, current: ScheduleRule) -> None:
        self.message = _("“%(name)s” was changed while you had it open.") % {"name": current.name}
        super().__init__(self.message)
        self.current = current


class ProposalDecided(Exception):
    """Refusal to decide about a proposal that waits no more; the message is for people."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
