"""New keys: what the server signs after any change of them is admitted by players that know the keys of before."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings as django_settings
from django.utils import timezone
from tests.support.trusting_player import Player

from beffroi_content.key_changes import KeyChangeRefused, missing_signatures, read_change, sign_change
from beffroi_content.root_keys import PublicRootKeys
from beffroi_content.trust import DocumentRefused
from beffroi_content.wire.documents import KeyList, SigningRole
from beffroi_content.wire.envelope import public_hex
from beffroi_content.wire.messages import KEYS
from beffroi_content.wire.scopes import TopicScope
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.alerts import services as alerts
from beffroi_server.alerts.local_scenarios import publish_scenarios
from beffroi_server.alerts.models import Scenario
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.delivery import beats, key_files, key_rotation, signing, signing_keys
from beffroi_server.delivery.key_files import KeysMissing
from beffroi_server.delivery.key_rotation import WantedKeys
from beffroi_server.delivery.models import OutboxDocument, SignedKeyList
from beffroi_server.fleet.targets import EVERYWHERE
from beffroi_server.schedule import publication

ROLES = frozenset(key_files.SIGNING_ROLES)
STREAMS = ("all/alerts", "all/scenarios", "s-quay/programme")


@pytest.fixture
def player(keyring, quay, playlist) -> Player:
    """A player that holds an alert, a scenario that may be triggered on the spot, and a programme."""
    Scenario.objects.create(
        name="Flood", level="emergency", title="Flood", source="Town hall", duration_min=60, local_minutes=60
    )
    alerts.broadcast_alert(
        level="emergency", title="Flood", source="Town hall", targets=EVERYWHERE, duration_min=60, user=None
    )
    publish_scenarios()
    publication.publish_due_programmes()
    player = Player("quay", ("harbour",))
    for stream in STREAMS:
        player.hear(stream)
    return player


def signed(wanted: WantedKeys):
    """Return a change as it comes back from two people with a root key each."""
    text = key_rotation.propose_change(wanted, timezone.now()).to_json()
    for key in key_files.root_keys()[1:]:
        text = sign_change(read_change(text), key).to_json()
    return read_change(text)


def follow(hours: float = 0.0) -> bool:
    """Let the leading process look, once the broker has the list, some hours from now."""
    OutboxDocument.objects.filter(topic__endswith="/keys").update(sent_at=timezone.now())
    return key_rotation.advance_change(timezone.now() + dt.timedelta(hours=hours))


def listed() -> KeyList:
    found = signing_keys.published_key_list()
    assert found is not None
    return found


def new_roots(count: int = 3) -> list[Ed25519PrivateKey]:
    return [Ed25519PrivateKey.generate() for _ in range(count)]


class TestARotation:
    def test_of_every_role_is_refused_by_no_player(self, player):
        former = {role: key_files.private_key(role).private_bytes_raw() for role in ROLES}
        key_rotation.install_change(signed(WantedKeys(rotated=ROLES)), timezone.now())

        # The broker does not have the list yet: nothing is signed with keys that players do not know.
        key_rotation.advance_change(timezone.now())
        assert {role: key_files.private_key(role).private_bytes_raw() for role in ROLES} == former

        player.hear("all/keys")
        player.take(*beats.sign_beat(timezone.now()))
        assert follow()
        player.take(*beats.sign_beat(timezone.now()))
        for stream in STREAMS:
            player.hear(stream)
        assert {len(listed().roles[role].keys) for role in ROLES} == {2}

        follow(hours=23)
        assert {len(listed().roles[role].keys) for role in ROLES} == {2}
        follow(hours=25)
        player.hear("all/keys")
        assert {len(listed().roles[role].keys) for role in ROLES} == {1}
        for stream in STREAMS:
            player.hear(stream)
        player.take(*beats.sign_beat(timezone.now()))
        follow(hours=26)
        assert not follow(hours=27)
        signing_keys.check_private_keys()

    def test_that_a_player_slept_through_is_caught_up_with(self, player):
        key_rotation.install_change(signed(WantedKeys(rotated=ROLES)), timezone.now())
        follow()
        follow(hours=25)
        player.hear("all/keys")
        for stream in STREAMS:
            player.hear(stream)

    def test_continues_at_a_new_start_where_it_was_interrupted(self, player):
        key_rotation.install_change(signed(WantedKeys(rotated=frozenset({SigningRole.ALERT}))), timezone.now())
        assert key_rotation.adopt_next_keys() == [SigningRole.ALERT]
        signing_keys.check_private_keys()
        assert signing.count_signed_otherwise() == 2
        follow()
        assert signing.count_signed_otherwise() == 0

    def test_may_be_followed_by_a_renewal_before_it_is_over(self, player):
        key_rotation.install_change(signed(WantedKeys(rotated=frozenset({SigningRole.ALERT}))), timezone.now())
        follow()
        key_rotation.install_change(signed(WantedKeys()), timezone.now())
        follow()
        follow(hours=25)
        assert len(listed().roles[SigningRole.ALERT].keys) == 1
        signing_keys.check_private_keys()
        player.hear("all/keys")


def retained(stream: str) -> tuple[str, bytes]:
    row = OutboxDocument.objects.get(topic=f"beffroi/1/saint-aubin/down/{stream}", retained=True)
    return row.topic, bytes(row.payload)


class TestAStolenOrLostKey:
    def test_counts_no_more_at_once(self, player):
        topic, forged = player_topic_and_forgery()
        key_rotation.install_change(signed(WantedKeys(replaced=frozenset({SigningRole.ALERT}))), timezone.now())
        player.hear("all/keys")
        with pytest.raises(DocumentRefused, match="wrong-key"):
            player.take(topic, forged)
        follow()
        player.hear("all/alerts")
        player.hear("all/scenarios")
        assert len(listed().roles[SigningRole.ALERT].keys) == 1

    def test_that_is_lost_is_replaced_without_it(self, player):
        key_files.key_path(SigningRole.PROGRAMME).unlink()
        with pytest.raises(KeysMissing):
            signing_keys.check_private_keys()
        key_rotation.install_change(signed(WantedKeys(replaced=frozenset({SigningRole.PROGRAMME}))), timezone.now())
        key_rotation.adopt_next_keys()
        signing_keys.check_private_keys()
        follow()
        player.hear("all/keys")
        player.hear("s-quay/programme")


def player_topic_and_forgery() -> tuple[str, bytes]:
    """Return an alert set that the thief of the key signs with a sequence of the far future."""
    topic, payload = retained("all/alerts")
    document = signing.open_own_document(signing.ALERTS, payload)
    assert document is not None
    later = document.model_copy(update={"sequence": 2**52, "issued_at_ms": unix_ms(timezone.now())})
    key = key_files.private_key(SigningRole.ALERT)
    return topic, signing.sign_document(signing.ALERTS, "saint-aubin/all", later, [key])


class TestNewRoots:
    def test_are_signed_by_the_former_and_followed_by_players_that_missed_two_changes(self, player):
        early = player.state
        roots = key_files.root_keys()
        for number in range(2):
            fresh = new_roots()
            wanted = WantedKeys(roots=PublicRootKeys(keys=tuple(map(public_hex, fresh))))
            change = key_rotation.propose_change(wanted, timezone.now())
            for key in roots[:2]:
                change = sign_change(change, key)
            assert missing_signatures(change) == 2
            with pytest.raises(KeyChangeRefused, match="2 more root keys"):
                key_rotation.install_change(change, timezone.now())
            change = sign_change(sign_change(change, fresh[0]), fresh[1 + number])
            key_rotation.install_change(change, timezone.now())
            roots = fresh

        topic, payload = retained("all/keys")
        with pytest.raises(DocumentRefused, match="wrong-key"):
            player.take(topic, payload)
        steps = key_rotation.key_steps(listed().sequence)
        assert len(steps) == 2
        player.take(topic, payload, steps)

        # A player whose record of trust was damaged knows only the root keys of its enrolment.
        player.state = early.model_copy(update={"key_list": None, "floors": {}})
        player.take(topic, payload, steps)
        assert Player("quay").state.anchor.root_keys == {
            name: listed().keys[name] for name in listed().roles[SigningRole.ROOT].keys
        }

    def test_one_that_is_lost_is_replaced_by_the_two_others(self, player):
        kept, fresh = key_files.root_keys()[:2], new_roots(1)
        public = PublicRootKeys(keys=tuple(map(public_hex, [*kept, *fresh])))
        change = key_rotation.propose_change(WantedKeys(roots=public), timezone.now())
        key_rotation.install_change(key_rotation.sign_with(change, kept), timezone.now())
        player.hear("all/keys")

    def test_that_nobody_holds_are_refused(self, player):
        public = PublicRootKeys(keys=tuple(map(public_hex, new_roots())))
        change = key_rotation.sign_with(
            key_rotation.propose_change(WantedKeys(roots=public), timezone.now()), key_files.root_keys()
        )
        with pytest.raises(KeyChangeRefused, match="more root keys"):
            key_rotation.install_change(change, timezone.now())

    def test_after_all_were_lost_are_those_of_a_new_beginning(self, player):
        key_rotation.start_anew(timezone.now())
        topic, payload = retained("all/keys")
        steps = key_rotation.key_steps(listed().sequence)
        with pytest.raises(DocumentRefused, match="wrong-key"):
            player.take(topic, payload, steps)
        # Enrolled again, it accepts everything, as a new player does.
        anew = Player("quay", ("harbour",))
        follow()
        for stream in STREAMS:
            anew.hear(stream)


class TestWhatIsRefused:
    def test_changes_nothing(self, player):
        change = signed(WantedKeys(rotated=ROLES))
        before = retained("all/keys")
        other = change.model_copy(update={"site": "elsewhere"})
        odd = change.lists[0].model_copy(update={"text": change.lists[0].text.replace('"sequence":1', '"sequence":2')})
        key_files.drop_next_key(SigningRole.BEAT)
        for bad, why in (
            (other, "for the town elsewhere"),
            (change.model_copy(update={"lists": (odd, *change.lists[1:])}), "more root keys"),
            (change, "the role beat"),
        ):
            with pytest.raises(KeyChangeRefused, match=why):
                key_rotation.install_change(bad, timezone.now())
        assert retained("all/keys") == before
        assert SignedKeyList.objects.count() == 1

    def test_is_a_change_that_another_one_has_overtaken(self, player):
        late = signed(WantedKeys())
        key_rotation.install_change(signed(WantedKeys()), timezone.now())
        with pytest.raises(KeyChangeRefused, match="another key list"):
            key_rotation.install_change(late, timezone.now())


class TestRenewal:
    def test_happens_by_itself_where_the_root_keys_are_here(self, player):
        ends = signing_keys.key_list_expires_in()
        assert ends is not None
        assert not key_rotation.renew_in_time(timezone.now())
        assert key_rotation.renew_in_time(timezone.now() + ends / 2 + dt.timedelta(days=1))
        assert (signing_keys.key_list_expires_in() or ends) > ends
        document = signing.open_own_document(KEYS, retained("all/keys")[1])
        assert isinstance(document, KeyList)
        assert len(document.earlier) == 1

    def test_waits_for_people_where_they_are_not(self, player):
        for path in key_files.root_files():
            path.unlink()
        assert not key_rotation.renew_in_time(timezone.now() + dt.timedelta(days=1000))

    def test_is_on_record(self, player):
        key_rotation.install_change(signed(WantedKeys(rotated=ROLES)), timezone.now())
        event = AuditEvent.objects.latest("id")
        assert (event.action, set(event.detail["roles"])) == ("keys-changed", {"root", *map(str, ROLES)})


def test_new_keys_are_for_their_owner_alone(player):
    key_rotation.propose_change(WantedKeys(rotated=ROLES), timezone.now())
    assert not key_files.exposed_files()
    assert (Path(django_settings.KEYS) / "alert-next.pem").exists()
    assert signing.published_document(KEYS, TopicScope.all_screens()) == listed()
