"""Mails of accounts: invitations and forgotten passwords, sent in the background.

A page answers as fast for a user who exists as for one who does not: the link is made beside the request, too.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from beffroi_server.accounts import services
from beffroi_server.accounts.models import Town, User
from beffroi_server.core import database, mail

logger = logging.getLogger(__name__)
MAX_WAITING = 100
"""Mails that may wait; further ones are dropped, and logged."""
_executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="account-mail")
_room = threading.BoundedSemaphore(MAX_WAITING)


def is_configured() -> bool:
    """Tell whether a mail server is set."""
    return mail.is_configured()


def users_named(name: str) -> list[User]:
    """Return the active users with a user name or a mail address, and an address to write to; two at most.

    Who signs in with the town's own account has no password here: it would outlive that account.
    """
    named = Q(username__iexact=name) | Q(email__iexact=name)
    return list(User.objects.filter(named, is_active=True, socialaccount=None).exclude(email="")[:2])


def mail_invitation(user: User, link: str, inviter: User) -> None:
    """Mail the link of an invitation."""
    town = town_name()
    subject = _("%(town)s: your access to the screens") % {"town": town}
    text = _(
        "%(inviter)s invites you to the screens of %(town)s.\n\n"
        "Open this link and choose a password. It works once, within seven days:\n%(link)s\n\n"
        "Your user name: %(name)s"
    ) % {
        "inviter": inviter.get_full_name() or inviter.get_username(),
        "town": town,
        "link": link,
        "name": user.get_username(),
    }
    send_later(lambda: mail.send_mail(user.email, subject, text, sender_name=town))


def mail_reset(user: User) -> None:
    """Make a link with which a user chooses another password, and mail it."""
    town, language = town_name(), translation.get_language()

    def send() -> None:
        with translation.override(language):
            link = services.create_reset_link(user)
            text = _(
                "Somebody asked for a new password for %(name)s on the screens of %(town)s.\n\n"
                "Open this link to choose it. It works once, within an hour:\n%(link)s\n\n"
                "If it was not you, do nothing: your password stays as it is."
            ) % {"name": user.get_username(), "town": town, "link": link}
            subject = _("%(town)s: a new password") % {"town": town}
            mail.send_mail(user.email, subject, text, sender_name=town)

    send_later(send)


def wait_until_sent(timeout_s: float = 20.0) -> None:
    """Wait until what was handed over so far has been sent, or has failed."""
    _executor.submit(lambda: None).result(timeout=timeout_s)


def send_later(send: Callable[[], None]) -> None:
    """Send a mail beside the request; of too many that wait, it is dropped and logged."""
    if not _room.acquire(blocking=False):
        logger.warning("a mail of accounts is dropped: %d wait already", MAX_WAITING)
        return
    _executor.submit(_send, send)


def _send(send: Callable[[], None]) -> None:
    try:
        database.with_fresh_connection(send)
    except mail.MailFailed as error:
        logger.warning("a mail of accounts was not sent: %s", error)
    except Exception:
        logger.exception("a mail of accounts was not sent")
    finally:
        _room.release()


def town_name() -> str:
    """Return the name that mails are sent under."""
    town = Town.objects.first()
    return town.name if town is not None else "Beffroi"
