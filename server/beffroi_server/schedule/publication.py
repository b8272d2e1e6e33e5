"""From a change to the programmes that carry it: what is due is marked in the transaction of the change.

After the commit the programmes that are due are compiled, signed and sent, one short transaction each, so that an
alert never waits for them:

1. take the screens whose ``programme_due_at`` is set;
2. compile outside any transaction, since drawing may be slow;
3. in a transaction, clear the mark if it is still the one that was read, and seal the programme;
4. a screen whose programme cannot be compiled keeps the one that it has; the reason is in ``queries.problems``.
"""

from __future__ import annotations

import logging
import threading

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from beffroi_content.model import Manifest
from beffroi_content.wire.documents import ProgrammeBody, ProgrammeDocument
from beffroi_content.wire.messages import PROGRAMME
from beffroi_content.wire.scopes import TopicScope
from beffroi_server.core import database
from beffroi_server.delivery import signing
from beffroi_server.feeds.models import Feed
from beffroi_server.fleet.models import Screen
from beffroi_server.library.models import Announcement, MediaItem
from beffroi_server.library.template_choices import EVENT_LISTS
from beffroi_server.schedule import manifest_compiler as compiling
from beffroi_server.schedule.models import DayCalendar, Playlist, ScheduleRule

logger = logging.getLogger(__name__)
publication_due = threading.Event()
"""Set when something was marked; the worker of this process waits for it."""
_worker_runs = threading.Event()
RETRY_DELAY_S = 1


def announcement_changed(announcement: Announcement) -> None:
    """Mark the screens that show the announcement, and those that show an agenda."""
    shown = Q(playlist__entries__announcement=announcement)
    agenda = Q(playlist__entries__announcement__template__in=EVENT_LISTS)
    # Those that it fills, and those that it filled until it was given another category.
    filled = ~Q(playlist__category="")
    _mark_due(_screens_of_rules(ScheduleRule.objects.filter(shown | agenda | filled)))


def feed_changed(feed: Feed) -> None:
    """Mark the screens that show an announcement which shows the feed."""
    _mark_due(_screens_of_rules(ScheduleRule.objects.filter(playlist__entries__announcement__feed=feed)))


def media_changed(item: MediaItem) -> None:
    """Mark the screens that show the picture or film by itself."""
    _mark_due(_screens_of_rules(ScheduleRule.objects.filter(playlist__entries__media=item)))


def playlist_changed(playlist: Playlist) -> None:
    """Mark the screens that show the playlist."""
    _mark_due(_screens_of_rules(playlist.rules.all()))


def rule_changed(rule: ScheduleRule) -> None:
    """Mark the screens that the rule is for."""
    _mark_due(_screens_of_rules(ScheduleRule.objects.filter(pk=rule.pk)))


def calendar_changed(calendar: DayCalendar) -> None:
    """Mark the screens of which a rule looks at the calendar."""
    _mark_due(_screens_of_rules(ScheduleRule.objects.filter(Q(only_on=calendar) | Q(never_on=calendar))))


def screen_changed(screen: Screen) -> None:
    """Mark one screen, of which the settings were changed."""
    _mark_due(Screen.objects.filter(pk=screen.pk))


def town_changed() -> None:
    """Mark every screen."""
    _mark_due(Screen.objects.all())


def publish_due_programmes() -> int:
    """Publish every programme that is due; return how many were sent."""
    waiting = Screen.objects.filter(programme_due_at__isnull=False).order_by("programme_due_at")
    return sum(_publish_or_log(screen) for screen in waiting)


def publish_programme(screen: Screen) -> bool:
    """Compile, seal and send the programme of one screen; return whether it differs from the one before.

    Raises:
        CompileProblem: it cannot be compiled; what was published stays in force.
    """
    compiled = compiling.compile_manifest(compiling.load_inputs(screen))
    with transaction.atomic():
        cleared = Screen.objects.filter(pk=screen.pk, programme_due_at=screen.programme_due_at)
        if not cleared.update(programme_due_at=None):
            return False
        if compiled.manifest == published_manifest(screen):
            return False
        signing.seal_document(PROGRAMME, TopicScope.of_screen(screen.slug), ProgrammeBody(manifest=compiled.manifest))
    return True


def published_manifest(screen: Screen) -> Manifest | None:
    """Return what the screen was last sent; None when nothing was, or it can no longer be read."""
    document = signing.published_document(PROGRAMME, TopicScope.of_screen(screen.slug))
    return document.manifest if isinstance(document, ProgrammeDocument) else None


@database.close_connection_after()
def run_publication(stopping: threading.Event) -> None:
    """Publish what is due, as soon as it is, until ``stopping`` is set."""
    _worker_runs.set()
    try:
        while not stopping.is_set():
            publication_due.wait(timeout=30)
            publication_due.clear()
            try:
                database.with_fresh_connection(publish_due_programmes)
            except Exception:
                # The database is away, for one: what is due stays so, and without us nobody would publish it.
                logger.exception("the programmes that are due could not be published")
                stopping.wait(RETRY_DELAY_S)
                publication_due.set()
    finally:
        _worker_runs.clear()


def _screens_of_rules(rules: QuerySet[ScheduleRule]) -> QuerySet[Screen]:
    if rules.filter(everywhere=True).exists():
        return Screen.objects.all()
    return Screen.objects.filter(
        pk__in=Screen.objects.filter(Q(rules__in=rules) | Q(groups__rules__in=rules)).values("pk")
    )


def _mark_due(screens: QuerySet[Screen]) -> None:
    if screens.update(programme_due_at=timezone.now()):
        transaction.on_commit(_wake_worker, robust=True)


def _wake_worker() -> None:
    if _worker_runs.is_set():
        publication_due.set()
    else:
        # A command at the prompt has no worker: it publishes by itself.
        publish_due_programmes()


def _publish_or_log(screen: Screen) -> bool:
    try:
        return publish_programme(screen)
    except compiling.CompileError as problem:
        logger.warning("the programme of %s stays as it is: %s", screen.slug, problem)
        Screen.objects.filter(pk=screen.pk, programme_due_at=screen.programme_due_at).update(programme_due_at=None)
    except Exception:
        logger.exception("the programme of %s was not published", screen.slug)
    return False
