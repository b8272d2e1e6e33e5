"""Our alerts as CAP: what others read is what was broadcast, valid, signed, and in order."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from cryptography import x509
from django.urls import reverse
from django.utils import timezone
from lxml import etree

from beffroi_content.templates.registry import hazard_declarations
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.alerts import services as alerts
from beffroi_server.cap.reader import read_document
from beffroi_server.cap.signatures import SignatureOutcome, check_signature
from beffroi_server.fleet.targets import EVERYWHERE, Targets
from beffroi_server.outlets import cap_messages, followed_events, subscriptions
from beffroi_server.outlets.cap_document import CATEGORIES
from beffroi_server.outlets.models import CapMessage, CapOutput, WebhookEvent, WebhookMessage, WebhookSubscription

pytestmark = pytest.mark.django_db
SCHEMA = Path(__file__).parents[4] / "shared" / "data" / "cap" / "schema-CAP-v1.2.xsd"


@pytest.fixture
def given_out(keyring, town, dora):
    town.latitude, town.longitude = 49.1, -0.3
    town.save()
    cap_messages.save_output(CapOutput(is_on=True, contact="02 31 00 00 00"), user=dora)


def broadcast(bob, **changes):
    values = {
        "level": "emergency", "hazard": "flood", "title": "Crue de l’Orne", "description": "Quai inondé.",
        "instruction": "Montez à l’étage.", "source": "Mairie", "targets": EVERYWHERE, "duration_min": 60, "user": bob,
    }  # fmt: skip
    return alerts.broadcast_alert(**values | changes)


def messages():
    cap_messages.follow_alerts()
    return [read_document(row.document.encode()).alerts[0] for row in CapMessage.objects.order_by("pk")]


def test_an_alert_is_read_as_it_was_broadcast(given_out, bob):
    broadcast(bob)
    (found,) = messages()
    (info,) = found.infos
    assert (found.status, found.msg_type, found.scope) == ("Actual", "Alert", "Public")
    assert (info.urgency, info.severity, info.language) == ("Immediate", "Extreme", "fr-FR")
    assert (info.headline, info.instruction) == ("Crue de l’Orne", "Montez à l’étage.")
    assert info.event == "Inondation"
    assert info.areas[0].description == "Saint-Aubin"


def test_each_act_is_a_message_that_names_those_before(given_out, bob):
    alert = broadcast(bob)
    alerts.extend_alert(alert, 30, user=bob)
    alerts.end_alert(alert, user=bob)
    first, second, third = messages()
    assert [each.msg_type for each in (first, second, third)] == ["Alert", "Update", "Update"]
    assert [each.identifier for each in third.references] == [first.identifier, second.identifier]
    assert third.infos[0].response_types == ("AllClear",)
    assert third.infos[0].instruction is None


def test_after_a_restored_backup_no_identifier_that_was_sent_says_something_else(given_out, bob):
    """Whoever had the message of before would take the new one for it, and drop it."""
    alert = broadcast(bob)
    (first,) = messages()
    followed = CapOutput.objects.get().followed_event
    alerts.extend_alert(alert, 30, user=bob)
    lost = messages()[-1]
    # What the backup did not know is undone, as far as CAP reads it.
    CapMessage.objects.filter(identifier=lost.identifier).delete()
    CapOutput.objects.update(followed_event=AuditEvent.objects.order_by("-id").first().pk)

    alerts.extend_alert(alert, 90, user=bob)
    third = messages()[-1]
    assert third.identifier not in {first.identifier, lost.identifier}
    assert [each.identifier for each in third.references] == [first.identifier]

    # One that is written once more is the same message under the same name.
    CapMessage.objects.exclude(identifier=first.identifier).delete()
    CapOutput.objects.update(followed_event=followed + 1)
    assert messages()[-1].identifier == third.identifier


def test_the_end_of_an_alert_holds_for_those_who_come_late_however_short_the_screens_say_so(given_out, bob):
    alert = broadcast(bob, all_clear_s=0)
    alerts.end_alert(alert, user=bob)
    ended = messages()[-1]
    assert ended.sent + dt.timedelta(hours=1) <= ended.infos[0].expires


def test_letters_that_xml_has_not_are_left_out_and_an_act_that_cannot_be_told_holds_nobody_up(
    given_out, bob, monkeypatch
):
    broadcast(bob, source="Mairie\ufffe", description="a\x0bb\uffff")
    (found,) = messages()
    assert (found.infos[0].sender_name, found.infos[0].description) == ("Mairie", "ab")
    write, broken = cap_messages.write_cap, [ValueError("no XML")]
    monkeypatch.setattr(
        cap_messages, "write_cap", lambda *args: write(*args) if not broken else (_ for _ in ()).throw(broken.pop())
    )
    broadcast(bob, title="Feu")
    broadcast(bob, title="Vent")
    assert [each.infos[0].headline for each in messages()] == ["Crue de l’Orne", "Vent"]


def test_a_mistake_is_cancelled_and_an_exercise_is_one(given_out, bob):
    alert = broadcast(bob, status="exercise")
    alerts.withdraw_alert(alert, user=bob)
    first, second = messages()
    assert (first.status, second.status, second.msg_type) == ("Exercise", "Exercise", "Cancel")


def test_each_language_is_an_info_of_the_same_message(given_out, bob):
    german = {"language": "de", "title": "Hochwasser", "instruction": "Gehen Sie nach oben."}
    alert = broadcast(bob, translations=[german, {"language": "en", "title": "Flood"}])
    alerts.end_alert(alert, user=bob)
    begun, ended = messages()
    assert [(each.language, each.event, each.headline, each.instruction) for each in begun.infos] == [
        ("fr-FR", "Inondation", "Crue de l’Orne", "Montez à l’étage."),
        ("de", "Hochwasser", "Hochwasser", "Gehen Sie nach oben."),
        ("en-GB", "Flood", "Flood", None),
    ]
    assert [each.headline for each in ended.infos][1:] == ["Entwarnung: Hochwasser", "End of alert: Flood"]
    assert len({(each.severity, each.expires, each.areas) for each in begun.infos}) == 1


def test_messages_are_signed_by_a_certificate_to_pin_and_never_change(given_out, bob, client):
    broadcast(bob)
    messages()
    before = CapMessage.objects.get().document
    pem = client.get(reverse("cap-certificate")).content
    trusted, sent = [x509.load_pem_x509_certificate(pem)], timezone.now()
    assert check_signature(before.encode(), trusted, sent) is SignatureOutcome.VERIFIED
    changed = before.replace("Montez", "Descendez")
    assert check_signature(changed.encode(), trusted, sent) is SignatureOutcome.CHANGED
    messages()
    assert CapMessage.objects.get().document == before


def test_the_feed_leads_to_each_document_and_is_there_only_while_it_is_wanted(given_out, bob, client, dora):
    broadcast(bob)
    messages()
    feed = etree.fromstring(client.get(reverse("cap-feed")).content)
    (link,) = feed.xpath("//*[local-name()='link'][@rel='enclosure']/@href")
    answer = client.get(link[link.index("/public") :])
    assert answer.content.decode() == CapMessage.objects.get().document
    assert answer["Content-Type"].startswith("application/cap+xml")
    output = CapOutput.objects.get()
    output.is_on = False
    cap_messages.save_output(output, user=dora)
    assert client.get(reverse("cap-feed")).status_code == 404


def test_what_was_before_is_not_given_out(keyring, bob, dora):
    broadcast(bob)
    cap_messages.save_output(CapOutput(is_on=True), user=dora)
    assert messages() == []


def test_an_alert_of_some_screens_names_their_places(given_out, bob, quay):
    broadcast(bob, targets=Targets(everywhere=False, screens=(quay,)))
    assert messages()[0].infos[0].areas[0].description == "Saint-Aubin : Rue du Port"


def test_a_webhook_is_given_the_document(given_out, bob):
    hook = WebhookSubscription(name="Prefecture", address="https://example.org/cap", events=[WebhookEvent.CAP])
    subscriptions.save_subscription(hook, user=None)
    followed_events.follow_events()
    broadcast(bob)
    messages()
    followed_events.follow_events()
    followed_events.follow_events()
    (told,) = WebhookMessage.objects.all()
    assert told.body["data"]["document"] == CapMessage.objects.get().document


def test_every_hazard_has_a_category():
    assert set(CATEGORIES) == {"general", *hazard_declarations()}


@pytest.mark.skipif(not SCHEMA.exists(), reason="the schema of OASIS is not at hand")
def test_documents_are_valid_by_the_schema_of_the_standard(given_out, bob, quay):
    alert = broadcast(bob, title="T" * 200, description="", targets=Targets(everywhere=False, screens=(quay,)))
    alerts.end_alert(alert, user=bob)
    schema = etree.XMLSchema(etree.parse(SCHEMA))
    messages()
    for row in CapMessage.objects.all():
        schema.assertValid(etree.fromstring(row.document.encode()))
