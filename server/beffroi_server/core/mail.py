"""Mail of the server: one message to one person, text with a simple HTML version, by a plain SMTP server.

Sending takes up to ``settings.EMAIL_TIMEOUT`` a step: never in a request that somebody waits for, nor in a transaction.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from email.utils import formataddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.utils.functional import Promise as StrPromise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

_PERMANENT = range(500, 600)
_UNWRITABLE = gettext_lazy("The message could not be written for this address: is it correct?")
_FAILURES: tuple[tuple[type[Exception], StrPromise], ...] = (
    (
        smtplib.SMTPAuthenticationError,
        gettext_lazy(
            "The mail server does not accept the name and password of this server: BEFFROI_MAIL_USERNAME and "
            "BEFFROI_MAIL_PASSWORD."
        ),
    ),
    (smtplib.SMTPRecipientsRefused, gettext_lazy("The mail server does not accept the address: is it correct?")),
    (
        smtplib.SMTPSenderRefused,
        gettext_lazy("The mail server does not accept %(sender)s as the sender: BEFFROI_MAIL_FROM."),
    ),
    (
        smtplib.SMTPNotSupportedError,
        gettext_lazy("The mail server cannot do what is asked of it: look at BEFFROI_MAIL_SECURITY."),
    ),
    (smtplib.SMTPResponseException, gettext_lazy("The mail server refused the message with code %(code)d.")),
    (
        ssl.SSLError,
        gettext_lazy("The mail server’s certificate or encryption does not do: look at BEFFROI_MAIL_SECURITY."),
    ),
    (socket.gaierror, gettext_lazy("There is no mail server called %(host)s: BEFFROI_MAIL_HOST.")),
    (TimeoutError, gettext_lazy("The mail server did not respond in time.")),
    (OSError, gettext_lazy("The mail server %(host)s cannot be reached at port %(port)d.")),
    (smtplib.SMTPException, gettext_lazy("The mail server %(host)s cannot be reached at port %(port)d.")),
)
"""What each fault means; the first that fits counts, so the narrow ones come first."""


class MailFailed(Exception):
    """A mail could not be handed over; the message says why and what to do, for people.

    Args:
        message: Reason and next step.
        is_final: Whether the server refuses this recipient or message, and would again.
    """

    def __init__(self, message: str, *, is_final: bool = False) -> None:
        super().__init__(message)
        self.is_final = is_final


def is_configured() -> bool:
    """Tell whether the operator has named an SMTP server."""
    return bool(settings.EMAIL_HOST)


def send_mail(
    address: str, subject: str, text: str, html: str = "", *, sender_name: str = "Beffroi",
    headers: Mapping[str, str] | None = None,
) -> None:  # fmt: skip
    """Hand a message to the SMTP server.

    Args:
        address: Of the recipient.
        subject: One line.
        text: The whole message.
        html: The same as HTML without outside images; none is sent where it is empty.
        sender_name: Shown beside the address of the sender, such as the name of the town.
        headers: Further ones, such as ``List-Unsubscribe``.

    Raises:
        MailFailed: it was not accepted.
    """
    if not is_configured():
        raise MailFailed(_("No mail server is set. The person who runs the server sets it: BEFFROI_MAIL_HOST."))
    connection = get_connection()
    message = EmailMultiAlternatives(
        " ".join(subject.split()),
        text,
        formataddr((" ".join(sender_name.split()), settings.DEFAULT_FROM_EMAIL)),
        [address],
        # RFC 3834: nobody's out-of-office answers to it.
        headers={"Auto-Submitted": "auto-generated", **(headers or {})},
        connection=connection,
    )
    if html:
        message.attach_alternative(html, "text/html")
    try:
        message.send()
    except (smtplib.SMTPException, OSError, UnicodeError, ValueError) as error:
        raise _failure_of(error) from error
    finally:
        # Django leaves it open where the encryption could not be agreed on.
        with suppress(smtplib.SMTPException, OSError):
            connection.close()


def _failure_of(error: Exception) -> MailFailed:
    text = next((text for kind, text in _FAILURES if isinstance(error, kind)), _UNWRITABLE)
    values = {
        "host": settings.EMAIL_HOST,
        "port": settings.EMAIL_PORT,
        "sender": settings.DEFAULT_FROM_EMAIL,
        "code": getattr(error, "smtp_code", 0),
    }
    return MailFailed(str(text) % values, is_final=_is_final(error))


def _is_final(error: Exception) -> bool:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code in _PERMANENT for code, _text in error.recipients.values())
    if isinstance(error, smtplib.SMTPAuthenticationError | smtplib.SMTPSenderRefused):
        return False  # the operator can mend it
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code in _PERMANENT
    return not isinstance(error, OSError | smtplib.SMTPException)
