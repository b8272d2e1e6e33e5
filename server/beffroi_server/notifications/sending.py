"""Sending of due notices: all that is due to one user by one way is one message.

Done by jobs of the leader, outside any request and transaction. What fails is tried again later and later, for about a
day; then it is given up, which the user's page says.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy

from beffroi_server.accounts.models import Town, User
from beffroi_server.core import mail, webhooks
from beffroi_server.core.mail import MailFailed
from beffroi_server.core.webhooks import WebhookFailed
from beffroi_server.notifications import messages, notices, push_messages
from beffroi_server.notifications.messages import ComposedMessage
from beffroi_server.notifications.models import Notice, NoticeKind, NotificationChoice, PushSubscription, Way, choice_of
from beffroi_server.notifications.push_messages import PushFailed

logger = logging.getLogger(__name__)
USERS_PER_ROUND = 100
"""Users who are told something by one way in one round of the job."""
NOTICES_PER_MESSAGE = 200


def send_due(way: Way, stopping: threading.Event) -> int:
    """Send what is due by one way; return how many messages were accepted."""
    due = Notice.objects.filter(way=way, due_at__lte=timezone.now(), user__is_active=True)
    users = due.order_by("user").values_list("user", flat=True).distinct()[:USERS_PER_ROUND]
    sent = 0
    for key in list(users):
        if stopping.is_set():
            break
        sent += _send_to(User.objects.get(pk=key), way)
    return sent


def _send_to(user: User, way: Way) -> bool:
    now = timezone.now()
    choice, town = choice_of(user), Town.objects.get()
    due = _sendable(user, way, choice, now, town)
    if not due:
        return False
    attempts = max(each.attempts for each in due) + 1
    # Should this process die while it sends, the message goes out once more later, and not at once again and again.
    _note_outcome(due, attempts, now, due_at=webhooks.next_attempt_at(attempts, now) or now)
    try:
        message = messages.compose_message(user, choice, due, town)
        # There are no lines where what they were about is not kept any more.
        if message.lines:
            with translation.override(message.language):
                _deliver(user, way, choice, message)
    except (MailFailed, WebhookFailed, PushFailed) as error:
        failed_at = timezone.now()
        again = webhooks.next_attempt_at(attempts, failed_at, is_final=error.is_final)
        logger.warning("%s was not told by %s, attempt %d: %s", user, way, attempts, error)
        _note_outcome(due, attempts, failed_at, due_at=_first_try_only(due, again), problem=str(error))
        return False
    except Exception:
        # One message that cannot be written must not keep those of others waiting.
        logger.exception("%s was not told by %s, attempt %d", user, way, attempts)
        again = webhooks.next_attempt_at(attempts, timezone.now())
        _note_outcome(due, attempts, timezone.now(), due_at=again, problem=str(_UNWRITTEN))
        return False
    at = timezone.now()
    _note_outcome(due, attempts, at, sent_at=at)
    return True


def _sendable(user: User, way: Way, choice: NotificationChoice, now: dt.datetime, town: Town) -> list[Notice]:
    """Return what may be sent now; what fell into quiet hours meanwhile, as by another attempt, waits for their end."""
    due = list(
        Notice.objects.filter(user=user, way=way, due_at__lte=now).order_by("created_at", "pk")[:NOTICES_PER_MESSAGE]
    )
    quiet_until = notices.quiet_end(choice, now, ZoneInfo(town.time_zone))
    if quiet_until is None:
        return due
    Notice.objects.filter(pk__in=[each.pk for each in due if not each.is_urgent]).update(due_at=quiet_until)
    return [each for each in due if each.is_urgent]


def _first_try_only(due: Sequence[Notice], again: dt.datetime | None) -> dt.datetime | None:
    # Whoever tries a way out looks at the answer, and tries again by hand.
    return None if all(each.kind == NoticeKind.TEST for each in due) else again


def _note_outcome(
    due: Sequence[Notice], attempts: int, at: dt.datetime, *, due_at: dt.datetime | None = None,
    sent_at: dt.datetime | None = None, problem: str = "",
) -> None:  # fmt: skip
    with transaction.atomic():
        Notice.objects.filter(pk__in=[each.pk for each in due]).update(
            attempts=attempts, attempted_at=at, due_at=due_at, sent_at=sent_at, problem=problem[:300]
        )


def _deliver(user: User, way: Way, choice: NotificationChoice, message: ComposedMessage) -> None:
    if way is Way.MAIL:
        text, html = message.mail_parts()
        mail.send_mail(user.email, message.subject[:200], text, html, sender_name=message.town.name)
    elif way is Way.WEBHOOK:
        now = timezone.now()
        webhooks.deliver(
            choice.webhook_address, secret=choice.webhook_secret, identifier=message.identifier,
            body=message.webhook_body(now), now=now,
        )  # fmt: skip
    else:
        _push(user, message.push_payload())


def _push(user: User, payload: str) -> None:
    """Send to every browser of a user; one that takes it is enough.

    Raises:
        PushFailed: none took it.
    """
    failures, accepted = [], 0
    for subscription in PushSubscription.objects.filter(user=user):
        try:
            push_messages.send_push(subscription, payload)
            accepted += 1
        except PushFailed as error:
            if push_messages.is_gone(error):
                subscription.delete()
            failures.append(error)
    if not accepted:
        raise failures[-1] if failures else PushFailed(str(_NO_BROWSER), is_final=True)


_UNWRITTEN = gettext_lazy("The message could not be written: the log of the server says why.")
_NO_BROWSER = gettext_lazy("No browser of yours takes notifications any more: allow them again on your page.")
