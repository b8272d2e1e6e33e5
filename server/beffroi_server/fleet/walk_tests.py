"""Test cards and walk tests: what technicians have screens show while they stand before them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_content.wire.documents import CommandKind
from beffroi_server.accounts import audit
from beffroi_server.accounts.models import User
from beffroi_server.accounts.permissions import require
from beffroi_server.core.transactions import serialised
from beffroi_server.fleet import screen_scopes, services
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.walk_models import WalkResult, WalkStop, WalkTest

LONGEST_MINUTES, USUAL_MINUTES = 60, 15
MOST_SCREENS = 1000
KEPT = dt.timedelta(days=730)
"""For how long a test stays in the list."""


def show_test_card(screens: Sequence[Screen], minutes: int, *, user: User | None) -> None:
    """Have screens show a test card for some minutes; 0 ends it. Alerts come before it.

    Raises:
        NotPermitted: the user does not look after one of the screens.
        ValidationError: no screen, too many, or too many minutes.
    """
    _check(screens, minutes, user)
    with serialised():
        for screen in screens:
            services.send_command(screen, CommandKind.TEST_CARD, 60 * minutes)
            audit.record_event(user, "test-card-shown", screen, slug=screen.slug, minutes=minutes)


def start_walk(screens: Sequence[Screen], minutes: int, *, user: User | None) -> WalkTest:
    """Have screens show a number each, and begin to note what is found there.

    Raises:
        NotPermitted: the user does not look after one of the screens.
        ValidationError: no screen, too many, or too many minutes.
    """
    _check(screens, minutes, user)
    if not minutes:
        raise ValidationError(_("A walk test takes at least one minute."))
    now = timezone.now()
    with serialised():
        WalkTest.objects.filter(started_at__lt=now - KEPT).delete()
        test = WalkTest.objects.create(started_at=now, started_by=user, shown_until=now + dt.timedelta(minutes=minutes))
        ordered = sorted(screens, key=lambda screen: (screen.place.lower(), screen.name.lower()))
        WalkStop.objects.bulk_create(
            WalkStop(test=test, screen=screen, number=number) for number, screen in enumerate(ordered, start=1)
        )
        _show_numbers(test, 60 * minutes)
        audit.record_event(user, "walk-test-started", str(test), screens=len(ordered))
    return test


def show_again(test: WalkTest, minutes: int, *, user: User | None) -> None:
    """Have the screens of a test show their numbers again.

    Raises:
        NotPermitted: the user does not look after one of the screens.
        ValidationError: too many minutes.
    """
    _check([stop.screen for stop in test.stops.select_related("screen")], minutes, user)
    with serialised():
        test.shown_until, test.ended_at = timezone.now() + dt.timedelta(minutes=minutes), None
        test.save(update_fields=["shown_until", "ended_at"])
        _show_numbers(test, 60 * minutes)


def note_result(stop: WalkStop, result: WalkResult, note: str, *, user: User | None) -> None:
    """Note what was found at a screen; the last word counts.

    Raises:
        NotPermitted: the user does not look after the screen.
    """
    require(user, "may_install")
    screen_scopes.check_screens(user, [stop.screen])
    with serialised():
        stop.result, stop.note, stop.noted_by = result.value, note.strip()[:200], user
        stop.noted_at = timezone.now()
        stop.save(update_fields=["result", "note", "noted_at", "noted_by"])
        audit.record_event(
            user, "walk-test-noted", stop.screen, slug=stop.screen.slug, result=stop.result, note=stop.note
        )


def end_walk(test: WalkTest, *, user: User | None) -> None:
    """Have the screens show their programme again.

    Raises:
        NotPermitted: the user does not look after one of the screens.
    """
    require(user, "may_install")
    screen_scopes.check_screens(user, [stop.screen for stop in test.stops.select_related("screen")])
    with serialised():
        test.ended_at = timezone.now()
        test.save(update_fields=["ended_at"])
        _show_numbers(test, 0)
        audit.record_event(user, "walk-test-ended", str(test))


def tests_in_scope(user: User | None) -> QuerySet[WalkTest]:
    """Return the tests whose screens a user may all look at, the newest first, with the counts of their results."""
    rows = WalkTest.objects.select_related("started_by").annotate(
        total=Count("stops"),
        noted=Count("stops", filter=~Q(stops__result="")),
        faulty=Count("stops", filter=Q(stops__result__in=[WalkResult.WRONG, WalkResult.UNSEEN])),
    )
    # An aggregate drops the order of the model.
    rows = rows.order_by("-started_at", "-pk")
    if screen_scopes.scope_group_keys(user) is None:
        return rows
    beyond = WalkStop.objects.exclude(screen__in=screen_scopes.screens_in_scope(user)).values("test")
    return rows.exclude(pk__in=beyond)


def result_rows(test: WalkTest) -> Iterator[list[str | int]]:
    """Yield the results of a test as rows, with headings."""
    yield [_("Number"), _("Screen"), _("Place"), _("Result"), _("Note"), _("Noted at"), _("By")]
    for stop in test.stops.select_related("screen", "noted_by"):
        at = timezone.localtime(stop.noted_at).isoformat(" ", "minutes") if stop.noted_at else ""
        yield [stop.number, stop.screen.name, stop.screen.place, str(WalkResult(stop.result).label), stop.note, at,
               str(stop.noted_by or "")]  # fmt: skip


def _show_numbers(test: WalkTest, seconds: int) -> None:
    for stop in test.stops.select_related("screen"):
        services.send_command(stop.screen, CommandKind.NUMBER, seconds, stop.number)


def _check(screens: Sequence[Screen], minutes: int, user: User | None) -> None:
    require(user, "may_install")
    screen_scopes.check_screens(user, screens)
    if not 0 < len(screens) <= MOST_SCREENS:
        raise ValidationError(_("Choose at least one screen, and %(most)d at most.") % {"most": MOST_SCREENS})
    if not 0 <= minutes <= LONGEST_MINUTES:
        raise ValidationError(_("Screens show a test for up to %(minutes)d minutes.") % {"minutes": LONGEST_MINUTES})
