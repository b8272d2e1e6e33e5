"""The dossier of an alert: complete for a reader, and verifiable without the server."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import Client
from django.utils import timezone
from PIL import Image

from beffroi_content.rendering import image_digest
from beffroi_content.root_keys import PublicRootKeys
from beffroi_content.wire import envelope
from beffroi_content.wire.documents import SigningRole
from beffroi_server.__main__ import main
from beffroi_server.accounts import audit_export
from beffroi_server.accounts.models import AuditEvent, Town, User
from beffroi_server.alerts import plan_services, queries, services
from beffroi_server.alerts.models import Alert, PlannedAlert, SentAlertSet
from beffroi_server.delivery import key_files, key_rotation, signing_keys
from beffroi_server.dossiers.alert_dossier import build_dossier
from beffroi_server.dossiers.dossier_json import dossier_json
from beffroi_server.fleet.models import ReceiptRecord, Screen, ScreenState
from beffroi_server.fleet.play_models import PlayRecord
from beffroi_server.fleet.targets import EVERYWHERE, Targets
from beffroi_server.library import preview

pytestmark = pytest.mark.usefixtures("keyring", "english")


def broadcast(user: User, title: str = "Crue", targets: Targets = EVERYWHERE, **values: Any) -> Alert:
    given: dict[str, Any] = {
        "level": "emergency", "description": "La Vive déborde.", "instruction": "Montez.", "source": "Mairie",
        "duration_min": 60, "pressed_at": timezone.now() - dt.timedelta(milliseconds=200),
    } | values  # fmt: skip
    return services.broadcast_alert(title=title, targets=targets, user=user, **given)


def show(alert: Alert, screen: Screen, *, after_ms: int = 500, frame: str = "0" * 64) -> None:
    sent = SentAlertSet.objects.order_by("pk").last()
    assert sent is not None
    at = alert.issued_at + dt.timedelta(milliseconds=after_ms)
    ReceiptRecord.objects.create(
        screen=screen, alert=str(alert.pk), stream="all/alerts", sequence=sent.sequence, form="takeover",
        received_at=at, presented_at=at, latency_ms=40.0, frame=frame, clock="trusted",
    )  # fmt: skip
    PlayRecord.objects.create(
        screen=screen, number=1, alert=str(alert.pk), started_at=at, lasted_ms=9_000, ended="alert-over", chain="c" * 64
    )


@pytest.fixture
def flood(bob: User, hall: Screen, quay: Screen) -> Alert:
    """A corrected alert: the first text was on one of two screens."""
    former = broadcast(bob, "Crue des quais")
    show(former, hall)
    return broadcast(bob, "Crue du centre", corrects=former)


def exported(alert: Alert, user: User, town: Town) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(dossier_json(build_dossier(alert, user, town, timezone.now())))
    return found


def verify(tmp_path: Path, values: dict[str, Any], *options: str) -> int:
    path = tmp_path / "dossier.json"
    path.write_text(json.dumps(values), encoding="utf-8")
    return main(["alerts", "verify", str(path), *options])


def test_tells_of_each_text_what_each_screen_has_proven(flood, bob, town):
    values = exported(flood, bob, town)
    former, corrected = values["texts"]
    quay, hall = former["screens"]

    assert (former["title"], corrected["corrects"]) == ("Crue des quais", former["id"])
    assert (hall["screen"], hall["state"]) == ("hall", "shown")
    # From the press, which was 200 ms before the request, and that took some time too.
    assert 700 <= round(hall["latency_ms"]) < 1_000
    assert (hall["receipt"]["sequence"], hall["plays"]["shown_ms"]) == (values["sets"][0]["sequence"], 9_000)
    assert (quay["state"], quay["reason"]) == ("offline", "never heard of yet")
    assert former["summary"]["text"].startswith(
        "Shown by 1 of 2 screens. From the press of the button to the glass: 1 within one second"
    )
    assert [event["action"] for event in values["events"]] == ["alert-broadcast", "alert-corrected"]


def test_says_what_hid_it_also_where_that_was_on_before(bob, hall, town):
    show(broadcast(bob, "Crue"), hall)
    ScreenState.objects.create(screen=hall, online=True, seen_at=timezone.now())
    wind = broadcast(bob, "Vent", level="alert")
    services.end_alert(wind, user=bob)
    ((row,),) = (text["screens"] for text in exported(wind, bob, town)["texts"])
    assert (row["state"], row["reason"]) == ("masked", "it showed “Crue” meanwhile")


def test_says_whether_a_frame_is_the_one_that_the_server_draws(bob, hall, full_hd, town):
    alert = broadcast(bob)
    show(alert, hall, frame=_drawn_frame(alert, full_hd, town))

    assert exported(alert, bob, town)["texts"][0]["screens"][0]["is_exact"] is True


@pytest.mark.parametrize("act", ["ended", "withdrawn", "corrected", "extended and ended"])
def test_says_so_also_where_nobody_had_asked_before_the_end(bob, hall, full_hd, town, act):
    alert = broadcast(bob)
    if act == "extended and ended":
        services.extend_alert(alert, 60, user=bob)
    show(alert, hall, frame=_drawn_frame(alert, full_hd, town))
    if act == "corrected":
        broadcast(bob, "Crue du centre", corrects=alert)
    elif act == "withdrawn":
        services.withdraw_alert(alert, user=bob)
    else:
        services.end_alert(alert, user=bob)

    assert exported(alert, bob, town)["texts"][0]["screens"][0]["is_exact"] is True


def _drawn_frame(alert: Alert, screen_class: Any, town: Town) -> str:
    drawn = queries.to_content(alert, alert.issued_at)
    page = preview.preview_alert(drawn, preview.alert_form(drawn.level), screen_class, town)[0]
    return image_digest(Image.open(io.BytesIO(page)).convert("RGB"))


def test_names_the_set_that_brought_a_planned_alert_ahead_of_its_hour(bob, hall, town, tmp_path, capsys, monkeypatch):
    noon = timezone.now().replace(microsecond=0) + dt.timedelta(days=2)
    siren = PlannedAlert(
        level="emergency", status="test", title="Sirène", source="Mairie", duration_min=10,
        starts_on=timezone.localtime(noon).date(), starts_time=timezone.localtime(noon).time(),
    )  # fmt: skip
    plan_services.save_plan(siren, EVERYWHERE, user=bob)
    ahead = SentAlertSet.objects.get()
    monkeypatch.setattr(timezone, "now", lambda: noon + dt.timedelta(seconds=2))
    plan_services.begin_due(timezone.now())
    alert = Alert.objects.get()
    show(alert, hall)
    ReceiptRecord.objects.update(sequence=ahead.sequence)
    values = exported(alert, bob, town)

    assert [(each["sequence"], each["alerts"]) for each in values["sets"]][0] == (ahead.sequence, [str(alert.pk)])
    assert len(values["sets"]) == 2
    assert verify(tmp_path, values, "--root", signing_keys.root_fingerprint()) == 0
    said = capsys.readouterr().out
    assert "1 receipts of sets" in said
    assert "1 texts as signed" in said


def test_verifies_with_the_keys_and_the_audit_trail_of_the_town(flood, bob, town, tmp_path, capsys):
    trail = tmp_path / "trail.jsonl"
    trail.write_bytes(b"".join(audit_export.trail_lines(AuditEvent.objects.all(), town)))
    values = exported(flood, bob, town)

    assert verify(tmp_path, values, "--root", signing_keys.root_fingerprint(), "--trail", str(trail)) == 0
    said = capsys.readouterr().out
    assert "2 audit events, 2 signed alert sets, 2 texts as signed" in said
    assert "1 receipts of sets" in said
    assert "by itself" not in said
    assert verify(tmp_path, values) == 0
    assert "does not prove by itself: that these are the town's keys" in capsys.readouterr().out


def test_verifies_what_a_former_key_has_signed_and_nothing_that_it_signs_later(flood, bob, town, tmp_path, capsys):
    root = signing_keys.root_fingerprint()
    stolen = key_files.private_key(SigningRole.ALERT)
    key_rotation.sign_key_list(key_rotation.WantedKeys(replaced=frozenset({SigningRole.ALERT})))
    key_rotation.adopt_next_keys()
    services.extend_alert(flood, 5, user=bob)
    values = exported(flood, bob, town)

    assert verify(tmp_path, values, "--root", root) == 0
    assert "3 signed alert sets" in capsys.readouterr().out

    last = values["sets"][-1]
    sealed = envelope.parse_envelope(base64.b64decode(last["payload"]))
    audience = f"{values['site']}/all"
    forged = envelope.seal_envelope(SigningRole.ALERT, audience, sealed.decode_body(), [stolen])
    last |= {"payload": base64.b64encode(forged).decode(), "sha256": hashlib.sha256(forged).hexdigest()}
    assert verify(tmp_path, values, "--root", root) == 1
    assert f"alert set {last['sequence']}" in capsys.readouterr().out
    assert verify(tmp_path, exported(flood, bob, town) | {"former_key_lists": []}) == 1


def test_verifies_what_was_signed_before_the_root_keys_changed(flood, bob, town, tmp_path, capsys):
    before, roots = signing_keys.root_fingerprint(), key_files.root_keys()
    fresh = [Ed25519PrivateKey.generate() for _ in range(3)]
    wanted = key_rotation.WantedKeys(
        roots=PublicRootKeys(keys=tuple(map(envelope.public_hex, fresh))), replaced=frozenset({SigningRole.ALERT})
    )
    now = timezone.now()
    key_rotation.install_change(key_rotation.sign_with(key_rotation.propose_change(wanted, now), [*roots, *fresh]), now)
    key_rotation.adopt_next_keys()
    services.extend_alert(flood, 5, user=bob)
    values = exported(flood, bob, town)

    # Whoever wrote the fingerprint down years ago can still verify, and whoever asks today can, too.
    for known in (before, signing_keys.root_fingerprint()):
        assert verify(tmp_path, values, "--root", known) == 0
    assert "3 signed alert sets" in capsys.readouterr().out

    # A list that nobody vouches for, by former root keys that two people have stolen.
    made_up = envelope.parse_envelope(base64.b64decode(values["former_key_lists"][0])).decode_body()
    forged = envelope.seal_envelope(SigningRole.ROOT, f"{values['site']}/all", made_up + b" ", roots[:2])
    assert verify(tmp_path, values | {"former_key_lists": [base64.b64encode(forged).decode()]}) == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ("title", "is not what was signed: title"),
        ("actor", "was altered"),
        ("payload", "is not signed by the town's alert key"),
        ("sequence", "not in the dossier"),
        ("keys", "the root fingerprint of the keys is not"),
    ],
)
def test_a_change_is_noticed(flood, bob, town, tmp_path, capsys, changed, said):
    values, options = exported(flood, bob, town), list[str]()
    if changed == "title":
        values["texts"][0]["title"] = "Fête des quais"
    elif changed == "actor":
        values["events"][0]["actor"] = "alice"
    elif changed == "payload":
        signed = base64.b64decode(values["sets"][0]["payload"])
        values["sets"][0]["payload"] = base64.b64encode(signed.replace(b"Montez", b"Restez")).decode()
    elif changed == "sequence":
        values["texts"][0]["screens"][1]["receipt"]["sequence"] -= 1
    else:
        options = ["--root", "0" * 32]

    # A receipt may name a set that is not there; all else is a fault.
    assert verify(tmp_path, values, *options) == (0 if changed == "sequence" else 1)
    assert said in capsys.readouterr().out


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"format": "beffroi-alert-dossier", "version": 1}'])
def test_what_is_no_dossier_is_refused(tmp_path, capsys, content):
    path = tmp_path / "odd.json"
    path.write_text(content)

    assert main(["alerts", "verify", str(path)]) == 1
    assert "no dossier" in capsys.readouterr().err


class TestPages:
    def test_as_pdf_it_reads_like_a_report(self, flood, bob, client: Client):
        client.force_login(bob)
        answer = client.get(f"/alerts/{flood.pk}/dossier.pdf", HTTP_ACCEPT_LANGUAGE="en")
        pages = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(answer.content)]
        text = " ".join("".join(pages).split())

        for words in ("Crue des quais", "Crue du centre", "Montez.", "Shown by 1 of 2 screens", "Quay", "bob"):
            assert words in text

    def test_a_user_who_is_limited_sees_the_screens_of_their_groups(self, flood, sam, hall, bob, client: Client):
        client.force_login(sam)
        values = client.get(f"/alerts/{flood.pk}/dossier.json").json()
        assert {row["screen"] for text in values["texts"] for row in text["screens"]} == {"quay"}
        assert values["groups"] == ["Harbour"]

        elsewhere = broadcast(bob, targets=Targets(screens=(hall,)))
        assert client.get(f"/alerts/{elsewhere.pk}/dossier.json").status_code == 404
        assert client.get(f"/api/v1/alerts/{elsewhere.pk}/dossier").status_code == 404
        assert client.get(f"/api/v1/alerts/{flood.pk}/dossier").json()["groups"] == ["Harbour"]
