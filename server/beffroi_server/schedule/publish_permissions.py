"""Who may put content on which screens: role, scope, and groups that need approval, for placements, rules, playlists.

A playlist is as far as its rules reach: who changes it changes what all of their screens show.
"""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.accounts.models import User
from beffroi_server.accounts.permissions import require
from beffroi_server.fleet import screen_scopes
from beffroi_server.fleet.targets import Targets
from beffroi_server.schedule.models import Playlist, ScheduleRule


def needs_approval(user: User | None, targets: Targets) -> bool:
    """Tell whether somebody else has to approve what a user puts on screens."""
    if user is None or user.may_approve:
        return False
    return not user.may_edit or targets.reached_screens().filter(groups__needs_approval=True).exists()


def check_publishing(user: User | None, targets: Targets) -> None:
    """Refuse what a user may not put on screens by themselves.

    Raises:
        NotPermitted: the role does not cover it, it reaches beyond the user's scope, or a group needs approval.
    """
    require(user, "may_edit")
    screen_scopes.check_targets(user, targets)
    if needs_approval(user, targets):
        raise NotPermitted(_("Content on these screens needs approval: propose the announcement, or ask a publisher."))


def check_rule(user: User | None, rule: ScheduleRule) -> None:
    """Refuse a change of a saved rule that reaches screens on which the user may not publish.

    Raises:
        NotPermitted: see :func:`check_publishing`.
    """
    if user is not None and not _publishes_everywhere(user):
        check_publishing(user, Targets.of(rule))


def check_playlist(user: User | None, playlist: Playlist) -> None:
    """Refuse a change of a playlist that a rule shows on screens on which the user may not publish.

    Raises:
        NotPermitted: see :func:`check_publishing`.
    """
    require(user, "may_edit")
    if user is None or _publishes_everywhere(user):
        return
    rules = playlist.rules.all()
    if not rules._prefetch_done:  # type: ignore[attr-defined]
        rules = rules.prefetch_related("groups", "screens")
    for rule in rules:
        check_publishing(user, Targets.of(rule))


def playlists_of(rows: QuerySet[Playlist], user: User | None) -> QuerySet[Playlist]:
    """Return those of some playlists that no rule shows beyond the scope of a user."""
    if user is None or screen_scopes.scope_group_keys(user) is None:
        return rows
    within = screen_scopes.rows_in_scope(ScheduleRule.objects.all(), user)
    return rows.exclude(pk__in=ScheduleRule.objects.exclude(pk__in=within.values("pk")).values("playlist"))


def _publishes_everywhere(user: User) -> bool:
    return user.may_approve and screen_scopes.scope_group_keys(user) is None
