"""Who may put content on which screens: role, scope, and groups that need approval, for placements, rules, playlists.

A playlist reaches as far as its rules, and those of the playlists that contain it: who changes it changes what all of
their screens show.
"""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.accounts.models import User
from beffroi_server.accounts.permissions import require
from beffroi_server.fleet import content_owners, screen_scopes
from beffroi_server.fleet.models import ScreenGroup
from beffroi_server.fleet.targets import Targets
from beffroi_server.library import library_scopes
from beffroi_server.library.events import AnnouncementChange
from beffroi_server.library.models import Announcement
from beffroi_server.schedule.models import AnnouncementPlacement, Playlist, ProposalState, ScheduleRule
from beffroi_server.schedule.playlist_nesting import inner_keys, outer_keys


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


def shared_placement(user: User | None, row: AnnouncementPlacement, chosen: Targets) -> tuple[Targets, bool]:
    """Return what a shared announcement reaches once somebody of a municipality has chosen where it is shown.

    They add and remove their own screens only: where others show it now or later, it stays as it is.

    Args:
        user: Who may place the announcement, and not change it.
        row: Its placement, or an unsaved one.
        chosen: Of the user's own screens.

    Returns:
        What it reaches then, and whether it is shown elsewhere, so that its dates are not the user's to change.

    Raises:
        NotPermitted: it is shown on all screens, or a chosen screen is beyond the scope of the user.
    """
    is_shown = not row._state.adding and (row.ends_at is None or row.ends_at > timezone.now())
    present = Targets.of(row) if is_shown else Targets()
    if present.everywhere:
        raise NotPermitted(_("“%(title)s” is shown on all screens already.") % {"title": row.announcement.title})
    own_screens = set(screen_scopes.screens_in_scope(user).values_list("pk", flat=True))
    own_groups = screen_scopes.scope_group_keys(user) or frozenset()
    groups = tuple(group for group in present.groups if group.pk not in own_groups)
    screens = tuple(screen for screen in present.screens if screen.pk not in own_screens)
    added = Targets(
        chosen.everywhere,
        tuple(group for group in chosen.groups if group not in groups),
        tuple(screen for screen in chosen.screens if screen not in screens),
    )
    check_publishing(user, added)
    return Targets(groups=(*groups, *added.groups), screens=(*screens, *added.screens)), bool(groups or screens)


def check_rule(user: User | None, rule: ScheduleRule) -> None:
    """Refuse a change of a saved rule that reaches screens on which the user may not publish.

    Raises:
        NotPermitted: see :func:`check_publishing`.
    """
    if user is not None and not _publishes_everywhere(user):
        check_publishing(user, Targets.of(rule))


def check_row(user: User | None, row: AnnouncementPlacement) -> None:
    """Refuse a change of a saved placement that is beyond the scope of a user.

    Raises:
        NotPermitted: it reaches a screen that is in none of the user's groups.
    """
    screen_scopes.check_row(user, row)


def check_change(change: AnnouncementChange) -> None:
    """Refuse another text of an announcement that is on screens on which the user may not publish by themselves.

    Raises:
        NotPermitted: it is there; the message says what to do.
    """
    user, announcement = change.user, change.announcement
    if change.is_leaving:
        check_taking_off(user, announcement)
        return
    if user is None or _publishes_everywhere(user) or announcement._state.adding:
        return
    for targets in _reaches_of(announcement):
        if not user.may_edit or needs_approval(user, targets):
            raise NotPermitted(
                _("“%(title)s” was approved and is on screens. Take it off and propose it again, or propose a copy.")
                % {"title": announcement.title}
            )
        screen_scopes.check_targets(user, targets)


def check_taking_off(user: User | None, announcement: Announcement) -> None:
    """Refuse to take an announcement off screens beyond the scope of a user; a contributor takes off the own.

    Raises:
        NotPermitted: it is somebody else's, or reaches a screen that is in none of the user's groups.
    """
    library_scopes.check_announcement(user, announcement)
    if user is not None and screen_scopes.scope_group_keys(user) is not None:
        for targets in _reaches_of(announcement):
            screen_scopes.check_targets(user, targets)


def check_putting_back(user: User | None, announcement: Announcement) -> None:
    """Refuse to put an announcement back on screens for which the user would need an approval that it does not have.

    Raises:
        NotPermitted: the text is not the approved one, or it reaches beyond the user's scope.
    """
    library_scopes.check_announcement(user, announcement)
    if user is None or _publishes_everywhere(user):
        return
    approved = announcement.proposals.filter(state=ProposalState.APPROVED, version=announcement.version).exists()
    for targets in _reaches_of(announcement, is_off=True):
        if approved:
            screen_scopes.check_targets(user, targets)
        else:
            check_publishing(user, targets)


def _reaches_of(announcement: Announcement, *, is_off: bool = False) -> list[Targets]:
    """Return what an announcement reaches now or later, by its placement and by playlists that list it.

    Args:
        announcement: A saved one.
        is_off: Whether it counts that it was taken off, too.
    """
    placement = AnnouncementPlacement.objects.filter(announcement=announcement).first()
    if placement is not None and placement.taken_off_at is not None and not is_off:
        return []
    listing = Playlist.objects.filter(entries__announcement=announcement).values_list("pk", flat=True)
    rules = ScheduleRule.objects.filter(playlist__in=outer_keys(listing))
    rows = [Targets.of(rule) for rule in rules.prefetch_related("groups", "screens")]
    is_over = placement is not None and placement.ends_at is not None and placement.ends_at <= timezone.now()
    if placement is not None and not is_over:
        rows.append(Targets.of(placement))
    return [targets for targets in rows if targets]


def check_playlist(user: User | None, playlist: Playlist) -> None:
    """Refuse a change of a playlist of others, or one that a rule shows on screens on which the user may not publish.

    Raises:
        NotPermitted: see :func:`check_publishing` and ``content_owners``.
    """
    require(user, "may_edit")
    content_owners.check_change(user, playlist)
    for targets in _targets_of(user, playlist):
        check_publishing(user, targets)


def check_reach(user: User, playlist: Playlist) -> None:
    """Refuse a playlist that is shown on screens beyond a user's scope, or on which others approve what they write.

    It does not matter here whether the user may still sign in.

    Raises:
        NotPermitted: it is.
    """
    for targets in _targets_of(user, playlist):
        screen_scopes.check_targets(user, targets)
        if needs_approval(user, targets):
            raise NotPermitted(_("Content on these screens needs approval."))


def _targets_of(user: User | None, playlist: Playlist) -> list[Targets]:
    """Return what the rules of a playlist reach; nothing for a user who publishes everywhere."""
    if user is None or _publishes_everywhere(user):
        return []
    rules = playlist.rules.all()
    if not rules._prefetch_done:  # type: ignore[attr-defined]
        rules = rules.prefetch_related("groups", "screens")
    outer = outer_keys([playlist.pk]) - {playlist.pk}
    beyond = ScheduleRule.objects.filter(playlist__in=outer).prefetch_related("groups", "screens") if outer else ()
    return [Targets.of(rule) for rule in (*rules, *beyond)]


def playlists_of(rows: QuerySet[Playlist], user: User | None) -> QuerySet[Playlist]:
    """Return those of some playlists that no rule shows beyond the scope of a user.

    Whoever works for a municipality sees all that are shared, too, to show them on the own screens.
    """
    if user is None or screen_scopes.scope_group_keys(user) is None:
        return rows
    within = screen_scopes.rows_in_scope(ScheduleRule.objects.all(), user)
    beyond = ScheduleRule.objects.exclude(pk__in=within.values("pk")).values_list("playlist", flat=True)
    seen = content_owners.seen_by(rows, user)
    if content_owners.served_municipalities(user):
        return seen.filter(Q(municipality=None) | ~Q(pk__in=inner_keys(beyond)))
    return seen.exclude(pk__in=inner_keys(beyond))


def _publishes_everywhere(user: User) -> bool:
    if screen_scopes.scope_group_keys(user) is not None or not user.may_edit:
        return False
    return user.may_approve or not ScreenGroup.objects.filter(needs_approval=True).exists()
