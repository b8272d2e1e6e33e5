"""A database that was restored from a backup, and what the screens know since."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone

from beffroi_content.model.base_models import MAX_WHOLE_NUMBER
from beffroi_content.wire import envelope
from beffroi_content.wire.documents import SigningRole
from beffroi_content.wire.messages import ALERTS
from beffroi_content.wire.scopes import TopicScope
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.alerts import queries, reported_showings, restoration, services
from beffroi_server.alerts.models import Alert, Restoration, UnknownShowing
from beffroi_server.alerts.set_publication import publish_all_sets
from beffroi_server.delivery import key_files, set_copies, signing
from beffroi_server.delivery.models import OutboxDocument, TopicSequence
from beffroi_server.fleet.events import ReportedAlerts
from beffroi_server.fleet.models import ScreenState
from beffroi_server.fleet.targets import EVERYWHERE, Targets

pytestmark = pytest.mark.usefixtures("keyring")
EVERY_SCREEN = TopicScope.all_screens()
MODELS = (Alert, TopicSequence, OutboxDocument, AuditEvent)


def broadcast(title: str, targets: Targets = EVERYWHERE, **values) -> Alert:
    given = {"level": "emergency", "source": "Town hall", "duration_min": 60, "user": None}
    return services.broadcast_alert(title=title, targets=targets, **(given | values))


def set_of(scope: TopicScope = EVERY_SCREEN) -> tuple[str, bytes]:
    """Return the newest set as screens hold it."""
    row = OutboxDocument.objects.get(topic=str(ALERTS.topic_for("saint-aubin", scope)))
    return row.topic, bytes(row.payload)


def published(scope: TopicScope = EVERY_SCREEN) -> set[str]:
    return {alert.title for alert in signing.published_document(ALERTS, scope).alerts}


class Backup:
    """Rows of the tables that matter, as they were once."""

    def __init__(self) -> None:
        self.rows = [(model, list(model.objects.values())) for model in MODELS]
        self.targets = [(alert.pk, [*alert.groups.all()], [*alert.screens.all()]) for alert in Alert.objects.all()]

    def restore(self) -> None:
        for model, rows in self.rows:
            model.objects.all().delete()
            model.objects.bulk_create([model(**row) for row in rows])
        for key, groups, screens in self.targets:
            alert = Alert.objects.get(pk=key)
            alert.groups.set(groups)
            alert.screens.set(screens)


def consider(found: tuple[str, bytes]) -> bool:
    return restoration.consider_set(*found, "broker")


def test_an_alert_that_was_withdrawn_after_the_backup_does_not_come_back(bob):
    flood = broadcast("Flood")
    backup = Backup()
    services.withdraw_alert(flood, user=bob)
    on_screens = set_of()
    backup.restore()
    assert consider(on_screens)

    broadcast("Storm")
    publish_all_sets(timezone.now())

    assert published() == {"Storm"}
    assert [alert.title for alert in queries.active_alerts(timezone.now())] == ["Storm"]
    assert [alert.title for alert in queries.held_back_alerts()] == ["Flood"]
    assert restoration.open_restoration().source == "broker"
    restoration.restart_alert(Alert.objects.get(pk=flood.pk), user=bob)
    assert published() == {"Storm", "Flood"}
    assert not queries.held_back_alerts()


def test_an_alert_that_was_corrected_after_the_backup_has_its_new_text_and_nobody_is_asked(bob):
    flood = broadcast("Flood")
    backup = Backup()
    broadcast("Flood in rue Pasteur", corrects=flood)
    on_screens = set_of()
    backup.restore()

    assert consider(on_screens)

    (row,) = queries.running_alerts()
    assert (row.title, row.corrects) == ("Flood in rue Pasteur", flood)
    assert published() == {"Flood in rue Pasteur"}
    assert not queries.held_back_alerts()


def test_a_thief_of_the_key_leaves_this_server_sequences_to_give():
    """Of the largest sequence there is none after it: the town would be silenced under its next key, too."""
    broadcast("Flood")
    name, payload = set_of()
    genuine = signing.open_own_document(ALERTS, payload)
    stolen = genuine.replace(sequence=MAX_WHOLE_NUMBER, alerts=())
    key = key_files.private_key(SigningRole.ALERT)

    assert not consider((name, signing.sign_document(ALERTS, "saint-aubin/all", stolen, [key])))

    broadcast("Storm")
    assert signing.published_document(ALERTS, EVERY_SCREEN).sequence < 2 * genuine.sequence
    assert published() == {"Flood", "Storm"}
    assert not queries.held_back_alerts()


def test_a_person_may_say_that_it_is_over(bob):
    flood = broadcast("Flood")
    backup = Backup()
    services.withdraw_alert(flood, user=bob)
    on_screens = set_of()
    backup.restore()
    consider(on_screens)
    restoration.drop_alert(Alert.objects.get(pk=flood.pk), user=bob)
    flood.refresh_from_db()
    assert (flood.settled, flood.ended_by) == (True, bob)
    assert published() == set()
    restoration.restart_alert(flood, user=bob)
    assert published() == set()


@pytest.mark.parametrize("where", ["everywhere", "group", "screens"])
def test_an_alert_that_was_broadcast_after_the_backup_goes_on(bob, hall, quay, district, where):
    targets = {
        "everywhere": EVERYWHERE, "group": Targets(groups=(district,)), "screens": Targets(screens=(hall, quay)),
    }[where]  # fmt: skip
    broadcast("Storm", targets)
    backup = Backup()
    fire = broadcast("Fire", targets, description="In the market hall.", hazard="fire", all_clear_s=120)
    on_screens = [set_of(scope) for scope in targets.scopes]
    backup.restore()
    newest = [signing.published_document(ALERTS, scope).sequence for scope in targets.scopes]
    for found in on_screens:
        assert consider(found)
        assert not consider(found)

    again = Alert.objects.get(pk=fire.pk)
    assert Targets.of(again).scopes == targets.scopes
    assert (again.title, again.description, again.hazard, again.all_clear_s) == (
        "Fire", "In the market hall.", "fire", 120,
    )  # fmt: skip
    assert abs(again.ends_at - fire.ends_at) < dt.timedelta(milliseconds=1)
    assert all(published(scope) == {"Storm", "Fire"} for scope in targets.scopes)
    after = [signing.published_document(ALERTS, scope).sequence for scope in targets.scopes]
    assert all(new > old for new, old in zip(after, newest, strict=True))
    services.end_alert(again, user=bob)
    assert AuditEvent.objects.filter(action="alert-found").count() == 1


def test_what_was_extended_or_ended_with_an_all_clear_is_as_the_screens_have_it(bob):
    flood, storm = broadcast("Flood"), broadcast("Storm")
    backup = Backup()
    services.extend_alert(flood, 120, user=bob)
    services.end_alert(storm, user=bob)
    wanted = dict(Alert.objects.values_list("title", "ends_at"))
    on_screens = set_of()
    backup.restore()
    consider(on_screens)
    found = dict(Alert.objects.values_list("title", "ends_at"))
    assert all(abs(found[title] - wanted[title]) < dt.timedelta(milliseconds=1) for title in wanted)
    assert [alert.title for alert in queries.active_alerts(timezone.now())] == ["Flood"]


def test_what_was_broadcast_after_the_restoration_and_before_the_proof_stays(bob):
    flood = broadcast("Flood")
    backup = Backup()
    services.withdraw_alert(flood, user=bob)
    broadcast("Fire")
    on_screens = set_of()
    backup.restore()
    TopicSequence.objects.update(sequence=1)
    fresh = Alert.objects.create(
        title="Storm", source="x", issued_at=timezone.now(), ends_at=timezone.now() + dt.timedelta(hours=1)
    )
    consider(on_screens)
    assert published() == {"Fire", "Storm"}
    fresh.refresh_from_db()
    assert fresh.held_back_at is None


def test_nothing_happens_where_the_database_is_the_newest(bob):
    flood = broadcast("Flood")
    older = set_of()
    services.extend_alert(flood, 30, user=bob)
    events = AuditEvent.objects.count()
    for found in (older, set_of()):
        assert not consider(found)
    assert (AuditEvent.objects.count(), Restoration.objects.count(), published()) == (events, 0, {"Flood"})


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(lambda topic, payload: (topic, payload[:-1] + b"x"), id="changed"),
        pytest.param(lambda topic, payload: (topic, b"nonsense"), id="no envelope"),
        pytest.param(lambda topic, payload: (topic.replace("all", "s-hall"), payload), id="of another scope"),
        pytest.param(lambda topic, payload: (topic.replace("saint-aubin", "elsewhere"), payload), id="another site"),
        pytest.param(lambda topic, payload: (topic.replace("/alerts", "/keys"), payload), id="of another kind"),
        pytest.param(lambda topic, payload: ("no/topic", payload), id="no topic"),
        pytest.param(
            lambda topic, payload: (
                topic,
                envelope.seal_envelope(
                    SigningRole.ALERT, "saint-aubin/all", envelope.parse_envelope(payload).body,
                    [Ed25519PrivateKey.generate()],
                ),
            ),
            id="by another key",
        ),
    ],
)  # fmt: skip
def test_what_the_town_has_not_signed_says_nothing(bob, forge):
    flood = broadcast("Flood")
    backup = Backup()
    services.withdraw_alert(flood, user=bob)
    on_screens = set_of()
    backup.restore()
    assert not consider(forge(*on_screens))
    assert published() == {"Flood"}


@pytest.mark.django_db(transaction=True)
class TestCopies:
    def test_beside_the_database_tell_it_before_anybody_speaks(self, bob, settings):
        flood = broadcast("Flood")
        backup = Backup()
        services.withdraw_alert(flood, user=bob)
        broadcast("Fire")
        backup.restore()
        assert restoration.consider_copies() == 1
        assert published() == {"Fire"}
        assert restoration.consider_copies() == 0
        # What is signed from now on is newer than the copy that told it.
        assert {name for name, _payload in set_copies.read_copies("saint-aubin")} == {set_of()[0]}

    def test_that_are_no_sets_are_passed_over(self, town, settings):
        folder = settings.DATA / set_copies.FOLDER
        folder.mkdir()
        (folder / "all").write_bytes(b"nonsense")
        (folder / "Ünsinn").write_bytes(b"")
        (folder / "g-x").mkdir()
        assert restoration.consider_copies() == 0


class TestReports:
    """Reports are not signed: they make people look, and hold back what no screen contradicts."""

    @pytest.fixture
    def report(self, hall, quay):
        def report(screen, sequence: int, *shown: str, stored: bool = True) -> None:
            streams = {"all/alerts": sequence}
            reported_showings.note_reports([ReportedAlerts(screen.slug, streams, frozenset(shown))])
            if stored:
                ScreenState.objects.update_or_create(
                    screen=screen, defaults={"online": True, "report": {"alerts": streams}}
                )

        return report

    def test_of_a_newer_set_hold_back_what_the_screens_do_not_show(self, hall, bob, report):
        broadcast("Flood")
        newer = signing.newest_sequences(ALERTS)["all/alerts"] + 1000
        report(hall, newer)
        broadcast("Storm")
        assert published() == {"Storm"}
        assert restoration.open_restoration().source == "report"

    def test_let_go_on_what_the_screens_show(self, hall, report):
        flood = broadcast("Flood")
        report(hall, signing.newest_sequences(ALERTS)["all/alerts"] + 1000, str(flood.pk))
        assert not queries.held_back_alerts()

    def test_of_one_screen_stop_nothing_that_another_confirms(self, hall, quay, report):
        broadcast("Flood")
        head = signing.newest_sequences(ALERTS)["all/alerts"]
        report(quay, head)
        report(hall, head + 1000)
        assert not queries.held_back_alerts()

    def test_with_absurd_sequences_say_nothing(self, hall, report):
        broadcast("Flood")
        report(hall, 2**53 - 1)
        assert (queries.held_back_alerts(), restoration.open_restoration()) == ([], None)

    @pytest.mark.parametrize("stream", ["made up", "/alerts", "g-elsewhere/alerts", "s-quay/alerts", "all"])
    def test_of_sets_that_the_screen_cannot_hold_say_nothing(self, hall, quay, stream, caplog):
        broadcast("Flood")
        newer = signing.newest_sequences(ALERTS)["all/alerts"] + 1000
        reported_showings.note_reports([ReportedAlerts(hall.slug, {stream: newer}, frozenset())])
        assert (queries.held_back_alerts(), restoration.open_restoration()) == ([], None)
        assert "Traceback" not in caplog.text

    def test_name_alerts_that_nobody_knows_until_they_are_gone(self, hall, quay, report):
        name = str(uuid.uuid4())
        report(hall, 5, name)
        report(quay, 5, name, "not-even-an-identifier")
        assert reported_showings.unknown_alerts(timezone.now()) == {
            name: ["Quay", "Town hall"], "not-even-an-identifier": ["Quay"],
        }  # fmt: skip
        assert restoration.open_restoration() is not None
        report(quay, 5)
        assert reported_showings.unknown_alerts(timezone.now()) == {name: ["Town hall"]}
        later = timezone.now() + reported_showings.SHOWING_HOLDS
        assert reported_showings.unknown_alerts(later) == {}

    def test_make_it_possible_to_take_such_an_alert_off(self, hall, quay, bob, report):
        name = str(uuid.uuid4())
        newest = 1000 * round(timezone.now().timestamp()) + 3_600_000  # the clock was an hour ahead
        report(hall, newest, name)
        assert reported_showings.end_unknown_alert(name, user=bob) == 1
        document = signing.published_document(ALERTS, EVERY_SCREEN)
        assert document.sequence > newest
        assert document.alerts == ()
        assert reported_showings.unknown_alerts(timezone.now()) == {}
        assert not UnknownShowing.objects.exists()

    def test_in_ordinary_service_cost_two_queries(self, hall, django_assert_max_num_queries):
        flood = broadcast("Flood")
        head = signing.newest_sequences(ALERTS)["all/alerts"]
        said = [ReportedAlerts("hall", {"all/alerts": head}, frozenset({str(flood.pk)}))] * 50
        reported_showings.note_reports(said)
        with django_assert_max_num_queries(2):
            reported_showings.note_reports(said)


def test_the_notice_is_closed_by_a_person(bob, hall, monkeypatch):
    monkeypatch.setattr(restoration, "MARK_HOLDS_S", 0.0)
    reported_showings.note_reports([ReportedAlerts("hall", {}, frozenset({"x"}))])
    mark = restoration.restoration_mark()
    assert mark
    restoration.close_restoration(user=bob)
    assert restoration.open_restoration() is None
    assert restoration.restoration_mark() == mark
    assert AuditEvent.objects.filter(action="restoration-checked", actor="bob").count() == 1
