"""Warnings from outside: from a message of a source to a proposal or an alert, and to its end."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.utils import timezone
from tests.support.cap_files import AROUND_RENNES, ELSEWHERE, cap_alert, cap_area, cap_info
from tests.support.outside_web import OutsideWeb
from tests.support.pages import page_text

from beffroi_server.accounts.models import AuditEvent
from beffroi_server.alerts import second_officer, services
from beffroi_server.alerts.models import Alert, AlertProposal
from beffroi_server.cap.reader import read_document
from beffroi_server.core.outside_http import OutsideResponse
from beffroi_server.outside_warnings import following, intake, polling, webhooks
from beffroi_server.outside_warnings.document_reading import ReadDocument
from beffroi_server.outside_warnings.models import OutsideWarning, ReceivedMessage, WarningSource

pytestmark = pytest.mark.usefixtures("keyring", "english")
SENT = "2026-11-29T08:30:00+01:00"


@pytest.fixture(autouse=True)
def rennes(town):
    town.latitude, town.longitude, town.insee = 48.11, -1.68, "35238"
    town.save()


@pytest.fixture(autouse=True)
def read_here(monkeypatch):
    """Documents are read without a process of their own: that one has a test."""

    def read(content: bytes, _certificates: str = "", address: str = "") -> ReadDocument:
        return ReadDocument(read_document(content, address), None)

    monkeypatch.setattr(polling, "read_confined", read)


def soon(**ahead) -> str:
    return (timezone.now() + dt.timedelta(**ahead)).replace(microsecond=0).isoformat()


def message(identifier="M-1", *areas, msg_type="Alert", references=None, **fields) -> bytes:
    fields = {"expires": soon(hours=3), "senderName": "Préfecture"} | fields
    info = cap_info(*(areas or (cap_area(polygon=AROUND_RENNES),)), **fields)
    return cap_alert(info, identifier=identifier, msgType=msg_type, sent=soon(minutes=-1), references=references)


def source_with(**values) -> WarningSource:
    return WarningSource.objects.create(name="Prefecture", address="https://cap.example/feed", **values)


def arrive(source, *contents):
    """Take messages in as they arrive, and do what they ask for."""
    alerts = [alert for content in contents for alert in read_document(content).alerts]
    intake.take_in(source, alerts, timezone.now())
    following.follow_source(source, timezone.now())


def reference_to(alert: bytes) -> str:
    (found,) = read_document(alert).alerts
    return f"{found.sender},{found.identifier},{found.sent.isoformat()}"


@pytest.mark.parametrize(
    ("named", "sender", "shown"),
    [
        ("SIDPC 35", "x@example.org", "SIDPC 35"), (None, "vigilance@example.org", "Prefecture"),
        (None, "urn:oid:2.49.0.0.250", "Prefecture"), (None, "2.49.0.0.250", "Prefecture"),
        (None, "Préfecture 35", "Préfecture 35"),
    ],
)  # fmt: skip
def test_who_speaks_has_a_name_and_no_address(named, sender, shown):
    content = message(senderName=named).replace(b"prefecture@example.org", sender.encode())
    arrive(source_with(), content)
    assert AlertProposal.objects.get().source == shown


def test_a_warning_waits_for_an_officer_who_broadcasts_it_and_its_cancellation_ends_it(bob):
    source, first = source_with(), message()
    arrive(source, first)
    proposal = AlertProposal.objects.get()
    assert (proposal.level, proposal.title, proposal.source) == (
        "alert", "Orages violents sur le pays de Rennes", "Préfecture"
    )  # fmt: skip
    assert not Alert.objects.exists()

    alert = second_officer.confirm_proposal(proposal, user=bob)
    assert abs(alert.ends_at - proposal.ends_at) < dt.timedelta(minutes=2)
    following.follow_source(source, timezone.now())
    assert OutsideWarning.objects.get().alert == alert

    arrive(source, message("M-2", msg_type="Cancel", references=reference_to(first)))
    alert.refresh_from_db()
    assert alert.ends_at <= timezone.now()
    assert OutsideWarning.objects.get().close_reason == "cancel"
    assert AuditEvent.objects.get(action="alert-ended").actor != "bob"


def test_what_a_policy_broadcasts_goes_out_at_once_and_follows_its_updates():
    source, first = source_with(broadcast_from="alert"), message()
    arrive(source, first)
    former = Alert.objects.get()
    assert former.everywhere
    for _ in range(2):
        following.follow_source(source, timezone.now())
    update = message("M-2", msg_type="Update", references=reference_to(first), headline="Orages très violents")
    arrive(source, update, update)
    alert = Alert.objects.get(replaced_at=None)
    assert (alert.title, alert.corrects) == ("Orages très violents", former)
    assert OutsideWarning.objects.get().alert == alert
    assert not AlertProposal.objects.exists()


def later(content: bytes, **ahead) -> bytes:
    """Return a message as it is sent at another time."""
    return re.sub(rb"<sent>[^<]*</sent>", f"<sent>{soon(**ahead)}</sent>".encode(), content)


def test_a_warning_that_is_said_anew_without_references_takes_the_place_of_the_earlier_one():
    """As Météo-France sends them: both stayed on the screens, and the all-clear of one left the other."""
    source = source_with(broadcast_from="alert")
    arrive(source, later(message(), minutes=-5))
    former = Alert.objects.get()
    anew = later(message("M-2", headline="Orages très violents", expires=soon(hours=5)), minutes=-1)
    for _ in range(2):
        arrive(source, anew)
    alert = Alert.objects.get(replaced_at=None)
    assert (alert.title, alert.corrects) == ("Orages très violents", former)
    assert OutsideWarning.objects.get().alert == alert

    arrive(source, message("M-3", msg_type="Cancel", references=reference_to(anew)))
    following.follow_source(source, timezone.now())
    alert.refresh_from_db()
    assert alert.ends_at <= timezone.now()
    assert Alert.objects.count() == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"severity": "Moderate"}, {"expires": soon(hours=2)}, {"event": "Wind"}, {"areas": ELSEWHERE},
        {"onset": soon(hours=1)}, {"sender": b"somebody@example.org"}, {"sent": -9},
    ],
)  # fmt: skip
def test_what_says_less_than_an_earlier_warning_stands_beside_it(changes):
    source = source_with()
    arrive(source, later(message(), minutes=-5))
    sent, sender = changes.pop("sent", -1), changes.pop("sender", b"")
    areas = [cap_area(polygon=changes.pop("areas"))] if "areas" in changes else []
    content = later(message("M-2", *areas, **changes), minutes=sent)
    arrive(source, content.replace(b"prefecture@example.org", sender) if sender else content)
    following.follow_source(source, timezone.now())
    assert ReceivedMessage.objects.get(key="m-1").ended_at is None
    assert OutsideWarning.objects.filter(closed_at=None, key__contains="M-1").exists()


def test_what_was_replaced_counts_again_once_it_turns_out_to_be_the_newest_of_a_cycle():
    source = source_with(broadcast_from="alert")
    sent = {"M-1": soon(minutes=-9), "M-2": soon(minutes=-1), "M-3": soon(minutes=-5)}
    for name, named in (("M-1", "M-2"), ("M-2", "M-3"), ("M-3", "M-1")):
        info = cap_info(cap_area(polygon=AROUND_RENNES), headline=name, expires=soon(hours=3))
        reference = f"prefecture@example.org,{named},{sent[named]}"
        arrive(source, cap_alert(info, identifier=name, msgType="Update", sent=sent[name], references=reference))
    assert [row.key for row in source.messages.filter(ended_at=None)] == ["m-2"]
    assert Alert.objects.get(replaced_at=None).title == "M-2"


def test_the_other_languages_of_a_warning_become_translations(town):
    area, times = cap_area(polygon=AROUND_RENNES), {"expires": soon(hours=3)}
    infos = [
        cap_info(area, language="fr-FR", **times),
        cap_info(area, language="de", headline="Gewitter", instruction="Bleiben Sie zu Hause.", **times),
        cap_info(area, language="en-GB", headline="Thunderstorms", **times),
        cap_info(area, language="es", headline="Otra cosa", severity="Minor", **times),
    ]
    source = source_with(broadcast_from="alert")
    arrive(source, cap_alert(*infos, identifier="M-1", sent=soon(minutes=-1)))
    found = {each["language"]: each["title"] for each in Alert.objects.get().translations}
    assert found == {"en": "Thunderstorms", "de": "Gewitter"}
    following.follow_source(source, timezone.now())
    assert Alert.objects.count() == 1

    town.languages = ["fr", "de"]
    town.save()
    following.follow_source(source, timezone.now())
    assert [each["language"] for each in Alert.objects.get(replaced_at=None).translations] == ["de"]


def test_of_several_events_of_one_message_each_is_told_the_gravest_first():
    area, times = cap_area(polygon=AROUND_RENNES), {"expires": soon(hours=3)}
    minor = {"severity": "Minor", "headline": "Brouillard", "description": "Peu de vue.", "instruction": "Ralentissez."}
    grave = {"headline": "Tempête", "description": "Des vents très forts.", "instruction": "Rentrez."}
    infos = [
        cap_info(area, event="Brouillard", **minor, **times), cap_info(area, event="Vent", **grave, **times),
        cap_info(cap_area("Cesson", polygon=AROUND_RENNES), event="Vent", **grave, **times),
    ]  # fmt: skip
    arrive(source_with(broadcast_from="information"), cap_alert(*infos, identifier="M-1", sent=soon(minutes=-1)))
    alert = Alert.objects.get()
    assert (alert.level, alert.title) == ("alert", "Tempête")
    assert alert.description.splitlines() == [
        "Des vents très forts.", "Secteur\xa0: Pays de Rennes, Cesson.", "Brouillard", "Peu de vue.",
        "Secteur\xa0: Pays de Rennes.",
    ]  # fmt: skip
    assert alert.instruction.splitlines() == ["Rentrez.", "Ralentissez."]


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"description": "###\n\n+++ Mise à jour +++\nLa crue monte.", "instruction": "Unknown"},
         ("Crue", "Mise à jour\nLa crue monte.\nSecteur\xa0: Pays de Rennes.", "")),
        ({"headline": "*** Crue ***", "description": "{}", "instruction": "# Voir [la carte](https://example.org/c)."},
         ("Crue", "Secteur\xa0: Pays de Rennes.", "Voir la carte.")),
        ({"description": "Orages d?ete , jusqu?ici faibles. Qu?en dire ?", "instruction": "Suivez l?\u00e9volution."},
         ("Crue", "Orages d’ete, jusqu’ici faibles. Qu’en dire ?\nSecteur\xa0: Pays de Rennes.",
          "Suivez l’évolution.")),
        ({"headline": "Orages Ã\u00a0 lâ€™Est", "description": "ATENÇÃO", "instruction": "Ã‰vacuez lâ€™Ã©cole."},
         ("Orages à l’Est", "ATENÇÃO\nSecteur\xa0: Pays de Rennes.", "Évacuez l’école.")),
        ({"headline": "Not Applicable", "event": "Inondation", "instruction": "N/A"},
         ("Inondation", "De fortes rafales.\nSecteur\xa0: Pays de Rennes.", "")),
    ],
)  # fmt: skip
def test_decoration_and_words_for_no_text_are_not_for_the_street(fields, shown):
    arrive(source_with(), message(**{"headline": "Crue", **fields}))
    proposal = AlertProposal.objects.get()
    assert (proposal.title, proposal.description, proposal.instruction) == shown


def test_what_somebody_changed_by_hand_is_not_ended_by_its_source(bob):
    source, first = source_with(broadcast_from="alert"), message()
    arrive(source, first)
    services.extend_alert(Alert.objects.get(), 45, user=bob)
    arrive(source, message("M-2", msg_type="Cancel", references=reference_to(first)))
    assert Alert.objects.get().ends_at > timezone.now()
    assert OutsideWarning.objects.get().is_left_on


def test_who_has_declined_is_asked_again_only_where_it_gets_graver(bob):
    source, first = source_with(), message(severity="Moderate")
    arrive(source, first)
    second_officer.decline_proposal(AlertProposal.objects.get(), user=bob)
    same = message("M-2", msg_type="Update", references=reference_to(first), severity="Moderate", headline="Encore")
    arrive(source, same)
    assert AlertProposal.objects.count() == 1
    arrive(source, message("M-3", msg_type="Update", references=reference_to(same)))
    assert [each.level for each in second_officer.open_proposals(timezone.now())] == ["alert"]


def test_what_is_for_others_or_below_the_policy_is_listed_with_the_reason():
    source = source_with(propose_from="alert")
    arrive(source, message("M-1", cap_area(polygon=ELSEWHERE)), message("M-2", severity="Minor"))
    assert {row.key: (row.decision, row.reasons[0][0]) for row in ReceivedMessage.objects.all()} == {
        "m-1": ("ignore", "elsewhere"), "m-2": ("ignore", "default"),
    }  # fmt: skip
    assert not OutsideWarning.objects.exists()


def test_a_feed_is_read_conditionally_and_each_of_its_documents_once(monkeypatch):
    web, source = OutsideWeb(monkeypatch), source_with()
    feed = b"""<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>M-1</id>
      <link rel="alternate" type="application/cap+xml" href="/1.cap"/></entry></feed>"""
    web.pages[source.address] = OutsideResponse(200, {"ETag": '"a"'}, feed)
    web.pages["https://cap.example/1.cap"] = OutsideResponse(200, {}, message())

    assert polling.read_next(timezone.now())
    assert not polling.read_next(timezone.now()), "it is due again only after its interval"
    assert AlertProposal.objects.count() == 1

    later = timezone.now() + dt.timedelta(minutes=6)
    assert polling.read_next(later)
    assert [address for address, _ in web.asked].count("https://cap.example/1.cap") == 1
    assert web.asked[-1][1]["If-None-Match"] == '"a"'

    web.pages.clear()
    assert polling.read_next(later + dt.timedelta(minutes=6))
    source.refresh_from_db()
    assert (source.failures, source.problem) == (1, "No connection.")
    assert AlertProposal.objects.filter(decision="").count() == 1, "what cannot be read is no end"


def test_a_webhook_takes_messages_in_from_whoever_knows_its_secret(client, dora, bob):
    source = source_with(kind="webhook", broadcast_from="alert")
    secret, address = webhooks.new_secret(source, user=dora), f"/cap/{source.token}/"

    def send(body, secret):
        return client.post(address, body, content_type="application/xml", headers={"CAP-Webhook-Auth": secret})

    assert [send(message(), wrong).status_code for wrong in ("", "x")] == [401, 401]
    assert send(b"<html>", secret).status_code == 400
    assert send(message(), secret).status_code == 202
    assert Alert.objects.get().title == "Orages violents sur le pays de Rennes"

    client.force_login(bob)
    page = client.get("/warnings/")
    assert [warning.alert for warning, _ in page.context["current"]] == [Alert.objects.get()]


def test_a_rehearsal_reads_as_people_write(client, dora):
    source = source_with(propose_from="never")
    arrive(source, message(), message("M-2", onset=soon(hours=2)))
    client.force_login(dora)
    address = f"/warnings/sources/{source.pk}/"
    form = client.get(address).context["form"]
    values = {each.html_name: each.value() or "" for each in form} | {"propose_from": "vigilance", "rehearse": "1"}
    page = page_text(client.post(address, values, HTTP_ACCEPT_LANGUAGE="en"))
    assert "<strong>2</strong> proposed to an officer" in page
    assert "asked for by the settings of its source; announced for" in page
    assert "rule 1" not in page
    assert not re.search(r"announced for \d{4}-", page)
