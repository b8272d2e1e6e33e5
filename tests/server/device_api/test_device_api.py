"""What players ask over HTTP."""

from __future__ import annotations

import base64
import datetime as dt
import io
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import OperationalError
from django.test import Client
from django.urls import include, path
from django.utils import timezone
from PIL import Image

from beffroi_content.rendering import image_digest
from beffroi_content.timeline import Moment
from beffroi_content.trust import TrustAnchor, TrustState, admit_document
from beffroi_content.wire.capture_png import SIZE_LIMIT, add_label
from beffroi_content.wire.envelope import public_hex
from beffroi_content.wire.local_triggers import ActStatement, sign_statement
from beffroi_content.wire.reports import CaptureLabel
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.alerts import services as alerts
from beffroi_server.alerts.set_publication import publish_all_sets
from beffroi_server.core import row_writes
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.delivery import inbound_queue, signing_keys
from beffroi_server.delivery.inbound_queue import InboundQueue
from beffroi_server.delivery.models import OutboxDocument, TopicSequence
from beffroi_server.device_api import views
from beffroi_server.fleet import captures, services
from beffroi_server.fleet.device_credentials import EnrolledDevices, token_sha256
from beffroi_server.fleet.models import Screen, ScreenState
from beffroi_server.fleet.plays.intake_quotas import HourlyQuota
from beffroi_server.fleet.targets import Targets
from beffroi_server.library.media import uploads
from beffroi_server.library.models import Asset
from beffroi_server.schedule import publication

urlpatterns = [path("device/v1/", include("beffroi_server.device_api.urls"))]
pytestmark = [pytest.mark.urls(__name__), pytest.mark.usefixtures("keyring", "patience")]


@pytest.fixture
def patience() -> None:
    views.enrol_throttle.clear_all()


@pytest.fixture
def token(hall) -> str:
    return services.enrol_player(services.open_enrolment(hall)[0])["token"]


@pytest.fixture
def ask(client, token, request):
    def ask(name: str, **headers: str):
        given = {"Authorization": f"Bearer {token}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        answer = client.get(f"/device/v1/{name}", headers=given)
        request.addfinalizer(answer.close)
        return answer

    return ask


def enrol(client, code: str):
    return client.post("/device/v1/enrol", json.dumps({"code": code}), content_type="application/json")


class TestEnrolment:
    @pytest.mark.parametrize(
        "body",
        [b"", b"[", b"[" * 100_000, b'{"code":' * 50_000, b'{"code": 1e999}', b'{"code": %s}' % (b"9" * 5000), b"\xff",
         b'{"code": null}', b'{"code": "\\ud800"}', b'{"code": "%s"}' % (b"x" * 70_000), b'"code"', b"{}"],
    )  # fmt: skip
    def test_of_whatever_is_sent_is_answered(self, client, body):
        answer = client.post("/device/v1/enrol", body, content_type="application/json")
        assert answer.status_code == 400
        assert answer.json()["error"] == "malformed"

    def test_hands_over_what_a_player_needs(self, client, hall, settings):
        settings.PUBLIC_URL, settings.MQTT_PORT = "https://affichage.example:8443", 1884
        code, command = services.open_enrolment(hall)

        answer = enrol(client, code).json()

        assert (answer["site"], answer["screen"]) == ("saint-aubin", "hall")
        assert answer["mqtt"].pop("password")
        assert answer["mqtt"] == {"host": "affichage.example", "port": 1884, "tls": False, "username": "s-hall"}
        assert TrustAnchor.model_validate(answer["anchor"]).screen == "hall"
        assert command.startswith(f"beffroi-player enrol https://affichage.example:8443 {code} --root ")
        hall.refresh_from_db()
        assert hall.token_sha256 == token_sha256(answer["token"])
        assert answer["token"] not in str(Screen.objects.values_list())

    def test_takes_a_code_once(self, client, hall):
        code, _ = services.open_enrolment(hall)

        assert enrol(client, code).status_code == 200
        assert enrol(client, code).status_code == 403
        assert AuditEvent.objects.filter(action="screen-enrolled").count() == 1

    @pytest.mark.parametrize("written", [str.lower, lambda code: code.replace("-", " "), lambda code: f" {code}\n"])
    def test_takes_a_code_however_it_was_typed(self, client, hall, written):
        assert enrol(client, written(services.open_enrolment(hall)[0])).status_code == 200

    def test_a_code_ends_after_a_day(self, client, hall):
        code, _ = services.open_enrolment(hall)
        Screen.objects.update(enrolment_expires_at=timezone.now() - dt.timedelta(seconds=1))

        assert enrol(client, code).status_code == 403

    def test_a_newer_code_replaces_the_former(self, client, hall):
        first, _ = services.open_enrolment(hall)
        services.open_enrolment(hall)

        assert enrol(client, first).status_code == 403

    def test_a_screen_without_a_code_is_not_taken_by_an_empty_one(self, client, hall):
        assert enrol(client, "").status_code == 403

    def test_a_new_player_pushes_the_former_out(self, client, hall, token):
        enrol(client, services.open_enrolment(hall)[0])

        assert client.get("/device/v1/documents", headers={"Authorization": f"Bearer {token}"}).status_code == 401

    def test_guessing_is_slowed_down(self, client, hall):
        code, _ = services.open_enrolment(hall)

        answers = [enrol(client, f"AAAA-AAAA-{number:04}").status_code for number in range(11)]

        assert answers == [403] * 10 + [429]
        refused = enrol(client, code)
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["Retry-After"]) <= 6

    def test_guessing_keeps_nobody_at_another_address_away(self, client, hall):
        code, _ = services.open_enrolment(hall)
        for number in range(20):
            enrol(client, f"AAAA-AAAA-{number:04}")

        assert enrol(Client(REMOTE_ADDR="192.0.2.9"), code).status_code == 200

    @pytest.mark.parametrize("body", ["", "[]", "{}", "null", '{"code": {}}'])
    def test_what_is_no_request_is_refused(self, client, body):
        answer = client.post("/device/v1/enrol", body, content_type="application/json")

        assert answer.status_code in {400, 403}
        assert answer.json()["error"]

    def test_is_for_post_only(self, client):
        assert client.get("/device/v1/enrol").status_code == 405


class TestAccess:
    @pytest.mark.parametrize("name", ["documents", f"assets/{'0' * 64}"])
    @pytest.mark.parametrize("header", [None, "Bearer ", "Bearer wrong", "Basic eDp5", "wrong"])
    def test_is_for_enrolled_players(self, client, hall, name, header):
        answer = client.get(f"/device/v1/{name}", headers={"Authorization": header} if header else {})

        assert answer.status_code == 401
        assert answer.json()["error"] == "unknown-token"

    def test_ends_when_it_is_revoked(self, ask, hall):
        assert ask("documents").status_code == 200
        services.revoke_player(hall)

        assert ask("documents").status_code == 401

    def test_of_a_person_is_none(self, client, dora):
        client.force_login(dora)

        assert client.get("/device/v1/documents").status_code == 401


class TestDocuments:
    def test_are_admitted_in_their_order(self, ask, hall, playlist):
        publish_all_sets(timezone.now())
        publication.publish_due_programmes()
        state = TrustState(anchor=signing_keys.trust_anchor("hall"))
        now = unix_ms(timezone.now())

        for document in ask("documents").json()["documents"]:
            admission = admit_document(
                state, document["topic"], base64.b64decode(document["payload"]), Moment(now, now)
            )
            state = admission.state

        assert set(state.floors) == {"all/keys", "all/beat", "all/alerts", "s-hall/programme"}

    def test_are_those_of_the_screen_only(self, ask, hall, quay, district):
        for targets in (Targets(groups=(district,)), Targets(screens=(quay,))):
            alerts.broadcast_alert(
                level="emergency", title="Flood", source="Town hall", targets=targets, duration_min=5, user=None
            )
        assert not any("harbour" in d["topic"] or "quay" in d["topic"] for d in ask("documents").json()["documents"])

        hall.groups.add(district)

        assert any("g-harbour/alerts" in document["topic"] for document in ask("documents").json()["documents"])

    def test_that_a_player_has_are_not_sent_again_but_a_beat_is(self, ask):
        first = ask("documents")

        second = ask("documents", If_None_Match=first["ETag"])

        assert (second.status_code, second.content) == (304, b"")
        assert base64.b64decode(second["Beffroi-Beat"]).startswith(b"BEFFROI1 beat json\n")
        assert second["Beffroi-Beat"] != first["Beffroi-Beat"]

    def test_that_are_newer_are_sent(self, ask):
        before = ask("documents")["ETag"]
        publish_all_sets(timezone.now())

        assert ask("documents", If_None_Match=before).status_code == 200

    def test_take_few_queries(self, ask, django_assert_max_num_queries):
        ask("documents")  # what leads from former root keys to those of now is read once
        with django_assert_max_num_queries(8):
            ask("documents")


class TestAssets:
    CONTENT = bytes(range(256)) * 4

    @pytest.fixture
    def sha256(self, db, settings) -> str:
        folder = settings.MEDIA_STORE / "upload"
        folder.mkdir(parents=True)
        (folder / "file").write_bytes(self.CONTENT)
        return uploads.asset_row(uploads.store_file(folder / "file", "image/png")).sha256

    def test_are_named_by_their_content(self, ask, sha256):
        answer = ask(f"assets/{sha256}")

        assert answer.getvalue() == self.CONTENT
        assert (answer["Content-Type"], answer["ETag"], answer["Accept-Ranges"]) == (
            "image/png", f'"{sha256}"', "bytes",
        )  # fmt: skip
        assert ask(f"assets/{sha256}", If_None_Match=answer["ETag"]).status_code == 304

    @pytest.mark.parametrize(
        ("wanted", "first", "last"),
        [
            ("bytes=0-", 0, 1023),
            ("bytes=1000-", 1000, 1023),
            ("bytes=1023-", 1023, 1023),
            ("bytes=0-0", 0, 0),
            ("bytes=100-199", 100, 199),
            ("bytes=1000-5000", 1000, 1023),
            ("bytes=-24", 1000, 1023),
            ("bytes=-5000", 0, 1023),
        ],
    )
    def test_are_resumed(self, ask, sha256, wanted, first, last):
        answer = ask(f"assets/{sha256}", Range=wanted)

        assert answer.getvalue() == self.CONTENT[first : last + 1]
        assert int(answer["Content-Length"]) == last - first + 1
        if (first, last) != (0, 1023):
            assert answer.status_code == 206
            assert answer["Content-Range"] == f"bytes {first}-{last}/1024"

    @pytest.mark.parametrize("wanted", ["bytes=1024-", "bytes=5000-6000", "bytes=-0"])
    def test_have_no_part_behind_their_end(self, ask, sha256, wanted):
        answer = ask(f"assets/{sha256}", Range=wanted)

        assert (answer.status_code, answer["Content-Range"]) == (416, "bytes */1024")

    @pytest.mark.parametrize(
        "wanted", ["bytes=-", "bytes=5-1", "bytes=a-b", "lines=1-2", "bytes=0-1,5-6", "bytes=" + "9" * 99]
    )
    def test_come_whole_when_a_range_is_not_understood(self, ask, sha256, wanted):
        answer = ask(f"assets/{sha256}", Range=wanted)

        assert (answer.status_code, answer.getvalue()) == (200, self.CONTENT)

    def test_are_resumed_only_if_they_are_the_same(self, ask, sha256):
        assert ask(f"assets/{sha256}", Range="bytes=9-", If_Range=f'"{sha256}"').status_code == 206
        assert ask(f"assets/{sha256}", Range="bytes=9-", If_Range='"another"').status_code == 200

    @pytest.mark.parametrize("name", ["0" * 64, "..%2f..%2fsecret_key", "x", "A" * 64])
    def test_that_are_not_there(self, ask, name):
        assert ask(f"assets/{name}").status_code == 404

    def test_whose_file_is_lost_are_not_there(self, ask):
        Asset.objects.create(sha256="1" * 64, size=5, media_type="image/png")

        assert ask(f"assets/{'1' * 64}").status_code == 404


class TestReport:
    def post(self, client, token: str, body: object):
        return client.post(
            "/device/v1/report", json.dumps(body), content_type="application/json",
            headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip

    def test_is_taken_in(self, client, token):
        body = {"boot": "b", "number": 1, "at_ms": 5, "clock": "trusted", "link": "polling"}

        assert self.post(client, token, body).status_code == 200
        assert ScreenState.objects.get().report["link"] == "polling"

    def test_that_is_none_is_refused(self, client, token):
        assert self.post(client, token, {"boot": "b"}).status_code == 400

    @pytest.mark.parametrize("number", [2**53, 2**63, 10**30, -1, True, 1.5, "x"])
    def test_whose_number_no_column_holds_is_refused(self, client, token, number):
        body = {"boot": "b", "number": number, "at_ms": 5, "clock": "trusted", "link": "polling"}
        assert self.post(client, token, body).status_code == (200 if number is True else 400)

    def test_goes_into_the_queue_of_the_process_that_leads(self, client, token, monkeypatch):
        queue = InboundQueue("saint-aubin")
        monkeypatch.setattr(inbound_queue, "_installed", queue)
        body = {"boot": "b", "number": 1, "at_ms": 5, "clock": "trusted", "link": "polling"}

        assert self.post(client, token, body).status_code == 200
        assert not ScreenState.objects.get().report
        assert len(queue._gather_batch(0)) == 1

    def test_a_flood_is_turned_away(self, client, token, monkeypatch):
        monkeypatch.setattr(views, "reports_quota", HourlyQuota(3, lambda: 0.0))
        body = {"boot": "b", "at_ms": 5, "clock": "trusted", "link": "polling"}

        codes = [self.post(client, token, body | {"number": number}).status_code for number in range(1, 6)]
        assert codes == [200, 200, 200, 429, 429]


def png(size: tuple[int, int] = (64, 36), **said: object) -> bytes:
    """Return an exact picture as a player sends it."""
    image = Image.effect_noise(size, 60).convert("RGB")
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    known = {"size": size, "pixels": image_digest(image), "taken_at_ms": 5, "clock": "trusted"} | said
    return add_label(buffer.getvalue(), CaptureLabel.model_validate(known))


class TestCapture:
    @pytest.fixture
    def put(self, client, token):
        def put(body: bytes, **headers: str):
            given = {"Authorization": f"Bearer {token}"} | headers
            return client.put("/device/v1/capture", body, content_type="image/png", headers=given)

        return put

    def test_is_kept_as_it_came_beside_the_small_one(self, put, hall):
        body = png()

        assert put(body).status_code == 200
        kept = captures.newest_capture(hall)
        assert (kept.path.read_bytes(), kept.details.size) == (body, (64, 36))
        assert [path.name for path in kept.path.parent.iterdir()] == ["hall.png"]

    def test_that_is_newer_takes_its_place(self, put, hall):
        put(png())
        first = captures.newest_capture(hall)
        put(png(programme=8))

        assert captures.newest_capture(hall).details.programme == 8
        assert captures.newest_capture(hall).version != first.version

    @pytest.mark.parametrize("spoil", [lambda b: b"", lambda b: b[:-1], lambda b: b"GIF89a" + b, lambda b: b[:50] + b])
    def test_that_is_none_is_refused_and_leaves_the_one_before(self, put, hall, spoil):
        put(png())

        answer = put(spoil(png(programme=9)))

        assert (answer.status_code, answer.json()["error"]) == (400, "malformed")
        assert captures.newest_capture(hall).details.programme is None
        assert [path.name for path in captures.capture_path(hall).parent.iterdir()] == ["hall.png"]

    def test_that_is_too_large_is_refused_and_nothing_is_left(self, put, hall, monkeypatch):
        body = png()
        monkeypatch.setattr(captures, "SIZE_LIMIT", len(body) - 1)

        assert put(body).status_code == 413
        assert list(captures.capture_path(hall).parent.iterdir()) == []

    def test_that_announces_too_much_is_not_even_read(self, put, hall):
        assert put(png(), **{"Content-Length": str(SIZE_LIMIT + 1)}).status_code == 413
        assert captures.newest_capture(hall) is None

    def test_is_for_enrolled_players_and_for_put_only(self, client, hall, dora, put):
        assert client.put("/device/v1/capture", png(), content_type="image/png").status_code == 401
        client.force_login(dora)
        assert client.put("/device/v1/capture", png(), content_type="image/png").status_code == 401
        services.revoke_player(hall)
        assert put(png()).status_code == 401
        assert captures.newest_capture(hall) is None

    def test_of_one_screen_is_never_that_of_another(self, put, quay):
        put(png())

        assert captures.newest_capture(quay) is None

    def test_whose_file_was_damaged_is_as_none(self, put, hall):
        put(png())
        captures.capture_path(hall).write_bytes(b"\x89PNG\r\n\x1a\n")

        assert captures.newest_capture(hall) is None


def test_the_answer_names_the_broker(ask, settings):
    settings.MQTT_PUBLIC_HOST, settings.MQTT_PORT, settings.MQTT_TLS = "broker.example", 8883, True
    said = json.loads(ask("documents").headers["Beffroi-Broker"])

    assert (said["host"], said["port"], said["tls"]) == ("broker.example", 8883, True)
    account = EnrolledDevices().account_of(said["username"])
    assert account is not None
    assert account.password == said["password"]


class TestReceipts:
    @pytest.fixture
    def send(self, client, token):
        def send(body: str | bytes, token: str = token):
            return client.post(
                "/device/v1/receipts", body, content_type="application/json",
                headers={"Authorization": f"Bearer {token}"},
            )  # fmt: skip

        return send

    @staticmethod
    def batch(*sequences: int, **changes: object) -> str:
        receipts = [
            {
                "stream": "all/alerts", "sequence": sequence, "alert": "flood", "form": "takeover",
                "received_at_ms": 1_700_000_000_000, "presented_at_ms": 1_700_000_000_044, "latency_ms": 44.0,
                "frame": "a" * 64, "clock": "trusted",
            } | changes
            for sequence in sequences
        ]  # fmt: skip
        return json.dumps({"boot": "b1", "receipts": receipts})

    def test_are_stored_once_with_their_first_time(self, send, hall, django_assert_max_num_queries):
        assert send(self.batch(1, 2)).status_code == 200
        with django_assert_max_num_queries(6):
            answer = send(self.batch(1, 2, latency_ms=30_000.0, presented_at_ms=1_700_000_030_000))
        assert (answer.status_code, answer.json()) == (200, {})
        assert sorted(hall.receipts.values_list("sequence", "latency_ms")) == [(1, 44.0), (2, 44.0)]

    @pytest.mark.parametrize(
        "body", ["", "[]", "{", '{"boot": "b1", "receipts": []}', '{"boot": "b1", "receipts": [1]}', "x" * 70_000]
    )
    def test_of_another_form_are_refused(self, send, body):
        assert send(body).status_code == 400

    def test_are_not_confirmed_when_they_were_not_stored(self, send, hall, monkeypatch):
        def fail(*_arguments: object, **_options: object) -> None:
            raise OperationalError("database is locked")

        monkeypatch.setattr(row_writes, "insert_new_rows", fail)
        assert send(self.batch(1)).status_code == 503
        assert not hall.receipts.exists()

    def test_need_the_token_of_a_screen(self, send):
        assert send(self.batch(1), token="guessed").status_code == 401


class TestAlertSets:
    @pytest.fixture
    def hand_in(self, client, token):
        def hand_in(body: object):
            return client.post(
                "/device/v1/alert-sets", body if isinstance(body, str) else json.dumps(body),
                content_type="application/json", headers={"Authorization": f"Bearer {token}"},
            )  # fmt: skip

        return hand_in

    @pytest.mark.parametrize(
        "body", ["", "[]", "{", '{"sets": 5}', '{"sets": [5]}', '{"sets": [{"topic": "a", "payload": "é"}]}']
    )
    def test_of_another_form_are_refused(self, hand_in, body):
        assert hand_in(body).status_code == 400

    def test_that_say_nothing_new_change_nothing(self, hand_in, hall):
        alerts.broadcast_alert(
            level="alert",
            title="Flood",
            source="Town hall",
            targets=Targets(everywhere=True),
            duration_min=5,
            user=None,
        )
        row = OutboxDocument.objects.get(topic__endswith="/all/alerts")
        sets = [{"topic": row.topic, "payload": base64.b64encode(bytes(row.payload)).decode()}]
        assert hand_in({"sets": sets}).json() == {"newer": 0}
        assert hand_in({"sets": [{"topic": "x", "payload": ""}]}).json() == {"newer": 0}
        TopicSequence.objects.update(sequence=1)
        assert hand_in({"sets": sets}).json() == {"newer": 1}

    def test_that_are_too_large_are_refused(self, hand_in, monkeypatch):
        monkeypatch.setattr(views, "MAX_SETS_BYTES", 10)
        assert hand_in({"sets": []}).status_code == 413


class TestActs:
    def test_are_taken_in_with_the_signature_of_the_player_and_not_with_its_token_alone(self, client, hall):
        key, thief = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
        code = services.open_enrolment(hall)[0]
        sent = {"code": code, "trigger_key": public_hex(key)}
        enrolled = client.post("/device/v1/enrol", json.dumps(sent), content_type="application/json").json()
        hall.refresh_from_db()
        assert hall.trigger_key == public_hex(key)
        statement = ActStatement(site="saint-aubin", screen="hall")

        def post(body: str) -> int:
            headers = {"Authorization": f"Bearer {enrolled['token']}"}
            return client.post("/device/v1/acts", body, content_type="application/json", headers=headers).status_code

        assert post(sign_statement(statement, key).model_dump_json()) == 200
        assert post(sign_statement(statement, thief).model_dump_json()) == 403
        assert post(sign_statement(statement.model_copy(update={"screen": "quay"}), key).model_dump_json()) == 403
        assert post("{}") == 400
        services.revoke_player(hall)
        assert Screen.objects.get().trigger_key == ""
