"""What the server publishes, a player's trust admits; and nothing that was moved or changed."""

from __future__ import annotations

import base64
import datetime as dt
import stat
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from tests.support.trusting_player import Player

from beffroi_content.trust import DocumentRefused
from beffroi_content.wire.broker_accounts import mosquitto_hash
from beffroi_content.wire.documents import (
    AlertSet,
    Beat,
    CommandKind,
    KeyList,
    ProgrammeDocument,
    ScreenCommand,
    SigningRole,
)
from beffroi_content.wire.messages import KEYS, PROGRAMME
from beffroi_content.wire.scopes import TopicScope
from beffroi_server.alerts import services as alerts
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.delivery import beats, key_files, key_rotation, signing, signing_keys
from beffroi_server.delivery.models import OutboxDocument, TopicSequence
from beffroi_server.fleet import services as screens
from beffroi_server.fleet.targets import EVERYWHERE, Targets
from beffroi_server.schedule import publication


@pytest.fixture
def player(keyring, quay) -> Player:
    return Player("quay", ("harbour",))


def flood(targets: Targets = EVERYWHERE, person=None):
    return alerts.broadcast_alert(
        level="emergency", title="Flood", source="Town hall", targets=targets, duration_min=60, user=person
    )


class TestKeys:
    def test_only_their_owner_reads_them(self, keyring):
        files = sorted(Path(django_settings.KEYS).glob("*.pem"))

        assert [file.stem for file in files] == [
            "alert", "beat", "command", "programme", "root-1", "root-2", "root-3",
        ]  # fmt: skip
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}

    def test_the_list_is_signed_by_two_of_three_roots(self, keyring):
        row = OutboxDocument.objects.get(topic__endswith="/keys")
        document = signing.open_own_document(KEYS, bytes(row.payload))

        assert isinstance(document, KeyList)
        assert document.roles[SigningRole.ROOT].threshold == 2
        assert len(document.roles[SigningRole.ROOT].keys) == 3
        assert bytes(row.payload).split(b"\n\n")[0].count(b"\n") == 2

    def test_are_made_once(self, keyring):
        before = {file.name: file.read_bytes() for file in Path(django_settings.KEYS).iterdir()}
        key_rotation.ensure_keys()

        assert {file.name: file.read_bytes() for file in Path(django_settings.KEYS).iterdir()} == before
        assert OutboxDocument.objects.count() == 1

    def test_the_server_works_without_the_roots(self, keyring, hall):
        for file in Path(django_settings.KEYS).glob("root-*.pem"):
            file.unlink()
        key_rotation.ensure_keys()

        player = Player("hall")
        flood()
        assert isinstance(player.hear("all/alerts").document, AlertSet)
        with pytest.raises(key_files.KeysMissing):
            key_rotation.sign_key_list()

    def test_two_roots_out_of_their_drawers_replace_a_stolen_key(self, player):
        folder = Path(django_settings.KEYS)
        (folder / "alert.pem").unlink()
        (folder / "root-2.pem").unlink()
        key_rotation.sign_key_list(key_rotation.WantedKeys(replaced=frozenset({SigningRole.ALERT})))
        assert key_rotation.adopt_next_keys() == [SigningRole.ALERT]

        player.hear("all/keys")
        flood()
        player.hear("all/alerts")
        assert len(signing_keys.trust_anchor("quay").root_keys) == 3

    def test_the_fingerprint_is_that_of_the_root_keys(self, keyring):
        anchor = signing_keys.trust_anchor("hall")

        assert len(signing_keys.root_fingerprint()) == 32
        assert (anchor.site, anchor.screen, anchor.threshold) == ("saint-aubin", "hall", 2)

    def test_a_missing_key_is_named(self, keyring):
        (Path(django_settings.KEYS) / "alert.pem").unlink()

        with pytest.raises(key_files.KeysMissing, match=r"alert\.pem"):
            key_files.private_key(SigningRole.ALERT)


class TestDocuments:
    def test_an_alert_for_everybody(self, player):
        alert = flood()

        document = player.hear("all/alerts").document
        assert isinstance(document, AlertSet)
        assert [each.id for each in document.alerts] == [str(alert.pk)]
        assert document.alerts[0].time_to_live_ms == 3_600_000

    def test_an_alert_for_a_group_and_one_for_a_screen(self, player, district, quay):
        flood(Targets(groups=(district,)))
        flood(Targets(screens=(quay,)))

        player.hear("g-harbour/alerts")
        player.hear("s-quay/alerts")

    def test_a_programme(self, player, quay, playlist):
        quay.refresh_from_db()
        assert publication.publish_programme(quay)

        document = player.hear("s-quay/programme").document
        assert isinstance(document, ProgrammeDocument)
        assert document.manifest.screen == "quay"
        assert document.manifest.settings.groups == ("harbour",)

    def test_a_command(self, player, quay):
        screens.identify_screen(quay)

        document = player.hear("s-quay/command").document
        assert isinstance(document, ScreenCommand)
        assert document.kind == CommandKind.IDENTIFY

    def test_a_beat_with_the_heads_of_what_is_shared(self, player, quay, district):
        flood()
        flood(Targets(groups=(district,), screens=(quay,)))

        document = player.take(*beats.sign_beat(timezone.now())).document
        assert isinstance(document, Beat)
        newest = dict(OutboxDocument.objects.values_list("topic", "sequence"))
        assert document.heads == {
            stream: newest[f"beffroi/1/saint-aubin/down/{stream}"]
            for stream in ("all/alerts", "all/keys", "g-harbour/alerts")
        }

    def test_a_beat_follows_another_in_the_same_millisecond(self, player):
        now = timezone.now()
        player.take(*beats.sign_beat(now))
        player.take(*beats.sign_beat(now))

    def test_what_was_moved_to_another_screen_is_refused(self, player, hall, playlist):
        publication.publish_programme(fresh(hall))
        row = OutboxDocument.objects.get(topic__endswith="s-hall/programme")

        with pytest.raises(DocumentRefused, match="wrong-key"):
            player.take(row.topic.replace("s-hall", "s-quay"), bytes(row.payload))

    def test_what_was_changed_on_the_way_is_refused(self, player):
        flood()
        row = OutboxDocument.objects.get(topic__endswith="all/alerts")

        with pytest.raises(DocumentRefused, match="wrong-key"):
            player.take(row.topic, bytes(row.payload).replace(b"Flood", b"Blood"))


def fresh(screen):
    screen.refresh_from_db()
    return screen


class TestSequences:
    def test_rise_within_one_millisecond(self, keyring, hall, monkeypatch):
        now = timezone.now()
        monkeypatch.setattr(timezone, "now", lambda: now)

        for _ in range(3):
            screens.identify_screen(hall)

        found = sorted(OutboxDocument.objects.filter(topic__endswith="command").values_list("sequence", flat=True))
        assert found == [unix_ms(now) + step for step in range(3)]

    def test_a_restored_backup_still_outranks(self, player):
        flood()
        player.hear("all/alerts")
        TopicSequence.objects.update(sequence=5)

        flood()

        player.hear("all/alerts")

    def test_a_clock_that_was_set_back_still_rises(self, player, monkeypatch):
        flood()
        player.hear("all/alerts")
        before = timezone.now()
        monkeypatch.setattr(timezone, "now", lambda: before - dt.timedelta(minutes=30))

        flood()

        row = OutboxDocument.objects.get(topic__endswith="all/alerts")
        monkeypatch.undo()
        player.take(row.topic, bytes(row.payload))

    def test_what_is_too_large_leaves_nothing_behind(self, keyring, hall, monkeypatch, playlist):
        publication.publish_programme(fresh(hall))
        document = signing.published_document(PROGRAMME, TopicScope.of_screen("hall"))
        before = (
            list(OutboxDocument.objects.values_list("topic", "sequence")),
            list(TopicSequence.objects.values_list()),
        )
        monkeypatch.setattr(signing.envelope, "seal_envelope", lambda *_: b"x" * 300_000)

        with pytest.raises(signing.DocumentTooLarge):
            signing.seal_document(PROGRAMME, TopicScope.of_screen("hall"), document)

        assert (
            list(OutboxDocument.objects.values_list("topic", "sequence")),
            list(TopicSequence.objects.values_list()),
        ) == before


def test_the_mosquitto_hash_is_what_mosquitto_makes(tmp_path):
    """Verified against mosquitto itself in the tests of the broker; here only its form."""
    kind, iterations, salt, digest = mosquitto_hash("secret").lstrip("$").split("$")

    assert (kind, iterations) == ("7", "101")
    assert (len(base64.b64decode(salt)), len(base64.b64decode(digest))) == (12, 64)
