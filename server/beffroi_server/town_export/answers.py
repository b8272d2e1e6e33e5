"""What an export holds of rows beside what the REST API shows of them, and without what is secret in that."""

from __future__ import annotations

import datetime as dt
import mimetypes
import re
import uuid
from collections.abc import Iterator
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit, urlunsplit

from beffroi_server.accounts.models import User
from beffroi_server.alerts.trigger_models import TriggerContact
from beffroi_server.api.channels import MessageAnswer, message_answer
from beffroi_server.api.drills import DrillReportAnswer, drill_report_answer
from beffroi_server.api.feeds import FeedAnswer, feed_answer
from beffroi_server.api.layouts import LayoutAnswer, layout_answer
from beffroi_server.api.media import MediaAnswer, media_answer
from beffroi_server.api.playlists import EntryAnswer, entry_answer
from beffroi_server.api.screen_contacts import ContactAnswer, contact_answer
from beffroi_server.api.screen_models import ScreenAnswer, screen_values
from beffroi_server.api.users import UserAnswer, user_answer
from beffroi_server.api.values import Answer, user_name
from beffroi_server.api.versions import VersionAnswer, version_answer
from beffroi_server.api.walk_tests import WalkAnswer, walk_answer
from beffroi_server.api.warning_sources import SourceAnswer, source_answer
from beffroi_server.api.webhooks import WebhookAnswer, webhook_answer
from beffroi_server.channels.models import ChannelMessage
from beffroi_server.drills import drill_reports
from beffroi_server.drills.models import Drill
from beffroi_server.feeds.models import Feed
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.walk_models import WalkTest
from beffroi_server.library.models import AnnouncementVersion, Asset, MediaItem
from beffroi_server.outlets.models import WebhookSubscription
from beffroi_server.outside_warnings.models import WarningSource
from beffroi_server.schedule.layout_models import LayoutChoice
from beffroi_server.schedule.models import Entry

Shown = TypeVar("Shown", bound=Answer)
_UNFIT = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')
"""What names of files cannot hold on some system."""
_LONGEST_NAME = 80
_ENDINGS = {"video/x-matroska": ".mkv"}
"""Of media types that Python does not know, or by another one."""


class ExportedVersion(VersionAnswer):
    """An announcement as it was saved once, with all that an editor can change; rows are named by their identifiers."""

    announcement: uuid.UUID
    values: dict[str, Any]


class ExportedFile(Answer):
    """A file of an image or a video; ``size`` in bytes."""

    role: Literal["image", "video", "original"]
    """Of a video, ``image`` is a still from it; ``original`` is there until it has been converted."""
    path: str
    media_type: str
    size: int
    sha256: str


class ExportedMedia(MediaAnswer):
    """An image or a video with its files."""

    uploaded_by: str
    files: list[ExportedFile]


class ExportedEntry(EntryAnswer):
    """An announcement, a media item or another playlist in a playlist."""

    playlist: int
    """In which it is."""


class ExportedLayout(LayoutAnswer):
    """The layout of a screen, of a group, or with neither of all screens."""

    screen: str | None
    group: str | None


class ExportedContact(ContactAnswer):
    """A contact at a player, such as a keyed switch, that shows a scenario when it closes."""

    screen: str


class ExportedWalk(WalkAnswer):
    """A walk test."""

    started_by: str


class ExportedMessage(MessageAnswer):
    """What a channel told of an act on an alert, and what became of it."""

    alert: uuid.UUID | None
    """Null for a trial."""


class ExportedUser(UserAnswer):
    """A user."""

    date_joined: dt.datetime


def exported_version(row: AnnouncementVersion) -> ExportedVersion:
    """Return a version of an announcement with its values."""
    return _extended(ExportedVersion, version_answer(row), announcement=row.announcement_id, values=row.values)


def files_of(row: MediaItem) -> Iterator[ExportedFile]:
    """Yield the files of an image or a video. The video and its related files should have been read with it."""
    yield _file_of(row, "image", row.picture)
    video = row.video_details
    if video is not None and video.converted is not None:
        yield _file_of(row, "video", video.converted)
    if video is not None and video.original is not None:
        yield _file_of(row, "original", video.original)


def exported_media(row: MediaItem) -> ExportedMedia:
    """Return an image or a video with its files."""
    return _extended(
        ExportedMedia, media_answer(row), uploaded_by=user_name(row.uploaded_by), files=list(files_of(row))
    )


def exported_entry(row: Entry) -> ExportedEntry:
    """Return an entry with the playlist that it is in."""
    return _extended(ExportedEntry, entry_answer(row), playlist=row.playlist_id)


def exported_layout(row: LayoutChoice) -> ExportedLayout:
    """Return a layout with what it is for."""
    return _extended(
        ExportedLayout, layout_answer(row), screen=row.screen.slug if row.screen is not None else None,
        group=row.group.slug if row.group is not None else None,
    )  # fmt: skip


def exported_screen(row: Screen) -> ScreenAnswer:
    """Return the settings of a screen."""
    return ScreenAnswer.model_validate(screen_values(row))


def exported_contact(row: TriggerContact) -> ExportedContact:
    """Return a contact with its screen."""
    return _extended(ExportedContact, contact_answer(row), screen=row.screen.slug)


def exported_walk(row: WalkTest) -> ExportedWalk:
    """Return a walk test with who made it."""
    return _extended(ExportedWalk, walk_answer(row), started_by=user_name(row.started_by))


def exported_feed(row: Feed) -> FeedAnswer:
    """Return a feed without the password that its address may hold."""
    return _extended(FeedAnswer, feed_answer(row), address=_without_password(row.address), problem="")


def exported_drill(row: Drill) -> DrillReportAnswer:
    """Return a drill with how each screen did."""
    return drill_report_answer(drill_reports.report_of(row))


def exported_source(row: WarningSource) -> SourceAnswer:
    """Return a source of warnings without its passwords, and without the address by which it sends."""
    hidden = {"address": _without_password(row.address), "webhook_address": "", "problem": ""}
    return _extended(SourceAnswer, source_answer(row), **hidden)


def exported_message(row: ChannelMessage) -> ExportedMessage:
    """Return what a channel told with the alert that it told of."""
    return _extended(ExportedMessage, message_answer(row), alert=row.alert_id)


def exported_webhook(row: WebhookSubscription) -> WebhookAnswer:
    """Return a webhook with the host of its address alone: whoever knows the rest may send to it."""
    parts = urlsplit(row.address)
    return _extended(WebhookAnswer, webhook_answer(row), address=f"{parts.scheme}://{parts.hostname}", problem="")


def exported_user(row: User) -> ExportedUser:
    """Return a user with since when they are one."""
    return _extended(ExportedUser, user_answer(row), date_joined=row.date_joined)


def _extended(model: type[Shown], answer: Answer, **more: Any) -> Shown:
    """Return what the API shows, with more, or with other values."""
    return model.model_validate({**answer.model_dump(), **more})


def _file_of(row: MediaItem, role: Literal["image", "video", "original"], asset: Asset) -> ExportedFile:
    name = _UNFIT.sub("-", row.name).strip(" .-")[:_LONGEST_NAME].strip(" .-")
    mark = "" if role == "video" or (role == "image" and row.video_details is None) else f" ({role})"
    ending = _ENDINGS.get(asset.media_type) or mimetypes.guess_extension(asset.media_type, strict=False) or ""
    return ExportedFile(
        role=role, path=f"media/{row.pk:05d} {name}{mark}{ending}", media_type=asset.media_type, size=asset.size,
        sha256=asset.sha256,
    )  # fmt: skip


def _without_password(address: str) -> str:
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
