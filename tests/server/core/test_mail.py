"""Mail by a real conversation with a mail server on this machine, and what is said when it fails."""

from __future__ import annotations

import socket

import pytest
from tests.support.private_authority import Authority
from tests.support.smtp_sink import SmtpSink, smtp_sink

from beffroi_server.core import mail
from beffroi_server.core.mail import MailFailed


@pytest.fixture
def sink(settings):
    with smtp_sink() as made:
        settings.EMAIL_BACKEND = "beffroi_server.core.mail_backend.TownMailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", made.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.DEFAULT_FROM_EMAIL = "screens@saint-aubin.test"
        yield made


def test_a_mail_arrives_as_text_and_html(sink: SmtpSink):
    mail.send_mail(
        "marie@example.org", "Écran\nmuet", "Le quai est muet.\n", "<p>Le quai est muet.</p>", sender_name="Saint-Aubin"
    )
    to, message = sink.messages[0]
    assert (to, message["Subject"]) == (["marie@example.org"], "Écran muet")
    assert message["From"] == "Saint-Aubin <screens@saint-aubin.test>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_body(("plain",)).get_content() == "Le quai est muet.\n"
    assert "<p>Le quai" in message.get_body(("html",)).get_content()


@pytest.mark.parametrize(("answer", "is_final"), [("550 no such mailbox", True), ("451 greylisted", False)])
def test_a_refused_recipient_is_told_and_whether_for_good(sink, english, answer, is_final):
    sink.refused["nobody@example.org"] = answer
    with pytest.raises(MailFailed, match="does not accept the address") as failed:
        mail.send_mail("nobody@example.org", "x", "y")
    assert failed.value.is_final is is_final


def test_an_address_that_is_none_is_told(sink, english):
    with pytest.raises(MailFailed) as failed:
        mail.send_mail("a@b\r\nBcc: c@d", "x", "y")
    assert failed.value.is_final
    assert sink.messages == []


def test_a_server_that_is_not_there_is_told(sink, settings, english):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.EMAIL_PORT = free.getsockname()[1]
    with pytest.raises(MailFailed, match="cannot be reached at port"):
        mail.send_mail("marie@example.org", "x", "y")


def test_a_server_with_a_certificate_of_the_towns_own_authority_is_believed(settings, tmp_path, english):
    authority = Authority("the town")
    with smtp_sink(authority.server_context(tmp_path)) as sink:
        settings.EMAIL_BACKEND = "beffroi_server.core.mail_backend.TownMailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
        settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = False, True
        with pytest.raises(MailFailed, match="certificate"):
            mail.send_mail("marie@example.org", "x", "y")
        settings.AUTHORITIES = (authority.pem,)
        mail.send_mail("marie@example.org", "x", "y")
    assert len(sink.messages) == 1


def test_a_server_without_encryption_is_told_apart(sink, settings, english):
    settings.EMAIL_USE_TLS = True
    with pytest.raises(MailFailed, match="BEFFROI_MAIL_SECURITY"):
        mail.send_mail("marie@example.org", "x", "y")


def test_without_a_server_it_is_said_who_sets_it(settings, english):
    settings.EMAIL_HOST = ""
    assert not mail.is_configured()
    with pytest.raises(MailFailed, match="BEFFROI_MAIL_HOST"):
        mail.send_mail("marie@example.org", "x", "y")
