"""The trail says what a change changed: from which value to which, and never a secret."""

from __future__ import annotations

import pytest
from django.utils import timezone

from beffroi_server.accounts import audit, services
from beffroi_server.accounts.models import AuditEvent, User
from beffroi_server.feeds import services as feeds
from beffroi_server.feeds.models import Feed
from beffroi_server.fleet import services as fleet
from beffroi_server.fleet.models import ScreenGroup
from beffroi_server.library import services as library
from beffroi_server.library.archive import archive_announcements


def newest() -> AuditEvent:
    event = AuditEvent.objects.first()
    assert event is not None
    return event


def test_names_the_value_before_and_after(dora, hall):
    hall.place, hall.volume = "Rue du Four", 30
    fleet.save_screen(hall, user=dora)

    assert newest().detail["model"] == "fleet.screen"
    assert newest().detail["changes"] == {"place": ["Reception", "Rue du Four"], "volume": [0, 30]}


def test_names_what_is_related_by_its_name(dora, hall):
    harbour = ScreenGroup(slug="harbour", name="Harbour")
    fleet.save_group(harbour, user=dora, screens=[hall])
    assert newest().detail["changes"]["screens"] == [[], [hall.name]]

    fleet.save_screen(hall, user=dora, groups=[])
    assert newest().detail["changes"] == {"groups": [["Harbour"], []]}


def test_keeps_what_was_deleted(dora):
    announcement = library.save_announcement(user=dora, title="Fire drill", body="Leave by the stairs.")
    archive_announcements([announcement], user=dora)
    library.delete_announcement(announcement, user=dora)

    assert newest().detail["changes"]["body"] == ["Leave by the stairs.", None]


def test_says_nothing_where_nothing_changed(dora, hall):
    fleet.save_screen(hall, user=dora)

    assert newest().detail == {"slug": hall.slug}


def test_never_holds_a_secret(dora, hall):
    hall.token_sha256, hall.enrolled_at = "a" * 64, timezone.now()
    fleet.save_screen(hall, user=dora)
    changed = User.objects.get(pk=dora.pk)
    changed.set_password("correct horse battery")
    changed.first_name = "Dora"
    services.update_account(changed)

    details = str(list(AuditEvent.objects.values_list("detail", flat=True)))
    assert "Dora" in details
    assert "a" * 64 not in details
    assert changed.password not in details


@pytest.mark.parametrize(
    "name", ["password", "mqtt_password", "token_sha256", "enrolment_code_sha256", "api_token", "secret", "key_id"]
)
def test_knows_a_secret_by_its_name(name):
    assert audit.is_secret_name(name)


def test_leaves_out_what_opens_an_address(dora):
    feed = Feed(name="Agenda", address="https://ana:s3cret@agenda.example/town.ics?key=s3cret")
    feeds.save_feed(feed, user=dora)
    feeds.delete_feed(feed, user=dora)

    details = list(AuditEvent.objects.values_list("detail", flat=True))
    assert "s3cret" not in str(details)
    assert details[0]["changes"]["address"] == ["https://agenda.example/town.ics?…", None]


def test_shortens_long_texts(dora):
    library.save_announcement(user=dora, title="Long", body="x" * 3000)

    assert newest().detail["changes"]["body"][1] == "x" * 1000 + "… (+2000)"
