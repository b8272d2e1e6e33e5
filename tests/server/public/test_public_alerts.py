"""Alerts on the public page: what is in force and what was, in the reader's language, and nothing of colleagues."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from lxml import etree, html

from beffroi_server.alerts import services
from beffroi_server.alerts.models import Alert
from beffroi_server.fleet.targets import EVERYWHERE, Targets
from beffroi_server.library.models import PublicSettings
from beffroi_server.outlets import subscriptions

pytestmark = pytest.mark.usefixtures("keyring", "public")


@pytest.fixture
def public(town) -> None:
    subscriptions.save_public_settings(PublicSettings(town=town, is_on=True), user=None)


@pytest.fixture
def reader() -> Client:
    return Client(HTTP_ACCEPT_LANGUAGE="en", enforce_csrf_checks=True)


def broadcast(bob, **changes) -> Alert:
    values = {
        "level": "alert", "title": "Crue <de l’Orne>", "instruction": "Montez.", "source": "Mairie",
        "targets": EVERYWHERE, "duration_min": 60, "user": bob,
    }  # fmt: skip
    return services.broadcast_alert(**values | changes)


def listed(reader) -> dict[str, list[str]]:
    found = reader.get(reverse("public-alerts-json")).json()
    return {name: [each["title"] for each in found[name]] for name in ("in_force", "past")}


def page_of(reader, name="public-alerts", *arguments, query="") -> str:
    answer = reader.get(reverse(name, args=arguments) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_gravest_real_alert_comes_first_and_exercises_are_marked(reader, bob, quay):
    broadcast(bob, status="exercise", level="emergency", title="Exercice Orsec")
    broadcast(bob, level="vigilance", title="Vent")
    broadcast(bob, targets=Targets(everywhere=False, screens=(quay,)), phone="02 31 00 00 00")
    assert listed(reader) == {"in_force": ["Crue <de l’Orne>", "Vent", "Exercice Orsec"], "past": []}
    for page in (page_of(reader), page_of(reader, "public-announcements")):
        assert "Crue &lt;de l’Orne&gt;" in page
        assert "EXERCICE – Ceci est un exercice" in page
        assert "Rue du Port" in page
        assert "02 31 00 00 00" in page
        assert "<script" not in page
        assert "bob" not in page


def test_what_has_ended_stays_for_a_while_and_no_longer_says_what_to_do(reader, bob):
    alert = broadcast(bob)
    services.end_alert(alert, user=bob)
    services.end_alert(broadcast(bob, status="exercise", title="Exercice"), user=bob)
    services.withdraw_alert(broadcast(bob, title="Erreur"), user=bob)
    assert listed(reader) == {"in_force": [], "past": ["Crue <de l’Orne>"]}
    page = page_of(reader, "public-alert", alert.pk)
    assert "Fin d’alerte" in page
    assert "Montez" not in page
    Alert.objects.filter(pk=alert.pk).update(ends_at=timezone.now() - dt.timedelta(days=31))
    assert listed(reader)["past"] == []
    assert reader.get(reverse("public-alert", args=[alert.pk])).status_code == 404


def test_the_address_of_a_text_that_was_corrected_shows_the_present_one(reader, bob):
    former = broadcast(bob)
    broadcast(bob, title="Crue centennale", corrects=former)
    assert "Crue centennale" in page_of(reader, "public-alert", former.pk)
    assert listed(reader)["in_force"] == ["Crue centennale"]


def test_a_reader_gets_the_language_that_is_asked_for(reader, bob):
    german = {"language": "de", "title": "Hochwasser", "instruction": "Gehen Sie nach oben."}
    alert = broadcast(bob, translations=[german, {"language": "en", "title": "Flood"}])
    assert listed(reader)["in_force"] == ["Flood"]
    page = page_of(reader, "public-alert", alert.pk, query="?lang=de")
    assert "WARNUNG" in page
    assert "Gehen Sie nach oben." in page
    assert 'hreflang="en"' in page
    assert "Crue" in page_of(Client(HTTP_ACCEPT_LANGUAGE="it"), "public-alert", alert.pk)


def test_a_summary_in_the_feed_is_read_as_it_was_written(reader, bob):
    broadcast(bob, instruction="Ne passez pas si l’eau est à < 2 m.\nMontez.", description="<b>Quai</b>")
    feed = etree.fromstring(reader.get(reverse("public-alerts-atom")).content)
    summary = html.fromstring(feed.findtext("{*}entry/{*}summary"))
    assert list(summary.itertext()) == ["Ne passez pas si l’eau est à < 2 m.", "Montez.", "<b>Quai</b>"]


def test_the_feed_has_an_entry_for_each_with_its_level_and_its_end(reader, bob):
    alert = broadcast(bob)
    atom = reader.get(reverse("public-alerts-atom")).content.decode()
    assert "<title>ALERTE · Crue &lt;de l’Orne&gt;</title>" in atom
    services.end_alert(alert, user=bob)
    atom = reader.get(reverse("public-alerts-atom")).content.decode()
    assert "Fin d’alerte · Crue" in atom
    assert "Montez" not in atom
