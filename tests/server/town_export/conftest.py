"""A town that has made something of every kind."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from beffroi_server.accounts import audit
from beffroi_server.accounts.models import Town, User
from beffroi_server.alerts.models import (
    Alert,
    AlertProposal,
    OnCallException,
    OnCallMember,
    PlannedAlert,
    Scenario,
    SentAlertSet,
)
from beffroi_server.alerts.trigger_models import TriggerContact, TriggeredAlert
from beffroi_server.channels.models import (
    BrowserSubscriber,
    Channel,
    ChannelMessage,
    Subscriber,
    SubscriptionSettings,
)
from beffroi_server.drills.models import Drill, DrillResult, DrillSettings
from beffroi_server.feeds.models import Feed
from beffroi_server.fleet.models import ReceiptRecord, Screen
from beffroi_server.fleet.municipality_models import Municipality
from beffroi_server.fleet.play_models import PlayedContent, PlayRecord
from beffroi_server.fleet.walk_models import WalkStop, WalkTest
from beffroi_server.library import services as library
from beffroi_server.library import tags
from beffroi_server.library.media.uploads import media_path
from beffroi_server.library.models import (
    Announcement,
    Asset,
    Category,
    MediaItem,
    MunicipalityLogo,
    PublicSettings,
    TownLogo,
    Video,
)
from beffroi_server.library.plan_models import PlannedAnnouncement
from beffroi_server.notifications.models import Incident
from beffroi_server.outlets.models import CapMessage, CapOutput, WebhookSubscription
from beffroi_server.outside_warnings.models import OutsideWarning, WarningSource
from beffroi_server.schedule.charter_models import CharterRule
from beffroi_server.schedule.layout_models import LayoutChoice
from beffroi_server.schedule.models import AnnouncementPlacement, Entry, Playlist, Proposal
from beffroi_server.town_export import writing

FILM = b"a film"
ALERT = {"title": "Crue", "source": "Mairie", "level": "alert", "short_text": "Évacuez"}


@pytest.fixture
def full_town(keyring: Town, alice: User, bob: User, square_item, playlist, hall: Screen, quay: Screen) -> Town:
    """The town with something of every kind; “Marché” is what its editor wrote."""
    now = timezone.now()
    written = library.save_announcement(
        None, user=alice, title="Marché de Noël", body="Place du Marché", label="Fêtes", picture=square_item,
        translations=[{"language": "de", "title": "Weihnachtsmarkt"}],
    )  # fmt: skip
    tags.set_tags(written, ["hiver"], user=alice)
    Category.objects.create(name="Fêtes")
    AnnouncementPlacement.objects.create(announcement=written, ends_at=now).groups.add(quay.groups.get())
    Proposal.objects.create(announcement=written, proposed_by=alice, proposed_at=now)
    PlannedAnnouncement.objects.create(title="Vœux du maire", due_on=now.date(), writer=alice)
    Entry.objects.create(playlist=Playlist.objects.create(name="Soir"), inner=playlist, position=0)
    LayoutChoice.objects.create(screen=hall, messages="Bienvenue")
    CharterRule.objects.create(subject="suspended", reason="Article L52-1")
    Feed.objects.create(name="Agenda", kind="calendar", address="https://mairie:motdepasse@example.org/agenda.ics")
    _add_video(square_item, alice)
    _add_places(keyring, quay, square_item)
    _add_alerts(hall, bob, now)
    _add_drills_and_walks(hall, bob, now)
    _add_channels(now)
    _add_plays(hall, written, now)
    for model, values in ((DrillSettings, {}), (CapOutput, {}), (SubscriptionSettings, {"is_on": True})):
        model.objects.create(**values)
    PublicSettings.objects.create(town=keyring, introduction="Bonjour")
    OnCallMember.objects.create(user=bob, position=1)
    OnCallException.objects.create(user=bob, starts_at=now, ends_at=now + dt.timedelta(days=1))
    Incident.objects.create(occasion="screen-silent", subject="screen-1", screen=hall, name=hall.name, began_at=now,
                            noticed_at=now, due_at=now, acknowledged_by=bob)  # fmt: skip
    audit.record_event(alice, "announcement-created", written)
    return keyring


def _add_video(item: MediaItem, user: User) -> None:
    row = MediaItem.objects.create(
        name="Film: la fête / 2026", picture=item.picture, thumbnail=item.thumbnail, width=160, height=90,
        uploaded_by=user,
    )  # fmt: skip
    digest = hashlib.sha256(FILM).hexdigest()
    media_path(digest).parent.mkdir(parents=True, exist_ok=True)
    media_path(digest).write_bytes(FILM)
    converted = Asset.objects.create(sha256=digest, size=len(FILM), media_type="video/mp4")
    Video.objects.create(item=row, duration_ms=1500, converted=converted)


def _add_places(town: Town, quay: Screen, item: MediaItem) -> None:
    municipality = Municipality.objects.create(group=quay.groups.get(), name="Port-Aubin")
    MunicipalityLogo.objects.create(municipality=municipality, image=item)
    TownLogo.objects.create(town=town, image=item)


def _add_alerts(hall: Screen, bob: User, now: dt.datetime) -> None:
    scenario = Scenario.objects.create(name="Crue de la Vive", local_minutes=30, **ALERT)
    scenario.local_triggers.add(hall)
    TriggerContact.objects.create(screen=hall, number=1, scenario=scenario, line=17)
    PlannedAlert.objects.create(starts_on=now.date(), starts_time=dt.time(12), created_by=bob, **ALERT)
    alert = Alert.objects.create(
        issued_at=now - dt.timedelta(hours=2), ends_at=now - dt.timedelta(hours=1), issued_by=bob, settled=True, **ALERT
    )
    SentAlertSet.objects.create(topic="beffroi/1/saint-aubin/down/all/alerts", sequence=1, payload=b"{}",
                                sent_at=alert.issued_at)  # fmt: skip
    TriggeredAlert.objects.create(alert=alert, screen=hall, screen_name=hall.name, kind="contact", at=now,
                                  is_clock_trusted=True, reported_at=now, statement={}, public_key="ab")  # fmt: skip
    ReceiptRecord.objects.create(
        screen=hall, stream="all/alerts", sequence=1, alert=str(alert.pk), form="full", received_at=alert.issued_at,
        presented_at=alert.issued_at, latency_ms=84, frame="ab" * 32, clock="trusted",
    )  # fmt: skip
    CapMessage.objects.create(
        identifier="cap-1", alert=alert.pk, source="audit-1", sender="mairie@example.org", message_type="Alert",
        headline="Crue", sent=now, document="<alert/>", written_at=now,
    )  # fmt: skip
    AlertProposal.objects.create(proposed_by=bob, proposed_at=now, deadline_at=now, decided_by=bob, **ALERT)
    source = WarningSource.objects.create(name="Vigilance", kind="webhook", address="https://a:motdepasse@example.org")
    OutsideWarning.objects.create(source=source, key="k", decision="propose", title="Vent", level="vigilance",
                                  ends_at=now, began_at=now, changed_at=now, alert=alert)  # fmt: skip


def _add_drills_and_walks(hall: Screen, bob: User, now: dt.datetime) -> None:
    drill = Drill.objects.create(title="Exercice", alert={}, started_at=now, started_by=bob)
    DrillResult.objects.create(drill=drill, screen=hall, outcome="right", asked_at=now, travel_ms=20, drawing_ms=50)
    walk = WalkTest.objects.create(started_at=now, started_by=bob, shown_until=now)
    WalkStop.objects.create(test=walk, screen=hall, number=1, result="wrong", note="Trop haut")


def _add_channels(now: dt.datetime) -> None:
    channel = Channel.objects.create(name="SMS", secret="json://mairie:motdepasse@example.org")
    ChannelMessage.objects.create(channel=channel, channel_name="SMS", source="audit-1", act="broadcast",
                                  alert=Alert.objects.get(), subject="Crue", text="Évacuez", due_at=now,
                                  created_at=now)  # fmt: skip
    WebhookSubscription.objects.create(name="Chat", address="https://chat.example.org/hooks/motdepasse", secret="s")
    Subscriber.objects.create(address="residente@example.org", purpose_version=1, asked_at=now, confirmed_at=now)
    BrowserSubscriber.objects.create(endpoint="https://push.example.org/1", public_key="p", auth_secret="a",
                                     purpose_version=1, asked_at=now)  # fmt: skip


def _add_plays(hall: Screen, written: Announcement, now: dt.datetime) -> None:
    key = f"announcement-{written.pk}"
    for number in (1, 2):
        PlayRecord.objects.create(screen=hall, number=number, slide=f"{key}-0", started_at=now, lasted_ms=10_000,
                                  frame="cd" * 32, clock="trusted", ended="time", chain="ef" * 32)  # fmt: skip
    PlayedContent.objects.create(key=key, name=written.title)


@dataclass(frozen=True)
class Export:
    """An export as somebody who has unpacked it sees it."""

    path: Path
    files: dict[str, bytes]
    """By their paths below the folder of the export."""
    problems: tuple[str, ...]

    def rows(self, name: str) -> list[dict[str, Any]]:
        return json.loads(self.files[f"json/{name}.json"])

    def text(self, name: str) -> str:
        return self.files[name].decode("utf-8-sig")


@pytest.fixture
def export(tmp_path: Path):
    """Return what makes an export of the town."""

    def make(progress=lambda line: None) -> Export:
        done = writing.make_export(tmp_path, timezone.now(), progress)
        return Export(done.path, unpacked(done.path), done.problems)

    return make


def unpacked(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as packed:
        assert packed.testzip() is None
        assert len({name.partition("/")[0] for name in packed.namelist()}) == 1
        return {name.partition("/")[2]: packed.read(name) for name in packed.namelist()}
