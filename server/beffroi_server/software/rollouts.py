"""Rollouts: which screens get a version of the player when, and whether it goes on.

Each step waits until every screen of the step before that is there runs the version, and has done so for the hours
that the town has set. The first screen that takes it back by itself stops the rollout, and people are told.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from beffroi_server.accounts import audit
from beffroi_server.accounts.models import User
from beffroi_server.accounts.permissions import require
from beffroi_server.core.transactions import serialised
from beffroi_server.fleet import screen_scopes, targets
from beffroi_server.fleet.events import screen_changed
from beffroi_server.fleet.models import Screen
from beffroi_server.notifications.conditions import record_condition
from beffroi_server.notifications.occasions import Occasion
from beffroi_server.software import mirror
from beffroi_server.software.models import OPEN_STATES, Rollout, RolloutState, RolloutStep
from beffroi_server.software.progress import Progress, ScreenProgress, progress_of

NAMES_KEPT = 20


def start_rollout(rollout: Rollout, *, user: User | None, now: dt.datetime) -> Rollout:
    """Start the rollout of a version that is here.

    Raises:
        NotPermitted: the user does not look after all screens.
        ValidationError: another is open, the version is not here, or there is no screen to begin with.
    """
    _check(user)
    with serialised():
        if Rollout.objects.filter(state__in=OPEN_STATES).exists():
            raise ValidationError(_("Another version is being rolled out. End that first."))
        if rollout.version not in mirror.available_versions():
            raise ValidationError({"version": _("This version is not on the server.")})
        rollout.started_at, rollout.started_by = now, user
        rollout.full_clean()
        found = progress_of(rollout.version, now)
        if not _screens_of(rollout, found):
            raise ValidationError({"first_group": _("No player of this group can change its version by itself.")})
        rollout.save()
        audit.record_event(user, "rollout-started", rollout.version, at_once=rollout.at_once)
        _tell_screens(rollout, found)
    return rollout


def pause_rollout(rollout: Rollout, *, user: User | None, now: dt.datetime) -> None:
    """Stop a rollout for now: screens that do not run the version yet stay as they are."""
    _check(user)
    _stop(rollout, RolloutState.PAUSED, "rollout-paused", user, now)


def end_rollout(rollout: Rollout, *, user: User | None, now: dt.datetime) -> None:
    """End a rollout for good: screens that do not run the version yet stay as they are."""
    _check(user)
    _stop(rollout, RolloutState.ENDED, "rollout-ended", user, now)
    record_condition(Occasion.SOFTWARE.value, now)


def resume_rollout(rollout: Rollout, *, user: User | None, now: dt.datetime) -> None:
    """Let a rollout go on that was paused; screens on which it has failed are passed over from now on."""
    _check(user)
    with serialised():
        found = Rollout.objects.get(pk=rollout.pk)
        if found.state != RolloutState.PAUSED:
            return
        known = progress_of(found.version, now)
        failed = [each.screen_id for each in known if each.progress is Progress.FAILED]
        found.passed_over = sorted({*found.passed_over, *failed})
        found.state, found.has_failed, found.held_since = RolloutState.RUNNING, False, None
        found.save()
        audit.record_event(user, "rollout-resumed", found.version)
        _tell_screens(found, known)
        record_condition(Occasion.SOFTWARE.value, now)


def follow_rollout(now: dt.datetime) -> Rollout | None:
    """Take the rollout as far as it may go now; return it. Screens enrolled after its end get the version, too."""
    rollout = Rollout.objects.exclude(state=RolloutState.ENDED).first()
    if rollout is None or rollout.state == RolloutState.PAUSED:
        return None
    if rollout.state == RolloutState.DONE and not _has_new_screens():
        return rollout
    found = progress_of(rollout.version, now)
    failed = [each for each in _screens_of(rollout, found) if each.progress is Progress.FAILED]
    if failed and rollout.state == RolloutState.RUNNING:
        _stop_for_failure(rollout, failed, now)
        return rollout
    with serialised():
        rollout = Rollout.objects.get(pk=rollout.pk)
        if rollout.state == RolloutState.RUNNING:
            _advance(rollout, _screens_of(rollout, found), now)
        if rollout.state in (RolloutState.RUNNING, RolloutState.DONE):
            _tell_screens(rollout, found)
    return rollout


def _advance(rollout: Rollout, concerned: Sequence[ScreenProgress], now: dt.datetime) -> None:
    there = [each for each in concerned if each.progress not in (Progress.AWAY, Progress.UNABLE)]
    if not there or any(each.progress is not Progress.DONE for each in there):
        rollout.held_since = None
    else:
        rollout.held_since = rollout.held_since or now
        is_last = rollout.step == RolloutStep.ALL
        # Whoever is away gets it when it is back; a rollout does not wait for one that never comes.
        if is_last:
            rollout.state = RolloutState.DONE
        elif now - rollout.held_since >= dt.timedelta(hours=rollout.hold_hours):
            rollout.step, rollout.held_since = rollout.step + 1, None
    rollout.save()


def _stop_for_failure(rollout: Rollout, failed: Sequence[ScreenProgress], now: dt.datetime) -> None:
    names = [each.name for each in failed]
    with serialised():
        _stop(rollout, RolloutState.PAUSED, "rollout-paused", None, now, has_failed=True)
        detail = {"version": rollout.version, "missing": len(names), "screens": names[:NAMES_KEPT]}
        record_condition(Occasion.SOFTWARE.value, now, reason="failed", detail=detail)


def _stop(
    rollout: Rollout, state: RolloutState, action: str, user: User | None, now: dt.datetime, *, has_failed: bool = False
) -> None:
    with serialised():
        found = Rollout.objects.get(pk=rollout.pk)
        if not found.is_open or found.state == state:
            return
        found.state, found.has_failed = state, has_failed or (found.has_failed and state != RolloutState.RUNNING)
        found.save()
        audit.record_event(user, action, found.version, failed=has_failed)
        done = {each.screen_id for each in progress_of(found.version, now) if each.progress is Progress.DONE}
        for screen in Screen.objects.filter(software=found.version).exclude(pk__in=done):
            _set_software(screen, "", at_once=False)


def _tell_screens(rollout: Rollout, found: Sequence[ScreenProgress]) -> None:
    """Let the screens of the step want the version."""
    keys = [each.screen_id for each in _screens_of(rollout, found)]
    screens = Screen.objects.filter(pk__in=keys)
    # Once it is over, only those are told that have come since.
    rows = screens.filter(software="") if rollout.state == RolloutState.DONE else screens
    for screen in rows.exclude(software=rollout.version, software_at_once=rollout.at_once):
        _set_software(screen, rollout.version, at_once=rollout.at_once)


def _has_new_screens() -> bool:
    return Screen.objects.filter(software="", enrolled_at__isnull=False).exists()


def _set_software(screen: Screen, version: str, *, at_once: bool) -> None:
    screen.software, screen.software_at_once = version, at_once
    screen.save(update_fields=["software", "software_at_once"])
    screen_changed.send(screen)


def _screens_of(rollout: Rollout, found: Sequence[ScreenProgress]) -> list[ScreenProgress]:
    """Return the screens of the present step: those that were told before, and each time some more."""
    able = [
        each for each in found if each.progress is not Progress.UNABLE and each.screen_id not in rollout.passed_over
    ]
    if rollout.step == RolloutStep.ALL:
        return able
    chosen = {each.screen_id for each in able if each.wanted == rollout.version}
    if rollout.first_group is not None:
        chosen |= {screen.pk for screen in targets.member_screens([rollout.first_group])}
    elif not chosen:
        # One that is there: else it would be waited for.
        chosen = {each.screen_id for each in [each for each in able if each.progress is not Progress.AWAY][:1]}
    first = [each for each in able if each.screen_id in chosen]
    if rollout.step == RolloutStep.FIRST:
        return first
    others = [each for each in able if each.screen_id not in chosen]
    return [*first, *others[: max(0, math.ceil(len(able) / 10) - len(first))]]


def _check(user: User | None) -> None:
    require(user, "may_install")
    screen_scopes.check_whole_town(user)
