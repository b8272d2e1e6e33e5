"""Proposals: announcements that wait until somebody who may publish them agrees.

A contributor proposes every announcement; an editor those for groups that need approval. Until it is approved a
proposal changes nothing on screens; then its announcement is placed as it was proposed. The proposal keeps the version
of the text that was approved: whoever could not publish it alone cannot put another text in its place.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_server.accounts import audit
from beffroi_server.accounts.models import User
from beffroi_server.core.transactions import serialised
from beffroi_server.fleet import screen_scopes
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.fleet.targets import Targets
from beffroi_server.library import library_scopes
from beffroi_server.library.errors import EditConflict
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import placements, publish_permissions
from beffroi_server.schedule.errors import ProposalDecided
from beffroi_server.schedule.models import AnnouncementPlacement, Proposal, ProposalState

MAX_REASON = 500


def publish_or_propose(
    announcement: Announcement,
    targets: Targets,
    *,
    starts_at: dt.datetime | None = None,
    ends_at: dt.datetime | None = None,
    duration_s: int = placements.SLIDE_DURATION_S,
    user: User | None,
) -> AnnouncementPlacement | Proposal:
    """Publish an announcement where its user may do so alone; otherwise propose it.

    Raises:
        NotPermitted: it reaches beyond the scope of the user.
        ValidationError: a value is not valid, or the user's quota is used up.
    """
    propose = user is not None and publish_permissions.needs_approval(user, targets)
    act = propose_announcement if propose else placements.place_announcement
    return act(
        announcement,
        everywhere=targets.everywhere,
        screens=targets.screens,
        groups=targets.groups,
        starts_at=starts_at,
        ends_at=ends_at,
        duration_s=duration_s,
        user=user,
    )


def propose_announcement(
    announcement: Announcement,
    *,
    everywhere: bool = False,
    screens: Iterable[Screen] = (),
    groups: Iterable[ScreenGroup] = (),
    starts_at: dt.datetime | None = None,
    ends_at: dt.datetime | None = None,
    duration_s: int = placements.SLIDE_DURATION_S,
    user: User | None,
) -> Proposal:
    """Propose an announcement for screens; a proposal of it that waits already is replaced.

    What all municipalities share may wait for the screens of another one: that is not replaced.

    Arguments as for ``placements.place_announcement``.

    Raises:
        NotPermitted: the announcement or the screens are beyond the scope of the user.
        ValidationError: a value is not valid, or the user's quota is used up.
    """
    targets = Targets(everywhere, tuple(groups), tuple(screens))
    library_scopes.check_use(user, announcement)
    screen_scopes.check_targets(user, targets)
    with serialised():
        _check_quota(user, announcement)
        waiting = waiting_proposal(announcement)
        if waiting is not None:
            _check_reached(user, waiting)
        proposal = waiting or Proposal(announcement=announcement)
        proposal.everywhere, proposal.duration_s = everywhere, duration_s
        proposal.starts_at, proposal.ends_at = starts_at, ends_at
        proposal.proposed_by, proposal.proposed_at = user, timezone.now()
        proposal.full_clean(exclude={"proposed_by", "decided_by"})
        proposal.save()
        proposal.screens.set([] if everywhere else targets.screens)
        proposal.groups.set([] if everywhere else targets.groups)
        audit.record_event(user, "announcement-proposed", announcement.title, id=str(announcement.pk))
    return proposal


def approve_proposal(proposal: Proposal, *, expected_version: int | None = None, user: User) -> AnnouncementPlacement:
    """Publish an announcement as it was proposed.

    Args:
        proposal: One that waits.
        expected_version: The version of the announcement that the user saw; None approves any.
        user: Somebody who may publish there.

    Raises:
        EditConflict: the announcement was changed since the user saw it.
        NotPermitted: the user may not publish there.
        ProposalDecided: somebody has decided already.
    """
    targets = Targets.of(proposal)
    publish_permissions.check_publishing(user, targets)
    with serialised():
        announcement = Announcement.objects.get(pk=proposal.announcement_id)
        library_scopes.check_use(user, announcement)
        if expected_version is not None and announcement.version != expected_version:
            raise EditConflict(announcement)
        _decide(proposal, ProposalState.APPROVED, user, version=announcement.version)
        audit.record_event(user, "proposal-approved", announcement.title, id=str(announcement.pk))
        placement = placements.place_announcement(
            announcement,
            everywhere=targets.everywhere,
            screens=targets.screens,
            groups=targets.groups,
            starts_at=proposal.starts_at,
            ends_at=proposal.ends_at,
            duration_s=proposal.duration_s,
            user=user,
        )
        placements.put_back_on_screens([announcement], user=user)
    return placement


def decline_proposal(proposal: Proposal, reason: str, *, user: User) -> None:
    """Decline a proposal, with the reason for whoever made it.

    Raises:
        NotPermitted: the user may not publish there.
        ProposalDecided: somebody has decided already.
        ValidationError: no reason is given.
    """
    publish_permissions.check_publishing(user, Targets.of(proposal))
    reason = reason.strip()[:MAX_REASON]
    if not reason:
        raise ValidationError(_("Say why, so that it can be changed."))
    with serialised():
        _decide(proposal, ProposalState.DECLINED, user, reason=reason)
        audit.record_event(
            user, "proposal-declined", proposal.announcement.title, id=str(proposal.announcement_id), reason=reason
        )


def withdraw_proposal(proposal: Proposal, *, user: User) -> None:
    """Take a proposal back, as who made it.

    Raises:
        NotPermitted: the announcement is somebody else's, or proposed for screens of others.
        ProposalDecided: somebody has decided already.
    """
    library_scopes.check_use(user, proposal.announcement)
    _check_reached(user, proposal)
    with serialised():
        _decide(proposal, ProposalState.WITHDRAWN, user)
        audit.record_event(user, "proposal-withdrawn", proposal.announcement.title, id=str(proposal.announcement_id))


def _check_reached(user: User | None, proposal: Proposal) -> None:
    """Refuse a change of a proposal of others for screens that are not the user's."""
    if user is None or proposal.proposed_by_id != user.pk:
        screen_scopes.check_row(user, proposal)


def proposals_to_decide(user: User) -> QuerySet[Proposal]:
    """Return the proposals that wait and that a user may decide, the oldest first."""
    waiting = Proposal.objects.filter(state=ProposalState.WAITING, announcement__archived_at=None)
    if not user.may_edit:
        return waiting.none()
    within = screen_scopes.rows_in_scope(waiting, user)
    if not user.may_approve:
        careful = Screen.objects.filter(groups__needs_approval=True).values("pk")
        groups = ScreenGroup.objects.filter(Q(needs_approval=True) | Q(screens__in=careful)).values("pk")
        within = within.exclude(groups__in=groups).exclude(screens__in=careful)
        if careful.exists():
            within = within.exclude(everywhere=True)
    announcements = library_scopes.announcements_in_scope(Announcement.objects.all(), user)
    return within.filter(announcement__in=announcements.order_by().values("pk")).order_by("proposed_at", "pk")


def waiting_proposal(announcement: Announcement) -> Proposal | None:
    """Return the proposal of an announcement that waits, if there is one; no query where it was read with none."""
    if not getattr(announcement, "is_proposed", True):
        return None
    return announcement.proposals.filter(state=ProposalState.WAITING).first()


def proposals_of(user: User) -> QuerySet[Proposal]:
    """Return the proposals that a user made, the newest first."""
    return Proposal.objects.filter(proposed_by=user).order_by("-proposed_at", "-pk")


def used_quota(user: User) -> int:
    """Return how many announcements of a user wait for approval or are on screens, or will be."""
    return _counting(user).count()


def _counting(user: User) -> QuerySet[Announcement]:
    now = timezone.now()
    waits = Q(pk__in=Proposal.objects.filter(state=ProposalState.WAITING).values("announcement"))
    on = AnnouncementPlacement.objects.filter(taken_off_at=None).exclude(ends_at__lte=now)
    placed = Q(pk__in=on.values("announcement"))
    return Announcement.objects.filter(waits | placed, created_by=user, archived_at=None)


def _check_quota(user: User | None, announcement: Announcement) -> None:
    if user is None or user.may_edit or user.announcement_quota is None:
        return
    if _counting(user).exclude(pk=announcement.pk).count() >= user.announcement_quota:
        raise ValidationError(
            _("You may have %(most)d announcements proposed or on screens at a time. Take one off first.")
            % {"most": user.announcement_quota}
        )


def _decide(proposal: Proposal, state: ProposalState, user: User, **values: object) -> None:
    waiting = Proposal.objects.filter(pk=proposal.pk, state=ProposalState.WAITING)
    # The row count decides between two who decide at once.
    if not waiting.update(state=state, decided_by=user, decided_at=timezone.now(), **values):
        raise ProposalDecided(_("Somebody has decided about this proposal already."))
    proposal.refresh_from_db()
