"""Publication of programmes: changes mark screens as due, and due programmes are compiled, signed and sent.

The mark (``Screen.programme_due_at``) is set in the transaction of the change, so it is never lost. After the commit,
each due screen is published in a short transaction of its own, so that an alert never waits for programmes:

1. read the screens whose mark is set;
2. claim a screen, so that no other thread or process compiles it at the same time: whoever finds it claimed leaves it,
   and looks again a moment later;
3. compile outside any transaction, since drawing may be slow;
4. in a transaction, clear the mark if it is still the one that was read, and seal the programme. If something changed
   meanwhile, the mark is a newer one: nothing is sent, and the screen stays due;
5. a screen whose programme cannot be compiled keeps the one that it has; ``queries.programme_problems`` gives the
   reason.

Packages below this one announce changes as events (see ``core.events``), to which this module subscribes.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Iterable

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from beffroi_content.model import BrokerPlace, Manifest
from beffroi_content.wire.documents import ProgrammeBody, ProgrammeDocument
from beffroi_content.wire.messages import PROGRAMME
from beffroi_content.wire.scopes import TopicScope
from beffroi_server.accounts.events import town_changed
from beffroi_server.accounts.models import Town
from beffroi_server.core import database, transactions
from beffroi_server.core.folded_text import fold_text
from beffroi_server.core.work_claims import WorkClaims
from beffroi_server.delivery import signing
from beffroi_server.feeds.events import feed_changed
from beffroi_server.feeds.models import Feed
from beffroi_server.fleet import targets
from beffroi_server.fleet.events import screen_changed
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.services import broker_place
from beffroi_server.library.events import CategoryRename, announcement_changed, category_renamed, media_changed
from beffroi_server.library.models import Announcement, MediaItem
from beffroi_server.library.template_choices import EVENT_LISTS
from beffroi_server.schedule import manifest_compiler, publish_permissions
from beffroi_server.schedule.calendar_models import DayCalendar
from beffroi_server.schedule.compile_inputs import load_inputs
from beffroi_server.schedule.layout_models import LayoutChoice
from beffroi_server.schedule.models import AnnouncementPlacement, Playlist, Proposal, ProposalState, ScheduleRule
from beffroi_server.schedule.playlist_nesting import outer_keys

logger = logging.getLogger(__name__)
publication_due = threading.Event()
"""Set when a screen was marked; the worker thread of this process waits for it."""
_worker_runs = threading.Event()
_retry_due = threading.Event()
_claims = WorkClaims("publication", kind=1)
RETRY_DELAY_S = 1
"""Seconds until the worker tries again after the database failed, or another had claimed a screen."""
GIVE_WAY_S = 1.0
"""For how long a programme waits for what people do, an alert among it."""
POLL_INTERVAL_S = 30
"""Seconds between two looks into the database: another server process may have marked a screen."""


def listen_to_changes() -> None:
    """Subscribe the marking of screens to the events of changes; called once, when Django has loaded its models."""
    announcement_changed.subscribe(mark_announcement)
    media_changed.subscribe(mark_media)
    feed_changed.subscribe(mark_feed)
    screen_changed.subscribe(mark_screen)
    town_changed.subscribe(mark_town)
    category_renamed.subscribe(follow_category)


def mark_announcement(announcement: Announcement) -> None:
    """Mark the screens that show an announcement, and those with an agenda, which lists events."""
    mark_announcements([announcement])


def mark_announcements(announcements: Collection[Announcement] | QuerySet[Announcement]) -> None:
    """Mark the screens that show some announcements, and those with an agenda, which lists events."""
    shown = Q(entries__announcement__in=announcements)
    agenda = Q(entries__announcement__template__in=EVENT_LISTS)
    # Every automatically filled playlist, since an announcement may just have left its category.
    filled = ~Q(category="")
    _mark_due(targets.screens_reached_by(_rules_showing(Playlist.objects.filter(shown | agenda | filled))))
    placed = Q(announcement__in=announcements) | Q(announcement__template__in=EVENT_LISTS)
    _mark_due(targets.screens_reached_by(AnnouncementPlacement.objects.filter(placed)))


def mark_placement(placement: AnnouncementPlacement) -> None:
    """Mark the screens of a placement."""
    _mark_due(targets.screens_reached_by(AnnouncementPlacement.objects.filter(pk=placement.pk)))


def mark_feed(feed: Feed) -> None:
    """Mark the screens that show an announcement or a band with a feed."""
    showing = Playlist.objects.filter(entries__announcement__feed=feed)
    _mark_due(targets.screens_reached_by(_rules_showing(showing)))
    _mark_due(targets.screens_reached_by(AnnouncementPlacement.objects.filter(announcement__feed=feed)))
    for choice in LayoutChoice.objects.filter(Q(news_feed=feed) | Q(weather_feed=feed)):
        mark_layout(choice)


def mark_layout(choice: LayoutChoice) -> None:
    """Mark the screens that a layout was chosen for."""
    _mark_due(choice.named_screens())


def mark_media(item: MediaItem) -> None:
    """Mark the screens that show a media item as a slide of its own."""
    _mark_due(targets.screens_reached_by(_rules_showing(Playlist.objects.filter(entries__media=item))))


def mark_playlist(playlist: Playlist) -> None:
    """Mark the screens that show a playlist, by itself or within another."""
    _mark_due(targets.screens_reached_by(_rules_showing(Playlist.objects.filter(pk=playlist.pk))))


def mark_rule(rule: ScheduleRule) -> None:
    """Mark the screens of a rule."""
    _mark_due(targets.screens_reached_by(ScheduleRule.objects.filter(pk=rule.pk)))


def mark_calendar(calendar: DayCalendar) -> None:
    """Mark the screens of the rules that depend on a day calendar."""
    _mark_due(targets.screens_reached_by(ScheduleRule.objects.filter(Q(only_on=calendar) | Q(never_on=calendar))))


def mark_screen(screen: Screen) -> None:
    """Mark one screen."""
    _mark_due(Screen.objects.filter(pk=screen.pk))


def follow_category(rename: CategoryRename) -> None:
    """Give playlists that a category fills its new name, and mark the screens that show its announcements.

    Raises:
        NotPermitted: a playlist is shown where the user may not publish.
    """
    filled = Playlist.objects.filter(category__folded=fold_text(rename.before))
    for playlist in filled:
        publish_permissions.check_playlist(rename.user, playlist)
    filled.update(category=rename.name)
    # Who renames may publish there, and the text is the one that was approved.
    approved = Proposal.objects.filter(announcement__in=rename.announcements, state=ProposalState.APPROVED)
    approved.filter(version=F("announcement__version") - 1).update(version=F("version") + 1)
    mark_announcements(Announcement.objects.filter(label=rename.name))


def mark_town(_town: Town) -> None:
    """Mark every screen."""
    _mark_due(Screen.objects.all())


def mark_after_move() -> bool:
    """Mark every screen where the newest programme says otherwise than now where server and broker are."""
    newest = Screen.objects.exclude(token_sha256="").order_by("-enrolled_at").first()
    manifest = published_manifest(newest) if newest is not None else None
    if manifest is None:
        return False
    said = manifest.settings
    place = BrokerPlace.model_validate(broker_place())
    if (said.server, said.broker, said.authorities) == (settings.PUBLIC_URL, place, tuple(settings.AUTHORITIES)):
        return False
    _mark_due(Screen.objects.all())
    return True


class ScreenClaimed(Exception):
    """Refusal to publish a programme that another thread or process is publishing."""


def publish_due_programmes() -> int:
    """Publish the programme of every marked screen, the longest waiting first; return how many were sent."""
    waiting = Screen.objects.filter(programme_due_at__isnull=False).order_by("programme_due_at")
    sent = 0
    for screen in waiting:
        # Thousands may be due, and each takes the processor and the database for some milliseconds.
        transactions.wait_for_serialised(GIVE_WAY_S)
        sent += _publish_or_log(screen)
    return sent


def request_publication() -> None:
    """Have what is due published: by the worker of this process; without one, such as in a command, at once."""
    if _worker_runs.is_set():
        publication_due.set()
    else:
        publish_due_programmes()


def publish_programme(screen: Screen) -> bool:
    """Compile, seal and send the programme of one screen; return whether one was sent.

    Nothing is sent where it equals the published one, or where something changed since the screen was read.

    Raises:
        CompileError: it cannot be compiled; what was published stays in force.
        ScreenClaimed: another is publishing it.
    """
    with _claims.claim(screen.pk) as is_ours:
        if not is_ours:
            raise ScreenClaimed(screen.slug)
        # Another may have published it since this list was read.
        if not Screen.objects.filter(pk=screen.pk, programme_due_at=screen.programme_due_at).exists():
            return False
        return _publish_claimed(screen)


def _publish_claimed(screen: Screen) -> bool:
    compiled = manifest_compiler.compile_manifest(load_inputs(screen))
    with transaction.atomic():
        cleared = Screen.objects.filter(pk=screen.pk, programme_due_at=screen.programme_due_at)
        if not cleared.update(programme_due_at=None):
            return False
        # Many changes end in the same manifest, such as that of a rule's name: no player need load it again.
        if compiled.manifest == published_manifest(screen):
            return False
        signing.seal_document(PROGRAMME, TopicScope.of_screen(screen.slug), ProgrammeBody(manifest=compiled.manifest))
    return True


def published_manifest(screen: Screen) -> Manifest | None:
    """Return the manifest that a screen was last sent; None where there is none that can be read."""
    return published_manifests([screen])[screen.slug]


def published_manifests(screens: Iterable[Screen]) -> dict[str, Manifest | None]:
    """Return the manifests that screens were last sent, by slug; None where there is none that can be read."""
    scopes = {screen.slug: TopicScope.of_screen(screen.slug) for screen in screens}
    documents = signing.published_documents(PROGRAMME, scopes.values())
    return {
        slug: document.manifest if isinstance(document := documents.get(scope), ProgrammeDocument) else None
        for slug, scope in scopes.items()
    }


@database.close_connection_after()
def run_publication(stopping: threading.Event) -> None:
    """Publish programmes as soon as they are due, until ``stopping`` is set."""
    _worker_runs.set()
    try:
        while not stopping.is_set():
            publication_due.wait(timeout=POLL_INTERVAL_S)
            publication_due.clear()
            _retry_due.clear()
            try:
                database.with_fresh_connection(publish_due_programmes)
            except Exception:
                # Such as a database that is away. The marks stay, and this thread is the one that acts on them.
                logger.exception("the programmes that are due could not be published")
                _retry_due.set()
            if _retry_due.is_set():
                stopping.wait(RETRY_DELAY_S)
                publication_due.set()
    finally:
        _worker_runs.clear()


def _rules_showing(playlists: QuerySet[Playlist]) -> QuerySet[ScheduleRule]:
    """Return the rules that show some playlists, by themselves or within others."""
    keys = outer_keys(playlists.values_list("pk", flat=True))
    return ScheduleRule.objects.filter(playlist__in=keys)


def _mark_due(screens: QuerySet[Screen]) -> None:
    # After the commit, or the worker would not see the mark yet.
    if screens.update(programme_due_at=timezone.now()):
        transaction.on_commit(request_publication, robust=True)


def _publish_or_log(screen: Screen) -> bool:
    try:
        return publish_programme(screen)
    except ScreenClaimed:
        # If the other began before the last change, its result is discarded, and the screen is still due.
        _retry_due.set()
    except manifest_compiler.CompileError as problem:
        logger.warning("the programme of %s stays as it is: %s", screen.slug, problem)
        Screen.objects.filter(pk=screen.pk, programme_due_at=screen.programme_due_at).update(programme_due_at=None)
    except Exception:
        logger.exception("the programme of %s was not published", screen.slug)
    return False
