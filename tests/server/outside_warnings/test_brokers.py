"""Sources with an MQTT broker: what is taken as one, what its messages do, and which are read."""

from __future__ import annotations

import base64
import datetime as dt
import json
import threading

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from tests.server.outside_warnings.test_outside_warnings import message
from tests.support.waiting import until

from beffroi_server.alerts.models import AlertProposal
from beffroi_server.cap.reader import read_document
from beffroi_server.notifications.warning_observations import failing_sources
from beffroi_server.outside_warnings import brokers, services, silence
from beffroi_server.outside_warnings.document_reading import ReadDocument
from beffroi_server.outside_warnings.models import WarningSource

pytestmark = pytest.mark.usefixtures("keyring", "english")


@pytest.fixture
def source(town, monkeypatch) -> WarningSource:
    town.latitude, town.longitude, town.insee = 48.11, -1.68, "35238"
    town.save()
    monkeypatch.setattr(brokers, "read_confined", lambda content, _: ReadDocument(read_document(content), None))
    return WarningSource.objects.create(
        name="Prefecture", kind="mqtt", address="mqtts://broker.example", topic="cap/#", password="secret"
    )


def test_a_message_in_the_envelope_of_the_composer_is_proposed(source):
    envelope = {"data": base64.b64encode(message()).decode(), "filename": "1.xml"}
    brokers.note_state(source.pk, "lost", timezone.now())
    brokers.take_message(source.pk, json.dumps(envelope).encode())
    assert AlertProposal.objects.get().title == "Orages violents sur le pays de Rennes"
    source.refresh_from_db()
    assert source.read_at is not None


def test_a_broker_that_cannot_be_read_says_since_when_and_why_until_it_can(source):
    began = timezone.now()
    for code in ("login", "lost"):
        brokers.note_state(source.pk, code, timezone.now())
    source.refresh_from_db()
    assert source.failing_since is not None
    assert source.failing_since - began < timezone.now() - began
    assert "lost" in source.problem
    brokers.note_state(source.pk, "", timezone.now())
    source.refresh_from_db()
    assert (source.failing_since, source.problem) == (None, "")


def test_a_broker_that_connects_and_brings_nothing_for_longer_than_expected_is_told(source, client, dora):
    now = timezone.now()
    source.expected_hours = 24
    services.save_source(source, user=dora)
    brokers.note_state(source.pk, "", now)
    for code in ("lost", ""):
        brokers.note_state(source.pk, code, now + dt.timedelta(hours=23))
    assert failing_sources() == []
    # A connection is no message: it neither ends the silence nor counts as heard.
    brokers.note_state(source.pk, "", now + dt.timedelta(hours=25))
    brokers.note_state(source.pk, "", now + dt.timedelta(hours=26))
    (told,) = failing_sources()
    assert told.began_at == now + dt.timedelta(hours=24)
    assert "within 24 hours" in told.detail["problem"]
    client.force_login(dora)
    for page in ("/warnings/", "/warnings/sources/"):
        assert b"overdue since" in client.get(page, HTTP_ACCEPT_LANGUAGE="en").content
    source.refresh_from_db()
    assert source.read_at is None

    brokers.take_message(source.pk, message())
    assert failing_sources() == []


def test_silence_is_calm_where_nobody_knows_how_often_something_comes(source):
    brokers.note_state(source.pk, "", timezone.now() - dt.timedelta(days=400))
    silence.note_silent(timezone.now())
    assert failing_sources() == []


@pytest.mark.parametrize(
    ("address", "topic", "wrong"),
    [
        ("mqtts://broker.example", "cap/+/#", set()),
        ("mqtt://[::1]:1883/", "#", set()),
        ("https://broker.example", "cap", {"address"}),
        ("mqtts://user:secret@broker.example", "cap", {"address"}),
        ("mqtts://broker.example:99999", "cap", {"address"}),
        ("mqtts://broker.example/path", "cap", {"address"}),
        ("mqtts://broker.example", "cap/#/more", {"topic"}),
        ("mqtts://broker.example", "cap/a+", {"topic"}),
        ("", "", {"address", "topic"}),
    ],
)  # fmt: skip
def test_a_source_needs_a_broker_and_a_topic(source, dora, address, topic, wrong):
    source.address, source.topic = address, topic
    if not wrong:
        services.save_source(source, user=dora)
        return
    with pytest.raises(ValidationError) as refused:
        services.save_source(source, user=dora)
    assert set(refused.value.message_dict) == wrong


def test_each_source_in_use_has_one_reader_with_its_present_settings(source, monkeypatch):
    running: list[str] = []

    class Reader:
        def __init__(self, broker, *_others):
            self.name = f"{broker.host} {broker.topic}"

        def run(self, stopping: threading.Event) -> None:
            running.append(self.name)
            stopping.wait()
            running.remove(self.name)

    monkeypatch.setattr(brokers, "TopicReader", Reader)
    readers = brokers.BrokerReaders()
    for topic, is_on, expected in (
        ("a", True, ["broker.example a"]), ("a", True, ["broker.example a"]), ("b", True, ["broker.example b"]),
        ("b", False, []),
    ):  # fmt: skip
        WarningSource.objects.update(topic=topic, is_on=is_on)
        readers.look()
        until("they run", lambda wanted=expected: running == wanted)


def test_a_password_is_shown_to_nobody_and_stays_where_none_is_typed(client, dora, source):
    client.force_login(dora)
    page = client.get(f"/warnings/sources/{source.pk}/")
    assert b"secret" not in page.content.replace(b"/secret/", b"")
    form = page.context["form"]
    values = {each.html_name: each.value() or "" for each in form if each.html_name != "password"}
    answer = client.post(f"/warnings/sources/{source.pk}/", {**values, "topic": "other/#"})
    assert answer.status_code == 302
    source.refresh_from_db()
    assert (source.topic, source.password) == ("other/#", "secret")
