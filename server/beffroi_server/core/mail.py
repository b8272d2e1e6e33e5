"""Mail of the server: one message to one person, text with a simple HTML version, by a plain SMTP server.

Sending takes up to ``settings.EMAIL_TIMEOUT`` a step: never in a request that somebody waits for, nor in a transaction.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from email.utils import formataddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.functional import Promise as StrPromise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

Connection = BaseEmailBackend
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
    headers: Mapping[str, str] | None = None, connection: Connection | None = None,
) -> None:  # fmt: skip
    """Hand a message to the SMTP server.

    Args:
        address: Of the recipient.
        subject: One line.
        text: The whole message.
        html: The same as HTML without outside images; none is sent where it is empty.
        sender_name: Shown beside the address of the sender, such as the name of the town.
        headers: Further ones, such as ``List-Unsubscribe``.
        connection: One for several messages, as ``one_connection`` gives it; None: one of its own.

    Raises:
        MailFailed: it was not accepted.
    """
    if not is_configured():
        raise MailFailed(_("No mail server is set. The person who runs the server sets it: BEFFROI_MAIL_HOST."))
    used = connection or get_connection()
    message = EmailMultiAlternatives(
        " ".join(subject.split()),
        text,
        formataddr((" ".join(sender_name.split()), settings.DEFAULT_FROM_EMAIL)),
        [address],
        # RFC 3834: nobody's out-of-office answers to it.
        headers={"Auto-Submitted": "auto-generated", **(headers or {})},
        connection=used,
    )
    if html:
        message.attach_alternative(html, "text/html")
    try:
        _send(message, used, is_shared=connection is not None)
    except (smtplib.SMTPException, OSError, UnicodeError, ValueError) as error:
        _close(used)
        raise _failure_of(error) from error
    if connection is None:
        _close(used)


@contextmanager
def one_connection() -> Iterator[Connection]:
    """Return a connection for several messages: it is opened for the first, and anew after a failure."""
    connection = get_connection()
    try:
        yield connection
    finally:
        _close(connection)


def _send(message: EmailMultiAlternatives, connection: Connection, *, is_shared: bool) -> None:
    if not is_shared:
        message.send()
        return
    # Django closes what it has opened itself.
    is_fresh = bool(connection.open())
    try:
        message.send()
    except smtplib.SMTPServerDisconnected:
        # Many servers take so many messages a connection, and then hang up.
        if is_fresh:
            raise
        _close(connection)
        connection.open()
        message.send()


def _close(connection: Connection) -> None:
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
