"""Sending of messages to channels, by a job of the leader: each channel in a thread of its own, with a deadline.

A channel that hangs delays neither the screens nor another channel; it has one thread at most, and nothing more is sent
to it before that one has ended.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from beffroi_server.accounts.models import Town
from beffroi_server.channels import subscribers
from beffroi_server.channels.alert_texts import ChannelText
from beffroi_server.channels.following import texts_of
from beffroi_server.channels.models import (
    BrowserSubscriber,
    Channel,
    ChannelAct,
    ChannelKind,
    ChannelMail,
    ChannelMessage,
)
from beffroi_server.channels.service_sending import ServiceFailed, send_to_service
from beffroi_server.core import mail, webhooks
from beffroi_server.core.mail import MailFailed
from beffroi_server.notifications import push_messages

logger = logging.getLogger(__name__)
WAIT_S = 1.0
"""Seconds for which a round waits for those that answer at once; the others are looked at in the next round."""
DEADLINE_S = 30.0
"""Seconds after which an attempt counts as failed, whatever becomes of its thread."""
MAILS_PER_ATTEMPT = 100
MAIL_TIME_S = 20.0
"""Seconds after which a batch of mails stops; the others are sent in the next round."""
PUSHES_PER_ATTEMPT = 400
PUSHES_AT_ONCE = 8
"""Threads that send to browsers: each waits for a push service most of the time."""
MOST_PUSH_LIFE_S = 24 * 3600
"""Seconds for which a push service keeps a message at most, and never beyond the end of its alert."""
FAILURES_IN_A_ROW = 3
"""Failures after which the mail server is left alone for a while."""


@dataclass(slots=True)
class Attempt:
    """One attempt to send one message, in a thread that touches no database."""

    message: uuid.UUID
    channel: int
    is_mail: bool
    run: Callable[[Attempt], None]
    began_s: float = field(default_factory=time.monotonic)
    thread: threading.Thread | None = None
    reached: list[int] = field(default_factory=list)
    """Keys of the mails that were taken."""
    gone: list[int] = field(default_factory=list)
    """Keys of browsers that their push service knows no more."""
    lost: list[int] = field(default_factory=list)
    """Keys of the mails that never will be."""
    tried: list[int] = field(default_factory=list)
    """Keys of the mails to try again."""
    problem: str = ""
    is_final: bool = False
    is_noted: bool = False


_attempts: dict[int, Attempt] = {}
"""By channel; touched by the one thread that runs the job."""


def send_due_messages(stopping: threading.Event, wait_s: float = WAIT_S) -> int:
    """Note what became of attempts, and start those that are due; return how many messages were delivered."""
    delivered = _note_outcomes()
    now = timezone.now()
    due = ChannelMessage.objects.filter(done_at=None, due_at__lte=now, channel__is_on=True)
    for message in due.select_related("channel", "alert").order_by("due_at", "created_at")[:200]:
        if stopping.is_set():
            break
        if message.channel_id is None or message.channel_id in _attempts:
            continue
        if _is_over(message, now):
            _finish(message, now, _("The alert was over before it could be told."))
            continue
        _start(message, now)
    until = time.monotonic() + wait_s
    for attempt in list(_attempts.values()):
        if attempt.thread is not None and not attempt.is_noted:
            attempt.thread.join(max(0.0, until - time.monotonic()))
    return delivered + _note_outcomes()


def _is_over(message: ChannelMessage, now: dt.datetime) -> bool:
    alert = message.alert
    if alert is None or message.act in {ChannelAct.ENDED, ChannelAct.WITHDRAWN}:
        return False
    return alert.ends_at <= now or alert.withdrawn_at is not None or alert.replaced_at is not None


def _start(message: ChannelMessage, now: dt.datetime) -> None:
    channel = message.channel
    assert channel is not None
    town = Town.objects.first()
    sender = town.name if town is not None else "Beffroi"
    language = town.locale if town is not None else "fr"
    if channel.kind == ChannelKind.SERVICE:
        text = ChannelText(message.subject, message.text)
        attempt = Attempt(message.pk, channel.pk, False, _service_run(channel.secret, text))
    elif channel.kind == ChannelKind.BROWSERS:
        pushes = list(message.mails.select_related("browser").order_by("attempts", "pk")[:PUSHES_PER_ATTEMPT])
        attempt = Attempt(message.pk, channel.pk, True, push_run(pushes, message, language, now))
    else:
        rows = list(message.mails.values_list("pk", "address", "subscriber")[:MAILS_PER_ATTEMPT])
        attempt = Attempt(message.pk, channel.pk, True, _mail_run(rows, message, sender))
    # Should this process die meanwhile, the message goes out once more later, and not at once again and again.
    attempts = message.attempts + 1
    later = webhooks.next_attempt_at(attempts, now) or now + dt.timedelta(hours=1)
    ChannelMessage.objects.filter(pk=message.pk).update(attempts=attempts, due_at=later)

    def run() -> None:
        try:
            with translation.override(language):
                attempt.run(attempt)
        except Exception as error:  # noqa: BLE001 - whatever a service does, the others go on
            # Its text may hold the address of the service.
            logger.warning("the channel %d failed: %s", channel.pk, type(error).__name__)
            attempt.problem = "the log of the server names the fault"

    attempt.thread = threading.Thread(target=run, name=f"channel-{channel.pk}", daemon=True)
    _attempts[channel.pk] = attempt
    attempt.thread.start()


def _service_run(secret: str, text: ChannelText) -> Callable[[Attempt], None]:
    def run(attempt: Attempt) -> None:
        try:
            send_to_service(secret, text)
        except ServiceFailed as failed:
            attempt.problem, attempt.is_final = str(failed), failed.is_final

    return run


def _mail_run(
    rows: Sequence[tuple[int, str, uuid.UUID | None]], message: ChannelMessage, sender: str
) -> Callable[[Attempt], None]:
    # The same at each attempt: a reader's mailbox shows it once.
    identifier = f"{message.pk}@{urlsplit(settings.PUBLIC_URL).hostname or 'beffroi'}"

    def run(attempt: Attempt) -> None:
        with mail.one_connection() as connection:
            send_all(attempt, connection)

    def send_all(attempt: Attempt, connection: mail.Connection) -> None:
        failures = 0
        for key, address, subscriber in rows:
            if failures >= FAILURES_IN_A_ROW or time.monotonic() - attempt.began_s > MAIL_TIME_S:
                break
            text, headers = message.text, {"Message-ID": f"<{key}.{identifier}>"}
            if subscriber is not None:
                text += subscribers.footer(subscriber)
                headers |= subscribers.list_headers(subscriber)
            try:
                mail.send_mail(
                    address, message.subject, text, sender_name=sender, headers=headers, connection=connection
                )
            except MailFailed as failed:
                failures += 1
                (attempt.lost if failed.is_final else attempt.tried).append(key)
                attempt.problem = str(failed)
            else:
                failures = 0
                attempt.reached.append(key)

    return run


def push_run(
    rows: Sequence[ChannelMail], message: ChannelMessage, language: str, now: dt.datetime
) -> Callable[[Attempt], None]:
    """Return what sends a message to browsers, some at a time: it touches no database."""
    head, _newline, rest = message.text.partition("\n")
    alert = message.alert
    tag, url = f"alert-{message.pk}", settings.PUBLIC_URL + reverse("public-alerts")
    lasts = MOST_PUSH_LIFE_S
    if alert is not None:
        # A message replaces those of the former texts, and opens what the alert says by then.
        tag = f"alert-{texts_of(alert)[-1].pk}"
        if message.act not in {ChannelAct.ENDED, ChannelAct.WITHDRAWN}:
            url = settings.PUBLIC_URL + reverse("public-alert", args=[alert.pk])
            lasts = min(lasts, max(60, int((alert.ends_at - now).total_seconds())))
    payload = json.dumps({"title": head, "body": rest, "tag": tag, "url": url}, ensure_ascii=False)

    def send(attempt: Attempt, row: ChannelMail) -> None:
        browser = row.browser
        if browser is None or time.monotonic() - attempt.began_s > MAIL_TIME_S:
            return
        try:
            with translation.override(language):
                push_messages.send_push(browser, payload, time_to_live_s=lasts)
        except push_messages.PushFailed as failed:
            if push_messages.is_gone(failed):
                attempt.gone.append(browser.pk)
                return
            (attempt.lost if failed.is_final else attempt.tried).append(row.pk)
            attempt.problem = str(failed)
        else:
            attempt.reached.append(row.pk)

    def run(attempt: Attempt) -> None:
        with ThreadPoolExecutor(PUSHES_AT_ONCE, thread_name_prefix="push") as pool:
            list(pool.map(lambda row: send(attempt, row), rows))
        if attempt.gone and not attempt.reached and not attempt.problem:
            attempt.problem = _("No browser is subscribed any more.")

    return run


def _note_outcomes() -> int:
    delivered = 0
    for key, attempt in list(_attempts.items()):
        has_ended = attempt.thread is None or not attempt.thread.is_alive()
        if not has_ended and time.monotonic() - attempt.began_s <= DEADLINE_S:
            continue
        if not has_ended and not attempt.is_noted:
            attempt.problem = attempt.problem or _("It did not respond in time.")
        if not attempt.is_noted:
            delivered += _note_outcome(attempt)
            attempt.is_noted = True
        if has_ended:
            del _attempts[key]
    return delivered


def _note_outcome(attempt: Attempt) -> bool:
    now = timezone.now()
    with transaction.atomic():
        message = ChannelMessage.objects.filter(pk=attempt.message).first()
        if message is None:
            return False
        if not attempt.is_mail:
            message.reached = 0 if attempt.problem else 1
            is_done = not attempt.problem
        else:
            message.reached = F("reached") + len(attempt.reached)
            ChannelMail.objects.filter(pk__in=[*attempt.reached, *attempt.lost]).delete()
            BrowserSubscriber.objects.filter(pk__in=attempt.gone).delete()
            ChannelMail.objects.filter(pk__in=attempt.tried).update(attempts=F("attempts") + 1)
            is_done = not message.mails.exists()
        message.problem = attempt.problem[:300]
        if is_done:
            message.done_at = message.done_at or now
        elif not attempt.problem:
            # A batch of many mails went well: the next one follows at once.
            message.due_at, message.attempts = now, max(1, message.attempts - 1)
        else:
            again = webhooks.next_attempt_at(message.attempts, now, is_final=attempt.is_final)
            if again is None or attempt.is_final or message.act == ChannelAct.TRIAL:
                # Whoever tries a channel looks at the answer, and tries again by hand.
                message.done_at = message.done_at or now
                message.mails.all().delete()
            else:
                message.due_at = again
        message.save(update_fields=["reached", "problem", "done_at", "due_at", "attempts"])
        told = {"problem": attempt.problem[:300], "failed_at": now} if attempt.problem else {"problem": ""}
        Channel.objects.filter(pk=attempt.channel).update(
            **told, **({"delivered_at": now} if attempt.reached or not attempt.problem else {})
        )
    if attempt.problem:
        logger.warning("the channel %d did not take a message: %s", attempt.channel, attempt.problem)
    return is_done


def _finish(message: ChannelMessage, now: dt.datetime, problem: str) -> None:
    message.mails.all().delete()
    ChannelMessage.objects.filter(pk=message.pk).update(done_at=now, problem=problem)
