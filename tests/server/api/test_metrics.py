"""Metrics and health: who may ask, and that asking is cheap."""

from __future__ import annotations

import ipaddress
import re

import pytest
from django.test import Client
from django.utils import timezone

from beffroi_server.api import metrics
from beffroi_server.core.jobs import note_job_end
from beffroi_server.fleet.models import Screen, ScreenState

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch) -> None:
    monkeypatch.setattr(metrics, "_last", (float("-inf"), b""))


def values(text: str) -> dict[str, float]:
    return {name: float(value) for name, value in re.findall(r"^(beffroi_[^ ]+) (\S+)$", text, re.MULTILINE)}


def test_there_are_none_by_default(town):
    assert Client().get("/metrics").status_code == 404


def test_the_token_or_the_network_of_the_settings_opens_them(settings, town):
    settings.METRICS_TOKEN = "a secret"
    assert Client().get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404
    assert Client().get("/metrics", headers={"Authorization": "Bearer a secret"}).status_code == 200
    settings.METRICS_NETWORKS = [ipaddress.ip_network("10.0.0.0/8")]
    assert Client(REMOTE_ADDR="10.1.2.3").get("/metrics").status_code == 200
    assert Client(REMOTE_ADDR="192.0.2.1").get("/metrics").status_code == 404


def test_they_say_how_many_screens_are_there(settings, hall, quay, django_assert_max_num_queries):
    settings.METRICS_TOKEN = "a secret"
    Screen.objects.update(enrolled_at=timezone.now())
    ScreenState.objects.create(screen=hall, online=True, seen_at=timezone.now())
    note_job_end("beat")
    with django_assert_max_num_queries(12):
        text = Client().get("/metrics", headers={"Authorization": "Bearer a secret"}).content.decode()
    found = values(text)
    assert (found["beffroi_screens_up"], found["beffroi_screens_silent"]) == (1, 1)
    assert found['beffroi_queue_length{queue="programmes"}'] == 2
    assert 'beffroi_job_age_seconds{job="beat"}' in found
    assert found["beffroi_alerts_active"] == 0


def test_a_second_scrape_asks_nothing(settings, town, django_assert_num_queries):
    first = metrics.metrics_text()
    with django_assert_num_queries(0):
        assert metrics.metrics_text() == first


def test_anybody_hears_that_the_server_lives_and_no_more(django_assert_num_queries, town):
    with django_assert_num_queries(0):
        answer = Client().get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert Client().get("/health/ready").status_code == 404


def test_a_technician_hears_what_does_not_work(town, charlie):
    browser = Client()
    browser.force_login(charlie)
    answer = browser.get("/health/ready")
    assert (answer.status_code, answer.json()["checks"]) == (
        503,
        {"database": True, "disk": True, "broker": False, "keys": False},
    )
