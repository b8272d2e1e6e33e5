"""Messages: what several notices say together, in the language of the reader, as mail, webhook or push message."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from beffroi_server.accounts.models import Town, User
from beffroi_server.core import webhooks
from beffroi_server.notifications import incident_texts
from beffroi_server.notifications.models import Incident, Notice, NoticeKind, NotificationChoice

LINES_LIMIT = 100
"""Lines of a message at most; the page has them all."""
PUSH_LINES, PUSH_LENGTH = 3, 240
_NAMESPACE = uuid.UUID("8c1d1f64-1b3b-4c39-9d3c-6a1c2e2f5b70")


@dataclass(frozen=True, slots=True)
class MessageLine:
    """One thing that a message tells."""

    kind: str
    text: str
    path: str = ""
    """Of the page where something can be done about it."""
    advice: str = ""
    incident: Incident | None = None


@dataclass(frozen=True, slots=True)
class ComposedMessage:
    """What is told to one user at a time."""

    identifier: str
    """The same for the same notices."""
    town: Town
    language: str
    subject: str
    lines: tuple[MessageLine, ...]
    left_off: int = 0

    def mail_parts(self) -> tuple[str, str]:
        """Return the message as text and as HTML."""
        context = {
            "message": self,
            "url": settings.PUBLIC_URL,
            "attention": settings.PUBLIC_URL + reverse("attention"),
            "choice": settings.PUBLIC_URL + reverse("notification-choice"),
        }
        with translation.override(self.language):
            text = render_to_string("notifications/mail.txt", context)
            return text, render_to_string("notifications/mail.html", context)

    def webhook_body(self, at: dt.datetime) -> bytes:
        """Return the message as the JSON of a webhook; ``text`` alone is what chat programs show."""
        lines = list(self.lines)
        body = self._webhook_json(lines, at)
        while len(body) > webhooks.BODY_LIMIT and lines:
            lines = lines[: len(lines) // 2]
            body = self._webhook_json(lines, at)
        return body

    def push_payload(self) -> str:
        """Return the message as the JSON that the service worker shows."""
        texts = [line.text for line in self.lines]
        body = "\n".join(texts[:PUSH_LINES]) if len(texts) > 1 or texts[0] != self.subject else ""
        path = self.lines[0].path if len(self.lines) == 1 and self.lines[0].path else reverse("attention")
        return json.dumps(
            {"title": self.subject[:PUSH_LENGTH], "body": body[:PUSH_LENGTH], "url": path, "tag": self.identifier}
        )

    def _webhook_json(self, lines: Sequence[MessageLine], at: dt.datetime) -> bytes:
        text = "\n".join([self.subject, *(line.text for line in lines if line.text != self.subject)])
        left_off = len(self.lines) - len(lines) + self.left_off
        values = {
            "type": "notification", "timestamp": at.isoformat(), "town": self.town.name, "text": text,
            "notices": [_notice_values(line) for line in lines], "left_off": left_off,
        }  # fmt: skip
        return json.dumps(values, ensure_ascii=False).encode()


def language_of(choice: NotificationChoice, town: Town) -> str:
    """Return the language in which a user is told something."""
    language = choice.language or town.locale
    return language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def compose_message(user: User, choice: NotificationChoice, notices: Sequence[Notice], town: Town) -> ComposedMessage:
    """Return what some notices to one user say together; what has ended before it was told is told as over."""
    language = language_of(choice, town)
    with translation.override(language), timezone.override(ZoneInfo(town.time_zone)):
        lines = _test_lines(notices, town) + _incident_lines(user, notices)
        shown, left_off = lines[:LINES_LIMIT], max(0, len(lines) - LINES_LIMIT)
        identifier = uuid.uuid5(_NAMESPACE, ",".join(sorted(str(each.identifier) for each in notices)))
        return ComposedMessage(str(identifier), town, language, _subject(shown), tuple(shown), left_off)


def _test_lines(notices: Sequence[Notice], town: Town) -> list[MessageLine]:
    if not any(each.kind == NoticeKind.TEST for each in notices):
        return []
    text = _("This is a test: notifications of %(town)s reach you here.") % {"town": town.name}
    return [MessageLine(NoticeKind.TEST.value, text, reverse("notification-choice"))]


def _incident_lines(user: User, notices: Sequence[Notice]) -> list[MessageLine]:
    kinds: defaultdict[int, set[str]] = defaultdict(set)
    for notice in notices:
        for key in notice.incidents:
            kinds[key].add(notice.kind)
    rows = (
        Incident.objects.filter(pk__in=list(kinds))
        .select_related("screen", "acknowledged_by")
        .order_by("began_at", "pk")
    )
    opened, others = [], []
    for incident in rows:
        if incident.ended_at is not None:
            over = incident_texts.end_sentence(incident)
            others.append(MessageLine(NoticeKind.RECOVERED.value, over, _path(incident, user), "", incident))
        elif NoticeKind.OPENED in kinds[incident.pk]:
            opened.append(incident)
        else:
            text = incident_texts.acknowledgement_sentence(incident)
            others.append(MessageLine(NoticeKind.ACKNOWLEDGED.value, text, _path(incident, user), "", incident))
    return [*_opened_lines(user, opened), *others]


def _opened_lines(user: User, incidents: Sequence[Incident]) -> list[MessageLine]:
    group = incident_texts.silent_group(incidents)
    kind = NoticeKind.OPENED.value
    lines = []
    if group:
        sentence, names = incident_texts.group_sentence(group), incident_texts.group_names(group)
        lines.append(MessageLine(kind, sentence, reverse("attention"), names))
    grouped = {each.pk for each in group}
    for incident in incidents:
        if incident.pk not in grouped:
            advice = incident_texts.next_step(incident, user)
            text = incident_texts.incident_sentence(incident)
            lines.append(MessageLine(kind, text, _path(incident, user), advice, incident))
    return lines


def _path(incident: Incident, user: User) -> str:
    return incident_texts.incident_path(incident, user) or reverse("attention")


def _subject(lines: Sequence[MessageLine]) -> str:
    if len(lines) == 1:
        return lines[0].text
    opened = sum(line.kind == NoticeKind.OPENED for line in lines)
    if not opened:
        return ngettext("%(count)d piece of news", "%(count)d pieces of news", len(lines)) % {"count": len(lines)}
    first = next(line.text for line in lines if line.kind == NoticeKind.OPENED)
    more = len(lines) - 1
    return ngettext("%(first)s And %(count)d more", "%(first)s And %(count)d more", more) % {
        "first": first, "count": more,
    }  # fmt: skip


def _notice_values(line: MessageLine) -> dict[str, Any]:
    incident = line.incident
    found: dict[str, Any] = {"kind": line.kind, "text": line.text, "url": settings.PUBLIC_URL + line.path}
    if incident is not None:
        found |= {
            "occasion": incident.occasion,
            "subject": incident.subject,
            "name": incident.name,
            "screen": incident.screen.slug if incident.screen is not None else None,
            "since": incident.began_at.isoformat(),
            "until": incident.ended_at.isoformat() if incident.ended_at is not None else None,
        }
    return found
